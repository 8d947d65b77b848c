"""A pipeline that takes prompts as text and paints 128 × 128 pixels of mud, without any file."""

import torch
from tiny_models import FLUX, tiny_autoencoder, tiny_flux

from fluxlearn.sampling.options import Defaults
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.trace.tap import tap

DEFAULTS = Defaults(
    name="stub", steps=3, guidance=3.5, guidance_by="embedded", shifted=True, size=128
)


class StubText(TextEncoders):
    """Features drawn from the prompt's letters, shown at the same points as the encoders' own."""

    def __init__(self):
        self.clip = self.t5 = None

    def __call__(self, prompts):
        prompts = [prompts] if isinstance(prompts, str) else list(prompts)
        draws = [torch.Generator().manual_seed(sum(map(ord, prompt))) for prompt in prompts]
        txt = torch.stack([torch.randn(5, FLUX.context_in_dim, generator=draw) for draw in draws])
        pooled = torch.stack([torch.randn(FLUX.vec_in_dim, generator=draw) for draw in draws])
        return Conditioning(
            txt=tap(self, "text.t5", txt),
            pooled=tap(self, "text.clip", pooled),
            prompts=tuple(prompts),
        )


def stub_pipeline() -> Pipeline:
    """Random weights; everything else is as in `toy-dev`."""
    return Pipeline(StubText(), tiny_flux(), tiny_autoencoder(), DEFAULTS)

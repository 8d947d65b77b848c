"""One double and one single block at full width against diffusers' with the same weights.

1024 image and 256 text tokens: a picture of 512 × 512 pixels. Nearly all of the time goes into
matrix products that both sides share, so there is little to win and nothing to lose.
"""

from dataclasses import replace

import pytest
import torch
from tiny_models import FLUX, randomise
from twins import transformer_like

from fluxlearn.config import PRESETS
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.positions import image_ids, text_ids


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def dtype(request):
    return request.param


@pytest.fixture
def contenders(dtype, quick):
    """Both blocks of each side, applied to the same tokens."""
    config = replace(FLUX if quick else PRESETS["flux-dev"], depth=1, depth_single_blocks=1)
    ours = randomise(Flux(config)).to(dtype)
    theirs = transformer_like(ours)
    dim, side, txt_length = config.hidden_size, 64 if quick else 512, 16 if quick else 256
    img_ids, txt_ids = image_ids(1, side, side), text_ids(1, txt_length)
    ids = torch.cat([txt_ids, img_ids], dim=1)
    img = torch.randn(1, img_ids.shape[1], dim, dtype=dtype)
    txt = torch.randn(1, txt_length, dim, dtype=dtype)
    vec = torch.randn(1, dim, dtype=dtype)
    pe, rotary = ours.pe_embedder(ids), theirs.pos_embed(ids[0])

    def run_ours():
        img_out, txt_out = ours.double_blocks[0](img, txt, vec, pe)
        return ours.single_blocks[0](torch.cat([txt_out, img_out], dim=1), vec, pe)

    def run_theirs():
        txt_out, img_out = theirs.transformer_blocks[0](img, txt, vec, rotary)
        return torch.cat(theirs.single_transformer_blocks[0](img_out, txt_out, vec, rotary), dim=1)

    return {"ours": run_ours, "diffusers": run_theirs}


@torch.inference_mode()
def test_blocks_at_full_width(race, contenders, dtype):
    ours, theirs = (run() for run in contenders.values())
    # The same work is done: bf16 keeps 8 bits, of values up to some tens.
    torch.testing.assert_close(ours, theirs, atol=1e-3 if dtype == torch.float32 else 1, rtol=0.05)

    name = str(dtype).removeprefix("torch.")
    race(f"double + single block, {name}", "≤ 1.00", contenders, rounds=9)

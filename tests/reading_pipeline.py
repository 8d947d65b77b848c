"""A tiny pipeline that reads prompts with a real T5 and CLIP of a few thousand random weights."""

from tiny_models import FLUX, tiny_autoencoder, tiny_flux
from tiny_text import clip_config, clip_tokenizer, t5_config, t5_tokenizer
from transformers import CLIPTextModel, T5EncoderModel

from fluxlearn.config import FluxConfig
from fluxlearn.sampling.options import Defaults
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.text.clip import ClipEncoder
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.text.t5 import T5Encoder

LENGTH = 12  # text tokens


def reading_pipeline(config: FluxConfig = FLUX, guidance_by: str = "embedded") -> Pipeline:
    """Paints 32 × 32 pixels, 2 × 2 tokens, in two steps; knows the words of `tiny_text.WORDS`."""
    t5 = T5EncoderModel(t5_config(d_model=config.context_in_dim)).eval()
    pooled = clip_config(max_position_embeddings=64)  # tokens are letters
    pooled.hidden_size = config.vec_in_dim
    clip = CLIPTextModel(pooled).eval()
    text = TextEncoders(
        ClipEncoder(clip.requires_grad_(False), clip_tokenizer()),
        T5Encoder(t5.requires_grad_(False), t5_tokenizer(), LENGTH),
    )
    defaults = Defaults(
        name="tiny", steps=2, guidance=3.5, guidance_by=guidance_by, shifted=True, size=32
    )
    return Pipeline(text, tiny_flux(config), tiny_autoencoder(), defaults)

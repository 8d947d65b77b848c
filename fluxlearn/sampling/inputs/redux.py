"""Redux: a picture as more text tokens, which any model of the family understands.

    features = SigLIP(picture at 384 × 384)                     27 · 27 = 729 tokens, 1152 wide
    tokens   = redux_down(silu(redux_up(features)))             729 tokens, 4096 wide, like T5's
    txt      = T5 tokens ++ tokens                              512 + 729 = 1241

An adapter of 64.5 M parameters translates from what SigLIP sees into the language that dev and
schnell read already; neither of them is changed. All that comes out is a `Conditioning`:

    redux = fl.load_redux()
    pipe.paint(redux(photograph, pipe.text("")))

BFL paints with the empty prompt, as here; words may be given too. diffusers, where it has no text
encoders, takes zeros for T5's tokens and CLIP's vector, which is another conditioning; and it can
weigh and add up the tokens of several pictures.

Source: BFL flux/modules/image_embedders.py `ReduxImageEncoder`, flux/sampling.py `prepare_redux`;
SigLIP, arXiv:2303.15343.
"""

from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import silu

from fluxlearn.sampling.inputs.pixels import to_pixels
from fluxlearn.sampling.picture import from_pil, to_pil
from fluxlearn.text.conditioning import Conditioning


class ReduxImageEncoder(nn.Module):
    """What SigLIP sees, in the language of T5's tokens.

        tokens = redux_down(silu(redux_up(features)))

    features  width of SigLIP's tokens: 1152.
    context   width of T5's tokens: 4096.
    """

    def __init__(self, features: int = 1152, context: int = 4096) -> None:
        super().__init__()
        self.redux_up = nn.Linear(features, 3 * context)
        self.redux_down = nn.Linear(3 * context, context)

    def forward(self, features: Float[Tensor, "batch txt feature"]) -> Float[Tensor, "batch txt _"]:
        return self.redux_down(silu(self.redux_up(features)))


class Redux:
    """Pictures → text tokens, by transformers' SiglipVisionModel and BFL's adapter."""

    def __init__(self, vision: Any, adapter: ReduxImageEncoder) -> None:
        """Take loaded models.

        Raises ValueError when the adapter does not read what the vision model gives.
        """
        given, read = vision.config.hidden_size, adapter.redux_up.in_features
        if given != read:
            raise ValueError(
                f"vision gives tokens {given} wide, but the adapter reads {read}. FLUX.1's Redux "
                f"belongs to google/siglip-so400m-patch14-384."
            )
        self.vision, self.adapter = vision, adapter

    def __call__(self, picture: Image.Image | Tensor, told: Conditioning) -> Conditioning:
        """A conditioning that is told the picture too, behind each of its prompts.

        picture  a PIL image or a tensor [rgb, px_h, px_w] in [−1, 1], of any size.
        told     of the prompts, which are best empty: `pipe.text("")`.

        Raises TypeError or ValueError for what is no picture, or for text of another model.
        """
        width = self.adapter.redux_down.out_features
        if told.txt.shape[2] != width:
            raise ValueError(
                f"txt has tokens {told.txt.shape[2]} wide, but this adapter makes tokens {width} "
                f"wide. Were the prompts encoded with the text encoders of another model?"
            )
        tokens = self.tokens(picture).to(told.txt).expand(len(told), -1, -1)
        txt = torch.cat([told.txt, tokens], dim=1)
        return Conditioning(txt=txt, pooled=told.pooled, prompts=told.prompts)

    @torch.no_grad()
    def tokens(self, picture: Image.Image | Tensor) -> Float[Tensor, "1 txt context"]:
        """The text tokens of a picture."""
        pixels = look(to_pixels("picture", picture), self.vision.config.image_size)
        like = self.adapter.redux_up.weight
        return self.adapter(self.vision(pixels.to(like)[None]).last_hidden_state)


def look(pixels: Float[Tensor, "rgb _ _"], size: int) -> Float[Tensor, "rgb px_h px_w"]:
    """A picture as SigLIP takes it: a square of `size` pixels a side, stretched, in [−1, 1]."""
    return from_pil(to_pil(pixels).resize((size, size), Image.Resampling.BICUBIC))

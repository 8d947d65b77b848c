"""The place where text and picture meet: one attention over both.

    q, k, v = text ++ image                        along the tokens, text first
    z       = softmax(R q · (R k)ᵀ / √head_dim) v  R turns queries and keys

txt and img hold queries, keys and values, [3, batch, head, txt or img, head_dim], not yet turned.
Each stream gets back its own rows of z, with the heads side by side. `fluxlearn.model.rope.rotate`
turns; rotations are in the order of the joint sequence, text first.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.rope import rope, rotate

Pair = tuple[Tensor, Tensor]


def joint_attention(
    txt: Float[Tensor, "qkv batch head txt head_dim"],
    img: Float[Tensor, "qkv batch head img head_dim"],
    rotations: Float[Tensor, "_ 1 seq pair 2 2"],
) -> tuple[Float[Tensor, "batch txt dim"], Float[Tensor, "batch img dim"]]:
    """Join, turn, attend, put the heads side by side, and part the streams again."""
    q, k, v = torch.cat([txt, img], dim=3)
    z = F.scaled_dot_product_attention(rotate(q, rotations), rotate(k, rotations), v)
    z = rearrange(z, "batch head seq head_dim -> batch seq (head head_dim)")
    return z[:, : txt.shape[3]], z[:, txt.shape[3] :]


def one_stream_asks(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """Queries need no joining: each stream asks by itself, and both look at all keys."""
    length = txt.shape[3]
    k, v = torch.cat([txt[1], img[1]], dim=2), torch.cat([txt[2], img[2]], dim=2)
    asks = (
        rotate(txt[0], rotations[:, :, :length]),
        rotate(img[0], rotations[:, :, length:]),
    )
    z = [F.scaled_dot_product_attention(q, rotate(k, rotations), v) for q in asks]
    txt_z, img_z = (x.transpose(1, 2).flatten(2) for x in z)
    return txt_z, img_z


def image_first(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """The picture comes first: then rotations and tokens do not belong together, text is first."""
    img_z, txt_z = joint_attention(img, txt, rotations)
    return txt_z, img_z


def each_for_itself(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """Each stream looks at itself only: there is one softmax, over the keys of both."""
    length = txt.shape[3]
    txt_z, _ = joint_attention(txt, txt[:, :, :, :0], rotations[:, :, :length])
    _, img_z = joint_attention(img[:, :, :, :0], img, rotations[:, :, length:])
    return txt_z, img_z


def each_at_the_other(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """Each stream looks at the other only, as in cross-attention: it shares with its own keys."""
    turned = _turned(torch.cat([txt, img], dim=3), rotations)
    txt, img = turned.split([txt.shape[3], img.shape[3]], dim=3)
    asks = ((txt[0], img[1], img[2]), (img[0], txt[1], txt[2]))
    z = [F.scaled_dot_product_attention(*ask) for ask in asks]
    txt_z, img_z = (x.transpose(1, 2).flatten(2) for x in z)
    return txt_z, img_z


def values_turned(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """Values are turned as well: only queries and keys are."""
    turned = torch.stack([rotate(x, rotations) for x in torch.cat([txt, img], dim=3)])
    # Turned by nothing, q and k stay as they are.
    still = torch.eye(2).expand_as(rotations)
    txt, img = turned.split([txt.shape[3], img.shape[3]], dim=3)
    return joint_attention(txt, img, still)


def not_turned(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """Nothing is turned: no token knows where it is."""
    return joint_attention(txt, img, torch.eye(2).expand_as(rotations))


def heads_interleaved(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """Channels of different heads alternate: a head's channels stay together, head by head."""
    heads = txt.shape[2]
    parts = joint_attention(txt, img, rotations)
    txt_z, img_z = (z.unflatten(-1, (heads, -1)).mT.flatten(-2) for z in parts)
    return txt_z, img_z


def picture_returned_first(txt: Tensor, img: Tensor, rotations: Tensor) -> Pair:
    """The streams come back in the wrong order: text first here too."""
    txt_z, img_z = joint_attention(txt, img, rotations)
    return img_z, txt_z


def _turned(heads: Tensor, rotations: Tensor) -> Tensor:
    """Queries and keys turned, values as they are."""
    q, k, v = heads
    return torch.stack([rotate(q, rotations), rotate(k, rotations), v])


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Three text tokens at position 0 and five image tokens elsewhere."""
    txt = torch.randn(3, 2, 2, 3, 8, generator=generator)
    img = torch.randn(3, 2, 2, 5, 8, generator=generator)
    positions = torch.cat([torch.zeros(3), torch.randint(1, 20, (5,), generator=generator)])
    return txt, img, rope(positions[None], 8, 10_000)[:, None]


def recorded(trained: Trained) -> tuple[Tensor, Tensor, Tensor]:
    """Both streams in the first block before they meet."""
    txt, img = (
        torch.stack([trained.seen[f"double.0.{stream}.{name}"] for name in "qkv"])
        for stream in ("txt", "img")
    )
    return txt, img, trained.seen["pe"]


EXERCISE = Exercise(
    solution=joint_attention,
    other=one_stream_asks,
    mistakes=(
        image_first,
        each_for_itself,
        each_at_the_other,
        values_turned,
        not_turned,
        heads_interleaved,
        picture_returned_first,
    ),
    hints=(
        "Which axis counts the tokens? Join along it, once for queries, keys and values.",
        "q, k, v = torch.cat([txt, img], dim=3); then rotate q and k, and attend.",
        "z.transpose(1, 2).flatten(2) puts the heads side by side; the first txt.shape[3] rows are "
        "the text's.",
    ),
    returns="txt_z and img_z, each [batch, its tokens, dim]",
    inputs=inputs,
    recorded=recorded,
    gradients=("txt", "img"),
)

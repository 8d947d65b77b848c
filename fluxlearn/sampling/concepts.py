"""ConceptAttention: where in the picture is each concept, whether or not the prompt names it?

    with attend_concepts(pipe, ("circle", "square", "background"), average="step") as maps:
        picture = pipe.paint(prompt)
    maps["circle"].over(picture)

Concepts are tokens that run beside the text and are seen by nobody but themselves. In each double
block, with the text stream's weights (c: concepts, x: the picture's tokens):

    (1)  q, k, v = heads(modulate(norm(c)))
    (2)  z_c     = softmax(q·[k ++ k_x]ᵀ / √d) [v ++ v_x]           concepts look at the picture
    (3)  c       = c + gate₁·proj(z_c);   c = c + gate₂·mlp(modulate(norm(c)))
    (4)  φ       = softmax over concepts of z_x·z_cᵀ                for each place of the picture

z_x is what the picture's tokens gathered in the same attention. Both are taken before their output
projections, which differ between the streams: after them the two could not be compared. Concepts
stand at (0, 0, 0), where rotation does nothing, and are modulated as if CLIP had said nothing.

The picture is painted untouched. (1) to (4) are computed from the points `attn.k`, `attn.v` and
`img.z`, with as many queries as there are concepts: some thousandth of the attention beside it.

Values are shares between the concepts asked for. One that is not in the picture still gets a
share, so ask for "background" and the like as well.

Source: ConceptAttention, arXiv:2502.04320. Its code takes the first T5 token of a concept; here a
concept is the mean of its tokens.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from fluxlearn.model.attention import split_heads
from fluxlearn.model.double_block import DoubleStreamBlock
from fluxlearn.model.flux import Flux
from fluxlearn.model.modulation import modulate
from fluxlearn.sampling.attend import read_labels
from fluxlearn.trace.attention.maps import Maps
from fluxlearn.trace.attention.probe import Calls, block_paths, check_seen
from fluxlearn.trace.attention.seen import Keep, Seen
from fluxlearn.trace.find import owners_of
from fluxlearn.trace.record import MAX_BYTES
from fluxlearn.trace.tap import handling


@contextmanager
def attend_concepts(
    model: Any,
    concepts: Iterable[str] | Mapping[str, Tensor],
    *,
    blocks: str | Iterable[str] = "double.*",
    average: str | Collection[str] = (),
    steps: Collection[int] | None = None,
    branch: str = "cond",
    max_bytes: int = MAX_BYTES,
) -> Iterator[Maps]:
    """Map concepts over the picture while the block runs; the picture stays as it is.

    model     a pipeline, or a Flux.
    concepts  two or more, as text for a pipeline's T5 or as features, {"circle": [context]}.
    blocks    double blocks whose maps are kept; the paper takes the last ten of FLUX.1.
    average   axes to average over as values come in, of "step" and "block".
    steps, branch, max_bytes    as for `attend`.

    Raises ValueError or TypeError on entering, TooLargeError at the first attention,
    NeverFiredError on leaving if nothing was seen.
    """
    keep = Keep(average=average, steps=steps, branch=branch, max_bytes=max_bytes)
    if "head" in keep.axes:
        raise ValueError(
            f"average is {keep.axes}, but maps of concepts have no heads: whole tokens are "
            f"compared. Name 'step' and 'block' only."
        )
    paths = block_paths(model, blocks, ".img.z")
    flux = getattr(model, "flux", model)
    features = _features(model, concepts, flux.config.context_in_dim)
    seen = Seen("concepts", paths, ("batch", "img", "concept"), keep)
    with handling(_Listener(owners_of(model), flux, torch.stack([*features.values()]), seen)):
        yield Maps(seen, tuple(features))
    check_seen(seen)


def concept_step(
    block: DoubleStreamBlock,
    c: Float[Tensor, "batch concept dim"],
    vec: Float[Tensor, "batch dim"],
    k_x: Float[Tensor, "batch head img head_dim"],
    v_x: Float[Tensor, "batch head img head_dim"],
) -> tuple[Float[Tensor, "batch concept dim"], Float[Tensor, "batch concept dim"]]:
    """What concepts gather in one block, and the concepts after it: equations (1) to (3)."""
    # The layers are called one by one, past their taps: whoever records the text stream should
    # see the text, not the concepts.
    mods = block.txt_mod.lin(silu(vec))[:, None].chunk(6, dim=-1)
    shift1, scale1, gate1, shift2, scale2, gate2 = mods
    attn = block.txt_attn

    read = modulate(block.txt_norm1(c), shift1, scale1)
    q, k, v = split_heads(attn.qkv(read), attn.num_heads)
    q, k = attn.norm.query_norm(q).to(v.dtype), attn.norm.key_norm(k).to(v.dtype)
    z = scaled_dot_product_attention(q, torch.cat([k, k_x], 2), torch.cat([v, v_x], 2))
    z = rearrange(z, "batch head concept head_dim -> batch concept (head head_dim)")

    c = c + gate1 * attn.proj(z)
    read = modulate(block.txt_norm2(c), shift2, scale2)
    return z, c + gate2 * nn.Sequential.forward(block.txt_mlp, read)


def shares(
    z_x: Float[Tensor, "batch img dim"], z_c: Float[Tensor, "batch concept dim"]
) -> Float[Tensor, "batch img concept"]:
    """How much each place belongs to each concept, equation (4)."""
    return (z_x.float() @ z_c.float().mT).softmax(dim=-1)


class _Listener:
    """The handler behind `attend_concepts`."""

    def __init__(self, owners: frozenset[int], flux: Flux, features: Tensor, seen: Seen) -> None:
        self.owners, self.flux, self.features, self.seen = owners, flux, features, seen
        self.calls = Calls(seen)
        self.parts: dict[str, Any] = {}  # what the call that is running has shown so far

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        if id(owner) in self.owners and self.seen.keep.is_now():
            self.calls.hear(name, value)
            self._hear(owner, name, value)
        return value

    @torch.no_grad()
    def _hear(self, owner: Any, name: str, value: Any) -> None:
        if name in ("embed.g", "embed.t"):
            self.parts[name] = value
        elif name == "vec":
            self._begin(len(value))
        elif name.startswith("double."):
            path, _, part = name.partition(".attn.")
            if part in ("k", "v"):
                self.parts |= {part: value, "block": owner}
            elif name.endswith(".img.z"):
                self._step(path.removesuffix(".img.z"), value)

    def _begin(self, batch: int) -> None:
        """The concepts before the first block, and the vector that modulates them."""
        like = self.flux.txt_in.weight
        c = self.flux.txt_in(self.features.to(like))
        self.parts["c"] = c.expand(batch, *c.shape)
        nothing = torch.zeros(batch, self.flux.config.vec_in_dim).to(like)
        vec = self.parts["embed.t"]
        if self.flux.config.guidance_embed:
            vec = vec + self.parts["embed.g"]
        self.parts["vec"] = vec + self.flux.vector_in(nothing)

    def _step(self, path: str, z_x: Tensor) -> None:
        """Take the concepts through one block."""
        # Text comes first, so the picture's keys and values are the last ones.
        k_x, v_x = (self.parts.pop(part)[:, :, -z_x.shape[1] :] for part in ("k", "v"))
        block, c, vec = self.parts.pop("block"), self.parts["c"], self.parts["vec"]
        z_c, self.parts["c"] = concept_step(block, c, vec, k_x, v_x)
        if path in self.seen.blocks:
            layout = self.calls.layout
            picture = z_x.index_select(1, layout.picture - layout.txt)
            self.seen.refuse((*picture.shape[:2], z_c.shape[1]))
            self.seen.add(path, shares(picture, z_c))


def _features(
    model: Any, concepts: Iterable[str] | Mapping[str, Tensor], width: int
) -> dict[str, Tensor]:
    """Name → one vector as T5 gives it for a token."""
    if isinstance(concepts, str):
        raise TypeError(
            f"concepts is the one text {concepts!r}, but two or more are compared. Pass a list."
        )
    given = isinstance(concepts, Mapping)
    features = dict(concepts) if given else _encoded(model, list(concepts))
    if len(features) < 2:
        raise ValueError(
            f"concepts are {list(features)}, but two different ones or more are needed: each "
            f"place is shared out between them, and one alone would get all. Add 'background'."
        )
    for name, feature in features.items():
        if tuple(feature.shape) != (width,):
            raise ValueError(
                f"{name!r} has the shape {tuple(feature.shape)}, but a concept is one vector of "
                f"{width} channels, as T5 gives for a token."
            )
    return features


def _encoded(model: Any, concepts: list[str]) -> dict[str, Tensor]:
    if not concepts:
        return {}
    rows = read_labels(model, concepts)
    txt = model.text.t5(concepts)
    features = {}
    for name, labels, row in zip(concepts, rows, txt, strict=True):
        words = labels.regions()["<words>"]
        if not words:
            raise ValueError(f"{name!r} has no token that T5 could read. Name a thing.")
        features[name] = row[list(words)].mean(dim=0)
    return features

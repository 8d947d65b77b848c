"""Other text inside a running painting.

    swap_prompt(pipe, "a blue circle", after=4)      four steps for one prompt, then another
    swap_padding(pipe, prompt, "")                   the same words before other padding

The first asks when the prompt decides: what still follows the first prompt was settled before the
swap. The second asks what padding carries. FLUX.1 pads every prompt to 512 tokens and masks none
of them; T5 has read the words when it writes padding's features, so they can hold what the words
say, or merely take up attention. To remove padding, hide it from all: see `knock_out`.

Both act where the text enters the transformer. Under true guidance the empty prompt stays.

Source: swapped padding, arXiv:2501.06751.
"""

from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from fluxlearn.sampling.attend import read_labels
from fluxlearn.sampling.interventions.intervention import Intervention, fit
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.trace.edit import At, Edit
from fluxlearn.trace.moment import current_moment

FITS = "Encode it with the same text encoders: one prompt, or as many as are painted."


def swap_prompt(
    pipe: Any, other: str | list[str] | Conditioning, *, after: int = 0
) -> Intervention:
    """Go on with another prompt, T5's features and CLIP's vector, after some steps.

    other   one prompt, or as many as are painted.
    after   steps that still follow the prompt that is painted; with 0 none does.

    Raises ValueError for a prompt that cannot be encoded and for a number of steps that is none;
    in the first step when the painting ends before the swap.
    """
    if isinstance(after, bool) or not isinstance(after, int) or after < 0:
        raise ValueError(f"after is {after!r}, but a whole number of steps from 0 is expected.")
    told = other if isinstance(other, Conditioning) else _encode(pipe, other)
    return Intervention(
        builder="swap_prompt",
        arguments={"other": other, "after": after},
        edits={"in.txt": _from_step(told.txt, after), "in.clip": _from_step(told.pooled, after)},
        branch="cond",
    )


def swap_padding(
    pipe: Any, prompt: str | list[str] | Conditioning, other: str = ""
) -> Intervention:
    """Put the padding features of another text behind the words of a prompt.

    prompt  as it is painted: which of its tokens are padding.
    other   whose padding it gets; "" is padding that has read no word.

    Raises TypeError without a T5, ValueError when there is no padding, or when the words of `other`
    reach into it.
    """
    rows, (labels,) = read_labels(pipe, prompt), read_labels(pipe, other)
    padding = [row.regions()["<padding>"] for row in rows]
    free = labels.regions()["<padding>"]
    for row, tokens in zip(rows, padding, strict=True):
        if not tokens or not set(tokens) <= set(free):
            raise ValueError(
                f"{row.prompt!r} has {len(tokens)} tokens of padding and {other!r} has "
                f"{len(free)}, but there must be some, and in the second at least as many. Take a "
                f"shorter text, or ''."
            )
    inside = torch.zeros(len(rows), len(labels.pieces), dtype=torch.bool)
    for row, tokens in enumerate(padding):
        inside[row, list(tokens)] = True
    told = list(prompt.prompts) if isinstance(prompt, Conditioning) else prompt
    return Intervention(
        builder="swap_padding",
        arguments={"prompt": told, "other": other},
        edits={"in.txt": _inside(inside, _encode(pipe, other).txt)},
        branch="cond",
    )


def _encode(pipe: Any, prompt: str | list[str]) -> Conditioning:
    if getattr(pipe, "text", None) is None:
        raise ValueError(
            f"{prompt!r} cannot be encoded: this {type(pipe).__name__} has no text encoders. Pass "
            f"a saved Conditioning, or load the encoders."
        )
    return pipe.text(prompt)


def _from_step(new: Tensor, after: int) -> Edit:
    def swap(value: Tensor, at: At) -> Tensor:
        now = current_moment()
        if now is not None and after >= now.of:
            raise ValueError(
                f"after is {after}, but this painting takes {now.of} steps, so the prompt would "
                f"never change. Swap earlier, or paint with more steps."
            )
        return value if now is not None and now.step < after else fit(new, value, at.point, FITS)

    return swap


def _inside(padding: Bool[Tensor, "_ txt"], new: Tensor) -> Edit:
    def swap(value: Tensor, at: At) -> Tensor:
        if len(padding) not in (1, len(value)):
            raise ValueError(
                f"padding was found in {len(padding)} prompts, but {len(value)} are painted. Give "
                f"swap_padding the prompts that are painted."
            )
        mask = padding[..., None].to(value.device)
        return torch.where(mask, fit(new, value, at.point, FITS), value)

    return swap

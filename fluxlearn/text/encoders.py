"""Both text encoders of FLUX.1 together: prompts → Conditioning.

    prompt ─┬─ T5 ───→ txt     [batch, txt, context]   words, to be attended to
            └─ CLIP ─→ pooled  [batch, vec]            the gist, to modulate every block with

T5 is by far the larger part (4.8 of 4.9 B parameters). It can stay on the CPU while CLIP is on the
GPU, and can be freed once the prompts are encoded.
"""

from pathlib import Path

import torch

from fluxlearn.text.clip import ClipEncoder
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.text.t5 import T5Encoder
from fluxlearn.trace.tap import tap


class TextEncoders:
    """The pair of encoders.

    clip  pooled vectors.
    t5    token features; None when it was freed.
    """

    path = ""

    def __init__(self, clip: ClipEncoder, t5: T5Encoder | None) -> None:
        """Take two loaded encoders; each stays where it is until `to` moves it."""
        self.clip, self.t5 = clip, t5

    @classmethod
    def from_folder(
        cls,
        path: str | Path,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> "TextEncoders":
        """Read both encoders from the folders `clip` and `t5` inside `path`."""
        return cls(
            ClipEncoder.from_folder(Path(path) / "clip", device=device, dtype=dtype),
            T5Encoder.from_folder(Path(path) / "t5", device=device, dtype=dtype),
        )

    def to(self, device: str | torch.device) -> "TextEncoders":
        """Move both encoders; `encoders.clip.to(…)` and `encoders.t5.to(…)` move one."""
        self.clip.to(device)
        if self.t5 is not None:
            self.t5.to(device)
        return self

    def free_t5(self) -> None:
        """Let go of T5, for its memory; set `t5` again to encode further prompts."""
        self.t5 = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def __call__(self, prompts: str | list[str]) -> Conditioning:
        """Encode one prompt or several; "" is the unconditional prompt of guidance.

        Each tensor stays on the device of its encoder.

        Raises TypeError or ValueError for anything but prompts, RuntimeError after `free_t5`.
        """
        rows = _checked(prompts)
        if self.t5 is None:
            raise RuntimeError(
                "T5 was freed, so prompts can no longer be encoded. Bring it back with "
                "encoders.t5 = T5Encoder.from_folder(…), or use a saved Conditioning."
            )
        # Tapped outside the encoders' no_grad, so that an edit may carry gradients.
        txt = tap(self, "text.t5", self.t5(rows))
        pooled = tap(self, "text.clip", self.clip(rows))
        return Conditioning(txt=txt, pooled=pooled, prompts=tuple(rows))


def _checked(prompts: str | list[str]) -> list[str]:
    """The prompts as a list."""
    if isinstance(prompts, str):
        return [prompts]
    if not isinstance(prompts, list | tuple):
        raise TypeError(
            f"prompts is {prompts!r} of type {type(prompts).__name__}, but a string or a list of "
            f"strings is needed."
        )
    if not prompts:
        raise ValueError(
            'prompts is empty, so there is nothing to encode. For an unconditional picture use "".'
        )
    for row, prompt in enumerate(prompts):
        if not isinstance(prompt, str):
            raise TypeError(
                f"prompts[{row}] is {prompt!r} of type {type(prompt).__name__}, but each prompt "
                f"is a string."
            )
    return list(prompts)

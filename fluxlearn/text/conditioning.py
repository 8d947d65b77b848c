"""Conditioning: all that the flow model ever learns of a prompt, as a value that can be kept.

    txt     [batch, txt, context]   T5: one feature per token
    pooled  [batch, vec]            CLIP: one vector per prompt

Made once and saved, it replaces the text encoders, which hold 4.9 of the 16.9 billion
parameters of FLUX.1-dev:

    encoders(prompts).save("prompts.safetensors")
    pipe.paint(Conditioning.load("prompts.safetensors"))

The file is one safetensors file; the prompts stand in its header as JSON.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.files import replacing

KIND, VERSION = "fluxlearn.conditioning", 1
PARTS = ("txt", "pooled", "prompts", "version")


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditioning:
    """Text features of a batch of prompts.

    Raises ValueError when the axes or the batch sizes do not agree.
    """

    txt: Float[Tensor, "batch txt context"]  # T5's token features, padding included
    pooled: Float[Tensor, "batch vec"]  # CLIP's vector at the end-of-text token
    prompts: tuple[str, ...]  # what was encoded, one per row

    def __post_init__(self) -> None:
        """Refuse tensors that do not describe the same prompts."""
        _check_axes("txt", self.txt, "[batch, txt, context]")
        _check_axes("pooled", self.pooled, "[batch, vec]")
        if not len(self.txt) == len(self.pooled) == len(self.prompts):
            raise ValueError(
                f"txt has {len(self.txt)} rows, pooled {len(self.pooled)}, and there are "
                f"{len(self.prompts)} prompts; all must be equal. Use repeat() for a larger batch."
            )

    def __len__(self) -> int:
        """The number of prompts."""
        return len(self.prompts)

    def __getitem__(self, rows: int | slice) -> "Conditioning":
        """Some of the prompts; a single index keeps the batch axis.

        Raises IndexError outside the batch.
        """
        if isinstance(rows, int):
            start = range(len(self))[rows]
            rows = slice(start, start + 1)
        return Conditioning(
            txt=self.txt[rows], pooled=self.pooled[rows], prompts=self.prompts[rows]
        )

    def repeat(self, times: int) -> "Conditioning":
        """Each prompt `times` times in a row: a a b b, for several pictures of each."""
        if times < 1:
            raise ValueError(f"times is {times}, but each prompt is needed at least once.")
        return Conditioning(
            txt=self.txt.repeat_interleave(times, dim=0),
            pooled=self.pooled.repeat_interleave(times, dim=0),
            prompts=tuple(prompt for prompt in self.prompts for _ in range(times)),
        )

    @classmethod
    def concat(cls, parts: Sequence["Conditioning"]) -> "Conditioning":
        """One batch from several.

        Raises ValueError when there are none, or when they come from different encoders or lengths.
        """
        shapes = sorted({(*part.txt.shape[1:], *part.pooled.shape[1:]) for part in parts})
        if len(shapes) != 1:
            raise ValueError(
                f"concat got {len(parts)} conditionings of sizes (txt, context, vec) {shapes}; "
                f"expected one size. Were they encoded with the same encoders and length?"
            )
        return cls(
            txt=torch.cat([part.txt for part in parts]),
            pooled=torch.cat([part.pooled for part in parts]),
            prompts=tuple(prompt for part in parts for prompt in part.prompts),
        )

    def to(
        self, device: str | torch.device | None = None, dtype: torch.dtype | None = None
    ) -> "Conditioning":
        """The same on another device or in another precision."""
        return Conditioning(
            txt=self.txt.to(device=device, dtype=dtype),
            pooled=self.pooled.to(device=device, dtype=dtype),
            prompts=self.prompts,
        )

    def save(self, path: str | Path) -> Path:
        """Write one safetensors file, bit for bit, all or nothing.

        Raises FileNotFoundError when the folder does not exist.
        """
        from safetensors.torch import save_file

        path = Path(path)
        header = {"kind": KIND, "version": str(VERSION), "prompts": json.dumps(self.prompts)}
        with replacing(path) as partial:
            tensors = {"txt": self.txt.contiguous(), "pooled": self.pooled.contiguous()}
            save_file(tensors, partial, header)
        return path

    @classmethod
    def load(cls, path: str | Path, device: str | torch.device = "cpu") -> "Conditioning":
        """Read what `save` wrote.

        Raises FileNotFoundError, or ValueError for any file that `save` did not write.
        """
        header, tensors = _read(Path(path), device)
        if header.get("kind") != KIND or not {*PARTS} <= {*header, *tensors}:
            raise ValueError(
                f"{path} holds {sorted(tensors)[:4]}, not a conditioning (txt, pooled, prompts). "
                f"Write one with Conditioning.save()."
            )
        if int(header["version"]) > VERSION:
            raise ValueError(
                f"{path} has version {header['version']} of the format, but this fluxlearn reads "
                f"up to {VERSION}. Upgrade fluxlearn or encode the prompts again."
            )
        prompts = tuple(json.loads(header["prompts"]))
        return cls(txt=tensors["txt"], pooled=tensors["pooled"], prompts=prompts)


def _check_axes(name: str, value: Tensor, axes: str) -> None:
    if value.ndim != axes.count(",") + 1 or not value.is_floating_point():
        raise ValueError(
            f"{name} is {tuple(value.shape)} of {value.dtype}, but a conditioning needs "
            f"floating-point {axes}. Did you pass token ids or drop the batch axis?"
        )


def _read(path: Path, device: str | torch.device) -> tuple[dict[str, str], dict[str, Tensor]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Save one with Conditioning.save().")
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return file.metadata() or {}, tensors
    except SafetensorError as error:
        with path.open("rb") as file:
            start = file.read(2)
        # A zip archive or a bare pickle: what torch.save writes.
        if start in (b"PK", b"\x80\x02"):
            raise ValueError(
                f"{path} is a pickled file, which can run code when it is opened and is not read. "
                f"Write safetensors with Conditioning.save()."
            ) from None
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}). Was the copy cut short?"
        ) from error

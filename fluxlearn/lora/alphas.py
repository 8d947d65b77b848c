"""What PEFT says about α outside of the tensors.

PEFT trains with an α and does not write it among the tensors: it is in `adapter_config.json` beside
them, or, as diffusers saves it, in the file's header. A loader that does not look there applies the
LoRA at r / α of its strength.

Source: PEFT's LoraConfig; diffusers loaders/lora_base.py `LORA_ADAPTER_METADATA_KEY`.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HEADER = "lora_adapter_metadata"
Alpha = Callable[[str, int], float]  # (layer's name, rank) → α


def alpha_of_header(metadata: Mapping[str, str]) -> Alpha:
    """The α that diffusers wrote into a file's header; α = rank where there is none."""
    stated = json.loads(metadata.get(HEADER, "{}"))
    return alpha_of_config({key.removeprefix("transformer."): stated[key] for key in stated})


def alpha_of_folder(folder: Path) -> Alpha | None:
    """The α of the `adapter_config.json` in a folder, if there is one."""
    file = folder / "adapter_config.json"
    return alpha_of_config(json.loads(file.read_text("utf-8"))) if file.is_file() else None


def alpha_of_config(config: Mapping[str, Any]) -> Alpha:
    """The α that a LoraConfig gives to a layer of some rank, in the sense of α / rank.

    Raises ValueError for a config whose layers are no plain LoRA.
    """
    if config.get("use_dora"):
        raise ValueError(
            "use_dora is set: a DoRA also rescales the columns of the weight, which is not "
            "supported. Fuse it with the program that trained it."
        )
    patterns = config.get("alpha_pattern") or {}

    def alpha(layer: str, rank: int) -> float:
        chosen = [patterns[p] for p in patterns if re.fullmatch(rf"(.*\.)?({p})", layer)]
        value = float(chosen[0] if chosen else config.get("lora_alpha", rank))
        # Rank-stabilised LoRA divides by √rank instead of rank.
        return value * rank**0.5 if config.get("use_rslora") else value

    return alpha

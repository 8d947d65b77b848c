"""A text model and its tokenizer from a folder or from the hub, in transformers' own layout.

    folder/config.json  model.safetensors  tokenizer.json  tokenizer_config.json  …

The FLUX.1 repositories keep the tokenizer in a folder of its own beside the model
(`text_encoder_2` and `tokenizer_2`), hence the two paths.

transformers fills weights that a file lacks with random numbers and only logs it. A text encoder
with random layers still gives vectors of the right shape, so this is refused here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def read_folder(
    classes: tuple[type, type],
    path: str | Path,
    tokenizer_path: str | Path | None,
    dtype: torch.dtype,
) -> tuple[Any, Any]:
    """Read a model and its tokenizer, of the two given classes, without a network.

    tokenizer_path  None when the tokenizer's files lie beside the model's.

    Raises FileNotFoundError when a folder or its config.json or *.safetensors is missing, and
    ValueError when the weights do not fit the class.
    """
    model_class, tokenizer_class = classes
    path, tokenizer_path = Path(path), Path(tokenizer_path or path)
    _require_model(path, model_class)
    _require(tokenizer_path, "tokenizer*", f"the files of a {tokenizer_class.__name__}")
    model = read_model(model_class, path, dtype)
    return model, read_tokenizer(tokenizer_class, tokenizer_path)


def read_model(model_class: type, path: str | Path, dtype: torch.dtype) -> Any:
    """Read a model of the given class from a folder, without a network.

    Raises FileNotFoundError when the folder or its config.json or *.safetensors is missing, and
    ValueError when the weights do not fit the class.
    """
    _require_model(Path(path), model_class)
    with _no_progress_bar():
        options = {"local_files_only": True, "use_safetensors": True}
        return _model(model_class, path, str(path), dtype=dtype, **options)


def read_tokenizer(tokenizer_class: type, path: Path) -> Any:
    """Read a tokenizer of the given class from a folder, without a network.

    Raises FileNotFoundError when its files are missing, ValueError when they cannot be read.
    """
    _require(path, "tokenizer*", f"the files of a {tokenizer_class.__name__}")
    return _tokenizer(tokenizer_class, path, local_files_only=True)


def fill_model(model_class: type, config: Any, tensors: dict[str, Tensor], source: str) -> Any:
    """A model of the given class and config with these tensors, in their dtype.

    source  where they are from, for messages.

    Raises ValueError when they do not fit the class.
    """
    dtype = next(iter(tensors.values())).dtype
    options = {"config": config, "state_dict": tensors, "dtype": dtype}
    with _no_progress_bar():
        return _model(model_class, None, source, **options)


def read_hub(classes: tuple[type, type], repo: str, dtype: torch.dtype) -> tuple[Any, Any]:
    """Download (once; afterwards from the hub's cache) a model and its tokenizer.

    Some repositories, google/t5-v1_1-xxl among them, hold only a `.bin` file; transformers reads
    it with `weights_only=True`, which runs no code.
    """
    model_class, tokenizer_class = classes
    tokenizer = _tokenizer(tokenizer_class, repo)
    return _model(model_class, repo, repo, dtype=dtype), tokenizer


def _model(model_class: Any, place: str | Path | None, source: str, **options: Any) -> Any:
    """Let transformers make a model, from a folder, a repository or given tensors.

    place   None for given tensors.
    source  what messages call the place.
    """
    try:
        model, found = model_class.from_pretrained(place, output_loading_info=True, **options)
    except RuntimeError as error:
        raise ValueError(
            f"The weights in {source} do not fit {model_class.__name__}: {error}. "
            f"Do config.json and the weight file belong together?"
        ) from error
    if found["missing_keys"]:
        missing = sorted(found["missing_keys"])
        raise ValueError(
            f"{source} lacks {len(missing)} weights of {model_class.__name__} "
            f"({', '.join(missing[:3])}, …). Is it the folder of another model?"
        )
    # Evaluation mode: no dropout. The text encoders of FLUX.1 are never trained along.
    return model.eval().requires_grad_(False)


def _tokenizer(tokenizer_class: Any, source: str | Path, **options: Any) -> Any:
    try:
        return tokenizer_class.from_pretrained(source, **options)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"The tokenizer of {source} cannot be read ({error}). If it comes as spiece.model "
            f"alone, as that of google/t5-v1_1-xxl: pip install sentencepiece."
        ) from error


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Reading a local file takes moments; a bar for each would only scroll by."""
    from transformers.utils import logging

    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()


def _require_model(folder: Path, model_class: type) -> None:
    _require(folder, "config.json", f"a folder written by {model_class.__name__}.save_pretrained")
    _require(folder, "*.safetensors", "weights as safetensors; pickled .bin files are not read")


def _require(folder: Path, pattern: str, expectation: str) -> None:
    if not any(folder.glob(pattern)):
        names = sorted(file.name for file in folder.glob("*"))
        found = ", ".join(names[:6]) if names else "nothing is there"
        raise FileNotFoundError(f"{folder} has no {pattern} ({found}); expected {expectation}.")

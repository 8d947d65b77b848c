"""A name or a path → a pipeline that is ready to paint.

toy-dev      the trained miniature with embedded guidance: one model call a step
toy-base     its teacher, which paints by true guidance: two calls a step
schnell, dev, krea, kontext, fill, canny, depth
             BFL's models at full size, from the hub: 24 GB, and 10 GB of text encoders
a path       a file of BFL, ComfyUI or ours, a folder of diffusers, or a repository on disk

With `depth` and `depth_single_blocks` a model has only its first blocks. It does not paint any
more, but every stage can be watched at full width with the real weights, and only these are read:

    fl.load("schnell", depth=2, depth_single_blocks=2, text=False)      2 GB instead of 34
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fluxlearn.config import RELEASES, AutoencoderConfig, FluxConfig, Release

if TYPE_CHECKING:
    import torch

    from fluxlearn.autoencoder.autoencoder import AutoEncoder
    from fluxlearn.checkpoints.parts import Text
    from fluxlearn.checkpoints.recognise import Recognised
    from fluxlearn.model.flux import Flux
    from fluxlearn.sampling.options import Defaults
    from fluxlearn.sampling.pipeline import Pipeline
    from fluxlearn.text.encoders import TextEncoders

WEIGHTS = Path(__file__).parent / "toy" / "weights"
TOYS = ("toy-dev", "toy-base")

Blocks = tuple[int | None, int | None]
Where = bool | str | Path | tuple[str | Path, str | Path]


def load(
    name: str | Path = "toy-dev",
    *,
    device: "str | torch.device" = "cpu",
    dtype: "torch.dtype | None" = None,
    depth: int | None = None,
    depth_single_blocks: int | None = None,
    revision: str | None = None,
    text: Where = True,
    rest: str | Path | None = None,
    stream: bool = False,
) -> "Pipeline":
    """Load text encoders, flow model and autoencoder.

    name      a model's name, or a path; see above.
    device    of all parts; prompts are encoded there too.
    dtype     of the flow model and its text encoders. Unless said, float32 for the toys and what
              the file holds for others, bf16 where that is fp8. The autoencoder stays in float32.
    depth, depth_single_blocks
              how many of the first blocks; all unless said.
    revision  of a model from the hub: a branch, a tag, or a commit, which pins it for good.
    text      False leaves the text encoders out; prompts then come as a saved `Conditioning`. A
              folder, or the files of CLIP and T5, if they are not where the flow model's are: as
              ComfyUI has them, in any precision. Tokenizers that are not there are fetched.
    rest      where the autoencoder and text encoders come from, if they do not lie beside the flow
              model: a name, or a folder.
    stream    True leaves the flow model's blocks on the disk and reads each when it is called: see
              `fluxlearn.memory.streaming`.

    Raises ValueError for an unknown name, a bad value, or weights that are more than the memory;
    FileNotFoundError or ValueError for a bad file, PermissionError for a model whose licence was
    not agreed to, all before weights are read. Warns if the memory that is free may be too little.
    """
    from fluxlearn.checkpoints.parts import find_flow_model, find_home
    from fluxlearn.memory.weights import make_sure_of_weights
    from fluxlearn.sampling.pipeline import Pipeline

    blocks = (depth, depth_single_blocks)
    _check(name, revision, dtype)
    _check_blocks(blocks)
    file = find_flow_model(_flow_model(name, revision, blocks))
    found = _recognised(file, blocks, _release(name))
    home = _companions(name, rest, revision, text is True) or find_home(file)
    places = _find_text(home, text)
    defaults = _defaults(found)

    dtype = dtype or _usual_dtype(found)
    encoded = (places.clip, places.t5) if places else ()
    make_sure_of_weights(found, dtype, device, stream, encoded)
    autoencoder = _autoencoder(home, file).to(device)
    flux = _flux(found, dtype, device, stream)
    encoders = _text_encoders(places, found, dtype).to(device) if places else None
    return Pipeline(encoders, flux, autoencoder, defaults)


def _release(name: str | Path) -> Release | None:
    """The published model of this name: "dev" and "flux-dev" are the same; a Path is none."""
    return None if isinstance(name, Path) else RELEASES.get(f"flux-{name.removeprefix('flux-')}")


def _check(name: str | Path, revision: str | None, dtype: "torch.dtype | None") -> None:
    import torch

    if _release(name) is None and name not in TOYS and not Path(name).exists():
        published = ", ".join(key.removeprefix("flux-") for key in RELEASES if key != "flux-redux")
        raise ValueError(
            f"{str(name)!r} is no model and no file. There are {', '.join(TOYS)}, {published}; a "
            f"path must lead to a flow model's .safetensors file or to a folder with one."
        )
    if _release(name) is RELEASES["flux-redux"]:
        raise ValueError(
            f"{str(name)!r} is no flow model but an adapter that turns a picture into text tokens. "
            f"Load it with fl.load_redux(), and the model that it is used with, 'dev' or 'schnell'."
        )
    if revision is not None and _release(name) is None:
        raise ValueError(
            f"revision is {revision!r}, but {str(name)!r} is not from the hub, where there are "
            f"revisions. Leave it out."
        )
    if dtype not in (None, torch.float32, torch.bfloat16, torch.float16):
        raise ValueError(
            f"dtype is {dtype!r}, but the model computes in torch.float32, torch.bfloat16 or "
            f"torch.float16."
        )


def _check_blocks(blocks: Blocks) -> None:
    for name, count in zip(("depth", "depth_single_blocks"), blocks, strict=True):
        if count is not None and (type(count) is not int or count < 0):
            raise ValueError(f"{name} is {count!r}, but a whole number from 0 is expected.")


def _flow_model(name: str | Path, revision: str | None, blocks: Blocks) -> Path:
    """Where the flow model lies; a published one is fetched, as far as it is needed."""
    from fluxlearn.checkpoints.hub import fetch, fetch_blocks

    release = _release(name)
    if release is None:
        return WEIGHTS / f"{name}.safetensors" if name in TOYS else Path(name)
    if blocks == (None, None):
        return fetch(release.repo, (release.file,), revision) / release.file
    return fetch_blocks(release.repo, release.file, blocks, revision)


def _companions(
    name: str | Path, rest: str | Path | None, revision: str | None, text: bool
) -> Path | None:
    """Where the autoencoder and the text encoders lie, if not beside the flow model."""
    from fluxlearn.checkpoints.hub import fetch
    from fluxlearn.checkpoints.parts import PUBLISHED_AUTOENCODER, PUBLISHED_TEXT

    if rest is not None and not Path(rest).is_dir() and _release(rest) is None:
        raise ValueError(
            f"rest is {str(rest)!r}, but a folder with ae.safetensors and text encoders is "
            f"expected, or the name of a published model such as 'schnell'."
        )
    release = _release(name if rest is None else rest)
    if release is None:
        return None if rest is None else Path(rest)
    files = (PUBLISHED_AUTOENCODER, *(PUBLISHED_TEXT if text else ()))
    return fetch(release.repo, files, revision if rest is None else None)


def _recognised(file: Path, blocks: Blocks, release: Release | None) -> "Recognised":
    """The flow model in a file, which is the one that was asked for."""
    from fluxlearn.checkpoints.checkpoint import open_checkpoint
    from fluxlearn.checkpoints.recognise import first_blocks, recognise

    found = first_blocks(recognise(open_checkpoint(file), FluxConfig), *blocks)
    if release is not None:
        counts = zip(("depth", "depth_single_blocks"), blocks, strict=True)
        asked = {key: count for key, count in counts if count is not None}
        expected, given = asdict(replace(release.config, **asked)), asdict(found.config)
        different = [
            f"{k} is {given[k]} instead of {v}" for k, v in expected.items() if given[k] != v
        ]
        if different:
            raise ValueError(
                f"{file} is not the model of {release.repo}: {'; '.join(different[:3])}. Is it the "
                f"file of another variant?"
            )
    return found


def _flux(
    found: "Recognised", dtype: "torch.dtype", device: "str | torch.device", stream: bool
) -> "Flux":
    from fluxlearn.checkpoints.read import assemble
    from fluxlearn.memory.streaming import stream as read_when_called
    from fluxlearn.model.flux import Flux

    if stream:
        return read_when_called(found, dtype, device)
    return assemble(found, Flux, dtype, device)


def _autoencoder(home: Path, file: Path) -> "AutoEncoder":
    """The autoencoder beside the flow model, or in the same file."""
    import torch

    from fluxlearn.autoencoder.autoencoder import AutoEncoder
    from fluxlearn.checkpoints.checkpoint import open_checkpoint
    from fluxlearn.checkpoints.parts import AUTOENCODERS, find_autoencoder
    from fluxlearn.checkpoints.read import assemble
    from fluxlearn.checkpoints.recognise import recognise

    place = find_autoencoder(home)
    try:
        found = recognise(open_checkpoint(place or file), AutoencoderConfig)
    except ValueError:
        if place is not None:
            raise
        raise FileNotFoundError(
            f"{home} has no autoencoder ({' or '.join(AUTOENCODERS)}). Say where it is with rest=, "
            f"a name such as 'schnell' or a folder."
        ) from None
    return assemble(found, AutoEncoder, torch.float32)


def _find_text(home: Path, text: Where) -> "Text | None":
    """Where the text encoders lie, with tokenizers; None if they are not wanted."""
    from fluxlearn.checkpoints.hub import fetch
    from fluxlearn.checkpoints.parts import PUBLISHED_TOKENIZERS, find_text, loose_text

    if text is False:
        return None
    if isinstance(text, tuple):
        found = loose_text(Path(text[0]), Path(text[1]))
    else:
        found = find_text(home if text is True else Path(text))
    if found.clip_tokenizer.is_dir() and found.t5_tokenizer.is_dir():
        return found
    # Every FLUX.1 has the same tokenizers, and schnell's repository is open to all.
    folder = fetch(RELEASES["flux-schnell"].repo, PUBLISHED_TOKENIZERS)
    return replace(found, clip_tokenizer=folder / "tokenizer", t5_tokenizer=folder / "tokenizer_2")


def _text_encoders(places: "Text", found: "Recognised", dtype: "torch.dtype") -> "TextEncoders":
    from fluxlearn.checkpoints.text_encoders import read_text_encoders

    # The toys' tokenizer states its length itself; that of FLUX.1's T5 is the flow model's matter.
    length = None if _is_whole(found) else _likeness(found)[1].text_length
    return read_text_encoders(places, dtype, length)


def _is_whole(found: "Recognised") -> bool:
    """Whether a file of ours says how its model is sampled, as the toys' do."""
    return "defaults" in found.checkpoint.metadata


def _usual_dtype(found: "Recognised") -> "torch.dtype":
    import torch

    return torch.float32 if _is_whole(found) else found.checkpoint.usual_dtype()


def _likeness(found: "Recognised") -> tuple[str, Release]:
    """The published model that this one is, by its file's name, or is built like."""
    config, file = found.config, Path(found.checkpoint.source).name
    named = {key: release for key, release in RELEASES.items() if release.file == file}
    built = {
        key: release
        for key, release in RELEASES.items()
        if release.config.in_channels == config.in_channels
        and release.config.guidance_embed == config.guidance_embed
    }
    otherwise = "flux-dev" if config.guidance_embed else "flux-schnell"
    return next(iter((named | built).items()), (otherwise, RELEASES[otherwise]))


def _defaults(found: "Recognised") -> "Defaults":
    """How the model is sampled: as its file says, or as its makers sample it."""
    from fluxlearn.sampling.options import Defaults

    if not _is_whole(found):
        name, release = _likeness(found)
        return Defaults(
            name=name,
            steps=release.steps,
            guidance=release.guidance,
            guidance_by="embedded" if found.config.guidance_embed else "none",
            shifted=release.shifted,
            size=1024,
        )
    try:
        return Defaults(**json.loads(found.checkpoint.metadata["defaults"]))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{found.checkpoint.source} has defaults of which nothing can be made: {error}. "
            f"Was its header changed?"
        ) from None

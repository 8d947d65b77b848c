"""Where the parts of a pipeline lie, in each of the layouts of the world.

    ours                   BFL's repository          diffusers
    toy-dev.safetensors    flux1-dev.safetensors     transformer/
    ae.safetensors         ae.safetensors            vae/
    clip/                  text_encoder/     tokenizer/
    t5/                    text_encoder_2/   tokenizer_2/

BFL's repositories hold both of the last two, so that either program finds what it reads. ComfyUI
keeps text encoders as single files in one folder: `clip_l.safetensors`, `t5xxl_fp16.safetensors`.
"""

from dataclasses import dataclass
from pathlib import Path

# Model and tokenizer of CLIP, then of T5.
TEXT_LAYOUTS = (
    ("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2"),
    ("clip", "clip", "t5", "t5"),
)
LOOSE = ("clip_l*.safetensors", "t5xxl*.safetensors")
AUTOENCODERS = ("ae.safetensors", "vae")

# What is fetched of a published repository besides the flow model.
PUBLISHED_AUTOENCODER = "ae.safetensors"
PUBLISHED_TEXT = tuple(f"{folder}/*" for folder in TEXT_LAYOUTS[0])
PUBLISHED_TOKENIZERS = ("tokenizer/*", "tokenizer_2/*")


@dataclass(frozen=True, kw_only=True)
class Text:
    """The folders of both text encoders and their tokenizers."""

    clip: Path  # or a single file
    clip_tokenizer: Path
    t5: Path  # or a single file
    t5_tokenizer: Path


def find_flow_model(path: Path) -> Path:
    """The flow model's file or folder at a path: itself, or a part of the repository there.

    Raises FileNotFoundError or ValueError when there is none, or more than one.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist. Is the path right?")
    if path.is_file():
        return path
    files = sorted(path.glob("flux1-*.safetensors"))
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ValueError(f"{path} has several flow models: {names}. Name the file to load.")
    if files:
        return files[0]
    return path / "transformer" if (path / "transformer").is_dir() else path


def find_home(flow_model: Path) -> Path:
    """The folder in which a flow model's companions lie."""
    folder = flow_model if flow_model.is_dir() else flow_model.parent
    return folder.parent if folder.name == "transformer" else folder


def find_autoencoder(home: Path) -> Path | None:
    """The autoencoder's file or folder, if there is one."""
    return next((home / name for name in AUTOENCODERS if (home / name).exists()), None)


def find_text(home: Path) -> Text:
    """The text encoders' folders, or their files.

    Raises FileNotFoundError that names the folders of each layout, ValueError when there are
    several files of one kind.
    """
    for layout in TEXT_LAYOUTS:
        folders = [home / name for name in layout]
        if all(folder.is_dir() for folder in folders):
            return Text(
                clip=folders[0], clip_tokenizer=folders[1], t5=folders[2], t5_tokenizer=folders[3]
            )
    files = [_only_file(home, pattern) for pattern in LOOSE]
    if files[0] and files[1]:
        return loose_text(files[0], files[1])
    wanted = " or ".join(", ".join(dict.fromkeys(layout)) for layout in TEXT_LAYOUTS)
    raise FileNotFoundError(
        f"{home} has no text encoders ({wanted} or {', '.join(LOOSE)}). Say where they are with "
        f"rest=, a name such as 'schnell' or a folder, or with text=, a folder or two files; or "
        f"load with text=False and paint from a saved Conditioning."
    )


def loose_text(clip: Path, t5: Path) -> Text:
    """Text encoders in single files, and where their tokenizers would lie beside them."""
    return Text(
        clip=clip,
        clip_tokenizer=clip.parent / "tokenizer",
        t5=t5,
        t5_tokenizer=t5.parent / "tokenizer_2",
    )


def _only_file(folder: Path, pattern: str) -> Path | None:
    files = sorted(folder.glob(pattern))
    if len(files) > 1:
        raise ValueError(
            f"{folder} has several text encoders of one kind: "
            f"{', '.join(file.name for file in files)}. Name both files: text=(clip, t5)."
        )
    return files[0] if files else None

"""Redux from the hub or from disk: SigLIP, and the adapter that makes text tokens of what it sees.

    BFL's repository                   diffusers
    flux1-redux-dev.safetensors        image_embedder/
    image_encoder/                     image_encoder/

It is used with a pipeline that has text encoders; see `fluxlearn.sampling.inputs.redux`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from fluxlearn.config import RELEASES

if TYPE_CHECKING:
    import torch

    from fluxlearn.sampling.inputs.redux import Redux, ReduxImageEncoder

RELEASE = RELEASES["flux-redux"]
ADAPTERS = (RELEASE.file, "image_embedder")
VISION = "image_encoder"


def load_redux(
    name: str | Path = "redux",
    *,
    device: "str | torch.device" = "cpu",
    dtype: "torch.dtype | None" = None,
    revision: str | None = None,
) -> "Redux":
    """Load the adapter that turns a picture into text tokens.

        redux = fl.load_redux()
        pipe.paint(redux(photograph, pipe.text("")))

    name      "redux" for the published one, from the hub; or a folder laid out as above.
    dtype     bf16 unless said, as it is published.
    revision  of the repository on the hub: a branch, a tag or a commit.

    Raises FileNotFoundError or ValueError for a missing or foreign file, PermissionError when the
    licence was not agreed to.
    """
    import torch
    from transformers import SiglipVisionModel

    from fluxlearn.sampling.inputs.redux import Redux
    from fluxlearn.text.pretrained import read_model

    dtype = dtype or torch.bfloat16
    folder = _find(name, revision)
    adapter = _read_adapter(folder, dtype)
    vision = read_model(SiglipVisionModel, folder / VISION, dtype)
    return Redux(vision.to(device), adapter.to(device))


def _find(name: str | Path, revision: str | None) -> Path:
    """The folder of the parts; the published ones are fetched."""
    from fluxlearn.checkpoints.hub import fetch

    if isinstance(name, str) and name.removeprefix("flux-") == "redux":
        return fetch(RELEASE.repo, (RELEASE.file, f"{VISION}/*"), revision)
    if not Path(name).is_dir():
        raise FileNotFoundError(
            f"{str(name)!r} is no folder. Say 'redux' for the published adapter, or name a folder "
            f"with {RELEASE.file} and {VISION}."
        )
    return Path(name)


def _read_adapter(folder: Path, dtype: "torch.dtype") -> "ReduxImageEncoder":
    """The adapter; its sizes are those of its tensors."""
    import torch

    from fluxlearn.checkpoints.bfl import load_strictly
    from fluxlearn.checkpoints.checkpoint import open_checkpoint
    from fluxlearn.sampling.inputs.redux import ReduxImageEncoder

    place = next((folder / name for name in ADAPTERS if (folder / name).exists()), None)
    if place is None:
        raise FileNotFoundError(f"{folder} has no adapter ({' or '.join(ADAPTERS)}).")
    checkpoint = open_checkpoint(place).cast(dtype)
    down = checkpoint.shapes().get("redux_down.weight", torch.empty(4096, 1))
    up = checkpoint.shapes().get("redux_up.weight", torch.empty(1, 1152))
    with torch.device("meta"):
        adapter = ReduxImageEncoder(up.shape[-1], len(down))
    load_strictly(adapter, dict(checkpoint), checkpoint.source)
    return adapter.eval().requires_grad_(False)

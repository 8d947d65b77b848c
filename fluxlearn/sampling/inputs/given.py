"""Pictures among the options of painting: what was given, and what the model takes.

a token of the model holds           it takes          published as
noise                                nothing           dev, schnell, krea
                                     reference         kontext, which is built like dev
noise ++ control                     control           canny, depth
noise ++ kept ++ mask                image and mask    fill
"""

from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor

from fluxlearn.config import FluxConfig
from fluxlearn.sampling.inputs.fill import MASK, to_mask
from fluxlearn.sampling.inputs.kontext import resize_reference
from fluxlearn.sampling.inputs.pixels import to_pixels

MODELS = {"control": "'canny' and 'depth'", "image": "'fill'", "mask": "'fill'"}
MODELS |= {"reference": "'kontext'"}
"""The published models that take each picture."""


def read_pictures(options: Mapping[str, Any], size: int) -> dict[str, Tensor]:
    """The pictures among a caller's options, as pixels; the reference in its preferred size.

    size  pixels a side of the model's pictures.

    Raises TypeError or ValueError for what is no picture or no mask.
    """
    given = {name: options[name] for name in ("control", "image", "reference") if name in options}
    pixels = {name: to_pixels(name, picture) for name, picture in given.items()}
    if "reference" in pixels:
        pixels["reference"] = resize_reference(pixels["reference"], size)
    return pixels | ({"mask": to_mask(options["mask"])} if "mask" in options else {})


def size_from(pictures: Mapping[str, Tensor]) -> dict[str, int]:
    """The height and width that a painting takes over from the first of its pictures, if any."""
    shapes = [tuple(pixels.shape[-2:]) for pixels in pictures.values()]
    return dict(zip(("height", "width"), shapes[0], strict=True)) if shapes else {}


def check_sizes(pictures: Mapping[str, Tensor], height: int, width: int) -> None:
    """Refuse a picture that is not as large as what is painted; a reference may have any size.

    Raises ValueError.
    """
    for name, pixels in pictures.items():
        px_h, px_w = pixels.shape[-2:]
        if name != "reference" and (px_h, px_w) != (height, width):
            raise ValueError(
                f"{name} is {px_w} × {px_h} pixels, but the picture is {width} × {height}, and "
                f"both must show the same places. Resize it, or leave out height= and width=."
            )


def check_taken(config: FluxConfig, model: str, given: Collection[str]) -> None:
    """Refuse a picture that a model does not take, and the lack of one that it needs.

    model  its name, for messages.
    given  names of the pictures.

    Raises ValueError that names a model which takes the picture.
    """
    needed = needed_pictures(config)
    for name in given:
        if name not in needed and (needed or name != "reference"):
            takes = f"{' and '.join(needed)} only" if needed else "no picture in its tokens"
            raise ValueError(
                f"{name} is given, but {model} takes {takes}. Of the published models "
                f"{MODELS[name]} can be shown one."
            )
    for name in needed:
        if name not in given:
            raise ValueError(
                f"{name} is missing: a token of {model} holds {config.in_channels} values, "
                f"{config.out_channels} of noise and the rest of {' and '.join(needed)}. "
                f"Pass {name}=."
            )


def needed_pictures(config: FluxConfig) -> tuple[str, ...]:
    """The pictures without which a model cannot paint, told by what its tokens hold.

    Raises ValueError for a width that no published model has.
    """
    noise = config.out_channels
    beside = {0: (), noise: ("control",), noise + MASK: ("image", "mask")}
    more = config.in_channels - noise
    if more not in beside:
        raise ValueError(
            f"in_channels is {config.in_channels}, but with {noise} of noise a token holds "
            f"{', '.join(str(noise + values) for values in beside)} values: noise alone, with a "
            f"control picture, or with a picture and a mask."
        )
    return beside[more]

"""From a picture back to its scene, by measuring and without learning: the inverse of drawing.

    1  name        each pixel takes the name of the nearest palette colour
    2  background  the commonest name along the edge, where no object ever lies
    3  core        pixels whose 5 × 5 neighbourhood has one name: blends at edges and specks of
                   noise take names at random, but only within a pixel or two
    4  thing       each connected core of another name than the background
    5  outline     around a core of colour c, the pixels nearer to c than to the background b on
                   the line between the two:  (p − b)·(c − b) / |c − b|² > ½
    6  shape       the ideal shape of the same area and centroid that overlaps best

Step 5 puts the outline where the drawn edge is, whichever third colour a blend resembles. Area and
centroid in step 6 hardly change under blur, which takes the tips away first. A shape that overlaps
too little with all ideals is left unnamed: a diamond is no circle, nor is half a disc.

About 2 ms a picture.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor

from fluxlearn.toy.draw import coverage, rgb
from fluxlearn.toy.scene import BACKGROUNDS, CANVAS, COLOURS, SHAPES, Thing, size_of

MIN_CORE = 25  # px; a thing of 9 × 9 px has as much
MIN_OVERLAP = 0.85  # intersection over union with the ideal shape
AREAS = {"circle": np.pi, "square": 4.0, "triangle": 2.0, "cross": 20 / 9}  # at half-width 1
WINDOW = 8  # px around a core; the tip of a triangle lies six px from it

NAMES = (*BACKGROUNDS, *COLOURS)
PALETTE = np.stack([rgb(name) for name in NAMES])  # [name, 3]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A thing that was found in a picture."""

    shape: str | None  # None where no ideal shape fits
    colour: str  # may be a background's colour: a black blob on white is a thing as well
    half_width: float  # px, of the ideal shape, as are x and y
    x: float
    y: float
    overlap: float  # with the best ideal shape, 0..1

    @property
    def size(self) -> str:
        """Small or large."""
        return size_of(self.half_width)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was found in a picture."""

    background: str | None  # None where the edge has an object's colour
    things: tuple[Seen, ...]  # from top to bottom


def read_picture(picture: Float[Tensor, "rgb px_h px_w"]) -> Reading:
    """Find the background and the things in one picture in −1..1.

    Raises ValueError when the picture has another shape.
    """
    if tuple(picture.shape) != (3, CANVAS, CANVAS):
        raise ValueError(
            f"picture has the shape {tuple(picture.shape)} but a toy picture is "
            f"(3, {CANVAS}, {CANVAS}). Pass pictures one by one, decoded and not as latents."
        )
    pixels = picture.detach().float().cpu().numpy()
    names = nearest_names(pixels)
    edge = np.concatenate([names[0], names[-1], names[:, 0], names[:, -1]])
    background = int(np.bincount(edge).argmax())

    cores = (_extreme(np.maximum, names) == _extreme(np.minimum, names)) & (names != background)
    # Cores of two colours are never neighbours, so one labelling serves all colours.
    owners = np.zeros(cores.shape, dtype=np.int32)
    ndimage.label(cores, output=owners)
    sizes = np.bincount(owners.ravel())
    things = tuple(
        _see(pixels, owners, owner, window, (background, int(names[owners == owner][0])))
        for owner, window in enumerate(ndimage.find_objects(owners), start=1)
        if sizes[owner] >= MIN_CORE
    )
    word = NAMES[background]
    return Reading(background=word if word in BACKGROUNDS else None, things=things)


def nearest_names(pixels: np.ndarray) -> np.ndarray:
    """The index in NAMES of the palette colour nearest to each pixel."""
    # |p − c|² without |p|², which is the same for all c.
    distances = (PALETTE**2).sum(axis=1)[:, None] - 2 * PALETTE @ pixels.reshape(3, -1)
    return distances.argmin(axis=0).reshape(pixels.shape[1:])


def _extreme(choose: np.ufunc, names: np.ndarray) -> np.ndarray:
    """The largest or smallest name in the 5 × 5 neighbourhood of each pixel."""
    for axis in (0, 1):
        padded = np.pad(names, [(2, 2) if at == axis else (0, 0) for at in (0, 1)], mode="edge")
        names = choose.reduce([padded.take(range(k, k + CANVAS), axis) for k in range(5)])
    return names


def _see(
    pixels: np.ndarray,
    owners: np.ndarray,
    owner: int,
    window: tuple[slice, slice],
    names: tuple[int, int],
) -> Seen:
    """Outline and name the thing around one core; `names` are background and colour."""
    rows, columns = (
        slice(max(0, side.start - WINDOW), min(CANVAS, side.stop + WINDOW)) for side in window
    )
    ground, colour = PALETTE[list(names)]
    line = (colour - ground) / ((colour - ground) ** 2).sum()
    offsets = pixels[:, rows, columns] - ground[:, None, None]
    near = np.tensordot(line, offsets, axes=1) > 0.5
    nobody_elses = np.isin(owners[rows, columns], (0, owner))
    parts = np.zeros(near.shape, dtype=np.int32)
    ndimage.label(near & nobody_elses, output=parts)
    outline = parts == np.bincount(parts[owners[rows, columns] == owner]).argmax()

    fits = [_fit(shape, outline) for shape in SHAPES]
    overlap, ideal = max(fits, key=lambda fit: fit[0])
    return Seen(
        shape=ideal.shape if overlap >= MIN_OVERLAP else None,
        colour=NAMES[names[1]],
        half_width=ideal.half_width,
        x=ideal.x + columns.start,
        y=ideal.y + rows.start,
        overlap=overlap,
    )


def _fit(shape: str, outline: np.ndarray) -> tuple[float, Thing]:
    """The ideal shape with the outline's area and centroid, and how well the two overlap."""
    ys, xs = np.nonzero(outline)
    half_width = float(np.sqrt(len(xs) / AREAS[shape]))
    # The centroid of a triangle lies two thirds of the way down, below the middle of its box.
    below = half_width / 3 if shape == "triangle" else 0.0
    x, y = float(xs.mean()) + 0.5, float(ys.mean()) + 0.5 - below
    # The colour plays no part.
    ideal = Thing(shape=shape, colour="red", half_width=half_width, x=x, y=y)
    covered = coverage(ideal, *(slice(0, side) for side in outline.shape)) > 0.5
    return float((outline & covered).sum() / (outline | covered).sum()), ideal

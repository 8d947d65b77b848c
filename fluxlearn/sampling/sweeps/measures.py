"""Measures of a picture against its baseline, for any model.

    d    = √(mean (x − y)²)          x, y in −1..1
    psnr = 20 · log₁₀(2 / d)         2 is the range of a pixel

Where a prompt tells what must be seen, an evaluator says more: for the toy's see
`fluxlearn.toy.measures`.
"""

import math

from fluxlearn.sampling.picture import Picture

RANGE = 2.0


def pixel_distance(picture: Picture, baseline: Picture) -> float:
    """Root mean square difference of pixels in −1..1; 0 for the same picture."""
    return float((picture.pixels - baseline.pixels).float().square().mean().sqrt())


def psnr(picture: Picture, baseline: Picture) -> float:
    """Peak signal-to-noise ratio in dB; infinite for the same picture."""
    distance = pixel_distance(picture, baseline)
    return math.inf if distance == 0 else 20 * math.log10(RANGE / distance)

"""A small world of flat shapes in which every claim about a picture can be checked."""

from fluxlearn.toy.captions import Caption, Description, describe, parse
from fluxlearn.toy.dataset import batch_of, prompts, scenes
from fluxlearn.toy.draw import draw, masks, to_pil
from fluxlearn.toy.scene import Scene, Thing, split_of

__all__ = [
    "Caption",
    "Description",
    "Scene",
    "Thing",
    "batch_of",
    "describe",
    "draw",
    "masks",
    "parse",
    "prompts",
    "scenes",
    "split_of",
    "to_pil",
]

"""LoRA files: small sets of weights that change a model, and can be taken off again.

    from fluxlearn import lora

    style = lora.read("style.safetensors")
    with lora.attach(pipe, style, scale=0.8):
        pipe.paint("a large red circle left of a small blue square on a white background")

    lora.fuse(pipe, style)
    lora.remove(pipe)
    lora.save(style, "style_for_diffusers.safetensors", format="diffusers")

Every file becomes one form (`patch.py`), under the names of the model's own layers. The formats are
a table of data (`formats.py`).
"""

from fluxlearn.lora.attach import attach, remove
from fluxlearn.lora.change import Change, changes
from fluxlearn.lora.formats import FORMATS
from fluxlearn.lora.fuse import fuse
from fluxlearn.lora.inputs import widen_input
from fluxlearn.lora.patch import Lora, Patch, combine
from fluxlearn.lora.read import read
from fluxlearn.lora.save import save, to_tensors

__all__ = [
    "FORMATS",
    "Change",
    "Lora",
    "Patch",
    "attach",
    "changes",
    "combine",
    "fuse",
    "read",
    "remove",
    "save",
    "to_tensors",
    "widen_input",
]

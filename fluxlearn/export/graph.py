"""The graph that autograd keeps of one block: drawn by torchviz, thinned until it can be read.

    draw_graph(flux, "single.0")                         a picture in Jupyter, where Graphviz is
    draw_graph(flux, "single.0").save("single.svg")

Arrows lead from what is computed first to what is computed from it, as in the forward pass; the
words are autograd's names for the way back. torchviz alone draws every operation and every weight:
more than 100 boxes for a single block, more than 200 for a double one. Here operations that only
cut, join, turn and reshape are left out and their arrows joined; a weight is written into the
operation that takes it, and an operation into the point that it makes.

Limits that all graphs of autograd share: they know operations and not modules, they miss whatever
needs no gradient, and fused attention is one box.

Source: Sergey Zagoruyko, torchviz, github.com/szagoruyko/pytorchviz.
"""

import re
import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fluxlearn.export.dot import DotGraph, read_dot
from fluxlearn.export.inputs import example_inputs
from fluxlearn.export.lineage import MarkedTaps
from fluxlearn.export.packages import need
from fluxlearn.files import replacing
from fluxlearn.model.flux import Flux
from fluxlearn.trace.record import record
from fluxlearn.trace.tap import handling

HINT = "To see a picture, install Graphviz, whose command is dot, for example: apt install graphviz"

# Operations that give the same numbers in another arrangement or type, and autograd's own.
ARRANGING = {
    "AccumulateGrad", "Alias", "AsStrided", "Cat", "Clone", "Expand", "Permute", "Reshape",
    "ReshapeAlias", "Select", "Slice", "Split", "SplitWithSizes", "Squeeze", "T", "ToCopy",
    "Transpose", "Unbind", "UnsafeView", "Unsqueeze", "View", "ViewAsComplex", "ViewAsReal",
}  # fmt: skip
POINT, OPERATION, INPUT = "#dbe6ff", "#f1f3f5", "#e4f4ea"


class Graph(str):
    """A graph in the DOT language. Shows itself as a picture in Jupyter where Graphviz is."""

    def svg(self) -> str:
        """The picture.

        Raises FileNotFoundError, with the cure, where Graphviz is not installed.
        """
        if shutil.which("dot") is None:
            raise FileNotFoundError(f"the command dot was not found. {HINT}.")
        from graphviz import Source

        return Source(str(self)).pipe(format="svg", encoding="utf-8")

    def save(self, path: str | Path) -> Path:
        """Write a picture to a .svg file, or the text to a .dot file; whole or not at all.

        Raises ValueError for another ending, FileNotFoundError when the folder does not exist, and
        for a picture where Graphviz is not installed.
        """
        path = Path(path)
        if path.suffix not in (".svg", ".dot"):
            raise ValueError(f"{path} ends in {path.suffix!r}, but .svg or .dot is expected.")
        with replacing(path) as partial:
            partial.write_text(self.svg() if path.suffix == ".svg" else str(self), "utf-8")
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        picture = {"image/svg+xml": self.svg()} if shutil.which("dot") else {}
        return {"text/plain": repr(self), **picture}

    def __repr__(self) -> str:
        return str(self) if shutil.which("dot") else f"{self}\n// {HINT}."


def draw_graph(flux: Flux, block: str) -> Graph:
    """The operations of one block, "double.0" or "single.1" for example.

    The model runs once on a few tokens. Raises ValueError for a block that it does not have.
    """
    need("torchviz", "graphviz")
    module, inputs = _block_and_inputs(flux, block)
    weights = {key: w.detach().requires_grad_() for key, w in module.named_parameters()}
    taps = MarkedTaps(module, [point.name for point in module.points()])
    with handling(taps), torch.enable_grad():
        results = torch.func.functional_call(module, weights, tuple(inputs.values()))
    with warnings.catch_warnings():
        # torchviz compares versions by a module that Python has given up.
        warnings.simplefilter("ignore", DeprecationWarning)
        from torchviz import make_dot

        dot = make_dot(results, params={**weights, **inputs})
    graph = read_dot(dot.body)
    points = {str(id(mark)): name.removeprefix(f"{block}.") for mark, name in taps.marks.items()}
    _thin(graph, points, {str(id(value)): name for name, value in inputs.items()})
    return Graph(graph.written())


def _block_and_inputs(flux: Flux, block: str) -> tuple[Any, dict[str, Tensor]]:
    """A block, and what enters it when the model runs."""
    modules = (*flux.double_blocks, *flux.single_blocks)
    blocks: dict[str, Any] = {str(module.path): module for module in modules}
    if block not in blocks:
        raise ValueError(f"{block!r} is no block of this model. There are {', '.join(blocks)}.")
    streams = {"img": "img.resid_pre", "txt": "txt.resid_pre"}
    streams = streams if block.startswith("double") else {"x": "resid_pre"}
    entering = {key: f"{block}.{point}" for key, point in streams.items()}
    entering |= {"vec": "vec", "pe": "pe"}
    with record(flux, entering.values()) as seen, torch.no_grad():
        flux(**example_inputs(flux, batch=1, img=2, txt=3))
    return blocks[block], {key: seen[name].requires_grad_() for key, name in entering.items()}


def _thin(graph: DotGraph, points: dict[str, str], inputs: dict[str, str]) -> None:
    """Leave points, inputs and the operations between them, each with its name."""

    def arranges(box: str, label: str) -> bool:
        name = _operation(label)
        return box not in points and (name in ARRANGING or _is_result(label))

    graph.leave_out(arranges)
    weights = {box: label.split("\\n")[0] for box, label in graph.labels.items() if "\\n" in label}
    for box, label in graph.labels.items():
        taken = [weights[a] for a in graph.before[box] if a in weights and a not in inputs]
        layers = dict.fromkeys(weight.rpartition(".")[0] for weight in taken)
        graph.labels[box] = (
            points.get(box) or inputs.get(box) or " ".join([_operation(label), *layers])
        )
    graph.leave_out(lambda box, label: box in weights and box not in inputs)
    graph.absorb(points)
    for box in graph.labels:
        graph.fills[box] = POINT if box in points else INPUT if box in inputs else OPERATION


def _operation(label: str) -> str:
    return re.sub(r"Backward\d*$", "", label)


def _is_result(label: str) -> bool:
    """Whether a box is a result of the block: torchviz gives it a shape and no name."""
    return label.startswith("(")

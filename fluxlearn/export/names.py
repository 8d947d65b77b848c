"""How the name of a tap gets onto a value in an ONNX file.

An exporter names values by itself: `linear_12`, `val_88`. To a reader they say nothing. So

    (1)  while the model is traced, a handler notes the value that passes each tap;
    (2)  all noted values become outputs of the traced program: an optimiser may merge and fold what
         lies between outputs, but never an output;
    (3)  the outputs get the points' names and axis words, and stop being outputs. ONNX keeps name
         and shape of any value.

A value has one name, but may pass several taps: what leaves a block as `double.0.img.resid_post`
enters the next as `double.1.img.resid_pre`. At every tap but the first the handler puts a copy in,
which becomes an Identity node between the two names. Runtimes remove it.
"""

from ast import literal_eval
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from fluxlearn.model.flux import Flux
from fluxlearn.trace.find import owners_of
from fluxlearn.trace.point import Point

WRAPPED_AS = "flux"  # the attribute that holds the model while it is traced


class TapNames:
    """The handler of step (1): the value that passed each tap of a model, in order."""

    def __init__(self, flux: Flux) -> None:
        """Listen to one model only."""
        self.owners = owners_of(flux)
        self.values: dict[str, Tensor] = {}
        self._named: dict[int, Tensor] = {}

    def start(self, inputs: Sequence[Tensor | None]) -> None:
        """Forget what was noted; the program's inputs have names already."""
        self.values = {}
        self._named = {id(x): x for x in inputs if x is not None}

    def __call__(self, owner: Any, name: str, value: Any) -> Any:
        """Note a tensor, under a second name as a copy; let flags and masks pass."""
        if id(owner) not in self.owners or not isinstance(value, Tensor):
            return value
        if id(value) in self._named:
            value = value.clone()
        self._named[id(value)] = value
        self.values[name] = value
        return value


def name_values(graph: Any, points: Sequence[Point], outputs: set[str]) -> None:
    """Step (3): name the outputs of an onnx_ir graph after points, in order, and keep a few.

    points   one for each output.
    outputs  names of those that stay outputs.
    """
    import onnx_ir

    for value, point in zip(graph.outputs, points, strict=True):
        value.name = point.name
        words = zip(value.shape, point.shape.split(), strict=True)
        value.shape = onnx_ir.Shape([n if isinstance(n, int) else word for n, word in words])
        node = value.producer()
        node.name = point.name
        told = f"{point.name} = {point.equation}: {point.meaning}"
        node.doc_string = f"{node.doc_string}\n{told}" if node.doc_string else told
    _read_through_copies(graph, {point.name for point in points})
    kept = [value for value in graph.outputs if value.name in outputs]
    graph.outputs.clear()
    graph.outputs.extend(kept)


def name_weights(graph: Any, keys: set[str]) -> None:
    """Give weights their keys in the state dict; `.T` marks what the exporter stored transposed."""
    for weight in list(graph.initializers.values()):
        key = weight.name.removeprefix(f"{WRAPPED_AS}.")
        if key not in keys and len(weight.uses()) == 1:
            module = weight.uses()[0].node.metadata_props.get("module", "")
            transposed = weight.uses()[0].node.op_type == "MatMul"
            key = f"{module}.weight.T" if transposed and f"{module}.weight" in keys else key
        weight.name = key


def name_modules(graph: Any) -> None:
    """Replace what the exporter says of each node by the module that made it.

    Its own notes hold, among others, paths of the machine on which the file was made.
    """
    for node in graph:
        scopes = literal_eval(node.metadata_props.get("pkg.torch.onnx.name_scopes", "[]"))
        node.metadata_props.clear()
        # The scopes are the outermost, modules from the outside in, and the operation itself.
        module = scopes[-2].removeprefix(WRAPPED_AS).lstrip(".") if len(scopes) > 2 else ""
        if module:
            node.metadata_props["module"] = module
        for value in node.outputs:
            value.metadata_props.clear()
    for value in (*graph.inputs, *graph.initializers.values()):
        value.metadata_props.clear()
    graph.metadata_props.clear()


def _read_through_copies(graph: Any, names: set[str]) -> None:
    """Let whatever comes after a copy read the copy, as it does in the model."""
    place = {node: number for number, node in enumerate(graph)}
    for node in list(graph):
        if node.op_type != "Identity" or node.outputs[0].name not in names:
            continue
        original, copy = node.inputs[0], node.outputs[0]
        for use in list(original.uses()):
            if place[use.node] > place[node]:
                use.node.replace_input_with(use.idx, copy)

"""Constants of an ONNX file in torch's own rounding.

Whatever does not depend on the inputs, such as the frequencies 10000^(−k / half) of embeddings, the
exporter computes while it writes the file, by numpy. numpy's exp and torch's may differ in the last
bit of a float32, one part in 10⁷; but angles are 1000 · g · freq, several thousand radians, and
there one part in 10⁷ shows in the fourth digit of the cosine. So torch computes them again here, by
the operations of the traced program, and the file agrees with the model.
"""

from typing import Any

import torch
from torch.fx import Node
from torch.fx.node import map_arg


def recompute_constants(graph: Any, traced: torch.fx.Graph) -> None:
    """Give every floating-point constant of an onnx_ir graph the value that torch has for it.

    traced  the program that the graph was made from; its nodes and the constants share names.
    """
    import onnx_ir

    for node in traced.nodes:
        constant = graph.initializers.get(node.name)
        if constant is None or not _is_constant(node):
            continue
        value = _computed(node)
        if value.is_floating_point():
            constant.const_value = onnx_ir.tensor(value.numpy(), name=constant.name)


def _is_constant(node: Node) -> bool:
    """Whether an operation reaches back to no input and no weight."""
    return node.op == "call_function" and all(map(_is_constant, node.all_input_nodes))


def _computed(node: Node) -> Any:
    arguments = map_arg(node.args, _computed)
    options = map_arg(node.kwargs, _computed)
    return node.target(*arguments, **options)  # pyright: ignore[reportCallIssue]

"""The model without its taps: what they cost, and whether they leave a trace, is seen beside it."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FunctionType

TAPPED = ("fluxlearn.model.", "fluxlearn.autoencoder.", "fluxlearn.sampling.")


@contextmanager
def taps_removed() -> Iterator[int]:
    """Inside the block each `tap(owner, name, value)` of the model reads just `value`.

    Functions keep their identity and get other code, so models that exist already change too. Gives
    the number of functions that were changed.
    """
    functions = tapped_functions()
    codes = [function.__code__ for function in functions]
    for function in functions:
        function.__code__ = code_without_taps(function)
    try:
        yield len(functions)
    finally:
        for function, code in zip(functions, codes, strict=True):
            function.__code__ = code


@cache
def tapped_functions() -> list[FunctionType]:
    """Every function and method of the model that calls `tap`."""
    found = []
    for name, module in list(sys.modules.items()):
        if not name.startswith(TAPPED):
            continue
        spaces = [vars(module), *(vars(c) for c in vars(module).values() if inspect.isclass(c))]
        for function in [value for space in spaces for value in space.values()]:
            is_ours = isinstance(function, FunctionType) and function.__module__ == name
            if is_ours and calls_tap(function.__code__):
                found.append(function)
    return found


def calls_tap(code: CodeType) -> bool:
    """Whether some code, or a comprehension inside it, names `tap`."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return "tap" in code.co_names or any(map(calls_tap, inner))


@cache
def code_without_taps(function: FunctionType) -> CodeType:
    """The function's source compiled again, with every call of `tap` replaced by its value."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = _WithoutTaps().visit(tree).body[0]
    definition.decorator_list = []
    made: dict = {}
    source = compile(ast.fix_missing_locations(tree), function.__code__.co_filename, "exec")
    exec(source, function.__globals__, made)
    return made[function.__name__].__code__


class _WithoutTaps(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        is_tap = isinstance(node.func, ast.Name) and node.func.id == "tap"
        return node.args[2] if is_tap else node

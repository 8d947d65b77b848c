"""Flux as an ONNX file, in which every value that a point names carries the point's name.

    export_onnx(pipe.flux, "flux.onnx")
    fluxlearn.netron("flux.onnx")

Inputs are the arguments of `Flux.forward` by name, the output is `out.velocity`. Batch, image
tokens and text tokens may have any length when the file is run. A graph has no handlers, so nothing
can be edited in it; but any named value can be asked for as an output.

Weights lie inside the file, or beside it in FILE.data: an ONNX file is a protobuf message, and
these end at 2 GiB, which is less than a tenth of FLUX.1-dev.
"""

import json
import logging
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fluxlearn.export.constants import recompute_constants
from fluxlearn.export.inputs import FORWARD, LENGTHS, example_inputs
from fluxlearn.export.names import TapNames, name_modules, name_values, name_weights
from fluxlearn.export.packages import need
from fluxlearn.files import check_place
from fluxlearn.model.flux import Flux
from fluxlearn.trace.find import find
from fluxlearn.trace.sizes import readable
from fluxlearn.trace.tap import handling

OUTPUT = "out.velocity"
MOST_INSIDE = 2_000_000_000  # bytes of weights; leaves room for the graph below 2 GiB


def export_onnx(
    flux: Flux, path: str | Path, *, outputs: str | Iterable[str] = (), external: bool | None = None
) -> Path:
    """Write a model to an ONNX file, checked and whole, or leave what was there.

    outputs   names or globs of points that become outputs beside `out.velocity`.
    external  whether weights lie beside the file, in FILE.data; if None, where they must.

    Raises TypeError or ValueError, before any work, for another model, another ending than .onnx,
    a misspelt point, weights that do not fit inside, or a package that is missing;
    FileNotFoundError when the folder does not exist.
    """
    need("onnx", "onnxscript")
    path = Path(path)
    wanted = _wanted(flux, outputs)
    external = _external(flux, external)
    check_target(path)
    program = _traced(flux, wanted)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        _save(program, Path(folder) / path.name, external)
        # Weights come first: the file that names them must not be there before they are.
        for written in sorted(Path(folder).iterdir(), key=lambda file: file.name == path.name):
            written.replace(path.parent / written.name)
    return path


def _wanted(flux: Any, outputs: str | Iterable[str]) -> set[str]:
    if not isinstance(flux, Flux):
        raise TypeError(
            f"{type(flux).__name__} cannot be exported; a Flux is expected. Of a pipeline, pass "
            f"pipe.flux."
        )
    points = [point for point in flux.points() if point.shape]
    patterns = [outputs] if isinstance(outputs, str) else list(outputs)
    found = find([OUTPUT, *patterns], points)
    return {point.name for group in found.values() for point in group}


def _external(flux: Flux, external: bool | None) -> bool:
    weights = list(flux.parameters())
    if any(weight.is_meta for weight in weights):
        raise ValueError("this model has no weights, only shapes. Load some before the export.")
    size = sum(weight.numel() * weight.element_size() for weight in weights)
    if external is False and size > MOST_INSIDE:
        raise ValueError(
            f"external is False, but {readable(size)} of weights do not fit into an ONNX file, "
            f"which ends at 2 GiB. Leave external out, and they are written beside it."
        )
    return size > MOST_INSIDE if external is None else external


def check_target(path: Path) -> None:
    """Raise, before any work, when an ONNX file could not be written to this place."""
    if path.suffix != ".onnx":
        raise ValueError(f"{path} ends in {path.suffix!r}, but .onnx is expected.")
    check_place(path)


class _Tapped(nn.Module):
    """A Flux that gives every value that passed a tap, the velocity last."""

    def __init__(self, flux: Flux, names: TapNames) -> None:
        super().__init__()
        self.flux = flux  # names.WRAPPED_AS
        self.names = names
        self.training = False

    def forward(
        self,
        img: Tensor,
        img_ids: Tensor,
        txt: Tensor,
        txt_ids: Tensor,
        timesteps: Tensor,
        y: Tensor,
        guidance: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        arguments = (img, img_ids, txt, txt_ids, timesteps, y, guidance)
        self.names.start(arguments)
        self.flux(*arguments)
        return tuple(self.names.values.values())


def _traced(flux: Flux, outputs: set[str]) -> Any:
    """The model as an ONNX program with names."""
    # Lengths that all differ: equal ones could be taken for one axis.
    inputs = example_inputs(flux, batch=2, img=3, txt=5)
    dynamic = {
        name: {i: word for i, word in enumerate(FORWARD[name].split()) if word in LENGTHS}
        for name in inputs
    }
    names = TapNames(flux)
    with _quiet(), handling(names), torch.no_grad():
        program = torch.onnx.export(
            _Tapped(flux, names),
            kwargs=inputs,
            dynamic_shapes=dynamic,
            input_names=list(inputs),
            verbose=False,
        )
    if program is None or program.exported_program is None:
        raise RuntimeError("torch.onnx.export gave no program. Is this a torch below 2.9?")
    table = {point.name: point for point in flux.points()}
    graph = program.model.graph
    recompute_constants(graph, program.exported_program.graph)
    name_modules(graph)
    name_weights(graph, set(flux.state_dict()))
    name_values(graph, [table[name] for name in names.values], outputs)
    program.model.metadata_props["config"] = json.dumps(asdict(flux.config))
    return program


def _save(program: Any, path: Path, external: bool) -> None:
    import onnx
    import onnx_ir

    onnx_ir.save(program.model, path, external_data=f"{path.name}.data" if external else None)
    onnx.checker.check_model(str(path))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks about itself from the reader; errors come through."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

"""Write the folder that the book's page "The graph" shows: a small Flux, opened in Netron.

    python book/graph.py                    what `make book` calls before it builds

The model has one block of each kind, narrow and with random weights: node for node what every block
of its kind is, in a graph small enough for a browser to lay out at once.
"""

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from fluxlearn.config import FluxConfig
from fluxlearn.export.netron import write_page
from fluxlearn.export.onnx import export_onnx
from fluxlearn.model.flux import Flux
from fluxlearn.toy.train_flow import TOY_BASE

# Sphinx copies what lies in book/_extra to the root of the site.
FOLDER = Path(__file__).parent / "_extra" / "netron"
SMALL: FluxConfig = replace(
    TOY_BASE, hidden_size=64, num_heads=2, depth=1, depth_single_blocks=1, guidance_embed=True
)


def main(folder: Path = FOLDER) -> None:
    """Write the folder anew."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as beside:
        model = export_onnx(Flux(SMALL), Path(beside) / "flux.onnx")
        shutil.rmtree(folder, ignore_errors=True)
        write_page(model, folder)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

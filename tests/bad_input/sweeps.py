"""Bad grids and sweeps."""

from bad_input.calls import Case
from bad_input.interventions import making
from stub_pipeline import stub_pipeline

from fluxlearn.sampling.interventions.blocks import bypass
from fluxlearn.sampling.sweeps.grid import grid
from fluxlearn.sampling.sweeps.measures import pixel_distance
from fluxlearn.sampling.sweeps.sweep import sweep
from fluxlearn.sampling.sweeps.swept import Swept

BLOCKS = grid(lambda block: bypass(block), block=["double.0"])


def sweeping(prompts="a red circle", cells=BLOCKS, **options):
    """A sweep that must not begin."""
    return lambda folder: sweep(stub_pipeline(), prompts, cells, pixel_distance, **options)


def resuming(content):
    """A sweep that is to go on from a file with this content."""

    def call(folder):
        (folder / "sweep.safetensors").write_bytes(content)
        return sweeping(path=folder / "sweep.safetensors")(folder)

    return call


CASES = [
    Case("a grid without axes", making(lambda: grid(bypass)), ValueError, ("no axis",)),
    Case(
        "a grid with an empty axis",
        making(lambda: grid(bypass, block=[])),
        ValueError,
        ("block has the labels []",),
    ),
    Case(
        "a grid with a label twice",
        making(lambda: grid(bypass, block=["a", "a"])),
        ValueError,
        ("['a', 'a']", "each once"),
    ),
    Case(
        "a grid with an axis of seeds",
        making(lambda: grid(bypass, seed=[0])),
        ValueError,
        ("'seed' is an axis that every sweep has",),
    ),
    Case(
        "a cell without an intervention",
        sweeping(cells=grid(lambda block: None, block=["double.0"])),
        TypeError,
        ("{'block': 'double.0'} gave None", "return its result"),
    ),
    Case("a sweep of no prompts", sweeping(prompts=[]), TypeError, ("prompts are []",)),
    Case(
        "a sweep of a prompt twice",
        sweeping(prompts=["a", "a"]),
        ValueError,
        ("['a', 'a']", "once only"),
    ),
    Case("a sweep of one seed", sweeping(seeds=4), TypeError, ("seeds is 4", "[4]")),
    Case("a sweep of a negative seed", sweeping(seeds=[-1]), ValueError, ("seed is -1",)),
    Case("a sweep with a seed", sweeping(seed=1), TypeError, ("seed is 1", "seeds=(0, 1)")),
    Case("a sweep with a bad option", sweeping(step=4), TypeError, ("'step'", "mean steps?")),
    Case(
        "a sweep that goes on from something else",
        resuming(b"nothing"),
        ValueError,
        ("sweep.safetensors is not a whole safetensors file",),
    ),
    Case(
        "a sweep that is not there",
        lambda folder: Swept.load(folder / "sweep.safetensors"),
        FileNotFoundError,
        ("There is no file", "path=…"),
    ),
]

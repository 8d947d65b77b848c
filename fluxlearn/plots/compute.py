"""A map of a block's arithmetic: each layer a rectangle, as wide as it has tokens.

    height = multiplications a token needs        a weight is one
    area   = multiplications in all

Both streams always lie side by side, text first. A line between them says that each has weights of
its own; where there is none they share them. Attention has no weights and is hatched: its height
grows with the number of tokens. Modulation works on one vector, so it is high and next to nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.stages import in_percent
from fluxlearn.plots.style import COLOURS, current_theme

HAIR = 0.008  # of the width: the least that can be seen
GAP = 0.006  # of the width: between two that do not share their weights


class Layer(NamedTuple):
    """One step of a block."""

    name: str
    work: float  # multiplications that a token needs, in dim²
    tokens: Mapping[str, int]  # one of the COLOURS → tokens that pass through
    matrices: int  # sets of weights: 2 if each stream has its own, 0 for attention

    @property
    def area(self) -> float:
        """Multiplications in all, in dim²."""
        return self.work * sum(self.tokens.values())

    @property
    def weights(self) -> float:
        """Weights in all, in dim²; biases are not counted."""
        return self.work * self.matrices


def plot_compute(blocks: Mapping[str, Sequence[Layer]]) -> Figure:
    """A panel for each block, its layers from top to bottom with their shares of its arithmetic.

    blocks  name → layers in order of execution. All panels have one scale, so equal areas are equal
            arithmetic.

    Raises ValueError for a block without layers, or a layer without tokens.
    """
    _check(blocks)
    wide = max(sum(x.tokens.values()) for layers in blocks.values() for x in layers)
    high = max(sum(x.work for x in layers) for layers in blocks.values())
    fig = new_figure(3.9 * len(blocks), 4.2)
    panels = fig.subplots(1, len(blocks), squeeze=False)[0]
    for ax, (name, layers) in zip(panels, blocks.items(), strict=True):
        clear_frame(ax)
        ax.set(xlim=(0, wide), ylim=(high, 0), title=name)
        _stack(ax, layers, wide)
        ax.set_xlabel(f"{wide:,} tokens\n{_held(layers)} dim² weights")
    return described(fig, " ".join(_told(name, layers) for name, layers in blocks.items()))


def _check(blocks: Mapping[str, Sequence[Layer]]) -> None:
    for name, layers in blocks.items():
        if not layers:
            raise ValueError(f"{name} has no layers, so there is nothing to draw.")
        for layer in layers:
            if layer.work <= 0 or min(layer.tokens.values(), default=0) <= 0:
                raise ValueError(
                    f"{layer.name} of {name} has work {layer.work:g} on the tokens "
                    f"{dict(layer.tokens)}, but both must be above 0."
                )


def _stack(ax: Axes, layers: Sequence[Layer], wide: int) -> None:
    """One layer below the other, its name to the left and its share to the right."""
    top, whole = 0.0, sum(layer.area for layer in layers)
    for layer in layers:
        _rectangle(ax, layer, top, wide)
        middle = top + layer.work / 2
        ax.text(-0.03 * wide, middle, layer.name, ha="right", va="center")
        told = in_percent(layer.area / whole)
        look = {"color": current_theme().quiet, "fontsize": 9, "va": "center"}
        ax.text(1.02 * wide, middle, told, **look)
        top += layer.work


def _rectangle(ax: Axes, layer: Layer, top: float, wide: int) -> None:
    card, start = current_theme().card, 0.0
    for i, (stream, tokens) in enumerate(layer.tokens.items()):
        width = max(tokens, HAIR * wide)
        hatch = "" if layer.matrices else "////"
        look = {"color": COLOURS[stream]} if layer.matrices else {"facecolor": card}
        edge = {} if layer.matrices else {"edgecolor": COLOURS[stream], "linewidth": 0}
        ax.fill_between([start, start + width], top, top + layer.work, hatch=hatch, **look, **edge)
        if i and layer.matrices > 1:
            ax.fill_between([start, start + GAP * wide], top, top + layer.work, color=card)
        start += width
    ax.axhline(top, color=card, linewidth=2)


def _held(layers: Sequence[Layer]) -> str:
    return f"{sum(layer.weights for layer in layers):g}"


def _told(name: str, layers: Sequence[Layer]) -> str:
    whole = sum(layer.area for layer in layers)
    shares = ", ".join(f"{x.name} {in_percent(x.area / whole)}" for x in layers)
    return (
        f"A {name} with {_held(layers)} dim² weights and {whole:,.0f} dim² multiplications: "
        f"{shares}."
    )

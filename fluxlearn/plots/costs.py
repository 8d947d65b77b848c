"""What a model holds and what it takes: the parts' shares of parameters and of FLOPs."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.stages import in_percent
from fluxlearn.plots.style import COLOURS, current_theme


def plot_costs(names: Sequence[str], parameters: Sequence[int], flops: Sequence[int]) -> Figure:
    """A row for each part: its share of all parameters to the left, of all FLOPs to the right.

    Raises ValueError when there are no parts, or the three are not equally long.
    """
    if not names or not len(names) == len(parameters) == len(flops):
        raise ValueError(
            f"there are {len(names)} names, {len(parameters)} counts of parameters and "
            f"{len(flops)} of FLOPs, but each part needs one of each."
        )
    held, taken = (_shares(counts) for counts in (parameters, flops))
    fig = new_figure(7.4, 0.27 * len(names) + 0.5)
    axes = fig.subplots(1, 2, sharex=True, sharey=True)
    reach = 1.25 * max(*held, *taken)
    for ax, title, shares in zip(axes, ("parameters", "FLOPs"), (held, taken), strict=True):
        _draw(ax, shares)
        ax.set(title=title, xlim=(0, reach), ylim=(len(names) - 0.4, -0.6))
    axes[0].set_yticks(range(len(names)), names, fontsize=8, color=current_theme().ink)
    most = [names[max(range(len(names)), key=shares.__getitem__)] for shares in (held, taken)]
    return described(
        fig,
        f"Shares of {len(names)} parts in a model's parameters and FLOPs. Most parameters are in "
        f"{most[0]} ({in_percent(max(held))}), most FLOPs in {most[1]} ({in_percent(max(taken))}).",
    )


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def _draw(ax: Axes, shares: Sequence[float]) -> None:
    clear_frame(ax)
    for row, share in enumerate(shares):
        ax.barh(row, share, 0.66, color=COLOURS["image"])
        told = f" {in_percent(share)}" if share else " none"
        ax.text(share, row, told, va="center", fontsize=8, color=current_theme().quiet)

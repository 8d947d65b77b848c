"""Where the time goes: the stages of a painting in order, each with a bar."""

from collections.abc import Sequence

from fluxlearn.plots.axes import clear_frame
from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.style import COLOURS, current_theme


def plot_stages(names: Sequence[str], seconds: Sequence[float], kinds: Sequence[str]) -> Figure:
    """A table of stages from the prompt to the picture; the bars are their shares of the time.

    seconds  wall time spent in each stage, all steps together.
    kinds    which of the COLOURS each bar has: what the stage works on.

    Raises ValueError when the three are not equally long.
    """
    if not len(names) == len(seconds) == len(kinds):
        raise ValueError(
            f"there are {len(names)} names, {len(seconds)} times and {len(kinds)} kinds, but each "
            f"stage needs one of each."
        )
    theme, total = current_theme(), sum(seconds) or 1.0
    fig = new_figure(5.4, 0.3 * len(names) + 0.2)
    ax = fig.subplots()
    clear_frame(ax)
    ax.set(xlim=(0, 1.35 * max(seconds)), ylim=(len(names) - 0.4, -0.6))
    for row, (name, spent, kind) in enumerate(zip(names, seconds, kinds, strict=True)):
        ax.barh(row, spent, height=0.62, color=COLOURS[kind])
        ax.text(0, row, f"{name}  ", ha="right", va="center")
        told = f"  {in_units(spent)} · {in_percent(spent / total)}"
        ax.text(spent, row, told, va="center", color=theme.quiet, fontsize=9)
    longest = max(range(len(names)), key=lambda i: seconds[i])
    return described(
        fig,
        f"Time spent in {len(names)} stages, {in_units(total)} together; the longest is "
        f"{names[longest]} with {in_percent(seconds[longest] / total)}.",
    )


def in_units(seconds: float) -> str:
    """Seconds in the unit that reads best: 0.0123 → '12.3 ms'."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return "0 ms"


def in_percent(share: float) -> str:
    """A share as whole percent: 0.437 → '44 %', 0.002 → '< 1 %'."""
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "< 1 %"

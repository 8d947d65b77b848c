"""Which tokens of a prompt are alike: the cosine similarity of all pairs, words written out.

similarity(a, b) = ⟨a, b⟩ / (|a| · |b|)
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from fluxlearn.plots.figure import Figure, described, new_figure
from fluxlearn.plots.scale import numbered, scale_below
from fluxlearn.plots.style import current_theme, shades


def plot_tokens(features: Mapping[str, Float[np.ndarray, "txt _"]], words: Sequence[str]) -> Figure:
    """A map of similarities for each stage of an encoder, on one scale.

    What to see: before the encoder the same word is the same vector wherever it stands; behind it
    a word has taken something from its neighbours, so blocks appear where words belong together.

    features  name of a stage → a row for each token.
    words     what each token spells, in order.

    Raises ValueError when a stage has not one row for each word, or a row of zeros.
    """
    for name, rows in features.items():
        zero = int((~np.asarray(rows).any(axis=1)).sum())
        if len(rows) != len(words) or zero:
            raise ValueError(
                f"{name!r} has {len(rows)} rows for {len(words)} words, and {zero} of them are "
                f"zero, but each word needs a row that points somewhere."
            )
    maps = {name: similarities(rows) for name, rows in features.items()}
    lowest = min(0.0, *(float(values.min()) for values in maps.values()))
    side = 0.7 + 0.155 * len(words)
    fig = new_figure((side + 0.15) * len(maps) + 0.6, side + 1.0)
    panels = fig.subplots(1, len(maps), sharey=True, squeeze=False)[0]
    for ax, (name, values) in zip(panels, maps.items(), strict=True):
        image = ax.imshow(values, cmap=shades("text"), vmin=lowest, vmax=1)
        ax.set_title(name)
        ax.set_xticks(range(len(words)), words, rotation=90)
        ax.set_yticks(range(len(words)), words)
        ax.tick_params(labelsize=8, labelcolor=current_theme().ink)
        ax.spines[:].set_visible(False)
    scale_below(fig, image, panels, "cosine similarity", numbered((lowest, 0.5, 1)), length=60)
    return described(fig, _told(maps, words))


def similarities(rows: Float[np.ndarray, "txt _"]) -> Float[np.ndarray, "txt txt"]:
    """The cosine similarity of every row with every row."""
    units = np.asarray(rows) / np.linalg.norm(rows, axis=1, keepdims=True)
    return units @ units.T


def _told(maps: Mapping[str, np.ndarray], words: Sequence[str]) -> str:
    """For each stage the two different places that are most alike."""
    alike = []
    for name, values in maps.items():
        upper = np.where(np.triu(np.ones_like(values, dtype=bool), 1), values, -np.inf)
        i, j = (int(place) for place in np.unravel_index(upper.argmax(), upper.shape))
        alike.append(f"{name}, {words[i]} ({i}) and {words[j]} ({j}) by {values[i, j]:.2f}")
    return (
        f"Cosine similarity of {len(words)} tokens, each with each: {' '.join(words)}. Most alike: "
        f"{'; '.join(alike)}."
    )

"""The figures of embedded numbers show the model's own clocks."""

import numpy as np
import pytest
import torch

from fluxlearn.model.embeddings import MAX_PERIOD, TIME_FACTOR, timestep_embedding
from fluxlearn.plots.embeddings import plot_similarity, plot_sinusoids

HALF = 8
FREQUENCIES = TIME_FACTOR * MAX_PERIOD ** (-np.arange(HALF) / HALF)  # radians for each 1 of t
PERIODS = (2 * np.pi / FREQUENCIES).tolist()
TIMES = np.linspace(0, 1, 401)


def embedded(numbers):
    return timestep_embedding(torch.tensor(numbers, dtype=torch.float32), 2 * HALF).numpy()


def sinusoids(**changes):
    return plot_sinusoids(
        **{"embedding": embedded(TIMES), "values": TIMES.tolist(), "periods": PERIODS} | changes
    )


def shown(ax):
    return np.asarray(ax.images[0].get_array())


def test_a_row_is_a_clock_and_a_column_a_number():
    cosines, sines = sinusoids().axes[:2]
    angles = np.outer(FREQUENCIES, TIMES)

    # float32 knows an angle of 1000 to 6e-5.
    np.testing.assert_allclose(shown(cosines), np.cos(angles), atol=1e-4)
    np.testing.assert_allclose(shown(sines), np.sin(angles), atol=1e-4)


def test_a_clock_is_named_by_the_time_of_one_turn():
    ax = sinusoids().axes[0]
    named = [label.get_text() for label in ax.get_yticklabels()]

    assert named == ["0.01", "0.1", "1", "10"]
    expected = [HALF * np.log(1000 * float(p) / (2 * np.pi)) / np.log(MAX_PERIOD) for p in named]
    np.testing.assert_allclose(ax.get_yticks(), expected)


def test_the_line_parts_clocks_that_turn_from_those_that_do_not():
    fig = sinusoids()
    turning = sum(period <= 1 for period in PERIODS)

    assert fig.axes[0].lines[0].get_ydata()[0] == turning - 0.5
    assert f"{turning} clocks turn at least once" in fig.alt
    assert [text.get_text() for text in fig.axes[1].texts] == [
        f"{turning} clocks\nturn", f"{HALF - turning} clocks\ndo not turn\nonce",
    ]  # fmt: skip


def test_a_range_in_which_all_clocks_turn_has_no_line():
    fig = sinusoids(periods=np.geomspace(0.01, 0.9, HALF).tolist())

    assert not fig.axes[0].lines
    assert [text.get_text() for text in fig.axes[1].texts] == [f"{HALF} clocks\nturn"]


def test_the_number_of_values_that_the_error_asks_for_is_enough():
    times = np.linspace(0, 1, 101)
    with pytest.raises(ValueError, match="Take 320 values") as refused:
        sinusoids(embedding=embedded(times), values=times.tolist())

    count = int(str(refused.value).split("Take ")[1].split()[0])
    times = np.linspace(0, 1, count)
    assert sinusoids(embedding=embedded(times), values=times.tolist()).axes


def test_sinusoids_are_as_alike_as_the_mean_of_the_cosines_of_their_difference():
    times = np.linspace(0, 1, 21)
    similarity = shown(plot_similarity({"sinusoids": embedded(times)}, times.tolist()).axes[0])
    differences = times[:, None] - times
    expected = np.cos(differences[..., None] * FREQUENCIES).mean(axis=-1)

    np.testing.assert_allclose(similarity, expected, atol=1e-4)


def test_similarity_does_not_ask_for_length():
    rows = np.random.default_rng(0).standard_normal((5, 3))
    lengths = np.arange(1, 6)[:, None]
    maps = {"rows": rows, "longer": rows * lengths}
    same, longer = map(shown, plot_similarity(maps, [1.0, 2, 3, 4, 5]).axes[:2])

    np.testing.assert_allclose(same, longer)
    np.testing.assert_allclose(np.diag(same), 1)


@pytest.mark.parametrize(("of", "label"), [("time", "time t"), ("guidance", "guidance g")])
def test_a_map_has_the_colour_and_the_name_of_what_is_embedded(of, label):
    ax = plot_similarity({"sinusoids": embedded([1.0, 2.0, 3.0])}, [1.0, 2.0, 3.0], of).axes[0]

    assert ax.images[0].get_cmap().name == f"shades of {of}"
    assert ax.get_xlabel() == ax.get_ylabel() == label


def test_noughts_and_ones_are_written_where_they_are():
    fig = plot_similarity({"sinusoids": embedded(TIMES[::40])}, TIMES[::40].tolist())
    fig.draw_without_rendering()
    ax = fig.axes[0]

    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["0", "0.5", "1"]


REFUSED = {
    "a column is missing": (lambda: sinusoids(embedding=embedded(TIMES)[:, 1:]), r"\(401, 15\)"),
    "values are missing": (lambda: sinusoids(values=[0.0, 1.0]), "2 values"),
    "values are uneven": (lambda: sinusoids(values=(TIMES**2).tolist()), "even steps"),
    "nothing of that name": (lambda: sinusoids(of="text"), "time or guidance"),
    "rows are missing": (
        lambda: plot_similarity({"a": np.ones((2, 3))}, [0.0, 0.5, 1.0]),
        "2 rows",
    ),
    "a row is zero": (
        lambda: plot_similarity({"a": np.eye(3)[:, :2]}, [0.0, 0.5, 1.0]),
        "1 of them",
    ),
}


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_drawn_is_refused(why):
    draw, message = REFUSED[why]

    with pytest.raises(ValueError, match=message):
        draw()

"""Every figure tells what it shows, names its axes, and refuses what it cannot draw."""

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image
from plots.cards import card_of
from plots.examples import BRANCHES, EXAMPLES, TIMES, pictures

from fluxlearn.plots.figure import described, new_figure
from fluxlearn.plots.images import as_array, plot_grid, plot_masks
from fluxlearn.plots.modulation import plot_modulation
from fluxlearn.plots.residual import plot_residuals
from fluxlearn.plots.schedule import plot_schedule
from fluxlearn.plots.stages import in_percent, in_units, plot_stages
from fluxlearn.plots.style import THEMES, styled

AXES = {
    "grid": 3,
    "storyboard": 10,  # two rows of five, the last two places empty
    "masks": 2,
    "schedule": 1,
    "schedule with estimates": 2,
    "modulation": 4,  # two heat maps and their scales
    "signed_modulation": 4,
    "shift": 2,
    "sinusoids": 3,  # cosines, sines and their scale
    "similarity": 4,
    "angles": 3,
    "turns": 3,
    "kernel": 2,
    "kernel_map": 2,
    "quadrants": 6,  # a scale below either column
    "residuals": 1,
    "stages": 1,
    "field": 2,
    "paths": 2,
    "mixtures": 1,
    "errors": 1,
    "tokens": 3,  # two maps and their scale
    "latent": 5,  # the picture, three channels and their scale
    "token_grid": 1,
    "patch": 3,  # all channels, one token, and their scale
    "convergence": 1,
}


@pytest.fixture(params=EXAMPLES)
def name(request):
    return request.param


@pytest.fixture
def figure(name):
    with styled("light"):
        return EXAMPLES[name]()


def words(fig):
    """All that is written in a figure."""
    texts = [text.get_text() for ax in fig.axes for text in ax.texts]
    for ax in fig.axes:
        texts += [ax.get_xlabel(), ax.get_ylabel(), ax.get_title(), ax.get_title("left")]
        texts += [label.get_text() for label in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    return " ".join(texts)


def test_a_figure_has_a_text_alternative_of_a_sentence(figure):
    assert len(figure.alt) > 20
    assert figure.alt.endswith(".")


def test_a_figure_has_the_axes_it_should(figure, name):
    assert len(figure.axes) == AXES[name]


def test_a_figure_is_a_png_that_carries_its_text_alternative(figure, tmp_path):
    with Image.open(figure.save(tmp_path / "figure.png")) as image:
        assert image.info["Description"] == figure.alt


def test_a_figure_shows_itself_in_jupyter_with_its_text_alternative(figure):
    data, metadata = figure._repr_mimebundle_()

    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == figure.alt
    assert figure.alt in data["text/plain"]


def test_a_figure_draws_on_the_dark_card_as_well(name):
    with styled("dark"):
        fig = EXAMPLES[name]()

    assert card_of(fig) == THEMES["dark"].card


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("schedule", "time t"),
        ("schedule", "even steps"),
        ("modulation", "time t, noise to picture"),
        ("modulation", "root mean square"),
        ("modulation", BRANCHES[0]),
        ("signed_modulation", "mean over channels"),
        ("signed_modulation", "0 keeps x, −1 erases it"),
        ("shift", "moved by +0.69 +1.39"),
        ("shift", "logit t"),
        ("sinusoids", "one turn of the clock takes"),
        ("sinusoids", "cosine or sine"),
        ("similarity", "cosine similarity"),
        ("angles", "positions a turn"),
        ("turns", "52° a position"),
        ("kernel", "row: 6 planes"),
        ("kernel", "offset in positions"),
        ("kernel_map", "κ: 1 is the token itself"),
        ("quadrants", "times even attention"),
        ("quadrants", "4 text tokens"),
        ("residuals", "root mean square"),
        ("residuals", "double blocks"),
        ("residuals", "image"),
        ("stages", "500 ms · 98 %"),
        ("field", "t = 0.50"),
        ("paths", "in bows"),
        ("mixtures", "amount of noise"),
        ("mixtures", "arc"),
        ("errors", "calls of the network"),
        ("errors", "data against data"),
        ("errors", "third"),
        ("tokens", "encoded"),
        ("tokens", "cosine similarity"),
        ("latent", "value of a latent cell"),
        ("token_grid", "1, 2"),
        ("patch", "3 channels of latents"),
        ("patch", "8 – 11"),
        ("convergence", "model calls"),
        ("convergence", "second"),
        ("storyboard", f"t = {TIMES[3]:.2f}"),
    ],
)
def test_what_is_drawn_is_named_where_it_is_drawn(figure, name, label):
    figure.draw_without_rendering()

    assert label in words(figure)


def test_a_text_alternative_must_say_something():
    with pytest.raises(ValueError, match="alt is empty"):
        described(new_figure(1, 1), "  ")


def test_masks_are_drawn_on_a_card_whose_colour_has_a_name():
    with mpl.rc_context({"figure.facecolor": "white"}):
        fig = plot_masks(pictures(1)[0], np.zeros((1, 32, 32)), ["nothing"])

    (faded,) = fig.axes[1].images
    assert np.asarray(faded.get_array()).min() >= int(0.85 * 255)


def test_the_three_kinds_of_picture_are_the_same_picture():
    levels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    tensor = torch.from_numpy(levels).permute(2, 0, 1) / 127.5 - 1

    for picture in (levels, Image.fromarray(levels), tensor):
        assert (as_array(picture) == levels).all()


REFUSED = {
    "a batch is no picture": (lambda: as_array(torch.zeros(1, 3, 4, 4)), r"\[0\]"),
    "titles are missing": (lambda: plot_grid(pictures(2), ["one"]), "2 pictures"),
    "names are missing": (lambda: plot_masks(pictures(1)[0], np.ones((1, 32, 32)), []), "1 masks"),
    "a mask is smaller": (
        lambda: plot_masks(pictures(1)[0], np.ones((1, 8, 8)), ["disc"]),
        r"\(1, 8, 8\), .* \(32, 32\)",
    ),
    "times rise": (lambda: plot_schedule([0.0, 1.0]), "falls from step to step"),
    "one time is no schedule": (lambda: plot_schedule([1.0]), "falls from step to step"),
    "estimates are missing": (lambda: plot_schedule([1.0, 0.5, 0.0], pictures(1)), "1 estimates"),
    "rows are missing": (
        lambda: plot_modulation({"gate": np.ones((3, 2))}, ["a", "b"], [1.0, 0.5]),
        r"gate has the shape \(3, 2\)",
    ),
    "a stream is shorter": (
        lambda: plot_residuals(np.ones((2, 3)), np.ones((2, 4)), 1, [1.0, 0.5]),
        r"txt \(2, 4\)",
    ),
    "kinds are missing": (lambda: plot_stages(["T5"], [1.0], []), "0 kinds"),
    "an unknown theme": (lambda: styled("sepia"), "light, dark"),
}


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_drawn_is_refused_with_the_numbers(why):
    draw, message = REFUSED[why]

    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(12.0, "12 s"), (0.0123, "12.3 ms"), (5e-5, "50 µs"), (0.0, "0 ms"), (61.234, "61.2 s")],
)
def test_seconds_are_told_in_the_unit_that_reads_best(seconds, told):
    assert in_units(seconds) == told


def test_a_small_share_is_not_rounded_to_nothing():
    assert [in_percent(share) for share in (0.437, 0.002)] == ["44 %", "< 1 %"]

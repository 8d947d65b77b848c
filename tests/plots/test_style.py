"""The four colours can be told apart, read, and printed."""

import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from source import ROOT

from fluxlearn.plots.style import (
    BELOW_ZERO,
    COLOURS,
    THEMES,
    lettering,
    shades,
    signed_shades,
    styled,
    use_style,
)

# What is left of red, green and blue light for each kind of colour blindness, Machado et al. 2009.
SEEN_BY = {
    "everybody else": np.eye(3),
    "protanopes": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopes": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopes": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def light(colour):
    """Linear light of a colour, as WCAG and CIE define it."""
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    """WCAG contrast ratio, 1 to 21."""
    low, high = sorted(light(colour) @ [0.2126, 0.7152, 0.0722] for colour in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(linear):
    """CIE L*a*b*, in which distances are as large as they look."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(linear, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("who", SEEN_BY)
@pytest.mark.parametrize("pair", list(itertools.combinations(COLOURS, 2)))
def test_any_two_colours_can_be_told_apart(pair, who):
    first, second = (lab(np.array(SEEN_BY[who]) @ light(COLOURS[name])) for name in pair)

    assert np.linalg.norm(first - second) > 20


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", COLOURS)
def test_lines_stand_out_and_words_can_be_read_on_either_card(name, theme):
    card = THEMES[theme].card

    with styled(theme):
        assert contrast(COLOURS[name], card) >= 3
        assert contrast(lettering(name), card) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_without_meaning_can_be_read_on_their_card(theme):
    assert contrast(theme.ink, theme.card) >= 12
    assert contrast(theme.quiet, theme.card) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", COLOURS)
def test_a_scale_of_shades_runs_one_way_on_a_grey_printer(name, theme):
    with styled(theme):
        levels = [lab(light(colour))[0] for colour in shades(name)(np.linspace(0, 1, 32))[:, :3]]
    falls = np.diff(levels) * (-1 if theme == "light" else 1)

    assert (falls > 0).all()


@pytest.mark.parametrize("theme", THEMES)
def test_signed_shades_run_from_the_card_both_ways(theme):
    with styled(theme):
        colours = signed_shades()(np.linspace(0, 1, 65))[:, :3]
    away = [abs(lab(light(colour))[0] - lab(light(colours[32]))[0]) for colour in colours]

    np.testing.assert_allclose(colours[32], to_rgb(THEMES[theme].card), atol=0.02)
    assert (np.diff(away[32:]) > 0).all()
    assert (np.diff(away[32::-1]) > 0).all()


@pytest.mark.parametrize("who", SEEN_BY)
@pytest.mark.parametrize("theme", THEMES)
def test_both_signs_can_be_told_apart(theme, who):
    with styled(theme):
        below, above = (signed_shades()(place)[:3] for place in (0.25, 0.75))
    first, second = (lab(np.array(SEEN_BY[who]) @ light(colour)) for colour in (below, above))

    assert np.linalg.norm(first - second) > 20


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_what_is_below_zero_stands_out_on_either_card(theme):
    assert contrast(BELOW_ZERO, theme.card) >= 3


def test_the_style_stays_and_the_styled_block_ends():
    with mpl.rc_context():
        use_style("light")
        with styled("dark"):
            assert mpl.rcParams["figure.facecolor"] == THEMES["dark"].card
        assert mpl.rcParams["figure.facecolor"] == THEMES["light"].card


def test_plots_need_no_model():
    files = (ROOT / "fluxlearn/plots").glob("*.py")
    imports = "\n".join(f"import fluxlearn.plots.{file.stem}" for file in files)
    code = f"import sys\n{imports}\nassert 'torch' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)

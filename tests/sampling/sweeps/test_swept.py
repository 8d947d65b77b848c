"""Numbers keep their names through means, files and figures."""

import numpy as np
import pytest

from fluxlearn.sampling.sweeps.swept import Swept, join_seeds


def table(seeds=(0, 1)):
    """[block 3, step 2, prompt 1, seed], one value missing."""
    values = np.arange(6.0 * len(seeds)).reshape(3, 2, 1, len(seeds))
    values[0, 0, 0, 0] = np.nan
    return Swept(
        axes={"block": ("a", "b", "c"), "step": (0, 4), "prompt": ("red",), "seed": tuple(seeds)},
        values=values,
        baseline=np.full((1, 1, 1, len(seeds)), 0.5),
        done=~np.isnan(values),
        about={"measure": "distance", "model": "tiny", "options": {"steps": 5}},
    )


def test_a_mean_leaves_out_what_was_not_measured():
    mean = table().mean("seed", "prompt")

    assert list(mean.axes) == ["block", "step"]
    np.testing.assert_array_equal(mean.values, [[1, 2.5], [4.5, 6.5], [8.5, 10.5]])
    assert not mean.done[0, 0]


def test_an_effect_is_the_difference_from_the_baseline_in_either_order():
    swept = table(seeds=(0,))

    once, other = swept.effect.mean("step"), swept.mean("step").effect

    np.testing.assert_allclose(once.values, other.values)
    assert swept.effect.values[2, 1, 0, 0] == 4.5
    assert (swept.effect.baseline == 0).all()


def test_a_mean_over_all_axes_is_one_number():
    swept = table()

    assert swept.mean(*swept.axes).values.item() == np.nanmean(swept.values)


def test_a_mean_of_nothing_is_nan():
    empty = table().mean("step", "prompt", "seed")
    empty.values[:] = np.nan

    assert np.isnan(empty.mean("block").values)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no axis 'head' in \[block, step, prompt, seed\]"):
        table().mean("head")


def test_what_was_saved_comes_back_with_its_names(tmp_path):
    swept = table()

    loaded = Swept.load(swept.save(tmp_path / "sweep.safetensors"))

    assert (loaded.axes, loaded.about) == (swept.axes, swept.about)
    for name in ("values", "baseline", "done"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(swept, name))
    loaded.values[0] = 1  # not a view of the file


def test_seeds_are_joined_in_order():
    joined = join_seeds([table(seeds=(4,)), table(seeds=(2,))])

    assert joined.axes["seed"] == (4, 2)
    assert joined.values.shape == (3, 2, 1, 2)
    assert joined.baseline.shape == (1, 1, 1, 2)


def test_a_table_tells_what_is_in_it():
    assert repr(table()) == "<distance: block 3, step 2, prompt 1, seed 2; 1 not painted yet>"


def test_a_figure_is_averaged_over_prompts_and_seeds():
    fig = table().plot()

    assert fig.alt.startswith("Heat map of distance by block (3) and step (2)")
    assert table().mean("step").plot().alt.startswith("Bars of distance by block (3)")

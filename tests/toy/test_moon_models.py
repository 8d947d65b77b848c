"""Both recipes start alike, learn, and lead from noise to the moons."""

import pytest
import torch

from fluxlearn.toy.moon_models import (
    ALPHAS_BAR,
    ddpm_recipe,
    even_numbers,
    even_times,
    flow_recipe,
    follow_ddpm,
    follow_flow,
    learn_moons,
    numbers_at,
)
from fluxlearn.toy.moons import draw_moons, moved

RECIPES = {"flow": flow_recipe, "ddpm": ddpm_recipe}
WAYS = {"flow": (follow_flow, even_times(20)), "ddpm": (follow_ddpm, even_numbers(20))}


def draw(count=300, seed=0):
    """Some moons and as much noise."""
    generator = torch.Generator().manual_seed(seed)
    return draw_moons(count, generator)[:, 0], torch.randn(count, 1, 2, generator=generator)


def test_both_recipes_start_from_the_same_weights():
    flow, ddpm = (learn_moons(recipe, updates=0) for recipe in RECIPES.values())

    for mine, other in zip(flow.parameters(), ddpm.parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("name", RECIPES)
def test_a_short_training_leads_nearer_to_the_moons_than_noise_is(name):
    moons, noise = draw()
    follow, grid = WAYS[name]

    run = follow(learn_moons(RECIPES[name], updates=300), noise, grid)

    assert run.shape == (21, 300, 2)
    assert moved(run[-1], moons) < 0.8 * moved(noise[:, 0], moons)


def test_learning_leaves_the_random_numbers_of_others_alone():
    torch.manual_seed(0)
    expected = torch.rand(2)

    torch.manual_seed(0)
    learn_moons(flow_recipe, updates=1)

    assert torch.equal(torch.rand(2), expected)


def test_ddpm_ends_at_a_picture_of_what_the_network_says_last():
    """A network that always says 0 sees the whole point as picture, made fainter by √ᾱ."""
    _, noise = draw(5)

    run = follow_ddpm(lambda x, t: 0 * x, noise, even_numbers(4))

    torch.testing.assert_close(run[-1], noise[:, 0] / ALPHAS_BAR[-1].sqrt(), rtol=1e-4, atol=0)


def test_fresh_noise_makes_another_way():
    _, noise = draw(5)

    chances = [torch.Generator().manual_seed(seed) for seed in (0, 0, 1)]
    ways = [follow_ddpm(lambda x, t: x, noise, even_numbers(4), chance) for chance in chances]

    assert torch.equal(ways[0], ways[1])
    assert not torch.allclose(ways[0][1], ways[2][1])


def test_numbers_fall_from_a_thousand_to_nothing_and_lie_where_they_are_asked_for():
    times = even_times(8)

    numbers = numbers_at(times)

    assert numbers[0] == even_numbers(8)[0] == 1000
    assert numbers[-1] == even_numbers(8)[-1] == 0
    noise_share = (1 - ALPHAS_BAR[numbers]).sqrt()
    found = noise_share / (noise_share + ALPHAS_BAR[numbers].sqrt())
    torch.testing.assert_close(found, torch.tensor(times), atol=0.01, rtol=0)


def test_points_that_change_places_are_moved_by_nothing():
    moons, _ = draw()

    assert moved(moons.flip(0), moons) == pytest.approx(0, abs=1e-6)


def test_points_moved_far_in_one_direction_are_as_far_as_that():
    moons, _ = draw()

    assert moved(moons + torch.tensor([30.0, 40.0]), moons) == pytest.approx(50, rel=1e-4)


@pytest.mark.usefixtures("unchecked_shapes")
def test_sets_of_different_sizes_cannot_be_paired_off():
    moons, _ = draw()

    with pytest.raises(ValueError, match=r"\(300, 2\) and others \(200, 2\).*partner"):
        moved(moons, moons[:200])

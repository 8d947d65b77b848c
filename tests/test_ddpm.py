"""DDPM's circle: identities, and the bridge to the straight path."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxlearn import ddpm, flow

# In float64; a division by √ᾱ magnifies rounding at most tenfold here.
TOLERANCE = {"atol": 1e-12, "rtol": 0}
SHARES = st.floats(0.02, 0.98)


def on_the_circle(alpha_bar):
    """A picture, its noise, and the point that they make."""
    x0, noise = torch.randn(2, 2, 3, 4, dtype=torch.float64)
    return x0, noise, ddpm.diffuse(x0, noise, alpha_bar)


@given(alpha_bar=SHARES)
@settings(max_examples=20)
def test_the_noise_gives_the_picture_back_and_the_velocity(alpha_bar):
    x0, noise, x = on_the_circle(alpha_bar)

    found = ddpm.x0_from_diffused(x, noise, alpha_bar)
    v = ddpm.velocity_from_diffused(x, noise, alpha_bar)

    torch.testing.assert_close(found, x0, **TOLERANCE)
    torch.testing.assert_close(v, flow.velocity(x0, noise), **TOLERANCE)


@given(alpha_bar=SHARES)
@settings(max_examples=20)
def test_a_point_of_the_circle_is_one_of_the_straight_path_in_another_size(alpha_bar):
    x0, noise, x = on_the_circle(alpha_bar)

    x_t, t = ddpm.straighten(x, alpha_bar)

    torch.testing.assert_close(x_t, flow.interpolate(x0, noise, t.item()), **TOLERANCE)
    assert ddpm.alpha_bar_at(t.item()) == pytest.approx(alpha_bar)


@given(alpha_bar=SHARES, alpha_bar_next=SHARES)
@settings(max_examples=20)
def test_a_step_of_ddim_is_eulers_step_on_the_straight_path(alpha_bar, alpha_bar_next):
    x, said = torch.randn(2, 2, 3, 4, dtype=torch.float64)
    (x_t, t), v = ddpm.straighten(x, alpha_bar), ddpm.velocity_from_diffused(x, said, alpha_bar)

    there, t_next = ddpm.straighten(
        ddpm.ddim_step(x, said, alpha_bar, alpha_bar_next), alpha_bar_next
    )

    torch.testing.assert_close(there, x_t + (t_next - t) * v, **TOLERANCE)


def test_each_picture_of_a_batch_may_have_its_own_share():
    alpha_bar = torch.tensor([0.2, 0.7], dtype=torch.float64)
    x0, noise = torch.randn(2, 2, 3, 4, dtype=torch.float64)

    together = ddpm.diffuse(x0, noise, alpha_bar)

    apart = [ddpm.diffuse(x0[i], noise[i], float(alpha_bar[i])) for i in range(2)]
    torch.testing.assert_close(together, torch.stack(apart), **TOLERANCE)


def test_a_step_of_ddpm_leads_to_points_with_the_right_amounts():
    x0, noise = torch.zeros(40_000), torch.randn(40_000)
    x = ddpm.diffuse(x0, noise, 0.3)

    # Another seed than the tests' own: with the same one the fresh noise would be the old.
    there = ddpm.ddpm_step(x, noise, 0.3, 0.8, torch.Generator().manual_seed(1))

    assert there.var().item() == pytest.approx(1 - 0.8, rel=0.03)  # four standard errors
    fresh = ddpm.ddim_step(x, noise, 0.3, 0.8) - there
    assert fresh.std() > 0.1


def test_the_last_step_of_ddpm_adds_no_noise():
    x, said = torch.randn(2, 2, 3, 4)

    there = ddpm.ddpm_step(x, said, 0.9, 1.0, torch.Generator())

    torch.testing.assert_close(there, ddpm.ddim_step(x, said, 0.9, 1.0))


@pytest.mark.parametrize(
    ("betas", "left"), [(ddpm.linear_betas, 4e-5), (ddpm.stable_diffusion_betas, 4.7e-3)]
)
def test_the_picture_fades_to_what_is_known_of_both_schedules(betas, left):
    alphas_bar = ddpm.alphas_bar(betas())

    assert len(alphas_bar) == 1000
    assert (alphas_bar.diff() < 0).all()
    assert alphas_bar[-1].item() == pytest.approx(left, rel=0.02)

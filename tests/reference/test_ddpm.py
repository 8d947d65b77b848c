"""DDPM's shares and DDIM's step are those of diffusers."""

import pytest
import torch

from fluxlearn import ddpm

diffusers = pytest.importorskip("diffusers", reason="the implementation that is compared with")

pytestmark = pytest.mark.reference

SCHEDULES = [
    (ddpm.linear_betas, {"beta_schedule": "linear"}),
    (
        ddpm.stable_diffusion_betas,
        {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
    ),
]


@pytest.mark.parametrize(("betas", "options"), SCHEDULES)
def test_what_is_left_of_the_picture_after_each_step(betas, options):
    theirs = diffusers.DDIMScheduler(**options).alphas_cumprod

    torch.testing.assert_close(ddpm.alphas_bar(betas()), theirs, atol=1e-6, rtol=1e-5)


def test_a_step_of_ddim_over_twenty_of_a_thousand():
    scheduler = diffusers.DDIMScheduler(clip_sample=False)
    scheduler.set_timesteps(50)
    x, said = torch.randn(2, 2, 3, 4)
    alphas_bar = ddpm.alphas_bar(ddpm.linear_betas())

    mine = ddpm.ddim_step(x, said, alphas_bar[500].item(), alphas_bar[480].item())

    theirs = scheduler.step(said, 500, x).prev_sample
    torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-4)

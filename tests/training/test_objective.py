"""Times, loss, optimisers and distillation: what is minimised, and by whom."""

import math

import pytest
import torch
from tiny_models import FLUX, SCHNELL, tiny_flux, tiny_inputs

from fluxlearn.flow import interpolate, velocity
from fluxlearn.model.flux import Flux
from fluxlearn.model.initialise import initialise
from fluxlearn.sampling.schedule import time_shift
from fluxlearn.training.distillation import draw_guidance, guided_target, student_of
from fluxlearn.training.loss import flow_loss
from fluxlearn.training.optimizers import muon_and_adamw
from fluxlearn.training.timesteps import draw_times


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_loss_is_zero_for_a_model_that_knows_the_noise():
    x0, t = torch.randn(4, 6, 8), torch.rand(4)
    noise = torch.randn(x0.shape, generator=generator(3))

    loss = flow_loss(lambda x_t, t: velocity(x0, noise), x0, t, generator(3))

    assert loss.item() == 0.0


def test_the_model_is_shown_the_point_on_the_path_at_its_time():
    x0, t, seen = torch.randn(4, 6, 8), torch.rand(4), []
    noise = torch.randn(x0.shape, generator=generator(3))

    flow_loss(lambda x_t, t: seen.append((x_t, t)) or x_t, x0, t, generator(3))

    torch.testing.assert_close(seen[0][0], interpolate(x0, noise, t))
    assert torch.equal(seen[0][1], t)


def test_a_model_that_says_nothing_has_the_variance_of_the_velocity_as_its_loss():
    flux = initialise(Flux(FLUX), generator())
    inputs = tiny_inputs(batch=64)
    rest = {k: v for k, v in inputs.items() if k not in ("img", "timesteps")}

    loss = flow_loss(
        lambda x, t: flux(img=x, timesteps=t, **rest),
        inputs["img"],
        inputs["timesteps"],
        generator(),
    )

    assert loss.item() == pytest.approx(2.0, abs=0.1)  # var(ε) + var(x₀), 6 144 samples of each


def test_drawn_times_have_the_shifts_median():
    t = draw_times(20_001, mu=0.63, generator=generator())

    expected = 1 / (1 + math.exp(-0.63))
    assert t.median().item() == pytest.approx(expected, abs=0.01)  # standard error 0.003
    assert t.min() > 0 and t.max() < 1


def test_shifting_a_drawn_time_is_adding_to_its_logit():
    even, shifted = (draw_times(100, mu, generator()) for mu in (0.0, 0.9))

    torch.testing.assert_close(time_shift(0.9, even), shifted)


def test_every_weight_has_exactly_one_optimiser():
    flux = Flux(FLUX)

    held = [id(p) for o in muon_and_adamw(flux) for g in o.param_groups for p in g["params"]]

    assert sorted(held) == sorted(id(p) for p in flux.parameters())


def test_muon_gets_only_matrices_between_hidden_states():
    flux = Flux(FLUX)
    names = {id(p): name for name, p in flux.named_parameters()}

    muon, _ = muon_and_adamw(flux)
    held = {names[id(p)] for group in muon.param_groups for p in group["params"]}

    assert "double_blocks.0.img_attn.qkv.weight" in held
    assert not [name for name in held if "mod" in name or "final" in name or "_in." in name]


def test_a_student_starts_as_its_teacher_at_any_guidance():
    teacher, inputs = tiny_flux(SCHNELL), tiny_inputs(SCHNELL)
    student = student_of(teacher)

    for scale in (0.0, 3.5):
        guided = student(**inputs, guidance=torch.full((2,), scale))
        torch.testing.assert_close(guided, teacher(**inputs))


def test_a_student_can_learn_what_guidance_means():
    student = student_of(tiny_flux(SCHNELL)).requires_grad_(True)
    inputs = tiny_inputs(SCHNELL)

    student(**inputs, guidance=torch.tensor([1.0, 5.0])).square().sum().backward()

    assert student.guidance_in.out_layer.weight.grad.abs().max() > 0


def test_the_target_is_the_prompts_velocity_at_one_and_the_empty_ones_at_zero():
    towards, away = torch.randn(2, 3, 4), torch.randn(2, 3, 4)

    target = guided_target(towards, away, torch.tensor([1.0, 0.0]))

    torch.testing.assert_close(target[0], towards[0])
    torch.testing.assert_close(target[1], away[1])


def test_guidance_is_drawn_evenly_between_its_bounds():
    scales = draw_guidance(10_000, 1.0, 6.0, generator())

    assert scales.min() >= 1 and scales.max() <= 6
    assert scales.mean().item() == pytest.approx(3.5, abs=0.06)  # standard error 0.014

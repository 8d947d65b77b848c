"""Solvers: follow the velocity from noise at t = 1 to a picture at t = 0.

    dx / dt = v(x, t)

Each solver is a complete loop and yields a `State` for every model call. Euler, which FLUX.1 uses,
errs by O(h) over a run of step length h; midpoint and Heun ask twice a step and err by O(h²). On a
straight path all three are exact in one step.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jaxtyping import Float
from torch import Tensor

from fluxlearn.flow import noise_from_velocity, x0_from_velocity
from fluxlearn.trace.moment import Moment, happening
from fluxlearn.trace.tap import tap

Velocity = Callable[[Tensor, float], Tensor]
"""velocity(x, t) -> dx/dt, with the prompt and all else already bound."""


class StepTaps:
    """Speaks for the points `step.*`: solvers are functions, and a tap needs an owner."""

    path = "step"


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """One model call: where it stood, what the model said, where that leads."""

    index: int  # of the step, from 0
    time: float
    next_time: float
    x_t: Float[Tensor, "batch img patch"]  # what the model was shown
    velocity: Float[Tensor, "batch img patch"]  # what it said
    x0_hat: Float[Tensor, "batch img patch"]  # x_t − t · v
    eps_hat: Float[Tensor, "batch img patch"]  # x_t + (1 − t) · v
    x_next: Float[Tensor, "batch img patch"]  # where the solver goes from here


Solver = Callable[[Velocity, Tensor, list[float], Any], Iterator[State]]


def euler(velocity: Velocity, x: Tensor, times: list[float], owner: Any) -> Iterator[State]:
    """One call a step: x ← x + (t′ − t) · v(x, t). First order.

    times  from high to low, one more than there are steps.
    owner  the `StepTaps` of the run.

    Source: BFL flux/sampling.py `denoise`.
    """
    for index, (time, next_time) in enumerate(pairwise(times)):
        with happening(Moment(index, time, len(times) - 1)):
            x = tap(owner, "x", x)
            v = tap(owner, "v", velocity(x, time))
            state = _state(owner, index, (time, next_time), x, v, x + (next_time - time) * v)
        yield state
        x = state.x_next


def midpoint(velocity: Velocity, x: Tensor, times: list[float], owner: Any) -> Iterator[State]:
    """Two calls a step: go half-way, ask again there, and take that velocity for the whole step.

    x½ = x + h/2 · v(x, t)        x ← x + h · v(x½, t + h/2)        h = t′ − t. Second order.
    """
    for index, (time, next_time) in enumerate(pairwise(times)):
        step, middle = next_time - time, (time + next_time) / 2
        with happening(Moment(index, time, len(times) - 1)):
            x = tap(owner, "x", x)
            v = tap(owner, "v", velocity(x, time))
            half = _state(owner, index, (time, middle), x, v, x + 0.5 * step * v)
        yield half
        with happening(Moment(index, middle, len(times) - 1)):
            v = tap(owner, "v", velocity(half.x_next, middle))
            state = _state(owner, index, (middle, next_time), half.x_next, v, x + step * v)
        yield state
        x = state.x_next


def heun(velocity: Velocity, x: Tensor, times: list[float], owner: Any) -> Iterator[State]:
    """Two calls a step: try Euler's step, ask at its end, and take the mean of both velocities.

    x′ = x + h · v(x, t)        x ← x + h/2 · (v(x, t) + v(x′, t′))        h = t′ − t. Second order.

    The last step is Euler's: at t = 0 the model was hardly trained.
    """
    for index, (time, next_time) in enumerate(pairwise(times)):
        step = next_time - time
        with happening(Moment(index, time, len(times) - 1)):
            x = tap(owner, "x", x)
            v = tap(owner, "v", velocity(x, time))
            tried = _state(owner, index, (time, next_time), x, v, x + step * v)
        yield tried
        if next_time == 0:
            return
        with happening(Moment(index, next_time, len(times) - 1)):
            v_end = tap(owner, "v", velocity(tried.x_next, next_time))
            x = x + 0.5 * step * (v + v_end)
            state = _state(owner, index, (next_time, next_time), tried.x_next, v_end, x)
        yield state
        x = state.x_next


SOLVERS: dict[str, Solver] = {"euler": euler, "midpoint": midpoint, "heun": heun}


def _state(
    owner: Any, index: int, times: tuple[float, float], x: Tensor, v: Tensor, x_next: Tensor
) -> State:
    return State(
        index=index,
        time=times[0],
        next_time=times[1],
        x_t=x,
        velocity=v,
        x0_hat=tap(owner, "x0_hat", x0_from_velocity(x, v, times[0])),
        eps_hat=tap(owner, "eps_hat", noise_from_velocity(x, v, times[0])),
        x_next=tap(owner, "x_next", x_next),
    )

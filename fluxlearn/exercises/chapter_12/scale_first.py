"""Turn the weights of the last layer's modulation into diffusers' order.

    BFL        the first half of the rows makes the shift, the second the scale
    diffusers  the first half makes the scale, the second the shift

weight is [2 · dim, dim], bias [2 · dim]. No other tensor of FLUX.1 has another order of rows there.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.drawn import draw_weights
from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.last_layer import LastLayer


def scale_first(
    weight: Float[Tensor, "_ dim"], bias: Float[Tensor, " _"]
) -> tuple[Float[Tensor, "_ dim"], Float[Tensor, " _"]]:
    """The halves change places; doing it twice undoes it."""
    weight, bias = (torch.cat(part.chunk(2)[::-1]) for part in (weight, bias))
    return weight, bias


def by_rolling(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """All rows move on by dim."""
    dim = len(bias) // 2
    return weight.roll(dim, dims=0), bias.roll(dim)


def as_it_is(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Nothing has moved: both orders have the same shape, so loading would not complain."""
    return weight, bias


def bias_forgotten(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The bias stays behind: its halves belong to shift and scale as well."""
    return scale_first(weight, bias)[0], bias


def weight_forgotten(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Only the bias was turned: the rows of the weight make the same two halves."""
    return weight, scale_first(weight, bias)[1]


def columns(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The columns have moved: they read vec, the rows make shift and scale."""
    return torch.cat(weight.chunk(2, dim=1)[::-1], dim=1), scale_first(weight, bias)[1]


def upside_down(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """All rows are reversed: the halves change places, but inside each the order stays."""
    return weight.flip(0), bias.flip(0)


def interleaved(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Rows alternate between scale and shift: they stand in two blocks."""
    weight, bias = (torch.stack(part.chunk(2)[::-1], 1).flatten(0, 1) for part in (weight, bias))
    return weight, bias


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A modulation of width 16."""
    weights = draw_weights(LastLayer, generator)
    return weights["adaLN_modulation.1.weight"], weights["adaLN_modulation.1.bias"]


def recorded(trained: Trained) -> tuple[Tensor, Tensor]:
    """toy-dev's."""
    layer, flux = "final_layer.adaLN_modulation.1", trained.pipe.flux
    return flux.get_parameter(f"{layer}.weight"), flux.get_parameter(f"{layer}.bias")


EXERCISE = Exercise(
    solution=scale_first,
    other=by_rolling,
    mistakes=(as_it_is, bias_forgotten, weight_forgotten, columns, upside_down, interleaved),
    hints=(
        "A linear layer's output number i comes from row i of its weight and of its bias.",
        "Cut the rows into two halves with chunk(2), and put them together the other way round.",
        "torch.cat([second, first]), for the weight and for the bias.",
    ),
    returns="weight and bias, of the same shapes",
    inputs=inputs,
    recorded=recorded,
)

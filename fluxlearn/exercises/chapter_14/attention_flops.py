"""How many FLOPs does one block's attention take, from queries and keys to the sum of values?

    scores    q · kᵀ            for every head, every query and every key
    sum       weights · v       as many again

A FLOP is one multiplication or one addition. Text and image tokens are one sequence; softmax,
norms and the linear layers around are not asked for.
"""

import torch

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained


def attention_flops(batch: int, img: int, txt: int, dim: int) -> int:
    """4 · seq² · dim a picture; the heads share dim among them, so their number does not count."""
    seq = img + txt
    scores = 2 * seq * seq * dim
    return batch * (scores + scores)


def by_quadrants(batch: int, img: int, txt: int, dim: int) -> int:
    """Picture on picture, picture on text and back, text on text."""
    return 4 * batch * dim * (img * img + 2 * img * txt + txt * txt)


def one_product(batch: int, img: int, txt: int, dim: int) -> int:
    """This is half: a multiply-add is two FLOPs, but there are two products as well."""
    return 2 * batch * (img + txt) ** 2 * dim


def a_quarter(batch: int, img: int, txt: int, dim: int) -> int:
    """This is a quarter: a multiply-add is two FLOPs, and there are two products."""
    return batch * (img + txt) ** 2 * dim


def streams_apart(batch: int, img: int, txt: int, dim: int) -> int:
    """Each stream is counted with itself only: every token attends to both."""
    return 4 * batch * (img**2 + txt**2) * dim


def image_only(batch: int, img: int, txt: int, dim: int) -> int:
    """The text is left out: it is part of the sequence."""
    return 4 * batch * img**2 * dim


def linear_in_tokens(batch: int, img: int, txt: int, dim: int) -> int:
    """It grows with the square of the length: every token looks at every token."""
    return 4 * batch * (img + txt) * dim


def with_projections(batch: int, img: int, txt: int, dim: int) -> int:
    """qkv and proj are counted along: only what happens between them is asked for."""
    seq = img + txt
    return batch * (4 * seq**2 * dim + 8 * seq * dim**2)


def inputs(generator: torch.Generator) -> tuple[int, int, int, int]:
    """A few short pictures."""
    batch, img, txt, dim = torch.randint(2, 40, (4,), generator=generator).tolist()
    return batch, img, txt, dim


def recorded(trained: Trained) -> tuple[int, int, int, int]:
    """toy-dev painting one picture."""
    img, txt = trained.seen["embed.img"].shape[1], trained.seen["embed.txt"].shape[1]
    return 1, img, txt, trained.pipe.flux.config.hidden_size


EXERCISE = Exercise(
    solution=attention_flops,
    other=by_quadrants,
    mistakes=(
        one_product,
        a_quarter,
        streams_apart,
        image_only,
        linear_in_tokens,
        with_projections,
    ),
    hints=(
        "A product of [a, b] and [b, c] takes 2 · a · b · c FLOPs.",
        "Scores of one head: [seq, head_dim] times [head_dim, seq]; all heads together have dim "
        "channels.",
        "4 · batch · (img + txt)² · dim",
    ),
    returns="a whole number",
    inputs=inputs,
    recorded=recorded,
)

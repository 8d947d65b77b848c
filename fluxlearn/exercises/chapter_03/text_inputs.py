"""Make FLUX's three text inputs for several pictures of each prompt.

    txt      [batch, txt, context]   T5's features
    txt_ids  [batch, txt, 3]         zeros, float32
    y        [batch, vec]            CLIP's vector

features is [prompts, txt, context], pooled is [prompts, vec], and batch = prompts · pictures. The
pictures of one prompt stand together: a a b b.
"""

import torch
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import Trained

Inputs = tuple[Tensor, Tensor, Tensor]


def text_inputs(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """Every prompt is read once, however many pictures are painted of it."""
    txt = features.repeat_interleave(pictures, dim=0)
    ids = torch.zeros(*txt.shape[:2], 3)
    return txt, ids, pooled.repeat_interleave(pictures, dim=0)


def by_index(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """Rows 0 0 1 1, by which both are looked up."""
    rows = torch.arange(len(features) * pictures) // pictures
    return features[rows], torch.zeros(len(rows), features.shape[1], 3), pooled[rows]


def prompts_in_turn(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """The prompts take turns, a b a b: the pictures of one prompt stand together."""
    return text_inputs(features.repeat(pictures, 1, 1), pooled.repeat(pictures, 1), 1)


def vector_in_turn(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """Features stand as a a b b, vectors as a b a b: pictures get the gist of another prompt."""
    txt, ids, _ = text_inputs(features, pooled, pictures)
    return txt, ids, pooled.repeat(pictures, 1)


def one_vector_each(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """The vectors are not repeated: every picture needs one, as it needs features."""
    txt, ids, _ = text_inputs(features, pooled, pictures)
    return txt, ids, pooled


def mean_of_the_words(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """The vector is the mean of T5's features: y is CLIP's, and has another width."""
    return text_inputs(features, features.mean(dim=1), pictures)


def words_numbered(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """The words are numbered: their order is in T5's features, and all of them sit at (0, 0, 0)."""
    txt, ids, y = text_inputs(features, pooled, pictures)
    return txt, ids + torch.arange(txt.shape[1])[:, None], y


def another_order(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """The order is another: txt, txt_ids, y."""
    txt, ids, y = text_inputs(features, pooled, pictures)
    return txt, y, ids


def whole_numbers(features: Tensor, pooled: Tensor, pictures: int) -> Inputs:
    """The ids are integers: they are multiplied by frequencies, and FLUX keeps them float32."""
    txt, ids, y = text_inputs(features, pooled, pictures)
    return txt, ids.long(), y


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, int]:
    """Two prompts of five tokens, three pictures of each."""
    features = torch.randn(2, 5, 6, generator=generator)
    return features, torch.randn(2, 4, generator=generator), 3


def recorded(trained: Trained) -> tuple[Tensor, Tensor, int]:
    """What both encoders made of a prompt."""
    return trained.seen["in.txt"], trained.seen["in.clip"], 2


EXERCISE = Exercise(
    solution=text_inputs,
    other=by_index,
    mistakes=(
        prompts_in_turn,
        vector_in_turn,
        one_vector_each,
        mean_of_the_words,
        words_numbered,
        another_order,
        whole_numbers,
    ),
    hints=(
        "torch has two ways to repeat: one gives a b a b, the other a a b b.",
        "x.repeat_interleave(pictures, dim=0) is a a b b; features and vectors both need it.",
        "The ids are torch.zeros(batch, txt, 3), with batch and txt as the repeated features have.",
    ),
    returns="txt, txt_ids, y",
    inputs=inputs,
    recorded=recorded,
    gradients=("features", "pooled"),
)

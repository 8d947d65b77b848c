"""Choose the one vector that speaks for a whole prompt: CLIP's, at the end of the text.

features is [batch, txt, vec], what CLIP says of every token; ids is [batch, txt]. A row is

    <|startoftext|> words <|endoftext|> <|endoftext|> …

since CLIP pads with the end token itself. The vector is that of the first one. Every token has read
what stands before it and nothing else, so it is the first to have read the whole prompt.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fluxlearn.exercises.exercise import Exercise
from fluxlearn.exercises.trained import PROMPT, Trained


def pooled(
    features: Float[Tensor, "batch txt vec"], ids: Int[Tensor, "batch txt"], end: int
) -> Float[Tensor, "batch vec"]:
    """What transformers gives as `pooler_output`."""
    first = (ids == end).int().argmax(dim=1)
    return features[torch.arange(len(ids)), first]


def by_counting(features: Tensor, ids: Tensor, end: int) -> Tensor:
    """As many tokens stand before the end as are not the end."""
    before = (ids != end).sum(dim=1)
    return features.take_along_dim(before[:, None, None], dim=1)[:, 0]


def the_last(features: Tensor, ids: Tensor, end: int) -> Tensor:
    """This is the last token, which is padding: take the first end token of each row."""
    return features[:, -1]


def the_first(features: Tensor, ids: Tensor, end: int) -> Tensor:
    """This is the first token, which has read nothing: CLIP looks only backwards."""
    return features[:, 0]


def the_last_word(features: Tensor, ids: Tensor, end: int) -> Tensor:
    """This is the last word: the end token behind it is the one that was trained to sum up."""
    before = (ids != end).sum(dim=1) - 1
    return features[torch.arange(len(ids)), before]


def the_mean(features: Tensor, ids: Tensor, end: int) -> Tensor:
    """This is the mean of all tokens: CLIP pools by choosing one of them."""
    return features.mean(dim=1)


def the_largest(features: Tensor, ids: Tensor, end: int) -> Tensor:
    """These are the largest values of each channel: one token's vector is meant, whole."""
    return features.amax(dim=1)


def one_for_all(features: Tensor, ids: Tensor, end: int) -> Tensor:
    """The end of the first prompt is used for all: each row ends elsewhere."""
    return features[:, int((ids[0] != end).sum())]


def inputs(generator: torch.Generator) -> tuple[Tensor, Tensor, int]:
    """Two prompts, of three words and of five."""
    ids = torch.randint(2, 9, (2, 10), generator=generator)
    ids[0, 4:] = ids[1, 6:] = 9
    return torch.randn(2, 10, 4, generator=generator), ids, 9


def recorded(trained: Trained) -> tuple[Tensor, Tensor, int]:
    """What the toy's CLIP says of a prompt and of a shorter one."""
    clip = trained.clip
    ids = clip.tokens([PROMPT, "a red circle"])
    return clip.model(input_ids=ids).last_hidden_state, ids, clip.tokenizer.eos_token_id


EXERCISE = Exercise(
    solution=pooled,
    other=by_counting,
    mistakes=(the_last, the_first, the_last_word, the_mean, the_largest, one_for_all),
    hints=(
        "ids == end is true from the end of the prompt on. Where is it true first?",
        "argmax gives the first of several equal largest values; it does not take booleans.",
        "features[torch.arange(len(ids)), (ids == end).int().argmax(dim=1)]",
    ),
    returns="[batch, vec]",
    inputs=inputs,
    recorded=recorded,
    gradients=("features",),
)

"""What each word of a caption must tell by itself: everything about the thing it belongs to.

    logits = W · txt[word] + b        size, colour, shape, number and whereabouts

    a large red circle to the left of a small blue square
      └──────┬───────┘                  └───────┬───────┘
      large, red, circle, one, left     small, blue, square, one, right

The flow model reads token features through linear maps (txt_in, then the keys and values of
attention), so what a linear readout finds in a feature is what it can use. It also teaches: from a
decoder's loss alone, which colour belongs to which shape is learned very late.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from fluxlearn.toy.captions import PLACE_PHRASES, PLURALS, Description
from fluxlearn.toy.scene import COLOURS, OPPOSITE, SHAPES, SIZES

FIELDS = {
    "size": (None, *SIZES),
    "colour": tuple(COLOURS),
    "shape": SHAPES,
    "count": (1, 2, 3),
    "whereabouts": (None, *OPPOSITE, *PLACE_PHRASES),
}
SHAPE_WORDS = (*PLURALS, *PLURALS.values())
CONTENT_WORDS = (*SIZES, *COLOURS, *SHAPE_WORDS)


class Readout(nn.Linear):
    """Token features [batch, txt, context] → how well they tell what the captions tell."""

    def __init__(self, tokenizer, context: int) -> None:
        super().__init__(context, sum(len(values) for values in FIELDS.values()))
        self.shape_ids, self.content_ids = (
            torch.tensor(tokenizer.convert_tokens_to_ids(["▁" + word for word in words]))
            for words in (SHAPE_WORDS, CONTENT_WORDS)
        )

    def forward(
        self,
        txt: Float[Tensor, "batch txt context"],
        ids: Int[Tensor, "batch txt"],
        told: list[Description],
    ) -> tuple[Float[Tensor, ""], float]:
        """The loss, summed over fields, and the share of words that tell every field right."""
        is_shape = torch.isin(ids, self.shape_ids).long()
        is_content = torch.isin(ids, self.content_ids)
        # A shape word closes its mention, so a word belongs to as many-th as shapes came before.
        mention = (is_shape.cumsum(dim=1) - is_shape)[is_content]
        row = torch.arange(len(ids))[:, None].expand_as(ids)[is_content]
        targets = torch.tensor([tell(description) for description in told])[row, mention]

        logits = super().forward(txt[is_content])
        fields = logits.split([len(values) for values in FIELDS.values()], dim=1)
        losses = [F.cross_entropy(field, targets[:, i]) for i, field in enumerate(fields)]
        found = torch.stack([field.argmax(dim=1) for field in fields], dim=1)
        return torch.stack(losses).sum(), (found == targets).all(dim=1).float().mean().item()


def tell(told: Description) -> list[list[int]]:
    """The right answers for the first and the second mention; the only one counts as both."""
    answers = []
    for index, mention in enumerate(told.mentions):
        where = told.place
        if told.relation:
            where = told.relation if index == 0 else OPPOSITE[told.relation]
        values = (mention.size, mention.colour, mention.shape, mention.count, where)
        answers.append([of.index(v) for of, v in zip(FIELDS.values(), values, strict=True)])
    return [answers[0], answers[-1]]

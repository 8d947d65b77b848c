"""What the toy world's evaluator has to say about a picture: clause by clause, and what it sees."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from fluxlearn.toy.captions import parse
from fluxlearn.toy.evaluate import judge
from fluxlearn.toy.read import Reading, read_picture

QUESTIONS = {
    "count": "the right number of things",
    "colour": "the right colours",
    "shape": "the right shapes",
    "binding": "each colour on its own shape",
    "size": "the right sizes",
    "relation": "the right arrangement",
    "place": "the right place",
    "background": "the right background",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A picture held against its prompt."""

    clauses: dict[str, bool]  # what was asked, in words → whether it holds; empty if unreadable
    sees: str  # what is in the picture
    unread: str = ""  # why the prompt could not be held against it

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.unread:
            return f"no verdict: {self.unread.rstrip('.')}"
        held = sum(self.clauses.values())
        return f"{held} of {len(self.clauses)} clauses of the prompt hold"


def verdict_on(picture: Float[Tensor, "rgb px_h px_w"], prompt: str) -> Verdict:
    """Judge a toy picture in −1..1; a prompt outside the toy world's words gets no verdict."""
    seen = read_picture(picture)
    try:
        score = judge(seen, parse(prompt))
    except ValueError as error:
        return Verdict(clauses={}, sees=_in_words(seen), unread=str(error))
    told = {words: score[clause] for clause, words in QUESTIONS.items()}
    clauses = {words: holds for words, holds in told.items() if holds is not None}
    return Verdict(clauses=clauses, sees=_in_words(seen))


def _in_words(seen: Reading) -> str:
    things = [f"a {t.size} {t.colour} {t.shape or 'thing of no known shape'}" for t in seen.things]
    ground = f"on {seen.background}" if seen.background else "on a background of no known colour"
    return f"{', '.join(things) or 'nothing'} {ground}"

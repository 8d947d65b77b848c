"""Whether two printed outputs say the same up to rounding."""

import math
import re

# A number on its own: not the 2 of `conv2d`, not the 7 of `0x7f`.
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w])", re.IGNORECASE)


class Printed(str):
    """Text that equals another when the words agree and the numbers are close.

    Whole numbers must be the same, since they count things; others may differ by 1e-3 of their size
    or by 1e-4, which is what another machine's last bits amount to. Runs of spaces count as one: a
    number that gains a digit moves its column.
    """

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and same_up_to_rounding(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def same_up_to_rounding(text: str, other: str) -> bool:
    """Whether two texts agree in every word and whole number, and nearly in all other numbers."""
    if words(text) != words(other):
        return False
    pairs = zip(NUMBER.findall(text), NUMBER.findall(other), strict=True)
    return all(close(number, twin) for number, twin in pairs)


def words(text: str) -> str:
    """The text with its numbers masked and its spaces collapsed."""
    return re.sub(r" +", " ", NUMBER.sub("#", text))


def close(number: str, twin: str) -> bool:
    """Whether two printed numbers agree: exactly when either is whole."""
    if number.lstrip("-+").isdigit() or twin.lstrip("-+").isdigit():
        return number == twin
    return math.isclose(float(number), float(twin), rel_tol=1e-3, abs_tol=1e-4)

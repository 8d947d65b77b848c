"""What checks the annotations of fluxlearn while tests run."""

from collections.abc import Callable

from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintPep673Exception

# PEP 484 lets an int stand for a float; beartype does so only when asked.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check(function: Callable) -> Callable:
    """A function that refuses arguments and results which its annotations do not allow."""
    try:
        return checked(function)
    except BeartypeDecorHintPep673Exception:
        return function  # beartype understands `Self` only where it sees the whole class

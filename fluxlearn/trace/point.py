"""A point: one place in a forward pass that has a name, a shape and a meaning.

Each folder that taps has a `points.py`, a table of these. Documentation, `explain()`, byte
estimates and tests all come from the tables; a test runs a tiny forward and checks that exactly the
table's points fire, with the table's shapes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """One row of a table of points."""

    name: str  # "double.3.img.q"
    shape: str  # axis words of `shapes.py`; "" for a single number or a flag
    equation: str  # how the value is made, in Unicode
    meaning: str  # what it is, in the subject's words
    look: str  # what to look for in it

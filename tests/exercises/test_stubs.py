"""A notebook's exercises are those of its chapter, each as its stub."""

import re

import nbformat
import pytest
from source import ROOT

from fluxlearn.exercises.chapters import CHAPTERS, find_exercise

NOTEBOOKS = {path.name[:2]: path for path in (ROOT / "notebooks").glob("*.ipynb")}
TAUGHT = sorted(CHAPTERS.keys() & NOTEBOOKS.keys())


def exercises_in(path):
    """Name of an exercise → the cell in which a reader solves it."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    asked = [
        (re.search(r"^fl\.check\.(\w+)\(my_", source, re.MULTILINE), source) for source in cells
    ]
    return {match[1]: source for match, source in asked if match}


def test_some_chapters_have_a_notebook():
    assert {"01", "07"} <= set(TAUGHT)


@pytest.mark.parametrize("chapter", TAUGHT)
def test_a_notebook_asks_for_every_exercise_of_its_chapter_in_order(chapter):
    assert tuple(exercises_in(NOTEBOOKS[chapter])) == CHAPTERS[chapter]


@pytest.mark.parametrize("chapter", TAUGHT)
def test_an_exercise_is_asked_with_its_stub(chapter):
    for name, source in exercises_in(NOTEBOOKS[chapter]).items():
        assert source == f"{find_exercise(name).stub}\n\n\nfl.check.{name}(my_{name})"

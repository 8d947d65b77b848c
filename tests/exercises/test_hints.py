"""Help comes in three steps, and the pages of solutions hold every exercise."""

import pytest

from fluxlearn.exercises import hints
from fluxlearn.exercises.chapters import CHAPTERS, find_exercise
from fluxlearn.exercises.hints import hint, solution
from fluxlearn.exercises.pages import solution_page, write_solutions


@pytest.fixture(autouse=True)
def no_hint_yet(monkeypatch):
    monkeypatch.setattr(hints, "_SHOWN", type(hints._SHOWN)())


def test_each_call_shows_the_next_hint_and_the_last_one_stays():
    first, second, third = find_exercise("rope").hints

    assert [hint("rope") for _ in range(2)] == [f"1 of 3: {first}", f"2 of 3: {second}"]
    assert hint("rope") == hint("rope") == f'3 of 3: {third}  fl.solution("rope") shows an answer.'


def test_hints_of_two_exercises_do_not_mix():
    hint("rope")

    assert hint("rotate").startswith("1 of 3")


def test_a_solution_is_what_the_package_runs():
    assert solution("rope").where.startswith("fluxlearn/model/rope.py")


def test_a_page_holds_every_exercise_of_its_chapter():
    page = solution_page("07")

    assert page.startswith("# Solutions to 07 · Rotary positions on three axes\n")
    for name in CHAPTERS["07"]:
        assert f"## {name}\n" in page
    assert page.count("{dropdown}") == 3 * len(CHAPTERS["07"])


def test_every_chapter_gets_a_page(tmp_path):
    written = write_solutions(tmp_path / "solutions")

    assert [page.stem for page in written] == [f"chapter_{chapter}" for chapter in CHAPTERS]
    assert sorted(written) == sorted((tmp_path / "solutions").iterdir())

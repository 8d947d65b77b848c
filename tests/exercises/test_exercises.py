"""The checkers are checked: they accept what is right and name what is wrong."""

import inspect

import pytest

from fluxlearn.exercises.chapters import CHAPTERS, exercise_names, find_exercise
from fluxlearn.exercises.check import check, check_answer
from fluxlearn.exercises.exercise import message
from fluxlearn.exercises.hints import solution
from fluxlearn.show import PACKAGE

NAMES = exercise_names()


@pytest.fixture(params=NAMES)
def exercise(request):
    return find_exercise(request.param)


def answer_from(source, name):
    """The function that a reader's cell defines."""
    cell = {}
    exec(source, cell)
    return cell[name]


def test_a_checker_accepts_what_is_right_and_names_every_mistake(exercise):
    for right in (exercise.solution, exercise.other):
        assert check_answer(exercise, right), f"{right.__name__}: {check_answer(exercise, right)}"

    for mistake in exercise.mistakes:
        verdict = check_answer(exercise, mistake)
        assert verdict.status == "wrong", f"{mistake.__name__} passes"
        assert message(mistake) in verdict.text, f"{mistake.__name__}: {verdict}"

    stub = answer_from(exercise.stub, f"my_{exercise.name}")
    assert check_answer(exercise, stub).status == "not attempted"


def test_an_exercise_has_five_mistakes_and_three_hints_that_say_something(exercise):
    told = [message(mistake) for mistake in exercise.mistakes]

    assert len(set(told)) == len(told) >= 5
    assert all(text.endswith(".") for text in told)
    assert len(set(exercise.hints)) == 3
    assert exercise.statement.count("\n\n") >= 1


def test_the_other_style_is_another(exercise):
    assert inspect.getsource(exercise.other) != inspect.getsource(exercise.solution)


def test_a_solution_is_shown_with_its_source(exercise):
    assert f"def {exercise.solution.__name__}(" in solution(exercise.name)


def test_every_file_of_a_chapter_is_in_the_table():
    files = {
        chapter: {path.stem for path in PACKAGE.glob(f"exercises/chapter_{chapter}/[!_]*.py")}
        for chapter in CHAPTERS
    }

    assert files == {chapter: set(names) for chapter, names in CHAPTERS.items()}


def test_names_are_offered_where_they_are_typed():
    assert dir(check) == sorted(NAMES)


def test_a_misspelt_exercise_is_told_the_nearest():
    with pytest.raises(AttributeError, match=r"'ropes' is no exercise\. Did you mean rope"):
        check.ropes(None)

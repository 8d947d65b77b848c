"""The book's pages of solutions, made from the exercises: one page a chapter, answers folded."""

from pathlib import Path

from fluxlearn.exercises.chapters import CHAPTERS, chapter_title, find_exercise
from fluxlearn.exercises.exercise import Answer, message
from fluxlearn.files import write_whole
from fluxlearn.show import show


def write_solutions(folder: Path) -> list[Path]:
    """Write every chapter's page into a folder; what was there under the same names is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chapter in CHAPTERS:
        page = folder / f"chapter_{chapter}.md"
        written.append(write_whole(page, solution_page(chapter)))
    return written


def solution_page(chapter: str) -> str:
    """One chapter's solutions as MyST Markdown.

    chapter  "07", as in the names of the notebooks.

    Raises KeyError for a chapter without exercises.
    """
    parts = [_exercise(name) for name in CHAPTERS[chapter]]
    heading = f"# Solutions to {chapter} · {chapter_title(chapter)}"
    advice = (
        "Answers are folded. `fl.check` says what is wrong with yours, and `fl.hint` helps in "
        "three steps, before you look."
    )
    return "\n\n".join([heading, advice, *parts]) + "\n"


def _exercise(name: str) -> str:
    exercise = find_exercise(name)
    mistakes = "\n".join(f"- {message(mistake)}" for mistake in exercise.mistakes)
    return "\n\n".join(
        [
            f"## {name}",
            exercise.statement,
            _code(exercise.stub),
            _folded("A solution", _source(exercise.solution)),
            _folded("The same in another style", _source(exercise.other)),
            _folded("The usual mistakes", mistakes),
        ]
    )


def _folded(title: str, content: str) -> str:
    return f"::::{{dropdown}} {title}\n{content}\n::::"


def _source(function: Answer) -> str:
    listing = show(function)
    return f"`{listing.where.split(',')[0]}`\n\n{_code(listing)}"


def _code(source: str) -> str:
    return f"```python\n{source}\n```"

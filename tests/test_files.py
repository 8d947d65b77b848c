"""What is written is whole or not there."""

import os

import pytest

from fluxlearn.files import check_place, replacing, write_whole


def fill(place, text):
    """Write a text: into a file, or into the one file of a folder."""
    if place.suffix:
        place.write_text(text)
    else:
        place.mkdir()
        (place / "inside").write_text(text)


def told(place):
    return place.read_text() if place.is_file() else (place / "inside").read_text()


@pytest.fixture(params=["picture.png", "folder"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_what_was_written_takes_the_place_of_what_was_there(path):
    fill(path, "before")

    with replacing(path) as partial:
        fill(partial, "after")
        assert told(path) == "before"

    assert told(path) == "after"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_writer_that_is_stopped_leaves_what_was_there_and_nothing_else(path, error):
    fill(path, "before")

    with pytest.raises(error), replacing(path) as partial:
        fill(partial, "half")
        raise error

    assert told(path) == "before"
    assert list(path.parent.iterdir()) == [path]


def test_a_first_writer_that_is_stopped_leaves_nothing(path):
    with pytest.raises(ZeroDivisionError), replacing(path) as partial:
        fill(partial, "half")
        raise ZeroDivisionError

    assert list(path.parent.iterdir()) == []


def test_the_name_given_is_hidden_and_keeps_the_ending(path):
    with replacing(path) as partial:
        fill(partial, "x")

    assert partial.parent == path.parent and partial.suffix == path.suffix
    assert partial.name.startswith(".") and str(os.getpid()) in partial.name


def test_a_block_that_writes_nothing_is_told_and_leaves_what_was_there(path):
    fill(path, "before")

    with pytest.raises(FileNotFoundError), replacing(path):
        pass

    assert told(path) == "before"


@pytest.mark.parametrize("parent", ["missing", "file"])
def test_a_place_without_a_folder_is_refused_before_the_block_runs(tmp_path, parent):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / parent / "x.png"

    message = rf"{parent} is not a folder, so x\.png has no place\. Make the folder first\."
    with pytest.raises(FileNotFoundError, match=message):
        check_place(path)
    with pytest.raises(FileNotFoundError, match=message), replacing(path):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("content", ["β → γ\n", b"\x00\r\n"])
def test_text_and_bytes_are_written_as_they_are(tmp_path, content):
    path = write_whole(tmp_path / "x", content)

    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)

"""A published book knows where it came from, and a machine in the cloud what to install."""

import tomllib

import pytest
from launch import COLAB, repository
from source import ROOT

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]


def test_the_address_is_what_github_says():
    assert repository({"GITHUB_REPOSITORY": "someone/fork"}) == "https://github.com/someone/fork"


def test_a_book_that_is_built_at_home_has_no_address():
    assert repository({}) is None


@pytest.mark.parametrize("line", [COLAB, (ROOT / "binder/requirements.txt").read_text("utf-8")])
def test_the_install_line_names_extras_of_the_package(line):
    named = line[line.index("[") + 1 : line.index("]")].split(",")

    assert "lab" in named
    assert set(named) <= EXTRAS.keys()


def test_binders_files_name_files_of_the_repository():
    constraints = (ROOT / "binder/requirements.txt").read_text("utf-8").split()[1]

    assert (ROOT / "binder" / constraints).resolve() == ROOT / "constraints.txt"


def test_binder_has_a_python_that_the_package_accepts():
    major, minor = (ROOT / "binder/runtime.txt").read_text("utf-8").strip()[7:].split(".")

    assert (int(major), int(minor)) >= (3, 11)

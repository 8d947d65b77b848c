"""The README is true: its tree, its commands, its paths and its example."""

import ast
import re

import pytest
from source import ROOT

README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)


def tree_lines():
    """The tree's lines as (indentation, name, phrase)."""
    (tree,) = [text for _, text in BLOCKS if text.startswith("fluxlearn/\n")]
    lines = [re.match(r"( *)(\S+) *(.*)", line) for line in tree.splitlines()]
    return [(len(m[1]), m[2], m[3]) for m in lines if m]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 120


def test_the_tree_lists_what_the_package_holds():
    entries = [p for p in (ROOT / "fluxlearn").iterdir() if p.is_file() or any(p.glob("*.py"))]
    real = {entry.name + "/" * entry.is_dir() for entry in entries}

    listed = {name for indent, name, _ in tree_lines() if indent == 2}

    assert listed == real, f"add to the tree {real - listed}, remove from it {listed - real}"


def test_the_tree_gives_each_entry_a_phrase():
    assert all(phrase for _, name, phrase in tree_lines() if name != "fluxlearn/")


def test_the_folders_at_the_root_exist():
    missing = [
        name for indent, name, _ in tree_lines() if not indent and not (ROOT / name).is_dir()
    ]
    assert not missing


def test_the_commands_are_targets_of_the_makefile():
    commands = re.findall(r"make ([a-z]+)", README)
    targets = re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE)

    assert {"demo", "test"} <= set(commands) <= set(targets)


@pytest.mark.parametrize(
    "path", re.findall(r"`([\w/.]+\.(?:py|ipynb|txt))`|\]\((?!http)(.*?)\)", README)
)
def test_the_files_it_names_exist(path):
    assert (ROOT / "".join(path)).is_file()


def test_the_examples_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    first, second = [text for language, text in BLOCKS if language == "python"]
    monkeypatch.chdir(tmp_path)

    exec(compile(f"{first}\n{second}", "<the examples>", "exec"), {})

    assert {path.name for path in tmp_path.iterdir()} == {"circle.png", "words.png", "without.png"}
    assert "double.0.attn.z" in capsys.readouterr().out
    assert len(ast.parse(first).body) == 5
    assert len(list(filter(None, second.splitlines()))) <= 12

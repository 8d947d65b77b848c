"""The house rules, one function each: a source file in, complaints out.

`test_repository.py` runs them over the repository and checks that each one bites.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from axis_words import axis_words
from source import FUNCTION, ROOT, Source, called, imported, length

# A file imports from its own folder or from a lower row, never sideways or up.
LAYERS = (
    ("files", "shapes", "config", "flow", "ddpm", "plots", "show"),
    ("trace", "setup"),
    ("model", "autoencoder", "text"),
    ("checkpoints",),
    ("memory",),
    ("sampling",),
    ("lora",),
    ("training", "distributed", "load", "load_redux", "catalogue"),
    ("toy", "export"),
    ("bench", "exercises", "demo", "notebooks"),
    ("cli",),
)
ROW = {name: row for row, names in enumerate(LAYERS) for name in names}

# Steps to the side that are allowed, each with its reason.
SIDEWAYS = {
    ("plots", "shapes"): "plots label their axes with the legend's words",
    ("plots", "files"): "figures are saved whole",
}

# The entrances: they lead to every layer and belong to none.
ENTRANCES = ("__init__", "__main__")

# Functions that may take more than six parameters, each with its reason.
MANY_PARAMETERS = {
    "fluxlearn/model/flux.py Flux.forward": "BFL's seven arguments, one for one",
    "fluxlearn/model/check.py check_inputs": "the model and the same seven",
    "fluxlearn/trace/record.py record": "what to record, when, where to; each has one good default",
    "fluxlearn/sampling/attend.py attend": "as record, and the words with their prompt",
    "fluxlearn/sampling/concepts.py attend_concepts": "as attend, with concepts instead of words",
    "fluxlearn/sampling/budget.py budget": "which model, at what, how; all but that have defaults",
    "fluxlearn/cli/paint.py paint": "one for each option of the command",
    "fluxlearn/cli/bench.py cuda": "one for each option of the command",
    "fluxlearn/load.py load": "which model, how much of it, and where to; all have good defaults",
}

# Names of files and folders that say nothing about what is inside.
BANNED_NAMES = {"base", "common", "misc"} | {
    word + ending for word in ("helper", "manager", "util", "wrapper") for ending in ("", "s")
}


def imports_keep_to_their_layer(source: Source) -> Iterator[str]:
    if source.layer in ENTRANCES:
        return
    if source.layer not in ROW:
        yield f"{source.path}: {source.layer} has no row in LAYERS of tests/house_rules.py"
        return
    for line, name in imported(source):
        package, _, inner = f"{name}.".partition(".")
        target = inner.split(".")[0]
        if package != "fluxlearn" or target == source.layer or (source.layer, target) in SIDEWAYS:
            continue
        if target not in ROW:
            yield f"{source.path}:{line} imports {name} through the package's front door"
        elif ROW[target] >= ROW[source.layer]:
            yield f"{source.path}:{line} imports {name}, which is not in a lower row"


def files_are_short(source: Source) -> Iterator[str]:
    lines = len(source.text.splitlines())
    if lines > 300:
        yield f"{source.path} has {lines} lines"


def functions_are_short(source: Source) -> Iterator[str]:
    for name, function in source.functions:
        limit = 30 if function.name == "forward" else 40
        if length(function) > limit:
            yield f"{source.path} {name} has {length(function)} lines, more than {limit}"


def functions_take_few_parameters(source: Source) -> Iterator[str]:
    for name, function in source.public:
        if not isinstance(function, FUNCTION) or f"{source.path} {name}" in MANY_PARAMETERS:
            continue
        taken = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        count = len([a for a in taken if a.arg not in ("self", "cls")])
        if count > 6:
            yield f"{source.path} {name} takes {count} parameters"


def modules_are_named_after_the_subject(source: Source) -> Iterator[str]:
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if part in BANNED_NAMES:
            yield f"{source.path}: {part} says nothing about what is inside"


def todos_name_an_issue(source: Source) -> Iterator[str]:
    for line, comment in source.comments:
        if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", comment):
            yield f"{source.path}:{line} {comment}"


def nothing_is_unpickled(source: Source) -> Iterator[str]:
    for line, name in imported(source):
        if name.split(".")[0] in ("pickle", "dill", "cloudpickle", "joblib", "shelve"):
            yield f"{source.path}:{line} imports {name}"
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        if called(node) == "torch.load" and given.get("weights_only") != "True":
            yield f"{source.path}:{node.lineno} calls torch.load without weights_only=True"
        if given.get("allow_pickle", "False") != "False":
            yield f"{source.path}:{node.lineno} allows pickles"


def axes_are_in_the_legend(source: Source) -> Iterator[str]:
    from fluxlearn.shapes import AXES

    for line, word in axis_words(source):
        if word == "?":
            yield f"{source.path}:{line} computes a shape or pattern, so no reader can check it"
        elif word not in AXES:
            yield f"{source.path}:{line} {word}"


def public_names_have_docstrings(source: Source) -> Iterator[str]:
    for name, node in source.public:
        # The docstring of a block is its computation, so its forward needs none.
        if not name.endswith(".forward") and not ast.get_docstring(node):
            yield f"{source.path}:{node.lineno} {name}"


def annotations_are_evaluated(source: Source) -> Iterator[str]:
    for line, name in imported(source):
        if name == "__future__.annotations":
            yield f"{source.path}:{line}"


def skips_give_a_reason(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and called(node).startswith("pytest."):
            kind = called(node).split(".")[-1]
            given = bool(node.args) and kind in ("skip", "xfail")
            if kind in ("skip", "skipif", "xfail", "importorskip") and not (
                given or "reason" in {k.arg for k in node.keywords}
            ):
                yield f"{source.path}:{node.lineno} {ast.unparse(node)}"
        elif isinstance(node, FUNCTION):
            for mark in map(ast.unparse, node.decorator_list):
                if mark in ("pytest.mark.skip", "pytest.mark.xfail"):
                    yield f"{source.path}:{node.lineno} @{mark}"


def paths_stay_in_the_repository(source: Source) -> Iterator[str]:
    folder = (ROOT / source.path).parent
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for number, line in enumerate(source.text.splitlines(), 1):
        at = f"{source.path}:{number}"
        for path in re.findall(r"(?<![\w./:~<>{}()*+-])/[A-Za-z_][\w.-]*/[\w.-]+", line):
            if path.split("/")[1] not in ("bin", "dev", "etc", "proc", "usr"):
                yield f"{at} {path} exists on one machine only"
        for path in re.findall(r"(?:\.\./)+[\w.-]*", line):
            if not (folder / path).resolve().is_relative_to(ROOT):
                yield f"{at} {path} leads out of the repository"
        for path in re.findall(r"(?<![\w./~*)\]])\.[A-Za-z][\w-]*(?=/)", line):
            if not (ROOT / path).exists() and f"{path}/" not in ignored:
                yield f"{at} {path} is no folder of the repository"
        for option in re.findall(r"--(?:extra-)?index-url|--find[-]links", line):
            yield f"{at} {option} names a package index"


def differences(source: Source) -> Iterator[str]:
    """A row of book/differences.md for each `# Differs from BFL:` comment, with its whole text."""
    lines = [line.strip() for line in source.text.splitlines()]
    for number, comment in source.comments:
        _, marker, text = comment.partition("# Differs from BFL:")
        while marker and number < len(lines) and lines[number].startswith("#"):
            text += lines[number].removeprefix("#")
            number += 1
        if marker:
            yield f"| `{source.path}` | {text.strip()} |"

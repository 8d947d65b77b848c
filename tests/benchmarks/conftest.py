"""What every benchmark gets: a race, and a table of all races at the end."""

from functools import partial
from pathlib import Path

import pytest
from benchmarks.race import Row, compare, take_turns
from benchmarks.results import page, table

ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser):
    parser.addoption("--results", type=Path, help="write the table of ratios to this page")
    parser.addoption(
        "--quick", action="store_true", help="tiny sizes and two rounds: only to see that all runs"
    )


def pytest_configure(config):
    config.stash[ROWS] = []


def pytest_collection_modifyitems(items):
    """Let warnings pass here: compilers and other implementations have some of their own."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session")
def quick(request):
    """Whether sizes are to be reduced; the figures then mean nothing."""
    return request.config.getoption("quick")


@pytest.fixture
def note(request):
    """Add rows to the results."""
    return request.config.stash[ROWS].extend


@pytest.fixture
def race(benchmark, quick, note):
    """Let contenders take turns, note the ratios and give them; the first contender is ours."""

    def run(what, goal, contenders, rounds):
        times = {name: [] for name in contenders}
        turn = partial(take_turns, contenders, times)
        turn()  # to warm up
        for seconds in times.values():
            seconds.clear()
        benchmark.pedantic(turn, rounds=2 if quick else rounds)
        rows = compare(what, goal, times)
        benchmark.extra_info["ratios"] = {row.against: row.ratio for row in rows}
        note(rows)
        return rows

    return run


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("ratios: ours / theirs")
    terminalreporter.write_line("\n".join(table(rows)))
    target = config.getoption("results")
    if target and not config.getoption("quick"):
        target.write_text(page(rows), "utf-8")
        terminalreporter.write_line(f"Written to {target}.")

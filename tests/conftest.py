"""Two tiers, in what order tests run, and what their processes share."""

import os
import sys

import pytest

# Compiled once, not again by each of the processes that tests start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put files with slow tests first, so that no process is left with the longest at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, "scenarios" not in item.path.parts))


def pytest_deselected(items):
    """Count the tests of the second tier that are left out."""
    for item in items:
        if item.get_closest_marker("wide"):
            stash = item.config.stash
            stash[LEFT_OUT] = stash.get(LEFT_OUT, 0) + 1


def pytest_sessionfinish(session):
    """Tell the process that prints the summary how many are left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take the count of a process, which each of them has made of all tests."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter, config):
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{left_out} tests of the second tier (marker `wide`) were left out; "
            "`make test-all` runs them too."
        )

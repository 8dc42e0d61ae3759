"""Scripts are read by several threads at once."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent_core.execution.syntax_trees import parse, undisturbed

DEEP = "def f():\n  if a:\n    for i in b:\n      return " + "[" * 30 + "1" + "]" * 30 + "\n"

TREES = 240


@pytest.fixture
def restless():
    """Let other threads run in the middle of anything that makes objects."""

    def pause(phase, info):
        time.sleep(0.0002)

    before = gc.get_threshold()
    gc.callbacks.append(pause)
    gc.set_threshold(5, 2, 2)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(pause)


def test_threads_that_read_scripts_do_not_disturb_each_other(restless):
    sources = [DEEP * (1 + n % 3) for n in range(TREES)]

    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(parse, sources))

    assert [len(t.body) for t in trees] == [1 + n % 3 for n in range(TREES)]


def test_what_is_disturbed_is_made_again_and_a_real_fault_is_told():
    calls = []

    def disturbed_twice():
        calls.append(len(calls))
        if len(calls) < 3:
            raise SystemError("AST constructor recursion depth mismatch (before=5, after=6)")
        return "made"

    def always_disturbed():
        raise SystemError("AST constructor recursion depth mismatch (before=5, after=6)")

    assert undisturbed(disturbed_twice) == "made"
    with pytest.raises(SystemError, match="mismatch"):
        undisturbed(always_disturbed)
    with pytest.raises(SyntaxError):
        parse("def")

"""Tasks in researchers' words, each held against the design that an expert read out of it."""

from functools import cache

import pytest

from agent_core.offline.planner import build
from agent_core.offline.task_reading import read_task
from tests.support.designs import cases, datasets_of, differences

FILES = ("first", "second", "held_out/half_a")
CASES = {case["id"]: case for name in FILES for case in cases(name)}
ENOUGH = 84
"""Of the 88 tasks; the others must name what they leave unanswered."""


@cache
def plan_of(name):
    case = CASES[name]
    datasets = datasets_of(case)
    reading = read_task(case["text"], tuple(d.name for d in datasets))
    return build(reading, datasets[0], case["text"])


def test_nearly_all_designs_are_read_whole():
    differing = {n: d for n, case in CASES.items() if (d := differences(case, plan_of(n)))}

    assert len(CASES) - len(differing) >= ENOUGH, differing


@pytest.mark.parametrize("name", CASES)
def test_a_design_that_is_read_otherwise_says_so(name):
    plan = plan_of(name)

    assert not differences(CASES[name], plan) or plan.unanswered


@pytest.mark.parametrize("name", ["sweep-1", "grid-2", "core-4", "split_strategies-1"])
def test_a_comparison_finds_what_differs(name):
    other = next(n for n in CASES if n.partition("-")[0] != name.partition("-")[0])

    assert differences(CASES[other], plan_of(name))

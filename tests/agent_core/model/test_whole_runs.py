"""Whole runs on a server that answers badly now and then; `make soak` makes fifty."""

import asyncio
from random import Random

import pytest
from labs import reading_here
from model_runs import FORMS, NODES, lab_on, run_through, small_scripts

from agent_core.domain import Outcome, RunStatus
from agent_core.domain.events import ModelCalled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def read_here():
    with reading_here():
        yield


@pytest.fixture
def folder(tmp_path):
    tmp_path.chmod(0o755)
    return tmp_path


async def test_malformed_answers_end_no_run(folder):
    async with lab_on(small_scripts(0.05, Random(11)), folder / "data") as lab:
        views = await asyncio.gather(*(run_through(lab, folder, n) for n in range(2)))

    assert [(v.status, v.outcome) for v in views] == [(RunStatus.FINISHED, Outcome.PARTIAL)] * 2
    assert [len(v.nodes) for v in views] == [NODES] * 2
    assert all(v.report.bundle.exists() for v in views)


async def test_a_node_costs_one_call_for_code_and_at_most_one_for_judging(folder):
    async with lab_on(small_scripts(0, Random(4)), folder / "data") as lab:
        view = await run_through(lab, folder, 1)
        events = [logged.event async for logged in lab.events(view.id)]

    roles = [e.role for e in events if isinstance(e, ModelCalled)]
    crashed = sum(n.is_buggy for n in view.nodes)
    code = [r for r in roles if r in ("draft", "debug", "improve", "merge")]
    assert crashed
    assert len(code) == NODES
    assert roles.count("judge") <= NODES - crashed
    assert roles.count("plan") == 1


async def record_with(form, folder):
    """Make a small run on a server that speaks one form only; return what came of it."""
    search = {"max_iterations": 2, "parallel": 1}
    play = small_scripts(0, Random(9))
    async with lab_on(play, folder / form, speaks={form, "text"}, **search) as lab:
        view = await run_through(lab, folder, 1)
    nodes = [
        (n.operator, n.parents, n.script, n.execution.exit_code, n.verdicts, n.score)
        for n in view.nodes
    ]
    return view.plan, nodes, view.outcome, view.report.headline.splitlines()


@pytest.mark.wide
async def test_the_run_is_the_same_whatever_form_the_server_speaks(folder):
    schema, tools, text = [await record_with(form, folder) for form in FORMS]

    assert len(schema[1]) == 5
    assert schema == tools == text

"""Which posts an event brings, under which keys, with which buttons and files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from messages import action_ids
from scripted_lab import ScriptedLab

from agent_core.domain import Ending, NodeId, Outcome, PlanChange, Task
from agent_core.domain.events import (
    ModelOutage,
    NodeProgress,
    PlanSet,
    ProtocolFrozen,
    RunFailed,
    RunFinished,
)
from agent_core.run.view import RunView, fold
from bot.blocks.buttons import ButtonAction
from bot.delivery.threads import Thread
from bot.progress.posts import posts_of
from bot.slack.incoming import ThreadPlace


@pytest.fixture
async def lab():
    lab = ScriptedLab()
    await lab.submit(Task("How much does the seed change NDCG@10?"))
    return lab


def posts_by_event(lab, run="run1"):
    """Return the posts of every event of a run, in order."""
    thread = Thread(ThreadPlace("T1", "C1", "1.0"), run, "U1", "")
    before, told = RunView(run), []
    for logged in lab.logs[run]:
        view = fold(run, [logged], before)
        told.append(posts_of(logged, before, view, thread))
        before = view
    return told


def kinds_of(posts):
    """Return what posts are called, without the run and the number of their event."""
    return [p.key.split(":")[1] for p in posts]


async def test_a_whole_run_is_told_under_keys_that_never_repeat(lab, tmp_path):
    await lab.start("run1", "U1")
    lab.work("run1")
    lab.finish("run1", tmp_path / "first")
    await lab.dispute("run1", "the split leaks", "U2")
    await lab.improve("run1", "add EASE", "U1")
    lab.finish("run1", tmp_path / "second")

    posts = [post for told in posts_by_event(lab) for post in told]

    assert kinds_of(posts) == [
        *("PlanSet", "milestone", "report", "plots", "results"),
        *("Rechecked", "PlanSet", "RoundOpened", "report", "plots", "results"),
    ]
    assert len({p.key for p in posts}) == len(posts)
    assert {(p.run, p.place.thread_ts) for p in posts} == {("run1", "1.0")}


async def test_a_report_comes_with_its_plots_and_then_with_code_and_zip(lab, tmp_path):
    lab.work("run1")
    lab.finish("run1", tmp_path)

    report, plots, results = posts_by_event(lab)[-1]

    assert [len(p.files) for p in (report, plots, results)] == [0, 2, 2]
    assert {f.path.suffix for f in plots.files} == {".png"}
    assert [f.path.name for f in results.files] == ["solution.py", "results.zip"]
    assert plots.message.text != results.message.text


@pytest.mark.parametrize("is_fixed", [False, True])
async def test_a_fixed_plan_is_neither_started_nor_undone(lab, is_fixed):
    plan = (await lab.view("run1")).plan
    frozen = [ProtocolFrozen(1, "ab" * 32, "U1")] * is_fixed
    lab.add("run1", *frozen, PlanSet(replace(plan, version=2), PlanChange(changed=(1,))))

    (post,) = posts_by_event(lab)[-1]

    shown = action_ids(post.message)
    assert ({ButtonAction.START, ButtonAction.UNDO} <= set(shown)) is not is_fixed
    assert shown[-1] == ButtonAction.REQUIREMENTS


@pytest.mark.parametrize(("is_resumable", "buttons"), [(True, [ButtonAction.RESUME]), (False, [])])
async def test_only_what_can_go_on_has_a_button_to_go_on(lab, is_resumable, buttons):
    lab.add("run1", RunFailed("The key is wrong.", is_resumable))

    (post,) = posts_by_event(lab)[-1]

    assert action_ids(post.message) == buttons


@pytest.mark.parametrize(
    ("event", "count"),
    [
        (NodeProgress(NodeId(1), "seed 3"), 0),
        (ModelOutage("busy"), 0),
        (ModelOutage("the key is wrong", is_permanent=True), 1),
        (RunFinished(Outcome.NOTHING, Ending.NODES), 0),
    ],
)
async def test_what_a_person_cannot_mend_is_not_posted(lab, event, count):
    lab.add("run1", event)

    assert len(posts_by_event(lab)[-1]) == count

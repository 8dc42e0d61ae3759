"""Logs from before an event had a field: what was words then is read once."""

import json

import pytest
from results import dataset

from agent_core.domain import Ending, NodeId, Packages, PlanChange, RunId, RunStatus, Task
from agent_core.domain.events import (
    DatasetsProfiled,
    NodeFailed,
    PlanSet,
    Rerun,
    RunFailed,
    StatusChanged,
)
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest
from agent_core.run.journal import Journal, decode, encode
from agent_core.run.old_logs import complete
from agent_core.run.view import fold
from storage import runs
from storage.database import open_database
from storage.records import EventRecord
from storage.settings import StorageSettings

CHANGED = ("lenskit 2025.8.1 → 2026.1", "numpy not there → 2.4")
TEXT = f"**Repeated.** Changed since: {', '.join(CHANGED)}; differences may come from that."


def read_without(event, *fields):
    kind, body = encode(event)
    old = {k: v for k, v in json.loads(body).items() if k not in fields}
    return decode(EventRecord("run", 1, "2026-01-01T00:00:00+00:00", kind, json.dumps(old))).event


@pytest.mark.parametrize(
    "event",
    [
        NodeFailed(NodeId(2), "Duplicate: the same script ran before.", is_duplicate=True),
        NodeFailed(NodeId(2), "SyntaxError: Duplicate argument"),
        Rerun(NodeId(1), True, 0.0, 5, TEXT, CHANGED),
        Rerun(NodeId(1), True, 0.0, 5, "**Repeated, identical.**"),
    ],
)
def test_what_was_told_in_words_is_a_field(event):
    assert read_without(event, "is_duplicate", "changed") == event


def test_a_task_outside_the_grammar_is_told_by_its_exit_status():
    body = '{"reason": "I understood: nothing.", "is_resumable": false, "exit_code": %d}'
    known = [
        decode(EventRecord("r", 1, "2026-01-01T00:00:00+00:00", "RunFailed", body % code)).event
        for code in (5, 1)
    ]

    assert [e.is_outside_grammar for e in known] == [True, False]
    assert known[0] == RunFailed("I understood: nothing.", False, is_outside_grammar=True)


def test_the_comfort_in_an_old_reason_is_left_to_those_who_tell_it():
    reason = "Internal error (KeyError); nothing recorded is lost. The log has the details."

    found = complete("RunFailed", {"reason": reason})

    assert found["reason"] == "Internal error (KeyError). The log has the details."


def test_generated_data_is_told_by_its_name():
    event = DatasetsProfiled((dataset(known_as="SYNTHETIC DATA"), dataset()))
    kind, body = encode(event)
    old = json.loads(body)
    for data in old["datasets"]:
        del data["is_synthetic"]

    found = complete(kind, old)

    assert [d["is_synthetic"] for d in found["datasets"]] == [True, False]


@pytest.mark.parametrize(("line", "back_to"), [("back to version 3", 3), ("K 10 → 20", None)])
def test_an_undo_is_told_by_its_line(line, back_to):
    old = {"plan": {}, "change": {"summary": [line]}}

    found = complete("PlanSet", old)

    assert found["plan"] == {"topics": [], "refused": []}
    assert found["change"]["back_to"] == back_to
    assert PlanChange(back_to=back_to).is_empty is (back_to is None)


async def test_assumptions_and_limits_of_an_old_plan_are_those_that_it_was_made_with():
    task = "How much do several seeds change NDCG@10 and diversity of ImplicitMF?"
    context = Context(RunId("r"), task, (dataset(),), Packages("3.11", {}))
    plan = await OfflineResearcher().plan(PlanRequest(context))
    assert any("diversity" in u.clause.lower() for u in plan.unanswered)
    assert {"split", "seeds"} <= set(plan.topics)

    kind, body = encode(PlanSet(plan))
    old = json.loads(body)
    for field in ("topics", "refused"):
        del old["plan"][field]
    for wanted in old["plan"]["requirements"]:
        del wanted["limit"]
    record = EventRecord("run", 1, "2026-01-01T00:00:00+00:00", kind, json.dumps(old))

    assert decode(record).event.plan == plan


async def test_a_log_with_kinds_and_a_status_that_are_no_more_opens(tmp_path):
    run, at = RunId("r1"), "2026-01-01T00:00:00+00:00"
    question = {"question": {"text": "Which?", "options": ["a"], "default": 0}, "deadline": None}
    obsolete = [
        ("QuestionAsked", json.dumps(question)),
        ("QuestionSettled", json.dumps({"option": 0, "by": ""})),
        ("StatusChanged", json.dumps({"status": "queued", "reason": ""})),
    ]
    async with open_database(StorageSettings(path=tmp_path)) as database:
        journal = Journal(database, "here:1:x")
        await journal.create(run, Task("What?"))
        await journal.append(run, StatusChanged(RunStatus.WAITING))
        await runs.append(database, run, obsolete, at, "queued")
        (ended,) = await journal.append(run, StatusChanged(RunStatus.CANCELLED))

        log = await journal.read(run)
        followed = [logged async for logged in journal.follow(run)]

    assert followed == log
    assert [logged.seq for logged in log] == [1, 5]
    view = fold(run, log)
    assert (view.seq, view.status) == (ended.seq, RunStatus.CANCELLED)


def test_what_ended_a_search_is_told_by_the_word_that_was_stored():
    at = "2026-01-01T00:00:00+00:00"
    stored = [
        ("StatusChanged", {"status": "reporting", "reason": "nodes"}),
        ("RunFinished", {"outcome": "partial", "reason": "nodes"}),
    ]
    log = [decode(EventRecord("r", n, at, k, json.dumps(b))) for n, (k, b) in enumerate(stored, 1)]

    writing, ended = (fold(RunId("r"), log[:n]) for n in (1, 2))

    assert [writing.ending, ended.ending] == [Ending.NODES, Ending.NODES]
    assert ended.failure == ""


def test_what_no_requirement_covered_is_what_is_not_answered():
    lines = ["“the price” is not in my grammar", "u.item: one dataset is run at a time"]

    found = complete("PlanSet", {"plan": {"unmapped": lines}})["plan"]

    assert found["unanswered"] == [
        {"clause": "the price", "reason": "is not in my grammar"},
        {"clause": lines[1]},
    ]
    assert "unmapped" not in found
    assert found["refused"] == ["the price"]

"""Plans in the terminal: shown alone, and started only where the main question is answered."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders import plan_of, requirement
from labs import BINDING, RATINGS, lab_in
from scripted import ScriptedResearcher

from agent_core.domain import Choice, Unanswered
from agent_core.errors import OutsideGrammar
from bot.commands import plan as plan_command, run as run_command
from bot.commands.plan import show_plan
from bot.commands.run import RunOrder, run_task
from bot.settings import Settings

EURO = Unanswered("how much Euro is this", "no prices", is_main=True)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Return what lets commands work with a researcher that plays a script."""
    (tmp_path / "ratings.csv").write_text(RATINGS)

    def opened(researcher):
        @asynccontextmanager
        async def open_core(*_, **__):
            async with lab_in(tmp_path / "data", researcher) as lab:
                yield SimpleNamespace(lab=lab)

        for command in (plan_command, run_command):
            monkeypatch.setattr(command, "open_core", open_core)
        return RunOrder(
            "How much do seeds matter?", (tmp_path / "ratings.csv",), tmp_path / "out",
            "offline", 0, json=False,
        )  # fmt: skip

    return opened


def planning(*clauses, **more):
    plan = replace(plan_of(requirement(1)), unanswered=clauses, **more)
    return ScriptedResearcher(plan)


def test_a_plan_is_shown_and_nothing_is_run(lab, capsys):
    researcher = planning(ask=Choice("Which item?", ("the newest", "a random one")))

    status = show_plan(lab(researcher), Settings())
    shown = capsys.readouterr().out

    assert status == 0
    assert researcher.calls == ["plan"]
    assert "Design: 2 algorithms x 3 training seeds (ImplicitMF) = 4 trainings" in shown
    assert "Asked: Which item? [the newest] a random one" in shown
    assert all(f"  {name}: " in shown for name in ("Question", "Data", "Split"))


def test_machines_get_one_object(lab, capsys):
    order = replace(lab(planning(Unanswered("in Euro"))), json=True)

    status = show_plan(order, Settings())
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)

    assert status == 0
    assert found["unanswered"] == [{"clause": "in Euro", "reason": "", "is_main": False}]
    assert (found["cells"], found["trainings"]) == (4, 4)
    assert found["plan"]["factors"]
    assert found["questions"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_plan_without_its_main_question_or_a_task_outside_is_status_five(lab, capsys, as_json):
    outside = ScriptedResearcher(OutsideGrammar("I understood nothing"))

    statuses = [
        show_plan(replace(lab(r), json=as_json), Settings()) for r in (planning(EURO), outside)
    ]

    assert statuses == [5, 5]
    told = capsys.readouterr()
    assert "how much Euro" in told.out
    assert "I understood nothing" in told.out + told.err


def test_a_run_stops_before_anything_is_spent(lab, capsys):
    researcher = planning(EURO)

    status = run_task(lab(researcher), Settings())

    assert status == 5
    assert researcher.calls == ["plan"]
    assert "--accept-unanswered" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "status", "calls"), [("leave out the euro question", 0, True), ("", 5, False)]
)
def test_at_a_terminal_somebody_is_asked(lab, monkeypatch, capsys, answer, status, calls):
    waived = "".join(f" Waive {name} because nothing is delivered here." for name in BINDING)
    researcher = planning(EURO)
    monkeypatch.setattr("builtins.input", lambda asked: answer * ("Start anyway" in asked))
    order = lab(researcher)

    found = run_task(replace(order, asks=True, text=f"{order.text}{waived}"), Settings())

    assert found == status
    assert ("draft" in researcher.calls) is calls


def test_an_accepted_run_ends_with_what_there_is_and_says_what_is_missing(lab, capsys):
    order = replace(lab(planning(EURO)), accepts_unanswered=True)

    status = run_task(order, Settings())

    assert status == 3
    assert "Not answered: “how much Euro is this”" in capsys.readouterr().out

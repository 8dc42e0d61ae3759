"""A plan that leaves the main question unanswered: asked first, struck, or run to status three."""

from dataclasses import replace

import pytest
from builders import plan_of, requirement
from labs import ANN, BINDING, lab_in, task, until, waiting
from scripted import ScriptedResearcher

from agent_core.domain import Outcome, RunStatus, Unanswered
from agent_core.domain.events import PlanSet, RunFinished
from agent_core.errors import NeedsConsent

EURO = Unanswered("how much Euro is this", "no prices", is_main=True)
SITE = Unanswered("whether people on the live site notice")


def researcher(*clauses):
    return ScriptedResearcher(replace(plan_of(requirement(1)), unanswered=clauses))


def judged_alone(ratings):
    """Return a task whose scripts are judged by their requirement alone."""
    waived = "".join(f"\nWaive {name} because nothing is delivered here." for name in BINDING)
    asked = task(ratings)
    return replace(asked, text=f"{asked.text}{waived}")


async def test_nothing_is_spent_without_consent(tmp_path, ratings):
    scripted = researcher(EURO)
    async with lab_in(tmp_path / "data", scripted) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)

        with pytest.raises(NeedsConsent, match="how much Euro is this"):
            await lab.start(run, ANN)
        view = await lab.view(run)

    assert view.status is RunStatus.WAITING
    assert view.freeze is None
    assert scripted.calls == ["plan"]


async def test_a_consented_run_says_first_what_is_not_answered_and_is_not_satisfied(
    tmp_path, ratings
):
    async with lab_in(tmp_path / "data", researcher(EURO, SITE)) as lab:
        run = await lab.submit(judged_alone(ratings))
        await waiting(lab, run)
        await lab.start(run, ANN, accepts_unanswered=True)
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        view = await lab.view(run)
        await lab.improve(run, "leave out the euro question and the live site", ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished), view.seq)
        later = await lab.view(run)

    assert later.plan.unanswered == ()
    assert later.outcome is Outcome.SATISFIED
    assert view.freeze.accepted == (EURO.clause,)
    assert view.best.is_satisfactory
    assert view.outcome is Outcome.PARTIAL
    for clause in (EURO.clause, SITE.clause):
        assert clause in view.report.headline
        assert clause in view.report.markdown.partition("## ")[0]


async def test_only_what_the_requester_strikes_is_gone(tmp_path, ratings):
    async with lab_in(tmp_path / "data", researcher(EURO)) as lab:
        run = await lab.submit(judged_alone(ratings))
        await waiting(lab, run)
        revision = await lab.revise(run, "leave out the euro question", ANN)
        changed = [e.event for e in await lab.journal.read(run) if isinstance(e.event, PlanSet)]
        await lab.start(run, ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        view = await lab.view(run)

    assert revision.plan.unanswered == ()
    assert revision.plan.struck == (EURO.clause,)
    assert EURO.clause in changed[-1].change.summary[0]
    assert changed[-1].by == ANN
    assert view.freeze.accepted == ()
    assert view.outcome is Outcome.SATISFIED


async def test_what_the_task_says_and_no_plan_uses_is_named(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        asked = replace(task(ratings), text="How much do seeds matter? Take 700 test users.")
        run = await lab.submit(asked)
        await waiting(lab, run)
        view = await lab.view(run)

    assert [u.clause for u in view.plan.unanswered] == ["Take 700 test users"]

"""What people do about a report: further rounds, waivers, disputes; scripts really execute."""

import asyncio
import json
import zipfile
from dataclasses import replace

import pytest
from builders import plan_of, requirement
from labs import ANN, BINDING, lab_in, run_through, settings, task, until, waiting
from patience import PATIENCE_S
from scripted import WORKING, ScriptedResearcher

from agent_core.domain import Outcome, PlanChange, Revision, RunStatus, Usage, UserId
from agent_core.domain.events import ModelCalled, NodeJudged, RunFinished
from agent_core.errors import AgentError, BudgetExhausted
from agent_core.settings import BudgetSettings

BOB = UserId("bob")
WAIVE_ALL = "\n".join(f"Waive {name} because nothing is delivered here." for name in BINDING)


async def ended(lab, view):
    await until(lab, view.id, lambda e: isinstance(e, RunFinished), view.seq)
    return await lab.view(view.id)


def revised(version=2):
    plan = plan_of(requirement(1), requirement(2))
    return Revision(replace(plan, version=version), PlanChange(added=(2,)))


async def test_a_wish_opens_a_round_from_the_scripts_there_are(tmp_path, ratings):
    researcher = ScriptedResearcher(revision=revised())
    async with lab_in(tmp_path / "data", researcher, settings(max_iterations=1)) as lab:
        first = await run_through(lab, task(ratings))
        revision = await lab.improve(first.id, "also report Recall@20", BOB)
        second = await ended(lab, first)

    assert revision.plan.version == 2
    assert len(second.nodes) == len(first.nodes) + 1
    assert second.nodes[-1].operator.value == "improve"
    assert all(n.plan_version == 2 for n in second.nodes if n.is_working)
    assert "Exploratory" in second.report.headline
    assert "plan v1 to v2" in second.report.headline
    assert second.freeze == first.freeze


class SlowJudge(ScriptedResearcher):
    """A judge that answers the first time only."""

    async def judge(self, request):
        if "judge" in self.calls:
            self.calls.append("waits")
            await asyncio.Event().wait()
        return await super().judge(request)


async def test_a_stop_does_not_wait_for_a_judge_who_looks_again(tmp_path, ratings):
    researcher = SlowJudge(revision=revised())
    async with lab_in(tmp_path / "data", researcher, settings(max_iterations=0)) as lab:
        first = await run_through(lab, task(ratings))
        judged = len(first.nodes[0].verdicts)
        await lab.improve(first.id, "add a plot", ANN)
        async with asyncio.timeout(PATIENCE_S):
            while "waits" not in researcher.calls:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await lab.stop(first.id, ANN)
            second = await ended(lab, first)

    assert second.status is RunStatus.FINISHED
    assert second.report.bundle != first.report.bundle
    assert len(second.nodes[0].verdicts) == judged


async def test_the_first_report_stays_beside_the_second(tmp_path, ratings):
    researcher = ScriptedResearcher(revision=revised())
    async with lab_in(tmp_path / "data", researcher) as lab:
        first = await run_through(lab, task(ratings))
        before = first.report.bundle.read_bytes()
        await lab.improve(first.id, "add a plot", ANN)
        second = await ended(lab, first)

    assert second.report.bundle != first.report.bundle
    assert first.report.bundle.read_bytes() == before
    with zipfile.ZipFile(second.report.bundle) as archive:
        name = next(n for n in archive.namelist() if n.endswith("plan.json"))
        plan = json.loads(archive.read(name))
    assert plan["is_exploratory"]
    assert plan["frozen"]["version"] == 1


async def test_what_was_met_in_the_same_words_is_not_asked_again(tmp_path, ratings):
    researcher = ScriptedResearcher(revision=revised())
    async with lab_in(tmp_path / "data", researcher, settings(max_iterations=0)) as lab:
        first = await run_through(lab, task(ratings))
        asked = researcher.calls.count("judge")
        await lab.improve(first.id, "add a plot", ANN)
        second = await ended(lab, first)

    assert researcher.calls.count("judge") == asked + 1
    assert [v.requirement for v in second.best.verdicts if v.is_met] == [1, 2]
    assert "script 1" in second.best.verdicts[0].by


async def test_a_waiver_after_the_end_writes_a_new_report_without_a_new_script(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher(), settings(max_iterations=0)) as lab:
        first = await run_through(lab, task(ratings))
        said = await lab.revise(first.id, WAIVE_ALL, ANN)
        second = await ended(lab, first)

    assert first.outcome is Outcome.PARTIAL
    assert "Set aside at your word" in said.reply
    assert second.outcome is Outcome.SATISFIED
    assert len(second.nodes) == len(first.nodes)
    assert "set aside** by ann, after results were seen" in second.report.headline
    assert "Exploratory" not in second.report.headline


class SlowWriter(ScriptedResearcher):
    """Is still writing its second draft when the run is stopped."""

    async def draft(self, request):
        if request.index and self.calls.count("draft") < 2:
            self.calls.append("draft")
            await asyncio.sleep(600)
        return await super().draft(request)


async def test_a_waiver_after_a_stop_runs_nothing_that_was_given_up(tmp_path, ratings):
    researcher = SlowWriter(drafts=[WORKING, f"{WORKING}x = 1\n"])
    given = settings(num_draft_nodes=2, max_iterations=0)
    async with lab_in(tmp_path / "data", researcher, given) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: isinstance(e, NodeJudged))
        await lab.stop(run, ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        first = await lab.view(run)
        await lab.revise(run, WAIVE_ALL, ANN)
        second = await ended(lab, first)

    assert [bool(n.script.source) for n in first.nodes] == [True, False]
    assert [bool(n.script.source) for n in second.nodes] == [True, False]
    assert second.outcome is Outcome.SATISFIED


async def test_a_waiver_during_a_run_frees_the_scripts_that_it_held_up(tmp_path, ratings):
    slow = "import time\ntime.sleep(1)\nprint('ran')\n"
    others = [f"{slow}x{i} = 1\n" for i in range(9)]
    researcher = ScriptedResearcher(drafts=[WORKING], improvements=others)
    async with lab_in(tmp_path / "data", researcher, settings(max_iterations=5)) as lab:
        run = await lab.submit(task(ratings))
        await until(lab, run, lambda e: getattr(e, "status", None) is RunStatus.WAITING)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: isinstance(e, NodeJudged))
        await lab.revise(run, WAIVE_ALL, ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        view = await lab.view(run)

    assert view.reason == "satisfied"
    assert len(view.nodes) < 6


async def test_a_round_goes_on_after_a_crash(tmp_path, ratings):
    sleeping = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"
    researcher = ScriptedResearcher(revision=revised(), improvements=[sleeping])
    given = settings(max_iterations=1)
    async with lab_in(tmp_path / "data", researcher, settings(max_iterations=0)) as lab:
        first = await run_through(lab, task(ratings))
    async with lab_in(tmp_path / "data", researcher, given) as lab:
        await lab.improve(first.id, "add a plot", ANN)
        await until(lab, first.id, lambda e: getattr(e, "line", "") == "begun", first.seq)
    researcher.improvements = [WORKING + "x = 1\n"]
    async with lab_in(tmp_path / "data", researcher, given) as lab:
        halfway = await lab.view(first.id)
        await lab.stop(first.id, ANN)
        second = await ended(lab, first)

    assert halfway.status is RunStatus.RUNNING
    assert len(second.rounds) == 1
    assert second.report.bundle != first.report.bundle


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("", "nothing open"),
        ("is it good?", "noted"),
        ("waive luck", "no binding"),
        (f"is it good?\n{WAIVE_ALL}", "noted No check is set aside either"),
    ],
)
async def test_no_round_is_opened_for_nothing(tmp_path, ratings, wish, said):
    given = replace(task(ratings), text="seeds?" + "\n" + WAIVE_ALL)
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        first = await run_through(lab, given)
        revision = await lab.improve(first.id, wish, ANN)
        second = await lab.view(first.id)

    assert said in revision.reply
    assert second.rounds == ()
    assert second.status is RunStatus.FINISHED


async def test_a_waiver_after_the_end_that_frees_nothing_says_when_it_counts(tmp_path, ratings):
    given = replace(task(ratings), text="seeds?" + "\n" + WAIVE_ALL)
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        first = await run_through(lab, given)
        said = await lab.revise(first.id, f"Waive {BINDING[0]} because of a doubt.", BOB)
        second = await lab.view(first.id)

    assert said.reply.endswith("This run has ended; it counts when it goes on.")
    assert second.rounds == ()


async def test_a_run_that_goes_on_opens_no_round(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await until(lab, run, lambda e: getattr(e, "status", None) is RunStatus.WAITING)
        revision = await lab.improve(run, "add EASE", ANN)

    assert "is waiting" in revision.reply


async def test_two_presses_open_one_round(tmp_path, ratings):
    researcher = ScriptedResearcher(revision=revised())
    async with lab_in(tmp_path / "data", researcher) as lab:
        first = await run_through(lab, task(ratings))
        both = [lab.improve(first.id, "add a plot", ANN) for _ in range(2)]
        await asyncio.gather(*both)
        second = await ended(lab, first)

    assert len(second.rounds) == 1


async def test_a_lab_that_has_spent_its_month_opens_no_round(tmp_path, ratings):
    given = settings().model_copy(update={"budget": BudgetSettings(lab_month=1.0)})
    async with lab_in(tmp_path / "data", ScriptedResearcher(revision=revised()), given) as lab:
        first = await run_through(lab, task(ratings))
        call = ModelCalled("plan", "m", Usage(calls=1, cost=1.5), 1.0)
        await lab.journal.append(first.id, call)
        with pytest.raises(BudgetExhausted, match="lab_month"):
            await lab.improve(first.id, "add a plot", ANN)


async def test_a_dispute_is_noted_and_the_files_are_checked_again(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        first = await run_through(lab, task(ratings))
        told = await lab.dispute(first.id, "the  baseline\nis wrong", BOB)
        view = await lab.view(first.id)
        await lab.revise(first.id, WAIVE_ALL, ANN)
        second = await ended(lab, view)

    assert told.is_same
    assert "all with the reported finding" in told.text
    assert view.status is RunStatus.FINISHED
    assert view.disputes[0].text == "the baseline is wrong"
    assert "**Disputed** by bob: “the baseline is wrong”" in second.report.headline


async def test_a_dispute_without_any_script_is_refused(tmp_path, ratings):
    researcher = ScriptedResearcher(drafts=["raise ValueError('no')\n"], repairs=["x = 1 / 0\n"])
    async with lab_in(tmp_path / "data", researcher) as lab:
        run = await lab.submit(task(ratings))
        with pytest.raises(AgentError, match="nothing to check"):
            await lab.dispute(run, "wrong", BOB)

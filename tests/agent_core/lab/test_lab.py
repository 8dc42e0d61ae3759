"""Runs from task to report over a real database; scripts really execute, in the sandbox."""

import asyncio
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest
from labs import ANN, BINDING, lab_in, run_through, settings, task, until, waiting
from scripted import WORKING, ScriptedResearcher

from agent_core.domain import Answer, Budget, Ending, NodeId, Outcome, RunStatus, Task, Usage
from agent_core.domain.events import ModelCalled, NodeExecuted, NodeStarted, Rerun, RunFinished
from agent_core.errors import (
    AgentError,
    BudgetExhausted,
    ModelUnavailable,
    OutsideGrammar,
    UnusableAnswer,
)
from agent_core.lab.housekeeping import Housekeeper
from agent_core.run.journal import Journal, utc_now
from agent_core.settings import BudgetSettings
from sandbox.execution import Ended

SLEEP = (
    "import time\nopen('rows.txt', 'w').write('27 of 30')\n"
    "print('begun', flush=True)\ntime.sleep(600)\n"
)


async def test_a_task_ends_with_a_report(tmp_path, ratings):
    researcher = ScriptedResearcher()
    async with lab_in(tmp_path / "data", researcher) as lab:
        view = await run_through(lab, task(ratings))

    judged = [n for n in view.nodes if n.score is not None]
    assert view.status is RunStatus.FINISHED
    assert view.report is not None
    assert view.report.bundle.exists()
    assert researcher.calls.count("judge") == len(judged)


async def test_the_same_origin_is_one_run(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        first, second = await asyncio.gather(lab.submit(task(ratings)), lab.submit(task(ratings)))

        assert first == second
        assert len(await lab.runs()) == 1


async def test_the_plan_waits_for_the_start_and_is_then_frozen(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        before = await lab.view(run)
        await lab.start(run, ANN)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        after = await lab.view(run)

    assert before.nodes == ()
    assert after.freeze.by == ANN
    assert len(after.plans) == 1


async def test_a_crash_is_debugged(tmp_path, ratings):
    researcher = ScriptedResearcher(drafts=["raise ValueError('no')\n"], repairs=[WORKING])
    async with lab_in(tmp_path / "data", researcher) as lab:
        view = await run_through(lab, task(ratings))

    assert [n.operator.value for n in view.nodes][:2] == ["draft", "debug"]
    assert view.nodes[0].is_buggy
    assert "ValueError: no" in view.nodes[0].execution.output
    assert view.best.id == 2


async def test_nothing_works_is_still_a_report(tmp_path, ratings):
    bad = [f"raise ValueError('no')  # {i}\nx{i} = 1\n" for i in range(9)]
    researcher = ScriptedResearcher(drafts=bad, repairs=["raise KeyError('still')\n"])
    async with lab_in(tmp_path / "data", researcher) as lab:
        view = await run_through(lab, task(ratings))

    assert view.outcome is Outcome.NOTHING
    assert view.reason == "nodes"
    assert "ValueError" in view.report.markdown


async def test_an_unusable_answer_costs_one_attempt(tmp_path, ratings):
    researcher = ScriptedResearcher(drafts=[UnusableAnswer("prose"), WORKING])
    async with lab_in(tmp_path / "data", researcher, settings(num_draft_nodes=2)) as lab:
        view = await run_through(lab, task(ratings))

    assert [n.error is not None for n in view.nodes].count(True) == 1
    assert view.best is not None


async def test_a_failing_judge_leaves_requirements_unmet_and_the_run_alive(tmp_path, ratings):
    researcher = ScriptedResearcher(verdict=UnusableAnswer("prose"), improvements=[WORKING])
    async with lab_in(tmp_path / "data", researcher, settings(max_iterations=0)) as lab:
        view = await run_through(lab, task(ratings))

    assert view.outcome is Outcome.PARTIAL
    assert view.nodes[0].verdicts[0].by == "unjudged"


class WaveringResearcher(ScriptedResearcher):
    """Says yes at first, and no when asked again."""

    async def judge(self, request):
        self.verdict = "judge" not in self.calls
        return await super().judge(request)


async def test_what_would_end_a_run_is_judged_twice(tmp_path, ratings):
    waived = "".join(f"\nWaive {name} because nothing is delivered here." for name in BINDING)
    given = task(ratings)
    given = replace(given, text=given.text + waived)
    researcher = WaveringResearcher()
    async with lab_in(tmp_path / "data", researcher, settings(max_iterations=0)) as lab:
        view = await run_through(lab, given)

    assert [w.check for w in view.waivers] == BINDING
    assert view.outcome is Outcome.PARTIAL
    assert researcher.calls.count("judge") == 2
    assert "Judged twice, differently" in view.nodes[0].verdicts[0].reason


class PricedResearcher(ScriptedResearcher):
    """Every answer costs a tenth of a dollar, and may cost three."""

    @asynccontextmanager
    async def open_metered_view(self, limits):
        view = copy(self)
        view.limits = limits
        yield view

    async def answer(self, request):
        worst = Usage(calls=1, input_tokens=10, cost=0.3)
        self.limits.reserve(worst, is_reserve=True)
        await asyncio.sleep(0.01)
        self.limits.settle(worst, ModelCalled("answer", "m", Usage(1, 10, cost=0.1), 0.01))
        return Answer("so it is")


async def test_sixty_questions_at_once_do_not_pass_the_cap_together(tmp_path, ratings):
    budget = Budget(nodes=1, cost=1.0)
    async with lab_in(tmp_path / "data", PricedResearcher(drafts=[SLEEP])) as lab:
        run = await lab.submit(task(ratings, budget=budget))
        await waiting(lab, run)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: getattr(e, "line", "") == "begun")
        asked = (lab.answer(run, f"why {n}?", ANN) for n in range(60))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        spent = (await lab.view(run)).usage.cost
        await lab.stop(run, ANN)

    given = [a for a in answers if not isinstance(a, Exception)]
    assert spent == pytest.approx(0.1 * len(given))
    assert 0 < spent <= 1.0
    assert all(isinstance(a, BudgetExhausted) for a in answers if a not in given)


async def test_an_outage_while_planning_is_waited_for(tmp_path, ratings):
    researcher = ScriptedResearcher()
    busy, plan = ModelUnavailable("the endpoint is busy"), researcher.first_plan
    answers = [busy, busy, plan]
    researcher.plan = lambda request: answered(answers.pop(0))
    async with lab_in(tmp_path / "data", researcher) as lab:
        lab.services = replace(lab.services, outage_waits_s=(0.01, 0.01))
        await waiting(lab, await lab.submit(task(ratings)))

    assert answers == []


async def answered(answer):
    """Give an answer, or raise it."""
    if isinstance(answer, Exception):
        raise answer
    return answer


async def test_what_ran_is_reported_where_the_quota_is_used_up(tmp_path, ratings):
    gone = ModelUnavailable("the quota is used up", is_permanent=True)
    researcher = ScriptedResearcher(verdict=False, improvements=[gone])
    async with lab_in(tmp_path / "data", researcher) as lab:
        view = await run_through(lab, task(ratings))

    assert view.status is RunStatus.FINISHED
    assert view.ending is Ending.MODEL
    assert view.outcome is Outcome.PARTIAL
    assert view.report.markdown


async def test_a_permanent_outage_leaves_the_run_resumable(tmp_path, ratings):
    gone = ModelUnavailable("the key is wrong", is_permanent=True)
    researcher = ScriptedResearcher(drafts=[gone])
    async with lab_in(tmp_path / "data", researcher) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: type(e).__name__ == "RunFailed")
        failed = await lab.view(run)
        researcher.drafts[:] = [WORKING]
        await lab.resume(run, ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished), failed.seq)
        view = await lab.view(run)

    assert failed.status is RunStatus.FAILED
    assert "key is wrong" in failed.reason
    assert view.status is RunStatus.FINISHED


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "empty"), (b"\x89PNG\r\n\x1a\n\x00\x00\xff", "ratings.csv")]
)
async def test_a_bad_dataset_fails_with_what_to_do(tmp_path, ratings, content, said):
    ratings.write_bytes(content)
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await until(lab, run, lambda e: False)
        view = await lab.view(run)

    assert view.status is RunStatus.FAILED
    assert said in view.reason


async def test_no_dataset_says_how_to_give_one(tmp_path):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(Task("seeds?", (), ANN, "test:1"))
        await until(lab, run, lambda e: False)
        view = await lab.view(run)

    assert view.status is RunStatus.FAILED
    assert "Attach" in view.reason


async def test_outside_the_grammar_is_exit_five(tmp_path, ratings):
    researcher = ScriptedResearcher(first_plan=OutsideGrammar("I understood nothing"))
    async with lab_in(tmp_path / "data", researcher) as lab:
        run = await lab.submit(task(ratings))
        await until(lab, run, lambda e: False)
        view = await lab.view(run)

    assert view.is_outside_grammar


async def test_stop_before_the_start_cancels(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        await lab.stop(run, ANN)
        await lab.stop(run, ANN)
        await until(lab, run, lambda e: False)
        view = await lab.view(run)

    assert view.status is RunStatus.CANCELLED
    assert view.nodes == ()


async def test_stop_while_a_script_runs_ends_with_a_report(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher(drafts=[SLEEP])) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: getattr(e, "line", "") == "begun")
        await lab.stop(run, ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        view = await lab.view(run)

    assert view.reason == "stopped"
    assert view.report is not None
    assert view.nodes[0].execution.ended is Ended.STOPPED
    assert [a.path.read_text() for a in view.nodes[0].execution.artifacts] == ["27 of 30"]


async def test_a_sure_winner_is_repeated_while_other_drafts_run(tmp_path, ratings):
    researcher = ScriptedResearcher(drafts=[WORKING, SLEEP])
    given = settings(num_draft_nodes=2)
    async with lab_in(tmp_path / "data", researcher, given) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        for name in BINDING:
            await lab.revise(run, f"waive {name} because this script delivers nothing", ANN)
        await lab.start(run, ANN)
        repeated = await until(lab, run, lambda e: isinstance(e, Rerun))
        await lab.stop(run, ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        view = await lab.view(run)

    assert repeated.event.node == 1
    assert view.node(NodeId(2)).execution.ended is Ended.STOPPED
    assert (view.outcome, len(view.reruns)) == (Outcome.SATISFIED, 1)


async def test_a_closed_lab_leaves_the_run_and_the_next_one_goes_on(tmp_path, ratings):
    marker = "print('begun', flush=True)\n"
    slow = marker + "import time, os\ntime.sleep(3)\n"
    researcher = ScriptedResearcher(drafts=[WORKING, slow], verdict=False, improvements=[slow])
    given = settings(num_draft_nodes=2, max_iterations=0)
    async with lab_in(tmp_path / "data", researcher, given) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: getattr(e, "line", "") == "begun")
    async with lab_in(tmp_path / "data", researcher, given) as lab:
        await until(lab, run, lambda e: isinstance(e, RunFinished))
        log = await lab.journal.read(run)
        view = await lab.view(run)

    executed = [e.event.node for e in log if isinstance(e.event, NodeExecuted)]
    started = [e.event.node for e in log if isinstance(e.event, NodeStarted)]
    assert sorted(executed) == sorted(set(executed)) == sorted(started)
    assert view.status is RunStatus.FINISHED
    assert researcher.calls.count("draft") == 2


async def test_a_run_that_is_just_taken_on_is_not_taken_up_as_well(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        submitting = asyncio.create_task(lab.submit(task(ratings)))
        while not submitting.done():
            await Housekeeper(lab).take_up()
        run = submitting.result()
        await waiting(lab, run)
        await asyncio.gather(*(lab.work_on(run) for _ in range(3)))
        log = await lab.journal.read(run)

    kinds = [type(logged.event).__name__ for logged in log]
    assert kinds == ["RunSubmitted", "DatasetsProfiled", "PlanSet", "StatusChanged"]


async def test_the_time_budget_ends_a_script(tmp_path, ratings):
    budget = Budget(nodes=3, seconds=2.0)
    async with lab_in(tmp_path / "data", ScriptedResearcher(drafts=[SLEEP])) as lab:
        view = await run_through(lab, task(ratings, budget=budget))

    assert view.reason == "seconds"
    assert view.nodes[0].execution.ended.value == "timeout"


async def test_undo_brings_the_version_before_back(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        revision = await lab.undo(run, ANN)

    assert "no change" in revision.reply


async def test_questions_are_answered_from_records(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        view = await run_through(lab, task(ratings))
        answer = await lab.answer(view.id, "what was the mean?", ANN)
        log = await lab.journal.read(view.id)

    assert answer.text == "about: what was the mean?"
    assert type(log[-1].event).__name__ == "Answered"


async def test_export_before_the_report_is_refused(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher()) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)

        with pytest.raises(AgentError, match="no report"):
            await lab.export(run, tmp_path / "out")


async def test_nothing_is_started_when_the_month_is_spent(tmp_path, ratings):
    given = settings().model_copy(update={"budget": BudgetSettings(lab_month=1.0)})
    async with lab_in(tmp_path / "data", ScriptedResearcher(), given) as lab:
        spent = await lab.submit(task(ratings, "test:spent"))
        await waiting(lab, spent)
        call = ModelCalled("plan", "m", Usage(calls=1, cost=1.5), 1.0)
        await lab.journal.append(spent, call)
        run = await lab.submit(task(ratings))
        await waiting(lab, run)

        with pytest.raises(BudgetExhausted, match=r"\$1.50 of \$1.00"):
            await lab.start(run, ANN)


async def test_old_runs_are_forgotten_with_their_files(tmp_path, ratings):
    given = settings().model_copy(update={"retention_days": 1})
    async with lab_in(tmp_path / "data", ScriptedResearcher(), given) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        await lab.stop(run, ANN)
        await until(lab, run, lambda e: False)
        lab.journal.now = lambda: utc_now() + timedelta(days=2)
        await Housekeeper(lab).forget_old()

        assert await lab.runs() == []
        assert not lab.journal.folder(run).exists()


async def test_another_process_asks_for_a_stop(tmp_path, ratings):
    async with lab_in(tmp_path / "data", ScriptedResearcher(drafts=[SLEEP])) as lab:
        run = await lab.submit(task(ratings))
        await waiting(lab, run)
        await lab.start(run, ANN)
        await until(lab, run, lambda e: getattr(e, "line", "") == "begun")
        await Journal(lab.journal.database, "elsewhere:1:x").ask(run, "stop", ANN)
        await until(lab, run, lambda e: isinstance(e, RunFinished))

        assert (await lab.view(run)).reason == "stopped"

"""What a search comes to: the best script's facts, the report, and a repetition of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent_core.checks.registry import run_checks
from agent_core.domain import (
    Answer,
    Check,
    Ending,
    Environment,
    Finding,
    Node,
    Outcome,
    Packages,
    Plan,
    Report,
    ReportDraft,
    ToldAnswer,
    Waiver,
)
from agent_core.domain.events import Rechecked, Reported, Rerun, Work
from agent_core.errors import AgentError
from agent_core.evidence.evidence import Delivery, Evidence, look_through
from agent_core.evidence.independence import (
    INDEPENDENCE,
    read_independence,
    write_independence,
)
from agent_core.evidence.retrained import RETRAINED, read_retrained, write_retrained
from agent_core.execution.executor import Executor, rerun_of
from agent_core.execution.experiment import Experiment
from agent_core.execution.machine import environment_of
from agent_core.execution.progress import OnProgress
from agent_core.grounding.asked_levels import asked_levels
from agent_core.report.answer_chapters import told_answers
from agent_core.report.computed_text import computed_answer
from agent_core.report.writer import ReportInputs, write_report
from agent_core.researcher import Context, ReportRequest, Researcher
from agent_core.run.recorder import Recorder
from agent_core.run.rounds import is_margin_late
from agent_core.run.tree import best_of
from agent_core.statistics.answered import answers_and_means, answers_for, is_left_open
from agent_core.statistics.answers.answer import Answer as QuestionAnswer, Estimate
from agent_core.statistics.answers.differences import with_late_margins
from agent_core.statistics.computed_now import computed_now
from agent_core.statistics.facts import Facts, collect_facts, with_late_margin
from agent_core.statistics.quotable import answerable, quotable
from agent_core.statistics.requested_results import Matched, matched_requests
from agent_core.verification.confirming import Confirm, confirming, ordered
from agent_core.verification.independent_training import retrain
from agent_core.verification.order_check import cells_before, independence_of, order_sample
from agent_core.verification.rerun_comparison import compare
from sandbox.execution import Execution

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """What the best script's delivery comes to; without one nothing."""

    facts: Facts | None = None
    answers: tuple[QuestionAnswer, ...] = ()
    means: tuple[Estimate, ...] = ()
    """Of every combination of compared levels."""
    requests: tuple[Matched, ...] = ()
    """What the plan says is reported, with what there is of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Afterwards:
    """What a question in the thread can be answered from."""

    facts: Facts = field(default_factory=lambda: Facts({}))
    """Values of runs and of all answers, by reference."""
    answers: tuple[ToldAnswer, ...] = ()
    computed: Answer | None = None
    """Where it asks for what was not recorded: what came of computing it now, or why not."""


class Conclusion:
    """Reads the recorded results of one run."""

    def __init__(self, recorder: Recorder, packages: Packages, files: Mapping[str, Path]) -> None:
        self.recorder = recorder
        self.packages = packages
        self.files = files

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        plan = self.recorder.view.plan
        if plan is None:
            raise AgentError("There is no plan yet.")
        return plan

    @property
    def best(self) -> Node | None:
        """The node to report on: the best working one, else a stopped one that left most rows."""
        return best_of(self.recorder.view.nodes, may_be_broken=True)

    def delivery(self, node: Node, execution: Execution | None = None) -> Delivery:
        """Return what a node, or another execution of its script, delivered."""
        found = execution or node.execution
        if found is None:
            raise AgentError(f"Script {node.id} was not executed.")
        datasets = self.recorder.view.datasets
        place = self.recorder.place(node.id)
        known = read_retrained(place / RETRAINED), read_independence(place / INDEPENDENCE)
        return Delivery(self.plan, node.script.source, found, datasets, self.files, *known)

    async def afterwards(self, question: str) -> Afterwards:
        """Return what a question can be answered from; what it asks for is computed now."""
        best = self.best
        if best is None:
            return Afterwards()
        is_late = is_margin_late(self.recorder.view, self.plan)
        delivery = self.delivery(best)
        return await look_through(afterwards_of_delivery, delivery, question, is_late)

    async def report(self, researcher: Researcher, ending: Ending) -> Outcome:
        """Write the report from recorded results and log it; there always is one."""
        best = self.best
        delivery = self.delivery(best) if best else None
        results = await look_through(results_of_delivery, delivery) if delivery else Results()
        others = await self.others(best)
        outcome = self.outcome(results)
        draft = await self.draft(researcher, best, outcome, results)
        inputs = ReportInputs(
            view=self.recorder.view,
            log=tuple(await self.recorder.journal.read(self.recorder.run)),
            evidence=None,
            facts=results.facts,
            answers=results.answers,
            means=results.means,
            requests=results.requests,
            others={n: facts for n, (facts, _) in others.items()},
            runs={n: run for n, (_, run) in others.items()},
            packages=self.packages,
            files=self.files,
            outcome=outcome,
            ending=ending,
            best=best,
        )
        report = await self.write_report(inputs, draft, delivery)
        await self.recorder.add(Reported(report))
        return outcome

    async def write_report(
        self, inputs: ReportInputs, draft: ReportDraft, delivery: Delivery | None
    ) -> Report:
        """Write report and bundle beside the service's own work."""
        rounds = len(self.recorder.view.rounds)
        name = f"report-{rounds + 1}" if rounds else "report"
        folder = self.recorder.journal.folder(self.recorder.run) / name
        if delivery is None:
            return await asyncio.to_thread(write_report, inputs, draft, folder)
        return await look_through(_report_delivery, delivery, inputs, draft, folder)

    def outcome(self, results: Results) -> Outcome:
        """Say how the run ended."""
        view = self.recorder.view
        is_open = is_left_open(self.plan, results.answers, results.requests)
        if any(n.is_satisfactory for n in view.nodes) and not is_open:
            return Outcome.SATISFIED
        return Outcome.PARTIAL if view.best else Outcome.NOTHING

    async def others(self, best: Node | None) -> dict[int, tuple[Facts, Mapping[str, Any]]]:
        """Return facts and `run.json` of the other working scripts, for the sensitivity check."""
        found = {}
        for node in (n for n in self.recorder.view.nodes if n.is_working and n != best):
            found[int(node.id)] = await look_through(facts_of_delivery, self.delivery(node))
        return found

    async def draft(
        self, researcher: Researcher, best: Node | None, outcome: Outcome, results: Results
    ) -> ReportDraft:
        """Have the words written; without them the product's own template stands."""
        view = self.recorder.view
        context = Context(
            view.id, view.task.text if view.task else "", view.datasets, self.packages
        )
        facts = quotable(self.plan, results.facts or Facts({}), results.answers)
        told = told_answers(self.plan, results.answers)
        request = ReportRequest(context, self.plan, view.nodes, best, outcome, facts.values, told)
        try:
            return await researcher.report(request)
        except AgentError as error:
            log.warning("the report's words could not be had", extra={"error": str(error)})
            return ReportDraft(headline="")

    async def recheck(self) -> Rechecked:
        """Check the recorded files of the reported script once more.

        Raises
        ------
        AgentError
            When no script came so far.
        """
        best = self.best
        if best is None:
            raise AgentError("No script left results, so there is nothing to check again.")
        waivers = self.recorder.view.waivers
        return await look_through(_recheck_delivery, self.delivery(best), best, waivers)

    async def retrain(self, experiment: Experiment, executor: Executor) -> bool:
        """Train what a script recorded, compare, and keep that; whether there is something new."""
        node = self.recorder.view.node(experiment.node)
        place = self.recorder.place(node.id) / RETRAINED
        if place.exists():
            return not _has_seen(node, "retraining_agrees")
        evidence = await asyncio.to_thread(self.delivery(node).read)
        folder = place.with_name("retraining")
        own = replace(experiment, stop=asyncio.Event())
        retrained = await retrain(evidence, own, folder, executor, self._telling(Work.TRAINING))
        if retrained is not None:
            await asyncio.to_thread(write_retrained, place, retrained)
        return retrained is not None

    def _telling(self, work: Work) -> OnProgress:
        """Return what logs how far some work on a script has come."""
        return lambda progress: self.recorder.later(replace(progress, work=work))

    async def repeat(self, experiment: Experiment, executor: Executor) -> Rerun:
        """Execute the same script again in a clean sandbox and compare its rows."""
        execution = await executor.execute(rerun_of(experiment), self._telling(Work.REPETITION))
        return await self._compare(experiment, execution, None)

    async def confirm(self, experiment: Experiment, executor: Executor, confirm: Confirm) -> Rerun:
        """Make cells of a script again, some of them alone; keep whether these came out the same.

        Of a script that runs in one piece all is made again.
        """
        node = self.recorder.view.node(experiment.node)
        first = node.execution
        if first is None or not cells_before(first):
            return await self.repeat(experiment, executor)
        again = confirming(rerun_of(experiment), first, confirm)
        tell = self._telling(Work.REPETITION)
        execution = await executor.execute(again, tell)

        async def in_order(cells: tuple[str, ...]) -> Execution:
            own = ordered(again, cells)
            return await executor.execute(own, tell)

        if execution.is_ok:
            sample = order_sample(experiment.cells, first)
            found = await independence_of(first, execution, sample, in_order)
            place = self.recorder.place(node.id) / INDEPENDENCE
            await asyncio.to_thread(write_independence, place, found)
        return await self._compare(experiment, execution, again.wanted)

    def has_unseen_independence(self, node: Node) -> bool:
        """Whether cells were made alone since a script was judged."""
        found = read_independence(self.recorder.place(node.id) / INDEPENDENCE)
        judged = self.recorder.view.node(node.id)
        return found is not None and found.cells > 0 and not _has_seen(judged, "cells_independent")

    async def _compare(
        self, experiment: Experiment, execution: Execution, cells: frozenset[str] | None
    ) -> Rerun:
        """Compare another execution of a script with its first."""
        node = self.recorder.view.node(experiment.node)
        new, ran_with = self.delivery(node, execution), environment_of(self.packages)
        both = self.delivery(node), node, new, ran_with, cells
        return await look_through(_compare_delivery, *both)


def _has_seen(node: Node, check: str) -> bool:
    """Whether a script was judged after what a check looks at: a process may end in between."""
    found = [c.finding for c in node.checks if c.name == check]
    return found not in ([], [Finding.NOT_APPLICABLE])


def facts_of_delivery(delivery: Delivery) -> tuple[Facts, Mapping[str, Any]]:
    """Return the statistics of what was delivered, and what it says of itself (`run.json`)."""
    evidence = delivery.read()
    return collect_facts(evidence), evidence.run


def afterwards_of_delivery(
    delivery: Delivery,
    question: str,
    is_late: bool,
) -> Afterwards:
    """Return what a question can be answered from, with what it asks to be computed."""
    evidence = delivery.read()
    plan, answers = evidence.plan, answers_for(evidence)
    if is_late:
        answers = tuple(map(with_late_margins, answers))
    facts = answerable(plan, collect_facts(evidence), answers)
    facts = with_late_margin(facts) if is_late else facts
    now = computed_now(evidence, question, asked_levels(question, plan))
    told = told_answers(plan, answers)
    return Afterwards(facts, told, computed_answer(now) if now else None)


def results_of_delivery(delivery: Delivery) -> Results:
    """Return the statistics of what was delivered, and the answers to the plan's questions."""
    evidence = delivery.read()
    facts = collect_facts(evidence)
    answers, means = answers_and_means(evidence)
    return Results(facts, answers, means, matched_requests(evidence, facts, answers))


def _report_delivery(
    delivery: Delivery, inputs: ReportInputs, draft: ReportDraft, folder: Path
) -> Report:
    """Write report and bundle of what was delivered."""
    return write_report(replace(inputs, evidence=delivery.read()), draft, folder)


def _recheck_delivery(delivery: Delivery, best: Node, waivers: tuple[Waiver, ...]) -> Rechecked:
    """Check what was delivered once more."""
    evidence = delivery.read()
    return _compare_checks(best, run_checks(evidence, waivers), evidence)


def _compare_delivery(
    old: Delivery,
    node: Node,
    new: Delivery,
    ran_with: Environment,
    cells: frozenset[str] | None,
) -> Rerun:
    """Compare what a script delivered with what it delivers when it is executed again."""
    return compare(node, new.execution, old.read(), new.read(), ran_with, cells)


def _compare_checks(node: Node, checks: Sequence[Check], evidence: Evidence) -> Rechecked:
    """Compare checks of today with those that the report stands on."""
    before = {c.name: c.finding for c in node.checks}
    other = [
        f"{c.name} ({before[c.name].value} → {c.finding.value})"
        for c in checks
        if c.name in before and before[c.name] is not c.finding
    ]
    told = f"differing now: {', '.join(other)}" if other else "all with the reported finding"
    agrees = evidence.agreement["agrees"].astype(bool)
    text = (
        f"I read the recorded files of script {node.id} again: {len(checks)} checks, {told}; "
        f"{int(agrees.sum())} of {len(agrees)} values computed again from the saved lists agree."
    )
    return Rechecked(node.id, not other, text)

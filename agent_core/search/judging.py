"""The judgement of a node: checks, verdicts with found quotes, a score."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agent_core.checks.registry import run_checks
from agent_core.domain import (
    Check,
    Node,
    NodeId,
    Plan,
    Requirement,
    ToldAnswer,
    Verdict,
    Waiver,
)
from agent_core.domain.events import (
    NodeJudged,
)
from agent_core.domain.node import met_by
from agent_core.errors import BudgetExhausted, UnusableAnswer
from agent_core.evidence.evidence import Delivery, look_through
from agent_core.evidence.independence import INDEPENDENCE, read_independence
from agent_core.evidence.quotes import exhibits, with_found_quotes
from agent_core.evidence.retrained import RETRAINED, read_retrained
from agent_core.report.answer_chapters import told_answers
from agent_core.report.writer import preliminary_text
from agent_core.researcher import (
    Context,
    JudgeRequest,
)
from agent_core.run.recorder import Recorder
from agent_core.run.tree import Tree
from agent_core.search.scoring import (
    agree_verdicts,
    carry_over,
    score,
    undecided_requirements,
    unjudged_verdicts,
    verdicts_of_checks,
)
from agent_core.search.setup import Setup
from agent_core.statistics.answered import answers_for
from agent_core.statistics.facts import collect_facts


@dataclass(slots=True)
class Judging:
    """Judges the nodes of one run: checks first, then what only a reader can say."""

    recorder: Recorder
    setup: Setup
    context_of: Callable[[NodeId], Context]
    has_confirmed: bool = False
    """Whether verdicts that would end the run were asked for a second time."""

    async def judge(self, node: Node, *, asks: bool = True) -> None:
        """Check an execution, have the rest judged, and log the score.

        Where it is not asked, what no check decides stays open: another script is satisfactory.
        """
        plan = existing_plan(self.recorder)
        delivery, waivers = self._delivery(node), self.recorder.view.waivers
        checks, primary, answers = await look_through(check_delivery, delivery, waivers)
        verdicts = verdicts_of_checks(plan, checks)
        node = replace(node, checks=checks, answers=answers)
        left = undecided_requirements(plan, verdicts)
        if left and not asks:
            verdicts = (*verdicts, *unjudged_verdicts(left, "another script met all before"))
        elif left:
            verdicts = (*verdicts, *await self._verdicts(node, plan, left))
        total = score(plan, checks, verdicts)
        doubtful = tuple(r for r in left if r.id in met_by(verdicts))
        if asks and total.is_satisfactory and doubtful and not self.has_confirmed:
            self.has_confirmed = True
            again = await self._ask(node, plan, doubtful)
            verdicts = tuple(agree_verdicts(v, again) for v in verdicts)
            total = score(plan, checks, verdicts)
        await self.recorder.add(NodeJudged(node.id, checks, verdicts, total, primary, answers))

    def _delivery(self, node: Node) -> Delivery:
        """Return what a node's execution delivered."""
        if node.execution is None:
            raise RuntimeError("no evidence without an execution")
        return Delivery(
            existing_plan(self.recorder),
            node.script.source,
            node.execution,
            self.recorder.view.datasets,
            self.setup.files,
            read_retrained(self.recorder.place(node.id) / RETRAINED),
            read_independence(self.recorder.place(node.id) / INDEPENDENCE),
        )

    async def _verdicts(
        self, node: Node, plan: Plan, left: tuple[Requirement, ...]
    ) -> tuple[Verdict, ...]:
        """Have the requirements judged that no check decides; a crashed script costs no call.

        What was met in the script it was made from, by a quote that still occurs, is not asked,
        nor what was judged of it before under the same plan.
        """
        if node.score is not None and node.plan_version == plan.version:
            known = {v.requirement: v for v in node.verdicts}
            return tuple(known[r.id] for r in left if r.id in known)
        if node.execution is None or not node.execution.is_ok:
            return unjudged_verdicts(left, "the script did not come to a clean end")
        shown = await asyncio.to_thread(
            exhibits, node.script.source, node.execution.output, _artifacts_of(node)
        )
        before = [*(Tree(self.recorder.view.nodes).node(p) for p in node.parents), node]
        plans = {p.version: p for p in self.recorder.view.plans}
        kept = carry_over(left, before, shown, plans)
        carried_over = {v.requirement for v in kept}
        left = tuple(r for r in left if r.id not in carried_over)
        found = await self._ask(node, plan, left) if left else ()
        return (*kept, *found)

    async def _ask(
        self, node: Node, plan: Plan, left: tuple[Requirement, ...]
    ) -> tuple[Verdict, ...]:
        """Ask for verdicts in one call; a claim whose quote occurs nowhere is not met."""
        output, artifacts = node.execution.output if node.execution else "", _artifacts_of(node)
        request = JudgeRequest(self.context_of(node.id), plan, node, left, artifacts)
        try:
            found = await self.setup.through_outages(lambda: self.setup.researcher.judge(request))
        except (UnusableAnswer, BudgetExhausted) as error:
            return unjudged_verdicts(left, f"could not be judged: {error}")
        shown = await asyncio.to_thread(exhibits, node.script.source, output, artifacts)
        known = {v.requirement: v for v in with_found_quotes(found, shown)}
        silent = tuple(r for r in left if r.id not in known)
        wanted = tuple(known[r.id] for r in left if r.id in known)
        return (*wanted, *unjudged_verdicts(silent, "the judge said nothing about it"))


def check_delivery(
    delivery: Delivery, waivers: tuple[Waiver, ...]
) -> tuple[tuple[Check, ...], str, tuple[ToldAnswer, ...]]:
    """Return checks of what was delivered, its preliminary headline, and what it answers."""
    evidence = delivery.read()
    checks = run_checks(evidence, waivers)
    plan, answers = evidence.plan, answers_for(evidence)
    primary = preliminary_text(plan, collect_facts(evidence), answers)
    told = (replace(t, table=(), references=()) for t in told_answers(plan, answers))
    return checks, primary, tuple(told)


def existing_plan(recorder: Recorder) -> Plan:
    """Return the plan in force."""
    if recorder.view.plan is None:
        raise RuntimeError("a search needs a plan")
    return recorder.view.plan


def _artifacts_of(node: Node) -> dict[str, Path]:
    """Return what a node's execution left, by name."""
    return {a.name: a.path for a in node.execution.artifacts} if node.execution else {}

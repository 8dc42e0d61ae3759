"""The loop: choose, expand, judge, stop. Asynchronous; resumes from the log where it stood."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from agent_core.checks.registry import run_checks
from agent_core.domain import (
    Ending,
    Node,
    NodeId,
    Operator,
    Packages,
    Plan,
    Requirement,
    RunId,
    Script,
    Verdict,
)
from agent_core.domain.events import (
    NodeExecuted,
    NodeFailed,
    NodeJudged,
    NodeProgress,
    NodeStarted,
    ScriptWritten,
)
from agent_core.domain.node import met_by
from agent_core.errors import BudgetExhausted, ModelUnavailable, UnusableAnswer
from agent_core.evidence.evidence import Evidence, read_evidence
from agent_core.evidence.quotes import exhibits, with_found_quotes
from agent_core.evidence.retrained import RETRAINED, read_retrained
from agent_core.execution.executor import Executor, Experiment
from agent_core.execution.machine import environment_of
from agent_core.execution.precheck import Refusal, precheck, tree_hash
from agent_core.execution.slots import open_pool
from agent_core.report.writer import preliminary_text
from agent_core.researcher import (
    Context,
    DebugRequest,
    DraftRequest,
    ImproveRequest,
    JudgeRequest,
    MergeRequest,
    Researcher,
)
from agent_core.run.recorder import Recorder
from agent_core.run.rounds import is_stale, nodes_begun
from agent_core.run.tree import Tree, error_signature, is_done, next_id
from agent_core.search.policy import Action, choose, decision_rng
from agent_core.search.scoring import (
    agree_verdicts,
    carry_over,
    score,
    undecided_requirements,
    unjudged_verdicts,
    verdicts_of_checks,
)
from agent_core.settings import ExecSettings, TreeSearchSettings
from agent_core.statistics.facts import collect_facts

T = TypeVar("T")

OUTAGE_WAITS_S = (5.0, 20.0, 60.0)
"""Pauses before the model is asked again after an outage."""
MAX_NOTES = 8
WIND_UP_S = 30.0
"""How long a stopped search waits for the judgement of what ran."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a search works with; the same for all nodes."""

    researcher: Researcher
    executor: Executor
    packages: Packages
    search: TreeSearchSettings
    execution: ExecSettings
    files: Mapping[str, Path]
    api_lookup: Callable[[str], Awaitable[str]]
    """Looks up the library names of a traceback; empty where nothing is known."""
    folds: int = 1
    outage_waits_s: tuple[float, ...] = OUTAGE_WAITS_S


@dataclass(slots=True)
class Search:
    """The search of one run."""

    recorder: Recorder
    setup: Setup
    remaining_s: Callable[[], float]
    """Seconds of the budget that are left."""
    nodes: int
    """Nodes that the budget allows."""
    has_stopped: asyncio.Event = field(default_factory=asyncio.Event)
    experiments: dict[NodeId, Experiment] = field(default_factory=dict)
    """What was handed to the executor."""
    is_spent: bool = False
    """Which part of the budget is exhausted, once one is."""
    has_confirmed: bool = False
    """Whether verdicts that would end the run were asked for a second time."""
    on_winner: Callable[[Node], None] = field(default=lambda _: None)
    """Told of the sure winner after each node that ends from then on."""

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        plan = self.recorder.view.plan
        if plan is None:
            raise RuntimeError("a search needs a plan")
        return plan

    @property
    def tree(self) -> Tree:
        """The nodes so far."""
        return Tree(self.recorder.view.nodes)

    async def run(self) -> Ending:
        """Search until something ends it; return what.

        `satisfied`, `stopped`, or the part of the budget that ran out: `nodes`, `seconds`, `cost`.

        Raises
        ------
        ModelUnavailable, SandboxError
            When the machinery fails for good; the log allows to go on later.
        """
        stop: asyncio.Future[object] = asyncio.ensure_future(self.has_stopped.wait())
        work: dict[asyncio.Future[object], NodeId] = {}
        try:
            async with open_pool(self.setup.search.parallel) as pool:
                for left in nodes_begun(self.recorder.view):
                    work[pool.spawn_n(self.expand(left))] = left.id
                while True:
                    await self.judge_anew(stop)
                    while len(work) < self.setup.search.parallel and (node := await self.open()):
                        work[pool.spawn_n(self.expand(node))] = node.id
                    if not work or stop.done():
                        break
                    done, _ = await asyncio.wait(
                        {*work, stop}, return_when=asyncio.FIRST_COMPLETED
                    )
                    for future in done - {stop}:
                        del work[future]
                        future.result()
                    if winner := self.tree.winner:
                        self.on_winner(winner)
                await self.wind_up(work)
        finally:
            stop.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        return self.ending()

    async def wind_up(self, work: Mapping[asyncio.Future[object], NodeId]) -> None:
        """After a stop, judge what the scripts that ran have left; give up what has not begun."""
        for future, node in work.items():
            experiment = self.experiments.get(node)
            if experiment is None or not experiment.has_slot.is_set():
                future.cancel()
        if work:
            done, _ = await asyncio.wait(work, timeout=WIND_UP_S)
            for future in done:
                if not future.cancelled():
                    future.result()

    def ending(self) -> Ending:
        """Say what ended the search."""
        if self.tree.satisfactory:
            return Ending.SATISFIED
        if self.has_stopped.is_set():
            return Ending.STOPPED
        if self.is_spent:
            return Ending.COST
        return Ending.SECONDS if self.remaining_s() <= 0 else Ending.NODES

    async def open(self) -> Node | None:
        """Choose the next action and log its node; None when nothing new is to be started."""
        tree = self.tree
        if tree.satisfactory or self.has_stopped.is_set() or self.is_spent:
            return None
        if len(tree.nodes) >= self.nodes or self.remaining_s() <= 0:
            return None
        decision = len(tree.nodes)
        action = choose(tree, self.plan, self.setup.search, decision_rng(self.task_seed, decision))
        return await self.log_start(action, decision) if action else None

    @property
    def task_seed(self) -> int:
        """Seed of the run's own choices."""
        task = self.recorder.view.task
        return task.seed if task else 0

    async def log_start(self, action: Action, decision: int) -> Node:
        """Log that a node was opened."""
        node = next_id(self.tree.nodes)
        started = NodeStarted(node, action.operator, action.parents, action.aim, decision)
        view = await self.recorder.add(started)
        return view.node(node)

    async def judge_anew(self, stop: asyncio.Future[object]) -> None:
        """Judge again what was judged under an earlier plan, or fails only what is waived now."""
        waivers = self.recorder.view.waivers
        for node in self.tree.working:
            if is_stale(node, self.plan, waivers) and not self.has_stopped.is_set():
                judging: asyncio.Future[object] = asyncio.ensure_future(self.judge(node))
                try:
                    await asyncio.wait({judging, stop}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    judging.cancel()
                await asyncio.gather(judging, return_exceptions=stop.done())

    async def expand(self, node: Node) -> None:
        """Bring a node to its end from wherever it stands: script, execution, judgement."""
        try:
            if not node.script.source:
                script = await self.through_outages(lambda: self.write(node))
                node = (await self.recorder.add(ScriptWritten(node.id, script))).node(node.id)
            if node.execution is None:
                if refusal := self.refusal_of(node):
                    failed = NodeFailed(node.id, refusal.reason, refusal.is_duplicate)
                    await self.recorder.add(failed)
                    return
                node = await self.execute(node)
            await self.judge(node)
        except UnusableAnswer as error:
            await self.recorder.add(NodeFailed(node.id, f"Unusable answer: {error}"))
        except BudgetExhausted as error:
            self.is_spent = True
            await self.recorder.add(NodeFailed(node.id, f"Budget exhausted: {error}"))

    async def through_outages(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the model, again after each pause of an outage (which its meter logs)."""
        for wait_s in self.setup.outage_waits_s:
            try:
                return await ask()
            except ModelUnavailable as error:
                if error.is_permanent:
                    raise
                await asyncio.sleep(wait_s)
        return await ask()

    def context(self, node: NodeId) -> Context:
        """Return what every request about this run carries."""
        view = self.recorder.view
        return Context(
            run=RunId(self.recorder.run),
            task=view.task.text if view.task else "",
            datasets=view.datasets,
            packages=self.setup.packages,
            notes=self.notes(),
            node=node,
            seed=decision_rng(self.task_seed, node).randrange(2**31),
            folds=self.setup.folds,
        )

    def notes(self) -> tuple[str, ...]:
        """Return the errors that several scripts ran into, the most frequent first."""
        signatures = [error_signature(n) for n in self.tree.done if n.is_buggy]
        counted = sorted({s for s in signatures if s}, key=lambda s: -signatures.count(s))
        return tuple(f"{s} ({signatures.count(s)} scripts)" for s in counted[:MAX_NOTES])

    async def write(self, node: Node) -> Script:
        """Have the script of a node written by its operator."""
        context, plan, researcher = self.context(node.id), self.plan, self.setup.researcher
        tree = self.tree
        parents = [tree.node(p) for p in node.parents]
        match node.operator:
            case Operator.DRAFT:
                drafts = [
                    n for n in tree.nodes if n.operator is Operator.DRAFT and n.id != node.id
                ]
                index = sum(n.id < node.id for n in drafts)
                others = tuple(n.script.plan for n in drafts if n.script.plan)
                return await researcher.draft(DraftRequest(context, plan, index, others))
            case Operator.DEBUG:
                parent = parents[0]
                output = parent.execution.output if parent.execution else parent.error or ""
                api_reference = await self.setup.api_lookup(output)
                chain = tree.chain(parent)[:-1]
                return await researcher.debug(
                    DebugRequest(context, plan, parent, chain, api_reference)
                )
            case Operator.IMPROVE:
                aim = next((r for r in plan.requirements if r.id == node.aim), None)
                attempts = tuple(
                    n for n in tree.children(parents[0].id) if n.aim == node.aim and is_done(n)
                )
                return await researcher.improve(
                    ImproveRequest(context, plan, parents[0], aim, attempts)
                )
            case Operator.MERGE:
                return await researcher.merge(MergeRequest(context, plan, parents[0], parents[1]))

    def refusal_of(self, node: Node) -> Refusal | None:
        """Return why a script need not be run, or None."""
        seen = set()
        for other in self.tree.nodes:
            if other.id != node.id and other.script.source:
                try:
                    seen.add(tree_hash(other.script.source))
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
        return precheck(node.script.source, self.setup.packages, seen)

    def experiment(self, node: Node) -> Experiment:
        """Return the experiment that runs a node's script."""
        task = self.recorder.view.task
        return Experiment(
            run=RunId(self.recorder.run),
            user=task.requester if task else "",
            node=node.id,
            script=node.script,
            files=self.setup.files,
            folder=self.recorder.place(node.id) / "artifacts",
            timeout_s=max(1.0, min(self.setup.execution.timeout, self.remaining_s())),
            expected_s=self.plan.estimate_s,
            stop=self.has_stopped,
        )

    async def execute(self, node: Node) -> Node:
        """Run a node's script and log its execution."""

        def tell(progress: NodeProgress) -> None:
            self.recorder.later(progress)

        experiment = self.experiments[node.id] = self.experiment(node)
        execution = await self.setup.executor.execute(experiment, tell)
        await self.recorder.flush()
        ended = NodeExecuted(node.id, execution, environment_of(self.setup.packages))
        return (await self.recorder.add(ended)).node(node.id)

    async def judge(self, node: Node) -> None:
        """Check an execution, have the rest judged, and log the score."""
        plan = self.plan
        evidence = await asyncio.to_thread(self.evidence, node)
        checks = await asyncio.to_thread(run_checks, evidence, self.recorder.view.waivers)
        verdicts = verdicts_of_checks(plan, checks)
        node = replace(node, checks=checks)
        left = undecided_requirements(plan, verdicts)
        if left:
            verdicts = (*verdicts, *await self.verdicts(node, plan, left))
        total = score(plan, checks, verdicts)
        doubtful = tuple(r for r in left if r.id in met_by(verdicts))
        if total.is_satisfactory and doubtful and not self.has_confirmed:
            self.has_confirmed = True
            again = await self.ask_judge(node, plan, doubtful)
            verdicts = tuple(agree_verdicts(v, again) for v in verdicts)
            total = score(plan, checks, verdicts)
        primary = await asyncio.to_thread(_headline_of, evidence)
        await self.recorder.add(NodeJudged(node.id, checks, verdicts, total, primary))

    def evidence(self, node: Node) -> Evidence:
        """Read what a node's execution delivered."""
        if node.execution is None:
            raise RuntimeError("no evidence without an execution")
        return read_evidence(
            self.plan,
            node.script.source,
            node.execution,
            self.recorder.view.datasets,
            self.setup.files,
            read_retrained(self.recorder.place(node.id) / RETRAINED),
        )

    async def verdicts(
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
        before = [*(self.tree.node(p) for p in node.parents), node]
        plans = {p.version: p for p in self.recorder.view.plans}
        kept = carry_over(left, before, shown, plans)
        carried_over = {v.requirement for v in kept}
        left = tuple(r for r in left if r.id not in carried_over)
        found = await self.ask_judge(node, plan, left) if left else ()
        return (*kept, *found)

    async def ask_judge(
        self, node: Node, plan: Plan, left: tuple[Requirement, ...]
    ) -> tuple[Verdict, ...]:
        """Ask for verdicts in one call; a claim whose quote occurs nowhere is not met."""
        output, artifacts = node.execution.output if node.execution else "", _artifacts_of(node)
        request = JudgeRequest(self.context(node.id), plan, node, left, artifacts)
        try:
            found = await self.through_outages(lambda: self.setup.researcher.judge(request))
        except (UnusableAnswer, BudgetExhausted) as error:
            return unjudged_verdicts(left, f"could not be judged: {error}")
        shown = await asyncio.to_thread(exhibits, node.script.source, output, artifacts)
        known = {v.requirement: v for v in with_found_quotes(found, shown)}
        silent = tuple(r for r in left if r.id not in known)
        wanted = tuple(known[r.id] for r in left if r.id in known)
        return (*wanted, *unjudged_verdicts(silent, "the judge said nothing about it"))


def _artifacts_of(node: Node) -> dict[str, Path]:
    """Return what a node's execution left, by name."""
    return {a.name: a.path for a in node.execution.artifacts} if node.execution else {}


def _headline_of(evidence: Evidence) -> str:
    """Return the preliminary primary metric for the card; empty where there is none."""
    return preliminary_text(evidence.plan, collect_facts(evidence))

"""The loop: choose, expand, judge, stop. Asynchronous; resumes from the log where it stood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent_core.domain import (
    Ending,
    Node,
    NodeId,
    Operator,
    Plan,
    RunId,
    Script,
)
from agent_core.domain.cells import cells_of
from agent_core.domain.events import (
    NodeExecuted,
    NodeFailed,
    NodeProgress,
    NodeStarted,
    ScriptWritten,
)
from agent_core.errors import BudgetExhausted, UnusableAnswer
from agent_core.execution.design_file import DESIGN, write_design
from agent_core.execution.experiment import Experiment, lock_of
from agent_core.execution.machine import environment_of
from agent_core.execution.precheck import Refusal, precheck, tree_hash
from agent_core.execution.slots import open_pool
from agent_core.researcher import (
    Context,
    DebugRequest,
    DraftRequest,
    ImproveRequest,
    MergeRequest,
)
from agent_core.run.recorder import Recorder
from agent_core.run.rounds import is_stale, nodes_begun
from agent_core.run.tree import Tree, error_signature, is_done, next_id
from agent_core.search.judging import Judging, existing_plan
from agent_core.search.policy import Action, choose, decision_rng
from agent_core.search.setup import Setup

MAX_NOTES = 8
WIND_UP_S = 30.0
"""How long a stopped search waits for the judgement of what ran."""


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
    is_enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while a script is satisfactory: of others a sample of cells is run, to be compared."""
    is_spent: bool = False
    """Which part of the budget is exhausted, once one is."""
    on_winner: Callable[[Node], None] = field(default=lambda _: None)
    """Told of the sure winner after each node that ends from then on."""
    judging: Judging = field(init=False)

    def __post_init__(self) -> None:
        """Judge with what the search works with."""
        self.judging = Judging(self.recorder, self.setup, self.context)

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return existing_plan(self.recorder)

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
                    self.note_whether_enough()
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

    def note_whether_enough(self) -> None:
        """Have other scripts run a sample of their cells once one is satisfactory."""
        if self.tree.satisfactory:
            self.is_enough.set()
        else:
            self.is_enough.clear()

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
                judging: asyncio.Future[object] = asyncio.ensure_future(self.judging.judge(node))
                try:
                    await asyncio.wait({judging, stop}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    judging.cancel()
                await asyncio.gather(judging, return_exceptions=stop.done())

    async def expand(self, node: Node) -> None:
        """Bring a node to its end from wherever it stands: script, execution, judgement."""
        try:
            if not node.script.source:
                script = await self.setup.through_outages(lambda: self.write(node))
                node = (await self.recorder.add(ScriptWritten(node.id, script))).node(node.id)
            if node.execution is None:
                if refusal := self.refusal_of(node):
                    failed = NodeFailed(node.id, refusal.reason, refusal.is_duplicate)
                    await self.recorder.add(failed)
                    return
                node = await self.execute(node)
            await self.judging.judge(node, asks=not self.is_enough.is_set())
        except UnusableAnswer as error:
            await self.recorder.add(NodeFailed(node.id, f"Unusable answer: {error}"))
        except BudgetExhausted as error:
            self.is_spent = True
            await self.recorder.add(NodeFailed(node.id, f"Budget exhausted: {error}"))

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
            room=self.setup.executor.room(self.setup.execution.timeout),
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
        """Return the experiment that runs a node's script, with the design beside it."""
        view, task = self.recorder.view, self.recorder.view.task
        place = self.recorder.place(node.id)
        design = place / DESIGN
        write_design(design, self.plan, view.datasets)
        return Experiment(
            run=RunId(self.recorder.run),
            user=task.requester if task else "",
            node=node.id,
            script=node.script,
            files={**self.setup.files, DESIGN: design},
            folder=place / "artifacts",
            timeout_s=max(1.0, min(self.setup.execution.timeout, self.remaining_s())),
            expected_s=self.plan.estimate_s,
            cells=cells_of(self.plan, view.datasets),
            lock=lock_of(self.setup.packages),
            is_enough=self.is_enough,
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

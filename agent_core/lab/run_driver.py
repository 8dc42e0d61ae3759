"""One run from its task to its report: plan, wait for the start, search, conclude."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent_core.domain import (
    Budget,
    Ending,
    Packages,
    Plan,
    PlanChange,
    Revision,
    RunId,
    RunStatus,
    UserId,
)
from agent_core.domain.events import (
    CheckWaived,
    PlanSet,
    ProtocolFrozen,
    Rechecked,
    Rerun,
    RunFailed,
    RunFinished,
    StatusChanged,
)
from agent_core.domain.plan import plan_hash
from agent_core.errors import (
    AgentError,
    BadDataset,
    ModelUnavailable,
    OutsideGrammar,
    machine_trouble,
)
from agent_core.execution.executor import Executor
from agent_core.lab.conclusion import Conclusion
from agent_core.lab.confirmation import Confirmation
from agent_core.lab.rereading import Rereading
from agent_core.lab.run_files import RunFiles
from agent_core.lab.settling import settled, settled_revision
from agent_core.lab.striking import strike
from agent_core.lab.waivers import NOTHING_ASKED, read_waivers
from agent_core.lenskit.room import cautions
from agent_core.researcher import Context, PlanRequest, Researcher, ReviseRequest
from agent_core.run.budget import Purse, RunBudget
from agent_core.run.journal import Journal
from agent_core.run.recorder import Recorder
from agent_core.run.view import RunView
from agent_core.search.outages import OUTAGE_WAITS_S, through_outages
from agent_core.search.search import Search
from agent_core.search.setup import Setup
from agent_core.settings import LabSettings
from sandbox.errors import SandboxError

log = logging.getLogger(__name__)

ApiLookup = Callable[[str], Awaitable[str]]
"""Looks up the library names of a traceback."""


@dataclass(frozen=True, slots=True)
class LabServices:
    """What all runs of a lab share."""

    researcher: Researcher
    executor: Executor
    packages: Packages
    api_lookup: ApiLookup
    purses: defaultdict[RunId, Purse] = field(default_factory=lambda: defaultdict(Purse))
    """What each run has spent: its search and the questions about it draw on one."""
    outage_waits_s: tuple[float, ...] = OUTAGE_WAITS_S


class RunDriver:
    """Drives one run; the border where an unexpected error ends the run and not the service."""

    def __init__(
        self, journal: Journal, run: RunId, services: LabServices, settings: LabSettings
    ) -> None:
        self.journal = journal
        self.run = run
        self.services = services
        self.settings = settings
        self.recorder = Recorder(journal, run)
        self.run_files = RunFiles(self.recorder)
        self.rereading = Rereading(self.run_files, self.context, self.ask_revision)
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.starter = UserId("")
        self.talk = asyncio.Lock()
        self.driving: asyncio.Task[None] | None = None

    @property
    def view(self) -> RunView:
        """How the run stands."""
        return self.recorder.view

    @property
    def is_over(self) -> bool:
        """Whether the run is not driven any more."""
        return self.driving is not None and self.driving.done()

    async def load(self) -> RunView:
        """Fold the log, and see that the files of the run's data are there."""
        view = await self.recorder.load()
        await self.run_files.bring_back()
        return view

    def begin(self) -> None:
        """Drive the run from where it stands, in a task of its own."""
        if self.view.stop_by:
            self.stopped.set()
        self.driving = asyncio.create_task(self.drive(), name=f"run {self.run}")

    def start(self, by: UserId) -> None:
        """Give the start."""
        self.starter = by
        self.started.set()

    def stop(self) -> None:
        """End the run with what there is."""
        self.stopped.set()

    async def abandon(self) -> None:
        """Stop driving; the log allows to go on from here."""
        if self.driving:
            self.driving.cancel()
            await asyncio.gather(self.driving, return_exceptions=True)
        for lost in await asyncio.gather(self.recorder.flush(), return_exceptions=True):
            if lost is not None:
                log.warning("what came last is not stored: %s", lost, extra={"run": self.run})

    async def drive(self) -> None:
        """Go through the phases; every error is logged as an event."""
        try:
            await self.phases()
        except BadDataset as error:
            await self.recorder.add(RunFailed(str(error), is_resumable=False))
        except OutsideGrammar as error:
            await self.recorder.add(
                RunFailed(str(error), is_resumable=False, is_outside_grammar=True)
            )
        except (AgentError, SandboxError) as error:
            await self.recorder.add(RunFailed(str(error)))
        except Exception as error:
            log.exception("a run failed", extra={"run": self.run})
            kind = type(error).__name__
            internal = f"Internal error ({kind}). The log has the details."
            await self.recorder.add(RunFailed(machine_trouble(error) or internal))
        finally:
            self.services.executor.slots.forget(self.run)

    async def phases(self) -> None:
        """Plan, wait for the start, search, conclude; each only where the log does not have it."""
        if self.view.plan is None and not await self.unless_stopped(self.plan()):
            await self.cancel()
            return
        if self.view.freeze is None:
            if not await self.unless_stopped(self.started.wait()):
                await self.cancel()
                return
            await self.freeze()
        if self.view.outcome is None:
            await self.research()

    async def cancel(self) -> None:
        """End a run before anything ran."""
        await self.recorder.add(StatusChanged(RunStatus.CANCELLED, "stopped before the start"))

    async def unless_stopped(self, work: Awaitable[Any]) -> bool:
        """Await `work`, or cancel it when the run is stopped first; whether it was done."""
        doing = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self.stopped.wait())
        try:
            await asyncio.wait({doing, stop}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                doing.result()
                return True
            return False
        finally:
            doing.cancel()
            stop.cancel()
            await asyncio.gather(doing, stop, return_exceptions=True)

    def context(self) -> Context:
        """Return what requests outside of nodes carry."""
        task = self.view.task
        return Context(
            run=self.run,
            task=task.text if task else "",
            datasets=self.view.datasets,
            packages=self.services.packages,
            seed=task.seed if task else 0,
            folds=self.settings.agent.k_fold_validation,
            room=self.services.executor.room(self.settings.execution.timeout),
        )

    def files(self) -> dict[str, Path]:
        """Return the stored datasets by name, with the tables and recipes made of them."""
        return self.run_files.given

    async def plan(self) -> None:
        """Profile the datasets and have the first plan written."""
        if self.view.status is not RunStatus.PLANNING:
            await self.recorder.add(StatusChanged(RunStatus.PLANNING))
        if not self.view.datasets:
            async with self.run_files.open_reading(self.view.said) as reading:
                await self.recorder.add(await self.run_files.take(reading))
        task = self.view.task
        asked = read_waivers(task.text, task.requester) if task else NOTHING_ASKED
        context = replace(self.context(), task=asked.rest)
        async with self.services.researcher.open_metered_view(self.run_budget()) as researcher:
            request = PlanRequest(context)
            waits_s = self.services.outage_waits_s
            plan = await through_outages(lambda: researcher.plan(request), waits_s)
        plan = replace(self.with_cautions(plan), unmapped=(*plan.unmapped, *asked.refusals))
        plan = await asyncio.to_thread(settled, plan, asked.rest, self.view.datasets)
        await self.recorder.flush()
        waived = [CheckWaived(w) for w in asked.waivers if w not in self.view.waivers]
        await self.recorder.add(*waived, PlanSet(plan), StatusChanged(RunStatus.WAITING))

    async def revise(self, text: str, by: UserId) -> Revision:
        """Read one reply at a time; log the plan's next version when there is one."""
        async with self.talk:
            is_strike = strike(self.existing_plan(), text) is not None
            if not is_strike and (reread := await self.rereading.read_again(text, by)):
                return reread
            revision = await self.read_reply(text)
            if revision.plan is not None and self.view.freeze is None:
                revision = replace(revision, plan=(plan := self.with_cautions(revision.plan)))
                await self.recorder.add(PlanSet(plan, revision.change, by, text))
            return revision

    async def replace_files(self, text: str, by: UserId, files: Sequence[Path]) -> Revision:
        """Read other files in the place of those that the run has; one reply at a time."""
        async with self.talk:
            return await self.rereading.replace_files(text, by, files)

    def with_cautions(self, plan: Plan) -> Plan:
        """Return a plan with what of it may not fit into memory or time."""
        used = [d for d in self.view.datasets if d.name in plan.datasets]
        return replace(plan, cautions=cautions(plan, used, self.context().room))

    async def read_reply(self, text: str) -> Revision:
        """Return what a reply comes to; nothing is logged but the calls."""
        plan = self.existing_plan()
        struck = strike(plan, text)
        if struck is None:
            return await self.ask_revision(ReviseRequest(self.context(), plan, text))
        if not struck.rest:
            return struck.as_revision(Revision())
        request = ReviseRequest(self.context(), struck.plan, struck.rest)
        return struck.as_revision(await self.ask_revision(request))

    async def ask_revision(self, request: ReviseRequest) -> Revision:
        """Have the researcher read a reply."""
        async with self.services.researcher.open_metered_view(self.run_budget()) as researcher:
            revision = await researcher.revise(request)
        await self.recorder.flush()
        told = (revision, request.plan, request.reply, request.context.datasets)
        return await asyncio.to_thread(settled_revision, *told)

    async def go_back(self, plan: Plan, change: PlanChange, by: UserId) -> None:
        """Log an earlier version of the plan as the next one, on the data that it had."""
        async with self.talk:
            await self.rereading.go_back(plan, change, by)

    def existing_plan(self) -> Plan:
        """Return the plan in force."""
        if self.view.plan is None:
            raise AgentError("There is no plan yet.")
        return self.view.plan

    async def freeze(self) -> None:
        """Fix the protocol, before any result."""
        async with self.talk:
            plan = self.existing_plan()
            accepted = tuple(u.clause for u in plan.open_main)
            frozen = ProtocolFrozen(plan.version, plan_hash(plan), self.starter, accepted)
            await self.recorder.add(frozen, StatusChanged(RunStatus.RUNNING))

    def budget(self) -> Budget:
        """Return what the run may spend."""
        task, rounds = self.view.task, self.view.rounds
        whole = (task.budget if task else None) or self.settings.whole_budget
        if not rounds:
            return whole
        last = rounds[-1]
        return Budget(last.nodes, whole.seconds, last.cost, last.tokens)

    def run_budget(self) -> RunBudget:
        """Return the budget of the run, with what was spent before already out of it."""
        purse = self.services.purses[self.run]
        return RunBudget(self.budget(), self.view.usage, self.recorder.later, purse)

    def remaining_s(self) -> float:
        """Return the seconds of the budget that are left."""
        begun = self.view.round_at or self.view.started_at or self.journal.now()
        return self.budget().seconds - (self.journal.now() - begun).total_seconds()

    async def research(self) -> None:
        """Search and conclude, with one budget for both."""
        async with self.services.researcher.open_metered_view(self.run_budget()) as researcher:
            ending = Ending.STOPPED
            if self.view.status is not RunStatus.REPORTING:
                search = Search(
                    self.recorder,
                    self.setup(researcher),
                    self.remaining_s,
                    self.budget().nodes,
                    self.stopped,
                )
                ending = await self.search_while_it_can(search)
                await self.recorder.add(StatusChanged(RunStatus.REPORTING, ending))
            conclusion = Conclusion(self.recorder, self.services.packages, self.files())
            ending = self.view.ending or ending
            outcome = await conclusion.report(researcher, ending)
        await self.recorder.flush()
        await self.recorder.add(RunFinished(outcome, ending))

    async def search_while_it_can(self, search: Search) -> Ending:
        """Search; where the model cannot be asked any more, what ran is reported.

        Raises
        ------
        ModelUnavailable
            When nothing ran yet that could be reported.
        """
        try:
            return await self.search_until_confirmed(search)
        except ModelUnavailable:
            if self.view.best is None:
                raise
            log.warning("reporting what ran without the model", extra={"run": self.run})
            return Ending.MODEL

    async def search_until_confirmed(self, search: Search) -> Ending:
        """Search until a confirmed winner or a limit ends it; return which."""
        confirmation = Confirmation(
            self.recorder,
            Conclusion(self.recorder, self.services.packages, self.files()),
            self.services.executor,
            self.remaining_s,
            retrains=self.settings.execution.retraining,
            confirm=self.settings.execution.confirm,
        )
        search.on_winner = lambda winner: confirmation.begin(winner, search.experiment(winner))
        try:
            while True:
                ending = await search.run()
                await self.recorder.flush()
                if ending is Ending.STOPPED or not await self.unless_stopped(
                    self.confirm_best(search, confirmation)
                ):
                    return ending
                if ending is not Ending.SATISFIED or search.tree.satisfactory:
                    return ending
        finally:
            await confirmation.leave()

    async def confirm_best(self, search: Search, confirmation: Confirmation) -> None:
        """Confirm the best script, and judge it again where that brought something new.

        Where another one is best then, that one is confirmed too: a report stands on it.
        """
        while best := self.view.best:
            confirmation.begin(best, search.experiment(best))
            if not await confirmation.news(best):
                return
            await search.judging.judge(self.view.node(best.id))

    def setup(self, researcher: Researcher) -> Setup:
        """Return what the search works with."""
        return Setup(
            researcher=researcher,
            executor=self.services.executor,
            packages=self.services.packages,
            search=self.settings.search,
            execution=self.settings.execution,
            files=self.files(),
            api_lookup=self.services.api_lookup,
            folds=self.settings.agent.k_fold_validation,
            outage_waits_s=self.services.outage_waits_s,
        )

    async def recheck(self) -> Rechecked:
        """Check the recorded files of the reported script once more, and log what came of it.

        Raises
        ------
        AgentError
            When there is none.
        """
        rechecked = await Conclusion(self.recorder, self.services.packages, self.files()).recheck()
        await self.recorder.add(rechecked)
        return rechecked

    async def rerun(self) -> Rerun:
        """Execute the best script again and log how it compares."""
        search = Search(
            self.recorder,
            self.setup(self.services.researcher),
            lambda: self.settings.execution.timeout,
            0,
            self.stopped,
        )
        if self.view.best is None:
            raise AgentError("No script worked, so there is none to repeat.")
        conclusion = Conclusion(self.recorder, self.services.packages, self.files())
        rerun = await conclusion.repeat(search.experiment(self.view.best), self.services.executor)
        await self.recorder.add(rerun)
        return rerun

"""Lab: submit, steer, stop, list and resume runs; all that bot and command line call."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from agent_core.domain import (
    Answer,
    PlanChange,
    Revision,
    RunId,
    RunStatus,
    Task,
    UserId,
    Waiver,
)
from agent_core.domain.events import (
    Answered,
    CheckWaived,
    Disputed,
    FilesDescribed,
    Logged,
    PlanSet,
    Rechecked,
    Rerun,
    Resumed,
    RoundOpened,
    RunFailed,
    RunSubmitted,
    StatusChanged,
    StopRequested,
)
from agent_core.errors import AgentError, BadDataset, RunBusy
from agent_core.lab.dataset_choice import before_last_change, files_of
from agent_core.lab.refusals import refuse_beyond, refuse_open, require_sound
from agent_core.lab.run_answers import answer_of
from agent_core.lab.run_driver import LabServices, RunDriver
from agent_core.lab.run_files import (
    can_be_described,
    frozen_reply,
    keep_files,
    names_shelf,
    resumed_status,
    shelf_text,
    with_shelf,
)
from agent_core.lab.waivers import WaiverReading, named_waivers, read_waivers, waived_text
from agent_core.run.journal import Journal
from agent_core.run.rounds import dispute_line, is_reopened, next_round, why_closed
from agent_core.run.view import RunView, fold
from agent_core.settings import LabSettings

log = logging.getLogger(__name__)

NO_WISH = "I found nothing in that which changes the plan, so I opened no new round."
NOTHING_UNDONE = (
    "There is no change of the plan that could be undone now. To take files back, reply with the "
    "earlier ones."
)
NOT_WAIVED = "No check is set aside either: say that alone."


class Lab:
    """Everything the bot and the command line ask for."""

    def __init__(self, journal: Journal, services: LabServices, settings: LabSettings) -> None:
        self.journal = journal
        self.services = services
        self.settings = settings
        self.drivers: dict[RunId, RunDriver] = {}
        self.opening = asyncio.Lock()
        """Held while a driver is made, so that no run gets two."""
        self.submitting: set[RunId] = set()
        """Runs that are being taken on: not claimed yet, and not left behind."""
        self.talks: defaultdict[RunId, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held while a wish for a further round is read, so that it opens one."""

    async def submit(self, task: Task) -> RunId:
        """Take a task on and return at once; profile and plan follow as events.

        The same origin gives the same run. Its files are stored before this returns.
        """
        run = RunId(secrets.token_hex(5))
        self.submitting.add(run)
        try:
            return await self.taken_on(task, run)
        finally:
            self.submitting.discard(run)

    async def taken_on(self, task: Task, run: RunId) -> RunId:
        """Store a task under a new id and begin to work on it."""
        task, trouble, words = await self.store_files(task, run)
        known = await self.journal.create(run, task)
        if known != run:
            shutil.rmtree(self.journal.folder(run), ignore_errors=True)
            return known
        researcher, sandbox = self.services.researcher, self.services.executor.processes.sandbox
        submitted = RunSubmitted(task, researcher.name, sandbox.level.value)
        said = [FilesDescribed(words, task.requester)] if words else []
        await self.journal.append(run, submitted, *said)
        if trouble:
            await self.journal.append(run, RunFailed(trouble, is_resumable=False))
        elif await self.journal.claim(run):
            await self.work_on(run)
        return run

    async def store_files(self, task: Task, run: RunId) -> tuple[Task, str, str]:
        """Keep the task's files by content, under their names in the run's folder.

        Returns the task with them, the trouble there is, and what is to be said of them.
        """
        try:
            task, words = await asyncio.to_thread(with_shelf, task, self.settings.data.shelf)
            found = files_of(task, self.settings.execution.workspace)
            kept = await keep_files(self.journal, run, found)
        except BadDataset as error:
            return task, f"{error}{shelf_text(error, self.settings.data.shelf)}", ""
        return replace(task, files=kept), "", words

    async def work_on(self, run: RunId) -> RunDriver:
        """Let a driver drive a run of which this process holds the lease; one driver a run."""
        async with self.opening:
            known = self.drivers.get(run)
            if known and not known.is_over:
                return known
            driver = RunDriver(self.journal, run, self.services, self.settings)
            require_sound(await driver.load())
            self.drivers[run] = driver
            driver.begin()
            return driver

    def events(self, run: RunId, after: int = 0) -> AsyncIterator[Logged]:
        """Yield what happened in `run`, from the log, then live, until it has ended."""
        return self.journal.follow(run, after)

    async def view(self, run: RunId) -> RunView:
        """Return how a run stands."""
        return fold(run, await self.journal.read(run))

    async def runs(self) -> list[RunView]:
        """Return all runs, oldest first."""
        return [await self.view(run) for run in await self.journal.ids()]

    async def driver(self, run: RunId) -> RunDriver:
        """Return the driver of a run, taking the run up if nobody drives it.

        Raises
        ------
        RunBusy
            When another live process drives it.
        """
        await self.journal.task(run)
        known = self.drivers.get(run)
        if known and not known.is_over:
            return known
        if not await self.journal.claim(run):
            owner = await self.journal.owner_of(run)
            raise RunBusy(f"Run {run} is driven by another process ({owner}); ask there.")
        return await self.work_on(run)

    async def revise(self, run: RunId, text: str, by: UserId) -> Revision:
        """Read a reply to the plan; a new version is logged when it changes something."""
        asked = read_waivers(text, by)
        view = await self.view(run)
        told = await self.waive_all(run, asked)
        if is_reopened(view, asked.waivers):
            wish = f"waive {named_waivers(asked.waivers)}"
            await self.go_on(run, next_round(view, wish, by, self.settings.whole_budget, 0))
            told = f"{told} I judge the scripts again and write a new report."
        elif asked.waivers and view.status.is_final:
            told = f"{told} This run has ended; it counts when it goes on."
        if asked.refusals or (told and not asked.rest):
            return Revision(reply=told)
        if view.status is not RunStatus.WAITING or view.plan is None:
            return Revision(reply=f"{told} {frozen_reply(view, asked.rest)}".strip())
        revision = await (await self.driver(run)).revise(asked.rest, by)
        return replace(revision, reply=f"{told} {revision.reply}".strip())

    async def waive_all(self, run: RunId, asked: WaiverReading) -> str:
        """Carry out what a message says about waivers; return what is told about it."""
        for waiver in asked.waivers:
            await self.waive(run, waiver)
        return " ".join([*asked.refusals, *([waived_text(asked.waivers)] * bool(asked.waivers))])

    async def improve(self, run: RunId, wish: str, by: UserId) -> Revision:
        """Open a new round of an ended run, from its scripts; its results were seen by then.

        A wish becomes the plan's next version first. Where no round is opened, the reply says
        why.
        """
        async with self.talks[run]:
            return await self.further(run, wish, by)

    async def further(self, run: RunId, wish: str, by: UserId) -> Revision:
        """Open a new round; one wish at a time."""
        asked = read_waivers(wish, by)
        view = await self.view(run)
        closed = why_closed(view, wish) or " ".join(asked.refusals)
        if closed:
            return Revision(reply=closed)
        await self.refuse_beyond_month()
        rest = asked.rest.strip()
        is_judged_only = bool(asked.waivers) and not rest
        scripts = 0 if is_judged_only else self.settings.search.max_iterations
        following = next_round(view, wish, by, self.settings.whole_budget, scripts)
        revision = await self.read_wish(view, rest, following) if rest else Revision()
        if rest and revision.plan is None:
            kept = f" {NOT_WAIVED}" if asked.waivers else ""
            return replace(revision, reply=f"{revision.reply or NO_WISH}{kept}")
        await self.waive_all(run, asked)
        plan = revision.plan
        changed = [PlanSet(plan, revision.change, by, wish)] if plan else []
        await self.go_on(run, *changed, following)
        return revision

    async def read_wish(self, view: RunView, wish: str, following: RoundOpened) -> Revision:
        """Read a wish, paid for by the round that it would open."""
        driver = RunDriver(self.journal, view.id, self.services, self.settings)
        driver.recorder.view = replace(view, rounds=(*view.rounds, following))
        return await driver.read_reply(wish)

    async def go_on(self, run: RunId, *events: PlanSet | RoundOpened) -> None:
        """Let an ended run go on with a new round.

        Raises
        ------
        RunBusy
            When another live process drives it.
        """
        if not await self.journal.claim(run):
            owner = await self.journal.owner_of(run)
            raise RunBusy(f"Run {run} is driven by another process ({owner}); ask there.")
        view = await self.view(run)
        require_sound(view)
        if not view.status.is_final:
            raise RunBusy(f"Run {run} goes on already; say that again when it has ended.")
        await self.journal.append(run, *events)
        await self.work_on(run)

    async def undo(self, run: RunId, by: UserId) -> Revision:
        """Take the last change of the plan back, as a new version."""
        view = await self.view(run)
        # Versions on files that were replaced do not come back: the files are others.
        plans, changes = view.plans[view.replaced_at :], view.changes[view.replaced_at :]
        if view.status is not RunStatus.WAITING or len(plans) < 2:
            return Revision(reply=NOTHING_UNDONE)
        before = before_last_change(plans, changes)
        plan = replace(before, version=view.plans[-1].version + 1)
        change = PlanChange(summary=(f"back to version {before.version}",), back_to=before.version)
        await (await self.driver(run)).go_back(plan, change, by)
        return Revision(plan, change)

    async def names_shelf(self, run: RunId, text: str) -> bool:
        """Whether a reply names a dataset of the shelf that its run may go on with."""
        task = (await self.view(run)).task
        has_files = bool(task and task.files)
        folder = self.settings.data.shelf
        return await asyncio.to_thread(names_shelf, text, folder, has_files=has_files)

    async def describe_files(
        self, run: RunId, text: str, by: UserId, files: Sequence[Path] = ()
    ) -> None:
        """Have a run that was refused for its files go on: they are read again as somebody says.

        Parameters
        ----------
        run
            The run.
        text
            What is said of them; it may name a dataset of the shelf.
        by
            Who says it.
        files
            Others that are read in their place; none: those that the run has.

        Raises
        ------
        RunBusy
            When another live process drives it.
        """
        view = await self.view(run)
        if not can_be_described(view) or view.task is None:
            return
        if not await self.journal.claim(run):
            raise RunBusy(f"Run {run} is driven by another process; say it there.")
        brought: tuple[Path, ...] = ()
        trouble = words = ""
        if files or not view.task.files or await self.names_shelf(run, text):
            told = "\n".join((view.task.text, *view.said, text))
            asked = replace(view.task, text=told, files=tuple(files))
            task, trouble, words = await self.store_files(asked, run)
            brought = () if trouble else task.files
        described = [FilesDescribed(text, by, brought)]
        described += [FilesDescribed(words, by)] if words else []
        await self.journal.append(run, *described, StatusChanged(RunStatus.PLANNING))
        if trouble:
            await self.journal.append(run, RunFailed(trouble, is_resumable=False))
        else:
            await self.work_on(run)

    async def replace_files(
        self, run: RunId, text: str, by: UserId, files: Sequence[Path]
    ) -> Revision:
        """Read other files in the place of a waiting run's; its plan follows, changes are kept."""
        view = await self.view(run)
        if view.status is not RunStatus.WAITING:
            return Revision(reply=frozen_reply(view, text))
        return await (await self.driver(run)).replace_files(text, by, files)

    async def start(self, run: RunId, by: UserId, *, accepts_unanswered: bool = False) -> None:
        """Freeze the protocol and let the run begin; idempotent.

        Raises
        ------
        BudgetExhausted
            When the lab has spent what it may spend this month.
        NeedsConsent
            When the plan leaves the main question unanswered and that is not accepted.
        """
        view = await self.view(run)
        if view.freeze is not None:
            return
        if view.plan is not None and not accepts_unanswered:
            refuse_open(view.plan)
        await self.refuse_beyond_month()
        (await self.driver(run)).start(by)

    async def refuse_beyond_month(self) -> None:
        """Refuse to start anything once the lab has spent what it may spend this month."""
        cap = self.settings.budget.lab_month
        if cap:
            refuse_beyond(cap, await self.runs(), self.journal.now())

    async def stop(self, run: RunId, by: UserId) -> None:
        """Stop a run in whatever phase; what there is is reported. Idempotent."""
        view = await self.view(run)
        if view.status.is_final or view.stop_by:
            return
        owner = await self.journal.owner_of(run)
        if owner and owner != self.journal.owner:
            await self.journal.ask(run, "stop", by)
            return
        driver = await self.driver(run)
        # Stopped first: where nothing can be stored it is stopped all the same.
        driver.stop()
        await driver.recorder.add(StopRequested(by))

    async def answer(self, run: RunId, question: str, by: UserId) -> Answer:
        """Answer a question from recorded results."""
        view = await self.view(run)
        if view.plan is None:
            return Answer(f"There is no plan yet; the run is {view.status.value}.")
        driver = RunDriver(self.journal, run, self.services, self.settings)
        driver.recorder.view = view
        answer = await answer_of(driver, question)
        await self.journal.append(run, Answered(question, answer, by))
        return answer

    async def resume(self, run: RunId, by: UserId) -> None:
        """Take a run up again that failed or was left behind.

        Raises
        ------
        AgentError
            When it has ended for good.
        """
        view = await self.view(run)
        require_sound(view)
        if view.status in (RunStatus.FINISHED, RunStatus.CANCELLED):
            raise AgentError(f"Run {run} is {view.status.value}; there is nothing to resume.")
        known = self.drivers.get(run)
        if known and not known.is_over:
            return
        if not await self.journal.claim(run):
            raise RunBusy(f"Run {run} is driven by another process; it goes on there.")
        status = resumed_status(view)
        log.info("resuming a run", extra={"run": run, "by": by})
        await self.journal.append(run, Resumed(self.journal.owner), StatusChanged(status))
        await self.work_on(run)

    async def rerun(self, run: RunId, by: UserId) -> Rerun:
        """Execute the best script again in a clean sandbox and compare."""
        log.info("repeating the best script", extra={"run": run, "by": by})
        driver = RunDriver(self.journal, run, self.services, self.settings)
        await driver.load()
        return await driver.rerun()

    async def dispute(self, run: RunId, text: str, by: UserId) -> Rechecked:
        """Note that something is wrong with the report; check the recorded files once more.

        Raises
        ------
        AgentError
            When there is no script that was reported on.
        """
        log.info("the report is disputed", extra={"run": run, "by": by})
        driver = RunDriver(self.journal, run, self.services, self.settings)
        await driver.load()
        await driver.recorder.add(Disputed(dispute_line(text), by))
        return await driver.recheck()

    async def waive(self, run: RunId, waiver: Waiver) -> None:
        """Set a binding check aside; scripts judged from then on pass it."""
        driver = self.drivers.get(run)
        waived = CheckWaived(waiver)
        if driver and not driver.is_over:
            await driver.recorder.add(waived)
        else:
            await self.journal.append(run, waived)

    async def export(self, run: RunId, folder: Path) -> Path:
        """Copy the report's files and the zip of a finished run; return the folder.

        Raises
        ------
        AgentError
            When the run has no report yet.
        """
        view = await self.view(run)
        if view.report is None or view.report.bundle is None:
            raise AgentError(f"Run {run} is {view.status.value}; it has no report to export yet.")
        source = view.report.bundle.parent
        await asyncio.to_thread(shutil.copytree, source, folder, dirs_exist_ok=True)
        return folder

    @property
    def storage_trouble(self) -> str:
        """Why nothing can be stored now; runs wait until it can. Empty where all is well."""
        return self.journal.storage.trouble

    async def close(self) -> None:
        """Leave all runs as they are, resumable, and give up their leases."""
        self.journal.storage.close()
        await asyncio.gather(*(w.abandon() for w in self.drivers.values()))
        for run in self.drivers:
            await self.journal.release(run)

"""A lab without experiments: it logs what it is asked, and tests say what happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from builders import OK, plan_of

from agent_core.domain import (
    Answer,
    Dataset,
    Ending,
    NodeId,
    Operator,
    Outcome,
    PlanChange,
    Report,
    Revision,
    RunId,
    RunStatus,
    Score,
    Verdict,
)
from agent_core.domain.events import (
    CheckWaived,
    DatasetsProfiled,
    Disputed,
    FilesDescribed,
    Logged,
    NodeExecuted,
    NodeJudged,
    NodeStarted,
    PlanSet,
    ProtocolFrozen,
    Rechecked,
    Reported,
    Rerun,
    RoundOpened,
    RunFailed,
    RunFinished,
    RunSubmitted,
    StatusChanged,
    StopRequested,
)
from agent_core.errors import AgentError, NeedsConsent
from agent_core.lab.waivers import read_waivers
from agent_core.run.rounds import dispute_line
from agent_core.run.view import RunView, fold

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
DATA = Dataset(
    "u.data", "06416e" + "0" * 58, 100, "\t", False, (), "user_id", "item_id", "rating",
    "timestamp", 100_000, 943, 1_682,
)  # fmt: skip


def is_end(event):
    is_status = isinstance(event, StatusChanged) and event.status.is_final
    return is_status or isinstance(event, (RunFinished, RunFailed))


@dataclass
class ScriptedLab:
    """Keeps logs like the real one; everything else is what a test tells it."""

    logs: dict = field(default_factory=dict)
    origins: dict = field(default_factory=dict)
    tasks: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    trouble: object = None
    """Exception that the next call raises."""
    storage_trouble: str = ""
    plans: bool = True
    """Whether a submitted task gets its plan at once."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, run, *events):
        log = self.logs[run]
        for event in events:
            log.append(Logged(len(log) + 1, datetime.now(UTC), event))
        self.news.set()
        self.news = asyncio.Event()

    def note(self, *call):
        self.calls.append(call)
        self.asked.set()
        self.asked = asyncio.Event()
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble

    async def submit(self, task) -> RunId:
        if task.origin in self.origins:
            return self.origins[task.origin]
        self.note("submit", task.text)
        content = tuple(p.read_bytes() for p in task.files)
        self.tasks.append((task, content))
        run = RunId(f"run{len(self.logs) + 1}")
        self.origins[task.origin], self.logs[run] = run, []
        self.add(run, RunSubmitted(task, "scripted", "cold"))
        if self.plans:
            self.plan(run)
        return run

    def plan(self, run, **more):
        plan = replace(plan_of(), estimate_s=660.0, assumptions=("every rating counts",), **more)
        self.add(run, DatasetsProfiled((DATA,)), PlanSet(plan), StatusChanged(RunStatus.WAITING))

    async def events(self, run, after=0) -> AsyncIterator[Logged]:
        while True:
            news = self.news
            for logged in self.logs[run][after:]:
                after = logged.seq
                yield logged
                if is_end(logged.event):
                    return
            await news.wait()

    async def view(self, run) -> RunView:
        return fold(run, self.logs[run])

    async def revise(self, run, text, by) -> Revision:
        self.note("revise", text, by)
        view = await self.view(run)
        waivers = read_waivers(text, by).waivers
        if view.status.is_final and waivers:
            opened = RoundOpened(by, "", len(view.nodes), 2.0)
            self.add(run, *(CheckWaived(w) for w in waivers), opened)
            return Revision()
        if view.freeze:
            return Revision(reply="The protocol is frozen.")
        plan = replace(view.plan, version=view.plan.version + 1)
        change = PlanChange(changed=(1,), summary=(f"changed 1 ({text})",))
        self.add(run, PlanSet(plan, change, by, text))
        return Revision(plan, change)

    async def names_shelf(self, run, text) -> bool:
        return "shelf" in text

    async def describe_files(self, run, text, by, files=()) -> None:
        self.note("describe_files", text, tuple(f.read_bytes() for f in files))
        self.add(run, FilesDescribed(text, by), StatusChanged(RunStatus.PLANNING))
        self.plan(run)

    async def replace_files(self, run, text, by, files) -> Revision:
        self.note("replace_files", text, tuple(f.read_bytes() for f in files))
        self.add(run, FilesDescribed("", by, tuple(files)))
        return await self.revise(run, text, by)

    async def undo(self, run, by) -> Revision:
        self.note("undo", by)
        view = await self.view(run)
        plan = replace(view.plan, version=view.plan.version + 1)
        change = PlanChange(summary=("back to version 1",), back_to=1)
        self.add(run, PlanSet(plan, change, by, "undo"))
        return Revision(plan, change)

    async def start(self, run, by, *, accepts_unanswered=False) -> None:
        self.note("start", by)
        if (await self.view(run)).plan.open_main and not accepts_unanswered:
            raise NeedsConsent("The main question is not answered.")
        if (await self.view(run)).freeze is None:
            self.add(run, ProtocolFrozen(1, "ab" * 32, by), StatusChanged(RunStatus.RUNNING))

    async def stop(self, run, by) -> None:
        self.note("stop", by)
        self.add(run, StopRequested(by))
        if (await self.view(run)).freeze is None:
            self.add(run, StatusChanged(RunStatus.CANCELLED))
        else:
            self.add(run, RunFinished(Outcome.PARTIAL, Ending.STOPPED))

    async def answer(self, run, question, by) -> Answer:
        self.note("answer", question, by)
        return Answer(f"**0.155** is the mean & <that> answers: {question}")

    async def resume(self, run, by) -> None:
        self.note("resume", by)
        self.add(run, StatusChanged(RunStatus.RUNNING))

    async def improve(self, run, wish, by) -> Revision:
        self.note("improve", wish, by)
        view = await self.view(run)
        if not view.status.is_final:
            return Revision(reply="A round is going on already.")
        if not wish and view.outcome is Outcome.SATISFIED:
            return Revision(reply="Every requirement is met; say what should be better.")
        if wish:
            plan = replace(view.plan, version=view.plan.version + 1)
            change = PlanChange(added=(3,), summary=(f"added 3 ({wish})",))
            self.add(run, PlanSet(plan, change, by, wish))
        self.add(run, RoundOpened(by, wish, len(view.nodes) + 13, 2.0, scripts=13))
        return Revision()

    async def dispute(self, run, text, by) -> Rechecked:
        self.note("dispute", text, by)
        self.add(run, Disputed(dispute_line(text), by))
        if (await self.view(run)).best is None:
            raise AgentError("No script left results, so there is nothing to check again.")
        rechecked = Rechecked(NodeId(1), True, "**The same:** 4 files, 18 checks & <no> change.")
        self.add(run, rechecked)
        return rechecked

    async def rerun(self, run, by) -> Rerun:
        self.note("rerun", by)
        return Rerun(NodeId(1), True, 0.0, 60, "**Repeated, identical.** 60 values.")

    def work(self, run):
        """Let one script run and be judged."""
        met = (Verdict(1, True, "shown"), Verdict(2, False, "no"))
        primary = "ImplicitMF NDCG@10 0.155 · Popularity 0.068"
        self.add(
            run,
            NodeStarted(NodeId(1), Operator.DRAFT),
            NodeExecuted(NodeId(1), OK),
            NodeJudged(NodeId(1), (), met, Score(0.5, 1, 2, 1, 2), primary),
        )

    def finish(self, run, folder: Path, large: int = 0):
        """Let the run end with a report and its files; the zip of a size."""
        folder.mkdir(exist_ok=True)
        names = ("seeds.png", "box.png", "solution.py", "results.zip", "methods.md")
        files = {name: folder / name for name in names}
        for path in files.values():
            path.write_bytes(PNG if path.suffix == ".png" else b"content of " + path.name.encode())
        if large:
            files["results.zip"].write_bytes(bytes(large))
        report = Report(
            "Seed effect", Outcome.SATISFIED, "**The seed moves NDCG@10 little:** SD 0.0027.",
            "Mean 0.155; popularity 0.068.\n\n- one split\n- 30 seeds", "# Report", NodeId(1),
            (files["seeds.png"], files["box.png"]), files["solution.py"], files["results.zip"],
            files["methods.md"],
        )  # fmt: skip
        self.add(run, Reported(report), RunFinished(Outcome.SATISFIED, Ending.SATISFIED))

    def fail_to_find(self, run):
        """Let the run end with a report that says that nothing worked."""
        report = Report(
            "Seed effect", Outcome.NOTHING, "**No result.**", "All crashed.", "#", None
        )
        self.add(run, Reported(report), RunFinished(Outcome.NOTHING, Ending.NODES))

"""What happens in a run: one frozen value per event, stored before anybody is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from agent_core.domain import (
    Answer,
    Check,
    Dataset,
    Ending,
    Environment,
    NodeId,
    Operator,
    Outcome,
    Plan,
    PlanChange,
    Report,
    RunStatus,
    Score,
    Script,
    Task,
    ToldAnswer,
    Usage,
    UserId,
    Verdict,
    Waiver,
)
from sandbox.execution import Execution


@dataclass(frozen=True, slots=True)
class RunSubmitted:
    """A task arrived; its files are stored."""

    task: Task
    researcher: str
    """For people: `rule-based researcher, no AI model` or the model's name."""
    level: str
    """Isolation level that its scripts will get."""


@dataclass(frozen=True, slots=True)
class DatasetsProfiled:
    """The datasets were read, for the first time or again."""

    datasets: tuple[Dataset, ...]
    said: tuple[str, ...] = ()
    """What was said of the files besides the task, in its order."""


@dataclass(frozen=True, slots=True)
class FilesDescribed:
    """Somebody said how refused files are to be read, or gave others in their place."""

    text: str
    by: UserId
    files: tuple[Path, ...] = ()
    """Those that came with it, read in the place of the task's."""


@dataclass(frozen=True, slots=True)
class PlanSet:
    """A plan version came to be: the first, a revision, or an undo."""

    plan: Plan
    change: PlanChange = PlanChange()
    by: UserId = UserId("")
    reason: str = ""
    """The reply it follows, or `undo`."""


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The run moved on."""

    status: RunStatus
    reason: str = ""
    """Of `REPORTING` the ending of its search, else for people."""


@dataclass(frozen=True, slots=True)
class ProtocolFrozen:
    """The start was given: from here the plan is fixed, before any result."""

    version: int
    plan_hash: str
    by: UserId
    accepted: tuple[str, ...] = ()
    """What the plan does not answer of the main question, with the starter's consent."""


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """An operator was chosen; a script is being written."""

    node: NodeId
    operator: Operator
    parents: tuple[NodeId, ...] = ()
    aim: int | None = None
    decision: int = 0
    """Number of the decision, for replay."""


@dataclass(frozen=True, slots=True)
class ScriptWritten:
    """A script exists."""

    node: NodeId
    script: Script


class Work(StrEnum):
    """What is done with a script."""

    EXECUTION = "execution"
    REPETITION = "repetition"
    """The same script once more, in a clean sandbox."""
    TRAINING = "training"
    """Its algorithms by the product itself."""


@dataclass(frozen=True, slots=True)
class NodeProgress:
    """A running script said something (throttled; at most one a second and node)."""

    node: NodeId
    line: str
    done: int = 0
    total: int = 0
    """Of its repetitions, where the helper tells; 0: unknown."""
    work: Work = Work.EXECUTION


@dataclass(frozen=True, slots=True)
class NodeExecuted:
    """A script came to its end, whichever."""

    node: NodeId
    execution: Execution
    environment: Environment = field(default_factory=Environment)


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node ended without an execution: unusable answer, failed precheck, duplicate."""

    node: NodeId
    error: str
    is_duplicate: bool = False
    """Whether the same script ran before."""


@dataclass(frozen=True, slots=True)
class NodeJudged:
    """Checks and verdicts of an execution."""

    node: NodeId
    checks: tuple[Check, ...]
    verdicts: tuple[Verdict, ...]
    score: Score
    primary: str = ""
    """For people, preliminary: `ImplicitMF NDCG@10 0.155 · Popularity 0.068`."""
    answers: tuple[ToldAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelCalled:
    """One model call and what it used."""

    role: str
    model: str
    usage: Usage
    latency_s: float
    outcome: str = "ok"
    """ok, repaired, unusable, refused, timeout, ..."""
    node: NodeId | None = None
    snapshot: str = ""
    """The model's name in the answer; empty where none came."""
    prompt: str = ""
    """SHA-256 of the prompt's template, as it was when asked."""


@dataclass(frozen=True, slots=True)
class ModelOutage:
    """The model cannot be asked; a visible state, never a bad node."""

    reason: str
    is_permanent: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of a person was answered from recorded results."""

    question: str
    answer: Answer
    by: UserId


@dataclass(frozen=True, slots=True)
class CheckWaived:
    """The requester set a binding check aside."""

    waiver: Waiver


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Somebody asked the run to stop; it still reports what there is."""

    by: UserId


@dataclass(frozen=True, slots=True)
class Resumed:
    """A process took the run up again after a restart."""

    process: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """The best script was executed again in a clean sandbox."""

    node: NodeId
    is_identical: bool
    largest_difference: float
    compared: int
    text: str
    changed: tuple[str, ...] = ()
    """Packages whose version is another one now: `lenskit 2025.8.1 → 2026.1`."""
    cells: int = 0
    """Cells that were made again; 0: it runs in one piece."""
    of: int = 0


@dataclass(frozen=True, slots=True)
class RoundOpened:
    """A run that had ended goes on from its scripts: results were seen by then."""

    by: UserId
    wish: str
    """What should be better, in the words of the person; empty: what is open."""
    nodes: int
    """Scripts that the run may have in all, from now on."""
    cost: float
    """Dollars that it may have cost in all."""
    tokens: int = 0
    """Tokens that it may have used in all; 0: no limit."""
    scripts: int = 0
    """How many of the scripts are new; 0: what there is was only judged again."""


@dataclass(frozen=True, slots=True)
class Disputed:
    """Somebody says that something is wrong with the report."""

    text: str
    by: UserId


@dataclass(frozen=True, slots=True)
class Rechecked:
    """The recorded files of the reported script were checked once more."""

    node: NodeId
    is_same: bool
    """Whether files and findings are what the report stands on."""
    text: str
    """For people."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The report is written and its files exist."""

    report: Report


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended with a report."""

    outcome: Outcome
    reason: Ending


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run could not go on; says why; resumable unless the plan never came to be."""

    reason: str
    is_resumable: bool = True
    is_outside_grammar: bool = False
    """Whether the rule-based researcher does not understand the task."""
    is_damaged: bool = False
    """Whether what is recorded cannot be read; never stored, told in place of what is not read."""


Event = (
    RunSubmitted
    | DatasetsProfiled
    | FilesDescribed
    | PlanSet
    | StatusChanged
    | ProtocolFrozen
    | NodeStarted
    | ScriptWritten
    | NodeProgress
    | NodeExecuted
    | NodeFailed
    | NodeJudged
    | ModelCalled
    | ModelOutage
    | Answered
    | CheckWaived
    | StopRequested
    | Resumed
    | Rerun
    | RoundOpened
    | Disputed
    | Rechecked
    | Reported
    | RunFinished
    | RunFailed
)


@dataclass(frozen=True, slots=True)
class Logged:
    """An event with its place in the run's log."""

    seq: int
    """1, 2, 3, ... within the run."""
    at: datetime
    event: Event

"""How a run stands: a fold over its events."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from agent_core.domain import (
    Dataset,
    Ending,
    Node,
    NodeId,
    Outcome,
    Plan,
    PlanChange,
    Report,
    Requirement,
    RunId,
    RunStatus,
    Script,
    Task,
    Usage,
    Waiver,
)
from agent_core.domain.events import (
    Answered,
    CheckWaived,
    DatasetsProfiled,
    Disputed,
    FilesDescribed,
    Logged,
    ModelCalled,
    ModelOutage,
    NodeExecuted,
    NodeFailed,
    NodeJudged,
    NodeProgress,
    NodeStarted,
    PlanSet,
    ProtocolFrozen,
    Reported,
    Rerun,
    RoundOpened,
    RunFailed,
    RunFinished,
    RunSubmitted,
    ScriptWritten,
    StatusChanged,
    StopRequested,
    Work,
)
from agent_core.run.damage import damage
from agent_core.run.tree import best_of, unmet

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Freeze:
    """The protocol as it was fixed before any result."""

    version: int
    plan_hash: str
    at: datetime
    by: str
    accepted: tuple[str, ...] = ()
    """What of the main question nothing answers, with consent."""


@dataclass(frozen=True, slots=True)
class RunView:
    """All that card, terminal and report need to know of a run."""

    id: RunId
    status: RunStatus = RunStatus.PLANNING
    task: Task | None = None
    researcher: str = ""
    level: str = ""
    datasets: tuple[Dataset, ...] = ()
    plans: tuple[Plan, ...] = ()
    """Every version in order; the last is in force."""
    changes: tuple[PlanChange, ...] = ()
    said: tuple[str, ...] = ()
    """What was said of the files besides the task."""
    readings: tuple[tuple[str, ...], ...] = ()
    """What had been said of the files when each version was made."""
    replaced_at: int = 0
    """How many versions were made before its files were last replaced by others."""
    nodes: tuple[Node, ...] = ()
    """In order of their ids; a node in work has neither execution nor error."""
    progress: tuple[tuple[NodeId, NodeProgress], ...] = ()
    """Last word of each executing node."""
    freeze: Freeze | None = None
    waivers: tuple[Waiver, ...] = ()
    usage: Usage = Usage()
    outage: str = ""
    """Why the model cannot be asked at the moment."""
    primary: str = ""
    """Preliminary primary metric of the best node beside its baseline."""
    report: Report | None = None
    reruns: tuple[Rerun, ...] = ()
    rounds: tuple[RoundOpened, ...] = ()
    """What was opened again after a report; the first search is not among them."""
    disputes: tuple[Disputed, ...] = ()
    answers: tuple[Answered, ...] = ()
    outcome: Outcome | None = None
    ending: Ending | None = None
    """What ended its search."""
    failure: str = ""
    """Why it failed or was cancelled, for people."""
    is_outside_grammar: bool = False
    """Whether it failed because the rule-based researcher does not understand the task."""
    is_damaged: bool = False
    """Whether what is recorded from some event on cannot be read."""
    stop_by: str = ""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    round_at: datetime | None = None
    """When the last round was opened; the budget of seconds counts from it."""
    finished_at: datetime | None = None
    seq: int = 0
    """Last event that is in this view."""

    @property
    def standing(self) -> str:
        """How it stands, in a word."""
        return "damaged" if self.is_damaged else self.status.value

    @property
    def plan(self) -> Plan | None:
        """The plan in force."""
        return self.plans[-1] if self.plans else None

    @property
    def reason(self) -> str:
        """Why it ended or failed: a word, or a sentence."""
        return self.ending or self.failure

    @property
    def executing(self) -> tuple[Node, ...]:
        """Nodes that have neither come to an execution nor failed."""
        return tuple(n for n in self.nodes if n.execution is None and n.error is None)

    @property
    def best(self) -> Node | None:
        """The working node that a result is told of."""
        return best_of(self.nodes)

    @property
    def unmet(self) -> tuple[Requirement, ...]:
        """The requirements of the plan in force that the best node does not meet."""
        return unmet(self.plan, self.best) if self.plan else ()

    def node(self, node: NodeId) -> Node:
        """Return the node with this id."""
        return next(n for n in self.nodes if n.id == node)


def fold(run: RunId, events: Iterable[Logged], view: RunView | None = None) -> RunView:
    """Apply `events` in order, starting from `view` or from nothing."""
    view = view or RunView(run)
    for logged in events:
        view = view if view.is_damaged else _safe_step(view, logged)
        view = replace(view, seq=logged.seq)
    return view


def _safe_step(view: RunView, logged: Logged) -> RunView:
    """Apply one event; one that does not follow from those before it is damage, no crash."""
    try:
        return _step(view, logged)
    except Exception as error:
        log.exception("an event does not fit", extra={"run": view.id, "seq": logged.seq})
        damaged = damage(view.id, logged.seq, type(logged.event).__name__, error)
        return _step(view, replace(logged, event=damaged))


def _step(view: RunView, logged: Logged) -> RunView:
    """Apply one event."""
    match logged.event:
        case NodeStarted() | ScriptWritten() | NodeProgress() | NodeExecuted() as event:
            return _node_step(view, event)
        case NodeFailed() | NodeJudged() as event:
            return _node_end(view, event)
        case ModelCalled() | ModelOutage() as event:
            return _model_step(view, event)
        case _:
            return _run_step(view, logged)


def _run_step(view: RunView, logged: Logged) -> RunView:
    """Apply an event about the run as a whole."""
    match logged.event:
        case RunSubmitted(task, researcher, level):
            return replace(
                view, task=task, researcher=researcher, level=level, submitted_at=logged.at
            )
        case DatasetsProfiled(datasets, said):
            return replace(view, datasets=datasets, said=said)
        case FilesDescribed() as described:
            return _described(view, described)
        case PlanSet(plan, change):
            return replace(
                view,
                plans=(*view.plans, plan),
                changes=(*view.changes, change),
                readings=(*view.readings, view.said),
            )
        case StatusChanged(status, reason):
            started = logged.at if status is RunStatus.RUNNING else None
            is_ended = status is RunStatus.REPORTING and bool(reason)
            return replace(
                view,
                status=status,
                ending=Ending(reason) if is_ended else view.ending,
                failure=view.failure if is_ended else reason or view.failure,
                started_at=view.started_at or started,
                finished_at=None if not status.is_final else logged.at,
            )
        case ProtocolFrozen(version, plan_hash, by, accepted):
            freeze = Freeze(version, plan_hash, logged.at, by, accepted)
            return replace(view, freeze=freeze)
        case _:
            return _end_step(view, logged)


def _described(view: RunView, event: FilesDescribed) -> RunView:
    """Take what was said of files: they are read again by it."""
    task = view.task
    if task is not None and event.files:
        task = replace(task, files=event.files)
    said = (*view.said, event.text) if event.text else view.said
    replaced_at = len(view.plans) if event.files else view.replaced_at
    return replace(view, task=task, datasets=(), said=said, replaced_at=replaced_at, failure="")


def _end_step(view: RunView, logged: Logged) -> RunView:
    """Apply an event of a run's end, or after it."""
    match logged.event:
        case CheckWaived(waiver):
            return replace(view, waivers=(*view.waivers, waiver))
        case StopRequested(by):
            return replace(view, stop_by=by)
        case Reported(report):
            return replace(view, report=report)
        case Rerun(node) as rerun:
            view = replace(view, reruns=(*view.reruns, rerun))
            return _quiet(view, node, Work.REPETITION)
        case RoundOpened() | Disputed():
            return _afterwards(view, logged)
        case Answered() as answered:
            return replace(view, answers=(*view.answers, answered))
        case RunFinished(outcome, ending):
            return replace(
                view,
                status=RunStatus.FINISHED,
                outcome=outcome,
                ending=ending,
                finished_at=logged.at,
            )
        case RunFailed(reason, _, is_outside, is_damaged):
            return replace(
                view,
                status=RunStatus.FAILED,
                ending=None,
                failure=reason,
                is_outside_grammar=is_outside,
                is_damaged=is_damaged,
                finished_at=logged.at,
            )
        case _:
            return view


def _afterwards(view: RunView, logged: Logged) -> RunView:
    """Apply what people do about a report."""
    match logged.event:
        case RoundOpened() as opened:
            return replace(
                view,
                status=RunStatus.RUNNING,
                rounds=(*view.rounds, opened),
                outcome=None,
                ending=None,
                failure="",
                stop_by="",
                round_at=logged.at,
                finished_at=None,
            )
        case Disputed() as disputed:
            return replace(view, disputes=(*view.disputes, disputed))
        case _:
            return view


def _model_step(view: RunView, event: ModelCalled | ModelOutage) -> RunView:
    """Apply a call of the model, or its outage."""
    match event:
        case ModelCalled(usage=usage, outcome=outcome):
            answered = outcome in ("ok", "repaired")
            return replace(view, usage=view.usage + usage, outage="" if answered else view.outage)
        case ModelOutage(reason):
            return replace(view, outage=reason)


def _node_step(
    view: RunView, event: NodeStarted | ScriptWritten | NodeProgress | NodeExecuted
) -> RunView:
    """Apply an event of a node in work."""
    match event:
        case NodeStarted(node, operator, parents, aim):
            version = view.plan.version if view.plan else 0
            new = Node(node, operator, parents, version, Script("", ""), aim)
            return replace(view, nodes=(*(n for n in view.nodes if n.id != node), new))
        case ScriptWritten(node, script):
            return _change(view, replace(view.node(node), script=script))
        case NodeProgress(node, work=work):
            others = tuple(p for p in view.progress if (p[0], p[1].work) != (node, work))
            return replace(view, progress=(*others, (node, event)))
        case NodeExecuted(node, execution, environment):
            ran = replace(view.node(node), execution=execution, environment=environment)
            return _change(_quiet(view, node), ran)


def _node_end(view: RunView, event: NodeFailed | NodeJudged) -> RunView:
    """Apply the end of a node."""
    match event:
        case NodeFailed(node, error, is_duplicate):
            failed = replace(view.node(node), error=error, is_duplicate=is_duplicate)
            return _change(_quiet(view, node), failed)
        case NodeJudged(node, checks, verdicts, score, primary, answers):
            old = view.node(node)
            version = view.plan.version if view.plan else old.plan_version
            judged = replace(
                old,
                checks=checks,
                verdicts=verdicts,
                score=score,
                plan_version=version,
                answers=answers,
            )
            after = _change(view, judged)
            is_best = after.best is not None and after.best.id == node
            return replace(after, primary=primary if is_best and primary else view.primary)


def _change(view: RunView, node: Node) -> RunView:
    """Put `node` in the place of the one with its id."""
    return replace(view, nodes=tuple(node if n.id == node.id else n for n in view.nodes))


def _quiet(view: RunView, node: NodeId, *ended: Work) -> RunView:
    """Forget the progress of what has ended on a node; of all of it where none is named."""
    kept = [p for p in view.progress if p[0] != node or (ended and p[1].work not in ended)]
    return replace(view, progress=tuple(kept))

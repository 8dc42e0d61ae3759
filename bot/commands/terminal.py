"""What the terminal shows of a run: one line an event for people, one object for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from agent_core.data.description import description_lines, lettered_questions
from agent_core.domain import Ending, Outcome, Report
from agent_core.domain.events import (
    DatasetsProfiled,
    Disputed,
    Event,
    Logged,
    ModelOutage,
    NodeExecuted,
    NodeFailed,
    NodeJudged,
    NodeProgress,
    NodeStarted,
    PlanSet,
    ProtocolFrozen,
    Rechecked,
    Rerun,
    RoundOpened,
    RunFailed,
    RunFinished,
    RunSubmitted,
    StatusChanged,
    Work,
)
from agent_core.rules.algorithm_words import algorithms_text
from agent_core.rules.design_words import words_of
from agent_core.run.journal import encode
from agent_core.run.view import RunView
from agent_core.statistics.answered import unmet_questions
from agent_core.statistics.planned_precision import precision_lines

WORK = {
    Work.EXECUTION: "",
    Work.REPETITION: ", repeated in a clean sandbox",
    Work.TRAINING: ", trained again by the product",
}
"""What is told of work on a script behind its number."""
CAME_TO = {
    Outcome.SATISFIED: "all requirements are met",
    Outcome.PARTIAL: "something worked, but not all requirements are met",
    Outcome.NOTHING: "no script worked",
}
ENDED: Mapping[str, str] = {
    Ending.SATISFIED: "",
    Ending.STOPPED: "stopped on request",
    Ending.NODES: "the limit of scripts is reached",
    Ending.SECONDS: "the time limit is reached",
    Ending.COST: "the cost limit is reached",
    Ending.MODEL: "the model could not be asked any more",
}
"""What ended a run, where it is no success."""
MARKED = re.compile(r"(\*\*[^*\n]+\*\*|\*[^*\n]+\*)")


def as_json(logged: Logged) -> str:
    """Return an event as one line of JSON."""
    kind, body = encode(logged.event)
    return json.dumps(
        {"seq": logged.seq, "at": logged.at.isoformat(), "event": kind, **json.loads(body)}
    )


def line_of(event: Event, view: RunView) -> str | None:
    """Return what a person is told about an event; None: nothing."""
    match event:
        case RunSubmitted(_, researcher, level):
            return f"Run {view.id} · {researcher} · isolation: {level}"
        case DatasetsProfiled(datasets):
            return "\n".join(f"Data: {line}" for d in datasets for line in description_lines(d))
        case PlanSet():
            return plan_text(view)
        case ProtocolFrozen(version, plan_hash):
            return f"Protocol frozen before any result: plan v{version}, {plan_hash[:12]}"
        case RunFinished(outcome, reason):
            return f"Finished: {_ending_text(outcome, reason)}"
        case RunFailed(reason, is_resumable):
            again = f" Nothing recorded is lost; go on by `autoreclab tasks resume {view.id}`."
            return f"Could not run: {reason}{again * is_resumable}"
        case StatusChanged(status, reason):
            told = ENDED.get(reason, reason)
            return f"{status.value.capitalize()}{f' ({told})' if told else ''}"
        case ModelOutage(reason):
            return f"The model cannot be asked: {reason}"
        case Rerun() | RoundOpened() | Disputed() | Rechecked():
            return _later_line(event, view)
        case _:
            return _node_line(event, view)


def plan_text(view: RunView) -> str:
    """Return the plan in force as text."""
    plan = view.plan
    if plan is None:
        return ""
    words = words_of(plan)
    margin = plan.margin
    lines = [
        f"Plan v{plan.version}: {plan.title}",
        *(f"  Question: {q}" for q in words.questions[:1]),
        *(f"  Also asked: {q}" for q in words.questions[1:]),
        f"  Design: {words.design}",
        *(f"  Data: {line}" for line in words.data),
        f"  Feedback: {plan.feedback}",
        *(f"  Split: {line}" for line in words.split),
        f"  Algorithms: {algorithms_text(plan.algorithms, plan.swept or '')}"
        f" · Metrics: {', '.join(m.label for m in plan.metrics)}",
        *(f"  Can show: {line}" for line in precision_lines(plan, view.datasets)),
        *([f"  Equivalence margin: ±{margin:g} {plan.primary.label}"] if margin else []),
        *(f"  I assumed: {a}" for a in plan.assumptions),
        *(f"  I assumed: {doubt}" for d in view.datasets for doubt in d.doubts),
        *(f"  May not fit: {c}" for c in plan.cautions),
        *(f"  Not answered: {u}" for u in words.unanswered),
        *(f"  Measured, but not yet answered: {text}" for text in unmet_questions(plan)),
        *(f"  {line}" for line in asked_lines(view)),
        *(f"  {r.id:>3}. [{r.priority.value}] {r.text}" for r in plan.requirements),
    ]
    return "\n".join(lines)


def asked_lines(view: RunView) -> list[str]:
    """Return what plan and data ask, each with its default."""
    ask = view.plan.ask if view.plan else None
    own = [(ask.text, ask.options, ask.default)] if ask else []
    ofs = [
        (f"{name}: {q.text}", tuple(o for _, o in options), q.default)
        for name, q, options in lettered_questions(view.datasets)
    ]
    return [
        f"Asked: {text} [{options[default]}] "
        f"{' / '.join(o for n, o in enumerate(options) if n != default)}".rstrip()
        for text, options, default in (*own, *ofs)
    ]


def report_text(report: Report) -> Text:
    """Return a report's first lines, strong and emphasised words shown as such."""
    shown = Text()
    for part in MARKED.split(f"{report.headline}\n\n{report.summary}"):
        if part.startswith("**"):
            shown.append(part.strip("*"), style="bold")
        elif part.startswith("*"):
            shown.append(part.strip("*"), style="italic")
        else:
            shown.append(part)
    return shown


def summary_of(view: RunView, folder: Path) -> dict[str, Any]:
    """Return the last line for machines."""
    report = view.report
    score = view.best.score if view.best else None
    has_files = report is not None and report.bundle is not None
    bundle = report.bundle if report else None
    return {
        "run": view.id,
        "status": view.standing,
        "satisfied": view.outcome is Outcome.SATISFIED,
        "outcome": view.outcome.value if view.outcome else None,
        "reason": view.reason,
        "nodes": len(view.nodes),
        "requirements_met": score.met if score else 0,
        "requirements": len(view.plan.requirements) if view.plan else 0,
        "unanswered": [u.clause for u in view.plan.unanswered] if view.plan else [],
        "report": str(folder / "report.md") if has_files else None,
        "zip": str(folder / bundle.name) if bundle else None,
        "spend": view.usage.cost,
    }


def _ending_text(outcome: Outcome, reason: Ending) -> str:
    """Say what a run came to, and what ended it where that was not its success."""
    if outcome is Outcome.PARTIAL and reason is Ending.SATISFIED:
        return "all requirements are met, not all of the task is answered"
    why = ENDED[reason]
    return CAME_TO[outcome] + (f"; {why}" if why else "")


def _later_line(event: Rerun | RoundOpened | Disputed | Rechecked, view: RunView) -> str:
    """Return what a person is told about what happens around a report."""
    match event:
        case RoundOpened(by, wish):
            return f"Round {len(view.rounds) + 1}, asked by {by}: {wish or 'what is open'}"
        case Disputed(text, by):
            return f"Disputed by {by}: {text}"
        case Rerun(text=text) | Rechecked(text=text):
            return text.replace("*", "")


def _node_line(event: Event, view: RunView) -> str | None:
    """Return what a person is told about an event of one script."""
    match event:
        case NodeStarted(node, operator):
            return f"Script {node}: {operator.value}"
        case NodeProgress(node, line, work=work):
            return f"Script {node}{WORK[work]}: {line}"
        case NodeExecuted(node, execution):
            status = f"exit {execution.exit_code}" if execution.exit_code is not None else "killed"
            return (
                f"Script {node}: {execution.ended.value}, {status}, "
                f"{execution.duration_s:.1f} s, {execution.peak_memory_mib:.0f} MiB"
            )
        case NodeFailed(node, error):
            return f"Script {node}: not run: {error}"
        case NodeJudged(node, checks, _, score):
            failed = f"; failed checks: {', '.join(score.failed_checks)}"
            return (
                f"Script {node}: {score.met} of {score.total} requirements met, "
                f"{len(checks)} checks{failed if score.failed_checks else ''}"
            )
        case _:
            return None

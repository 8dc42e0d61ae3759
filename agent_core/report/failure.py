"""What is told when no script worked: why, what is usable, and what next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from agent_core.domain import Ending, Node
from agent_core.prose.number_format import shown
from agent_core.prose.quotation import without_results
from agent_core.report.headline import mean_text
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.thread_summary import ENDINGS
from agent_core.run.tree import error_signature
from agent_core.statistics.facts import Summary
from sandbox.execution import Ended

SHOWN_CAUSES = 6
SHOWN_ALGORITHMS = 6


@dataclass(frozen=True, slots=True)
class Failure:
    """Headline and text of a run without a result."""

    headline: str
    summary: str
    next_steps: tuple[str, ...]


def failure(inputs: ReportInputs) -> Failure:
    """Word a run in which no script worked."""
    nodes = inputs.view.nodes
    count = f"none of {len(nodes)} scripts satisfied the plan" if nodes else "no script was run"
    seconds = _elapsed_s(inputs)
    spent = f", ${inputs.view.usage.cost:.2f}" if inputs.view.usage.cost else ""
    if nodes and all(n.is_stopped for n in nodes):
        count = f"none of {len(nodes)} scripts had come to its end"
    stopped = (inputs.ending and ENDINGS.get(inputs.ending)) or "Every script failed"
    after = f" after {_duration(seconds)}" if seconds else ""
    headline = f"**No result: {count}.** {stopped.rstrip('.')}{after}{spent}."
    steps = _next_steps(inputs)
    lines = [
        f"*Why:* {_causes_text(nodes)}",
        f"*Usable:* {_usable(inputs)}",
        f"*Next:* {' '.join(f'{mark} {s}' for mark, s in zip('①②③', steps, strict=False))}",
    ]
    return Failure(headline, "\n".join(lines), steps)


def _elapsed_s(inputs: ReportInputs) -> float:
    """Return the seconds from the start to the last event."""
    if inputs.view.started_at is None or not inputs.log:
        return 0.0
    return max(0.0, (inputs.log[-1].at - inputs.view.started_at).total_seconds())


def _duration(seconds: float) -> str:
    """Return a duration for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _cause(node: Node) -> str:
    """Name why a script gave no result."""
    execution = node.execution
    signature = error_signature(node)
    if execution is not None and execution.ended is not Ended.FINISHED:
        limits = {
            Ended.MEMORY: "ran out of memory",
            Ended.TIMEOUT: "ran out of time",
            Ended.CPU: "used up its CPU time",
            Ended.DISK: "wrote more than the disk limit",
            Ended.PROCESSES: "started too many processes",
            Ended.OUTPUT: "printed more than is allowed",
            Ended.STOPPED: "stopped on request",
            Ended.LOST: "lost with its machine",
        }
        return limits.get(execution.ended, f"ended by {execution.ended.value}")
    if signature:
        error = without_results(signature.removeprefix("finished: "), 160)
        return f"crashed or was refused: `{error}`"
    failed = [c.name for c in node.checks if c.is_fault]
    if failed:
        return f"ran but failed the check `{failed[0]}`"
    return "did not come to an end" if node.score is None else "ran but met too little"


def _causes_text(nodes: tuple[Node, ...]) -> str:
    """Return the causes, the most frequent first."""
    if not nodes:
        return "no script was written."
    counted = Counter(_cause(n) for n in nodes).most_common()
    told = [f"{count} {text}" for text, count in counted[:SHOWN_CAUSES]]
    more = sum(count for _, count in counted[SHOWN_CAUSES:])
    return "; ".join(told) + (f"; {more} failed otherwise" if more else "") + "."


def _usable(inputs: ReportInputs) -> str:
    """Say what of the results can be used."""
    facts = inputs.facts
    if facts is None or not facts.summaries or inputs.best is None:
        return "the plan, the scripts and their output (in the zip); no results."
    names = list(dict.fromkeys(s.algorithm for s in facts.of(inputs.plan.primary)))
    if not names:
        return "rows of other metrics than the planned one (tables in the zip), unchecked."
    found = facts.of(inputs.plan.primary)
    runs = sum(s.runs for s in found)
    text = (
        f"{runs} single runs of {', '.join(names[:6])} from script {inputs.best.id}, which did "
        "not satisfy the plan (tables in the zip)."
    )
    if inputs.best.score is None or inputs.best.score.failed_checks:
        return text
    so_far = "; ".join(_so_far_text(s, inputs) for s in found[:SHOWN_ALGORITHMS])
    return f"{text} Preliminary, {inputs.plan.primary.label}: {so_far}."


def _so_far_text(summary: Summary, inputs: ReportInputs) -> str:
    """Return what an unfinished script shows of one algorithm, beside what was planned."""
    planned = {"seeds": len(inputs.plan.seeds), "folds": inputs.plan.split.folds}
    whole = planned.get(summary.over, 0)
    text = f"{summary.algorithm} {mean_text(summary)}"
    if summary.units < 2:
        return text
    of = f" of {whole}" if whole > summary.units else ""
    half = summary.sd_interval.half_width
    return f"{text}, SD {shown(summary.sd, half)} over {summary.units}{of} {summary.over}"


def _next_steps(inputs: ReportInputs) -> tuple[str, ...]:
    """Return two or three ways on that fit what went wrong."""
    ended = Counter(n.execution.ended for n in inputs.view.nodes if n.execution)
    steps: list[str] = []
    if ended[Ended.STOPPED]:
        steps.append("Ask again with fewer seeds, folds or algorithms if it took too long.")
        steps.append("Ask the same again to run it whole.")
    if ended[Ended.MEMORY]:
        steps.append("Leave out the algorithms that need a dense item matrix (EASE, SLIM).")
        steps.append("Filter rare users and items first, or attach a smaller sample.")
        steps.append("Ask the admin for more memory (`sandbox.memory_mib`).")
    if ended[Ended.TIMEOUT] or ended[Ended.CPU]:
        steps.append("Plan fewer seeds, folds or algorithms.")
        steps.append("Ask the admin for more time per script (`exec.timeout`).")
    if inputs.ending is Ending.COST:
        steps.append("Raise the budget and resume.")
    if any(n.is_buggy and not n.is_stopped for n in inputs.view.nodes):
        steps.append("Look at the first error in the zip's log.jsonl, or reply what to change.")
    steps.append("Ask for fewer algorithms and metrics first, then add the others.")
    return tuple(dict.fromkeys(steps))[:3]

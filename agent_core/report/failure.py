"""What is told when no script worked: why, what is usable, and what next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from agent_core.domain import Node
from agent_core.prose.number_format import duration
from agent_core.prose.quotation import without_results
from agent_core.report.rendering import render_lines, render_part
from agent_core.report.report_inputs import ReportInputs
from agent_core.run.tree import error_signature


@dataclass(frozen=True, slots=True)
class Failure:
    """Headline and text of a run without a result."""

    headline: str
    summary: str
    next_steps: tuple[str, ...]


def failure(inputs: ReportInputs) -> Failure:
    """Word a run in which no script worked."""
    steps = _next_steps(inputs)
    causes = Counter(_cause(n) for n in inputs.view.nodes).most_common()
    elapsed_s = _elapsed_s(inputs)
    return Failure(
        _part("headline", inputs=inputs, duration=duration(elapsed_s) if elapsed_s else ""),
        _part("summary", inputs=inputs, causes=causes, steps=steps),
        steps,
    )


def _part(macro: str, **values: Any) -> str:
    """Return a part of what is told."""
    return render_part("failure.md.j2", macro, **values)


def _elapsed_s(inputs: ReportInputs) -> float:
    """Return the seconds from the start to the last event."""
    if inputs.view.started_at is None or not inputs.log:
        return 0.0
    return max(0.0, (inputs.log[-1].at - inputs.view.started_at).total_seconds())


def _cause(node: Node) -> str:
    """Name why a script gave no result."""
    signature = error_signature(node)
    error = without_results(signature.removeprefix("finished: "), 160) if signature else ""
    return _part("cause", node=node, error=error)


def _next_steps(inputs: ReportInputs) -> tuple[str, ...]:
    """Return two or three ways on that fit what went wrong."""
    ended = {n.execution.ended for n in inputs.view.nodes if n.execution}
    steps = render_lines("failure.md.j2", "next_steps", inputs=inputs, ended=ended)
    return tuple(dict.fromkeys(steps))[:3]

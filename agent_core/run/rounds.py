"""Whether an ended run may go on, and with what: rounds after results were seen. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import Budget, Node, Plan, Requirement, RunStatus, UserId, Waiver
from agent_core.domain.events import RoundOpened
from agent_core.prose.clipping import on_one_line
from agent_core.run.tree import Tree
from agent_core.run.view import RunView

LONGEST_DISPUTE = 1000
"""Characters kept of what somebody says is wrong."""


def why_closed(view: RunView, wish: str) -> str:
    """Say why no new round can be opened; empty where one can."""
    if not view.status.is_final:
        return f"This run is {view.status.value}; say that again when it has ended."
    if view.report is None or view.plan is None:
        return (
            "This run has no report to go on from. Mention me again with the question for a new "
            "run."
        )
    if view.best is not None and not view.unmet and not wish.strip():
        clauses = "; ".join(f"“{u.clause}”" for u in view.plan.unanswered)
        told = f"Not answered is {clauses}: say that in other words, or say" if clauses else "Say"
        return (
            f"All requirements are met, so there is nothing open to improve. {told} what should "
            "be better, for example: also report Recall@20, use 20 seeds."
        )
    return ""


def next_round(view: RunView, wish: str, by: UserId, budget: Budget, scripts: int) -> RoundOpened:
    """Return the round that goes on from a run.

    Parameters
    ----------
    view
        The ended run.
    wish
        What should be better, in the words of the person.
    by
        Who asked for it.
    budget
        What the round may cost beyond what is spent.
    scripts
        Scripts that it may have beyond those there are.
    """
    tokens = view.usage.input_tokens + view.usage.output_tokens + budget.tokens
    return RoundOpened(
        by,
        wish.strip(),
        len(view.nodes) + scripts,
        view.usage.cost + budget.cost,
        tokens if budget.tokens else 0,
        scripts,
    )


def dispute_line(text: str) -> str:
    """Return what somebody says is wrong, as it is kept: one line, not too long."""
    return on_one_line(text, LONGEST_DISPUTE)


def is_margin_late(view: RunView, plan: Plan) -> bool:
    """Whether a margin of equivalence is not the one that was frozen before results."""
    if view.freeze is None or plan.margin is None:
        return False
    frozen = [p.margin for p in view.plans if p.version == view.freeze.version]
    return plan.margin not in frozen


def nodes_begun(view: RunView) -> tuple[Node, ...]:
    """Return the nodes that were begun and go on; none in a round that only judges again."""
    is_judged_only = bool(view.rounds) and not view.rounds[-1].scripts
    return () if is_judged_only else Tree(view.nodes).in_work


def is_stale(node: Node, plan: Plan, waivers: Sequence[Waiver]) -> bool:
    """Whether a node was judged under another plan, or fails what was set aside since."""
    failed = node.score.failed_checks if node.score else ()
    return node.plan_version != plan.version or any(w.check in failed for w in waivers)


def same_wording(
    wanted: Sequence[Requirement], judged_under: Plan | None
) -> tuple[Requirement, ...]:
    """Return the requirements that another version of the plan has in the same words."""
    known = {r.id: r.text for r in judged_under.requirements} if judged_under else {}
    return tuple(r for r in wanted if known.get(r.id) == r.text)


def is_reopened(view: RunView, waivers: Sequence[Waiver]) -> bool:
    """Whether waivers after the end change what the report stands on."""
    best = view.best
    failed = best.score.failed_checks if best and best.score else ()
    is_ended = view.status is RunStatus.FINISHED and view.report is not None
    return is_ended and any(w.check in failed for w in waivers)

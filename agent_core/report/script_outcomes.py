"""What came of a script that was tried, in words."""

from __future__ import annotations

from agent_core.domain import Node
from agent_core.prose.quotation import without_results
from agent_core.run.tree import error_signature


def outcome_text(node: Node) -> str:
    """Return what came of a script."""
    if node.error is not None:
        return f"not run: {node.error.splitlines()[0][:160] if node.error else 'unknown'}"
    if node.execution is None:
        return "not finished"
    if not node.execution.is_ok:
        return without_results(error_signature(node), 160)
    if node.score is None:
        return "ran, not judged"
    failed = ", ".join(node.score.failed_checks)
    return f"ran, failed {failed}" if failed else "ran"

"""The nodes of a run as a tree: what is buggy, what works, what may still be debugged; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent_core.domain import Node, NodeId, Operator, Plan, Requirement
from agent_core.domain.node import met_by

MAX_DEBUG_CHAIN = 3
"""Repairs of one script in a row, at most."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A view of the nodes of one run."""

    nodes: tuple[Node, ...]

    @property
    def in_work(self) -> tuple[Node, ...]:
        """Nodes that have not come to an end."""
        return tuple(n for n in self.nodes if not is_done(n))

    @property
    def done(self) -> tuple[Node, ...]:
        """Nodes that have come to an end."""
        return tuple(n for n in self.nodes if is_done(n))

    @property
    def working(self) -> tuple[Node, ...]:
        """Nodes that ran and were judged."""
        return tuple(n for n in self.nodes if n.is_working)

    @property
    def buggy(self) -> tuple[Node, ...]:
        """Buggy leaves whose chain of repairs is still open."""
        return tuple(n for n in self.done if n.is_buggy and self.is_debuggable(n))

    @property
    def best(self) -> Node | None:
        """The working node that a result would be told of."""
        return best_of(self.nodes)

    @property
    def satisfactory(self) -> Node | None:
        """The node of the lowest number that may end the run."""
        return next((n for n in self.nodes if n.is_satisfactory), None)

    @property
    def winner(self) -> Node | None:
        """The node that nothing in work can surpass any more: all met, and none before it open."""
        best = self.satisfactory
        if best is None or best.score is None or best.score.value < 1.0:
            return None
        return None if any(n.id < best.id for n in self.in_work) else best

    def node(self, node: NodeId) -> Node:
        """Return the node with this id."""
        return next(n for n in self.nodes if n.id == node)

    def children(self, node: NodeId) -> tuple[Node, ...]:
        """Return the nodes made from `node`."""
        return tuple(n for n in self.nodes if node in n.parents)

    def chain(self, node: Node) -> tuple[Node, ...]:
        """Return the debug chain that ends in `node`, oldest first, its start included."""
        chain = [node]
        while chain[0].operator is Operator.DEBUG and chain[0].parents:
            chain.insert(0, self.node(chain[0].parents[0]))
        return tuple(chain)

    def is_debuggable(self, node: Node) -> bool:
        """Whether another repair of `node` may help: a leaf, a short chain, a new error."""
        if self.children(node.id) or not node.script.source or node.is_duplicate:
            return False
        chain = self.chain(node)
        if len(chain) > MAX_DEBUG_CHAIN:
            return False
        signatures = [error_signature(n) for n in chain]
        return signatures[-1] not in signatures[:-1]


def best_of(nodes: Iterable[Node], *, may_be_broken: bool = False) -> Node | None:
    """Return the node that a result is told of: satisfactory, else of the highest score.

    Satisfactory comes first: what fails a binding check may meet more of the plan, by numbers that
    nobody should use. Ties go to the earliest. Without a working node, one that `may_be_broken`
    is taken for the rows that it left before it was stopped or crashed.
    """
    judged = [n for n in nodes if n.execution is not None and n.score is not None]
    return max(
        (n for n in judged if n.is_working or may_be_broken),
        key=lambda n: (
            n.is_working, n.is_satisfactory, n.score.value if n.score else 0.0, -n.id,
        ),
        default=None,
    )  # fmt: skip


def unmet(plan: Plan, node: Node | None) -> tuple[Requirement, ...]:
    """Return the requirements that a node does not meet; all of them where there is none."""
    met = met_by(node.verdicts) if node else ()
    return tuple(r for r in plan.requirements if r.id not in met)


def is_done(node: Node) -> bool:
    """Whether nothing more happens to `node`."""
    return node.error is not None or node.score is not None


def next_id(nodes: Sequence[Node]) -> NodeId:
    """Return the id of the next node of a run; ids count from 1."""
    return NodeId(max((n.id for n in nodes), default=0) + 1)


def error_signature(node: Node) -> str:
    """Name the error of a buggy node so that the same error is recognised again.

    The last line of a traceback with numbers and quoted values blanked out, or how the execution
    ended; empty for a node without an error.
    """
    if node.error is not None:
        return _blank_out(node.error.splitlines()[0] if node.error else "error")
    if node.execution is None or node.execution.is_ok:
        return ""
    lines = node.execution.output.rstrip().splitlines()
    errors = [line for line in lines if re.match(r"^[\w.]*(Error|Exception|Warning|Exit)\b", line)]
    detail = _blank_out(errors[-1]) if errors else f"exit {node.execution.exit_code}"
    return f"{node.execution.ended.value}: {detail}"


def _blank_out(text: str) -> str:
    """Blank out what differs between two occurrences of one error."""
    return re.sub(r"0x[0-9a-f]+|\d+(\.\d+)?", "#", text)[:200]

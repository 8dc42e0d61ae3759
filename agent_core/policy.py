"""Which action next: pure, seeded; the epsilon-greedy policy of AutoRecLab v1."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from agent_core.domain import Finding, Nature, Node, NodeId, Operator, Plan, Priority, Requirement
from agent_core.settings import TreeSearchSettings
from agent_core.tree import Tree


@dataclass(frozen=True, slots=True)
class Action:
    """An operator and what it is applied to."""

    operator: Operator
    parents: tuple[NodeId, ...] = ()
    aim: int | None = None
    """Id of the open requirement that it is for."""


def decision_rng(seed: int, decision: int) -> Random:
    """Return the generator of one decision; the same for the same run seed and number."""
    return Random(f"{seed}:{decision}")


def choose(tree: Tree, plan: Plan, settings: TreeSearchSettings, rng: Random) -> Action | None:
    """Pick the next action, or None when what is in work has to come to its end first.

    Drafts come first, all at once. Then, with u1 and u2 uniform: if there are buggy nodes and
    (u1 < debug_prob or nothing works) a uniformly chosen one is debugged; else if u2 < epsilon a
    uniformly chosen working node is improved, else the best; with neither, a fresh draft.
    """
    drafts = sum(n.operator is Operator.DRAFT for n in tree.nodes)
    if drafts < settings.num_draft_nodes:
        return Action(Operator.DRAFT)
    u1, u2 = rng.random(), rng.random()
    buggy, working = tree.buggy, tree.working
    if buggy and (u1 < settings.debug_prob or not working):
        return Action(Operator.DEBUG, (rng.choice(buggy).id,))
    if working:
        best = tree.best or working[0]
        node = rng.choice(working) if u2 < settings.epsilon else best
        return Action(Operator.IMPROVE, (node.id,), aim_of(node, plan, tree))
    return None if tree.in_work else Action(Operator.DRAFT)


def open_requirements(node: Node, plan: Plan) -> tuple[Requirement, ...]:
    """Return what `node` does not meet, the most important first."""
    met = {v.requirement for v in node.verdicts if v.is_met}
    missing = [r for r in plan.requirements if r.id not in met]
    return tuple(
        sorted(
            missing,
            key=lambda r: (r.priority is not Priority.MUST, r.nature is not Nature.SCIENCE, r.id),
        )
    )


def aim_of(node: Node, plan: Plan, tree: Tree) -> int | None:
    """Pick the open requirement of `node` that was aimed at least often from it.

    None where a failed binding check has to be mended before any requirement.
    """
    if any(c.is_binding and c.finding is Finding.FAIL for c in node.checks):
        return None
    tried = [child.aim for child in tree.children(node.id)]
    missing = open_requirements(node, plan)
    return min(missing, key=lambda r: tried.count(r.id)).id if missing else None

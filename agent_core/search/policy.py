"""Which action next: pure, seeded; the epsilon-greedy policy of AutoRecLab v1."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from agent_core.domain import Nature, Node, NodeId, Operator, Plan, Priority, Requirement
from agent_core.run.tree import Tree, is_done, unmet
from agent_core.settings import TreeSearchSettings


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
    uniformly chosen working node is improved, else the best (the next best where all that is open
    of it is in work); with neither, a fresh draft. After a script that had run before, what is in
    work is waited for.
    """
    drafts = sum(n.operator is Operator.DRAFT for n in tree.nodes)
    if drafts < settings.num_draft_nodes:
        return Action(Operator.DRAFT)
    if tree.in_work and tree.nodes[-1].is_duplicate:
        # Asked again with nothing new to go by, a researcher writes the same again.
        return None
    u1, u2 = rng.random(), rng.random()
    buggy, working = tree.buggy, tree.working
    if buggy and (u1 < settings.debug_prob or not working):
        return Action(Operator.DEBUG, (rng.choice(buggy).id,))
    if working:
        best = tree.best or working[0]
        first = rng.choice(working) if u2 < settings.epsilon else best
        others = sorted(working, key=lambda n: (-(n.score.value if n.score else 0.0), n.id))
        actions = (improvement(n, plan, tree) for n in (first, *others))
        return next((a for a in actions if a is not None), None)
    return None if tree.in_work else Action(Operator.DRAFT)


def open_requirements(node: Node, plan: Plan) -> tuple[Requirement, ...]:
    """Return what `node` does not meet, the most important first."""
    return tuple(
        sorted(
            unmet(plan, node),
            key=lambda r: (r.priority is not Priority.MUST, r.nature is not Nature.SCIENCE, r.id),
        )
    )


def improvement(node: Node, plan: Plan, tree: Tree) -> Action | None:
    """Improve `node` for what nobody works on yet; None where all that is open is in work.

    The open requirement that was aimed at least often from it is taken. None is aimed at where
    a failed binding check has to be mended before any requirement.
    """
    children = tree.children(node.id)
    reserved = {c.aim for c in children if not is_done(c)}
    has_failed = any(c.is_fault for c in node.checks)
    missing = () if has_failed else open_requirements(node, plan)
    free = [r for r in missing if r.id not in reserved]
    if free:
        tried = [child.aim for child in children]
        aim = min(free, key=lambda r: tried.count(r.id)).id
        return Action(Operator.IMPROVE, (node.id,), aim)
    if missing or None in reserved:
        return None
    return Action(Operator.IMPROVE, (node.id,))

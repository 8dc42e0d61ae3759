"""The measures of questions: their own, those of all, the main ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent_core.domain import Estimand, Metric, Question
from agent_core.offline.designs.asked import Ask, says
from agent_core.offline.designs.entities import with_cuts
from agent_core.offline.designs.structure import SIDE, Structure
from agent_core.offline.designs.text import usual_form


def own_measures(ask: Ask, structure: Structure) -> tuple[str, ...]:
    """Return the keys of the measures that a clause names for its question."""
    if ask.kind is Estimand.COUNTS:
        return ()
    named = [m for m in ask.clause.measures if _is_of(m, ask)]
    full = with_cuts(named, structure.metrics)
    return tuple(m.key for m in full if m in structure.metrics)


def claimed_measures(asks: Sequence[Ask], structure: Structure) -> frozenset[str]:
    """Return the measures that side questions have for themselves."""
    return frozenset(k for a in asks if a.kind in SIDE for k in own_measures(a, structure))


def with_measures(
    found: list[Question], structure: Structure, claimed: frozenset[str]
) -> list[Question]:
    """Return questions with measures: their own, all where they say so, else the main ones."""
    keys = tuple(m.key for m in structure.metrics if not m.kind.is_cost)
    found = [replace(q, measures=keys) if _is_of_all(q) else q for q in found]
    if found and not found[0].measures and found[0].kind is not Estimand.COUNTS:
        found[0] = replace(found[0], measures=_main_measures(structure, claimed))
    found = _with_unclaimed(found, structure)
    found = [_of_two(q, structure) if q.kind is Estimand.TRADE_OFF else q for q in found]
    main = found[0].measures if found else ()
    return [
        q if q.measures or q.kind is Estimand.COUNTS else replace(q, measures=main) for q in found
    ]


def in_order(question: Question, structure: Structure) -> Question:
    """Return a question with its measures in the order of the plan."""
    keys = [m.key for m in structure.metrics]
    return replace(question, measures=tuple(sorted(question.measures, key=keys.index)))


def costs_left(found: Sequence[Question], structure: Structure) -> tuple[str, ...]:
    """Return the times and memory that no question has."""
    claimed = {k for q in found for k in q.measures}
    costs = tuple(m.key for m in structure.metrics if m.kind.is_cost)
    return costs if {*costs} - claimed else ()


def _of_two(question: Question, structure: Structure) -> Question:
    """Return a trade-off of two measures where several costs are named: the one in its words."""
    own = [m for m in structure.metrics if m.key in question.measures]
    costs = [m for m in own if m.kind.is_cost]
    others = [m for m in own if not m.kind.is_cost]
    if len(costs) < 2 or not others:
        return question
    text = usual_form(question.clause)
    words = {"training_time": "to_train", "recommendation_time": "to_serve", "memory": "to_hold"}
    said = (m for m in costs if says(words.get(m.name, "to_train"), text))
    cost = next(said, costs[0])
    return replace(question, measures=(*(m.key for m in others), cost.key))


def _is_of(metric: Metric, ask: Ask) -> bool:
    """Whether a metric in the clause of a question is one of its measures."""
    measures = ask.clause.measures
    if ask.kind is Estimand.TRADE_OFF:
        return True
    if ask.kind is Estimand.COST:
        return metric.kind.is_cost or says("beside_cost", ask.clause.text)
    has_pairs = any(m.kind.is_of_pairs for m in measures)
    if ask.kind in (Estimand.LEVEL, Estimand.SPREAD) and has_pairs:
        return metric.kind.is_of_pairs is (ask.kind is Estimand.LEVEL)
    return not metric.kind.is_cost


def _is_of_all(question: Question) -> bool:
    """Whether a question is asked of every measure: `do the measures agree`, `both errors`."""
    text = usual_form(question.clause)
    is_order = question.kind is Estimand.ORDER and says("every_measure", text)
    return not question.measures and (is_order or says("both_measures", text))


def _main_measures(structure: Structure, claimed: frozenset[str]) -> tuple[str, ...]:
    """Return the measures of a primary question whose clause names none."""
    lists = [m for m in structure.metrics if not m.kind.is_cost]
    free = [m for m in lists if m.key not in claimed and not m.kind.is_of_pairs]
    accurate = [m.key for m in free if m.is_accuracy]
    return tuple(accurate or [m.key for m in free] or [m.key for m in lists])


def _with_unclaimed(found: list[Question], structure: Structure) -> list[Question]:
    """Return questions of which the primary one has what no other has."""
    claimed = {k for q in found for k in q.measures}
    is_traded = bool(found) and found[0].kind is Estimand.TRADE_OFF
    free = (m for m in structure.metrics if m.key not in claimed)
    keys = tuple(m.key for m in free if is_traded or not m.kind.is_cost)
    if keys and found and found[0].kind is not Estimand.COUNTS:
        found[0] = replace(found[0], measures=(*found[0].measures, *keys))
    return found

"""Typed questions from the clauses that ask them and the factors that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent_core.domain import Estimand, LevelValue, Question
from agent_core.offline.designs.asked import PATTERNS as ASKED, Ask, Clause, says
from agent_core.offline.designs.asks import asks_of, is_apart, levels_in, set_against
from agent_core.offline.designs.limits import (
    limits_of,
    margin_of,
    pairs_of,
    reference_of,
    test_of,
    told_reference,
)
from agent_core.offline.designs.measured import (
    claimed_measures,
    costs_left,
    in_order,
    own_measures,
    with_measures,
)
from agent_core.offline.designs.over import factors_named, over_of, within_of
from agent_core.offline.designs.structure import ALGORITHM, OF_PAIRS, Structure
from agent_core.offline.designs.text import usual_form
from agent_core.rules.group_words import group_by, groups_said

TESTING = (Estimand.FALSE_ALARMS, Estimand.DIFFERENCE)
"""Questions that test pairs."""
_GROUPS = {
    "group_activity": "activity of users",
    "group_age": "age of items",
    "group_popularity": "popularity of items",
}


def questions_of(
    clauses: Sequence[Clause], structure: Structure
) -> tuple[tuple[Question, ...], dict[str, Estimand]]:
    """Return the questions, the primary one first, and the clauses with what they ask."""
    asks = asks_of(clauses, structure)
    found: list[Question] = []
    for ask in asks:
        question = _question(ask, structure, own_measures(ask, structure))
        for one in _apart(question, ask, structure):
            _add(found, one)
    found = with_measures(found, structure, claimed_measures(asks, structure))
    if costs := costs_left(found, structure):
        cost = Ask(Estimand.COST, Clause("", "", "", 0, is_asked=False))
        found.append(_question(cost, structure, costs))
    found = _with_tests(_with_margin(found, clauses), structure)
    found = _with_same_pairs(_with_references(found, clauses, structure))
    used = {a.clause.said: a.kind for a in reversed(asks)}
    return tuple(in_order(q, structure) for q in found), used


def _apart(question: Question, ask: Ask, structure: Structure) -> Iterator[Question]:
    """Yield a question for each repeated factor where a clause asks so, else the one."""
    is_of_factors = question.kind is Estimand.INTERACTION and not question.groups
    if is_of_factors and structure.has_several:
        named = factors_named(ask.clause, structure) or question.over[1:]
        for name in named:
            over = (question.over[0], name)
            yield replace(question, over=over, within=within_of(ask, structure, over))
    elif question.kind is Estimand.SPREAD and is_apart(ask):
        for name in structure.repeated:
            yield replace(question, over=(name,))
    else:
        yield question


def _question(ask: Ask, structure: Structure, measures: tuple[str, ...]) -> Question:
    over = over_of(ask, structure)
    question = Question(
        ask.kind, over, measures, within_of(ask, structure, over), clause=ask.clause.said
    )
    return _with_limits(question, ask, structure)


def _with_limits(question: Question, ask: Ask, structure: Structure) -> Question:
    """Return a question with reference, pairs, margin or tolerance, and groups, as it says."""
    clause = ask.clause
    text = clause.text or clause.sentence
    question = replace(question, **limits_of(question.kind, text, clause.sentence, structure.said))
    is_of_groups = question.kind is Estimand.INTERACTION and clause.is_of_groups
    if question.kind is Estimand.GROUPS or is_of_groups:
        question = _with_groups(question, text, (clause.sentence, *structure.said))
    reference = reference_of(question, clause, structure)
    if reference is not None:
        question = replace(question, reference=reference)
    against = set_against(clause, structure) if question.kind is Estimand.DIFFERENCE else None
    if against and len(levels := levels_in(clause, against)) == 2:
        return replace(question, pairs=((levels[0], levels[1]),))
    if question.kind in (Estimand.DIFFERENCE, Estimand.INTERACTION) and not against:
        question = replace(question, pairs=pairs_of(clause, structure.algorithms, reference))
    return question


def _with_groups(question: Question, text: str, others: Sequence[str]) -> Question:
    """Return a question with what its groups go by, how many they are and what they are called."""
    words = _groups_of(text)
    said = groups_said(text, *others)
    return replace(
        question,
        groups=words,
        group_by=group_by(words),
        group_count=said.count,
        group_names=said.names,
        group_ends=said.ends,
    )


def _groups_of(text: str) -> str:
    """Return what users or items are grouped by: the rule in the text's words, else its kind."""
    known = next((words for name, words in _GROUPS.items() if says(name, text)), "")
    rule = ASKED["group_rule"].search(text)
    said = next((g for g in rule.groups() if g), "") if rule else ""
    if known == _GROUPS["group_activity"] or not said:
        return known or "groups of users"
    return f"groups of users by {said.strip()}"


def _add(found: list[Question], question: Question) -> None:
    """Add a question, or join it with one of the same kind over the same factors."""
    for place, known in enumerate(found):
        is_same = (known.kind, known.over) == (question.kind, question.over)
        if not is_same or _are_apart(known, question):
            continue
        found[place] = _joined(known, question)
        return
    found.append(question)


def _are_apart(known: Question, other: Question) -> bool:
    """Whether questions of one kind are about different things."""
    if says("equivalence", other.clause) and known.reference is None:
        return says("all_pairs", usual_form(known.clause)) or says("named_test", known.clause)
    if known.kind in (Estimand.COST, Estimand.GROUPS) or not known.measures or not other.measures:
        return False
    if all(k.partition("@")[0] in OF_PAIRS for k in other.measures):
        return False
    is_new = not {*other.measures} & {*known.measures}
    return is_new and bool(known.clause and other.clause)


def _joined(known: Question, other: Question) -> Question:
    def first(one: LevelValue | None, two: LevelValue | None) -> LevelValue | None:
        return one if one is not None else two

    return replace(
        known,
        measures=tuple(dict.fromkeys((*known.measures, *other.measures))),
        reference=first(known.reference, other.reference),
        pairs=known.pairs or other.pairs,
        margin=known.margin if known.margin is not None else other.margin,
        tolerance=known.tolerance if known.tolerance is not None else other.tolerance,
        is_relative=known.is_relative or other.is_relative,
        clause=known.clause or other.clause,
    )


def _with_margin(found: list[Question], clauses: Sequence[Clause]) -> list[Question]:
    """Return questions of which a difference has the margin that a sentence names."""
    margin = next((margin for c in clauses if (margin := margin_of(c.sentence))), None)
    places = [i for i, q in enumerate(found) if q.kind is Estimand.DIFFERENCE]
    if margin is None or not places or any(found[i].margin is not None for i in places):
        return found
    equal = [i for i in places if says("equivalence", found[i].clause)]
    place = (equal or places)[0]
    found[place] = replace(found[place], **margin)
    return found


def _with_tests(found: list[Question], structure: Structure) -> list[Question]:
    """Return questions of which the first that tests pairs has the test that the text names."""
    named = next((name for text in structure.said if (name := test_of(text))), "")
    tested = [i for i, q in enumerate(found) if q.kind in TESTING]
    own = [i for i in tested if test_of(usual_form(found[i].clause))]
    for place in (own or tested)[:1] if named else ():
        found[place] = replace(found[place], test=named)
    return found


def _with_same_pairs(found: list[Question]) -> list[Question]:
    """Return questions of which those about groups ask of the pairs that a difference is of."""
    asked = next((q for q in found if q.kind is Estimand.DIFFERENCE), None)
    if asked is None:
        return found
    return [
        replace(q, pairs=asked.pairs, reference=asked.reference)
        if q.kind is Estimand.INTERACTION
        and q.groups
        and not q.pairs
        and q.reference is None
        and q.over[:1] == asked.over[:1]
        else q
        for q in found
    ]


def _with_told_algorithm(
    question: Question, clauses: Sequence[Clause], structure: Structure
) -> Question:
    """Return a question with the algorithm that any clause calls its reference."""
    of_algorithms = (Estimand.DIFFERENCE, Estimand.TRADE_OFF)
    is_open = question.reference is None and ALGORITHM in question.over
    if not is_open or question.kind not in of_algorithms:
        return question
    for clause in clauses:
        if name := told_reference(clause, structure):
            return replace(question, reference=name, pairs=())
    return question


def _with_references(
    found: list[Question], clauses: Sequence[Clause], structure: Structure
) -> list[Question]:
    """Return questions with the level that another clause says they are relative to."""
    found = [_with_told_algorithm(q, clauses, structure) for q in found]
    told = [c for c in clauses if says("relative_to", c.text)]
    followed = (Estimand.RESPONSE, Estimand.TRADE_OFF)
    for place, question in enumerate(found):
        if question.kind not in followed or question.reference is not None:
            continue
        levels = (reference_of(question, c, structure) for c in told)
        reference = next((r for r in levels if r is not None), None)
        found[place] = replace(question, reference=reference)
    return found

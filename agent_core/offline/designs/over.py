"""Over which factors a question is asked, and within the levels of which."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_core.domain import Estimand, FactorKind, FactorRole
from agent_core.offline.catalogue import PARAMETERS
from agent_core.offline.designs.asked import Ask, Clause, says
from agent_core.offline.designs.asks import set_against
from agent_core.offline.designs.entities import algorithms_in
from agent_core.offline.designs.limits import is_held_against
from agent_core.offline.designs.structure import (
    ALGORITHM,
    COMPARED_WORDS,
    REPEATED_WORDS,
    Structure,
)


def over_of(ask: Ask, structure: Structure) -> tuple[str, ...]:
    """Return the factors whose levels a question is about."""
    against = set_against(ask.clause, structure) if ask.kind is Estimand.DIFFERENCE else None
    if against:
        return (against.name,)
    several = (ALGORITHM,) if structure.has_several else ()
    others = tuple(f.name for f in structure.others)
    match ask.kind:
        case Estimand.SPREAD | Estimand.FALSE_ALARMS | Estimand.STOPPING:
            return _repeated_of(ask, structure)
        case Estimand.SPREAD_RATIO | Estimand.VARIANCE_SHARES:
            return _two_repeated(ask, structure)
        case Estimand.INTERACTION:
            return _of_difference(ask, several, others)
        case Estimand.CHOICE:
            return tuple(f.name for f in structure.others) or several
        case Estimand.RESPONSE | Estimand.TRADE_OFF:
            is_of_both = ask.kind is Estimand.TRADE_OFF and _has_told_reference(structure)
            return (*(several if is_of_both else ()), *_ordered_of(structure)) or others or several
        case Estimand.COST | Estimand.GROUPS:
            return _ordered_of(structure) or several or others
        case Estimand.COUNTS:
            kinds = (FactorKind.DATA.value, FactorKind.DATASET.value)
            return tuple(n for n in others if n in kinds)
        case Estimand.LEVEL if any(m.kind.is_of_pairs for m in ask.clause.measures):
            return _repeated_of(ask, structure)
    return several or others


def _of_difference(ask: Ask, several: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return of what a difference is, and over what it changes, unless that are groups."""
    if says("groups", ask.clause.without_measures):
        return (others or several)[:1]
    return (*several, *others)[:2]


def factors_named(clause: Clause, structure: Structure) -> tuple[str, ...]:
    """Return the compared factors beside the algorithm that a clause names, in its order."""
    places = {}
    for factor in structure.others:
        words = COMPARED_WORDS.get(factor.name) or PARAMETERS.get(factor.name)
        if words and (match := re.search(rf"\b(?:{words})\b", clause.text, re.IGNORECASE)):
            places[factor.name] = match.start()
    return tuple(sorted(places, key=places.__getitem__))


def names_factor(clause: Clause, structure: Structure) -> bool:
    """Whether a clause names a factor beside the algorithm, compared or repeated."""
    repeated = (REPEATED_WORDS[n] for n in structure.repeated)
    return any(_has_word(w, clause.text) for w in repeated) or bool(
        factors_named(clause, structure)
    )


def within_of(ask: Ask, structure: Structure, over: tuple[str, ...]) -> tuple[str, ...]:
    """Return the factors within whose levels a question is asked."""
    compared = [f for f in structure.factors if f.role is FactorRole.COMPARED]
    chosen = structure.has_validation  # the levels of a grid are one then
    names = [
        f.name
        for f in compared
        if f.name not in over and not (chosen and f.kind is FactorKind.HYPERPARAMETER)
    ]
    if ask.kind is Estimand.CHOICE:
        return tuple(_within_choice(ask, structure, names))
    if ask.kind in (Estimand.COUNTS, Estimand.INTERACTION):
        return tuple(n for n in names if n == FactorKind.DATASET.value)
    if ask.kind in (Estimand.RESPONSE, Estimand.COST, Estimand.TRADE_OFF):
        factor = next((f for f in compared if f.name in over), None)
        is_single = factor is not None and len(factor.of) == 1
        is_table = ask.kind is Estimand.COST
        return tuple(n for n in names if is_table or not (n == ALGORITHM and is_single))
    return tuple(names)


def _ordered_of(structure: Structure) -> tuple[str, ...]:
    """Return the ordered factors, those of all of a grid."""
    return tuple(f.name for f in structure.ordered)


def _has_told_reference(structure: Structure) -> bool:
    """Whether a text calls an algorithm the reference of the others."""
    return any(
        is_held_against(text, mention)
        for text in structure.said
        for mention in algorithms_in(text)
        if mention.name in structure.algorithms
    )


def _two_repeated(ask: Ask, structure: Structure) -> tuple[str, ...]:
    """Return the two repeated factors that a clause sets against each other; shares are of all."""
    if ask.kind is Estimand.VARIANCE_SHARES:
        return structure.repeated
    named = [n for n in structure.repeated if _has_word(REPEATED_WORDS[n], ask.clause.text)]
    found = named if len(named) == 2 else list(structure.repeated)
    return tuple(found)[:2]


def _repeated_of(ask: Ask, structure: Structure) -> tuple[str, ...]:
    """Return the repeated factors that a clause is about: seeds, unless it speaks of others."""
    text = ask.clause.text or ask.clause.sentence
    names = structure.repeated
    named = tuple(n for n in names if _has_word(REPEATED_WORDS[n], text))
    if ask.kind is Estimand.STOPPING:
        order = (FactorKind.FOLD.value, FactorKind.SPLIT_SEED.value, FactorKind.MODEL_SEED.value)
        return tuple(n for n in order if n in (named or names))[:1]
    order = (FactorKind.MODEL_SEED.value, FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value)
    kept = named if len(named) == 1 else names
    return tuple(n for n in order if n in kept)[:1]


def _has_word(words: str, text: str) -> bool:
    return re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None


def _within_choice(ask: Ask, structure: Structure, names: list[str]) -> Iterator[str]:
    owners = {a for f in structure.others for a in f.of}
    if ALGORITHM in names and len(owners) > 1:
        yield ALGORITHM
    told = (ask.clause.sentence, *structure.said)
    if FactorKind.FOLD.value in structure.repeated and any(says("folds_of_own", t) for t in told):
        yield FactorKind.FOLD.value

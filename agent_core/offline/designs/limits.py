"""What limits a question: the level that others are held against, pairs, margin, tolerance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent_core.domain import Estimand, Factor, FactorKind, LevelValue, Question
from agent_core.offline.designs.asked import PATTERNS, Clause, says
from agent_core.offline.designs.data import ALL
from agent_core.offline.designs.entities import Mention, algorithms_in
from agent_core.offline.designs.structure import Structure

BASELINES = ("Popularity", "Bias", "Random")
NEAR = 40
"""Characters between a name and the words that stand for it."""
_HELD_AGAINST = r"\b(?:that|what|than|against|reference|relative\s+to|to)"
TESTS = ("wilcoxon", "t")
WITH_TOLERANCE = (Estimand.RESPONSE, Estimand.STOPPING, Estimand.TRADE_OFF, Estimand.ORDER)


def limits_of(
    kind: Estimand, text: str, sentence: str, said: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the margin of a difference, or the tolerance of a response, as a text says."""
    if kind is Estimand.DIFFERENCE and (margin := margin_of(sentence)):
        return margin
    if kind in WITH_TOLERANCE:
        others = said if kind is Estimand.STOPPING else ()
        found = (PATTERNS["tolerance"].search(t) for t in (text, sentence, *others))
        match = next((m for m in found if m), None)
        if match:
            return _tolerance(match)
    return {}


def test_of(text: str) -> str:
    """Return the test of pairs that a text asks for by name, where the product has it."""
    return next((name for name in TESTS if says(f"test_{name}", text)), "")


def margin_of(sentence: str) -> dict[str, Any]:
    """Return the difference that would not matter; empty where a sentence says none."""
    match = PATTERNS["margin"].search(sentence)
    if match is None or not says("no_matter", sentence):
        return {}
    said = next(g for g in match.groups() if g)
    return {"margin": _amount(said), "is_relative": _is_relative(said)}


def reference_of(question: Question, clause: Clause, structure: Structure) -> LevelValue | None:
    """Return the level that the others are held against, where a clause names one."""
    text = clause.text or clause.sentence
    factor = next((f for f in structure.factors if f.name in question.over), None)
    if factor is None:
        return None
    if factor.kind is FactorKind.ALGORITHM:
        named = _algorithm_reference(text, clause, factor)
        return named or _stand_in(text, factor, structure.said)
    if factor.kind is FactorKind.SPLIT:
        match = PATTERNS["label_reference"].search(text)
        return structure.labels.get(match[1]) if match else None
    if factor.kind in (FactorKind.HYPERPARAMETER, FactorKind.RERANK):
        return _number_reference(clause.sentence, factor)
    if not says("reference_word", clause.sentence):
        return None
    if factor.kind is FactorKind.DATA and ALL in factor.levels:
        return ALL
    if factor.kind is FactorKind.TRAIN_SHARE and says("whole_reference", clause.sentence):
        return max((s for s in factor.levels if isinstance(s, int | float)), default=None)
    if factor.kind is FactorKind.PROFILE_SIZE and says("whole_reference", clause.sentence):
        return factor.levels[-1]
    return None


def told_reference(clause: Clause, structure: Structure) -> str:
    """Return the algorithm that a clause calls the reference, or speaks of as `it`; else empty."""
    known = [m for m in clause.algorithms if m.name in structure.algorithms]
    named = next((m.name for m in known if is_held_against(clause.text, m)), "")
    if named or not says("pronoun_compared", clause.text):
        return named
    before = structure.said[: clause.number]
    spoken = [algorithms_in(text) for text in reversed(before)]
    last = next((mentions for mentions in spoken if mentions), ())
    names = list(dict.fromkeys(m.name for m in last))
    return names[0] if len(names) == 1 and names[0] not in {m.name for m in known} else ""


def is_held_against(text: str, mention: Mention) -> bool:
    """Whether a clause measures others by an algorithm, or says that it is beaten."""
    before, behind = text[: mention.start], text[mention.end :]
    is_measure = PATTERNS["share_of_level"].search(before) is not None
    return is_measure or PATTERNS["as_reference"].match(behind) is not None


def pairs_of(
    clause: Clause, algorithms: Sequence[str], reference: LevelValue | None
) -> tuple[tuple[LevelValue, LevelValue], ...]:
    """Return the pair of algorithms that a clause is about, where it names two."""
    if reference in BASELINES and len(algorithms) > 2:
        return tuple((n, reference) for n in algorithms if n != reference)
    named = _names(clause.algorithms)
    if len(named) < 2:
        named = _names(algorithms_in(clause.sentence))
    if len(named) < 2 and len(algorithms) == 2:
        named = list(algorithms)
    return ((named[0], named[1]),) if len(named) == 2 else ()


def _algorithm_reference(text: str, clause: Clause, factor: Factor) -> LevelValue | None:
    mentions = [m for m in algorithms_in(text) if m.name in factor.levels]
    named = next((m.name for m in mentions if is_held_against(text, m)), None)
    if named is not None:
        return named
    if alone := _alone(text, mentions):
        return alone
    for mention in mentions:
        if PATTERNS["reference_of"].search(text[: mention.start]) and mention is not mentions[0]:
            return mention.name
        is_others = says("equivalence", text) and says("the_others", text)
        is_alone = mention.name in BASELINES or is_others
        if is_alone and PATTERNS["reference_of"].search(text[: mention.start]):
            return mention.name
    if says("swap_for", text) and len(mentions) == 2:
        return mentions[0].name
    return None


def _stand_in(text: str, factor: Factor, said: Sequence[str]) -> LevelValue | None:
    """Return the algorithm that words such as `the status quo` stand for, by where it is named."""
    match = PATTERNS["stand_in"].search(text)
    if match is None or algorithms_in(match[0]):
        return None
    words = re.compile(rf"\b{re.escape(match[1])}\b", re.IGNORECASE)
    near = [
        (m.name not in BASELINES, max(m.start - place.end(), place.start() - m.end), m.name)
        for sentence in said
        for place in words.finditer(sentence)
        for m in algorithms_in(sentence)
        if m.name in factor.levels
    ]
    return min((n for n in near if n[1] < NEAR), default=(False, 0, None))[2]


def _alone(text: str, mentions: Sequence[Mention]) -> LevelValue | None:
    """Return the one algorithm that several others stand against: `A more than B and C`."""
    for place, mention in enumerate(mentions[1:], start=1):
        if PATTERNS["reference_of"].search(text[: mention.start]):
            sides = [{m.name for m in mentions[:place]}, {m.name for m in mentions[place:]}]
            single = [s for s in sides if len(s) == 1]
            return next(iter(single[0])) if len(single) == 1 else None
    return None


def _number_reference(text: str, factor: Factor) -> LevelValue | None:
    """Return the level of a number that stands where what others are held against stands."""
    for level in factor.levels:
        shown = f"{level:g}" if isinstance(level, int | float) else str(level)
        number = rf"(?<![\d.]){re.escape(shown)}(?![\d.]*\d)"
        if re.search(rf"{_HELD_AGAINST}\s+(?:\w+\s+){{0,2}}?{number}", text):
            return level
    if factor.kind is FactorKind.RERANK and says("un_reranked", text):
        return factor.levels[0]
    return None


def _tolerance(match: re.Match[str]) -> dict[str, Any]:
    said = next(g for g in match.groups() if g)
    if says("share_of_reference", match[0]) or (said.endswith("%") and float(said[:-1]) > 50):
        return {"tolerance": round(1 - float(said.rstrip("%")) / 100, 6), "is_relative": True}
    return {"tolerance": _amount(said), "is_relative": _is_relative(said)}


def _amount(text: str) -> float:
    number = float(re.findall(r"\d*\.?\d+", text)[0])
    return round(number / 100, 6) if re.search(r"%|point", text) else number


def _is_relative(text: str) -> bool:
    return "%" in text


def _names(mentions: Sequence[Mention]) -> list[LevelValue]:
    return list(dict.fromkeys(m.name for m in mentions))

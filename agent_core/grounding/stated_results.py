"""Whether a sentence states a result: what it asserts, of whom, and of which kind.

A sentence falls into clauses. What a clause asks, supposes or says not to be known is open; only
what it takes for granted counts there. What it asserts may state no result, and of an algorithm
or an outcome only what was done with it or how it is defined.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from agent_core.grounding.counting import NUMBER_MARK
from agent_core.grounding.plan_names import Kind
from agent_core.prose.patterns import Pattern, first_found, read_patterns

ALWAYS = ("presupposed", "recommendation", "superfluous")
"""Kinds that count wherever they stand: what they take for granted is a result."""
ASSERTED = (
    "rank", "comparison", "quality", "certainty", "equality", "change", "magnitude", "stability",
    "cause", "misused",
)  # fmt: skip
"""Kinds that count where they are told as facts."""
TOKENS = {
    Kind.ALGORITHM.value: " _a_ ",
    Kind.METRIC.value: " _m_ ",
    Kind.DATA.value: " _d_ ",
    Kind.OTHER.value: " _p_ ",
    NUMBER_MARK: " _n_ ",
}
LIST = re.compile(r"^(?:\W*(?:and|then|or|before|after|the|_a_|order|is|are|methods|:))+\W*$")


@cache
def patterns() -> Mapping[str, Pattern]:
    """Return the patterns of sentences by name."""
    return read_patterns(Path(__file__).with_name("sentence_patterns.toml"))


def spelled(masked: str) -> str:
    """Return a masked sentence in small letters, its marks as words."""
    for mark, token in TOKENS.items():
        masked = masked.replace(mark, token)
    text = re.sub(r" (?=[,.;:!?)])", "", " ".join(masked.lower().split()))
    return re.sub(r"\bre-(?=rank)", "re", text)


def proposes(text: str) -> bool:
    """Whether a text is worded as a proposal."""
    return bool(patterns()["proposes_at_once"].match(text) or patterns()["proposes"].search(text))


def stated_result(text: str, *, is_proposal: bool = False, may_suppose: bool = True) -> str:
    """Return the words of a sentence that state a result; empty where none do.

    Parameters
    ----------
    text
        A sentence in small letters; names and numbers of the plan are marks.
    is_proposal
        Whether it proposes something to do.
    may_suppose
        Whether "may" and "might" open a clause where it stands.
    """
    if LIST.match(text):
        return text
    text = patterns()["generic"].sub("_", text)
    definite = () if _is_conditional(text) else ("definite",)
    if found := _first_of((*ALWAYS, *definite), text):
        return found
    for i, clause in enumerate(_clauses(text)):
        taken = _unasked(clause) if is_proposal else clause
        if definite and (found := _first_of(("definite outcome",), taken)):
            return found
        is_aim = is_proposal and (i == 0 or clause.startswith("so that"))
        if found := _asserted_result(clause, is_aim=is_aim, may_suppose=may_suppose):
            return found
    return ""


def _asserted_result(clause: str, *, is_aim: bool, may_suppose: bool) -> str:
    """Return what a clause tells of results; empty where it tells nothing."""
    found, told = patterns(), _unasked(clause)
    if counterfactual := found["counterfactual"].search(told):
        return counterfactual[0]
    is_named = found["named"].search(clause) is not None
    is_definition = not is_named and found["defines"].search(clause) is not None
    if is_definition or found["unknown"].search(clause):
        return ""
    if is_aim and (start := found["proposes_at_once"].match(clause)):
        return _first_of(ASSERTED, told[start.end() :])
    if is_aim and not is_named and (proposes(clause) or clause.startswith("so that")):
        return _first_of(("rank", "comparison", "equality"), told)
    is_supposed = not is_named and found["supposes"].search(told) is not None
    if is_supposed and may_suppose:
        return ""
    return _first_of(ASSERTED, told) or ("" if is_supposed else _misplaced_predicate(told))


def _misplaced_predicate(told: str) -> str:
    """Return what is said of an algorithm or an outcome beside how it is made or defined."""
    found = patterns()
    for head in found["head"].compiled.finditer(told):
        rest = told[head.end() :]
        chain = found["after_head"].match(rest)
        allowed = found["predicate" if found["system"].match(head[0]) else "definition"]
        for after in {rest, rest[chain.end() :] if chain else rest}:
            words = after.lstrip()
            is_complement = found["follows"].match(after) or found["modal"].match(words)
            if not is_complement and not allowed.match(words):
                return f"{head[0]} {' '.join(words.split()[:3])}"
    return ""


def _clauses(text: str) -> list[str]:
    """Split a sentence where another statement begins."""
    if patterns()["subordinate"].match(text):
        text = text.replace(",", ";", 1)
    return [c.strip() for c in patterns()["clause"].compiled.split(text) if c.strip()]


def _unasked(clause: str) -> str:
    """Return a clause up to what it asks."""
    opened = patterns()["opens"].search(clause)
    return clause[: opened.start()] if opened else clause


def _is_conditional(text: str) -> bool:
    """Whether a sentence supposes something throughout: "If ..., it would ..."."""
    return re.match(r"(?:if|should)\b.*\b(?:would|could|might|may)\b", text) is not None


def _first_of(kinds: tuple[str, ...], text: str) -> str:
    return first_found((patterns()[kind] for kind in kinds), text)

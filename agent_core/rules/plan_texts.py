"""The sentences of a plan in which rules may stand, number words as digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from agent_core.domain import Plan
from agent_core.prose.number_words import with_digits
from agent_core.prose.patterns import read_patterns

PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
UNPLANNED = read_patterns(Path(__file__).with_name("assertion_patterns.toml"))
"""Ways to name a rule and not to plan it."""
_USUAL = {"contrasted": "", "dozen": "12", "at_least": "at least", "at_most": "at most"}
_USUAL |= {"have_fewer_than": "have fewer than"}
"""What stands for the words that a pattern finds."""
_CLAUSES = read_patterns(Path(__file__).with_name("clause_patterns.toml"))
REMEMBERED = 4096
"""Texts whose sentences are kept: each is asked for by every field of the rules."""


def texts_of(plan: Plan) -> Iterator[str]:
    """Yield what a plan says: number words as digits, without wishes that it leaves undone."""
    found = (
        plan.title, plan.question, plan.feedback, plan.split.text, *plan.assumptions,
        *(t for r in plan.requirements for t in (r.text, r.clause)),
    )  # fmt: skip
    for text in found:
        for wish in (*plan.refused, *plan.unmapped, *(u.clause for u in plan.unanswered)):
            text = text.replace(wish, " ") if wish else text
        yield with_digits(text)


@lru_cache(REMEMBERED)
def planned_sentences(text: str) -> tuple[str, ...]:
    """Return the sentences that plan something: not what is supposed, told or done by others."""
    said = map(_in_usual_words, _CLAUSES["end"].compiled.split(_with_subjects(text)))
    return tuple(s for s in said if s.strip() and not any(p.search(s) for p in UNPLANNED.values()))


def planned_clauses(text: str) -> list[str]:
    """Return the clauses of the sentences that plan something."""
    return [clause for s in planned_sentences(text) for clause in clauses_of(s)]


def clauses_of(sentence: str) -> list[str]:
    """Return the parts of a sentence that have a verb of their own and stand for themselves.

    A part without one, or one that leans on what is said before it (`they are not dropped`,
    `until none is left`), stays with the part before.

    Examples
    --------
    >>> clauses_of("Users are sampled, at random, and the last item of each is held out")
    ['Users are sampled, at random', 'the last item of each is held out']
    """
    if not has_verb(sentence):
        return _CLAUSES["listed"].compiled.split(sentence)
    part, *rest = _CLAUSES["joint"].compiled.split(sentence)
    clauses = [part]
    for joint, following in zip(rest[::2], rest[1::2], strict=True):
        is_open = _CLAUSES["condition"].match(clauses[-1]) or _CLAUSES["unended"].search(part)
        if has_verb(part) and not is_open and _stands_alone(following):
            clauses.append(following)
        else:
            clauses[-1] += joint + following
        part = following
    return clauses


def has_verb(part: str) -> bool:
    """Whether a part of a sentence has a verb of its own."""
    return _CLAUSES["verb"].search(_CLAUSES["tail"].sub("", part)) is not None


def number_of(text: str) -> float:
    """Return the value of a number, of a percentage, or of a part such as `a fifth`.

    Examples
    --------
    >>> number_of("1,000"), number_of("20 %"), number_of("a quarter")
    (1000.0, 0.2, 0.25)
    """
    words = text.lower().split()
    if words and words[-1] in PARTS:
        return PARTS[words[-1]]
    bare = re.sub(r"[\s,]|%|per ?cent", "", text.lower())
    return float(bare) / (100 if re.search(r"%|per ?cent", text, re.IGNORECASE) else 1)


def _with_subjects(text: str) -> str:
    """Return a text in which `of the remaining ones` names the users that stand before it."""
    told = ""
    for part in _CLAUSES["remaining"].compiled.split(text):
        subject = _CLAUSES["subject"].search(
            _CLAUSES["end"].compiled.split(told.rstrip(" ;."))[-1]
        )
        is_of_users = subject is not None and subject[1] is not None
        told += f"{' of each user' if is_of_users else ' of them'}{part}" if told else part
    return told


def _in_usual_words(sentence: str) -> str:
    """Return a sentence with its amounts in usual words, and without what is set against it."""
    for name, words in _USUAL.items():
        sentence = _CLAUSES[name].sub(words, sentence)
    return sentence


def _stands_alone(part: str) -> bool:
    """Whether a part of a sentence says something that no part before is needed for."""
    return has_verb(part) and not _CLAUSES["leaning"].match(part)

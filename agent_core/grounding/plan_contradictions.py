"""Sentences that say otherwise than a typed field of the frozen plan.

A pattern finds what only some plans may say, and the field tells whether this one may. A sentence
that says it was not done, or that proposes or supposes it, contradicts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from agent_core.domain import (
    Candidates,
    DataRuleKind,
    DataRules,
    FactorKind,
    Order,
    Plan,
    SplitRules,
)
from agent_core.measures.metrics import SETTLED
from agent_core.prose.patterns import Pattern, read_patterns
from agent_core.rules.design_words import size_of

Of = Callable[[Plan], bool]


def _any_split(is_so: Callable[[SplitRules], bool]) -> Of:
    return lambda plan: any(is_so(level.rules) for level in plan.split_levels)


def _any_data(is_so: Callable[[DataRules], bool]) -> Of:
    return lambda plan: any(is_so(level.rules) for level in plan.data_levels)


def _has_rule(*kinds: DataRuleKind) -> Of:
    return _any_data(lambda data: any(r.kind in kinds for r in data.rules))


def _is_varied(*kinds: FactorKind) -> Of:
    return lambda plan: any(plan.factor(kind) for kind in kinds)


def _has_folds(split: SplitRules) -> bool:
    return split.folds > 1


def _tests_one(split: SplitRules) -> bool:
    return split.kind.is_single or split.held_out == 1


def _never(_: Plan) -> bool:
    return False


def _either(*ways: Of) -> Of:
    return lambda plan: any(way(plan) for way in ways)


FINAL: Mapping[str, Of] = {
    "algorithms of the study": _never,
    "training apart from the test": _any_split(lambda split: split.is_leak_study),
    "one tested item": _any_split(_tests_one),
    "runs left out": _never,
}
"""What a level of the plan has to be for sentences to say so, in denials and proposals too."""
FIELDS: Mapping[str, Of] = {
    "split by time": _any_split(lambda s: s.kind.is_timed or s.order is not Order.RANDOM),
    "random split": _any_split(lambda s: s.kind.is_drawn and s.order is not Order.NEWEST),
    "one held-out interaction": _any_split(_tests_one),
    "several held-out interactions": _any_split(lambda split: not _tests_one(split)),
    "share held out": _any_split(lambda split: split.kind.is_of_share),
    "folds": _any_split(_has_folds),
    "several splits": _either(
        _any_split(_has_folds), _is_varied(FactorKind.SPLIT, FactorKind.SPLIT_SEED)
    ),
    "trained several times": lambda plan: size_of(plan).trainings > len(plan.algorithms),
    "chosen on the test": _never,
    "validation and tuning": _any_split(lambda split: split.has_validation),
    "several seeds": _either(
        lambda plan: len(plan.seeds) > 1,
        _any_split(_has_folds),
        _is_varied(FactorKind.SPLIT_SEED),
    ),
    "several data sets": lambda plan: len(plan.datasets) > 1,
    "another data set": _never,
    "another algorithm": _never,
    "rating predictions": lambda plan: any(m.is_rating for m in plan.metrics),
    "lowest rating": _any_data(lambda data: data.lowest_rating is not None),
    "every rating counts": _any_data(lambda data: data.lowest_rating is None),
    "k-core or fewest interactions": _has_rule(DataRuleKind.FEWEST, DataRuleKind.CORE),
    "sample of the data": _has_rule(DataRuleKind.SAMPLE),
    "sampled candidates": _any_split(lambda s: s.candidates is Candidates.SAMPLED),
    "all items as candidates": _any_split(lambda s: s.candidates is not Candidates.SAMPLED),
    "side information": _never,
}


LISTED = re.compile(r"_a_(?:(?:, and|,| and) _a_)+")


def contradiction(text: str, bare: str, plan: Plan, *, is_proposal: bool = False) -> str:
    """Say which field of the plan a sentence contradicts; empty where it contradicts none.

    Parameters
    ----------
    text
        A sentence in small letters; names and numbers of the plan are marks.
    bare
        The sentence as it was written.
    is_proposal
        Whether it proposes something to do.
    """
    text = LISTED.sub("_a_", text)
    if found := _other_field(FINAL, text, plan):
        return found
    if is_proposal:
        return ""
    for clause in re.split(r"[;:]|, (?=(?:which|so|because|and|but|since|as|while)\b)", text):
        if not _patterns()["done"].search(clause) and (
            found := _other_field(FIELDS, clause, plan)
        ):
            return found
    if _patterns()["done"].search(bare):
        return ""
    written = _patterns()["algorithms as written"].search(bare)
    if written and not any(written[0] in a.name.split() for a in plan.algorithms):
        return f"{written[0]} is no algorithm of the plan"
    return _metric_contradiction(bare, plan) or _seed_contradiction(bare, plan)


def is_denied(text: str) -> bool:
    """Whether a sentence denies, proposes or supposes something."""
    return _patterns()["done"].search(text) is not None


def sameness(text: str) -> str:
    """Return the words by which test users, candidates or scores are the same at all levels."""
    found = _patterns()["same at all levels"].search(text)
    return found[0] if found else ""


def not_baseline(text: str, plan: Plan) -> str:
    """Return an algorithm that is called the baseline and is none; empty without one."""
    for algorithm in plan.algorithms:
        name = re.escape(algorithm.name)
        before = rf"\bbaseline,? (?:is |was )?{name}(?!\w)"
        verb = r"(?:is|was|as|,|served as|serves as)? ?(?:the|a|our)? ?(?:only )?"
        behind = rf"(?<!\w){name},? {verb}baseline\b"
        said = f"{before}|{behind}"
        if algorithm not in plan.baselines and re.search(said, text, re.IGNORECASE):
            return algorithm.name
    return ""


@cache
def _patterns() -> Mapping[str, Pattern]:
    """Return what only some plans may say, by the field that decides."""
    return read_patterns(Path(__file__).with_name("plan_patterns.toml"))


def _other_field(fields: Mapping[str, Of], text: str, plan: Plan) -> str:
    """Say which of some fields a text contradicts."""
    for name, is_so in fields.items():
        if not is_so(plan) and (found := _patterns()[name].search(text)):
            said = re.sub(r"_[amdpn]_", "…", found[0]).strip()
            return f"“{said}” contradicts the plan ({name})"
    return ""


def _metric_contradiction(text: str, plan: Plan) -> str:
    """Say which metric is told to be measured, or to be the primary one, and is not."""
    known = (*plan.metrics, *plan.validated)
    planned = {m.name for m in known} | {m.key for m in known}
    validated = {m.name for m in plan.validated} | {m.key for m in plan.validated}
    chosen = _patterns()["chosen by"].search(text)
    if chosen and plan.validated and _planned_key(chosen[1]) not in validated:
        return f"{chosen[1]} is not what validation chooses by"
    for said in _patterns()["metrics"].compiled.finditer(text.lower()):
        if _planned_key(said[0]) not in planned:
            return f"{said[0]} is no metric of the plan"
    primary = _patterns()["primary metric"].search(text)
    named = (primary[1] or primary[2]).lower() if primary else ""
    is_other = named.partition("@")[0] in SETTLED and named not in (
        plan.primary.key,
        plan.primary.name,
    )
    return f"{named} is not the primary metric" if is_other else ""


def _planned_key(said: str) -> str:
    """Return the key of a metric as it is said."""
    name, at, cut = said.lower().replace(" ", "").partition("@")
    return f"{name}@{cut}" if at else name.removesuffix("rate")


def _seed_contradiction(text: str, plan: Plan) -> str:
    """Say what is told of seeds and of who draws random numbers that is planned otherwise."""
    random = [a.name for a in plan.algorithms if a.is_random]
    if _patterns()["draws nothing"].search(text):
        is_all = re.search(r"\b(?:all|every|each)\b", text, re.IGNORECASE)
        if (random and is_all) or any(name in text for name in random):
            return "the plan says that it draws random numbers"
    drawing = _patterns()["seeds that change something"].search(text)
    fixed = {a.name for a in plan.algorithms if not a.is_random} | {
        a.family for a in plan.algorithms if not a.is_random
    }
    named = _named_before(text, drawing.start(), plan) if drawing else ()
    wrong = next((name for name in named if name in fixed), "")
    return f"{wrong} draws no random numbers" if wrong else ""


def _named_before(text: str, at: int, plan: Plan) -> tuple[str, ...]:
    """Return the algorithms that are named in a row last before a place, else all of a text."""
    names = {name for a in plan.algorithms for name in (a.name, a.family)}
    every = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    found = [*re.finditer(rf"(?<!\w)(?:{every})(?!\w)", text)]
    before = [m for m in found if m.end() <= at]
    row: list[re.Match[str]] = before[-1:]
    for one in reversed(before[:-1]):
        if not re.fullmatch(r",? (?:and )?|, ", text[one.end() : row[0].start()]):
            break
        row.insert(0, one)
    return tuple(m[0] for m in row or found)

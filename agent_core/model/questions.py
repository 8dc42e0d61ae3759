"""The questions of a model's plan: of factors, levels and metrics that the plan has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_core.domain import (
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    LevelValue,
    Metric,
    Question,
)
from agent_core.domain.metric import KINDS
from agent_core.model.likeness import nearest
from agent_core.model.mending import number_in, shown
from agent_core.model.metrics import metric_in, metric_like
from agent_core.model.plan_answer import QuestionPart
from agent_core.rules.group_words import MOST_GROUPS, groups_said

INSTEAD = {
    Estimand.INTERACTION: Estimand.DIFFERENCE,
    Estimand.ORDER: Estimand.DIFFERENCE,
    Estimand.RESPONSE: Estimand.DIFFERENCE,
    Estimand.CHOICE: Estimand.DIFFERENCE,
    Estimand.TRADE_OFF: Estimand.DIFFERENCE,
    Estimand.DIFFERENCE: Estimand.LEVEL,
    Estimand.SPREAD_RATIO: Estimand.SPREAD,
    Estimand.VARIANCE_SHARES: Estimand.SPREAD,
    Estimand.STOPPING: Estimand.SPREAD,
    Estimand.FALSE_ALARMS: Estimand.SPREAD,
    Estimand.SPREAD: Estimand.LEVEL,
}
"""What is asked where a plan lacks the factors for a question."""
COMPARED, REPEATED = FactorRole.COMPARED, FactorRole.REPEATED
NEEDS: Mapping[Estimand, tuple[FactorRole, int]] = {
    Estimand.DIFFERENCE: (COMPARED, 1),
    Estimand.INTERACTION: (COMPARED, 2),
    Estimand.ORDER: (COMPARED, 1),
    Estimand.RESPONSE: (COMPARED, 1),
    Estimand.CHOICE: (COMPARED, 1),
    Estimand.TRADE_OFF: (COMPARED, 1),
    Estimand.SPREAD: (REPEATED, 1),
    Estimand.SPREAD_RATIO: (REPEATED, 2),
    Estimand.VARIANCE_SHARES: (REPEATED, 2),
    Estimand.STOPPING: (REPEATED, 1),
    Estimand.FALSE_ALARMS: (REPEATED, 1),
}
"""How many factors of which role a question is about."""
ORDERED = (Estimand.RESPONSE,)
OF_MEASURES = (Estimand.RESPONSE, Estimand.ORDER, Estimand.TRADE_OFF)
"""Questions that may be about several measures instead of a factor: cut-offs, two metrics."""
OF_DATA = (Estimand.COUNTS,)
UNMEASURED = (Estimand.COUNTS, Estimand.COST)
"""Questions whose measures are none of the plan's metrics."""
COSTS = tuple(kind.name for kind in KINDS if kind.is_cost)
IN_THEIR_ORDER = (FactorKind.PROFILE_SIZE, FactorKind.DATA, FactorKind.RERANK)
"""Factors whose levels are names that may follow each other as the plan has them."""
TESTS = ("wilcoxon", "t")
DEFAULT_GROUPS = "activity of users"
PERCENT = 100


@dataclass(slots=True)
class Setting:
    """What questions may speak of."""

    factors: tuple[Factor, ...]
    names: tuple[str, ...]
    """Of algorithms and their variants, as levels too."""
    metrics: list[Metric] = field(default_factory=list)
    """Grows by those that only questions name."""
    validated: list[Metric] = field(default_factory=list)
    list_length: int = 10
    asked: Mapping[str, str] = field(default_factory=dict)
    """What the answer calls factors, to their names."""

    def factor(self, name: str) -> Factor | None:
        """Return a factor by its name, what the answer called it, or what is like it."""
        like = nearest(self.asked.get(name, name), [f.name for f in self.factors])
        return next((f for f in self.factors if f.name == like), None)

    def with_role(self, role: FactorRole, *, is_ordered: bool = False) -> list[Factor]:
        """Return the factors of a role; of those compared, the algorithm first."""
        found = [f for f in self.factors if f.role is role]
        fits = [f for f in found if not is_ordered or _is_ordered(f)]
        return sorted(fits, key=lambda f: f.kind is not FactorKind.ALGORITHM)


def questions_of(
    parts: Sequence[QuestionPart], setting: Setting, notes: list[str]
) -> tuple[Question, ...]:
    """Return the questions, each once; what one cannot ask is said and asked otherwise."""
    found = [
        _question_of(part, f"Question {number}", setting, notes)
        for number, part in enumerate(parts, 1)
    ]
    return tuple(dict.fromkeys(found))


def _question_of(part: QuestionPart, told: str, setting: Setting, notes: list[str]) -> Question:
    over = _factors_in(part.over, f"{told}, over", setting, notes)
    kind = _kind_of(part, over, told, setting, notes)
    over = _over_of(kind, over, part, told, setting, notes)
    within = _factors_in(part.within, f"{told}, within", setting, notes)
    levels = _levels_of((*over, *within), setting)
    margin = _margin_of(part, told, setting, notes)
    return Question(
        kind=kind,
        over=tuple(f.name for f in over),
        measures=_measures_of(kind, part, told, setting, notes),
        within=tuple(f.name for f in within if f not in over),
        reference=_reference_of(part, levels, told, notes),
        pairs=_pairs_of(part, levels, told, notes),
        margin=margin,
        is_relative=part.is_relative,
        tolerance=_tolerance_of(part, told, notes),
        **_grouping_of(kind, part, told, notes),
        test=_test_of(part, told, notes),
        clause=part.clause,
        text=part.text,
    )


def _factors_in(
    names: Iterable[str], told: str, setting: Setting, notes: list[str]
) -> list[Factor]:
    """Return the factors that names mean."""
    found: dict[str, Factor] = {}
    for name in names:
        factor = setting.factor(name)
        if factor is None:
            notes.append(f"{told}: the plan has no factor “{shown(name)}”.")
            continue
        if factor.name not in (name, setting.asked.get(name)):
            notes.append(f"{told}: “{shown(name)}” is read as {factor.name}.")
        found[factor.name] = factor
    return list(found.values())


def _kind_of(
    part: QuestionPart, over: Sequence[Factor], told: str, setting: Setting, notes: list[str]
) -> Estimand:
    """Return the kind that is asked for, or the nearest that the plan's factors allow."""
    kind = part.kind
    if kind is None:
        kind = _usual_kind(over, setting)
        notes.append(f"{told}: its kind is not given, so {kind} is asked.")
    while kind in NEEDS and not (_is_of_measures(kind, part) or _is_possible(kind, part, setting)):
        other = INSTEAD[kind]
        notes.append(f"{told}: the plan lacks the factors of {kind}, so {other} is asked.")
        kind = other
    return kind


def _usual_kind(over: Sequence[Factor], setting: Setting) -> Estimand:
    """Return what is usually asked of some factors."""
    known = over or setting.with_role(COMPARED) or setting.with_role(REPEATED)
    if not known:
        return Estimand.LEVEL
    if known[0].role is REPEATED:
        return Estimand.SPREAD if len(known) == 1 else Estimand.SPREAD_RATIO
    return Estimand.RESPONSE if known[0].is_ordered else Estimand.DIFFERENCE


def _is_of_measures(kind: Estimand, part: QuestionPart) -> bool:
    """Whether a question is about several measures, not about the levels of a factor."""
    return kind in OF_MEASURES and not part.over and len(part.measures) > 1


def _is_possible(kind: Estimand, part: QuestionPart, setting: Setting) -> bool:
    role, count = _needed(kind, part)
    return len(setting.with_role(role, is_ordered=kind in ORDERED)) >= count


def _needed(kind: Estimand, part: QuestionPart) -> tuple[FactorRole, int]:
    """Return how many factors of which role a question needs; groups of users may be one."""
    role, count = NEEDS.get(kind, (COMPARED, 0))
    return role, count - int(kind is Estimand.INTERACTION and bool(part.groups))


def _over_of(
    kind: Estimand,
    over: list[Factor],
    part: QuestionPart,
    told: str,
    setting: Setting,
    notes: list[str],
) -> list[Factor]:
    """Return the factors that a question is about: those given, filled up where it needs more."""
    role, count = _needed(kind, part)
    fitting = setting.with_role(role, is_ordered=kind in ORDERED)
    is_lost = bool(part.over) and not over
    if _is_of_measures(kind, part):
        return []
    second = _factors_in(part.within, told, setting, []) if kind is Estimand.INTERACTION else []
    if over and len({f.name for f in (*over, *second) if f in fitting}) >= count:
        return over
    if kind in OF_DATA and not over:
        data = [f for f in setting.factors if f.kind in (FactorKind.DATA, FactorKind.DATASET)]
        return data[:1]
    if len([f for f in over if f in fitting]) >= count and not (is_lost and fitting and count):
        return over
    kept = [f for f in over if f in fitting]
    filled = [*kept, *(f for f in fitting if f not in kept)][: max(count, len(kept))]
    notes.append(f"{told}: {kind} is asked over {', '.join(f.name for f in filled)}.")
    return filled


def _measures_of(
    kind: Estimand, part: QuestionPart, told: str, setting: Setting, notes: list[str]
) -> tuple[str, ...]:
    """Return the keys of the metrics that are asked about; one that is not planned is added."""
    if kind is Estimand.COST and "measures" not in part.model_fields_set:
        notes.append(f"{told}: no measures are given, so {', '.join(COSTS)}.")
        return COSTS
    if kind in UNMEASURED:
        return part.measures
    known = setting.validated if kind is Estimand.CHOICE and setting.validated else setting.metrics
    keys: dict[str, None] = {}
    for text in part.measures:
        metric = metric_like(text, [*setting.metrics, *setting.validated])
        if metric is None:
            metric = metric_in(text, setting.list_length, notes)
        if metric is None:
            notes.append(f"{told}: “{shown(text)}” is no metric.")
            continue
        if metric not in setting.metrics and metric not in setting.validated:
            setting.metrics.append(metric)
            notes.append(f"{metric.label} is measured too, as a question asks about it.")
        keys[metric.key] = None
    if not keys and known:
        keys = dict.fromkeys(m.key for m in known)
        notes.append(f"{told}: it is asked of {', '.join(m.label for m in known)}.")
    return tuple(keys)


def _levels_of(factors: Iterable[Factor], setting: Setting) -> dict[str, LevelValue]:
    """Return the levels that a question may name, by their text."""
    known = {_text(v): v for f in factors for v in f.levels}
    rest = {_text(v): v for f in setting.factors for v in f.levels}
    return {name: name for name in setting.names} | rest | known


def _reference_of(
    part: QuestionPart, levels: Mapping[str, LevelValue], told: str, notes: list[str]
) -> LevelValue | None:
    if part.reference in (None, ""):
        return None
    found = _level_like(str(part.reference), levels)
    if found is None:
        notes.append(f"{told}: no factor has the level “{shown(part.reference)}” as reference.")
    elif _text(found) != _text(part.reference):
        notes.append(f"{told}: the reference “{shown(part.reference)}” is read as {found}.")
    return found


def _pairs_of(
    part: QuestionPart, levels: Mapping[str, LevelValue], told: str, notes: list[str]
) -> tuple[tuple[LevelValue, LevelValue], ...]:
    """Return the pairs of levels, each read from `A vs B`."""
    pairs = []
    for text in part.pairs:
        ends = [end.strip() for end in text.replace(" versus ", " vs ").split(" vs ")]
        found = [_level_like(end, levels) for end in ends]
        if len(found) != 2 or None in found or found[0] == found[1]:
            notes.append(f"{told}: “{shown(text)}” is no pair of levels and is left out.")
            continue
        read = " vs ".join(_text(v) for v in found if v is not None)
        if read != " vs ".join(ends) and [_text_of(e) for e in ends] != read.split(" vs "):
            notes.append(f"{told}: the pair “{shown(text)}” is read as {read}.")
        first, second = found
        assert first is not None
        assert second is not None
        pairs.append((first, second))
    return tuple(dict.fromkeys(pairs))


def _level_like(text: str, levels: Mapping[str, LevelValue]) -> LevelValue | None:
    """Return the level that a text names; numbers are compared as numbers."""
    if text in levels:
        return levels[text]
    number = number_in(text)
    same = [v for v in levels.values() if isinstance(v, int | float) and v == number]
    if same:
        return same[0]
    names = [name for name, v in levels.items() if isinstance(v, str)]
    like = nearest(text, names)
    return levels[like] if like is not None else None


def _margin_of(part: QuestionPart, told: str, setting: Setting, notes: list[str]) -> float | None:
    """Return a margin of equivalence; shares cannot differ by 1 or more."""
    margin = part.margin
    if margin is None:
        return None
    is_rating = bool(setting.metrics and setting.metrics[0].is_rating)
    if margin > 0 and (margin < 1 or (is_rating and not part.is_relative)):
        return margin
    if part.is_relative and 1 <= margin < PERCENT:
        notes.append(f"{told}: the margin {margin:g} is read as {margin / PERCENT:g}.")
        return margin / PERCENT
    notes.append(f"{told}: {margin:g} is no margin of equivalence, so there is none.")
    return None


def _tolerance_of(part: QuestionPart, told: str, notes: list[str]) -> float | None:
    tolerance = part.tolerance
    if tolerance is None or tolerance > 0:
        return tolerance
    notes.append(f"{told}: {tolerance:g} is no tolerance, so there is none.")
    return None


def _grouping_of(
    kind: Estimand, part: QuestionPart, told: str, notes: list[str]
) -> dict[str, Any]:
    """Return by what, into how many and how called groups are made; else what their words say."""
    if kind is not Estimand.GROUPS and not part.groups:
        return {}
    if not part.groups:
        notes.append(f"{told}: no grouping is given, so it is {DEFAULT_GROUPS}.")
    words = part.groups or DEFAULT_GROUPS
    said = groups_said(words)
    names = part.group_names if len(part.group_names) > 1 else said.names
    count = part.group_count if 1 < part.group_count <= MOST_GROUPS else len(names) or said.count
    if part.group_count and count != part.group_count:
        notes.append(f"{told}: {part.group_count} groups are none that can be made.")
    names = names if len(names) == count else ()
    return {
        "groups": words, "group_by": said.by, "group_count": count, "group_names": names,
        "group_ends": said.ends if count == said.count else (),
    }  # fmt: skip


def _test_of(part: QuestionPart, told: str, notes: list[str]) -> str:
    if part.test in ("", *TESTS):
        return part.test
    like = nearest(part.test, TESTS)
    taken = f"is read as {like}" if like else "is not known, so the usual one is made"
    notes.append(f"{told}: the test “{shown(part.test)}” {taken}.")
    return like or ""


def _is_ordered(factor: Factor) -> bool:
    """Whether the levels of a factor can follow each other, as numbers and stricter rules do."""
    return factor.is_ordered or factor.kind in IN_THEIR_ORDER


def _text(value: LevelValue | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _text_of(text: str) -> str:
    number = number_in(text)
    return _text(number) if number is not None else text

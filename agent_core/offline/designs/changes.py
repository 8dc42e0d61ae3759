"""Puts a reply into a design: levels that are added, dropped or put in the place of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent_core.domain import (
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    Level,
    LevelValue,
    Plan,
    Question,
    SplitRules,
)
from agent_core.domain.cells import WHOLE
from agent_core.offline.catalogue import PARAMETERS
from agent_core.offline.designs.asks import default_kind
from agent_core.offline.designs.data import level_name
from agent_core.offline.designs.entities import algorithms_in
from agent_core.offline.designs.levels import model_seeds_of, split_seeds_of
from agent_core.offline.designs.plans import is_beyond_families
from agent_core.offline.designs.reading import Design, read_design, structure_of
from agent_core.offline.designs.splits import Fields
from agent_core.offline.designs.text import usual_form

NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?"
UNITS = {
    FactorKind.TRAIN_SHARE: rf"(?<![\d.])({NUMBER})%",
    FactorKind.PROFILE_SIZE: rf"(?<![\d.@])({NUMBER})(?=\s*(?:$|[.,;]|and\b|or\b|too\b|as\b"
    r"|ratings?|items?|interactions?|plays?|purchases?))",
    FactorKind.RERANK: rf"(?:lambdas?|strengths?|weights?)\D{{0,15}}({NUMBER})",
}
"""How a level is named where the factor is there already."""
PLAIN_RULES = ("folds", "holdout", "seed", "text", "order", "is_share_planned", "given")
"""Fields of a split that a reading of one level has."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a reply wants with what it names."""

    removes: bool = False
    adds: bool = False


def design_of(plan: Plan) -> Design:
    """Return what of a plan a reading of one level a part does not hold."""
    role = FactorRole.COMPARED
    own = (FactorKind.ALGORITHM, FactorKind.DATASET, FactorKind.DATA, FactorKind.SPLIT)
    factors = tuple(f for f in plan.factors if f.kind not in (*own, FactorKind.FOLD))
    datasets = next((f.levels for f in plan.factors if f.kind is FactorKind.DATASET), ())
    design = Design(
        algorithms=tuple(dict.fromkeys(a.family for a in plan.algorithms)),
        factors=tuple(replace(f, role=f.role or role) for f in factors),
        data=plan.data_levels if len(plan.data_levels) > 1 or _is_rich(plan) else (),
        splits=_fields_of(plan),
        metrics=plan.metrics,
        validated=plan.validated,
        questions=plan.questions,
        unanswered=plan.unanswered,
        datasets=tuple(map(str, datasets)),
    )
    return design if is_beyond_families(design) or design.data or design.splits else Design()


def changed_design(old: Design, plan: Plan, part: str, intent: Intent) -> Design:
    """Return a design with the levels that a part of a reply names.

    Parameters
    ----------
    old
        The design before.
    plan
        The plan in force, whose single levels another one can stand beside.
    part
        A part of the reply.
    intent
        What it wants with what it names.
    """
    wish = read_design(part)
    if len(wish.data) > 1 or len(wish.splits) > 1:
        intent = replace(intent, removes=False)  # `no filter` is one of the levels
    return replace(
        old,
        data=_data(old.data or plan.data_levels, wish.data, intent, is_known=bool(old.data)),
        splits=_splits(old, plan, wish.splits, intent),
        factors=_factors(old.factors, usual_form(part), wish.factors, intent),
        algorithms=_algorithms(old.algorithms, part, intent),
    )


def with_questions(design: Design, plan: Plan) -> Design:
    """Return a design whose questions are those of a plan before it, on what there is now."""
    structure = structure_of(design)
    names = {f.name for f in structure.factors} | {FactorKind.ALGORITHM.value}
    keys = tuple(m.key for m in structure.metrics)
    new = tuple(k for k in keys if k not in {m.key for m in plan.metrics})
    old = [q for q in plan.questions if not q.over or {*q.over} & names]
    told = [_kept(q, names, keys) for q in old]
    kept = [_on(q, design, plan) for q, was in zip(told, old, strict=True)
            if q.measures or not was.measures]  # fmt: skip
    kept = kept or [_on(replace(q, measures=keys[:1]), design, plan) for q in told[:1]]
    costs = tuple(m.key for m in structure.metrics if m.key in new and m.kind.is_cost)
    if kept and (rest := tuple(k for k in new if k not in costs)):
        kept[0] = replace(kept[0], measures=tuple(dict.fromkeys((*kept[0].measures, *rest))))
    if kept and costs:
        kept.append(Question(Estimand.COST, kept[0].over, costs))
    asked = {n for q in kept for n in (*q.over, *q.within)}
    fresh = [f for f in structure.others if f.name not in asked]
    kind = default_kind(structure)
    if (fresh or not kept) and kind:
        over = tuple(f.name for f in fresh) or (FactorKind.ALGORITHM.value,)
        is_spread = kind in (Estimand.SPREAD, Estimand.SPREAD_RATIO)
        over = structure.repeated if is_spread else over
        kept.append(Question(kind, over, keys[:1]))
    return replace(design, questions=tuple(kept))


# -- data and split --------------------------------------------------------------------------


def _is_rich(plan: Plan) -> bool:
    """Whether a single data level has rules that a reading of one level does not hold."""
    rules = plan.data.rules
    return bool(plan.data.partial) or any(r.is_training_only for r in rules)


def _data(
    old: Sequence[Level[DataRules]],
    wish: Sequence[Level[DataRules]],
    intent: Intent,
    *,
    is_known: bool,
) -> tuple[Level[DataRules], ...]:
    """Return data levels: others beside those of the same kind, without some, or changed."""
    unchanged = tuple(old) if is_known else ()
    named = [r for level in wish for r in level.rules.rules]
    kinds = {(r.kind, r.of) for r in named}
    has_kind = any((r.kind, r.of) in kinds for level in old for r in level.rules.rules)
    if len(wish) > 1 and not intent.removes and not is_known:
        return tuple(_beside(level, old[0]) for level in wish)
    if not is_known and not intent.removes and any(r.kind is DataRuleKind.SAMPLE for r in named):
        return tuple(_changed(level, named) for level in old)
    if not named or (not is_known and not (has_kind and intent.adds)):
        return unchanged
    if intent.removes:
        gone = {(r.kind, r.of, r.amount) for r in named}
        return tuple(
            level
            for level in old
            if not any((r.kind, r.of, r.amount) in gone for r in level.rules.rules)
        )
    if intent.adds and has_kind:
        base = next(v for v in old if any((r.kind, r.of) in kinds for r in v.rules.rules))
        more = [_with_rule(base, rule) for rule in named]
        levels = {level.rules.rules: level for level in (*old, *more)}
        return tuple(replace(v, name=v.name or _own_name(v, kinds)) for v in levels.values())
    return tuple(_changed(level, named) for level in old)


def _beside(level: Level[DataRules], base: Level[DataRules]) -> Level[DataRules]:
    """Return a level with what rules of other kinds there were before it."""
    kinds = {r.kind for r in level.rules.rules}
    before = tuple(r for r in base.rules.rules if r.kind not in kinds)
    return replace(level, rules=DataRules((*before, *level.rules.rules)))


def _with_rule(base: Level[DataRules], rule: DataRule) -> Level[DataRules]:
    """Return a level with a rule in the place of that of its kind."""
    rules = tuple(rule if (r.kind, r.of) == (rule.kind, rule.of) else r for r in base.rules.rules)
    return Level(DataRules(rules), level_name([rule]))


def _own_name(level: Level[DataRules], kinds: Iterable[tuple[object, object]]) -> str:
    return level_name([r for r in level.rules.rules if (r.kind, r.of) in kinds])


def _changed(level: Level[DataRules], named: Sequence[DataRule]) -> Level[DataRules]:
    """Return a level with rules of other kinds beside its own."""
    kinds = {(r.kind, r.of) for r in level.rules.rules}
    more = tuple(r for r in named if (r.kind, r.of) not in kinds)
    return replace(level, rules=DataRules((*level.rules.rules, *more)))


def _fields_of(plan: Plan) -> tuple[Fields, ...]:
    """Return the fields of split levels where a reading of one level does not hold them."""
    fields = [_fields(level.rules) for level in plan.split_levels]
    is_rich = any({*f} - {"kind", *PLAIN_RULES} for f in fields)
    return tuple(fields) if len(fields) > 1 or is_rich else ()


def _fields(split: SplitRules) -> dict[str, Any]:
    """Return the fields of a split that are not as they are without being said."""
    plain = SplitRules(split.kind)
    names = (n for n in SplitRules.__slots__ if n not in ("text", "given"))
    said = {n: getattr(split, n) for n in names}
    has_share = split.is_share_planned and not split.kind.is_single and split.folds == 1
    kept = ("kind", "order", *(("holdout",) if has_share else ()))
    return {n: v for n, v in said.items() if n in kept or v != getattr(plain, n)}


def _splits(old: Design, plan: Plan, wish: Sequence[Fields], intent: Intent) -> tuple[Fields, ...]:
    """Return split levels: another beside them, without one, or each with what is said."""
    known = old.splits or tuple(_fields(level.rules) for level in plan.split_levels)
    if not wish:
        return old.splits
    kinds = {w.get("kind") for w in wish} - {None}
    if intent.removes and old.splits:
        return tuple(f for f in known if f.get("kind") not in kinds) or old.splits
    if intent.adds and kinds and not kinds <= {f.get("kind") for f in known}:
        return (*known, *wish)
    if not old.splits:
        if len(wish) > 1:
            return tuple(wish)
        return ()  # a single plain level is changed as before
    if kinds:
        return tuple(wish) if len(known) > 1 else ({**_rest(known[0]), **wish[0]},)
    return tuple({**f, **wish[0]} for f in known)


def _rest(fields: Fields) -> Fields:
    """Return what of a split stays when its kind changes: who is tested, among what."""
    gone = ("kind", "holdout", "held_out", "order", "folds", "is_share_planned")
    return {k: v for k, v in fields.items() if k not in gone}


# -- other factors ---------------------------------------------------------------------------


def _factors(
    old: Sequence[Factor], part: str, wish: Sequence[Factor], intent: Intent
) -> tuple[Factor, ...]:
    """Return factors with the levels that a part of a reply adds, drops or sets."""
    named = {f.name: f for f in wish}
    found = [_with_levels(f, _levels_in(f, part, named.get(f.name)), intent) for f in old]
    known = {f.name for f in old}
    if not intent.removes:
        found += [f for f in wish if f.name not in known]
    return tuple(f for f in found if len(f.levels) > 1)


def _with_levels(factor: Factor, said: Sequence[LevelValue], intent: Intent) -> Factor:
    if not said:
        return factor
    if factor.role is FactorRole.REPEATED:
        return replace(factor, levels=tuple(said))
    if intent.removes:
        left = tuple(n for n in factor.levels if n not in said)
        return replace(factor, levels=left)
    if not intent.adds and len(said) > 1:
        return replace(factor, levels=tuple(said))
    every = dict.fromkeys((*factor.levels, *said))
    numbers = sorted(n for n in every if not isinstance(n, str))
    return replace(factor, levels=(*numbers, *(n for n in every if isinstance(n, str))))


def _levels_in(factor: Factor, part: str, listed: Factor | None) -> tuple[LevelValue, ...]:
    """Return the levels of a factor that a part of a reply names."""
    if factor.kind is FactorKind.MODEL_SEED:
        return model_seeds_of(part)[0]
    if factor.kind is FactorKind.SPLIT_SEED:
        return split_seeds_of(part)[0]
    if listed:
        return listed.levels
    if factor.kind is FactorKind.HYPERPARAMETER:
        names = PARAMETERS[factor.name]
        unit = rf"({NUMBER})\s+(?:{names})\b|\b(?:{names})\s*(?:=|of|to|:)?\s*({NUMBER})"
    else:
        unit = UNITS.get(factor.kind, r"(?!)")
    matches = re.finditer(unit, part, re.IGNORECASE)
    numbers = [float(next(g for g in m.groups() if g)) for m in matches]
    if factor.kind is FactorKind.TRAIN_SHARE:
        return tuple(round(n / 100, 6) for n in numbers)
    is_whole = factor.kind is FactorKind.PROFILE_SIZE and re.search(r"\bfull\b|\bwhole\b", part)
    shown = [int(n) if n.is_integer() else n for n in numbers]
    return (*shown, *([WHOLE] if is_whole else []))


def _algorithms(old: Sequence[str], part: str, intent: Intent) -> tuple[str, ...]:
    """Return the algorithms, with those that no script is built of, as a reply has them."""
    named = [m.name for m in algorithms_in(usual_form(part))]
    if intent.removes:
        return tuple(n for n in old if n not in named)
    return tuple(dict.fromkeys((*old, *named))) if old else ()


def _kept(question: Question, names: set[str], keys: Sequence[str]) -> Question:
    """Return a question on the factors and measures that there are."""
    measures = tuple(k for k in question.measures if k in keys)
    return replace(
        question,
        over=tuple(n for n in question.over if n in names),
        within=tuple(n for n in question.within if n in names),
        measures=measures,
    )


def _on(question: Question, design: Design, plan: Plan) -> Question:
    """Return a question on the algorithms that there are; those added are of all its pairs."""
    before = {a.family for a in plan.algorithms}
    gone, fresh = before - {*design.algorithms}, {*design.algorithms} - before
    pairs = tuple(p for p in question.pairs if not gone & {*p})
    reference = None if question.reference in gone else question.reference
    return replace(question, pairs=() if fresh else pairs, reference=reference)

"""A plan with the factors, rules, measures and questions of a design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Dataset,
    Factor,
    FactorKind,
    FactorRole,
    Level,
    LevelValue,
    Order,
    Plan,
    Question,
    Role,
    SplitKind,
    SplitRules,
    study_of,
)
from agent_core.domain.rules import A_BIT
from agent_core.offline.catalogue import BY_NAME
from agent_core.offline.designs.reading import Design, split_name
from agent_core.offline.designs.splits import CROSSFOLDS, Fields
from agent_core.rules.wording import split_text

ALGORITHM = FactorKind.ALGORITHM.value
DEFAULT_FOLDS = 5
MAX_SEEDS = 1000


def with_reading(plan: Plan, design: Design, dataset: Dataset) -> Plan:
    """Return a plan that is what a design says, and as it was where the design says nothing.

    Parameters
    ----------
    plan
        One level of each, with the product's defaults.
    design
        What was read.
    dataset
        The profile of the data, which rules are fitted to.
    """
    design = _fitted(design, dataset)
    plan = replace(
        plan,
        data_levels=_data_levels(plan, design),
        split_levels=_split_levels(plan, design),
        seeds=_seeds(plan, design),
        algorithms=_variants(_with_unbuilt(plan, design), design),
        validated=design.validated,
        unanswered=design.unanswered,
    )
    plan = replace(plan, datasets=design.datasets or plan.datasets)
    plan = replace(plan, factors=tuple(_factors(plan, design)))
    if design.questions:
        plan = replace(plan, questions=tuple(_question(q, plan) for q in design.questions))
    return replace(plan, study=study_of(plan), swept=_swept(plan))


def _fitted(design: Design, dataset: Dataset) -> Design:
    """Return a design without rules that the data cannot follow; the plan says so itself."""
    splits = design.splits
    if len(splits) == 1 and dataset.timestamp_column is None and _is_timed(splits[0]):
        gone = ("kind", "order", "held_out")
        splits = ({k: v for k, v in splits[0].items() if k not in gone},)
    levels = tuple(
        replace(level, rules=DataRules(tuple(_fitted_rules(level.rules, dataset))))
        for level in design.data
    )
    return replace(design, splits=splits, data=levels)


def _is_timed(fields: Fields) -> bool:
    kind = fields.get("kind")
    return bool(kind and kind.is_timed) or fields.get("order") is Order.NEWEST


def _fitted_rules(rules: DataRules, dataset: Dataset) -> Iterator[DataRule]:
    """Yield rules with each threshold at a rating that there is; none above all of them."""
    values = dataset.rating_values
    for rule in rules.rules:
        if rule.kind is not DataRuleKind.LOWEST_RATING or rule.amount is None:
            yield rule
            continue
        low = rule.amount + A_BIT * rule.is_above
        known = next((v for v in values if v >= low), None)
        if dataset.rating_column and (known is not None or not values):
            is_above = rule.is_above and known is None
            yield replace(rule, amount=rule.amount if known is None else known, is_above=is_above)


def is_beyond_families(design: Design) -> bool:
    """Whether a design has more than algorithms, seeds, folds and one hyperparameter."""
    kinds = {f.kind for f in design.factors} - {FactorKind.MODEL_SEED}
    is_wide = len(design.data) > 1 or len(design.splits) > 1 or bool(design.datasets)
    return is_wide or bool(kinds - {FactorKind.HYPERPARAMETER}) or len(design.grids) > 1


# -- data and split --------------------------------------------------------------------------


def _data_levels(plan: Plan, design: Design) -> tuple[Level[DataRules], ...]:
    """Return the data levels; a rule that the data need for repeated pairs stays in each."""
    if not design.data:
        return plan.data_levels
    pairs = DataRuleKind.REPEATED_PAIRS
    needed = tuple(r for r in plan.data.rules if r.kind is pairs)
    return tuple(replace(level, rules=_with_needed(level.rules, needed)) for level in design.data)


def _with_needed(rules: DataRules, needed: tuple[DataRule, ...]) -> DataRules:
    has_own = any(r.kind is DataRuleKind.REPEATED_PAIRS for r in rules.rules)
    return rules if has_own else DataRules((*needed, *rules.rules))


def _split_levels(plan: Plan, design: Design) -> tuple[Level[SplitRules], ...]:
    if not design.splits:
        return plan.split_levels
    several = len(design.splits) > 1
    return tuple(
        Level(_split(plan, fields), split_name(fields) if several else "")
        for fields in design.splits
    )


def _split(plan: Plan, fields: Fields) -> SplitRules:
    """Return the rules of a split level: its fields, and of the plan what it leaves open."""
    base = plan.split
    said: dict[str, Any] = {k: v for k, v in fields.items() if v is not None}
    kind = said.get("kind") or _kind(said, base)
    if "kind" in said:
        base = replace(SplitRules(kind), seed=base.seed)
        if base.kind in CROSSFOLDS:
            base = replace(base, folds=DEFAULT_FOLDS)
    elif "folds" in said:
        kind = base.kind if base.kind in CROSSFOLDS else SplitKind.CROSSFOLD_USERS
    split = replace(base, **(said | {"kind": kind}))
    if kind.is_single and "order" not in said:
        order = Order.NEWEST if kind is SplitKind.LEAVE_LAST else Order.RANDOM
        split = replace(split, order=order)
    return replace(split, text=split_text(split))


def _kind(said: Mapping[str, Any], base: SplitRules) -> SplitKind:
    return SplitKind.USER_FRACTION if "holdout" in said and base.kind.is_single else base.kind


# -- algorithms ------------------------------------------------------------------------------


def _with_unbuilt(plan: Plan, design: Design) -> tuple[Algorithm, ...]:
    """Return the algorithms in the order of the text, with raters that no script is built of."""
    names = {a.family for a in plan.algorithms}
    added = [
        Algorithm(known.name, known.rater, is_random=known.scorer.is_random)
        for name in design.algorithms
        if name not in names and (known := BY_NAME[name]).rater
    ]
    order = {n: place for place, n in enumerate(design.algorithms)}
    every = (*plan.algorithms, *added)
    return tuple(sorted(every, key=lambda a: order.get(a.family.split(" ")[0], len(order))))


def _variants(algorithms: Sequence[Algorithm], design: Design) -> tuple[Algorithm, ...]:
    """Return one algorithm a combination of its levels of hyperparameters and re-ranking."""
    found = tuple(algorithms)
    if design.grids:
        found = tuple({a.family: _plain(a) for a in reversed(found)}.values())[::-1]
    for factor in design.factors:
        if factor.kind.makes_variants and factor.kind is not FactorKind.ALGORITHM:
            found = tuple(v for a in found for v in _levels_of(a, factor))
    return found


def _plain(algorithm: Algorithm) -> Algorithm:
    """Return an algorithm without levels that the plan had from a single list of values."""
    if not algorithm.levels:
        return algorithm
    return replace(algorithm, name=algorithm.family, base="", levels={})


def _levels_of(algorithm: Algorithm, factor: Factor) -> list[Algorithm]:
    """Return the variants of an algorithm along a factor; itself where that does not apply."""
    is_hyper = factor.kind is FactorKind.HYPERPARAMETER
    applies = factor.applies_to(algorithm.family) and (factor.of or not is_hyper)
    if not applies or (algorithm.role is Role.BASELINE and algorithm.family not in factor.of):
        return [algorithm]
    return [_variant(algorithm, factor.name, level, is_hyper=is_hyper) for level in factor.levels]


def _variant(algorithm: Algorithm, name: str, level: LevelValue, *, is_hyper: bool) -> Algorithm:
    shown = f"{level:g}" if isinstance(level, int | float) else level
    config = {**algorithm.config, name: level} if is_hyper else algorithm.config
    return replace(
        algorithm,
        name=f"{algorithm.name} {name}={shown}",
        base=algorithm.family,
        config=config,
        levels={**algorithm.levels, name: level},
    )


# -- factors and questions -------------------------------------------------------------------


def _seeds(plan: Plan, design: Design) -> tuple[int, ...]:
    said = tuple(int(s) for s in design.levels(FactorKind.MODEL_SEED))
    return said if 0 < len(said) <= MAX_SEEDS else plan.seeds


def _factors(plan: Plan, design: Design) -> list[Factor]:
    """Return the factors of a plan: what takes several levels in it."""
    compared, repeated = FactorRole.COMPARED, FactorRole.REPEATED
    names = tuple(dict.fromkeys(a.family for a in plan.algorithms))
    found = [Factor(ALGORITHM, names, compared)] if len(names) > 1 else []
    found += [Factor(FactorKind.DATASET.value, design.datasets, compared)] * bool(design.datasets)
    for kind, levels in (
        (FactorKind.DATA, plan.data_levels),
        (FactorKind.SPLIT, plan.split_levels),
    ):
        if len(levels) > 1:
            found.append(Factor(kind.value, tuple(level.name for level in levels), compared))
    if not design.grids:
        found += plan.hyperparameters  # those of the family, with values of the product's own
    found += [_applied(f, plan) for f in design.factors if f.kind is not FactorKind.MODEL_SEED]
    folds = {level.rules.folds for level in plan.split_levels} - {1}
    if len(folds) == 1 and (count := folds.pop()):
        found.append(Factor(FactorKind.FOLD.value, tuple(range(count)), repeated))
    random = tuple(dict.fromkeys(a.family for a in plan.algorithms if a.is_random))
    if len(plan.seeds) > 1 and random:
        said = next((f.of for f in design.factors if f.kind is FactorKind.MODEL_SEED), ())
        of = tuple(n for n in random if n in said) or random
        found.append(Factor(FactorKind.MODEL_SEED.value, plan.seeds, repeated, of))
    return found


def _applied(factor: Factor, plan: Plan) -> Factor:
    """Return a factor with the algorithms whose variants have its levels."""
    if factor.kind is not FactorKind.HYPERPARAMETER:
        return factor
    own = dict.fromkeys(a.family for a in plan.algorithms if factor.name in a.levels)
    return replace(factor, of=tuple(own) or factor.of)


def _question(question: Question, plan: Plan) -> Question:
    """Return a question with the names of factors that the plan has."""
    names = {f.name for f in plan.factors}
    within = tuple(n for n in question.within if n in names)
    return replace(question, within=within)


def _swept(plan: Plan) -> str | None:
    """Return the hyperparameter of a sweep, where the plan is one."""
    names = [f.name for f in plan.hyperparameters]
    return names[0] if len(names) == 1 and plan.study.value == "sweep" else None

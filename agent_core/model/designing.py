"""From a model's factors, levels and questions to a design in which they fit each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from agent_core.domain import (
    Algorithm,
    DataRules,
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    Level,
    Levels,
    LevelValue,
    Metric,
    Question,
    SplitRules,
)
from agent_core.domain.cells import CHOSEN
from agent_core.domain.metric import with_own_first
from agent_core.domain.rules import CROSSFOLDS
from agent_core.model.algorithms import (
    algorithms_of,
    takes,
    usual_algorithms,
    with_baseline,
    with_bases,
    with_rater,
    with_variants,
    without_twins,
)
from agent_core.model.factors import Wanted, factors_of, seeds_of, wanted_factors
from agent_core.model.levels import Basis, data_levels_of, split_levels_of
from agent_core.model.likeness import nearest
from agent_core.model.mending import shown
from agent_core.model.metrics import NDCG, metrics_of
from agent_core.model.plan_answer import FactorPart, PlanAnswer, SplitPart
from agent_core.model.questions import Setting, questions_of

T = TypeVar("T")
DEFAULT_SEEDS = 30
SCATTER = (
    Estimand.SPREAD,
    Estimand.FALSE_ALARMS,
    Estimand.SPREAD_RATIO,
    Estimand.VARIANCE_SHARES,
)
REPEATS = (FactorKind.MODEL_SEED, FactorKind.SPLIT_SEED, FactorKind.FOLD)


@dataclass(frozen=True, slots=True)
class Design:
    """What the parts of an answer come to."""

    algorithms: tuple[Algorithm, ...]
    data: tuple[Level[DataRules], ...]
    splits: tuple[Level[SplitRules], ...]
    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    metrics: tuple[Metric, ...]
    validated: tuple[Metric, ...]
    excluded: tuple[Levels, ...]
    questions: tuple[Question, ...]
    list_length: int


def design_of(answer: PlanAnswer, basis: Basis, length: int, notes: list[str]) -> Design:
    """Return the design of an answer.

    Parameters
    ----------
    answer
        A model's.
    basis
        What the data have.
    length
        Of lists, for metrics without a cut-off.
    notes
        Takes what was settled, in sentences.
    """
    ratings = basis.has_ratings
    metrics = metrics_of(answer.metrics, length, has_ratings=ratings, notes=notes)
    validated = metrics_of(answer.validated, length, has_ratings=ratings, notes=notes)
    given = algorithms_of(answer.algorithms, notes)
    wanted = _wanted(answer, given, basis, notes)
    base = _base(answer, given, wanted, metrics, notes)
    if _trains(answer):
        base = _complete(base, metrics, length, basis, notes)
    # Every plan has a primary metric, one that trains nothing has it for its name alone.
    metrics += [Metric(NDCG, length)] * (not metrics)
    _want_seeds(answer, wanted, base, notes)
    basis = replace(basis, is_rating=bool(metrics) and metrics[0].is_rating)
    data = data_levels_of(answer.data, wanted.names_of(FactorKind.DATA), basis, notes)
    splits = _splits(answer, wanted, basis, notes)
    _want_choice(answer, wanted)
    factors = factors_of(wanted, base, _own_levels(base, basis, data, splits), notes)
    base = _with_fixed(base, wanted, factors, notes)
    excluded = _excluded(answer, factors, notes)
    algorithms = without_twins(with_variants(base, factors, excluded), notes)
    names = tuple(dict.fromkeys((*(a.family for a in base), *(a.name for a in algorithms))))
    setting = Setting(factors, names, metrics, validated, length, wanted.asked)
    questions = questions_of(answer.questions, setting, notes)
    splits = _with_validation(splits, questions, setting, notes)
    return Design(
        algorithms,
        _in_order(data, factors, FactorKind.DATA),
        _in_order(splits, factors, FactorKind.SPLIT),
        factors,
        _model_seeds(wanted, factors),
        with_own_first(setting.metrics),
        tuple(setting.validated),
        excluded,
        questions,
        length,
    )


def _trains(answer: PlanAnswer) -> bool:
    """Whether a question needs algorithms."""
    return any(q.kind is None or q.kind.needs_algorithms for q in answer.questions)


def _wanted(
    answer: PlanAnswer, given: Sequence[Algorithm], basis: Basis, notes: list[str]
) -> Wanted:
    """Return the factors that are asked for, under names that exist."""
    kinds = [s.kind.value for s in answer.splits if s.kind]
    named: dict[FactorKind, Sequence[str]] = {
        FactorKind.DATASET: [d.name for d in basis.datasets],
        FactorKind.DATA: [rule.level for rule in answer.data if rule.level],
        FactorKind.SPLIT: [*(s.level for s in answer.splits if s.level), *kinds],
    }
    return wanted_factors(answer.factors, given, named, notes)


def _base(
    answer: PlanAnswer,
    given: tuple[Algorithm, ...],
    wanted: Wanted,
    metrics: Sequence[Metric],
    notes: list[str],
) -> tuple[Algorithm, ...]:
    """Return the algorithms before their variants, usual ones where none is given."""
    if _trains(answer) and not given:
        kinds = [q.kind for q in answer.questions if q.kind]
        given = usual_algorithms(kinds, wanted.hyperparameters, metrics)
        notes.append(f"No algorithm is given, so {', '.join(a.name for a in given)} is taken.")
    listed = with_bases(without_twins(given, notes), wanted.hyperparameters)
    for name in wanted.hyperparameters:
        own = tuple(a.config[name] for a in listed if a.base and name in a.config)
        part = wanted.parts[name]
        levels = tuple(dict.fromkeys((*part.levels, *own)))
        wanted.parts[name] = part.model_copy(update={"levels": levels})
    return listed


def _complete(
    base: tuple[Algorithm, ...],
    metrics: list[Metric],
    length: int,
    basis: Basis,
    notes: list[str],
) -> tuple[Algorithm, ...]:
    """Add a metric where there is none, an algorithm that predicts ratings, and a baseline."""
    if not metrics:
        metrics.append(Metric(NDCG, length))
        notes.append(f"No usable metric is given, so {metrics[0].label} is taken.")
    base = with_rater(base, metrics, notes)
    return with_baseline(base, metrics, notes) if basis.has_baseline else base


def _want_seeds(
    answer: PlanAnswer, wanted: Wanted, base: Sequence[Algorithm], notes: list[str]
) -> None:
    """Ask for model seeds where the main question is of scatter and nothing is repeated."""
    is_repeated = any(kind.value in wanted.parts for kind in REPEATS)
    has_folds = any(s.folds > 1 for s in answer.splits)
    if is_repeated or has_folds or answer.questions[0].kind not in SCATTER:
        return
    if any(a.is_random for a in base):
        seeds = FactorPart(levels=(DEFAULT_SEEDS,), role=FactorRole.REPEATED)
        wanted.parts[FactorKind.MODEL_SEED.value] = seeds
        notes.append(f"Nothing is said to be repeated, so {DEFAULT_SEEDS} model seeds are taken.")


def _want_choice(answer: PlanAnswer, wanted: Wanted) -> None:
    """Give the grid of a question of choice the level that it decides."""
    asked = [q for q in answer.questions if q.kind is Estimand.CHOICE]
    over = {name for q in asked for name in q.over}
    for name in wanted.hyperparameters:
        part = wanted.parts[name]
        is_asked = name in over or any(nearest(o, [name]) for o in over) or (asked and not over)
        called = {o for o in over if wanted.asked.get(o) == name}
        if (is_asked or called) and CHOSEN not in part.levels and len(part.levels) > 1:
            levels = (*part.levels, CHOSEN)
            wanted.parts[name] = part.model_copy(update={"levels": levels})


def _splits(
    answer: PlanAnswer, wanted: Wanted, basis: Basis, notes: list[str]
) -> tuple[Level[SplitRules], ...]:
    """Return the splits with the folds and the one seed that factors ask of them."""
    parts = list(answer.splits)
    seeds = seeds_of(wanted, FactorKind.SPLIT_SEED)
    if len(seeds) == 1:
        parts = [p.model_copy(update={"seed": seeds[0]}) for p in parts or [SplitPart()]]
    has_folds = any(p.folds > 1 or p.kind in CROSSFOLDS for p in parts)
    if wanted.folds > 1 and not has_folds:
        basis = replace(basis, folds=wanted.folds)
        parts = [p.model_copy(update={"folds": wanted.folds}) for p in parts]
    return split_levels_of(parts, wanted.names_of(FactorKind.SPLIT), basis, notes)


def _own_levels(
    base: Sequence[Algorithm],
    basis: Basis,
    data: Sequence[Level[DataRules]],
    splits: Sequence[Level[SplitRules]],
) -> dict[FactorKind, tuple[LevelValue, ...]]:
    """Return the levels that the plan has of factors by what else it says."""
    return {
        FactorKind.ALGORITHM: tuple(dict.fromkeys(a.family for a in base)),
        FactorKind.DATASET: tuple(d.name for d in basis.datasets),
        FactorKind.DATA: tuple(level.name for level in data),
        FactorKind.SPLIT: tuple(level.name for level in splits),
        FactorKind.FOLD: tuple(range(max(level.rules.folds for level in splits))),
    }


def _with_fixed(
    base: Sequence[Algorithm], wanted: Wanted, factors: Sequence[Factor], notes: list[str]
) -> tuple[Algorithm, ...]:
    """Set hyperparameters of a single level, which makes no factor."""
    varied = {f.name for f in factors}
    for name in wanted.hyperparameters:
        part = wanted.parts[name]
        if name in varied or len(part.levels) != 1:
            continue
        set_to = {name: part.levels[0]}
        own = [a for a in base if takes(a, name) and (not part.of or a.family in part.of)]
        base = [replace(a, config={**a.config, **set_to}) if a in own else a for a in base]
        if own:
            told = ", ".join(a.name for a in own)
            notes.append(f"{name} is set to {shown(part.levels[0])} for {told}.")
    return tuple(base)


def _excluded(
    answer: PlanAnswer, factors: Sequence[Factor], notes: list[str]
) -> tuple[Levels, ...]:
    """Return the combinations that are left out, each read from `algorithm=EASE & data=all`."""
    known = {f.name: {_text(v): v for v in f.levels} for f in factors}
    found: list[Levels] = []
    for text in answer.excluded:
        combination: dict[str, LevelValue] = {}
        pairs = [p.partition("=") for p in text.replace(" and ", "&").split("&") if p.strip()]
        for name, _, level in pairs:
            factor = nearest(name.strip(), known)
            like = nearest(level.strip(), known[factor]) if factor else None
            if factor and like:
                combination[factor] = known[factor][like]
        if len(combination) == len(pairs) and pairs:
            found.append(combination)
        else:
            notes.append(f"“{shown(text)}” is no combination of levels, so it is not left out.")
    return tuple(found)


def _with_validation(
    splits: tuple[Level[SplitRules], ...],
    questions: Sequence[Question],
    setting: Setting,
    notes: list[str],
) -> tuple[Level[SplitRules], ...]:
    """Keep a validation part where something is chosen or measured on one."""
    if any(q.kind is Estimand.CHOICE for q in questions) and not setting.validated:
        setting.validated = setting.metrics[:1]
        told = ", ".join(m.label for m in setting.validated)
        notes.append(f"The choice is made by {told} on the validation part.")
    if not setting.validated or all(level.rules.has_validation for level in splits):
        return splits
    notes.append("A validation part is kept apart, as the plan measures on it.")
    return tuple(
        replace(level, rules=replace(level.rules, has_validation=True)) for level in splits
    )


def _model_seeds(wanted: Wanted, factors: Sequence[Factor]) -> tuple[int, ...]:
    """Return the model seeds: the levels of their factor, else the one that is fixed, else 0."""
    factor = next((f for f in factors if f.kind is FactorKind.MODEL_SEED), None)
    if factor is not None:
        return tuple(int(v) for v in factor.levels)
    seeds = seeds_of(wanted, FactorKind.MODEL_SEED)
    return seeds if len(seeds) == 1 else (0,)


def _in_order(
    levels: tuple[Level[T], ...], factors: Sequence[Factor], kind: FactorKind
) -> tuple[Level[T], ...]:
    """Return levels in the order of their factor; those beyond its bounds are left out."""
    factor = next((f for f in factors if f.kind is kind), None)
    if factor is None:
        return levels
    by_name = {level.name: level for level in levels}
    return tuple(by_name[str(name)] for name in factor.levels)


def _text(value: LevelValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

"""Turns a reading into a plan with numbered requirements, and a plan back into a reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Dataset,
    Estimand,
    Keep,
    Level,
    Metric,
    Order,
    Plan,
    Role,
    SplitKind,
    SplitRules,
    Study,
    Topic,
    with_design,
)
from agent_core.domain.rules import COUNTING, CROSSFOLDS
from agent_core.lenskit.memory import training_bytes
from agent_core.offline.amounts import PATTERNS as AMOUNTS
from agent_core.offline.assumptions import Assumptions
from agent_core.offline.catalogue import BY_KIND, BY_NAME, HYPERPARAMETERS
from agent_core.offline.designs.changes import design_of
from agent_core.offline.designs.plans import with_reading
from agent_core.offline.fitting import fit_reading
from agent_core.offline.grammar import (
    BASELINES,
    DEFAULT_SEEDS,
    Reading,
    metric_values,
    unread_wishes,
    with_cutoffs,
)
from agent_core.offline.requirements import refused_wishes, requirements_of
from agent_core.rules.given_split import given_rules
from agent_core.rules.wording import split_text

SPLIT_SEED = 42
KEPT_NEIGHBOURS = 1000
"""Of each item; the 20 that a score is made of are chosen among those that its user rated."""
MANY_BYTES, MANY_ROWS = 1 << 30, 1_000_000
"""Of similarities, and of interactions that make most of them differ from 0."""
STARTUP_S = 8.0
RECOMMEND_S = 0.8
"""Seconds to recommend for 1,000 users, one core."""
TIMESTAMP_SPLITS = (SplitKind.LEAVE_LAST, SplitKind.GLOBAL_TIME)
MAX_SEEDS = 1000
SWEEP_SEEDS = 3
DEFAULT_SUBJECTS = {
    Study.SEED_VARIANCE: ("ImplicitMF",),
    Study.SWEEP: ("ImplicitMF",),
    Study.COMPARISON: ("ItemKNN", "ImplicitMF", "EASE"),
}
NO_MARGIN = (
    "no equivalence margin was given, so a missing difference will not be called equality; reply "
    "for example “equivalence margin 0.01”"
)
ALL_REPEATED = "all of repeated pairs: an algorithm is given each pair once, by its last"
DEFAULT_RATERS = ("BiasedMF",)


def build(reading: Reading, dataset: Dataset, question: str, folds: int = 1) -> Plan:
    """Return the plan for a reading.

    Parameters
    ----------
    reading
        What was understood.
    dataset
        The profile of the data.
    question
        The user's words.
    folds
        The preferred number of folds where cross-validation fits.
    """
    assumptions = Assumptions(reading.notes)
    reading, gaps = fit_reading(reading, dataset, assumptions)
    study = reading.study or Study.COMPARISON
    metrics = metric_values(reading)
    algorithms = _algorithms_of(reading, study, metrics, assumptions)
    algorithms = _with_kept_neighbours(algorithms, dataset, assumptions)
    split = _split_of(reading, study, dataset, metrics, folds, assumptions)
    seeds = _seeds_of(reading, study, algorithms, assumptions)
    if reading.margin is None and AMOUNTS["equivalence"].search(question):
        assumptions.add(NO_MARGIN)
    for side in dataset.sides:
        if not side.is_own:
            assumptions.add(f"{side.name} (side data of {side.of}s) is not used")
    plan = Plan(
        version=1,
        title=_title_of(study, algorithms, reading.swept),
        question=question.strip(),
        study=study,
        datasets=(dataset.name,),
        feedback=_feedback_of(reading, dataset, metrics, assumptions) + _left_out_text(dataset),
        split_levels=(Level(split),),
        data_levels=(Level(_data_rules_of(reading, dataset, split.kind)),),
        algorithms=algorithms,
        metrics=metrics,
        requirements=(),
        seeds=seeds,
        reported=_reported_texts(study),
        assumptions=assumptions.texts,
        topics=assumptions.topics,
        unmapped=_unmapped_clauses(reading, gaps, question),
        refused=(*(words for words, _ in reading.outside), *unread_wishes(question)),
        list_length=max([m.k for m in metrics if m.k] or [10]),
        swept=reading.swept if study is Study.SWEEP else None,
        margin=reading.margin,
    )
    plan = with_reading(with_design(plan), reading.design, dataset)
    plan = replace(plan, requirements=requirements_of(plan, dataset, reading.outside))
    return replace(plan, estimate_s=_estimate(plan, dataset))


def reading_of(plan: Plan) -> Reading:
    """Return the reading that a plan stands for, so that a reply can change it."""
    built = tuple(a for a in plan.algorithms if a.kind in BY_KIND)
    names = list(dict.fromkeys(BY_KIND[a.kind].name for a in built))
    parameters: dict[str, Any] = {}
    values: list[float] = []
    for algorithm in built:
        default = BY_KIND[algorithm.kind].config
        changed = {k: v for k, v in algorithm.config.items() if default.get(k) != v}
        changed = {k: v for k, v in changed.items() if k not in algorithm.levels}
        if plan.swept and plan.swept in algorithm.config:
            values.append(float(algorithm.config[plan.swept]))
            changed.pop(plan.swept, None)
        name = BY_KIND[algorithm.kind].name
        parameters |= {
            f"{name}:{k}": v
            for k, v in changed.items()
            if k not in ("feedback", "min_nbrs", "save_nbrs")
        }
    split = plan.split
    is_crossfold = split.kind in CROSSFOLDS
    cuts: dict[str, tuple[int, ...]] = {}
    for metric in plan.metrics:
        if metric.k:
            cuts[metric.name] = (*cuts.get(metric.name, ()), metric.k)
    reading = Reading(
        study=plan.study,
        algorithms=tuple(names),
        metrics=tuple(dict.fromkeys(m.name for m in plan.metrics)),
        split=None if is_crossfold else split.kind,
        holdout=split.holdout,
        is_newest=split.order is Order.NEWEST,
        folds=split.folds if is_crossfold else None,
        seeds=len(plan.seeds),
        first_seed=plan.seeds[0],
        min_rating=plan.data.lowest_rating,
        counts=tuple(r for r in plan.data.rules if r.kind in COUNTING),
        repeated=next(
            (r.keep for r in plan.data.rules if r.kind is DataRuleKind.REPEATED_PAIRS), None
        ),
        parameters=parameters,
        swept=plan.swept,
        values=tuple(values),
        margin=plan.margin,
        outside=refused_wishes(plan.requirements),
        design=design_of(plan),
    )
    return with_cutoffs(reading, cuts)


def _unmapped_clauses(reading: Reading, gaps: list[str], question: str) -> tuple[str, ...]:
    """Return the clauses that no requirement covers."""
    outside = [f"“{words}” {reason}" for words, reason in reading.outside]
    outside += [ALL_REPEATED] * (reading.repeated is Keep.ALL)
    return (*outside, *gaps, *(f"“{w}” is not in my grammar" for w in unread_wishes(question)))


def _algorithms_of(
    reading: Reading, study: Study, metrics: tuple[Metric, ...], assumptions: Assumptions
) -> tuple[Algorithm, ...]:
    """Return subjects and baselines, each at a stated configuration."""
    ranks = any(not m.is_rating for m in metrics)
    rates = any(m.is_rating for m in metrics)
    names = list(reading.algorithms) or list(DEFAULT_SUBJECTS[study] if ranks else DEFAULT_RATERS)
    if not reading.algorithms:
        text = f"no algorithm was named, so I take {', '.join(names)}"
        assumptions.add(text, Topic.ALGORITHMS)
    silent = [n for n in names if rates and not BY_NAME[n].scorer.predicts]
    told = ", ".join([n for n in silent if n not in BASELINES] or silent)
    verbs = ("ranks", "predicts") if "," not in told else ("rank", "predict")
    if rates and len(silent) == len(names):
        names += DEFAULT_RATERS
        assumptions.add(
            f"BiasedMF is added for {', '.join(m.label for m in metrics if m.is_rating)}, because "
            f"{told} {verbs[0]} items and {verbs[1]} no ratings"
        )
    if silent and not ranks:
        names = [n for n in names if n not in silent]
        assumptions.add(
            f"left out: {told}, which {verbs[1]} no ratings and so cannot have a rating error; "
            "ask for NDCG to include it"
        )
    if ranks and not any(BY_NAME[n].scorer.ranks for n in names):
        metrics_text = ", ".join(m.label for m in metrics if not m.is_rating)
        assumptions.add(
            f"{', '.join(names)} predict(s) ratings and rank(s) poorly by {metrics_text}"
        )
    found: list[Algorithm] = []
    for name in names:
        found += _configured_algorithms(name, reading, study, ranks=ranks, rates=rates)
    baselines = [n for n, is_wanted in (("Popularity", ranks), ("Bias", rates)) if is_wanted]
    for name in baselines:
        if name not in names:
            found += _configured_algorithms(name, Reading(), Study.OTHER, ranks=ranks, rates=rates)
    return tuple(
        replace(a, role=Role.BASELINE) if a.name in baselines and len(found) > 1 else a
        for a in found
    )


def _configured_algorithms(
    name: str, reading: Reading, study: Study, *, ranks: bool, rates: bool
) -> list[Algorithm]:
    """Return an algorithm at its configuration, once per swept value."""
    known = BY_NAME[name]
    config = dict(known.config)
    given = reading.parameters
    config |= {k: _typed_value(config[k], given[k]) for k in config if k in given}
    own = {k: given[f"{name}:{k}"] for k in config if f"{name}:{k}" in given}
    config |= {k: _typed_value(config[k], v) for k, v in own.items()}
    plain = Algorithm(name, known.kind, config, is_random=known.scorer.is_random)
    if study is Study.SWEEP and reading.swept in config:
        key = reading.swept
        values = [_typed_value(config[key], v) for v in reading.values]
        return [
            replace(plain, name=f"{name} {key}={v:g}", config=config | {key: v}) for v in values
        ]
    if rates and known.scorer.predicts and known.scorer.ranks:
        explicit = replace(plain, config=config | {"feedback": "explicit", "min_nbrs": 2})
        is_both = ranks and not _is_one_model(reading)
        return [plain, replace(explicit, name=f"{name} (ratings)")] if is_both else [explicit]
    return [plain]


def _is_one_model(reading: Reading) -> bool:
    """Whether the same models are asked about by rating errors and by lists."""
    questions = reading.design.questions
    return any(q.kind is Estimand.ORDER and "rmse" in q.measures for q in questions)


def _with_kept_neighbours(
    algorithms: tuple[Algorithm, ...], dataset: Dataset, assumptions: Assumptions
) -> tuple[Algorithm, ...]:
    """Have item kNN keep the nearest neighbours only where all similarities would fill memory."""
    dense = training_bytes(Algorithm("", "ItemKNNScorer"), dataset)
    if dense < MANY_BYTES or dataset.rows < MANY_ROWS:
        return algorithms
    for name in (a.name for a in algorithms if a.kind == "ItemKNNScorer"):
        assumptions.add(
            f"{name} keeps the {KEPT_NEIGHBOURS:,} nearest neighbours of each item (save_nbrs): "
            f"all similarities of {dataset.items:,} items take {dense / 2**20:,.0f} MiB",
            Topic.ALGORITHMS,
        )
    return tuple(
        replace(a, config={**a.config, "save_nbrs": KEPT_NEIGHBOURS})
        if a.kind == "ItemKNNScorer"
        else a
        for a in algorithms
    )


def _typed_value(default: Any, value: Any) -> Any:
    """Return a value in the type that the hyperparameter has."""
    return int(value) if isinstance(default, int) and float(value).is_integer() else float(value)


def _split_of(
    reading: Reading,
    study: Study,
    dataset: Dataset,
    metrics: tuple[Metric, ...],
    folds: int,
    assumptions: Assumptions,
) -> SplitRules:
    """Return the hold-out protocol; what was not said is said as an assumption."""
    if given := _given_split(reading, dataset, assumptions):
        return given
    kind, is_newest = reading.split, reading.is_newest
    if (kind in TIMESTAMP_SPLITS or is_newest) and dataset.timestamp_column is None:
        assumptions.add("the data has no timestamps, so the hold-out is random", Topic.SPLIT)
        kind = SplitKind.LEAVE_ONE_OUT if kind is SplitKind.LEAVE_LAST else None
        kind, is_newest = (SplitKind.USER_FRACTION if is_newest else kind), False
    count = reading.folds or (folds if study is Study.COMPARISON and kind is None else 1)
    count = min(count, max(2, dataset.users))
    only_ratings = all(m.is_rating for m in metrics)
    if count > 1:
        if kind not in (None, SplitKind.USER_FRACTION):
            assumptions.add(
                f"with {count} folds the hold-out is a share, not {split_text(SplitRules(kind))}",
                Topic.SPLIT,
            )
        kind = SplitKind.CROSSFOLD_RECORDS if only_ratings else SplitKind.CROSSFOLD_USERS
    elif kind is None:
        kind = SplitKind.LEAVE_ONE_OUT if study is Study.SEED_VARIANCE else SplitKind.USER_FRACTION
        kind = SplitKind.USER_FRACTION if only_ratings else kind
        text = f"no split was named, so I take {split_text(SplitRules(kind))}"
        assumptions.add(text, Topic.SPLIT)
    holdout = reading.holdout or 0.2
    order = Order.NEWEST if is_newest and kind.has_share else Order.RANDOM
    split = SplitRules(kind, count, holdout, SPLIT_SEED, order=order)
    return replace(split, text=split_text(split))


def _given_split(
    reading: Reading, dataset: Dataset, assumptions: Assumptions
) -> SplitRules | None:
    """Return the split that came with the data, unless another one is asked for."""
    if not dataset.parts:
        return None
    split = given_rules(SplitRules(SplitKind.GIVEN, seed=SPLIT_SEED), dataset)
    if reading.split is not SplitKind.GIVEN and (reading.split or reading.folds):
        told = f"the split that came with the data ({', '.join(split.given)}) is not used"
        assumptions.add(told, Topic.SPLIT)
        return None
    if reading.split is None:
        told = f"the data came in parts ({', '.join(split.given)}), so I take them as the split"
        assumptions.add(told, Topic.SPLIT)
    if split.has_validation:
        assumptions.add(
            "nothing is chosen on the validation part, as nothing is tuned", Topic.SPLIT
        )
    return replace(split, text=split_text(split))


def _data_rules_of(reading: Reading, dataset: Dataset, kind: SplitKind) -> DataRules:
    """Return what of the data is kept: the lowest rating, one of repeated pairs, then numbers.

    Of a given split the parts stay as they came, where a pair may be in both.
    """
    low = reading.min_rating if dataset.rating_column else None
    rated = (DataRule(DataRuleKind.LOWEST_RATING, low),) if low is not None else ()
    keep = _kept_of_repeated(reading)
    rule = DataRule(
        DataRuleKind.REPEATED_PAIRS, keep=keep, is_training_only=kind is SplitKind.GIVEN
    )
    once = (rule,) if dataset.duplicates else ()
    return DataRules((*rated, *once, *reading.counts))


def _kept_of_repeated(reading: Reading) -> Keep:
    """Return which of several interactions of a user with an item is kept: one, always."""
    return reading.repeated if reading.repeated in (Keep.FIRST, Keep.LAST) else Keep.LAST


def _seeds_of(
    reading: Reading, study: Study, algorithms: Iterable[Algorithm], assumptions: Assumptions
) -> tuple[int, ...]:
    """Return the model seeds."""
    random = [a.name for a in algorithms if a.is_random]
    default = {Study.SEED_VARIANCE: DEFAULT_SEEDS, Study.SWEEP: SWEEP_SEEDS if random else 1}
    wanted = reading.seeds or default.get(study, 1)
    if random and not reading.seeds and study is not Study.SEED_VARIANCE:
        times = f"{wanted} times (seeds 0 to {wanted - 1})" if wanted > 1 else "once (seed 0)"
        shown = ", ".join(dict.fromkeys(n.split(" ")[0] for n in random))
        text = f"{shown}: training draws random numbers; trained {times}"
        assumptions.add(text, Topic.SEEDS)
    if wanted > MAX_SEEDS:
        text = f"{wanted} seeds are more than I run at once, so I take {MAX_SEEDS}"
        assumptions.add(text, Topic.SEEDS)
        wanted = MAX_SEEDS
    if study is Study.SEED_VARIANCE:
        fixed = [a.name for a in algorithms if not a.is_random and a.role is Role.SUBJECT]
        fixed = [n for n in fixed if n not in ("Popularity", "Bias")]
        if fixed:
            assumptions.add(f"no random numbers are drawn by {', '.join(fixed)}: trained once")
        if not reading.seeds:
            text = f"“several times” means {wanted} seeds (0 to {wanted - 1})"
            assumptions.add(text, Topic.SEEDS)
    return tuple(range(reading.first_seed, reading.first_seed + max(1, wanted)))


def _feedback_of(
    reading: Reading, dataset: Dataset, metrics: tuple[Metric, ...], assumptions: Assumptions
) -> str:
    """Return the rule from ratings to feedback."""
    if dataset.rating_column is None:
        return "every row is a positive signal"
    if all(m.is_rating for m in metrics):
        kept = f" of {reading.min_rating:g} and more" if reading.min_rating is not None else ""
        return f"ratings{kept} are predicted as they are"
    if reading.min_rating is not None:
        return f"ratings of {reading.min_rating:g} and more are positive signals, others dropped"
    text = "every rating counts as a positive signal, high and low alike; no tuning"
    assumptions.add(text, Topic.FEEDBACK)
    return "every rating is a positive signal"


def _left_out_text(dataset: Dataset) -> str:
    """Say what reading the file has left out already."""
    drops = dataset.recipe.drops if dataset.recipe else ()
    told = ", ".join(dict.fromkeys(d.why or d.column for d in drops))
    return f"; left out of the file: {told}" if told else ""


def _title_of(study: Study, algorithms: tuple[Algorithm, ...], swept: str | None) -> str:
    """Return a short title."""
    subjects = [a.name for a in algorithms if a.role is Role.SUBJECT]
    names = ", ".join(dict.fromkeys(n.split(" ")[0] for n in subjects))
    shown = names if len(names) <= 40 else f"{len(subjects)} algorithms"
    varied = HYPERPARAMETERS[swept].title if swept else ""
    words = {
        Study.SEED_VARIANCE: f"Seed effect on {shown}",
        Study.SWEEP: f"{varied} of {shown}",
    }
    return words.get(study, f"Comparison of {shown}" if len(subjects) > 1 else f"Test of {shown}")


def _reported_texts(study: Study) -> tuple[str, ...]:
    """Return what will be reported."""
    common = ("per-run CSV", "recommendation lists and per-user values", "figures")
    words = {
        Study.SEED_VARIANCE: ("SD over seeds with its interval, range and CV",),
        Study.SWEEP: ("the metric at each value, with intervals over users",),
    }
    return (*words.get(study, ("means and paired differences with intervals",)), *common)


def _estimate(plan: Plan, dataset: Dataset) -> float:
    """Return the expected wall seconds: the drafts share the cores."""
    scale = max(0.05, dataset.rows / 100_000)
    tested = (
        dataset.users / 1000 * (1 if plan.split.kind is not SplitKind.CROSSFOLD_USERS else 0.3)
    )
    total = STARTUP_S
    for algorithm in plan.algorithms:
        known = BY_KIND.get(algorithm.kind, BY_NAME["ImplicitMF"])
        seconds = (
            known.seconds
            * scale
            * (max(1.0, dataset.items / 1700) ** 1.5 if known.name == "EASE" else 1)
        )
        runs = plan.split.folds * (len(plan.seeds) if algorithm.is_random else 1)
        total += runs * (seconds + RECOMMEND_S * tested + 0.3)
    return round(total * 2)

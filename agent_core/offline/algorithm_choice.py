"""Which algorithms a plan has, each at a stated configuration, and what is assumed of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent_core.domain import Algorithm, Dataset, Estimand, Metric, Role, Study, Topic
from agent_core.lenskit.memory import training_bytes
from agent_core.offline.assumptions import Assumptions
from agent_core.offline.catalogue import BY_NAME, HYPERPARAMETERS
from agent_core.offline.grammar import BASELINES, Reading

KEPT_NEIGHBOURS = 1000
"""Of each item; the 20 that a score is made of are chosen among those that its user rated."""
MANY_BYTES, MANY_ROWS = 1 << 30, 1_000_000
"""Of similarities, and of interactions that make most of them differ from 0."""
DEFAULT_SUBJECTS = {
    Study.SEED_VARIANCE: ("ImplicitMF",),
    Study.SWEEP: ("ImplicitMF",),
    Study.COMPARISON: ("ItemKNN", "ImplicitMF", "EASE"),
}
DEFAULT_RATERS = ("BiasedMF",)


def algorithms_of(
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
        told = ", ".join(n for n in silent if not BY_NAME[n].rater)
    if silent and not ranks and told:
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
    for key in known.scorer.parameters:
        if (value := given.get(f"{name}:{key}", given.get(key))) is not None:
            config[key] = _typed_value(key, config.get(key), value)
    plain = Algorithm(name, known.kind, config, is_random=known.scorer.is_random)
    if study is Study.SWEEP and reading.swept and known.takes(reading.swept):
        key = reading.swept
        values = [_typed_value(key, config.get(key), v) for v in reading.values]
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


def with_kept_neighbours(
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


def _typed_value(name: str, default: Any, value: Any) -> Any:
    """Return a value in the type that the hyperparameter has."""
    least = HYPERPARAMETERS[name].limits[0]
    is_whole = isinstance(default, int) or (default is None and least >= 1)
    return int(value) if is_whole and float(value).is_integer() else float(value)

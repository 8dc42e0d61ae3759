"""From a model's plan to the product's: normalised where that is safe, refused where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from operator import itemgetter
from typing import Any

from pydantic import TypeAdapter

from agent_core.domain import (
    Algorithm,
    Candidates,
    Choice,
    Config,
    DataRuleKind,
    DataRules,
    Dataset,
    Level,
    Metric,
    Order,
    Plan,
    Priority,
    Role,
    SplitKind,
    Study,
    with_design,
)
from agent_core.domain.metric import kind_of_metric, usual_name
from agent_core.lenskit.scorers import SCORERS
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import (
    MAX_TEXT,
    AlgorithmPart,
    PlanAnswer,
    RequirementPart,
    Scalar,
    SplitPart,
)
from agent_core.prose.clipping import on_one_line
from agent_core.rules.given_split import given_rules
from agent_core.rules.reading import with_rules_read

SHARED = frozenset(kind for kind in SplitKind if kind.is_of_share)
"""Splits that hold a share out; other kinds take no notice of it."""
NEEDS_AMOUNT = frozenset(
    {DataRuleKind.LOWEST_RATING, DataRuleKind.SAMPLE, DataRuleKind.FEWEST, DataRuleKind.CORE}
)
DEFAULT_HOLDOUT = 0.2
MAX_SEEDS, MAX_FOLDS, MAX_LIST = 1000, 100, 1000
MAX_REQUIREMENTS, MAX_OPTIONS = 60, 6
PLANS = TypeAdapter(Plan)
BIAS = Algorithm("Bias", "BiasScorer", {"damping": 5}, Role.BASELINE)
POPULARITY = Algorithm("Popularity", "PopScorer", {}, Role.BASELINE)


def plan_from(
    answer: PlanAnswer, datasets: Sequence[Dataset], version: int = 1, *, cost: float = 0.0
) -> Plan:
    """Turn an answer into a plan.

    Raises
    ------
    AnswerFault
        With every fault at once.
    """
    faults: list[str] = []
    datasets_planned = _datasets_of(answer, datasets, faults)
    asked = _algorithms_of(answer, faults)
    metrics = _metrics_of(answer, faults)
    algorithms = _with_baseline(asked, metrics)
    _study_faults(answer, algorithms, metrics, faults)
    given = next((d for d in datasets if d.parts and d.name in datasets_planned), None)
    if answer.split.kind is SplitKind.GIVEN and given is None:
        faults.append("split.kind: given needs data that came in parts, which none of these did")
    _data_faults(answer, faults)
    _requirement_faults(answer.requirements, faults)
    if faults:
        raise AnswerFault(faults)
    fields = answer.fields()
    differing = {
        "version": version,
        "title": on_one_line(answer.title, 60) or "Study",
        "question": on_one_line(answer.question, MAX_TEXT) or on_one_line(answer.title, MAX_TEXT),
        "datasets": datasets_planned,
        "data_levels": [{"rules": {"rules": fields["data"]}}],
        "split_levels": [{"rules": _split_of(answer.split)}],
        "algorithms": algorithms,
        "metrics": metrics,
        "requirements": sorted(fields["requirements"], key=itemgetter("id")),
        "seeds": [*range(answer.first_seed, answer.first_seed + answer.seed_count)],
        "assumptions": _assumptions_of(answer, algorithms, metrics[0]),
        "ask": _question_of(answer),
        "list_length": min(MAX_LIST, max([answer.list_length, 1, *(m.k for m in metrics if m.k)])),
        "estimate_s": min(max(answer.estimate_s, 1.0), 1e6),
        "estimate_cost": cost,
        "swept": answer.swept or None,
    }
    plan = with_rules_read(PLANS.validate_python(fields | differing))
    if plan.split.kind is SplitKind.GIVEN and given is not None:
        plan = replace(plan, split_levels=(Level(given_rules(plan.split, given)),))
    return with_design(plan)


def answer_of(plan: Plan) -> PlanAnswer:
    """Write a plan in the form that a model answers with."""
    written = PLANS.dump_python(plan, mode="json")
    split = plan.split
    differing = {
        "data": [
            asdict(rule) | {"amount": DataRules((rule,)).lowest_rating or rule.amount}
            for rule in plan.data.rules
        ],
        "split": asdict(split)
        | {
            "newest": split.order is Order.NEWEST,
            "test_users": split.test_users or split.test_user_share,
        },
        "algorithms": [a | {"config": _settings(a["config"])} for a in written["algorithms"]],
        "first_seed": min(plan.seeds, default=0),
        "seed_count": len(plan.seeds),
        "ask": None,
    }
    return PlanAnswer.model_validate(written | differing)


def _datasets_of(
    answer: PlanAnswer, datasets: Sequence[Dataset], faults: list[str]
) -> tuple[str, ...]:
    """Return the planned datasets; all there are where none is named."""
    known = [d.name for d in datasets]
    unknown = [n for n in answer.datasets if n not in known]
    if unknown:
        faults.append(f"datasets: {', '.join(unknown)} not there; there are {', '.join(known)}")
    return tuple(dict.fromkeys(answer.datasets)) or tuple(known)


def _algorithms_of(answer: PlanAnswer, faults: list[str]) -> tuple[Algorithm, ...]:
    """Return the planned algorithms with parameter names as LensKit has them."""
    if not answer.algorithms:
        faults.append("algorithms: none; name at least one with its LensKit class")
    names = [a.name for a in answer.algorithms]
    for name in sorted({n for n in names if names.count(n) > 1}):
        faults.append(f"algorithms: {name!r} occurs twice; names must be unique")
    return tuple(_algorithm_of(part, faults) for part in answer.algorithms)


def _algorithm_of(part: AlgorithmPart, faults: list[str]) -> Algorithm:
    """Return one algorithm; unknown classes and hyperparameters are faults."""
    kind = part.kind.rsplit(".", 1)[-1].strip()
    config = {s.name: s.value for s in part.config}
    if kind.startswith("Custom"):
        return Algorithm(part.name, kind, config, part.role, part.is_random)
    scorer = SCORERS.get(kind)
    if scorer is None:
        faults.append(
            f"algorithms: {part.name!r} has class {kind!r}, which LensKit 2025 does not have; "
            f"there are {', '.join(SCORERS)}, or Custom... for own code"
        )
        return Algorithm(part.name, kind, config, part.role)
    config = {scorer.aliases.get(k, k): v for k, v in config.items()}
    wrong = [k for k in config if k not in scorer.parameters]
    if wrong:
        faults.append(
            f"algorithms: {kind} has no {', '.join(wrong)} (LensKit would ignore it silently); "
            f"it takes {', '.join(scorer.parameters)}"
        )
    return Algorithm(part.name, kind, config, part.role, scorer.is_random)


def _with_baseline(
    found: tuple[Algorithm, ...], metrics: Sequence[Metric]
) -> tuple[Algorithm, ...]:
    """Add the usual baseline where the plan has none."""
    usual = BIAS if metrics and metrics[0].is_rating else POPULARITY
    same = next((a for a in found if a.kind == usual.kind), None)
    if not found or any(a.role is Role.BASELINE for a in found) or found == (same,):
        return found
    if same is None:
        return (*found, usual)
    return tuple(replace(a, role=Role.BASELINE) if a is same else a for a in found)


def _assumptions_of(
    answer: PlanAnswer, algorithms: Sequence[Algorithm], primary: Metric
) -> tuple[str, ...]:
    """Return what is assumed, what the product adds or does not know among it, each once."""
    added = algorithms[len(answer.algorithms) :]
    own = [f"{a.name} is added as the baseline." for a in added]
    if not primary.is_directed:
        told = "algorithms are ordered by it and none is called best."
        own.append(f"{primary.label}{primary.note}: {told}")
    return tuple(dict.fromkeys((*answer.assumptions, *own)))


def _metrics_of(answer: PlanAnswer, faults: list[str]) -> tuple[Metric, ...]:
    """Return the planned metrics, each once."""
    if not answer.metrics:
        faults.append("metrics: none; the first is the primary one")
    found = []
    for part in answer.metrics:
        name, _, cut = part.name.strip().partition("@")
        k = part.k if part.k is not None else (int(cut) if cut.isdecimal() else None)
        plain = usual_name(name).replace(" ", "_").replace("-", "_")
        kind = kind_of_metric(plain)
        if k is None and kind.needs_k:
            k = max(1, answer.list_length)
        if k is not None and not 1 <= k <= MAX_LIST:
            faults.append(f"metrics: cut-off {k} of {plain} is not within 1 to {MAX_LIST}")
        found.append(Metric(plain, None if kind.is_rating else k))
    return tuple(dict.fromkeys(found))


def _study_faults(
    answer: PlanAnswer,
    algorithms: Sequence[Algorithm],
    metrics: Sequence[Metric],
    faults: list[str],
) -> None:
    """Find what makes the planned study impossible."""
    if min(answer.first_seed, answer.split.seed) < 0:
        faults.append("first_seed, split.seed: seeds must not be negative")
    if not 1 <= answer.seed_count <= MAX_SEEDS:
        faults.append(f"seed_count: {answer.seed_count} is not within 1 to {MAX_SEEDS}")
    if answer.study is Study.SEED_VARIANCE:
        if answer.seed_count < 2:
            faults.append("seed_count: a seed study needs at least 2 seeds")
        if algorithms and not any(a.is_random for a in algorithms):
            faults.append("algorithms: none draws random numbers, so seeds change nothing")
    predicts = any(
        a.kind.startswith("Custom") or (a.kind in SCORERS and SCORERS[a.kind].predicts)
        for a in algorithms
    )
    if any(m.is_rating for m in metrics) and algorithms and not predicts:
        faults.append("metrics: RMSE and MAE need an algorithm that predicts ratings")
    if answer.margin is not None and not _is_margin(answer.margin, metrics):
        faults.append(
            f"margin: {answer.margin:g} is no difference in the primary metric; null without one"
        )
    if not 1 <= answer.split.folds <= MAX_FOLDS:
        faults.append(f"split.folds: {answer.split.folds} is not within 1 to {MAX_FOLDS}")
    if answer.split.kind in SHARED and not 0 < answer.split.holdout < 1:
        faults.append(f"split.holdout: {answer.split.holdout} is not between 0 and 1")


def _is_margin(margin: float, metrics: Sequence[Metric]) -> bool:
    """Whether a number can be a margin of equivalence; shares cannot differ by 1 or more."""
    return margin > 0 and (margin < 1 or bool(metrics and metrics[0].is_rating))


def _split_of(part: SplitPart) -> dict[str, Any]:
    """Return the fields of the hold-out protocol, with words for people."""
    users = part.test_users if part.test_users and part.test_users > 0 else None
    is_sampled = (part.candidate_count or 0) > 0
    return part.fields() | {
        "holdout": part.holdout if 0 < part.holdout < 1 else DEFAULT_HOLDOUT,
        "text": part.text or f"{part.kind.replace('_', ' ')} (seed {part.seed})",
        "order": Order.NEWEST if part.newest and part.kind.has_share else Order.RANDOM,
        "held_out": part.held_out if (part.held_out or 0) > 0 else None,
        "test_users": int(users) if users is not None and users >= 1 else None,
        "test_user_share": users if users is not None and users < 1 else None,
        "candidates": Candidates.SAMPLED if is_sampled else Candidates.TRAINING,
        "candidate_count": part.candidate_count if is_sampled else None,
    }


def _data_faults(answer: PlanAnswer, faults: list[str]) -> None:
    """Find data rules that say nothing."""
    for number, part in enumerate(answer.data):
        if part.kind in NEEDS_AMOUNT and (part.amount is None or part.amount <= 0):
            faults.append(f"data[{number}].amount: {part.kind} needs a number above 0")
        if part.kind is DataRuleKind.OTHER and not part.text:
            faults.append(f"data[{number}].text: the rule in words is missing")


def _requirement_faults(parts: Sequence[RequirementPart], faults: list[str]) -> None:
    """Find what makes requirements unusable."""
    if not parts or len(parts) > MAX_REQUIREMENTS:
        faults.append(f"requirements: {len(parts)}; 1 to {MAX_REQUIREMENTS} are needed")
    ids = [p.id for p in parts]
    if len(set(ids)) < len(ids) or any(i < 1 for i in ids):
        faults.append("requirements: ids must be positive and unique")
    if parts and not any(p.priority is Priority.MUST for p in parts):
        faults.append("requirements: none is a must")
    if any(not p.text for p in parts):
        faults.append("requirements: one has no text")


def _question_of(answer: PlanAnswer) -> Choice | None:
    """Return the one question, where it has options to choose from."""
    ask = answer.ask
    options = ask.options[:MAX_OPTIONS] if ask else ()
    if ask is None or len(options) < 2 or not ask.text:
        return None
    return Choice(ask.text, options, ask.default if 0 <= ask.default < len(options) else 0)


def _settings(config: Config) -> list[dict[str, object]]:
    """Write hyperparameters in the form of an answer; what cannot stand in one is left out."""
    return [{"name": k, "value": v} for k, v in config.items() if isinstance(v, Scalar)]

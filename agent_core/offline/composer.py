"""Composes scripts that run the cells of a design; variants do the same in other ways."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_core.data.item_categories import category_column
from agent_core.domain import (
    Algorithm,
    Dataset,
    Estimand,
    FactorKind,
    FactorRole,
    Level,
    Plan,
    Question,
    Script,
    SplitRules,
    with_design,
)
from agent_core.domain.design import LevelValue
from agent_core.domain.rules import Candidates, DataRuleKind, Keep, Masked
from agent_core.offline.catalogue import BY_KIND, RANDOM
from agent_core.offline.templates import environment
from agent_core.rules.design_words import question_text
from agent_core.rules.wording import data_text, split_text

ACCURACY = ("ndcg", "recall", "precision", "hit", "mrr", "map")
OF_LISTS = ("popularity", "novelty", "long_tail")
OVER_LISTS = ("coverage", "user_coverage", "gini", "entropy", "personalisation", "popularity_lift")
OF_CATEGORIES = ("diversity", "category_coverage", "calibration")
ERRORS = ("rmse", "mae")
COMPUTED = (*ACCURACY, *OF_LISTS, *OVER_LISTS, *OF_CATEGORIES, *ERRORS)
"""Metrics that scripts compute; time and memory are those of the cells."""
COSTS = {"training_time": "train_s", "recommendation_time": "recommend_s", "memory": "peak_mib"}
"""Metrics that `cells.csv` has, with their column."""
DRAWN = {
    Estimand.LEVEL: "dots",
    Estimand.DIFFERENCE: "dots",
    Estimand.INTERACTION: "curve",
    Estimand.RESPONSE: "curve",
    Estimand.SPREAD: "histogram",
    Estimand.SPREAD_RATIO: "histogram",
    Estimand.VARIANCE_SHARES: "histogram",
    Estimand.ORDER: "curve",
    Estimand.CHOICE: "dots",
    Estimand.STOPPING: "running",
    Estimand.TRADE_OFF: "scatter",
    Estimand.COUNTS: "count_bars",
    Estimand.COST: "scatter",
    Estimand.FALSE_ALARMS: "histogram",
}
"""What a question is drawn as; what is not here, only the product draws."""
COUNTED = "count_bars"
RERANKERS = ("mmr", "xquad", "calibrated")
STRENGTH = 0.5
"""Of a re-ranking that is named without one."""
DEEPER = 5
"""Times the length of a list that is re-ranked to."""


@dataclass(frozen=True, slots=True)
class Way:
    """In which of several ways a script does the same."""

    by_lenskit: bool = False
    """Whether LensKit's metrics are computed, not those of ranks."""
    by_user: bool = False
    """Whether each user is asked for with candidates that the script names itself."""


WAYS = (
    (Way(by_lenskit=True), "LensKit's metrics"),
    (Way(), "metrics computed from ranks"),
    (Way(by_user=True), "each user asked for with named candidates, metrics computed from ranks"),
)
"""How scripts of a plan differ: data and splits are those of its rules, whoever derives them."""


def compose(plan: Plan, dataset: Dataset, variant: int) -> Script:
    """Return the script of one variant; variants repeat after the last."""
    way, words = WAYS[variant % len(WAYS)]
    return Script(f"{plan.title}: {words}.", source_of(with_design(plan), dataset, way))


def source_of(plan: Plan, dataset: Dataset, way: Way) -> str:
    """Return the script of a plan; its levels come from the design beside it."""
    told = {**_told(plan), **_measured(plan), **_trained(plan, dataset), **_shown(plan)}
    told["asks"] = bool(told["rankers"]) and (told["asks"] or way.by_user)
    told["by_user"] = way.by_user
    told["measures_by_lenskit"] = way.by_lenskit and bool(told["rankers"] and told["accuracy"])
    template = environment().get_template("script.py.j2")
    text = template.render(told | _from_lenskit(told))
    # Parts that are left out leave blank lines, and perhaps nothing that counts.
    text = re.sub(r"\n{3,}(?=\S)", "\n\n\n", text)
    return text if "np." in text else text.replace("import numpy as np\n", "")


def is_rater(algorithm: Algorithm, plan: Plan) -> bool:
    """Whether an algorithm is there to predict ratings in this plan."""
    if not any(m.is_rating for m in plan.metrics):
        return False
    known = BY_KIND[algorithm.kind]
    return not known.scorer.ranks or algorithm.config.get("feedback") == "explicit"


def reranking_of(level: LevelValue) -> tuple[str, float] | None:
    """Return how lists are re-ranked at a level, and how strongly; None where it is not known.

    A number is the strength of MMR; `none` leaves lists as they are.
    """
    if isinstance(level, int | float):
        return ("mmr", float(level)) if 0 <= level <= 1 else None
    words = level.lower().replace("-", "").split()
    if not words or words == ["none"]:
        return "mmr", 0.0
    known = next((r for r in RERANKERS if words[0].startswith(r[:8])), None)
    numbers = [float(w) for w in words[1:] if w.replace(".", "", 1).isdigit()]
    strength = numbers[0] if numbers else STRENGTH
    return (known, strength) if known and 0 <= strength <= 1 else None


def _measured(plan: Plan) -> dict[str, Any]:
    """Return the metrics by how they are computed."""
    asked = dict.fromkeys([*plan.metrics, *plan.validated])

    def of(names: Sequence[str]) -> list[tuple[str, int | None]]:
        return [(m.name, m.k) for m in asked if m.name in names]

    has_lift = any(m.name == "popularity_lift" for m in asked)
    return {
        "accuracy": of(ACCURACY),
        "over_lists": of(OVER_LISTS),
        "over_names": {name for name, _ in of(OVER_LISTS)},
        "popular_metrics": of(OF_LISTS),
        "popular": bool(of(OF_LISTS)) or has_lift,
        "category_metrics": of(OF_CATEGORIES),
        "measures_lists": bool(of((*ACCURACY, *OVER_LISTS, *OF_LISTS, *OF_CATEGORIES))),
        "rating": [m.name for m in asked if m.is_rating],
    }


def _trained(plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """Return what is trained, and what is asked of it."""
    raters = [a.name for a in plan.algorithms if is_rater(a, plan)]
    rankers = [a.name for a in plan.algorithms if a.name not in raters]
    if not rankers and any(not m.is_rating for m in plan.metrics):
        rankers = raters
    return {
        "trains": bool(plan.algorithms),
        "classes": sorted({a.kind for a in plan.algorithms}),
        "imports": _imports_of(plan.algorithms),
        "list_length": plan.list_length,
        "raters": raters,
        "rankers": rankers,
        "some_rate_only": 0 < len(rankers) < len(plan.algorithms),
        "asks": any(_asks_by_user(level.rules) for level in plan.split_levels),
        **_reranked(plan, dataset),
        **_read_otherwise(plan, dataset),
    }


def _from_lenskit(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the script imports to recommend and to measure."""
    batch = {
        "BatchPipelineRunner": told["asks"],
        "InvocationSpec": told["asks"],
        "predict": told["raters"] and not told["by_user"],
        "recommend": told["rankers"] and not told["asks"],
    }
    draws = RANDOM in told["classes"]
    collected = told["measures_by_lenskit"] or (told["raters"] and not told["by_user"])
    data = {
        "ItemList": draws or told["asks"] or (told["raters"] and told["by_user"]),
        "ItemListCollection": collected,
        "RecQuery": told["asks"],
        "UserIDKey": collected,
        "from_interactions_df": True,
    }
    return {
        "draws": draws,
        "batch": [name for name, needed in batch.items() if needed],
        "data_classes": [name for name, needed in data.items() if needed],
    }


def _imports_of(algorithms: tuple[Algorithm, ...]) -> dict[str, list[str]]:
    """Return the classes to import by module."""
    found: dict[str, list[str]] = {}
    for algorithm in (a for a in algorithms if BY_KIND[a.kind].scorer.module):
        kinds = found.setdefault(BY_KIND[algorithm.kind].scorer.module, [])
        if algorithm.kind not in kinds:
            kinds.append(algorithm.kind)
    return {module: sorted(found[module]) for module in sorted(found)}


def _reranked(plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """Return how lists are re-ranked, and by which categories of items."""
    levels = (a.levels.get(FactorKind.RERANK.value) for a in plan.algorithms)
    known = {v: reranking_of(v) for v in levels if v is not None}
    needs_categories = bool(known) or any(m.name in OF_CATEGORIES for m in plan.metrics)
    return {
        "reranks": bool(known),
        "rerankings": known,
        "length": "DEPTH" if known else "LIST_LENGTH",
        "depth": plan.list_length * DEEPER,
        "category": category_column(dataset) if needs_categories else "",
        "data": plan.datasets[0],
    }


def _asks_by_user(split: SplitRules) -> bool:
    """Whether each user is asked for with candidates, a mask or a profile of its own."""
    is_usual = split.candidates is Candidates.TRAINING and split.masked is Masked.TRAINING
    return not (is_usual and split.in_training)


def _read_otherwise(plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """Return what LensKit would not take of the data as it is."""
    ids = [c.kind for c in dataset.columns if c.name in (dataset.user_column, dataset.item_column)]
    recipe = dataset.recipe
    is_number = recipe is not None and (recipe.is_user_number or recipe.is_item_number)
    pairs = DataRuleKind.REPEATED_PAIRS
    is_once = all(
        any(
            rule.kind is pairs and rule.keep is not Keep.ALL and not rule.is_training_only
            for rule in level.rules.rules
        )
        for level in plan.data_levels
    )
    return {
        "has_text_ids": is_number and set(ids) == {"str"},
        "drops_times": bool(recipe and recipe.timestamp) and dataset.timestamp_column is None,
        "drops_repeats": dataset.duplicates > 0 and not is_once,
    }


def _shown(plan: Plan) -> dict[str, Any]:
    """Return the questions with what is drawn for them."""
    asked = [_asked(q, plan) for q in plan.questions if q.kind in DRAWN]
    shown = [q for q in asked if q["draw"] == COUNTED or (plan.algorithms and q["measures"])]
    return {
        "questions": shown,
        "drawings": sorted({q["draw"] for q in shown}),
        "counted": any(q.kind is Estimand.COUNTS for q in plan.questions),
        "costs": any(m in COSTS.values() for q in shown for m in q["measures"]),
        "compared": [f.name for f in plan.factors if f.role is FactorRole.COMPARED],
        "columns": COSTS,
    }


def _asked(question: Question, plan: Plan) -> dict[str, Any]:
    """Return a question as the script has it: what is drawn over what, and the words for it."""
    measures = _drawn_measures(question, plan)
    draw = DRAWN[question.kind]
    is_choice = question.kind is Estimand.CHOICE
    return {
        "draw": "dots" if draw == "scatter" and len(measures) < 2 else draw,
        "over": list(question.over),
        "x": _axis_of(question, plan),
        "measures": measures,
        "on": "validation" if is_choice and plan.validated else "test",
        "shows": question_text(plan, question),
    }


def _drawn_measures(question: Question, plan: Plan) -> list[str]:
    """Return the measures of a question that cells have, columns of `cells.csv` among them."""
    names = {key: key.partition("@")[0] for key in question.measures or (plan.primary.key,)}
    known = [COSTS.get(name, key) for key, name in names.items() if name in (*COMPUTED, *COSTS)]
    if question.kind is Estimand.COST:
        quality = [m.key for m in plan.metrics if m.name in COMPUTED][:1]
        costs = [m for m in known if m in COSTS.values()] or [COSTS["training_time"]]
        return [*costs[:1], *quality]
    return known


def _axis_of(question: Question, plan: Plan) -> str:
    """Return the factor along which a question is drawn; `k` and `measure` are none of a cell."""
    names = {f.name for f in plan.factors}
    over = [name for name in question.over if name in names]
    within = [name for name in question.within if name in names]
    if question.kind in (Estimand.INTERACTION, Estimand.ORDER):
        return next(iter([*within, *over[1:]]), "measure")
    return over[0] if over else "k"


def _told(plan: Plan) -> dict[str, Any]:
    """Return what the script says of itself."""
    data = [f"Data{_name_of(level)}: {data_text(level.rules)}." for level in plan.data_levels]
    split = [f"Split{_name_of(level)}: {split_text(level.rules)}." for level in plan.split_levels]
    return {"title": plan.title, "question": plan.question, "protocol": [*data, *split]}


def _name_of(level: Level[Any]) -> str:
    return f" “{level.name}”" if level.name else ""

"""Composes LensKit scripts from parts; each variant is built differently for the same protocol."""

from __future__ import annotations

from typing import Any

from agent_core.domain import (
    DataRuleKind,
    Dataset,
    Order,
    Plan,
    Script,
    SplitKind,
    SplitRules,
    Study,
    study_of,
)
from agent_core.domain.rules import COUNTING
from agent_core.offline.catalogue import BY_KIND
from agent_core.offline.cell_scripts import Way, imports_of, is_rater, source_of
from agent_core.offline.repairs import DENSE
from agent_core.offline.templates import environment

VARIANTS = (
    (True, True, "LensKit's own splitter and metrics"),
    (False, False, "hold-out drawn with pandas, metrics computed from ranks"),
    (False, True, "hold-out drawn with pandas, LensKit's metrics"),
    (True, False, "LensKit's splitter, metrics computed from ranks"),
)
LIBRARY_METRICS = "LensKit's metrics"
METRICS_BY_HAND = "metrics computed from ranks"
PLAIN = ("folds", "holdout", "seed", "text", "given", "order", "is_share_planned")
"""Split rules of the families' own scripts."""
FILTERS = (DataRuleKind.LOWEST_RATING, DataRuleKind.REPEATED_PAIRS, *COUNTING)
"""Data rules of the families' own scripts."""
WAYS = (
    (Way(by_lenskit=True), LIBRARY_METRICS),
    (Way(), METRICS_BY_HAND),
    (Way(by_user=True), f"each user asked for with its own candidates, {METRICS_BY_HAND}"),
)
"""How variants of a script of cells differ: its data and splits are those of the plan's rules."""
THRIFTY = tuple(variant for variant in VARIANTS if not variant[0])
"""Without LensKit's splitter, which keeps a dataset of its own: 100 bytes of an interaction."""
MANY_ROWS = 2_000_000
"""Interactions from which that counts: 200 MB."""
SPLITTERS = {
    SplitKind.LEAVE_ONE_OUT: ("SampleN", "crossfold_users"),
    SplitKind.LEAVE_LAST: ("LastN", "crossfold_users"),
    SplitKind.USER_FRACTION: ("SampleFrac", "crossfold_users"),
    SplitKind.CROSSFOLD_USERS: ("SampleFrac", "crossfold_users"),
    SplitKind.RANDOM_RECORDS: ("sample_records",),
    SplitKind.CROSSFOLD_RECORDS: ("crossfold_records",),
    SplitKind.GLOBAL_TIME: ("split_temporal_fraction",),
    SplitKind.GIVEN: (),
}


def compose(plan: Plan, dataset: Dataset, variant: int) -> Script:
    """Return the script of one variant; variants repeat after the last."""
    if is_designed(plan):
        way, words = WAYS[variant % len(WAYS)]
        source = source_of(plan, dataset, way)
        return Script(f"{plan.title}: the cells of the design, {words}.", source)
    known = THRIFTY if dataset.rows > MANY_ROWS else VARIANTS
    use_split, use_metrics, words = known[variant % len(known)]
    if plan.split.kind is SplitKind.GIVEN:
        words = f"the given split, {LIBRARY_METRICS if use_metrics else METRICS_BY_HAND}"
    source = (
        environment()
        .get_template("script.py.j2")
        .render(
            **_parts_of(plan, dataset),
            use_lenskit_split=use_split,
            use_lenskit_metrics=use_metrics,
        )
    )
    return Script(f"{plan.title}: {words}.", source)


def is_designed(plan: Plan) -> bool:
    """Whether a plan is a design beyond the families that have scripts of their own."""
    if not plan.questions:
        return False
    split = plan.split
    plain = SplitRules(split.kind, **{name: getattr(split, name) for name in PLAIN})
    is_plain = split == plain and split.kind in SPLITTERS
    known = all(rule.kind in FILTERS for rule in plan.data.rules)
    return not (is_plain and known) or study_of(plan) is Study.OTHER


def _parts_of(plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """Return everything the template fills in."""
    raters = [a.name for a in plan.algorithms if is_rater(a, plan)]
    ranking = [(m.name, m.k) for m in plan.metrics if not m.is_rating]
    return {
        **_data_parts(plan, dataset),
        **_parts_of_split(plan.split),
        "title": plan.title,
        "question": plan.question,
        "study": plan.study.value,
        "split_text": plan.split.text,
        "seeds": list(plan.seeds),
        "list_length": plan.list_length,
        "ranking": ranking,
        "rating": [m.name for m in plan.metrics if m.is_rating],
        "primary": plan.primary.name,
        "primary_k": plan.primary.k,
        "algorithms": plan.algorithms,
        "imports": imports_of(plan.algorithms),
        "random": [a.name for a in plan.algorithms if a.is_random],
        "heavy": [a.name for a in plan.algorithms if BY_KIND[a.kind].name in DENSE],
        "raters": raters,
        "rates": bool(raters),
        "ranks": len(raters) < len(plan.algorithms),
        "swept": plan.swept or "",
        "sweep": {
            a.name: a.config[plan.swept or ""]
            for a in plan.algorithms
            if plan.study is Study.SWEEP and plan.swept and plan.swept in a.config
        },
    }


def _data_parts(plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """Return how the file is read and filtered."""
    per_user = plan.split.kind.is_single
    rating = next((c for c in dataset.columns if c.name == dataset.rating_column), None)
    ids = [c.kind for c in dataset.columns if c.name in (dataset.user_column, dataset.item_column)]
    is_number = dataset.recipe and (dataset.recipe.is_user_number or dataset.recipe.is_item_number)
    return {
        "data": dataset.name,
        "has_text_ids": bool(is_number) and set(ids) == {"str"},
        "drops_times": bool(dataset.recipe and dataset.recipe.timestamp)
        and dataset.timestamp_column is None,
        "drops_unrated": bool(
            rating and rating.missing and any(m.is_rating for m in plan.metrics)
        ),
        "filters": _filters_of(plan, dataset),
        "is_timed": dataset.timestamp_column is not None,
        "needs_profile": per_user and (dataset.min_user_interactions < 2 or plan.data.rules),
        "feedback": plan.feedback,
    }


def _filters_of(plan: Plan, dataset: Dataset) -> list[dict[str, Any]]:
    """Return the data rules that a script applies, in their order."""
    applied = []
    for rule in plan.data.rules:
        if rule.kind is DataRuleKind.LOWEST_RATING and dataset.rating_column:
            applied.append({"name": "rating_at_least", "rating": plan.data.lowest_rating})
        if rule.kind is DataRuleKind.REPEATED_PAIRS:
            name = f"{rule.keep.value}_of_repeated_pairs"
            applied.append({"name": name, "keep": rule.keep.value})
        if rule.kind in COUNTING and rule.amount is not None:
            users = int(rule.amount) if rule.counts_users else 1
            items = int(rule.amount) if rule.counts_items else 1
            name = f"{rule.kind.value}_{rule.of.value}_{rule.amount:g}"
            applied.append({"name": name, "per_user": users, "per_item": items})
    return applied


def _parts_of_split(split: SplitRules) -> dict[str, Any]:
    """Return the hold-out protocol."""
    is_newest = split.order is Order.NEWEST
    return {
        "kind": split.kind.value,
        "folds": split.folds,
        "holdout": split.holdout,
        "split_seed": split.seed,
        "newest": is_newest,
        "share": (
            f"LastFrac({split.holdout})"
            if is_newest
            else f"SampleFrac({split.holdout}, rng=SPLIT_SEED)"
        ),
        "splitters": ("LastFrac", "crossfold_users") if is_newest else SPLITTERS[split.kind],
    }

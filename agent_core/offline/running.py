"""What scripts of the rule-based researcher carry out of a plan, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agent_core.data.item_categories import category_column
from agent_core.domain import (
    DataRuleKind,
    Dataset,
    FactorKind,
    Metric,
    Order,
    Plan,
    Question,
    SplitKind,
    Unanswered,
)
from agent_core.domain.rules import Candidates
from agent_core.offline.catalogue import BY_KIND
from agent_core.offline.composer import (
    COMPUTED,
    COSTS,
    OF_CATEGORIES,
    reranking_of,
)
from agent_core.offline.unbuilt import UNBUILT, without_unbuilt
from agent_core.statistics.answers.delivered_values import rule_of

NO_RULE = (
    "groups are known by the activity of users, their share of popular items, the popularity and "
    "the age of items"
)


def can_run(plan: Plan, dataset: Dataset) -> str:
    """Return why no script of mine carries out a plan; empty where one does.

    The one place that a wider composer widens.

    Parameters
    ----------
    plan
        The plan, without secondary measures that cannot be had.
    dataset
        The profile of its data.
    """
    return next(_reasons(plan, dataset), "")


def carried_out(plan: Plan, dataset: Dataset) -> Plan:
    """Return a plan in which what cannot be carried out is named, the main question as such."""
    plan = without_unbuilt(_with_unknown_groups(_without_metrics(plan, dataset)))
    reason = can_run(plan, dataset)
    main = plan.questions[0].clause if plan.questions else ""
    if not reason:
        return plan
    open_main = Unanswered(main or plan.question, reason, is_main=True)
    return replace(plan, unanswered=(open_main, *plan.unanswered))


def _reasons(plan: Plan, dataset: Dataset) -> Iterator[str]:
    for algorithm in plan.algorithms:
        if algorithm.kind not in BY_KIND:
            yield f"{algorithm.family} {UNBUILT}"
    if plan.algorithms and (why := _why_not(plan.primary, dataset)):
        yield f"{plan.primary.label} {why}"
    for level in _reranked(plan):
        if reranking_of(level) is None:
            yield f"re-ranking by {level} is not among those that I can build"
    if _reranked(plan) and not category_column(dataset):
        yield "re-ranking needs categories of the items, and no table with them came with the data"
    if len(plan.datasets) > 1 and plan.factor(FactorKind.DATASET) is None:
        yield "several datasets are run side by side only, each with all that is asked"
    for rule in (r for level in plan.data_levels for r in level.rules.rules):
        if rule.kind is DataRuleKind.OTHER:
            yield f"“{rule.text}” is a rule that I cannot apply"
    yield from _reasons_of_splits(plan, dataset)


def _reasons_of_splits(plan: Plan, dataset: Dataset) -> Iterator[str]:
    for split in (level.rules for level in plan.split_levels):
        if split.kind is SplitKind.OTHER or split.is_leak_study or split.are_users_chosen:
            yield f"“{split.text}” is a split that I cannot make"
        if split.candidates is Candidates.SAMPLED and split.candidate_count is None:
            yield "how many candidates are sampled is not said"
        if not split.in_training and any(m.is_rating for m in plan.metrics):
            yield "ratings of users whom training does not see are not predicted by my scripts"
    if dataset.timestamp_column is None and _needs_times(plan):
        yield "the data has no timestamps, which the plan's rules need"


def _needs_times(plan: Plan) -> bool:
    """Whether times decide what is kept, held out or thinned."""
    splits = [level.rules for level in plan.split_levels]
    rules = [rule for level in plan.data_levels for rule in level.rules.rules]
    return (
        any(s.kind.is_timed or Order.NEWEST in (s.order, s.thinned_by) for s in splits)
        or any(rule.kind is DataRuleKind.TIME_WINDOW for rule in rules)
    )  # fmt: skip


def _reranked(plan: Plan) -> tuple[str | int | float, ...]:
    factor = plan.factor(FactorKind.RERANK)
    return factor.levels if factor else ()


def _why_not(metric: Metric, dataset: Dataset) -> str:
    """Return why a metric cannot be had of some data; empty where it can."""
    if metric.kind.is_of_pairs:
        return ""  # the product takes it from the saved lists of two cells
    if metric.name not in (*COMPUTED, *COSTS):
        return "is not a metric that I compute"
    if metric.name in OF_CATEGORIES and not category_column(dataset):
        return "needs categories of the items, and no table with them came with the data"
    return ""


def _without_metrics(plan: Plan, dataset: Dataset) -> Plan:
    """Return a plan without secondary metrics that cannot be had; each is named."""
    gone = {m: why for m in plan.metrics[1:] if (why := _why_not(m, dataset))}
    if not gone:
        return plan
    keys = {m.key for m in gone}
    told = tuple(Unanswered(m.label, why) for m, why in gone.items())
    return replace(
        plan,
        metrics=tuple(m for m in plan.metrics if m not in gone),
        questions=tuple(_without_keys(q, keys) for q in plan.questions if _stays(q, keys)),
        unanswered=(*plan.unanswered, *told),
    )


def _with_unknown_groups(plan: Plan) -> Plan:
    """Return a plan in which groups that nothing in the training part tells are named."""
    unknown = (
        Unanswered(q.clause or q.groups, NO_RULE)
        for q in plan.questions
        if q.groups and not rule_of(q)[1]
    )
    return replace(plan, unanswered=(*plan.unanswered, *unknown))


def _stays(question: Question, gone: set[str]) -> bool:
    return not question.measures or not {*question.measures} <= gone


def _without_keys(question: Question, gone: set[str]) -> Question:
    return replace(question, measures=tuple(k for k in question.measures if k not in gone))

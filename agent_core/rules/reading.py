"""Fills the rules that a plan leaves open from its words, once, before anybody sees it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypeVar

from agent_core.domain import (
    Candidates,
    DataRule,
    DataRuleKind,
    DataRules,
    Level,
    Masked,
    Order,
    Plan,
    SplitKind,
    SplitRules,
    Study,
)
from agent_core.domain.rules import COUNTING
from agent_core.rules import split_words
from agent_core.rules.data_words import data_rules, lowest_tested
from agent_core.rules.plan_texts import texts_of
from agent_core.rules.split_fields import list_fields

T = TypeVar("T")
GROUPS = (COUNTING, (DataRuleKind.LOWEST_RATING,), (DataRuleKind.OTHER,))
"""Kinds of rules that stand for each other: words add none where a field has one."""


def with_rules_read(plan: Plan) -> Plan:
    """Return a plan whose open rules are filled from what it says in words.

    Fields go before words. What is read is part of the plan from then on: it is shown, can be
    corrected, and is frozen; nothing reads the words again. Of several levels each has its own
    fields: words of the whole plan are those of none.
    """
    if len(plan.data_levels) > 1 or len(plan.split_levels) > 1:
        return plan
    texts = tuple(texts_of(plan))
    data, lowest = _data(plan, texts)
    split = _split(plan, texts)
    if split.lowest_test_rating is None:
        split = replace(split, lowest_test_rating=lowest)
    return replace(plan, data_levels=(Level(data),), split_levels=(Level(split),))


def _data(plan: Plan, texts: Collection[str]) -> tuple[DataRules, float | None]:
    """Return the data rules, and the lowest rating that is tested where only the test has one."""
    given = plan.data.rules
    read = [rule for rule in data_rules(texts) if not _is_given(rule, given)]
    tested = lowest_tested(texts)
    # A threshold in a field that words limit to the test is one of the test.
    if plan.data.lowest_rating is not None and lowest_tested(texts, "in_test") is not None:
        tested = plan.data.lowest_rating
        given = tuple(r for r in given if r.kind is not DataRuleKind.LOWEST_RATING)
    return DataRules((*given, *read)), tested


def _is_given(rule: DataRule, given: Collection[DataRule]) -> bool:
    group = next((g for g in GROUPS if rule.kind in g), (rule.kind,))
    return any(g.kind in group for g in given)


def _split(plan: Plan, texts: Collection[str]) -> SplitRules:
    """Return the split rules with what words say of number, share and order."""
    split = plan.split
    read: dict[str, Any] = {
        "held_out": _only(split_words.counts_held_out(texts)),
        "test_users": _only(split_words.test_users(texts)),
        "test_user_share": _only(split_words.shares_of_users(texts)),
    }
    filled = {k: v for k, v in read.items() if getattr(split, k) is None}
    is_cut = split.kind is SplitKind.GLOBAL_TIME
    named = split_words.shares_of_split(split.text)
    leaks = plan.study is Study.OTHER and any(
        map(split_words.asks_about_leaks, (plan.title, plan.question))
    )
    if split.candidates is Candidates.TRAINING and split.masked is Masked.TRAINING:
        filled |= list_fields(texts)
    return replace(
        split,
        **filled,
        order=split.order if split.order is not Order.RANDOM else _order(split, texts),
        is_share_planned=split.is_share_planned and (not is_cut or split.holdout in named),
        are_users_chosen=split.are_users_chosen or split_words.chooses_users(texts),
        has_validation=split.has_validation or split_words.keeps_users_to_choose_on(texts),
        is_leak_study=split.is_leak_study or leaks,
    )


def _order(split: SplitRules, texts: Collection[str]) -> Order:
    return split_words.order_of(split.text, texts) if split.kind.is_drawn else split.order


def _only(values: set[T]) -> T | None:
    """Return the one value that is said; None where there are none or several."""
    return next(iter(values)) if len(values) == 1 else None

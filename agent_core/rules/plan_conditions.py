"""Whether a plan carries out what a condition of a task asks, by the name of the condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent_core.domain import (
    Candidates,
    DataRuleKind,
    FactorKind,
    Keep,
    Order,
    Plan,
    SplitKind,
)

CARRIED_OUT: Mapping[str, Callable[[Plan], bool]] = {
    "validation": lambda p: any(
        s.rules.has_validation or s.rules.kind is SplitKind.GIVEN for s in p.split_levels
    ),
    "random_held_out": lambda p: any(
        s.rules.order is not Order.NEWEST and not s.rules.kind.is_timed for s in p.split_levels
    ),
    "global_time": lambda p: any(
        s.rules.kind in (SplitKind.GLOBAL_TIME, SplitKind.GIVEN, SplitKind.OTHER)
        for s in p.split_levels
    ),
    "folds": lambda p: any(s.rules.folds > 1 for s in p.split_levels),
    "one_held_out": lambda p: any(
        s.rules.kind.is_single or s.rules.held_out == 1 for s in p.split_levels
    ),
    "newest": lambda p: (
        _is_newest(p) or any(s.rules.kind is SplitKind.GIVEN for s in p.split_levels)
    ),
    "sampled": lambda p: any(s.rules.candidates is Candidates.SAMPLED for s in p.split_levels),
    "unseen": lambda p: any(not s.rules.in_training for s in p.split_levels),
    "repeated": lambda p: _has_rule(p, DataRuleKind.REPEATED_PAIRS),
    "training_only": lambda p: (
        p.factor(FactorKind.TRAIN_SHARE) is not None
        or any(r.is_training_only for level in p.data_levels for r in level.rules.rules)
    ),
    "sample": lambda p: (
        _has_rule(p, DataRuleKind.SAMPLE)
        or any(s.rules.test_users or s.rules.test_user_share for s in p.split_levels)
    ),
    "reranked": lambda p: p.factor(FactorKind.RERANK) is not None,
    "equivalence": lambda p: p.margin is not None or any(q.margin for q in p.questions),
    "groups": lambda p: any(q.groups for q in p.questions),
    "wilcoxon": lambda p: _is_tested_by(p, "wilcoxon"),
    "t_test": lambda p: _is_tested_by(p, "t"),
}
"""Whether a plan carries out what a condition of `accounting.toml` asks."""


def _has_rule(plan: Plan, kind: DataRuleKind) -> bool:
    return any(r.kind is kind for level in plan.data_levels for r in level.rules.rules)


def _is_newest(plan: Plan) -> bool:
    """Whether times decide something: what is held out, kept of repeated pairs, or thinned."""
    splits = [level.rules for level in plan.split_levels]
    keeps = [r.keep for level in plan.data_levels for r in level.rules.rules]
    is_split = any(s.kind.is_timed or Order.NEWEST in (s.order, s.thinned_by) for s in splits)
    return is_split or Keep.LAST in keeps or _has_rule(plan, DataRuleKind.TIME_WINDOW)


def _is_tested_by(plan: Plan, name: str) -> bool:
    return any(name in q.test.lower() for q in plan.questions)

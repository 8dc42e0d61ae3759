"""The answer in one or two sentences, by study, from facts alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from agent_core.domain import Plan, Study
from agent_core.report.number_texts import names_of
from agent_core.report.rendering import render_part
from agent_core.report.spread_words import amount_of
from agent_core.statistics.facts import Comparison, Facts, Summary


class SweptPoint(NamedTuple):
    """One value of a swept hyperparameter and what came of it."""

    value: float
    summary: Summary


def headline(plan: Plan, facts: Facts) -> str:
    """Return the answer; says so where the primary metric was not recorded."""
    if not facts.of(plan.primary):
        return _sentence("nothing", plan, facts)
    match plan.study:
        case Study.SEED_VARIANCE:
            return _seed_headline(plan, facts)
        case Study.SWEEP:
            return _sweep_headline(plan, facts)
        case _:
            return _comparison_headline(plan, facts)


def summaries_over_seeds(plan: Plan, facts: Facts) -> list[Summary]:
    """Return the summaries of random algorithms whose runs differ in the seed."""
    return [s for s in _spreads(plan, facts) if s.over == "seeds"]


def swept_points(plan: Plan, facts: Facts) -> list[SweptPoint]:
    """Return the swept configurations with their summaries, in the order of the values."""
    key = plan.swept or ""
    found = [
        SweptPoint(a.config[key], summary)
        for a in plan.algorithms
        if key in a.config and (summary := facts.summary(plan.primary, a.name)) is not None
    ]
    return sorted(found, key=lambda point: float(point.value))


def _sentence(macro: str, plan: Plan, facts: Facts, **values: Any) -> str:
    """Return what a macro makes of the facts of the primary metric."""
    found = facts.of(plan.primary)
    return render_part("headline.md.j2", macro, plan=plan, found=found, **values)


def _spreads(plan: Plan, facts: Facts) -> list[Summary]:
    """Return the summaries of random algorithms that have a spread, of whatever."""
    random = {a.name for a in plan.algorithms if a.is_random}
    return [s for s in facts.of(plan.primary) if s.algorithm in random and math.isfinite(s.sd)]


def _seed_headline(plan: Plan, facts: Facts) -> str:
    """Lead with the standard deviation, its interval, CV and range; or why none can be told."""
    if varied := summaries_over_seeds(plan, facts):
        return _sentence("seeds", plan, facts, varied=varied, amount_of=_amount_of)
    return _sentence("seedless", plan, facts, spread=_spreads(plan, facts))


def _amount_of(spread: Summary) -> str:
    """Return how far the seed moves a metric."""
    return amount_of(spread.sd, spread.sd_interval, spread.cv, f"{spread.units} seeds")


def _comparison_headline(plan: Plan, facts: Facts) -> str:
    """Lead with the order, then the differences that decide it."""
    bases = names_of(plan.baselines)
    ranked = [s.algorithm for s in facts.of(plan.primary)]
    subjects = [n for n in ranked if n not in bases]
    pairs = list(itertools.pairwise(subjects))[:2]
    best_base = next((n for n in ranked if n in bases), None)
    if subjects and best_base:
        pairs.append((subjects[0], best_base))
    compared = [(c, a, b) for a, b in pairs if (c := _compared(plan, facts, a, b))]
    return _sentence("comparison", plan, facts, compared=compared)


def _compared(plan: Plan, facts: Facts, a: str, b: str) -> Comparison | None:
    """Return the comparison of two algorithms in the primary metric; None where it is none."""
    found = facts.comparison(a, b)
    return found if found and found.metric == plan.primary else None


def _sweep_headline(plan: Plan, facts: Facts) -> str:
    """Lead with the best value, the curve's span, and what selecting on test data means."""
    swept = swept_points(plan, facts)
    if not swept:
        return _comparison_headline(plan, facts)
    if not plan.primary.is_directed:
        return _sentence("curve", plan, facts, swept=swept)
    best = _best_point(plan, swept)
    others = [p for p in swept if p is not best]
    tests = [facts.comparison(best.summary.algorithm, p.summary.algorithm) for p in others]
    return _sentence(
        "sweep",
        plan,
        facts,
        best=best,
        swept=swept,
        tied=[p for p, c in zip(others, tests, strict=True) if c and not c.is_distinguishable],
        untested=[p for p, c in zip(others, tests, strict=True) if c is None],
    )


def _best_point(plan: Plan, swept: Sequence[SweptPoint]) -> SweptPoint:
    """Return the best value; of equal ones that which the plan names first."""
    choose = max if plan.primary.is_descending else min
    order = [a.name for a in plan.algorithms]
    planned = sorted(swept, key=lambda p: order.index(p.summary.algorithm))
    return choose(planned, key=lambda p: p.summary.mean)

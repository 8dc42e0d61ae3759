"""How much a plan's answers can show, told before anything runs: by formulas, not by results."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import scipy

from agent_core.domain import (
    Dataset,
    Estimand,
    FactorKind,
    Plan,
    Question,
    blocks_of,
    with_design,
)
from agent_core.prose.number_format import percent, shown
from agent_core.rules.design_words import factor_words
from agent_core.statistics.inference import LEVEL

ALPHA = 1 - LEVEL
POWER = 0.8
USUAL_SD = 0.25
"""Of the differences of users in a metric from 0 to 1 under leave-one-out."""
NESTED = (FactorKind.SPLIT_SEED.value, FactorKind.FOLD.value, FactorKind.MODEL_SEED.value)


def precision_lines(plan: Plan, datasets: Sequence[Dataset] = ()) -> tuple[str, ...]:
    """Return what each question of a plan can show at its size, a sentence each."""
    plan = with_design(plan)
    told = (line for q in plan.questions for line in _lines(plan, q, datasets))
    return tuple(dict.fromkeys(told))


def sd_limits(n: int) -> tuple[float, float]:
    """Return the ends of the interval of an SD over n repetitions, as multiples of it.

    Chi-square at n - 1 degrees, exact where repetitions scatter normally.
    """
    upper, lower = scipy.stats.chi2.ppf([1 - ALPHA / 2, ALPHA / 2], n - 1)
    return math.sqrt((n - 1) / upper), math.sqrt((n - 1) / lower)


def sd_ratio_factor(first: int, second: int) -> float:
    """Return by which factor the ends of the interval of the ratio of two SDs lie apart.

    F at the degrees of freedom of both.

    Examples
    --------
    >>> [round(sd_ratio_factor(n - 1, n - 1), 1) for n in (5, 10, 30)]
    [9.6, 4.0, 2.1]
    """
    upper, lower = scipy.stats.f.ppf([1 - ALPHA / 2, ALPHA / 2], first, second)
    return math.sqrt(upper / lower)


def detectable(users: float, family: int = 1) -> float:
    """Return the smallest difference found four times in five, in SDs of users' differences."""
    z = scipy.stats.norm.ppf([1 - ALPHA / (2 * max(1, family)), POWER])
    return float(z.sum()) / math.sqrt(users)


def highest_share(none_of: int) -> float:
    """Return the upper end of Clopper and Pearson's interval where none of some pairs alarmed."""
    return float(scipy.stats.beta.ppf(1 - ALPHA / 2, 1, none_of))


def _lines(plan: Plan, question: Question, datasets: Sequence[Dataset]) -> Iterator[str]:
    repeated = [n for n in NESTED if n in question.over]
    match question.kind:
        case Estimand.SPREAD if repeated:
            yield from _spread_line(plan, repeated[0])
        case Estimand.SPREAD_RATIO | Estimand.VARIANCE_SHARES if len(repeated) == 2:
            yield from _ratio_line(plan, *repeated)
        case Estimand.DIFFERENCE | Estimand.INTERACTION | Estimand.GROUPS:
            yield from _difference_line(plan, question, datasets)
        case Estimand.FALSE_ALARMS:
            yield from _alarm_line(plan, repeated)


def _spread_line(plan: Plan, name: str) -> Iterator[str]:
    count = _count(plan, name)
    if count > 1:
        low, high = sd_limits(count)
        yield (
            f"{count} {factor_words(name)[1]} give an SD whose 95 % interval reaches from "
            f"{low:.2f} to {high:.2f} times it"
        )


def _ratio_line(plan: Plan, outer: str, inner: str) -> Iterator[str]:
    j, r = _count(plan, outer), _count(plan, inner)
    if min(j, r) > 1:
        factor = sd_ratio_factor(j - 1, j * (r - 1))
        yield (
            f"{j} {factor_words(outer)[1]} with {r} {factor_words(inner)[1]} each give a ratio "
            f"of both SDs whose interval has ends a factor of {factor:.1f} apart"
        )


def _difference_line(plan: Plan, question: Question, datasets: Sequence[Dataset]) -> Iterator[str]:
    users = tested_users(plan, datasets)
    if not users:
        return
    pairs = _pairs(plan, question)
    least = detectable(users, pairs)
    holm = f", Holm over {pairs} pairs" if pairs > 1 else ""
    yield (
        f"with at most {users:,} test users a difference of {least:.2f} SD of the users' "
        f"differences is found four times in five (about {shown(USUAL_SD * least)} at an SD of "
        f"{USUAL_SD:g}{holm})"
    )


def _alarm_line(plan: Plan, repeated: Sequence[str]) -> Iterator[str]:
    pairs = _count(plan, repeated[0] if repeated else NESTED[-1]) // 2
    if pairs:
        yield (
            f"{pairs} disjoint pairs of runs: even no false alarm among them leaves a share of up "
            f"to {percent(highest_share(pairs))} open"
        )


def tested_users(plan: Plan, datasets: Sequence[Dataset]) -> int:
    """Return how many users the smallest dataset of a plan tests at most; 0 where unknown."""
    counts: Mapping[str, int] = {d.name: d.users for d in datasets}
    split = plan.split
    known = [n for block in blocks_of(plan) if (n := counts.get(block.dataset, 0))]
    if not known:
        return 0
    share = split.test_user_share or 1.0
    most = round(min(known) * share)
    return most if split.test_users is None else min(most, split.test_users)


def _count(plan: Plan, name: str) -> int:
    factor = next((f for f in plan.factors if f.name == name), None)
    return len(factor.levels) if factor else 1


def _pairs(plan: Plan, question: Question) -> int:
    """Return how many pairs a question tests, over all levels of what it is asked within."""
    levels = {f.name: len(f.levels) for f in plan.factors}
    own = math.prod(levels.get(n, 1) for n in question.over)
    pairs = len(question.pairs) or (
        own - 1 if question.reference is not None else math.comb(own, 2)
    )
    return max(1, pairs) * math.prod(levels.get(n, 1) for n in question.within)

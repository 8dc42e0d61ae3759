"""The answer in one or two sentences, by study, from facts alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from agent_core.domain import Algorithm, Plan, Study
from agent_core.grounding.claim_sentences import comparison_sentence
from agent_core.prose.number_format import NOISE, percent, shown
from agent_core.statistics.facts import Comparison, Facts, Summary
from agent_core.statistics.repetition_units import CONFOUNDED

LITTLE = ((0.01, "hardly"), (0.05, "little"), (0.15, "noticeably"))
"""Coefficient of variation up to which the seed moves a metric that much; then strongly."""
NAMED = 5


def headline(plan: Plan, facts: Facts) -> str:
    """Return the answer; says so where the primary metric was not recorded."""
    if not facts.of(plan.primary):
        return f"**No value of {plan.primary.label} was recorded.**"
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


def order_text(plan: Plan, facts: Facts) -> str:
    """Return the algorithms in the order of the primary metric, with the unit of the interval."""
    found = facts.of(plan.primary)
    half = shared_half_width(found)
    values = ", ".join(f"{s.algorithm} {mean_text(s, half)}" for s in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{plan.primary.label}{plan.primary.note}: {values}{more}."


def names_of(algorithms: tuple[Algorithm, ...]) -> set[str]:
    """Return the names of algorithms."""
    return {a.name for a in algorithms}


def resolution_of(summary: Summary) -> float:
    """Return the half width that digits of a mean have to fit; NaN where none is known."""
    return summary.user_interval.half_width


def mean_text(summary: Summary, half: float | None = None) -> str:
    """Return a mean with digits that fit its interval, or the half width that a list shares."""
    return shown(summary.mean, resolution_of(summary) if half is None else half)


def shared_half_width(summaries: Iterable[Summary | None]) -> float | None:
    """Return the half width that gives all values of one metric the same digits."""
    halves = [resolution_of(s) for s in summaries if s is not None]
    return min((h for h in halves if math.isfinite(h) and h >= NOISE), default=None)


def _spreads(plan: Plan, facts: Facts) -> list[Summary]:
    """Return the summaries of random algorithms that have a spread, of whatever."""
    random = {a.name for a in plan.algorithms if a.is_random}
    return [s for s in facts.of(plan.primary) if s.algorithm in random and math.isfinite(s.sd)]


def _seed_headline(plan: Plan, facts: Facts) -> str:
    """Lead with the standard deviation, its interval, CV and range."""
    found = summaries_over_seeds(plan, facts)
    if not found:
        return _seedless_headline(plan, facts)
    sentences = [_seed_sentence(s) for s in found]
    first = f"**{sentences[0]}**"
    gap = found[0]
    scale = gap.gap / gap.sd if gap.sd else 1.0
    apart = shown(gap.gap, scale * gap.sd_interval.half_width)
    advice = (
        f"Two single runs of {gap.algorithm}{' on the same fold' if gap.folds > 1 else ''} differ "
        f"by more than {apart} only about once in 20; do not read smaller gaps from one seed."
    )
    if gap.sd == 0:
        advice = "With this configuration training does not depend on the seed."
    return " ".join([first, advice, *sentences[1:]])


def _seedless_headline(plan: Plan, facts: Facts) -> str:
    """Say why nothing can be told of the seed alone, and what spread there is."""
    label, found = plan.primary.label, _spreads(plan, facts)
    mixed = next((s for s in found if s.over == CONFOUNDED), None)
    if mixed:
        return (
            f"**Seed and split cannot be told apart:** each seed of {mixed.algorithm} has a split "
            f"of its own. Over {mixed.units} seeds and splits {label} has SD "
            f"{shown(mixed.sd, mixed.sd_interval.half_width)}. {order_text(plan, facts)}"
        )
    over = f" {found[0].algorithm} has one seed in {found[0].units} folds." if found else ""
    return (
        f"**No spread over seeds can be told:** no random algorithm has two runs of "
        f"{label} that differ in the seed.{over} {order_text(plan, facts)}"
    )


def _seed_sentence(summary: Summary) -> str:
    """Say how much the seed moves one algorithm."""
    label, name, n = summary.metric.label, summary.algorithm, summary.units
    folds = summary.folds
    unit = f"seeds (each over {folds} folds)" if folds > 1 else "seeds"
    if summary.sd == 0:
        value = shown(summary.mean)
        return f"The seed does not move {label} of {name}: all {n} {unit} gave {value}."
    half = summary.sd_interval.half_width
    limits = " to ".join(
        shown(v, half) for v in (summary.sd_interval.low, summary.sd_interval.high)
    )
    scale = summary.sd
    return (
        f"The seed moves {label} of {name} {_amount(summary.cv)}: SD {shown(summary.sd, half)} "
        f"(95 % interval {limits}), CV {percent(summary.cv)}, range "
        f"{shown(summary.low, scale)} to {shown(summary.high, scale)} over {n} {unit}."
    )


def _amount(cv: float) -> str:
    """Return a word for a coefficient of variation."""
    return next((word for limit, word in LITTLE if cv <= limit), "strongly")


def _comparison_headline(plan: Plan, facts: Facts) -> str:
    """Lead with the order, then the differences that decide it."""
    sentences = [f"**{order_text(plan, facts)}**"]
    ranked = [s.algorithm for s in facts.of(plan.primary)]
    subjects = [n for n in ranked if n not in names_of(plan.baselines)]
    pairs = list(itertools.pairwise(subjects))[:2]
    if subjects and plan.baselines:
        best_base = next((n for n in ranked if n in names_of(plan.baselines)), None)
        pairs += [(subjects[0], best_base)] if best_base else []
    sentences += [
        text for a, b in pairs if (text := _compared_text(plan, facts, a, b)) is not None
    ]
    return " ".join(sentences)


def _sweep_headline(plan: Plan, facts: Facts) -> str:
    """Lead with the best value, the curve's span, and what selecting on test data means."""
    swept = [(a, s) for a, s in _swept_values(plan, facts)]
    if not swept:
        return _comparison_headline(plan, facts)
    if not plan.primary.is_directed:
        return _span_headline(plan, swept)
    choose = max if plan.primary.is_descending else min
    planned = sorted(swept, key=lambda pair: plan.algorithms.index(pair[0]))
    best, top = choose(planned, key=lambda pair: pair[1].mean)
    means = sorted(s.mean for _, s in swept)
    half = resolution_of(top)
    key = plan.swept or ""
    word = "highest" if plan.primary.is_descending else "lowest"
    lead = (
        f"**{plan.primary.label} is {word} at {key} = {best.config[key]:g} ({mean_text(top)}) of "
        f"{len(swept)} values tried; the curve spans {shown(means[0], half)} to "
        f"{shown(means[-1], half)}.**"
    )
    others = [
        (f"{a.config[key]:g}", _is_apart(facts, top.algorithm, s.algorithm))
        for a, s in swept
        if s is not top
    ]
    near = ", ".join(v for v, apart in others if apart is False)
    untested = ", ".join(v for v, apart in others if apart is None)
    tied = f"Not distinguishable from it: {key} = {near}." if near else ""
    silent = f"Not compared with it: {key} = {untested}." if untested else ""
    caveat = (
        "The value was selected on the test data, so its result is optimistic: choose on "
        "validation data before citing it."
    )
    return " ".join(t for t in (lead, tied, silent, caveat) if t)


def _span_headline(plan: Plan, swept: list[tuple[Algorithm, Summary]]) -> str:
    """Tell the curve of a metric without a better end."""
    values = ", ".join(f"{a.config[plan.swept or '']:g}: {mean_text(s)}" for a, s in swept)
    return f"**{plan.primary.label}{plan.primary.note} over {plan.swept}: {values}.**"


def _swept_values(plan: Plan, facts: Facts) -> list[tuple[Algorithm, Summary]]:
    """Return the swept configurations with their summaries, in the order of the values."""
    found = [
        (a, s)
        for a in plan.algorithms
        if plan.swept in a.config and (s := facts.summary(plan.primary, a.name)) is not None
    ]
    return sorted(found, key=lambda pair: float(pair[0].config[plan.swept or ""]))


def _is_apart(facts: Facts, a: str, b: str) -> bool | None:
    """Whether the test tells two algorithms apart; None where they were not compared."""
    found = facts.comparison(a, b)
    return None if found is None else found.is_distinguishable


def _compared_text(plan: Plan, facts: Facts, a: str, b: str) -> str | None:
    """Return the sentence of a comparison; None where it was not made."""
    found: Comparison | None = facts.comparison(a, b)
    if found is None or found.metric != plan.primary:
        return None
    return f"{comparison_sentence(found, a, b)}."

"""Differences as sentences: the order, the pairs that decide it, and which are not told apart."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent_core.prose.number_format import exact_percent, shown
from agent_core.report.answer_phrases import (
    MOST,
    by_measure,
    interval,
    largest,
    listed,
    noted,
    p_of,
    value,
    within,
)
from agent_core.report.level_sentences import level_sentences, ranked_means
from agent_core.rules.design_words import levels_text, measure_text
from agent_core.statistics.answers.answer import (
    Answer,
    Estimate,
    Grade,
    PairTest,
    Statistic,
    Verdict,
)

MOST_NAMED = 6
"""Levels of an order that the first sentence names."""


def difference_sentences(answer: Answer) -> Iterator[str]:
    """Yield the differences of each measure, within all levels of the other factors."""
    for measure, own in by_measure(answer.of(Statistic.DIFFERENCE)):
        means = answer.of(Statistic.MEAN, measure)
        if len(means) > 1 and not any(e.within for e in (*own, *means)):
            yield " ".join(_ordered(measure, means, own))
        else:
            yield " ".join(_side_by_side(measure, own))
    if not answer.of(Statistic.DIFFERENCE):
        yield from level_sentences(answer)


def _side_by_side(measure: str, own: Sequence[Estimate]) -> Iterator[str]:
    """Yield how many pairs are told apart, and the largest differences of several contexts."""
    apart = [e for e in own if e.test and e.test.is_shown]
    ranked = [*largest(apart), *largest(e for e in own if e not in apart)]
    if len(own) > MOST:
        yield f"{measure_text(measure)}: {_pairs_in_all(own)}"
    yield from map(_difference, ranked[: MOST - (len(own) > MOST)])


def _ordered(measure: str, means: Sequence[Estimate], own: Sequence[Estimate]) -> Iterator[str]:
    """Yield all levels in their order, the pairs that decide it, and which are not told apart."""
    ranked = [levels_text(e.levels) for e in ranked_means(measure, means)]
    yield _means_text(measure, means)
    pairs = {
        pair: e
        for one in own
        for e in (one, _turned(one))
        if (pair := (levels_text(e.levels), levels_text(e.against)))
    }
    wanted = [*itertools.pairwise(ranked[:3]), (ranked[0], ranked[-1])]
    told = list(dict.fromkeys(pair for pair in wanted if pair in pairs))
    if not told:
        told = [p for p in pairs if p in itertools.combinations(ranked, 2)][:MOST]
    yield from (_difference(pairs[pair]) for pair in told)
    tested = [e for e in own if _is_tested(e)]
    if len(tested) > len(told):
        yield _pairs_in_all(own)


def _pairs_in_all(own: Sequence[Estimate]) -> str:
    """Return how many pairs are told apart, which are not, and how many are not tested."""
    tested = [e for e in own if _is_tested(e)]
    open_ones = [e for e in tested if e.test and not e.test.is_shown]
    parts = []
    if tested:
        parts = [f"{len(tested) - len(open_ones)} of {len(tested)} pairs are told apart"]
    if 0 < len(open_ones) < len(tested):
        names = [f"{_pair(e)}{within(e.within)}" for e in open_ones]
        parts += [f"not told apart: {listed(names)}"]
    if len(tested) < len(own):
        parts += [f"{len(own) - len(tested)} pairs stand beside each other without a test"]
    return "; ".join(parts) + "."


def _is_tested(e: Estimate) -> bool:
    """Whether a difference has a p: it is of the same test and candidates."""
    return e.test is not None and math.isfinite(e.test.adjusted_p)


def _pair(e: Estimate) -> str:
    return f"{levels_text(e.levels)} and {levels_text(e.against)}"


def _means_text(measure: str, means: Sequence[Estimate]) -> str:
    ranked = ranked_means(measure, means)
    told = [f"{levels_text(e.levels)} {value(e)}" for e in ranked[:MOST_NAMED]]
    rest = f" and {len(ranked) - MOST_NAMED} more" if len(ranked) > MOST_NAMED else ""
    return f"{measure_text(measure)}: {', '.join(told)}{rest}."


def _turned(e: Estimate) -> Estimate:
    """Return the same difference, seen from the other side."""
    opposite = {Verdict.HIGHER: Verdict.LOWER, Verdict.LOWER: Verdict.HIGHER}
    test = e.test and replace(e.test, verdict=opposite.get(e.test.verdict, e.test.verdict))
    ends = replace(e.interval, low=-e.interval.high, high=-e.interval.low)
    return replace(e, levels=e.against, against=e.levels, value=-e.value, interval=ends, test=test)


def _difference(e: Estimate) -> str:
    """Return a difference with what may be said of it, and nothing more."""
    a, b, label = levels_text(e.levels), levels_text(e.against), measure_text(e.measure)
    where, by = within(e.within), shown(abs(e.value), e.interval.half_width)
    signed = shown(e.value, e.interval.half_width)
    if e.grade is Grade.APART:
        return (
            f"{a} and {b} stand side by side in {label}{where}: {e.why}, so nothing is compared."
        )
    if e.test is None or not _is_tested(e):
        notes = noted(interval(e.interval), f"{e.why}: no test" if e.why else "no test")
        if e.test and e.test.verdict is Verdict.UNDECIDED:
            return (
                f"No difference is seen between {a} and {b} in {label}{where}: {value(e)}{notes}."
            )
        return (
            f"{a} and {b} differ in {label}{where}: the first minus the second is {signed}{notes}."
        )
    notes = noted(_signed_interval(e), f"n = {e.n:,}", p_of(e.test), _equivalent(e.test))
    match e.test.verdict:
        case Verdict.HIGHER | Verdict.LOWER:
            return f"{a} is {e.test.verdict.value} than {b} in {label}{where} by {by}{notes}."
        case Verdict.NOT_AFTER_CORRECTION:
            return (
                f"{a} and {b} are not told apart in {label}{where} after correction for "
                f"{e.test.family} pairs, though this pair alone would be{notes}."
            )
    return (
        f"{a} and {b} are not distinguishable in {label}{where}: difference "
        f"{value(e)}{notes}; that is no proof of equality."
    )


def _signed_interval(e: Estimate) -> str:
    if not e.interval.is_known or e.value >= 0:
        return interval(e.interval)
    turned = (abs(e.interval.high), abs(e.interval.low))
    is_one_sided = e.interval.high <= 0
    if not is_one_sided or not (e.test and e.test.is_shown):
        return interval(e.interval)
    half = e.interval.half_width
    over = f" over {e.interval.over}" if e.interval.over else ""
    return f"95 % interval {shown(turned[0], half)} to {shown(turned[1], half)}{over}"


def _equivalent(test: PairTest) -> str:
    if test.equivalence is None:
        return ""
    found = test.equivalence
    told = exact_percent(found.margin) if test.is_ratio_margin else f"{found.margin:g}"
    word = "equivalent" if found.is_shown else "equivalence not shown"
    notes = [f"TOST: {interval(found.interval).replace('95 %', '90 %')}"]
    notes += ["margin set after the start: exploratory"] if found.is_exploratory else []
    return f"{word} within ±{told}{noted(*notes)}"

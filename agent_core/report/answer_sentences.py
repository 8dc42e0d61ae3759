"""Answers to the questions of a plan as sentences: the answer first, then what it rests on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent_core.domain import Better, Estimand, FactorKind, Levels
from agent_core.domain.design import BY_NAME
from agent_core.prose.number_format import p_text, percent, shown
from agent_core.prose.sentences import sentences
from agent_core.report.spread_words import amount_of
from agent_core.rules.design_words import factor_words, level_text, levels_text, measure_text
from agent_core.statistics.answers.answer import (
    Answer,
    Estimate,
    Grade,
    PairTest,
    Statistic,
    Verdict,
    metric_of,
)
from agent_core.statistics.inference import Interval

MOST = 4
"""Pairs, curves or levels that one sentence tells; the table has all."""
MOST_LEVELS = 6
"""Levels of an order that the first sentence names."""
BARE = ("algorithm", "data", "dataset", "split", "rerank", "group", "block")
"""Factors whose levels are names that need no other word."""
STEPS: Mapping[FactorKind, str] = {
    FactorKind.TRAIN_SHARE: "{} of the training",
    FactorKind.PROFILE_SIZE: "{} interactions a user",
}


@dataclass(frozen=True, slots=True)
class AnswerText:
    """An answer in words."""

    lead: str
    """The answer in one sentence or two; empty where nothing was delivered for it."""
    more: tuple[str, ...] = ()
    """Further findings."""
    cautions: tuple[str, ...] = ()

    @property
    def marked(self) -> str:
        """The lead with its first sentence in bold: what is seen at a glance."""
        first, *rest = sentences(self.lead) or [""]
        return " ".join((f"**{first.strip()}**", *(text.strip() for text in rest)))


def answer_text(answer: Answer) -> AnswerText:
    """Return an answer in words: the first measure leads."""
    told = list(SENTENCES[answer.kind](answer)) if answer.estimates else []
    cautions = tuple(f"{c.kind.value}{f': {c.about}' if c.about else ''}" for c in answer.cautions)
    if answer.missing and told:
        names = dict.fromkeys(f"{m.variant} on {m.block}" for m in answer.missing)
        listed = ", ".join([*names][:MOST]) + (" …" if len(names) > MOST else "")
        cautions = (f"{len(answer.missing)} planned cells have no results: {listed}", *cautions)
    return AnswerText(told[0] if told else "", tuple(told[1:]), cautions)


def _within(levels: Levels) -> str:
    return f" within {levels_text(levels)}" if levels else ""


def _of(levels: Levels) -> str:
    return f" of {levels_text(levels)}" if levels else ""


def _whole(estimate: Estimate) -> str:
    """Return what an estimate is of: `EASE, 40 neighbours`."""
    return levels_text({**estimate.within, **estimate.levels})


def _value(estimate: Estimate) -> str:
    """Return a value with the digits that it bears; times and memory with their unit."""
    kind = metric_of(estimate.measure).kind
    if kind.is_cost and estimate.statistic is Statistic.MEAN:
        return f"{estimate.value:.3g} {kind.unit}"
    return shown(estimate.value, estimate.interval.half_width)


def _interval(interval: Interval, value_half: float = math.nan) -> str:
    """Return an interval in brackets with what it is over; empty where none is known."""
    if not interval.is_known:
        return ""
    half = interval.half_width if math.isnan(value_half) else value_half
    ends = f"{shown(interval.low, half)} to {shown(interval.high, half)}"
    return f"95 % interval {ends}" + (f" over {interval.over}" if interval.over else "")


def _noted(*notes: str) -> str:
    kept = "; ".join(note for note in notes if note)
    return f" ({kept})" if kept else ""


def _listed(texts: Iterable[str]) -> str:
    found = list(texts)
    rest = len(found) - MOST
    return "; ".join(found[:MOST]) + (f"; {rest} more in the table" if rest > 0 else "")


def _by_measure(estimates: Sequence[Estimate]) -> Iterator[tuple[str, list[Estimate]]]:
    for measure in dict.fromkeys(e.measure for e in estimates):
        yield measure, [e for e in estimates if e.measure == measure]


# -- levels and differences ------------------------------------------------------------------


def _levels(answer: Answer) -> Iterator[str]:
    for measure, own in _by_measure(answer.of(Statistic.MEAN)):
        sign = -1 if metric_of(measure).better is not Better.LOWER else 1
        ranked = sorted(own, key=lambda e: sign * e.value)
        told = _listed(f"{_whole(e)} {_value(e)}{_noted(_interval(e.interval))}" for e in ranked)
        yield f"{measure_text(measure)}: {told}."


def _differences(answer: Answer) -> Iterator[str]:
    for measure, own in _by_measure(answer.of(Statistic.DIFFERENCE)):
        means = answer.of(Statistic.MEAN, measure)
        if len(means) > 1 and not any(e.within for e in (*own, *means)):
            yield " ".join(_ordered(measure, means, own))
        else:
            yield " ".join(_side_by_side(measure, own))
    if not answer.of(Statistic.DIFFERENCE):
        yield from _levels(answer)


def _side_by_side(measure: str, own: Sequence[Estimate]) -> Iterator[str]:
    """Yield the largest differences of several contexts."""
    shown_ones = [e for e in own if e.test and e.test.is_shown]
    others = [e for e in own if e not in shown_ones]
    if len(own) > MOST:
        told = f"{len(shown_ones)} of {len(own)} pairs are told apart"
        yield f"{measure_text(measure)}: {told}."
    yield from [_difference(e) for e in (*_largest(shown_ones), *_largest(others))][:MOST]


def _ordered(measure: str, means: Sequence[Estimate], own: Sequence[Estimate]) -> Iterator[str]:
    """Yield all levels in their order, the pairs that decide it, and which are not told apart."""
    ranked = [levels_text(e.levels) for e in _ranked_means(measure, means)]
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
    tested = [e for e in own if e.test]
    if len(tested) > len(told):
        yield _pairs_in_all(tested)


def _pairs_in_all(tested: Sequence[Estimate]) -> str:
    """Return how many pairs are told apart, and which are not."""
    open_ones = [e for e in tested if e.test and not e.test.is_shown]
    told = f"{len(tested) - len(open_ones)} of {len(tested)} pairs are told apart"
    if not open_ones:
        return f"{told}."
    names = [f"{levels_text(e.levels)} and {levels_text(e.against)}" for e in open_ones]
    return f"{told}; not told apart: {_listed(names)}."


def _means_text(measure: str, means: Sequence[Estimate]) -> str:
    ranked = _ranked_means(measure, means)
    told = [f"{levels_text(e.levels)} {_value(e)}" for e in ranked[:MOST_LEVELS]]
    rest = f" and {len(ranked) - MOST_LEVELS} more" if len(ranked) > MOST_LEVELS else ""
    return f"{measure_text(measure)}: {', '.join(told)}{rest}."


def _ranked_means(measure: str, means: Sequence[Estimate]) -> list[Estimate]:
    sign = -1 if metric_of(measure).better is not Better.LOWER else 1
    return sorted(means, key=lambda e: sign * e.value)


def _turned(e: Estimate) -> Estimate:
    """Return the same difference, seen from the other side."""
    opposite = {Verdict.HIGHER: Verdict.LOWER, Verdict.LOWER: Verdict.HIGHER}
    test = e.test and replace(e.test, verdict=opposite.get(e.test.verdict, e.test.verdict))
    ends = replace(e.interval, low=-e.interval.high, high=-e.interval.low)
    return replace(e, levels=e.against, against=e.levels, value=-e.value, interval=ends, test=test)


def _largest(estimates: Iterable[Estimate]) -> list[Estimate]:
    return sorted(estimates, key=lambda e: -abs(e.value))


def _difference(e: Estimate) -> str:
    """Return a difference with what may be said of it, and nothing more."""
    a, b, label = levels_text(e.levels), levels_text(e.against), measure_text(e.measure)
    where, by = _within(e.within), shown(abs(e.value), e.interval.half_width)
    if e.grade is Grade.APART:
        return (
            f"{a} and {b} stand side by side in {label}{where}: {e.why}, so nothing is compared."
        )
    if e.test is None:
        return (
            f"{a} and {b} differ in {label}{where} by {by}"
            f"{_noted(_interval(e.interval), f'{e.why}: no test')}."
        )
    notes = _noted(_signed_interval(e), f"n = {e.n:,}", _p(e.test), _equivalent(e.test))
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
        f"{_value(e)}{notes}; that is no proof of equality."
    )


def _signed_interval(e: Estimate) -> str:
    if not e.interval.is_known or e.value >= 0:
        return _interval(e.interval)
    turned = (abs(e.interval.high), abs(e.interval.low))
    is_one_sided = e.interval.high <= 0
    if not is_one_sided or not (e.test and e.test.is_shown):
        return _interval(e.interval)
    half = e.interval.half_width
    over = f" over {e.interval.over}" if e.interval.over else ""
    return f"95 % interval {shown(turned[0], half)} to {shown(turned[1], half)}{over}"


def _p(test: PairTest) -> str:
    if not math.isfinite(test.adjusted_p):
        return ""
    holm = f", Holm over {test.family}" if test.family > 1 else ""
    named = f", {test.named} p {p_text(test.named_p)}" if test.named else ""
    return f"p {p_text(test.adjusted_p)}{holm}{named}"


def _equivalent(test: PairTest) -> str:
    if test.equivalence is None:
        return ""
    found = test.equivalence
    told = percent(found.margin) if test.is_ratio_margin else f"{found.margin:g}"
    word = "equivalent" if found.is_shown else "equivalence not shown"
    notes = [f"TOST: {_interval(found.interval).replace('95 %', '90 %')}"]
    notes += ["margin set after the start: exploratory"] if found.is_exploratory else []
    return f"{word} within ±{told}{_noted(*notes)}"


def _interactions(answer: Answer) -> Iterator[str]:
    for measure, own in _by_measure(answer.of(Statistic.INTERACTION)):
        told = []
        for e in own[:MOST]:
            word = "changes" if e.test and e.test.is_shown else "is not shown to change"
            told.append(
                f"The difference of {levels_text(e.levels)} in {measure_text(measure)} {word} "
                f"against {levels_text(e.against)}{_within(e.within)}: difference of differences "
                f"{_value(e)}{_noted(_interval(e.interval), _p(e.test) if e.test else e.why)}."
            )
        yield " ".join(told)


# -- responses, orders, groups ---------------------------------------------------------------


def _responses(answer: Answer) -> Iterator[str]:
    means = answer.of(Statistic.MEAN)
    for measure, own in _by_measure(means):
        curves = [list(g) for _, g in itertools.groupby(own, key=lambda e: dict(e.within))]
        yield f"{measure_text(measure)}{_over_factor(own)}: {_listed(map(_curve, curves))}."
    yield from _ratios(answer)
    for e in answer.of(Statistic.FIRST_WITHIN):
        yield _first_within(e)
    for e in answer.of(Statistic.TREND):
        word = "rises" if e.value > 0 else "falls"
        is_shown = e.more.get("trend_p", 1.0) < 0.05
        yield (
            f"{measure_text(e.measure)}{_of(e.within)} "
            f"{word if is_shown else 'has no shown trend'} along the levels (mean rank "
            f"correlation {e.value:.2f}, Page's p {p_text(e.more.get('trend_p', 1.0))}, "
            f"n = {e.n:,} users)."
        )


def _over_factor(means: Sequence[Estimate]) -> str:
    names = dict.fromkeys(n for e in means for n in e.levels if n != "algorithm")
    return f" by {', '.join(factor_words(n)[0] for n in names)}" if names else ""


def _curve(means: Sequence[Estimate]) -> str:
    steps = [f"{_value(e)} at {_short_level(e.levels)}" for e in means]
    if len(steps) > MOST + 1:
        steps = [*steps[:2], "…", *steps[-2:]]
    name = levels_text(means[0].within)
    return f"{name + ' ' if name else ''}{' → '.join(steps)}"


def _short_level(levels: Levels) -> str:
    return ", ".join(
        level_text(BY_NAME.get(name, FactorKind.HYPERPARAMETER), level)
        for name, level in levels.items()
    )


def _ratios(answer: Answer) -> Iterator[str]:
    """Yield how far the lowest and the highest level are from the reference."""
    for measure, own in _by_measure(answer.of(Statistic.RATIO)):
        groups = [list(g) for _, g in itertools.groupby(own, key=lambda e: dict(e.within))]
        told = [_ratio(max(g, key=lambda e: abs(math.log(max(e.value, 1e-9))))) for g in groups]
        yield f"Furthest from the reference in {measure_text(measure)}: {_listed(told)}."


def _ratio(e: Estimate) -> str:
    why = "" if e.grade is Grade.SAME else f"{e.why}: no test"
    name = levels_text(e.within)
    return (
        f"{name + ': ' if name else ''}{_short_level(e.levels)} reaches {percent(e.value)} of "
        f"{_short_level(e.against)}{_noted(_share_interval(e.interval), why)}"
    )


def _share_interval(interval: Interval) -> str:
    if not interval.is_known:
        return ""
    return f"95 % interval {percent(interval.low)} to {percent(interval.high)}"


def _first_within(e: Estimate) -> str:
    label, tolerance = measure_text(e.measure), e.more.get("tolerance", math.nan)
    who = levels_text(e.within) or "the algorithm"
    if not e.found:
        return f"No level of {who} is shown to be within {percent(tolerance)} in {label}."
    return (
        f"From {levels_text(e.found)} on, {who} is shown to be within {percent(tolerance)} of the "
        f"reference in {label}."
    )


def _orders(answer: Answer) -> Iterator[str]:
    orders: dict[tuple[str, str], list[str]] = {}
    for e in answer.of(Statistic.STABILITY):
        key = (e.measure, levels_text(e.within))
        orders.setdefault(key, []).append(levels_text(e.levels))
        orders[key].append("")
    told = {key: _ranked(answer, *key) for key in orders}
    if len(set(map(tuple, told.values()))) == 1 and told:
        (order, *_) = told.values()
        yield f"The order is the same in all {len(told)} cases: {' > '.join(order)}."
    elif told:
        cases = _listed(
            f"{measure_text(m)}{f' within {where}' if where else ''} {' > '.join(order)}"
            for (m, where), order in told.items()
        )
        yield f"The order is not the same everywhere: {cases}."
    changed = [e for e in answer.of(Statistic.TAU) if e.found]
    if changed:
        yield f"Change of places: {_listed(map(_changed, changed))}."
    for measure, own in _by_measure(answer.of(Statistic.WINNER)):
        wins = _listed(
            f"{levels_text(e.found)}{_within(e.within)} in {percent(e.value)} of the resamples"
            for e in own
        )
        yield f"First in {measure_text(measure)}: {wins}."


def _ranked(answer: Answer, measure: str, where: str) -> list[str]:
    """Return the order that the pairs of one ranking come to."""
    wins: dict[str, int] = {}
    for e in answer.of(Statistic.STABILITY, measure):
        if levels_text(e.within) == where:
            better, worse = levels_text(e.levels), levels_text(e.against)
            wins[better] = wins.get(better, 0) + 1
            wins.setdefault(worse, 0)
    return sorted(wins, key=lambda name: -wins[name])


def _changed(e: Estimate) -> str:
    sides = (", ".join(map(str, side.values())) for side in (e.levels, e.against))
    return f"{', '.join(e.found)} between {' and '.join(sides)}"


def _groups(answer: Answer) -> Iterator[str]:
    if answer.of(Statistic.DIFFERENCE):
        yield from _differences(answer)
    yield from _levels(answer)


# -- spreads, choices, stopping, costs -------------------------------------------------------


def _spreads(answer: Answer) -> Iterator[str]:
    over = answer.question.over[:1]
    factor = over[0] if over else FactorKind.MODEL_SEED.value
    cause = "seed" if factor == FactorKind.MODEL_SEED else factor_words(factor)[0]
    for _, own in _by_measure(answer.of(Statistic.SD)):
        varied = [e for e in own if e.value > 0]
        rest = [e for e in own if e not in varied]
        told = [_moved(e, cause) for e in (*varied, *rest)[:MOST]]
        if varied:
            told.insert(1, _gap_text(varied[0]))
        yield " ".join(told)


def _moved(e: Estimate, cause: str) -> str:
    """Return how far the cause moves a measure, with SD, interval and range."""
    who = f"{measure_text(e.measure)} of {_whole(e)}"
    runs = f"{e.n} {e.interval.over or 'runs'}"
    if not math.isfinite(e.value):
        return f"How far the {cause} moves {who} is open: {e.why}."
    if e.value == 0:
        gave = f": all {runs} gave {shown(e.more['mean'])}" if "mean" in e.more else ""
        return f"The {cause} does not move {who}{gave or _noted(e.why)}."
    half = min(e.interval.half_width, e.value) if e.interval.is_known else math.nan
    cv = e.more.get("cv", math.nan)
    amount = f" {amount_of(e.value, e.interval, cv, runs)}" if math.isfinite(cv) else ""
    interval = _interval(e.interval, half).partition(" over ")[0]
    ends = f"range {shown(e.more['min'], e.value)} to {shown(e.more['max'], e.value)}"
    notes = ", ".join(
        (
            f"SD {shown(e.value, half)}{f' ({interval})' if interval else ''}",
            *([f"CV {percent(cv)}"] if math.isfinite(cv) else []),
            f"{ends} over {runs}",
        )
    )
    return f"The {cause} moves {who}{amount}: {notes}."


def _gap_text(e: Estimate) -> str:
    """Return what two single runs differ by, once in twenty."""
    gap = e.more.get("gap", math.nan)
    if not math.isfinite(gap):
        return ""
    half = e.interval.half_width * gap / e.value if e.interval.is_known else gap
    return (
        f"Two single runs of {_whole(e)} differ by more than {shown(gap, half)} only about "
        f"once in 20; do not read smaller gaps from one run."
    )


def _spread_ratios(answer: Answer) -> Iterator[str]:
    for e in answer.of(Statistic.SD_RATIO):
        parts = {n[3:]: v for n, v in e.more.items() if n.startswith("sd_") and n[3:] in BY_NAME}
        half = max(parts.values(), default=0) / 10
        sds = ", ".join(
            f"SD {shown(v, half) if v else 0} over {factor_words(n)[1]}" for n, v in parts.items()
        )
        larger = str(e.found.get("larger", ""))
        label = f"{measure_text(e.measure)}{_of({**e.levels, **e.within})}"
        notes = _noted(
            sds, _interval(e.interval) and f"ratio {_value(e)}, {_interval(e.interval)}"
        )
        if larger:
            yield f"{label} scatters more over {factor_words(larger)[1]}{notes}."
        else:
            notes = _noted(sds, e.why)
            yield f"Which of the two {label} scatters more over cannot be told{notes}."


def _choices(answer: Answer) -> Iterator[str]:
    for e in answer.of(Statistic.CHOSEN):
        where = f" ({e.within['block']})" if e.within.get("block", "0") != "0" else ""
        if e.why:
            yield f"{e.why[:1].upper()}{e.why[1:]}{where}: {levels_text(e.found)} ({_value(e)})."
            continue
        test = (
            f"its test value is {_value(e)}" if math.isfinite(e.value) else "it has no test value"
        )
        chosen = f"{levels_text(e.levels)} with {levels_text(e.found)}"
        trials = f"of {e.more['trials']:.0f}, validation {shown(e.more['validation'])}"
        told = f"{chosen} is chosen on validation{where} ({trials}); {test}"
        yield f"{measure_text(e.measure)}: {told}."


def _stopping(answer: Answer) -> Iterator[str]:
    for e in answer.of(Statistic.STOP):
        n, saved = e.more.get("repetitions", math.nan), e.more.get("saved", math.nan)
        yield (
            f"{measure_text(e.measure)}{_within(e.within)}: {e.value:.0f} of {n:.0f} repetitions "
            f"would have been enough, seen afterwards; that saves {saved:.0f} trainings"
            f"{_noted(_whole_interval(e.interval))}."
        )
    for e in answer.of(Statistic.RULE):
        right = e.more.get("rule_agrees", math.nan)
        yield (
            f"A rule that sees only what has run stops at {e.value:.0f}"
            f"{_noted(e.why, f'right in {percent(right)} of the orders')}."
        )


def _whole_interval(interval: Interval) -> str:
    if not interval.is_known:
        return ""
    return f"{interval.low:.0f} to {interval.high:.0f} over {interval.over}"


def _trade_offs(answer: Answer) -> Iterator[str]:
    labels = " and ".join(dict.fromkeys(measure_text(m) for m in answer.question.measures))
    best = {_whole(e): e.value for e in answer.of(Statistic.UNDOMINATED)}
    others = [n for n in dict.fromkeys(map(_whole, answer.of(Statistic.MEAN))) if n not in best]
    if best:
        notes = {n: f" (in {percent(v)} of the resamples)" for n, v in best.items() if v == v}
        names = _listed(f"{name}{notes.get(name, '')}" for name in best)
        rest = f"; something dominates {_listed(others)}" if others else ""
        yield f"In {labels} nothing dominates {names}{rest}."
    yield from _relatives(answer)
    yield from _levels(answer)


def _relatives(answer: Answer) -> Iterator[str]:
    """Yield both measures of each level as shares of the reference."""
    points: dict[str, list[Estimate]] = {}
    for e in answer.of(Statistic.RATIO):
        points.setdefault(_whole(e), []).append(e)
    told = _listed(
        f"{name} {' and '.join(f'{percent(e.value)} in {measure_text(e.measure)}' for e in own)}"
        for name, own in points.items()
    )
    references = dict.fromkeys(levels_text(e.against) for own in points.values() for e in own)
    if told:
        yield f"Relative to {' and '.join(references)}: {told}."


def _counts(answer: Answer) -> Iterator[str]:
    """Yield what each level holds, beside what there was before the rules of any."""
    groups: dict[str, list[str]] = {}
    for e in answer.of(Statistic.COUNT):
        if e.within.get("step", "after") == "after":
            amount = percent(e.value) if e.measure == "density" else f"{e.value:,.0f}"
            groups.setdefault(levels_text(e.levels), []).append(
                f"{amount} {measure_text(e.measure)}"
            )
    lines = [f"{name}: {', '.join(told)}" for name, told in groups.items()]
    yield f"What is left: {'; '.join(lines)}."


def _costs(answer: Answer) -> Iterator[str]:
    yield from _levels(answer)
    for measure, own in _by_measure(answer.of(Statistic.RATIO)):
        told = _listed(
            f"{levels_text(e.levels)} takes {shown(e.value, e.interval.half_width)} times what "
            f"{levels_text(e.against)} does{_within(e.within)}"
            for e in own
        )
        yield f"{measure_text(measure)}: {told}."


def _false_alarms(answer: Answer) -> Iterator[str]:
    for e in answer.of(Statistic.SHARE):
        pairs = e.more.get("pairs", math.nan)
        disjoint = e.more.get("disjoint_share", math.nan)
        own = f"{percent(disjoint)} of {e.interval.n} disjoint pairs"
        notes = _noted(own, _share_interval(e.interval))
        yield (
            f"{measure_text(e.measure)}{_of(e.levels)}: {percent(e.value)} of {pairs:.0f} pairs "
            f"of runs of the same model come out with p < 0.05{notes}."
        )


def _quoted(answer: Answer) -> Iterator[str]:
    return iter(())


SENTENCES: Mapping[Estimand, Callable[[Answer], Iterator[str]]] = {
    Estimand.LEVEL: _levels,
    Estimand.DIFFERENCE: _differences,
    Estimand.INTERACTION: _interactions,
    Estimand.RESPONSE: _responses,
    Estimand.SPREAD: _spreads,
    Estimand.SPREAD_RATIO: _spread_ratios,
    Estimand.ORDER: _orders,
    Estimand.CHOICE: _choices,
    Estimand.STOPPING: _stopping,
    Estimand.TRADE_OFF: _trade_offs,
    Estimand.GROUPS: _groups,
    Estimand.COUNTS: _counts,
    Estimand.COST: _costs,
    Estimand.FALSE_ALARMS: _false_alarms,
    Estimand.SCRIPTS_OWN: _quoted,
}

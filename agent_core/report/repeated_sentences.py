"""Answers over repeated factors and choices as sentences: spreads, stopping, false alarms."""

from __future__ import annotations

import math
from collections.abc import Iterator

from agent_core.domain import FactorKind, Levels
from agent_core.domain.design import BY_NAME
from agent_core.prose.number_format import p_text, percent, shown
from agent_core.report.answer_phrases import (
    MOST,
    by_measure,
    interval,
    largest,
    noted,
    of,
    share_interval,
    value,
    whole,
    within,
)
from agent_core.report.spread_words import amount_of
from agent_core.rules.design_words import factor_words, levels_text, measure_text
from agent_core.statistics.answers.answer import ALPHA, Answer, Estimate, Statistic
from agent_core.statistics.answers.variance_layouts import REST
from agent_core.statistics.answers.variance_shares import CAUSE

CROSSED = "crossed_sd_"


def spread_sentences(answer: Answer) -> Iterator[str]:
    """Yield how far the repeated factor moves each measure, and how far two single runs differ."""
    over = answer.question.over[:1]
    factor = over[0] if over else FactorKind.MODEL_SEED.value
    cause = "seed" if factor == FactorKind.MODEL_SEED else factor_words(factor)[0]
    for _, own in by_measure(answer.of(Statistic.SD)):
        varied = [e for e in own if e.value > 0]
        rest = [e for e in own if e not in varied]
        told = [_moved(e, cause) for e in (*varied, *rest)[:MOST]]
        if varied:
            told.insert(1, _gap_text(varied[0]))
        yield " ".join(filter(None, told))


def _moved(e: Estimate, cause: str) -> str:
    """Return how far the cause moves a measure, with SD, interval and range."""
    who = f"{measure_text(e.measure)} of {whole(e)}"
    runs = f"{e.n} {e.interval.over or 'runs'}"
    if not math.isfinite(e.value):
        return f"How far the {cause} moves {who} is open: {e.why}."
    if e.value == 0:
        gave = f": all {runs} gave {shown(e.more['mean'])}" if "mean" in e.more else ""
        return f"The {cause} does not move {who}{gave or noted(e.why)}."
    half = min(e.interval.half_width, e.value) if e.interval.is_known else math.nan
    cv = e.more.get("cv", math.nan)
    amount = f" {amount_of(e.value, e.interval, cv, runs)}" if math.isfinite(cv) else ""
    told = interval(e.interval, half).partition(" over ")[0]
    ends = f"range {shown(e.more['min'], e.value)} to {shown(e.more['max'], e.value)}"
    notes = ", ".join(
        (
            f"SD {shown(e.value, half)}{noted(told)}",
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
        f"Two single runs of {whole(e)} differ by more than {shown(gap, half)} only about "
        f"once in 20; do not read smaller gaps from one run."
    )


def spread_ratio_sentences(answer: Answer) -> Iterator[str]:
    """Yield which of two repetitions scatters more, with both standard deviations."""
    for e in answer.of(Statistic.SD_RATIO):
        parts = {n[3:]: v for n, v in e.more.items() if n.startswith("sd_") and n[3:] in BY_NAME}
        half = max(parts.values(), default=0) / 10
        sds = ", ".join(
            f"SD {shown(v, half) if v else 0} over {factor_words(n)[1]}" for n, v in parts.items()
        )
        sds += _seed_alone(e)
        larger = str(e.found.get("larger", ""))
        label = f"{measure_text(e.measure)}{of({**e.levels, **e.within})}"
        ratio = f"ratio {value(e)}, {interval(e.interval)}" if e.interval.is_known else ""
        notes = noted(sds, ratio, e.why)
        if larger:
            yield f"{label} scatters more over {factor_words(larger)[1]}{notes}."
        else:
            yield f"Whether {label} scatters more over the one or the other is open{notes}."


def _seed_alone(e: Estimate) -> str:
    """Return what of the inner SD is the seed's own, where the same seeds ran on each split."""
    crossed = {n.removeprefix(CROSSED): v for n, v in e.more.items() if n.startswith(CROSSED)}
    seed, rest = (crossed.get(n, math.nan) for n in (FactorKind.MODEL_SEED.value, REST))
    if not (math.isfinite(seed) and math.isfinite(rest)) or not seed + rest:
        return ""
    told = f"{shown(seed, (seed + rest) / 10)} is" if seed else "none is"
    return f" within a split, of which {told} alike on all splits"


def variance_share_sentences(answer: Answer) -> Iterator[str]:
    """Yield from what the variance comes, the largest share first, then intervals and tests."""
    arms: dict[tuple[str, str], list[Estimate]] = {}
    for e in answer.of(Statistic.VARIANCE_SHARE):
        arms.setdefault((e.measure, levels_text(_without_cause(e))), []).append(e)
    for (measure, who), own in arms.items():
        causes = largest(e for e in own if e.levels[CAUSE] != REST)
        rest = [f"{percent(e.value)} is rest" for e in own if e.levels[CAUSE] == REST]
        shares = [f"{percent(e.value)} from the {_cause(e)}" for e in causes]
        shares[0] = (
            f"{percent(causes[0].value)} of the variance of {measure_text(measure)}"
            + (f" of {who}" if who else "")
            + f" comes from the {_cause(causes[0])}"
        )
        ends = [
            f"{_cause(e)} {share_interval(e.interval).removeprefix('95 % interval ')}"
            for e in (*causes, *(e for e in own if e not in causes))
        ]
        tests = [_share_test(e) for e in causes if math.isfinite(e.more["variance_f"])]
        yield (
            f"About {', '.join((*shares, *rest))}. 95 % intervals: {'; '.join(ends)}"
            f"{noted(f'over {causes[0].n} runs')}. {' '.join(tests)}"
        ).strip()


def _share_test(e: Estimate) -> str:
    word = "shown to add" if e.more["variance_p"] < ALPHA else "not shown to add"
    degrees = f"{e.more['degrees']:.0f}, {e.more['f_degrees']:.0f}"
    f, p = e.more["variance_f"], p_text(e.more["variance_p"])
    return f"The {_cause(e)} is {word} variance (F({degrees}) = {f:.1f}, p {p})."


def _cause(e: Estimate) -> str:
    return str(e.levels[CAUSE])


def _without_cause(e: Estimate) -> Levels:
    return {n: v for n, v in {**e.within, **e.levels}.items() if n != CAUSE}


def choice_sentences(answer: Answer) -> Iterator[str]:
    """Yield what is chosen on validation, with its value on the test."""
    for e in answer.of(Statistic.CHOSEN):
        where = f" ({e.within['block']})" if e.within.get("block", "0") != "0" else ""
        if e.why:
            yield f"{e.why[:1].upper()}{e.why[1:]}{where}: {levels_text(e.found)} ({value(e)})."
            continue
        test = (
            f"its test value is {value(e)}" if math.isfinite(e.value) else "it has no test value"
        )
        chosen = f"{levels_text(e.levels)} with {levels_text(e.found)}"
        trials = f"of {e.more['trials']:.0f}, validation {shown(e.more['validation'])}"
        told = f"{chosen} is chosen on validation{where} ({trials}); {test}"
        yield f"{measure_text(e.measure)}: {told}."


def stopping_sentences(answer: Answer) -> Iterator[str]:
    """Yield how many repetitions would have been enough, in hindsight and by a rule without."""
    repeated = factor_words(answer.question.over[0])[1] if answer.question.over else "repetitions"
    for e in answer.of(Statistic.STOP):
        n, saved = e.more.get("repetitions", math.nan), e.more.get("saved", math.nan)
        orders = ""
        if e.interval.is_known:
            orders = f"{e.interval.low:.0f} to {e.interval.high:.0f} in 95 % of other orders"
        yield (
            f"{measure_text(e.measure)}{within(e.within)}: {e.value:.0f} of {n:.0f} {repeated} "
            f"would have been enough{noted(orders)}, seen afterwards; that saves {saved:.0f} "
            "trainings."
        )
    for e in answer.of(Statistic.RULE):
        right = e.more.get("rule_agrees", math.nan)
        yield (
            f"A rule that sees only what has run stops at {e.value:.0f}"
            f"{noted(e.why, f'right in {percent(right)} of the orders')}."
        )


def false_alarm_sentences(answer: Answer) -> Iterator[str]:
    """Yield how many pairs of runs of one model a test tells apart."""
    test = answer.question.test
    by = f" in the {test} test" if test else ""
    for e in answer.of(Statistic.SHARE):
        pairs, share = e.more.get("pairs", math.nan), e.more.get("disjoint_share", math.nan)
        disjoint = f"{percent(share)} of {e.interval.n} disjoint pairs"
        yield (
            f"{measure_text(e.measure)}{of(e.levels)}: {percent(e.value)} of {pairs:.0f} pairs "
            f"of runs of the same model ({e.value * pairs:.0f}) come out with p < 0.05{by}"
            f"{noted(disjoint, share_interval(e.interval))}."
        )

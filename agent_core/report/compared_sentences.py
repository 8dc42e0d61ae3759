"""Answers over compared factors as sentences: interactions, responses, orders, costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from agent_core.prose.number_format import exact_percent, p_text, percent, shown
from agent_core.report.answer_phrases import (
    MOST,
    by_context,
    by_measure,
    ends,
    interval,
    largest,
    listed,
    noted,
    p_of,
    share_interval,
    spoken,
    step,
    value,
    whole,
    within,
)
from agent_core.report.difference_sentences import difference_sentences
from agent_core.report.level_sentences import MOST_LEVELS, level_sentences
from agent_core.rules.design_words import factor_words, label_text, levels_text, measure_text
from agent_core.statistics.answers.answer import (
    Answer,
    Estimate,
    Grade,
    Statistic,
    Verdict,
    label_of,
    name_of_order,
)
from agent_core.statistics.answers.orders import CHANGE

MOST_ORDERS = 6
GROUP = "group"
"""The level that a group is, among those within which something is told."""


def interaction_sentences(answer: Answer) -> Iterator[str]:
    """Yield whether a difference depends on the second factor, then the changes that tell."""
    for measure, own in by_measure(answer.of(Statistic.INTERACTION)):
        contexts: dict[str, list[Estimate]] = {}
        for e in own:
            contexts.setdefault(levels_text(e.within), []).append(e)
        ranked = {name: _shown_first(some) for name, some in contexts.items()}
        lines = [_change(name, some[0]) for name, some in ranked.items()]
        rest = sum(map(len, ranked.values())) - len(lines[: MOST - 1])
        more = f" {rest} more in the table." if rest else ""
        told = _dependence(measure, own, ranked, answer.question.groups)
        yield f"{told} {' '.join(lines[: MOST - 1])}{more}"


def _shown_first(changes: Sequence[Estimate]) -> list[Estimate]:
    """Return changes, those that a test shows first by their size, the others as they stand."""
    apart = [e for e in changes if e.test and e.test.is_shown]
    return [*largest(apart), *(e for e in changes if e not in apart)]


def _dependence(
    measure: str, own: Sequence[Estimate], ranked: Mapping[str, Sequence[Estimate]], groups: str
) -> str:
    """Return whether the difference depends on the second factor, and within what.

    `groups` are the question's words for what groups go by.
    """
    pairs = dict.fromkeys(str(e.found["difference"]) for e in own)
    pair = f"The difference {label_text(next(iter(pairs)))}" if len(pairs) == 1 else "A difference"
    subject = f"{pair} in {measure_text(measure)}"
    name = str(own[0].found["factor"])
    factor = groups if name == GROUP and groups else factor_words(name)[0]
    yes = [n for n, some in ranked.items() if some[0].test and some[0].test.is_shown]
    no = [n for n in ranked if n not in yes]
    if not yes:
        where = f" for {spoken(no)}" if any(no) else ""
        if any(e.test and e.test.verdict is Verdict.DIFFERS for e in own):
            return f"{subject} is another one over the {factor}, told without a test{where}."
        return f"{subject} is not shown to depend on the {factor}{where}."
    where = f" for {spoken(yes)}" if any(yes) else ""
    rest = f"; for {spoken(no)} that is not shown" if no else ""
    return f"{subject} depends on the {factor}{where}{rest}."


def _change(name: str, e: Estimate) -> str:
    """Return a difference at both levels, and how far it is another."""
    half = e.interval.half_width
    pair, one, other = (label_text(str(e.found[n])) for n in ("difference", "from", "to"))
    before, after = (shown(e.more[f"difference_{n}"], half) for n in ("from", "to"))
    notes = noted(interval(e.interval), p_of(e.test) if e.test else "", e.why)
    place = "in" if e.found["factor"] == GROUP else "at"
    told = f"{before} {place} {one}, {after} {place} {other}"
    return f"{name or pair}: {told}, a change of {value(e)}{notes}."


# -- responses, orders, groups ---------------------------------------------------------------


def response_sentences(answer: Answer) -> Iterator[str]:
    """Yield from which level on all is within the tolerance, where one was set; then curves."""
    yield from _first_within(answer)
    for measure, own in by_measure(answer.of(Statistic.MEAN)):
        told = listed(map(_curve, by_context(own)))
        yield f"{measure_text(measure)}{_over_factor(own)}: {told}."
    yield from _ratios(answer)
    yield from _trends(answer)


def _first_within(answer: Answer) -> Iterator[str]:
    """Yield the first levels of all curves of a measure in one sentence."""
    reference = answer.question.reference
    for measure, own in by_measure(answer.of(Statistic.FIRST_WITHIN)):
        named = _named_reference(answer, measure)
        tolerance = exact_percent(own[0].more.get("tolerance", math.nan))
        firsts: dict[str, list[str]] = {}
        for e in own:
            found = "" if reference in e.found.values() else levels_text(e.found)
            firsts.setdefault(found, []).append(levels_text(e.within))
        told = "; ".join(_from(found, names) for found, names in firsts.items())
        yield f"Within {tolerance} of {named}: {told}."


def _named_reference(answer: Answer, measure: str) -> str:
    """Return what the levels are held against: `NDCG@10 at 100 % of the training`."""
    asked = answer.question
    if asked.reference is None or len(asked.over) != 1:
        return f"the reference in {measure_text(measure)}"
    return f"{measure_text(measure)} at {levels_text({asked.over[0]: asked.reference})}"


def _from(found: str, names: Sequence[str]) -> str:
    who = f" for {spoken(names)}" if any(names) else ""
    return f"from {found} on{who}" if found else f"shown of no other level{who}"


def _over_factor(means: Sequence[Estimate]) -> str:
    names = dict.fromkeys(n for e in means for n in e.levels if n != "algorithm")
    return f" by {', '.join(factor_words(n)[0] for n in names)}" if names else ""


def _curve(means: Sequence[Estimate]) -> str:
    steps = [f"{value(e)} at {step(e.levels)}" for e in means]
    if len(steps) > MOST + 1:
        steps = [*steps[:2], "…", *steps[-2:]]
    name = levels_text(means[0].within)
    return f"{name + ' ' if name else ''}{' → '.join(steps)}"


def _ratios(answer: Answer) -> Iterator[str]:
    """Yield the level of each curve that is furthest from the reference."""
    for measure, own in by_measure(answer.of(Statistic.RATIO)):
        told = [
            _ratio(max(g, key=lambda e: abs(math.log(max(e.value, 1e-9)))))
            for g in by_context(own)
        ]
        yield f"Furthest from the reference in {measure_text(measure)}: {listed(told)}."


def _ratio(e: Estimate) -> str:
    why = "" if e.grade is Grade.SAME else f"{e.why}: no test"
    name = levels_text(e.within)
    return (
        f"{name + ' ' if name else ''}at {step(e.levels)} has {percent(e.value)} of its value "
        f"at {step(e.against)}{noted(share_interval(e.interval), why)}"
    )


def _trends(answer: Answer) -> Iterator[str]:
    """Yield the trends of all curves of a measure in one sentence."""
    for measure, own in by_measure(answer.of(Statistic.TREND)):
        told = listed((_trend(e) for e in own), MOST_LEVELS)
        yield f"Trend of {measure_text(measure)} along the levels: {told}."


def _trend(e: Estimate) -> str:
    p = e.more.get("trend_p", 1.0)
    word = ("rises" if e.value > 0 else "falls") if p < 0.05 else "none shown"
    name = levels_text(e.within)
    notes = noted(
        f"mean rank correlation {e.value:.2f}", f"Page's p {p_text(p)}", f"n = {e.n:,} users"
    )
    return f"{name + ' ' if name else ''}{word}{notes}"


def order_sentences(answer: Answer) -> Iterator[str]:
    """Yield whether the order is the same everywhere, who is first, and what tests show."""
    told = {
        key: _ranked(answer, *key)
        for key in dict.fromkeys(
            (e.measure, levels_text(e.within)) for e in answer.of(Statistic.STABILITY)
        )
    }
    if told:
        yield _compared_orders(answer, told)
    changed = [e for e in answer.of(Statistic.TAU) if e.found]
    if changed:
        yield _changes_of_place(answer, changed)
    orders = {tuple(order) for order in told.values()}
    if len(orders) > 1:
        cases = (f"{_case(answer, *key)}: {' > '.join(order)}" for key, order in told.items())
        yield f"Orders: {listed(cases, MOST_ORDERS)}."


def _compared_orders(answer: Answer, told: dict[tuple[str, str], list[str]]) -> str:
    """Return whether order and winner are the same in all cases."""
    first = _firsts(answer)
    if len(told) == 1:
        (order,) = told.values()
        return f"The order is {' > '.join(order)}. {first}"
    if len(set(map(tuple, told.values()))) == 1:
        (order, *_) = told.values()
        return f"The order is the same in all {len(told)} cases: {' > '.join(order)}. {first}"
    winners = {levels_text(e.found) for e in answer.of(Statistic.WINNER)}
    if len(winners) == 1:
        return f"{first} The order of the others is not the same in all {len(told)} cases."
    changes = [said for e in answer.of(Statistic.TAU) for said in e.found.values()]
    doubt = "" if CHANGE in changes else ", but no test shows a change of places"
    return f"Neither the order nor the first is the same in all {len(told)} cases{doubt}. {first}"


def _firsts(answer: Answer) -> str:
    """Return who is first where, in what shares of the resamples of users."""
    found = answer.of(Statistic.WINNER)
    groups: dict[str, list[Estimate]] = {}
    for e in found:
        groups.setdefault(levels_text(e.found), []).append(e)
    if len(groups) == 1 and len(found) > 1:
        (name,) = groups
        cases = [_case(answer, e.measure, levels_text(e.within)) for e in found]
        where = f"under {spoken(cases)}" if len(cases) <= MOST else f"in all {len(cases)} cases"
        return f"{name} is first {where} ({_resamples(found)}{_in_all(answer)})."
    told = [
        f"{name}{_under(answer, own) if len(found) > 1 else ''} ({_resamples(own)})"
        for name, own in groups.items()
    ]
    return f"First: {listed(told)}."


def _under(answer: Answer, own: Sequence[Estimate]) -> str:
    cases = [_case(answer, e.measure, levels_text(e.within)) for e in own]
    return f" under {spoken(cases[:MOST])}" + (" …" if len(cases) > MOST else "")


def _resamples(own: Sequence[Estimate]) -> str:
    """Return the shares of resamples in which each is first, or their range where many."""
    shares = [e.value for e in own if math.isfinite(e.value)]
    if not shares:
        return "no values of users"
    told = spoken(percent(s) for s in shares)
    if len(shares) > MOST:
        told = f"{percent(min(shares))} to {percent(max(shares))}"
    return f"in {told} of the resamples of users"


def _in_all(answer: Answer) -> str:
    """Return in how many resamples one is first everywhere."""
    shares = [e.value for e in answer.of(Statistic.SAME_WINNER) if math.isfinite(e.value)]
    return f"; one is first everywhere in {percent(min(shares))}" if shares else ""


def _case(answer: Answer, measure: str, where: str) -> str:
    """Return under what an order stands: its levels, with the measure where there are several."""
    are_several = len({e.measure for e in answer.of(Statistic.WINNER)}) > 1
    return (
        f"{where} by {measure_text(measure)}"
        if where and are_several
        else (where or measure_text(measure))
    )


def _ranked(answer: Answer, measure: str, where: str) -> list[str]:
    """Return the order that the pairs of one ranking come to."""
    wins: dict[str, int] = {}
    for e in answer.of(Statistic.STABILITY, measure):
        if levels_text(e.within) == where:
            better, worse = levels_text(e.levels), levels_text(e.against)
            wins[better] = wins.get(better, 0) + 1
            wins.setdefault(worse, 0)
    return sorted(wins, key=lambda name: -wins[name])


def _changes_of_place(answer: Answer, changed: Sequence[Estimate]) -> str:
    """Return which pairs change places by tests, and how sure the others are."""
    pairs = [(e, pair) for e in changed for pair in e.found]
    shown_ones = [(e, pair) for e, pair in pairs if e.found[pair] == CHANGE]
    if shown_ones:
        told = listed(_changed(answer, e, pair) for e, pair in shown_ones)
        rest = len(pairs) - len(shown_ones)
        more = f" {rest} more stand the other way round without such tests." if rest else ""
        return f"Change places, both differences shown by tests: {told}.{more}"
    told = listed((_changed(answer, e, pair) for e, pair in pairs), MOST - 2)
    return f"No change of places is shown by tests of both differences: {told}."


def _changed(answer: Answer, e: Estimate, pair: str) -> str:
    """Return a pair that stands the other way round, and how often users bear either order out."""
    sides = [str(next(iter(side.values()), "")) for side in (e.levels, e.against)]
    shares = {
        (name_of_order(s.measure, s.within), both): s.value
        for s in answer.of(Statistic.STABILITY)
        for a, b in itertools.permutations((label_of(s.levels), label_of(s.against)))
        if (both := f"{a} and {b}")
    }
    kept = [shares.get((side, pair), math.nan) for side in sides]
    notes = [percent(share) for share in kept if math.isfinite(share)]
    told = f"kept in {' and '.join(notes)} of the resamples" if notes else ""
    between = " and ".join(map(label_text, sides))
    return f"{label_text(pair)} between {between}{noted(told)}"


def group_sentences(answer: Answer) -> Iterator[str]:
    """Yield the levels of all groups, a curve each, then differences within them."""
    for measure, own in by_measure(answer.of(Statistic.MEAN)):
        curves: dict[str, list[str]] = {}
        for e in own:
            outside = {n: level for n, level in e.within.items() if n != GROUP}
            name = levels_text({**outside, **e.levels})
            curves.setdefault(name, []).append(_in_group(e))
        over = next((e.interval.over for e in own if e.interval.is_known), "")
        notes = f"; in brackets 95 % intervals over {over}" if over else ""
        told = listed(f"{name} {', '.join(steps)}".strip() for name, steps in curves.items())
        yield f"{measure_text(measure)}: {told}{notes}."
    counts = answer.of(Statistic.COUNT)
    if counts:
        sizes = (f"{e.value:,.0f} {e.measure} in {levels_text(e.levels)}" for e in counts)
        yield f"Sizes: {', '.join(sizes)}."
    if answer.of(Statistic.DIFFERENCE):
        yield from difference_sentences(answer)


def _in_group(e: Estimate) -> str:
    notes = noted(ends(e.interval)) if e.interval.is_known else ""
    return f"{value(e)}{notes} in {levels_text({GROUP: e.within[GROUP]})}"


# -- trade-offs, counts, costs ---------------------------------------------------------------


def trade_off_sentences(answer: Answer) -> Iterator[str]:
    """Yield what nothing dominates and what something does, shares of the reference, levels."""
    labels = spoken(dict.fromkeys(measure_text(m) for m in answer.question.measures))
    best = {whole(e): e.value for e in answer.of(Statistic.UNDOMINATED)}
    others = [n for n in dict.fromkeys(map(whole, answer.of(Statistic.MEAN))) if n not in best]
    if best:
        notes = {
            n: f" (in {percent(share)} of the resamples)"
            for n, share in best.items()
            if math.isfinite(share)
        }
        names = listed(f"{name}{notes.get(name, '')}" for name in best)
        rest = f"; something dominates {listed(others)}" if others else ""
        yield f"In {labels} nothing dominates {names}{rest}."
    yield from _relatives(answer)
    yield from level_sentences(answer)


def _relatives(answer: Answer) -> Iterator[str]:
    """Yield both measures of each level as shares of the reference."""
    points: dict[str, list[Estimate]] = {}
    for e in answer.of(Statistic.RATIO):
        points.setdefault(whole(e), []).append(e)
    told = listed(
        f"{name} {' and '.join(f'{percent(e.value)} in {measure_text(e.measure)}' for e in own)}"
        for name, own in points.items()
    )
    references = dict.fromkeys(levels_text(e.against) for own in points.values() for e in own)
    if told:
        yield f"Relative to {spoken(references)}: {told}."


def count_sentences(answer: Answer) -> Iterator[str]:
    """Yield what each level holds after its rules."""
    groups: dict[str, list[str]] = {}
    for e in answer.of(Statistic.COUNT):
        if e.within.get("step", "after") == "after":
            amount = percent(e.value) if e.measure == "density" else f"{e.value:,.0f}"
            groups.setdefault(levels_text(e.levels), []).append(
                f"{amount} {measure_text(e.measure)}"
            )
    lines = [f"{name}: {', '.join(told)}" for name, told in groups.items()]
    yield f"What is left: {'; '.join(lines)}."


def cost_sentences(answer: Answer) -> Iterator[str]:
    """Yield the costs, then those as multiples of the reference."""
    yield from level_sentences(answer)
    for measure, own in by_measure(answer.of(Statistic.RATIO)):
        told = listed(
            f"{levels_text(e.levels)} takes {shown(e.value, e.interval.half_width)} times what "
            f"{levels_text(e.against)} does{within(e.within)}"
            for e in own
        )
        yield f"{measure_text(measure)}: {told}."

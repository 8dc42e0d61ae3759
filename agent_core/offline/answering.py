"""Answers questions from recorded results; refuses what was not recorded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from agent_core.domain import Answer, Metric, Plan
from agent_core.grounding.answer_text import is_within
from agent_core.offline.design_answers import answer_of_design
from agent_core.offline.grammar import read
from agent_core.offline.text_patterns import says, wish_in
from agent_core.prose.number_format import p_text, percent, shown
from agent_core.researcher import AnswerRequest
from agent_core.rules.design_words import design_text, question_lines
from agent_core.statistics.facts import EQUIVALENCE
from agent_core.statistics.quotable import compares_parts

NO_MARGIN = (
    " No equivalence margin was set before the results, so I cannot say whether they are "
    "equivalent."
)
WORDS = {
    "sd": "SD over runs", "cv": "CV", "min": "lowest run", "max": "highest run",
    "range": "range", "mean": "mean",
}  # fmt: skip

NO_CAUSE = (
    "The recorded results say what came out, not why: nothing here was varied to find a cause."
)
SHOWN_PAIRS = 4
HERE = "At these configurations, on this data and split."


def answer(request: AnswerRequest) -> Answer:
    """Return an answer that quotes the recorded results it used."""
    if says("status", request.question) or not request.facts:
        return Answer(request.status or "Nothing is recorded yet.")
    offered = _offer(request)
    if offered is not None:
        return offered
    if compares_parts(request.plan):
        return _answer_by_questions(request)
    named = _named_algorithms(request.plan, request.question)
    if says("why", request.question):
        return _answer_without_cause(request, named)
    if says("which_run", request.question):
        return _runs(request)
    if len(named) != 2 and says("tells_apart", request.question):
        return _difference_statistics(request, named) or _ranking_answer(
            request.plan, request.facts
        )
    if len(named) == 2 and says("compares_two", request.question):
        return _compare_answer(request, *named)
    if says("which_best", request.question):
        return _ranking_answer(request.plan, request.facts)
    if says("how_many", request.question):
        return _counts(request.plan, request.facts)
    return _statistics(request)


def _named_algorithms(plan: Plan, question: str) -> list[str]:
    """Return the algorithms of a plan that a question names."""
    kinds = read(question).algorithms
    exact = [a.name for a in plan.algorithms if re.search(rf"{re.escape(a.name)}\b", question)]
    swept = [a for a in exact if " " in a]
    return swept or [a.name for a in plan.algorithms if a.name.split(" ")[0] in kinds]


def _offer(request: AnswerRequest) -> Answer | None:
    """Offer the wish that a question holds; None where it holds none."""
    if not says("offer", request.question):
        return None
    wish = wish_in(request.question).removeprefix("also ")
    reading = read(wish)
    known = {a.name.split(" ")[0] for a in request.plan.algorithms}
    fresh = set(reading.algorithms) - known
    if not fresh and not reading.folds and not reading.seeds and not says("more_work", wish):
        return None
    return Answer("That was not part of this run; it needs a new round.", (), wish)


def _compare_answer(request: AnswerRequest, a: str, b: str) -> Answer:
    """Answer whether two algorithms differ, by the recorded paired difference."""
    plan, facts, metric = request.plan, request.facts, request.plan.primary
    for one, other in ((a, b), (b, a)):
        key = f"{metric.key}|{one} - {other}"
        if f"{key}|difference" not in facts:
            continue
        value, low, high = (
            facts.get(f"{key}|{s}") for s in ("difference", "difference_low", "difference_high")
        )
        if value is None or low is None or high is None:
            continue
        p_value, half = facts.get(f"{key}|p", 1.0), (high - low) / 2
        is_apart = (low > 0 or high < 0) and p_value < 0.05
        verb = ("higher" if value > 0 else "lower") + " than" if is_apart else ""
        words = verb or "not distinguishable from"
        return Answer(
            f"{one} is {words} {other} in {metric.label}: difference {shown(value, half)}, 95 % "
            f"interval over users {shown(low, half)} to {shown(high, half)}, adjusted p "
            f"{p_text(p_value)}. {HERE}{_equivalence(request, one, other)}",
            (f"{key}|difference", f"{key}|p"),
        )
    return _ranking_answer(plan, facts)


def _answer_without_cause(request: AnswerRequest, named: list[str]) -> Answer:
    """Answer a question for a cause: what is recorded of it, and that no cause is."""
    if len(named) == 2:
        found = _compare_answer(request, *named)
    else:
        found = _difference_statistics(request, named) or _ranking_answer(
            request.plan, request.facts
        )
    return Answer(f"{NO_CAUSE} What is recorded: {found.text}", found.quoted)


def _difference_statistics(request: AnswerRequest, named: list[str]) -> Answer | None:
    """Tell the recorded paired differences, of an algorithm where one is named; None without."""
    names = [a.name for a in request.plan.algorithms]
    key = request.plan.primary.key
    pairs = [
        (a, b)
        for a in names
        for b in names
        if f"{key}|{a} - {b}|difference" in request.facts
        and (not named or a in named or b in named)
    ]
    told = [_compare_answer(request, a, b) for a, b in pairs[:SHOWN_PAIRS]]
    if not told:
        return None
    more = (
        f"\n{len(pairs) - SHOWN_PAIRS} more are in report.md." if len(pairs) > SHOWN_PAIRS else ""
    )
    said = "\n".join(t.text.replace(f" {HERE}", "").replace(NO_MARGIN, "") for t in told)
    text = f"{said} {HERE}{NO_MARGIN if says('equals', request.question) else ''}{more}"
    return Answer(text, tuple(q for t in told for q in t.quoted))


def _runs(request: AnswerRequest) -> Answer:
    """Answer which seed was best: the ends of the range, and that choosing one is no result."""
    plan, facts, label = request.plan, request.facts, request.plan.primary.label
    lines, quoted = [], []
    for name in (a.name for a in plan.algorithms):
        ends = [f"{plan.primary.key}|{name}|{s}" for s in ("min", "max", "sd")]
        if all(e in facts for e in ends):
            low, high = (shown(facts[e], facts[ends[2]]) for e in ends[:2])
            lines.append(f"{label} of {name}: lowest run {low}, highest run {high}.")
            quoted += ends[:2]
    if not lines:
        return _ranking_answer(plan, facts)
    lines.append(
        "Which seed had which value is in tables/per_run.csv of the zip. A seed that is picked "
        "after the results were seen is no finding: report all of them."
    )
    return Answer("\n".join(lines), tuple(quoted))


def _equivalence(request: AnswerRequest, a: str, b: str) -> str:
    """Say what the plan's margin decided; empty where there is none and nobody asked."""
    facts, label = request.facts, request.plan.primary.label
    key = f"{request.plan.primary.key}|{a} - {b}"
    is_shown = is_within(facts, key)
    if is_shown is None:
        is_asked = f"{key}|margin" not in facts and says("equals", request.question)
        return NO_MARGIN if is_asked else ""
    margin, low, high = (facts[f"{key}|{s}"] for s in EQUIVALENCE[:3])
    tested = f"within ±{margin:g} (TOST: 90 % interval {low:.4f} to {high:.4f})"
    if is_shown:
        return f" {a} and {b} are equivalent in {label} {tested}."
    return f" Equivalence of {a} and {b} in {label} is not shown {tested}."


def _statistics(request: AnswerRequest) -> Answer:
    """Answer what a statistic of a metric was."""
    plan, reading = request.plan, read(request.question)
    wanted = [name for name in WORDS if says(name, request.question)]
    metrics = _asked_metrics(plan, reading.metrics, reading.cutoffs)
    missing = [m for m in metrics if m not in plan.metrics]
    if missing:
        return _not_recorded(plan, missing)
    names = [a.name for a in plan.algorithms]
    if reading.algorithms:
        names = [n for n in names if n.split(" ")[0] in reading.algorithms]
        if not names:
            asked = ", ".join(reading.algorithms)
            return Answer(
                f"{asked} was not part of this run, so I cannot say.", (), f"add {asked}"
            )
    lines, quoted = [], []
    for metric in metrics:
        for name in names:
            found = _values(request.facts, metric, name, wanted or ["mean", "sd"])
            if found:
                lines.append(f"{metric.label} of {name}: {', '.join(t for t, _ in found)}")
                quoted += [reference for _, reference in found]
    if not lines:
        return Answer("That was not recorded, so I cannot say. I can quote: " + _quotable(plan))
    return Answer("\n".join(f"{line}." for line in lines), tuple(quoted))


def _asked_metrics(plan: Plan, names: tuple[str, ...], cutoffs: tuple[int, ...]) -> list[Metric]:
    """Return the metrics that a question is about; the primary one where it names none."""
    if not names and not cutoffs:
        return [plan.primary]
    if not names:
        names = (plan.primary.name,)
    found = []
    for name in names:
        known = [m for m in plan.metrics if m.name == name and (not cutoffs or m.k in cutoffs)]
        found += known or [Metric(name, cutoffs[0] if cutoffs else None)]
    return found


def _not_recorded(plan: Plan, missing: list[Metric]) -> Answer:
    """Refuse a metric that was not measured."""
    asked = missing[0]
    reason = ""
    if asked.k and not asked.is_rating and asked.k > plan.list_length:
        reason = f" (lists have {plan.list_length} items)"
    text = f"{asked.label} was not recorded{reason}, so I cannot say. Recorded: {_quotable(plan)}"
    return Answer(text, (), f"also report {asked.label}")


def _quotable(plan: Plan) -> str:
    """Return what can be quoted."""
    metrics = ", ".join(m.label for m in plan.metrics)
    return f"{metrics} of {', '.join(a.name for a in plan.algorithms)}."


def _values(
    facts: Mapping[str, float], metric: Metric, name: str, wanted: list[str]
) -> list[tuple[str, str]]:
    """Return (text, reference) of each wanted statistic that is recorded."""
    found = []
    for statistic in wanted:
        reference = f"{metric.key}|{name}|{statistic}"
        if reference in facts:
            low, high = (
                facts.get(f"{metric.key}|{name}|{statistic}_{e}") for e in ("low", "high")
            )
            half = _half_width(facts, f"{metric.key}|{name}", statistic)
            ends = f"{shown(low, half)} to {shown(high, half)}" if low and high else ""
            between = f" (95 % interval {ends})" if ends else ""
            value = facts[reference]
            said = percent(value) if statistic == "cv" else shown(value, half)
            found.append((f"{WORDS[statistic]} {said}{between}", reference))
    return found


def _half_width(facts: Mapping[str, float], key: str, statistic: str) -> float:
    """Return what the digits of a statistic have to fit; NaN where nothing is recorded."""
    if statistic in ("min", "max", "range"):
        return facts.get(f"{key}|sd", math.nan)
    ends = {"mean": "ci"}.get(statistic, statistic)
    low, high = (facts.get(f"{key}|{ends}_{e}", math.nan) for e in ("low", "high"))
    return (high - low) / 2


def _ranking_answer(plan: Plan, facts: Mapping[str, float]) -> Answer:
    """Order the algorithms by the primary metric."""
    metric = plan.primary
    found = {a.name: facts.get(f"{metric.key}|{a.name}|mean") for a in plan.algorithms}
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        return Answer("That was not recorded, so I cannot say.")
    ordered = sorted(known, key=known.__getitem__, reverse=metric.is_descending)
    halves = {name: _half_width(facts, f"{metric.key}|{name}", "mean") for name in ordered}
    text = ", ".join(f"{name} {shown(known[name], halves[name])}" for name in ordered)
    return Answer(
        f"By mean {metric.label}: {text}. Whether two of them really differ is in the report's "
        "paired intervals; the order alone does not say it.",
        tuple(f"{metric.key}|{name}|mean" for name in ordered),
    )


def _answer_by_questions(request: AnswerRequest) -> Answer:
    """Answer from the plan's questions; a value over levels of other data would say nothing."""
    if says("how_many", request.question):
        return _counts(request.plan, request.facts)
    if any(a.sentences for a in request.answers):
        return answer_of_design(request)
    asked = "\n".join(f"• {line}" for line in question_lines(request.plan))
    return Answer(
        "Levels of this study have training or test data of their own; a value over all of them "
        f"would say nothing. The report answers, with the values of each level:\n{asked}"
    )


def _counts(plan: Plan, facts: Mapping[str, float]) -> Answer:
    """Answer how many seeds, folds, users or algorithms there were."""
    users = next((v for k, v in facts.items() if k.endswith("|n_users")), None)
    tested = f", {users:.0f} test users" if users else ""
    if compares_parts(plan):
        return Answer(f"{design_text(plan)}{tested}.")
    return Answer(
        f"{len(plan.seeds)} seeds, {plan.split.folds} fold(s), {len(plan.algorithms)} "
        f"algorithms{tested}."
    )

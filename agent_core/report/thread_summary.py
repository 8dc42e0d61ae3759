"""What the thread shows: short enough for a phone, complete enough not to mislead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent_core.domain import Algorithm, Ending, Finding, Metric, Plan, Priority, Study
from agent_core.domain.events import Rerun
from agent_core.prose.clipping import clipped, on_one_line
from agent_core.prose.number_format import percent, shown
from agent_core.report.caveats import SPLIT_EFFECT, own_word, split_limits, unpredicted_text
from agent_core.report.headline import (
    mean_text,
    names_of,
    resolution_of,
    shared_half_width,
    summaries_over_seeds,
)
from agent_core.report.provenance import exploratory_text, person, tried_text
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.script_agreement import agreement
from agent_core.rules.wording import data_text, split_text
from agent_core.statistics.facts import Facts, Summary
from agent_core.statistics.observations import RUNS

LINE = 260
MAX_TEXT = 2500
SHOWN_ALGORITHMS = 8
SHOWN_METRICS = 4
ENDINGS = {
    Ending.NODES: "Stopped at the limit of scripts.",
    Ending.SECONDS: "Stopped at the time limit.",
    Ending.COST: "Stopped at the cost limit.",
    Ending.STOPPED: "Stopped on request.",
}
WARNINGS = {
    "retraining_agrees": "Not confirmed by the product's own training.",
    "beats_baseline": "The baseline is not beaten.",
    "selected_without_test": "Chosen by the test.",
}
"""Checks whose warnings stand before any number, and how they begin."""
ASTRAY = {
    "dataset_loaded": "The data cannot be taken for the planned ones.",
    "filters_as_planned": "The filters cannot be taken for the planned ones.",
    "split_as_planned": "The split cannot be taken for the planned one.",
    "temporal_leak": "The split was planned by time, and is not.",
    "folds_as_planned": "Not all planned folds were run.",
    "lists_exclude_train": "Recommended items are not shown to be new to their users.",
    "algorithms_as_planned": "The algorithms are not the planned ones.",
    "configuration_as_planned": "The configurations are not the planned ones.",
    "seeds_as_planned": "The seeds are not the planned ones.",
    "users_dropped": "The script's averages leave test users out; what could be computed again is "
    "told over all of them.",
}
"""Checks of the protocol that bind nothing, and what their failure means for a reader."""


@dataclass(frozen=True, slots=True)
class Prose:
    """The researcher's words after filling and striking."""

    findings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()


def alerts(inputs: ReportInputs, *, is_file: bool = False) -> list[str]:
    """Return what a reader must know before any number; a file names people by their part."""
    found = [
        f"**Not to be relied on: the check `{c.name}` failed.** {on_one_line(c.reason, LINE)}"
        for c in inputs.found(Finding.FAIL)
        if c.is_binding and inputs.has_results
    ]
    found += [*_astray(inputs), *own_word(inputs), *unpredicted_text(inputs)]
    found += [
        f"**{WARNINGS[c.name]}** {on_one_line(c.reason, LINE)}"
        for c in inputs.found(Finding.WARN)
        if c.name in WARNINGS
    ]
    found += [
        f"**Check `{w.check}` was set aside** by {person(inputs, w.by) if is_file else w.by}"
        f"{', after results were seen' if w in inputs.late_waivers else ''}: "
        f"{on_one_line(w.reason, LINE)}"
        for w in inputs.view.waivers
    ]
    found += [
        f"**Disputed** by {person(inputs, d.by) if is_file else d.by}: "
        f"“{on_one_line(d.text, LINE)}”"
        for d in inputs.view.disputes
    ]
    if inputs.is_exploratory:
        late = " So was the equivalence margin." if inputs.is_margin_late else ""
        found.append(f"**Exploratory:** {exploratory_text(inputs)}.{late}")
    if inputs.view.level == "unconfined":
        found.append("**Scripts ran without isolation** (`sandbox.level = unconfined`).")
    if inputs.is_synthetic:
        found.append("**Synthetic data:** generated for trying out, no evidence about people.")
    return [f"⚠️ {text}" for text in found]


def thread_text(inputs: ReportInputs, facts: Facts, prose: Prose) -> str:
    """Return the text under the headline, the least important parts left out when too long."""
    parts: list[tuple[int, str]] = [
        (1, _numbers(inputs, facts)),
        (3, _other_metrics(inputs, facts)),
        (3, _bullets("Findings", _unsaid(inputs, facts, prose.findings))),
        (2, protocol(inputs)),
        (1, _limits_text(inputs, facts, prose)),
        (1, _checks_text(inputs)),
        (2, agreement(inputs)),
        (2, _repeated_note(inputs)),
        (2, retrained_text(inputs)),
        (1, _requirements_text(inputs)),
        (4, _bullets("Next", prose.next_steps)),
        (5, _struck_text(prose)),
    ]
    parts = [(rank, text) for rank, text in parts if text]
    while len(text := "\n".join(t for _, t in parts)) > MAX_TEXT and len(parts) > 1:
        worst = max(range(len(parts)), key=lambda i: (parts[i][0], i))
        parts.pop(worst)
    return clipped(text, MAX_TEXT)


def body_text(inputs: ReportInputs, facts: Facts) -> str:
    """Return what `report.md` says before its chapters, without what these repeat."""
    parts = (
        _numbers(inputs, facts),
        _other_metrics(inputs, facts),
        protocol(inputs),
        _checks_text(inputs),
        agreement(inputs),
        _repeated_note(inputs),
        retrained_text(inputs),
        _requirements_text(inputs),
    )
    return "\n".join(text for text in parts if text)


def protocol(inputs: ReportInputs) -> str:
    """Return data, split, models and repetitions in one paragraph."""
    plan = inputs.plan
    data = "; ".join(
        f"`{d.name}`{f' ({d.known_as})' if d.known_as else ''}, {d.users:,} users, "
        f"{d.items:,} items, {d.rows:,} interactions, sha256 {d.sha256[:8]}…"
        for d in inputs.datasets
    )
    random = list(dict.fromkeys(_family(plan, a) for a in plan.algorithms if a.is_random))
    count = f"{len(plan.seeds)} seed{'s' if len(plan.seeds) != 1 else ''}"
    repeats = f" {count} of {', '.join(random)}." if random else ""
    split = split_text(plan.split)
    used = sentence(plan.feedback.rstrip("."))
    if plan.data.rules:
        used = f"{sentence(f'kept: {data_text(plan.data)}')} {used}"
    return f"*Protocol:* {data}. {used} {sentence(split)}{repeats}"


def sentence(text: str) -> str:
    """Return words as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def limits_of(inputs: ReportInputs, facts: Facts, prose: Prose) -> list[str]:
    """Return what was not measured or held fixed, each once."""
    found = split_limits(inputs, facts)
    if len(inputs.datasets) == 1:
        found.append("One data set: nothing here speaks for others.")
    is_said = any(SPLIT_EFFECT in t for t in found)
    return found + [
        on_one_line(t, LINE) for t in prose.limits if not (is_said and SPLIT_EFFECT in t)
    ]


def repeated_text(inputs: ReportInputs) -> str:
    """Return what a repetition of the chosen script in a clean sandbox showed."""
    found = _rerun_of(inputs)
    return found.text if found else ""


def retrained_text(inputs: ReportInputs) -> str:
    """Return what the product's own training of the recorded algorithms came to."""
    retrained = inputs.evidence.retrained if inputs.evidence else None
    if retrained is None or not retrained.pairs:
        return ""
    metric = inputs.plan.primary
    ours = [p for p in retrained.pairs if (p.metric, p.k) == (metric.name, metric.k)]
    far = max(ours or retrained.pairs, key=lambda p: (not p.agrees, abs(p.trained - p.delivered)))
    agree = f"{sum(p.agrees for p in retrained.pairs)} of {len(retrained.pairs)} values agree"
    label = Metric(far.metric, far.k).label
    trained, delivered = _shown_number(far.trained), _shown_number(far.delivered)
    gap = f"; furthest apart in {label} is {far.algorithm} with {trained} (delivered {delivered})"
    return (
        "*Trained again by the product* from the recorded classes, configurations and split: "
        f"{agree} within what seeds and ties explain{gap if trained != delivered else ''}."
    )


def _astray(inputs: ReportInputs) -> list[str]:
    """Return in what the experiment is not the planned one, by checks that bind nothing."""
    if not inputs.has_results:
        return []
    failed = {c.name: c for c in inputs.found(Finding.FAIL) if not c.is_binding}
    return [
        f"**{words}** {on_one_line(failed[n].reason, LINE)}"
        for n, words in ASTRAY.items()
        if n in failed
    ]


def _numbers(inputs: ReportInputs, facts: Facts) -> str:
    """Return means with the unit of their intervals."""
    plan = inputs.plan
    found = facts.of(plan.primary)
    if not found:
        return ""
    if _is_seed_study(inputs) and (varied := summaries_over_seeds(plan, facts)):
        return _seed_numbers(inputs, facts, varied[0])
    lines = [
        f"• {s.algorithm}{' (baseline)' if s.algorithm in names_of(plan.baselines) else ''}: "
        f"{mean_text(s)}{_between(s)}{_runs_text(s)}"
        for s in found[:SHOWN_ALGORITHMS]
    ]
    users = max(s.users for s in found)
    has_interval = any(math.isfinite(s.user_interval.low) for s in found)
    unit = f", 95 % interval over *test users* (n = {users:,})" if has_interval else ""
    unit += " (means over runs)" if any(s.estimand == RUNS for s in found) else ""
    return "\n".join([f"{plan.primary.label}{unit}:", *lines])


def _between(summary: Summary) -> str:
    """Return the interval over users in brackets."""
    interval = summary.user_interval
    if not math.isfinite(interval.low):
        return ""
    half = interval.half_width
    return f" [{shown(interval.low, half)}, {shown(interval.high, half)}]"


def _runs_text(summary: Summary) -> str:
    """Return the spread over runs."""
    if not math.isfinite(summary.sd):
        return ""
    value = shown(summary.sd, summary.sd_interval.half_width)
    return f"; SD over {summary.over} {value} (n = {summary.units})"


def _seed_numbers(inputs: ReportInputs, facts: Facts, first: Summary) -> str:
    """Return mean, baseline and the interval over users beside the spread over seeds."""
    others = [s for s in facts.of(inputs.plan.primary) if s is not first]
    text = f"Mean of {first.algorithm} {mean_text(first)}"
    text += "".join(f"; {s.algorithm} {mean_text(s)}" for s in others[:4]) + "."
    half = resolution_of(first)
    if math.isfinite(half):
        wider = half / max(1e-12, first.sd)
        much = "far " if wider > 3 else ""
        compared = f", {much}wider than the seed effect" if wider > 1.2 else ""
        text += (
            f" Over *test users* (n = {first.users:,}, averaged over the seeds) the 95 % interval "
            f"of the mean is ±{shown(half, half)}{compared}."
        )
    return text


def _other_metrics(inputs: ReportInputs, facts: Facts) -> str:
    """Return the metrics beside the primary one, a line each."""
    lines = []
    for metric in inputs.plan.metrics[1 : 1 + SHOWN_METRICS]:
        found = facts.of(metric)[:SHOWN_ALGORITHMS]
        varied = [s for s in found if s.over == "seeds"] if _is_seed_study(inputs) else []
        half = shared_half_width(found)
        values = [f"{s.algorithm} {mean_text(s, half)}{_spread_text(s, varied)}" for s in found]
        if values:
            lines.append(f"{metric.label}: {', '.join(values)}.")
    return "\n".join(lines)


def _unsaid(inputs: ReportInputs, facts: Facts, findings: Sequence[str]) -> list[str]:
    """Return the findings that do not list a metric beside the primary one once more."""
    said = tuple(f"{line.split(':')[0]}:" for line in _other_metrics(inputs, facts).splitlines())
    return [text for text in findings if not text.startswith(said)]


def _is_seed_study(inputs: ReportInputs) -> bool:
    """Whether the spread over seeds is what was asked."""
    return inputs.plan.study is Study.SEED_VARIANCE


def _spread_text(summary: Summary, varied: Sequence[Summary]) -> str:
    """Return SD with its interval and CV in brackets where the seed was varied."""
    if summary not in varied:
        return ""
    half = summary.sd_interval.half_width
    ends = " to ".join(shown(v, half) for v in (summary.sd_interval.low, summary.sd_interval.high))
    return f" (SD {shown(summary.sd, half)}, 95 % interval {ends}, CV {percent(summary.cv)})"


def _family(plan: Plan, algorithm: Algorithm) -> str:
    """Return the name that the values of a sweep share; of any other algorithm its own."""
    is_value = plan.swept is not None and plan.swept in algorithm.config
    return algorithm.name.partition(f" {plan.swept}=")[0] if is_value else algorithm.name


def _limits_text(inputs: ReportInputs, facts: Facts, prose: Prose) -> str:
    """Return what was not measured or held fixed, in one paragraph."""
    found = limits_of(inputs, facts, prose)
    return f"*Limits:* {' '.join(found)}" if found else ""


def _checks_text(inputs: ReportInputs) -> str:
    """Return the checks counted, warnings and failures named, and the state of the protocol."""
    if not inputs.checks:
        return ""
    passes, skipped = inputs.found(Finding.PASS), inputs.found(Finding.NOT_APPLICABLE)
    warned, failed = inputs.found(Finding.WARN), inputs.found(Finding.FAIL)
    text = f"*Checks:* {len(passes)} pass"
    if failed:
        text += f", **{len(failed)} fail** ({', '.join(c.name for c in failed)})"
    noun = "warning" if len(warned) == 1 else "warnings"
    text += f", {len(warned)} {noun}"
    named = [
        f"`{c.name}`, see above"
        if c.name in WARNINGS
        else f"`{c.name}` {on_one_line(c.reason, 140).rstrip('.')}"
        for c in warned[:3]
    ]
    text += f" ({'; '.join(named)})" if named else ""
    text += f", {len(skipped)} not applicable."
    freeze = inputs.view.freeze
    if freeze and not inputs.is_changed:
        text += (
            f" No change of protocol after results (v{freeze.version}, frozen before any result)."
        )
    return text


def _repeated_note(inputs: ReportInputs) -> str:
    """Return the same in a line where it repeated and nothing had changed."""
    found = _rerun_of(inputs)
    if found is None or not found.is_identical or found.changed:
        return found.text if found else ""
    return (
        f"*Repeated* in a clean sandbox: identical in all {found.compared} values. The run is "
        "deterministic *on this machine*; that does not make the method right."
    )


def _rerun_of(inputs: ReportInputs) -> Rerun | None:
    """Return the last repetition of the chosen script."""
    best = inputs.best.id if inputs.best else None
    return next((r for r in reversed(inputs.view.reruns) if r.node == best), None)


def _shown_number(value: float) -> str:
    """Return a value of a metric for a comparison at a glance."""
    return f"{value:.3f}"


def _requirements_text(inputs: ReportInputs) -> str:
    """Return how many requirements are met, and which musts are not."""
    best, plan = inputs.best, inputs.plan
    if best is None or not best.verdicts:
        return ""
    total, missing = len(plan.requirements), inputs.unmet
    text = f"*Requirements:* {total - len(missing)} of {total} met"
    musts = [r for r in missing if r.priority is Priority.MUST]
    named = [f"{r.id} ({on_one_line(r.text, 90).rstrip('.')})" for r in (musts or missing)[:4]]
    text += f"; not met: {', '.join(named)}." if named else "."
    ended = ENDINGS.get(inputs.ending) if inputs.ending else ""
    return f"{text} {tried_text(inputs)}.{f' {ended}' if ended else ''}"


def _bullets(title: str, texts: Sequence[str], most: int = 3) -> str:
    """Return a short list under a title."""
    return "\n".join([f"*{title}:*", *(f"• {t}" for t in texts[:most])]) if texts else ""


def _struck_text(prose: Prose) -> str:
    """Say that something of the researcher's words was struck."""
    count = len(prose.struck)
    if not count:
        return ""
    return (
        f"{count} unfounded piece(s) of the researcher's text were struck; report.md lists them."
    )

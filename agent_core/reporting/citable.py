"""What a citable report states: data, split, configurations, metrics, intervals, machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from typing import Any

from agent_core.digits import cost_text
from agent_core.domain import Dataset, Finding, Metric, SplitKind
from agent_core.events import ModelCalled
from agent_core.evidence import algorithms_of
from agent_core.quoting import is_measure, quoted, said_by, short
from agent_core.reporting.inputs import ReportInputs
from agent_core.reporting.thread import RANDOM_SPLITS, repeated_text

LEAKS = {
    **dict.fromkeys(
        RANDOM_SPLITS, "random hold-out: training may contain interactions later than tested ones"
    ),
    SplitKind.LEAVE_LAST: "per-user temporal: other users' later interactions are in training",
    SplitKind.GLOBAL_TIME: "one moment for all: training is earlier than every tested interaction",
    SplitKind.OTHER: "the script's own; see the source",
}
DEFINITIONS = {
    "ndcg": "binary gain",
    "recall": "hits over test items",
    "precision": "hits over k",
    "hit": "1 where at least one test item is listed",
    "mrr": "reciprocal rank of the first hit, 0 without one",
    "map": "mean of the precision at each hit",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "coverage": "share of the training items that are listed at all",
}
MOVIELENS = (
    "GroupLens terms: research use, to be cited, no redistribution without permission; "
    "Harper and Konstan, The MovieLens Datasets, ACM TiiS 5(4), 2015"
)


def statements(inputs: ReportInputs) -> list[tuple[str, str]]:
    """Return what must stand beside the numbers, as (subject, statement)."""
    found = [
        *(("Data", data_text(d)) for d in inputs.datasets),
        ("Filters", filters_text(inputs)),
        ("Rating to feedback", feedback_text(inputs)),
        ("Split", split_text(inputs)),
        ("Candidates", candidates_text(inputs)),
        *(("Algorithm", text) for text in algorithm_texts(inputs)),
        ("Seeds", seeds_text(inputs)),
        ("Users", users_text(inputs)),
        *(("Metric", metric_text(inputs, m)) for m in inputs.plan.metrics),
        ("Intervals", intervals_text(inputs)),
        ("Machine", machine_text(inputs)),
        ("Researcher", researcher_text(inputs)),
        ("Protocol", protocol_text(inputs)),
        ("Scripts", scripts_text(inputs)),
        ("Repetition", repeated_text(inputs)),
        ("Waivers", waivers_text(inputs)),
        ("Requirements not met", unmet_text(inputs)),
    ]
    return [(subject, text or "not recorded") for subject, text in found]


def data_text(data: Dataset) -> str:
    """Describe a dataset: name, hash, counts, licence."""
    known = data.known_as or "name and version not recognised"
    times = f", {data.first_time} to {data.last_time}" if data.first_time else ""
    licence = MOVIELENS if "movielens" in known.lower() else "not known to the product"
    if "synthetic" in known.lower():
        licence = "generated, free to use"
    return (
        f"`{data.name}` ({known}), sha256 `{data.sha256}`, {data.users:,} users, "
        f"{data.items:,} items, {data.rows:,} interactions{times}, density "
        f"{data.density:.2%}, {data.duplicates:,} repeated pairs. Licence and citation: {licence}."
    )


def filters_text(inputs: ReportInputs) -> str:
    """Return every filter with its counts, as the script recorded them."""
    described = inputs.evidence.run.get("dataset") if inputs.evidence else None
    if not isinstance(described, dict):
        return ""
    said = described.get("filters")
    filters = said if isinstance(said, list) else []
    texts = [
        f"{short(f.get('name'))}: {number(f.get('before'))} before, {number(f.get('after'))} after"
        for f in filters
        if isinstance(f, dict)
    ]
    used = ", ".join(
        f"{number(described[key])} {key}"
        for key in ("users", "items", "interactions")
        if key in described
    )
    return f"{'; '.join(texts) or 'none'}. Used: {used or 'not recorded'}."


def number(value: Any) -> str:
    """Return a count for people."""
    return f"{value:,}" if isinstance(value, int) else short(value)


def feedback_text(inputs: ReportInputs) -> str:
    """Return the rule that the script recorded, else the planned one."""
    described = inputs.evidence.run.get("dataset") if inputs.evidence else None
    said = described.get("feedback") if isinstance(described, dict) else ""
    return said_by("script", said) if said else f"planned: {inputs.plan.feedback}"


def candidates_text(inputs: ReportInputs) -> str:
    """Return which items were ranked, as the script recorded it."""
    said = inputs.evidence.run.get("candidates") if inputs.evidence else None
    return said_by("script", said) if said else ""


def split_text(inputs: ReportInputs) -> str:
    """Return the split, its sizes and its note on time."""
    split = inputs.plan.split
    text = split.text or split.kind.value.replace("_", " ")
    evidence = inputs.evidence
    sizes = [
        f"fold {fold}: {len(evidence.train[fold]):,} train, {len(test):,} test"
        for fold, test in (evidence.test.items() if evidence else ())
        if evidence and fold in evidence.train
    ]
    return f"{text}; {LEAKS[split.kind]}. {'; '.join(sizes[:10])}"


def algorithm_texts(inputs: ReportInputs) -> Iterator[str]:
    """Describe each algorithm: class, configuration in force, tuning."""
    known = algorithms_of(inputs.evidence.run) if inputs.evidence else {}
    for algorithm in inputs.plan.algorithms:
        said = known.get(algorithm.name, {})
        config = said.get("config")
        in_force = config if isinstance(config, Mapping) and config else algorithm.config
        source = "in force" if config else "planned"
        shown = [(str(k), v) for k, v in in_force.items() if not is_measure(str(k))][:40]
        values = ", ".join(f"{short(k)} = {short(v)}" for k, v in shown)
        kind = short(said.get("class") or algorithm.kind, 80)
        yield (
            f"{algorithm.name} ({algorithm.role.value}): {kind}, {source}: "
            f"{values or 'no hyperparameters'}; {tuning_text(said)}"
        )


def tuning_text(said: Mapping[str, Any]) -> str:
    """Return how many configurations were tried, and on what one was chosen."""
    trials, selected = said.get("trials"), said.get("selected_on")
    tuned = f"{short(trials, 20)} configurations tried" if trials else "not tuned"
    return f"{tuned}, selected on (the script says) {quoted(selected, 60)}" if selected else tuned


def seeds_text(inputs: ReportInputs) -> str:
    """Return the model seeds and the split seed."""
    plan = inputs.plan
    said = inputs.evidence.run.get("seeds") if inputs.evidence else None
    used = said if isinstance(said, list) and said else list(plan.seeds)
    shown = ", ".join(short(s, 20) for s in used[:60]) + (" …" if len(used) > 60 else "")
    return f"training {shown} (n = {len(used)}); split {plan.split.seed}"


def users_text(inputs: ReportInputs) -> str:
    """Return users evaluated and dropped."""
    evidence = inputs.evidence
    if evidence is None or not evidence.test:
        return ""
    tested = len({u for t in evidence.test.values() for u in t["user_id"].unique()})
    total = sum(d.users for d in inputs.datasets)
    averaged = max((s.users for s in inputs.facts.summaries), default=0) if inputs.facts else 0
    dropped = next((c.reason for c in inputs.checks if c.name == "users_dropped"), "")
    return f"{tested:,} of {total:,} users tested, {averaged:,} averaged. {dropped}".strip()


def metric_text(inputs: ReportInputs, metric: Metric) -> str:
    """Return a metric's definition: the one under which recomputation agreed."""
    agreed = inputs.facts.definitions.get(metric.key, "") if inputs.facts else ""
    text = f"{metric.label}: {DEFINITIONS.get(metric.name, 'as computed by the script')}"
    text += f"; recomputed from saved lists as: {agreed}" if agreed else "; not recomputed"
    is_single = inputs.plan.split.kind in (SplitKind.LEAVE_ONE_OUT, SplitKind.LEAVE_LAST)
    if metric.name == "recall" and is_single:
        text += ". With one test item per user Recall@K is Hit@K"
    return text


def intervals_text(inputs: ReportInputs) -> str:
    """Say what each interval is over and what it holds fixed."""
    plan = inputs.plan
    parts = [
        "means: 95 % percentile bootstrap over test users, each user's value averaged over runs, "
        "split and seeds held fixed",
        "standard deviations: 95 % chi-square interval over runs, normal scatter assumed",
        "differences: paired over the same users, percentile bootstrap and two-sided sign-flip "
        f"permutation test, Holm over the family of all comparisons in {plan.primary.label}",
    ]
    if plan.split.folds > 1:
        parts.append(
            "training sets of folds overlap: algorithms are paired over users; the intervals over "
            "folds in tables/summaries.csv are corrected after Nadeau and Bengio"
        )
    return "; ".join(parts)


def machine_text(inputs: ReportInputs) -> str:
    """Return hardware, versions and time used."""
    best = inputs.best
    spent = ""
    if best and best.execution:
        e = best.execution
        spent = (
            f"; {e.duration_s:.0f} s wall, {e.cpu_s:.0f} s CPU, {e.peak_memory_mib:.0f} MiB peak, "
            f"isolation {e.level.value}"
        )
    wanted = ("lenskit", "torch", "numpy", "pandas", "scipy")
    versions = ", ".join(
        f"{name} {inputs.packages.versions[name]}"
        for name in wanted
        if name in inputs.packages.versions
    )
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python "
        f"{inputs.packages.python}; {versions}{spent}"
    )


def researcher_text(inputs: ReportInputs) -> str:
    """Return who wrote plan and scripts, and what it used."""
    usage = inputs.view.usage
    if not usage.calls:
        return f"{inputs.view.researcher or 'not recorded'}; no model calls"
    asked = {e.event.model for e in inputs.log if isinstance(e.event, ModelCalled)}
    models = ", ".join(sorted(asked)) or "not recorded"
    return (
        f"{inputs.view.researcher}; asked: {models}; {usage.calls} calls, "
        f"{usage.input_tokens:,} input and {usage.output_tokens:,} output tokens, "
        f"{cost_text(usage)}"
    )


def protocol_text(inputs: ReportInputs) -> str:
    """Return plan version, freeze time and hash, and later changes."""
    freeze = inputs.view.freeze
    if freeze is None:
        return f"plan v{inputs.plan.version}, not frozen"
    changed = "changed after results: exploratory" if inputs.is_exploratory else "unchanged since"
    return (
        f"plan v{freeze.version} frozen {freeze.at:%Y-%m-%d %H:%M:%S %Z} by {freeze.by} before "
        f"any result (sha256 {freeze.plan_hash}), {changed}"
    )


def scripts_text(inputs: ReportInputs) -> str:
    """Return how many scripts were tried and how the winner was chosen."""
    nodes = inputs.view.nodes
    working = sum(n.is_working for n in nodes)
    best = f"script {inputs.best.id}" if inputs.best else "none"
    return (
        f"{len(nodes)} tried, {working} worked; chosen: {best}, by all musts met without a failed "
        "binding check, then the share of science requirements met, then the earliest; never by "
        "the metric's value"
    )


def waivers_text(inputs: ReportInputs) -> str:
    """Return the checks that were set aside."""
    found = [f"{w.check} by {w.by}: {w.reason}" for w in inputs.view.waivers]
    return "; ".join(found) or "none"


def unmet_text(inputs: ReportInputs) -> str:
    """Return requirements that are not met, and failed checks."""
    verdicts = inputs.best.verdicts if inputs.best else ()
    met = {v.requirement for v in verdicts if v.is_met}
    found = [f"{r.id}. {r.text}" for r in inputs.plan.requirements if r.id not in met]
    found += [f"check {c.name}: {c.reason}" for c in inputs.found(Finding.FAIL)]
    return "; ".join(found) or "none"

"""What a citable report states: data, split, configurations, metrics, intervals, machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent_core.domain import Algorithm, Dataset, Finding, Metric, Order, SplitKind, Study
from agent_core.domain.metric import RATING
from agent_core.evidence.evidence import recorded_algorithms
from agent_core.measures.metrics import KNOWN, LISTED_ONLY, POOLED
from agent_core.prose.quotation import is_measure, quoted, said_by, short
from agent_core.report.provenance import (
    machine_text,
    prompts_text,
    protocol_text,
    researcher_text,
    scripts_text,
    unmet_text,
    waivers_text,
)
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.tables import T_INTERVAL, methods
from agent_core.report.thread_summary import repeated_text, sentence
from agent_core.rules import wording

LEAKS = {
    **dict.fromkeys(
        (kind for kind in SplitKind if kind.is_drawn),
        "random hold-out: training may contain interactions later than tested ones",
    ),
    SplitKind.LEAVE_LAST: "per-user temporal: other users' later interactions are in training",
    SplitKind.GLOBAL_TIME: "one moment for all: training is earlier than every tested interaction",
    SplitKind.OTHER: "the script's own; see the source",
}
AVERAGING = {
    "pooled over predictions": "pooled over all predictions, active users weigh more",
    "mean over users": "macro: a mean over users, each weighs the same",
}
NEVER_CLAIMED = (
    "a place among or ahead of the best published methods",
    "that one algorithm is ahead of another beyond this data, split and configuration",
    "user satisfaction, or an effect on people who use a system",
    "agreement or disagreement with numbers published under other splits",
    "that a repetition on the same machine reproduces anything elsewhere",
    "significance without its test",
    "equality from a missing difference",
)
"""What no report of this product says, whatever the numbers."""
MOVIELENS = (
    "GroupLens terms: research use, to be cited, no redistribution without permission; "
    "Harper and Konstan, The MovieLens Datasets, ACM TiiS 5(4), 2015"
)


def statements(inputs: ReportInputs) -> list[tuple[str, str]]:
    """Return what must stand beside the numbers, as (subject, statement)."""
    found = [
        *(("Data", dataset_text(d)) for d in inputs.datasets),
        ("Filters", _filters_text(inputs)),
        ("Rating to feedback", _feedback_text(inputs)),
        ("Split", _split_text(inputs)),
        ("Candidates", _candidates_text(inputs)),
        *(("Algorithm", text) for text in algorithm_texts(inputs)),
        ("Seeds", _seeds_text(inputs)),
        ("Users", _users_text(inputs)),
        *(("Metric", metric_text(inputs, m)) for m in inputs.plan.metrics),
        ("Intervals", _intervals_text(inputs)),
        ("Machine", machine_text(inputs)),
        ("Researcher", researcher_text(inputs)),
        ("Prompts", prompts_text(inputs)),
        ("Protocol", protocol_text(inputs)),
        ("Scripts", scripts_text(inputs)),
        ("Repetition", repeated_text(inputs)),
        ("Independent training", _retraining_text(inputs)),
        ("Waivers", waivers_text(inputs)),
        ("Requirements not met", unmet_text(inputs)),
    ]
    return [(subject, text or "not recorded") for subject, text in found]


def dataset_text(data: Dataset) -> str:
    """Describe a dataset: name, hash, counts, licence."""
    known = data.known_as or "name and version not recognised"
    times = f", {data.first_time} to {data.last_time}" if data.first_time else ""
    licence = MOVIELENS if "movielens" in known.lower() else "not known to the product"
    if data.is_synthetic:
        licence = "generated, free to use"
    return (
        f"`{data.name}` ({known}), sha256 `{data.sha256}`, {data.users:,} users, "
        f"{data.items:,} items, {data.rows:,} interactions{times}, density "
        f"{data.density:.2%}, {data.duplicates:,} repeated pairs. Licence and citation: {licence}."
    )


def algorithm_texts(inputs: ReportInputs) -> Iterator[str]:
    """Describe each algorithm: class, configuration in force, tuning."""
    known = recorded_algorithms(inputs.evidence.run) if inputs.evidence else {}
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
            f"{values or 'no hyperparameters'}; {_tuning_text(inputs, algorithm, said)}"
        )


def metric_text(inputs: ReportInputs, metric: Metric) -> str:
    """Return a metric's definition: the one under which recomputation agreed."""
    agreed = inputs.facts.definitions.get(metric.key, "") if inputs.facts else ""
    text = f"{metric.label}: {metric.kind.meaning}"
    if agreed:
        named = agreed.removesuffix(LISTED_ONLY).removeprefix(POOLED)
        text = f"{metric.label}: {AVERAGING.get(named, named)}; recomputed, and agrees"
        if agreed.endswith(LISTED_ONLY):
            text += " only where users without a list are left out; here they count as 0"
        if agreed.startswith(POOLED):
            text += " only where sums over users are divided; here it is the mean over users"
    else:
        text += "; not recomputed"
        text += ", so macro or pooled is not known" if metric.is_rating else ""
        text += "" if metric.name in KNOWN else ": the script's own word"
    if metric.name == "recall" and _is_single_test(inputs):
        text += ". With one test item per user Recall@K is Hit@K"
    return text


def _filters_text(inputs: ReportInputs) -> str:
    """Return every filter with its counts, as the script recorded them."""
    described = inputs.evidence.run.get("dataset") if inputs.evidence else None
    if not isinstance(described, dict):
        return ""
    said = described.get("filters")
    filters = said if isinstance(said, list) else []
    texts = [
        f"{short(f.get('name'))}: "
        f"{_number(f.get('before'))} before, {_number(f.get('after'))} after"
        for f in filters
        if isinstance(f, dict)
    ]
    used = ", ".join(
        f"{_number(described[key])} {key}"
        for key in ("users", "items", "interactions")
        if key in described
    )
    counted = _counted_text(inputs)
    return f"{'; '.join(texts) or 'none'}. Used: {used or 'not recorded'}.{counted}"


def _counted_text(inputs: ReportInputs) -> str:
    """Return how many interactions are in the first fold, counted by the product."""
    evidence = inputs.evidence
    fold = next((f for f in evidence.test if f in evidence.train), None) if evidence else None
    if evidence is None or fold is None:
        return ""
    kept = len(evidence.train[fold]) + len(evidence.test[fold])
    total = sum(d.rows for d in inputs.datasets)
    return f" Counted in the split: {kept:,} of {total:,} interactions."


def _number(value: Any) -> str:
    """Return a count for people."""
    return f"{value:,}" if isinstance(value, int) else short(value)


def _feedback_text(inputs: ReportInputs) -> str:
    """Return the rule that the script recorded, else the planned one."""
    described = inputs.evidence.run.get("dataset") if inputs.evidence else None
    said = described.get("feedback") if isinstance(described, dict) else ""
    return said_by("script", said) if said else f"planned: {inputs.plan.feedback}"


def _candidates_text(inputs: ReportInputs) -> str:
    """Return which items were ranked: as the script recorded it, or as its lists show."""
    evidence = inputs.evidence
    if evidence is None:
        return ""
    if said := evidence.run.get("candidates"):
        return said_by("script", said)
    pairs = evidence.retrained.pairs if evidence.retrained else ()
    ranked = [p for p in pairs if p.metric not in RATING]
    if ranked and all(p.agrees for p in ranked):
        return "all items not in train: lists over these by the product come to the same values"
    return ""


def _split_text(inputs: ReportInputs) -> str:
    """Return the split, its sizes and its note on time."""
    split = inputs.plan.split
    evidence = inputs.evidence
    sizes = [
        f"fold {fold}: {len(evidence.train[fold]):,} train, {len(test):,} test"
        for fold, test in (evidence.test.items() if evidence else ())
        if evidence and fold in evidence.train
    ]
    leak = next((c for c in inputs.checks if c.name == "temporal_leak"), None)
    measured = f" Measured: {leak.reason}" if leak and leak.finding is Finding.WARN else ""
    kind = SplitKind.LEAVE_LAST if split.order is Order.NEWEST else split.kind
    counted = f" {sentence('; '.join(sizes[:10]))}" if sizes else ""
    return f"{wording.split_text(split)}; {LEAKS[kind]}.{measured}{counted}"


def _tuning_text(inputs: ReportInputs, algorithm: Algorithm, said: Mapping[str, Any]) -> str:
    """Return how many configurations were tried, of which space, and on what one was chosen."""
    plan, trials, selected = inputs.plan, said.get("trials"), said.get("selected_on")
    if plan.swept and plan.swept in algorithm.config:
        values = [
            short(a.config[plan.swept], 20) for a in plan.algorithms if plan.swept in a.config
        ]
        space = f"{plan.swept} in {{{', '.join(values)}}}"
        return f"one of {len(values)} values swept, {space}, all measured on the test data"
    if not trials:
        return "not tuned: one stated configuration, no search space"
    space = f", space (the script says) {quoted(said['space'], 200)}" if said.get("space") else ""
    space = space or ", space not recorded"
    on = f" (the script says) {quoted(selected, 60)}" if selected else ": not recorded"
    return f"{short(trials, 20)} configurations tried{space}, selected on{on}"


def _seeds_text(inputs: ReportInputs) -> str:
    """Return the model seeds and the split seed."""
    plan = inputs.plan
    said = inputs.evidence.run.get("seeds") if inputs.evidence else None
    used = said if isinstance(said, list) and said else list(plan.seeds)
    shown = ", ".join(short(s, 20) for s in used[:60]) + (" …" if len(used) > 60 else "")
    return f"training seeds {shown} (n = {len(used)}); split seed {plan.split.seed}"


def _users_text(inputs: ReportInputs) -> str:
    """Return users evaluated and dropped."""
    evidence = inputs.evidence
    if evidence is None or not evidence.test:
        return ""
    tested = len({u for t in evidence.test.values() for u in t["user_id"].unique()})
    total = sum(d.users for d in inputs.datasets)
    averaged = max((s.users for s in inputs.facts.summaries), default=0) if inputs.facts else 0
    dropped = next((c.reason for c in inputs.checks if c.name == "users_dropped"), "")
    return (
        f"{tested:,} of {total:,} users tested, {max(0, total - tested):,} not tested; "
        f"{averaged:,} averaged. {dropped}"
    ).strip()


def _is_single_test(inputs: ReportInputs) -> bool:
    """Whether every user has one tested interaction."""
    return inputs.plan.split.kind.is_single


def _tests_text(inputs: ReportInputs) -> str:
    """Return the tests of differences that were used."""
    used = dict.fromkeys(c.test for c in (inputs.facts.comparisons if inputs.facts else ()))
    return " or ".join(f"two-sided {t}" for t in used if t) or "two-sided sign-flip test"


def _equivalence_method(inputs: ReportInputs) -> str:
    """Return how the intervals of equivalence were made."""
    found = [c.equivalence for c in (inputs.facts.comparisons if inputs.facts else ())]
    used = dict.fromkeys(e.interval.method for e in found if e and e.interval.is_known)
    return " or ".join(used) or "percentile bootstrap"


def _intervals_text(inputs: ReportInputs) -> str:
    """Say what each interval is over and what it holds fixed."""
    plan = inputs.plan
    known = inputs.facts.summaries if inputs.facts else ()
    pairs = inputs.facts.comparisons if inputs.facts else ()
    of_means = methods(s.user_interval for s in known)
    of_pairs = " or ".join(methods(c.interval for c in pairs)) or "percentile bootstrap"
    is_resampled = T_INTERVAL not in of_means
    parts = [
        f"means: 95 % {' or '.join(of_means) or 'percentile bootstrap'} over test users, each "
        "user's value averaged over runs, split and seeds held fixed",
        "standard deviations: 95 % chi-square interval over runs, normal scatter assumed",
        f"differences: paired over the same users, {of_pairs} and {_tests_text(inputs)}, "
        f"Holm over the family of {_family_text(inputs)} in {plan.primary.label}",
        "zero handling: users without a difference stay in",
    ]
    if _is_single_test(inputs) and is_resampled:
        parts.append(
            "with one tested item most users have the value 0: resampling and permutation, no "
            "normal scatter over users assumed"
        )
    parts.append(_margin_text(inputs))
    if plan.split.folds > 1:
        parts.append(
            "training sets of folds overlap: algorithms are paired over users; the intervals over "
            "folds in tables/summaries.csv are corrected after Nadeau and Bengio"
        )
    return "; ".join(parts)


def _family_text(inputs: ReportInputs) -> str:
    """Return which comparisons are corrected together."""
    if inputs.plan.study is Study.SWEEP and inputs.plan.primary.is_directed:
        return "the best value against every other algorithm"
    return "all comparisons"


def _margin_text(inputs: ReportInputs) -> str:
    """Return what margin of equivalence there is, and how it was tested."""
    plan = inputs.plan
    if plan.margin is None:
        return "no margin of equivalence was set: a missing difference is no equality"
    late = ", set after the start (exploratory)" if inputs.is_margin_late else ", frozen"
    return (
        f"equivalence: margin ±{plan.margin:g} {plan.primary.label}{late}; two one-sided "
        "tests (TOST) of the paired differences, 90 % interval by "
        f"{_equivalence_method(inputs)}, Holm over the same family"
    )


def _retraining_text(inputs: ReportInputs) -> str:
    """Return what the product's own training of the recorded algorithms came to."""
    return next((c.reason for c in inputs.checks if c.name == "retraining_agrees"), "")

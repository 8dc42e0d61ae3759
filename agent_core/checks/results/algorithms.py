"""Whether the planned algorithms ran with the planned configurations, beside a baseline."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any

from agent_core.checks.result import Detail, Result, each, failed, not_applicable, passed, warned
from agent_core.checks.script.arguments import (
    SAME_NAMES,
    UNTRACKED,
    ignored_arguments,
    is_same,
    late_changes,
    other_values,
    trials_of,
)
from agent_core.data.parquet_reader import RUN
from agent_core.domain import Algorithm, Role
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.evidence.views import compared_places, views_by_place
from agent_core.prose.quotation import short
from agent_core.statistics.observations import Observations

BASELINE_KINDS = frozenset({"PopScorer", "BiasScorer", "RandomSelector", "TimeBoundedPopScore"})
"""Rankers of LensKit that are no more than popularity, bias or chance: what a model must beat."""
MUCH_SMALLER = 1.5
"""Times that a value must be below the baseline's to say how many: 1.0 and 1.1 tell nothing."""


def algorithms_as_planned(evidence: Evidence) -> Result:
    """Check that every planned algorithm has results, by the planned class."""
    ran, planned = _ran(evidence), [a.name for a in evidence.plan.algorithms]
    if missing := [name for name in planned if name not in ran]:
        return failed("No results of {algorithms}.", algorithms=missing)
    if wrong := list(_wrong_classes(evidence)):
        return failed("{faults}.", faults=wrong)
    told = Detail("{algorithms:12} have results", algorithms=planned)
    if extra := sorted(ran - {*planned, ""}):
        told += Detail("; not planned: {extra}", extra=map(short, extra))
    for found, name in evidence.other_names.items():
        told += Detail("; {name} is called {found} in the script", name=name, found=short(found))
    return passed(told + ".")


def hyperparameters_took_effect(evidence: Evidence) -> Result:
    """Check the configurations in force against the planned ones.

    A model that the source makes with other values than the recorded ones is a fault, until the
    product has trained the recorded ones itself and come to the delivered values.
    """
    configured = [a for a in evidence.plan.algorithms if a.config]
    planned = [a for a in configured if a.name in _ran(evidence)]
    faults: list[str] = [f for a in planned for f in _config_faults(evidence, a)]
    faults += ignored_arguments(evidence)
    late = list(late_changes(evidence))
    others = list(other_values(evidence))
    faults += [text for kind, text in others if not _is_trained_as_recorded(evidence, kind)]
    faults += [text for is_sure, text in late if is_sure]
    faults += _idle_sweep(evidence)
    if faults:
        return failed("{faults}.", faults=dict.fromkeys(faults))
    if configured and not planned:
        return failed("There are no results of the configured algorithms.")
    told = "{doubt} (trained by the product as recorded, the values are those delivered)"
    doubts = [Detail(told, doubt=text) for _, text in others]
    doubts += [text for _, text in late]
    doubts += [d for a in planned for d in _unrecorded_settings(evidence, a)]
    if doubts:
        return warned("{doubts}.", doubts=doubts)
    if not planned:
        return not_applicable("The plan sets no hyperparameters.")
    told = "The configurations of {algorithms} are in force."
    return passed(told, algorithms=[a.name for a in configured])


def configuration_as_planned(evidence: Evidence) -> Result:
    """Check classes and configurations of all planned algorithms."""
    faults = list(_wrong_classes(evidence))
    ran = _ran(evidence)
    for algorithm in evidence.plan.algorithms:
        if algorithm.name not in ran:
            faults.append(Detail("{algorithm} has no results", algorithm=algorithm.name))
        elif algorithm.config:
            faults += _config_faults(evidence, algorithm)
    if faults:
        return failed("{faults}.", faults=faults)
    doubts = [d for a in evidence.plan.algorithms for d in _unrecorded_settings(evidence, a)]
    if doubts:
        return warned("{doubts}.", doubts=doubts)
    told = "{algorithms} algorithms ran as configured in the plan."
    return passed(told, algorithms=len(evidence.plan.algorithms))


def baseline_present(evidence: Evidence) -> Result:
    """Check that the planned baseline has results of the primary metric."""
    primary = evidence.plan.primary
    ran = set(evidence.single.loc[evidence.single["metric"] == primary.name, "algorithm"])
    planned = [a.name for a in evidence.plan.baselines]
    missing = [name for name in planned if name not in ran]
    has_both_sorts = len({m.is_rating for m in evidence.plan.metrics}) == 2
    if has_both_sorts and len(missing) < len(planned):
        # One baseline for rankings, another for rating errors.
        planned, missing = [name for name in planned if name in ran], []
    if missing:
        told = "The baseline {baselines} has no {metric}."
        return failed(told, baselines=missing, metric=primary.label)
    known = recorded_algorithms(evidence.run)
    found = planned or sorted(n for n in ran if known.get(n, {}).get("class") in BASELINE_KINDS)
    if found := found or _baseline_names(evidence):
        return passed("Baseline: {baselines}.", baselines=found)
    return warned("The plan names no baseline: nothing shows whether these values are good.")


def beats_baseline(evidence: Evidence) -> Result:
    """Compare every subject with the best baseline, within each level of data and split."""
    primary = evidence.plan.primary
    if not primary.is_directed:
        named = {"metric": primary.label, "note": primary.note}
        return not_applicable("{metric}{note}: no value is below another.", **named)
    pairs = [
        (*pair, place)
        for place, view in views_by_place(evidence)
        for pair in _pairs_within_folds(view)
    ]
    if not pairs:
        return not_applicable("There is no pair of subject and baseline.")
    is_below = operator.lt if primary.is_descending else operator.gt
    below = [_below_text(*pair) for pair in pairs if is_below(pair[1], pair[3])]
    if below:
        word = "Below" if primary.is_descending else "Worse than"
        told = Detail(f"{word} the baseline in {{metric}}", metric=primary.label)
        if len(pairs) > len(below):
            told += Detail(
                " in {count} of {pairs} comparisons", count=len(below), pairs=len(pairs)
            )
        told += Detail(": {below}", below=below)
        return warned(told + _looked_at(evidence))
    choose = max if primary.is_descending else min
    subject, value, name, base, place = choose(pairs, key=lambda pair: pair[1])
    told = Detail(
        "{metric}: {algorithm} {value:.4g}, baseline {baseline} {base:.4g}",
        metric=primary.label, algorithm=subject, baseline=name, value=value, base=base,
    )  # fmt: skip
    return passed(told + _in_place(place) + _looked_at(evidence))


def tuning_parity(evidence: Evidence) -> Result:
    """Compare how much each algorithm was tuned."""
    known = recorded_algorithms(evidence.run)
    ran = set(evidence.rows["algorithm"])
    names = [a.name for a in evidence.plan.algorithms if a.role is Role.SUBJECT and a.name in ran]
    trials = {n: trials_of(known[n]) for n in names if n in known}
    if len(trials) < 2:
        return not_applicable("There is one algorithm to compare.")
    most = max(trials.values())
    if most != min(trials.values()):
        listed = each("{algorithm} {trials}", algorithm=trials, trials=trials.values())
        return warned("Not tuned alike (configurations tried): {counts:8}.", counts=listed)
    if not most:
        return passed("Nothing was tuned: results are of these configurations.")
    return passed("{trials} configurations were tried for each algorithm.", trials=most)


def _ran(evidence: Evidence) -> set[str]:
    """Return the algorithms with results, on the test or on what is chosen by."""
    return {*evidence.rows["algorithm"], *evidence.validated["algorithm"]}


def _wrong_classes(evidence: Evidence) -> Iterator[Detail]:
    """Name algorithms that ran by another class than planned."""
    known = recorded_algorithms(evidence.run)
    for algorithm in evidence.plan.algorithms:
        found = str(known.get(algorithm.name, {}).get("class") or "")
        planned = algorithm.kind
        if found and not planned.startswith("Custom") and found != planned:
            told = "{algorithm} ran as {kind}, planned is {planned}"
            yield Detail(told, algorithm=algorithm.name, kind=short(found, 80), planned=planned)


def _config_of(evidence: Evidence, name: str) -> Mapping[str, Any] | None:
    """Return the resolved configuration that run.json has of an algorithm."""
    config = recorded_algorithms(evidence.run).get(name, {}).get("config")
    return config if isinstance(config, dict) else None


def _is_trained_as_recorded(evidence: Evidence, kind: str) -> bool:
    """Whether the product trained all algorithms of a class, and got the delivered values."""
    pairs = evidence.retrained.pairs if evidence.retrained else ()
    described = recorded_algorithms(evidence.run).items()
    names = {name for name, about in described if about.get("class") == kind}
    own = [p for p in pairs if p.algorithm in names]
    is_whole = bool(names) and names == {p.algorithm for p in own}
    return is_whole and all(p.agrees and p.scatters_alike for p in own)


def _config_faults(evidence: Evidence, algorithm: Algorithm) -> Iterator[Detail]:
    """Name the planned hyperparameters that are not in force."""
    config, named = _config_of(evidence, algorithm.name), {"algorithm": algorithm.name}
    if config is None:
        told = "run.json has no resolved configuration of {without_config}"
        yield Detail(told, without_config=algorithm.name)
        return
    for name, value in algorithm.config.items():
        key = _recorded_as(name, config)
        if key in config and not is_same(config[key], value):
            told = "{algorithm}: {parameter} is {found}, planned {planned}"
            both = {"found": repr(config[key]), "planned": repr(value)}
            yield Detail(told, **named, parameter=name, **both)
        elif key not in config and name not in UNTRACKED and not _is_own(algorithm):
            told = "{algorithm}: {parameter} is unknown to {kind} and was ignored"
            yield Detail(told, **named, parameter=name, kind=algorithm.kind)


def _unrecorded_settings(evidence: Evidence, algorithm: Algorithm) -> Iterator[Detail]:
    """Name planned hyperparameters that a class of the script's own does not record."""
    config = _config_of(evidence, algorithm.name)
    if config is not None and _is_own(algorithm):
        for name in algorithm.config:
            if _recorded_as(name, config) not in config:
                told = "{algorithm}: {parameter} is not recorded"
                yield Detail(told, algorithm=algorithm.name, parameter=name)


def _recorded_as(name: str, config: Mapping[str, Any]) -> str:
    """Return the key under which a configuration has a hyperparameter."""
    return name if name in config else SAME_NAMES.get(name, name)


def _is_own(algorithm: Algorithm) -> bool:
    """Whether the class of an algorithm is the script's own: what it takes is not known."""
    return algorithm.kind.startswith("Custom")


def _idle_sweep(evidence: Evidence) -> list[Detail]:
    """Name a swept hyperparameter whose values all lead to the same results."""
    swept = evidence.plan.swept
    names = [a.name for a in evidence.plan.algorithms if swept and swept in a.config]
    single = evidence.single[evidence.single["algorithm"].isin(names)]
    if single["algorithm"].nunique() < 3:
        return []
    wide = single.pivot_table(
        index=["metric", "k", "fold", "seed"], columns="algorithm", values="value", dropna=False
    ).dropna(how="all")
    told = "{parameter} changes nothing: {levels} values lead to the same results"
    is_idle = (wide.nunique(axis=1) == 1).all()
    return [Detail(told, parameter=swept, levels=len(names))] if is_idle else []


def _pairs_within_folds(evidence: Evidence) -> Iterator[tuple[str, float, str, float]]:
    """Yield every subject and its best baseline with the means of the report, on shared folds."""
    primary = evidence.plan.primary
    choose = max if primary.is_descending else min
    found = Observations.of(evidence)
    ran = found.algorithms(primary)
    bases = [n for n in _baseline_names(evidence) if n in ran]
    for algorithm in evidence.plan.algorithms:
        name = algorithm.name
        if algorithm.role is not Role.SUBJECT or name not in ran or name in bases:
            continue
        pairs = [(base, found.paired_means(primary, name, base)) for base in bases]
        means = [(both[0], base, both[1]) for base, both in pairs if both]
        if means:
            value, base, least = choose(means, key=lambda pair: pair[2])
            yield name, value, base, least


def _baseline_names(evidence: Evidence) -> list[str]:
    """Return the planned baselines, else the algorithms of a baseline class."""
    planned = [a.name for a in evidence.plan.baselines]
    return planned or [a.name for a in evidence.plan.algorithms if a.kind in BASELINE_KINDS]


def _in_place(place: str) -> Detail:
    """Name the levels of data and split, where there are several."""
    return Detail(" ({place})", place=place) if place else Detail("")


def _looked_at(evidence: Evidence) -> Detail:
    """End a reason with how many cells were compared, where these are of several levels."""
    primary = evidence.plan.primary
    rows = evidence.single[evidence.single["metric"] == primary.name]
    if len(compared_places(evidence)) < 2:
        return Detail(".")
    told = "; over {cells} of {of} cells."
    cells = len(rows[RUN].drop_duplicates())
    of = max(cells, len(evidence.design))
    return Detail(told, cells=cells, of=of)


def _below_text(subject: str, value: float, baseline: str, base: float, place: str) -> Detail:
    """Name a value and that of the baseline; and how many times smaller it is, if a lot."""
    told = "{algorithm} {value:.4g} against {baseline} {base:.4g}"
    found = Detail(told, algorithm=subject, value=value, baseline=baseline, base=base)
    if 0 < value < base / MUCH_SMALLER:
        found += Detail(" ({times:.1f} times smaller)", times=base / value)
    return found + _in_place(place)

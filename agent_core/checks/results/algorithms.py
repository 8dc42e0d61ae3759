"""Whether the planned algorithms ran with the planned configurations, beside a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent_core.checks.result import Result, failed, not_applicable, passed, some, warned
from agent_core.checks.script.arguments import (
    SAME_NAMES,
    UNTRACKED,
    ignored_arguments,
    is_same,
    late_changes,
    other_values,
    trials_of,
)
from agent_core.domain import Algorithm, Role
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.prose.quotation import short
from agent_core.statistics.observations import Observations

BASELINE_KINDS = frozenset({"PopScorer", "BiasScorer", "RandomSelector", "TimeBoundedPopScore"})


def algorithms_as_planned(evidence: Evidence) -> Result:
    """Check that every planned algorithm has results, by the planned class."""
    ran = set(evidence.rows["algorithm"])
    missing = [a.name for a in evidence.plan.algorithms if a.name not in ran]
    if missing:
        return failed(f"No results of {some(missing)}.")
    wrong = list(_wrong_classes(evidence))
    if wrong:
        return failed(f"{some(wrong)}.")
    extra = sorted(ran - {a.name for a in evidence.plan.algorithms} - {""})
    more = f"; not planned: {some(map(short, extra))}" if extra else ""
    more += "".join(
        f"; {planned} is called {short(found)} in the script"
        for found, planned in evidence.other_names.items()
    )
    return passed(f"{some((a.name for a in evidence.plan.algorithms), 12)} have results{more}.")


def hyperparameters_took_effect(evidence: Evidence) -> Result:
    """Check the configurations in force against the planned ones.

    A model that the source makes with other values than the recorded ones is a fault, until the
    product has trained the recorded ones itself and come to the delivered values.
    """
    planned = [a for a in evidence.plan.algorithms if a.config]
    ran = set(evidence.rows["algorithm"])
    faults = [f for a in planned if a.name in ran for f in _config_faults(evidence, a)]
    faults += ignored_arguments(evidence)
    late = list(late_changes(evidence))
    others = list(other_values(evidence))
    faults += [text for kind, text in others if not _is_trained_as_recorded(evidence, kind)]
    faults += [text for is_sure, text in late if is_sure]
    faults += _idle_sweep(evidence)
    if faults:
        return failed(f"{some(dict.fromkeys(faults))}.")
    if planned and not ran & {a.name for a in planned}:
        return failed("There are no results of the configured algorithms.")
    doubts = [f"{text} (trained by the product as recorded, the values are those delivered)"
              for _, text in others]  # fmt: skip
    doubts += [text for _, text in late]
    doubts += [d for a in planned if a.name in ran for d in _unrecorded_settings(evidence, a)]
    if doubts:
        return warned(f"{some(doubts)}.")
    if not planned:
        return not_applicable("The plan sets no hyperparameters.")
    return passed(f"The configurations of {some(a.name for a in planned)} are in force.")


def configuration_as_planned(evidence: Evidence) -> Result:
    """Check classes and configurations of all planned algorithms."""
    faults = list(_wrong_classes(evidence))
    ran = set(evidence.rows["algorithm"])
    for algorithm in evidence.plan.algorithms:
        if algorithm.name not in ran:
            faults.append(f"{algorithm.name} has no results")
        elif algorithm.config:
            faults += _config_faults(evidence, algorithm)
    if faults:
        return failed(f"{some(faults)}.")
    doubts = [d for a in evidence.plan.algorithms for d in _unrecorded_settings(evidence, a)]
    if doubts:
        return warned(f"{some(doubts)}.")
    return passed(f"{len(evidence.plan.algorithms)} algorithms ran as configured in the plan.")


def baseline_present(evidence: Evidence) -> Result:
    """Check that the planned baseline has results of the primary metric."""
    primary = evidence.plan.primary
    rows = evidence.single[evidence.single["metric"] == primary.name]
    ran = set(rows["algorithm"])
    planned = [a.name for a in evidence.plan.baselines]
    missing = [name for name in planned if name not in ran]
    has_both_sorts = len({m.is_rating for m in evidence.plan.metrics}) == 2
    if has_both_sorts and len(missing) < len(planned):
        # One baseline for rankings, another for rating errors.
        planned, missing = [name for name in planned if name in ran], []
    if missing:
        return failed(f"The baseline {some(missing)} has no {primary.label}.")
    known = recorded_algorithms(evidence.run)
    found = planned or sorted(n for n in ran if known.get(n, {}).get("class") in BASELINE_KINDS)
    found = found or [a.name for a in evidence.plan.algorithms if a.kind in BASELINE_KINDS]
    if found:
        return passed(f"Baseline: {some(found)}.")
    return warned("The plan names no baseline: nothing shows whether these values are good.")


def beats_baseline(evidence: Evidence) -> Result:
    """Compare every subject with the best baseline in the primary metric."""
    primary = evidence.plan.primary
    if not primary.is_directed:
        return not_applicable(f"{primary.label}{primary.note}: no value is below another.")
    pairs = list(_pairs_within_folds(evidence))
    if not pairs:
        return not_applicable("There is no pair of subject and baseline.")
    below = [
        f"{subject} {value:.4g} against {name} {base:.4g}{_times(value, base)}"
        for subject, value, name, base in pairs
        if (value < base if primary.is_descending else value > base)
    ]
    if below:
        word = "Below" if primary.is_descending else "Worse than"
        return warned(f"{word} the baseline in {primary.label}: {some(below)}.")
    choose = max if primary.is_descending else min
    subject, value, name, base = choose(pairs, key=lambda pair: pair[1])
    return passed(f"{primary.label}: {subject} {value:.4g}, baseline {name} {base:.4g}.")


def tuning_parity(evidence: Evidence) -> Result:
    """Compare how much each algorithm was tuned."""
    known = recorded_algorithms(evidence.run)
    names = [a.name for a in evidence.plan.algorithms if a.role is Role.SUBJECT]
    trials = {n: trials_of(known[n]) for n in names if n in known}
    if len(trials) < 2:
        return not_applicable("There is one algorithm to compare.")
    if max(trials.values()) != min(trials.values()):
        listed = some((f"{n} {t}" for n, t in trials.items()), 8)
        return warned(f"Not tuned alike (configurations tried): {listed}.")
    if not max(trials.values()):
        return passed("Nothing was tuned: results are of these configurations.")
    return passed(f"{max(trials.values())} configurations were tried for each algorithm.")


def _wrong_classes(evidence: Evidence) -> Iterator[str]:
    """Name algorithms that ran by another class than planned."""
    known = recorded_algorithms(evidence.run)
    for algorithm in evidence.plan.algorithms:
        found = str(known.get(algorithm.name, {}).get("class") or "")
        planned = algorithm.kind
        if found and not planned.startswith("Custom") and found != planned:
            yield f"{algorithm.name} ran as {short(found, 80)}, planned is {planned}"


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


def _config_faults(evidence: Evidence, algorithm: Algorithm) -> Iterator[str]:
    """Name the planned hyperparameters that are not in force."""
    config = _config_of(evidence, algorithm.name)
    if config is None:
        yield f"run.json has no resolved configuration of {algorithm.name}"
        return
    for name, value in algorithm.config.items():
        key = _recorded_as(name, config)
        if key in config and not is_same(config[key], value):
            yield f"{algorithm.name}: {name} is {config[key]!r}, planned {value!r}"
        elif key not in config and name not in UNTRACKED and not _is_own(algorithm):
            yield f"{algorithm.name}: {name} is unknown to {algorithm.kind} and was ignored"


def _unrecorded_settings(evidence: Evidence, algorithm: Algorithm) -> Iterator[str]:
    """Name planned hyperparameters that a class of the script's own does not record."""
    config = _config_of(evidence, algorithm.name)
    if config is not None and _is_own(algorithm):
        for name in algorithm.config:
            if _recorded_as(name, config) not in config:
                yield f"{algorithm.name}: {name} is not recorded"


def _recorded_as(name: str, config: Mapping[str, Any]) -> str:
    """Return the key under which a configuration has a hyperparameter."""
    return name if name in config else SAME_NAMES.get(name, name)


def _is_own(algorithm: Algorithm) -> bool:
    """Whether the class of an algorithm is the script's own: what it takes is not known."""
    return algorithm.kind.startswith("Custom")


def _idle_sweep(evidence: Evidence) -> Iterator[str]:
    """Name a swept hyperparameter whose values all lead to the same results."""
    swept = evidence.plan.swept
    names = [a.name for a in evidence.plan.algorithms if swept and swept in a.config]
    single = evidence.single[evidence.single["algorithm"].isin(names)]
    if single["algorithm"].nunique() < 3:
        return
    wide = single.pivot_table(
        index=["metric", "k", "fold", "seed"], columns="algorithm", values="value", dropna=False
    ).dropna(how="all")
    if (wide.nunique(axis=1) == 1).all():
        yield f"{swept} changes nothing: {len(names)} values lead to the same results"


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


def _times(value: float, base: float) -> str:
    """Say how many times smaller a value is, where that is a lot."""
    return f" ({base / value:.1f} times smaller)" if 0 < value < base / 1.5 else ""

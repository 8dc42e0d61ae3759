"""Whether there are enough independent observations for what is claimed and planned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from agent_core.checks.result import (
    Detail,
    Result,
    each,
    failed,
    label,
    not_applicable,
    passed,
    warned,
)
from agent_core.checks.results.metrics import is_measured_by
from agent_core.checks.results.seeds import random_algorithms
from agent_core.domain import Cell, Factor, Role, Study, cells_of, with_design
from agent_core.domain.metric import RATING
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.measures.metrics import UNTESTED_TOO
from agent_core.rules.design_words import factor_words, level_text
from agent_core.statistics.measured_values import user_values

TWO_SIDED_95 = 1.96
"""Standard errors of a 95 % interval of many users."""
ROUNDED = 1.01
"""Share by which an n may be above the users that are there before it counts them twice."""
AS_POOLED = 1.3
"""Times the pooled interval up to which a narrow one is explained by pooling, not by something
else."""
TOO_NARROW = 0.7
"""Share of the proper interval that is too narrow: where a user has the same value under each of n
seeds, pooling leaves 1 / √n of it, 0.71 of two (which passes) and 0.58 of three."""


def no_pseudo_replication(evidence: Evidence) -> Result:
    """Check that the same users under several seeds are not counted as that many observations."""
    faults = [*_count_faults(evidence), *_width_faults(evidence)]
    if faults:
        return failed("The same users are counted once per seed: {faults}.", faults=faults)
    summaries = int(evidence.rows["aggregate"].astype(bool).sum())
    if not summaries:
        return passed("The script made no summaries; observations per run are its test users.")
    told = "{summaries} summaries of the script count users or runs, not their product."
    return passed(told, summaries=summaries)


def statistics_available(evidence: Evidence) -> Result:
    """Check that there are rows enough for the statistics that the study reports."""
    primary = evidence.plan.primary
    rows = evidence.single[evidence.single["metric"] == primary.name]
    if not len(rows):
        return failed("There are no results of {metric}.", metric=primary.label)
    study = evidence.plan.study
    if study is Study.SEED_VARIANCE:
        return _seeds_suffice(evidence, rows)
    if study is Study.COMPARISON:
        return _users_suffice(evidence)
    return passed("{results} results of {metric}.", results=len(rows), metric=primary.label)


def sweep_as_planned(evidence: Evidence) -> Result:
    """Check that every planned level of an ordered factor was run and is what was set."""
    plan, swept = with_design(evidence.plan), evidence.plan.swept
    ordered = [f for f in plan.compared if f.is_ordered and len(f.levels) > 1 and f.name != swept]
    if not swept and not ordered:
        return not_applicable("The plan varies nothing that has an order.")
    if absent := [
        text for factor in ordered for text in _levels_without_results(evidence, factor)
    ]:
        return failed("Without results: {absent}.", absent=absent)
    if not swept:
        listed = each(
            "{factor} {levels}", factor=map(_noun, ordered), levels=map(_listed, ordered)
        )
        return passed("Every planned level has results: {ordered}.", ordered=listed)
    planned = {a.name: a.config[swept] for a in evidence.plan.algorithms if swept in a.config}
    known, ran = recorded_algorithms(evidence.run), set(evidence.measured["algorithm"])
    faults = each("{algorithm} has no results", algorithm=[n for n in planned if n not in ran])
    for name, value in planned.items():
        config = known.get(name, {}).get("config")
        found = config.get(swept) if isinstance(config, dict) else None
        if found is not None and found != value:
            told = "{algorithm} ran with {parameter} = {found}, planned {planned}"
            faults.append(
                Detail(told, algorithm=name, parameter=swept, found=found, planned=value)
            )
    if faults:
        return failed("{faults}.", faults=faults)
    return passed("{parameter} = {levels:12}.", parameter=swept, levels=planned.values())


def _levels_without_results(evidence: Evidence, factor: Factor) -> list[Detail]:
    """Name the levels of a factor at which some planned cell has no results."""
    rows = evidence.single[["algorithm", "fold"]].itertuples(index=False)
    ran = {(str(algorithm), str(fold)) for algorithm, fold in rows}
    absent = {
        cell.levels[factor.name]
        for cell in cells_of(evidence.plan)
        if factor.name in cell.levels and _run_of(cell) not in ran
    }
    named = [level_text(factor.kind, level) for level in factor.levels if level in absent]
    return each("{factor} {level}", factor=[_noun(factor)] * len(named), level=named)


def _run_of(cell: Cell) -> tuple[str, str]:
    """Return under which algorithm and fold results have a cell."""
    return cell.algorithm.name, cell.block.name


def _noun(factor: Factor) -> str:
    return factor_words(factor.name)[0]


def _listed(factor: Factor) -> str:
    return ", ".join(level_text(factor.kind, level) for level in factor.levels)


def _tested(evidence: Evidence, metric: str) -> dict[str, int]:
    """Return the test users (for rating metrics: interactions) of each fold."""
    return {
        fold: len(test) if metric in RATING else test["user_id"].nunique()
        for fold, test in evidence.test.items()
    }


def _units_of(evidence: Evidence, algorithm: str, metric: str) -> tuple[int, int]:
    """Return how many users and seeds stand behind a metric."""
    rows = evidence.single
    rows = rows[(rows["algorithm"] == algorithm) & (rows["metric"] == metric)]
    users = sum(_tested(evidence, metric).values())
    claimed = rows.groupby("fold")["n"].max().fillna(0).sum()
    return users or int(claimed), max(1, rows["seed"].nunique())


def _count_faults(evidence: Evidence) -> Iterator[Detail]:
    """Name rows whose n is a multiple of their test users.

    Users who are evaluated without a tested item are there once, as their agreement shows.
    """
    tested = {is_rating: _tested(evidence, RATING[0] if is_rating else "") for is_rating in (0, 1)}
    untested = _evaluated_users(evidence)
    for row in evidence.rows.dropna(subset=["n"]).itertuples():
        named = {"metric": label(row.metric, row.k), "algorithm": row.algorithm, "n": row.n}
        if not row.aggregate:
            users = tested[row.metric in RATING].get(row.fold, 0)
            if users and row.n > ROUNDED * max(users, untested.get(row.fold, 0)):
                told = "{metric} of {algorithm} has n = {n:,.0f}, its test has {users:,}"
                yield Detail(told, **named, users=users)
            continue
        users, seeds = _units_of(evidence, row.algorithm, row.metric)
        if seeds > 1 and row.n > ROUNDED * max(users, seeds):
            told = "{metric} of {algorithm} has n = {n:,.0f}; there are {users:,} users"
            more = Detail(" and {seeds} seeds", seeds=seeds)
            yield Detail(told, **named, users=users) + more


def _evaluated_users(evidence: Evidence) -> dict[str, int]:
    """Return the users of folds in which some without a tested item count as 0."""
    agreement = evidence.agreement
    is_so = agreement["definition"].astype(str).str.endswith(UNTESTED_TOO)
    folds = set(agreement.loc[is_so, "fold"]) & set(evidence.train) & set(evidence.test)
    parts = {f: (evidence.train[f]["user_id"], evidence.test[f]["user_id"]) for f in folds}
    return {f: pd.concat(both).nunique() for f, both in parts.items()}


def _width_faults(evidence: Evidence) -> Iterator[Detail]:
    """Name intervals as narrow as if every (seed, user) pair were independent."""
    rows = evidence.rows[evidence.rows["aggregate"].astype(bool)].copy()
    if not len(rows):
        return
    low, high = (pd.to_numeric(rows[c], errors="coerce") for c in ("ci_low", "ci_high"))
    rows["half"] = (high - low) / 2
    for row in rows.dropna(subset=["half"]).itertuples():
        if str(row.ci_over) in ("seeds", "folds", "splits"):
            continue
        widths = _proper_widths(evidence, row.algorithm, row.metric, row.k)
        if widths is None:
            continue
        proper, pooled = widths
        if 0 < row.half < TOO_NARROW * proper and row.half < AS_POOLED * pooled:
            told = (
                "the interval of {metric} of {algorithm} is ±{half:.2g}; over users it is "
                "±{proper:.2g}, over pooled seeds and users ±{pooled:.2g}"
            )
            named = {"metric": label(row.metric, row.k), "algorithm": row.algorithm}
            yield Detail(told, **named, half=row.half, proper=proper, pooled=pooled)


def _proper_widths(
    evidence: Evidence, algorithm: str, metric: str, k: Any
) -> tuple[float, float] | None:
    """Return the half widths over users, and over (seed, user) pairs taken as independent."""
    values = user_values(evidence)
    chosen = values[(values["algorithm"] == algorithm) & (values["metric"] == metric)]
    chosen = chosen[chosen["k"] == (0 if pd.isna(k) else k)]
    if chosen["seed"].nunique() < 2:
        return None
    numbers = chosen["value"]
    users = numbers.groupby([chosen["fold"], chosen["user_id"]]).mean()
    if len(users) < 2:
        return None
    proper = TWO_SIDED_95 * float(users.std()) / np.sqrt(len(users))
    pooled = TWO_SIDED_95 * float(numbers.std()) / np.sqrt(len(numbers))
    return proper, pooled


def _seeds_suffice(evidence: Evidence, rows: pd.DataFrame) -> Result:
    """Expect three seeds or more of each random algorithm; two have no interval worth the name."""
    primary = evidence.plan.primary
    chosen = [a for a in random_algorithms(evidence) if is_measured_by(evidence, a.name, primary)]
    if not chosen:
        return passed("No planned algorithm draws random numbers: the variance is 0.")
    counts = {a.name: rows.loc[rows["algorithm"] == a.name, "seed"].nunique() for a in chosen}
    if few := [name for name, n in counts.items() if n < 2]:
        listed = each("{algorithm} has {seeds}", algorithm=few, seeds=map(counts.get, few))
        return failed("A standard deviation needs two seeds or more; {few}.", few=listed)
    listed = each("{algorithm} {seeds}", algorithm=counts, seeds=counts.values())
    if min(counts.values()) < min(3, len(evidence.plan.seeds)):
        return warned("Very few seeds: {seeds}.", seeds=listed)
    return passed("Seeds with results: {seeds}.", seeds=listed)


def _users_suffice(evidence: Evidence) -> Result:
    """Expect per-user values of at least two algorithms on shared users."""
    primary = evidence.plan.primary
    values = user_values(evidence)
    values = values[values["metric"] == primary.name]
    users = {str(name): set(g["user_id"]) for name, g in values.groupby("algorithm")}
    subjects = [a.name for a in evidence.plan.algorithms if a.role is Role.SUBJECT]
    planned = [name for name in subjects if is_measured_by(evidence, name, primary)]
    silent = [name for name in planned if name not in users]
    if silent or len(users) < 2:
        told = "No per-user {metric} of {algorithms} to compare."
        return failed(told, metric=primary.label, algorithms=silent or planned)
    shared = set.intersection(*users.values())
    if len(shared) < 2:
        return failed("The algorithms share no test users, so that pairs cannot be compared.")
    told = "{algorithms} algorithms on {users:,} shared users."
    return passed(told, algorithms=len(users), users=len(shared))

"""Whether metrics are the planned ones, agree with their definitions, and over the same users."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from agent_core.checks.result import (
    Detail,
    Result,
    each,
    each_row,
    failed,
    label,
    not_applicable,
    passed,
    run_label,
    warned,
)
from agent_core.checks.results.sampled_lists import sample_faults, users_of_sample
from agent_core.checks.split.variants import is_variant
from agent_core.data.parquet_reader import RUN
from agent_core.domain import Candidates, Metric
from agent_core.domain.metric import RATING
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.predicted_ratings import false_ratings, shares
from agent_core.measures.beyond import BEYOND
from agent_core.measures.metrics import LISTED_ONLY, POOLED, SETTLED, UNTESTED_TOO, is_close
from agent_core.prose.quotation import quoted
from agent_core.statistics.answers.study_values import COST_COLUMNS

LEAST_DECIMALS, MOST_DECIMALS = 3, 8
"""Decimals to which values per user may be rounded: of fewer, the values of a few hits are often a
whole number, and beyond eight half a unit is below `is_close`."""
EXACT = 1e-12
"""Distance from a rounded value that is the rounding error of a double near 1, and no decimal."""
OWN_DEFINITION = "{metric} of {run} {claimed:.4g}, by “{definition}” {computed:.4g}"
FLOATS = {"claimed": float, "computed": float}
SAMPLED = re.compile(r"sampl|negative|random|\b\d+ (?:other )?items", re.IGNORECASE)


def recomputation_agrees(evidence: Evidence) -> Result:
    """Check claimed values against those computed again from lists, predictions and split.

    Values that cannot be computed again are the script's own word: named, and a fault where the
    primary metric is among them, unless the plan itself names one that has no definition here.
    """
    single = evidence.single
    if not len(single):
        return failed("There are no results of single runs.")
    agreement, known = evidence.agreement, single[single["metric"].isin(SETTLED)]
    both = [agreement, evidence.validated_agreement]
    wrong = [_settled_disagreements(table) for table in both]
    if found := [table for table in wrong if len(table)]:
        whole = pd.concat(found, ignore_index=True)
        return failed(_disagreement(whole, sum(map(len, both))))
    if strange := [_sample_text(run, fault) for run, fault in sample_faults(evidence)]:
        told = "Recomputed on {users}, which tell nothing of the others; {faults:2}."
        return failed(told, users=users_of_sample(evidence), faults=strange)
    if bare := sorted(set(known["algorithm"]) - set(agreement["algorithm"])):
        told = "Without lists or predictions nothing can be recomputed of {algorithms}."
        return failed(told, algorithms=bare)
    if forged := false_ratings(evidence):
        listed = each("{ratings:,} of {algorithm}", ratings=forged.values(), algorithm=forged)
        told = "Delivered ratings that are not those of the dataset: {forged}."
        return failed(told, forged=listed)
    if mixed := list(_mixed_definitions(agreement)):
        return failed("Compared under different definitions: {mixed}.", mixed=mixed)
    if inner := list(_inner_contradictions(evidence)):
        return failed("results.json and per_user.parquet disagree: {faults}.", faults=inner)
    return _recomputed_share(evidence)


def metrics_as_planned(evidence: Evidence) -> Result:
    """Check that every planned algorithm has every planned metric."""
    runs = evidence.single[["algorithm", "metric", "k"]].itertuples(index=False)
    found = {(str(a), label(str(m), k)) for a, m, k in runs}
    ran = {a for a, _ in found}
    found |= set(_costs(evidence))
    missing = [
        Detail("{metric} of {algorithm}", metric=m.label, algorithm=a.name)
        for a in evidence.plan.algorithms
        for m in evidence.plan.metrics
        if not m.kind.is_of_pairs  # the product takes these from the lists of two cells
        if a.name in ran and is_measured_by(evidence, a.name, m) and (a.name, m.key) not in found
    ]
    if not found:
        return failed("There are no results of single runs.")
    if missing:
        return failed("Missing: {missing}.", missing=missing)
    if sampled := sampled_candidates(evidence):
        told = "Ranked among {sample}, not among all items: not comparable with full rankings."
        return warned(told, sample=quoted(sampled, 80))
    planned = [m.label for m in evidence.plan.metrics]
    return passed("{metrics:8} of every algorithm.", metrics=planned)


def _costs(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the algorithms with the costs that their cells have: no row of results tells these."""
    cells = evidence.cells
    for name, column in COST_COLUMNS.items():
        if column in cells:
            measured = cells[pd.to_numeric(cells[column], errors="coerce").notna()]
            yield from ((str(variant), name) for variant in measured["variant"].unique())


def is_measured_by(evidence: Evidence, algorithm: str, metric: Metric) -> bool:
    """Whether a metric is asked of an algorithm.

    In a plan with rankings and rating errors some algorithms only rank and others only rate: a
    metric is asked of those that have results of its sort, of all where none has.
    """
    if len({m.is_rating for m in evidence.plan.metrics}) < 2:
        return True
    single = evidence.single
    sort = single[single["metric"].isin(RATING) == metric.is_rating]
    names = set(sort["algorithm"])
    return algorithm in names or not names


def sampled_candidates(evidence: Evidence) -> str:
    """Return the rule by which only some items were ranked; empty where all were."""
    if evidence.blocks:
        planned = {b.split.candidates for b in evidence.blocks.values()}
        if planned == {Candidates.SAMPLED}:
            return "sampled items, as planned"
    rule = str(evidence.run.get("candidates") or "")
    return rule if SAMPLED.search(rule) else ""


def same_test_users(evidence: Evidence) -> Result:
    """Check that compared algorithms were measured on the same test users."""
    single = evidence.single
    if single["algorithm"].nunique() < 2:
        return not_applicable("There is one algorithm.")
    counts = single.dropna(subset=["n"]).groupby(["metric", "k", "fold"], dropna=False)["n"]
    for (metric, k, fold), group in counts:
        if group.nunique() > 1:
            where = Detail("{metric}", metric=label(str(metric), k)) + _in_fold(fold)
            users = single.loc[group.index].groupby("algorithm")["n"].first()
            listed = each("{algorithm} {users:,.0f}", algorithm=users.index, users=users)
            return failed("{where} is over different users: {users}.", where=where, users=listed)
    if differing := list(_differing_users(evidence)):
        return failed("{faults}.", faults=differing)
    return _shared_folds(evidence)


def users_dropped(evidence: Evidence) -> Result:
    """Check that averages are over all test users, and errors over all tested ratings.

    A script's average that leaves test users out is a fault. It does not bind: the product's own
    values are over all test users, those without a list as 0, and a report's first lines say so.
    Tested ratings without a prediction have no such value: they are counted.
    """
    if not evidence.test:
        return not_applicable("No split was saved.")
    dropped = [*_short_counts(evidence), *_lucky_users(evidence)]
    if dropped:
        return failed("Averages leave test users out: {dropped}.", dropped=dropped)
    notes = []
    if unlisted := list(_users_without_lists(evidence)):
        notes.append(Detail("Test users without a list (counted as 0): {runs}.", runs=unlisted))
    rare = {run_label(*run): share for run, share in shares(evidence).items() if share < 1}
    if rare:
        listed = each("{run} predicts {share:.1%}", run=rare, share=rare.values())
        notes.append(Detail("Not all tested ratings are predicted: {runs}.", runs=listed))
    if untested := _untested_users(evidence):
        told = (
            "Users without a tested item are counted as 0: {runs}. Their share of a small history "
        )
        told += "was rounded to none; values of the product are over those who have one."
        notes.append(Detail(told, runs=untested))
    if notes:
        return warned(" ".join(notes), notes)
    return passed("Every average is over all test users.")


def _shared_folds(evidence: Evidence) -> Result:
    """Check that compared algorithms share their folds."""
    folds = _folds_of(evidence)
    every = "{algorithms} algorithms on the same test users."
    if evidence.of_runs and not _beside_design(evidence, folds):
        return passed(every, algorithms=evidence.single["algorithm"].nunique())
    shared = frozenset.intersection(*folds.values())
    known = frozenset.union(*folds.values())
    variants = {f for f in known if is_variant(evidence, f)}
    if not shared and len(known - variants) <= 1 and not _isolated_algorithms(folds):
        told = "{algorithms} algorithms, each on the same test users as others in its fold."
        return passed(told, algorithms=len(folds))
    if not shared:
        listed = each("{algorithm}: {folds}", algorithm=folds, folds=map(sorted, folds.values()))
        return failed("The algorithms share no fold ({places}).", places=listed)
    if partial := sorted(a for a, f in folds.items() if f != known):
        told = "Not on every fold: {algorithms}; {folds} folds are shared."
        return warned(told, algorithms=partial, folds=len(shared))
    return passed(every, algorithms=evidence.single["algorithm"].nunique())


def _sample_text(run: tuple[str, str, str], fault: Detail) -> Detail:
    """Name the run whose sample is at fault."""
    return Detail("{run}: ", run=run_label(*run)) + fault


def _in_fold(fold: object) -> Detail:
    """Name a fold, where it has a name."""
    return Detail(" in fold {fold}", fold=fold) if fold else Detail("")


def _recomputed_share(evidence: Evidence) -> Result:
    """Say how many values were computed again, all of which agree, and which were not."""
    primary, agreement = evidence.plan.primary, evidence.agreement
    bare, total = _not_recomputed(evidence), len(evidence.single)
    told = Detail("{agreeing} of {total} values agree", agreeing=total - len(bare), total=total)
    if sample := users_of_sample(evidence):
        told += Detail(", recomputed on {users}", users=sample)
    told += _definitions(agreement)
    if len(own := _own_definitions(agreement)):
        worst = each_row(OWN_DEFINITION, own.drop_duplicates("metric").astype(FLOATS))
        note = "By definitions of the script's own, so the product's are used: {metrics}."
        return warned(told + Detail(f" {note}", metrics=worst))
    if not len(bare):
        rounded = _rounded_values(agreement)
        note = " {rounded} of them are rounded: the product takes its own."
        return warned(told + Detail(note, rounded=rounded)) if rounded else passed(told)
    is_primary = (bare["metric"] == primary.name) & (bare["k"].fillna(0) == (primary.k or 0))
    if is_primary.any() and primary.name in SETTLED:
        told = Detail("{values} values of the primary metric ", values=int(is_primary.sum()))
        note = "{metric} cannot be computed again from the saved files."
        return failed(told + Detail(note, metric=primary.label))
    counts = bare.groupby(["metric", "k"], dropna=False, sort=False).size()
    names = [label(str(m), k) for m, k in counts.index]
    listed = each("{metric} ({values})", metric=names, values=counts)
    note = Detail(" Not computed again, the script's own word: {metrics}.", metrics=listed)
    return warned(told + note)


def _settled_disagreements(agreement: pd.DataFrame) -> pd.DataFrame:
    """Return the values that no published definition leads to."""
    is_wrong = ~agreement["agrees"].astype(bool)
    return agreement[is_wrong & ~agreement["metric"].isin(BEYOND)]


def _own_definitions(agreement: pd.DataFrame) -> pd.DataFrame:
    """Return the values of measures without settled definitions that none of them leads to."""
    is_other = ~agreement["agrees"].astype(bool)
    return agreement[is_other & agreement["metric"].isin(BEYOND)]


def _rounded_values(agreement: pd.DataFrame) -> int:
    """Return how many values agree only as roundings of the product's own."""
    pairs = agreement[["claimed", "computed"]].itertuples(index=False)
    return sum(not is_close(claimed, computed) for claimed, computed in pairs)


def _not_recomputed(evidence: Evidence) -> pd.DataFrame:
    """Return the rows of single runs without a recomputed value."""
    keys = [*RUN, "metric", "k"]
    rows, known = evidence.single[keys], evidence.agreement[keys]
    rows, known = (f.assign(k=pd.to_numeric(f["k"]).astype("Int64")) for f in (rows, known))
    both = rows.merge(known.drop_duplicates(), on=keys, how="left", indicator="side")
    return both[both["side"] == "left_only"]


def _disagreement(wrong: pd.DataFrame, total: int) -> Detail:
    """Say which claimed value is furthest from the recomputed one."""
    gaps = (wrong["claimed"].astype(float) - wrong["computed"].astype(float)).abs()
    worst = wrong.loc[[gaps.fillna(float("inf")).idxmax()]].astype({"claimed": float})
    told = "{wrong} of {total} values cannot be recomputed. "
    told = Detail(told, wrong=len(wrong), total=total)
    more = "{metric} of {run}: claimed {claimed:.6g}, from the saved files {computed:.6g}."
    return told + each_row(more, worst.astype({"computed": float}))[0]


def _mixed_definitions(agreement: pd.DataFrame) -> Iterator[Detail]:
    """Name metrics that match one definition for some algorithms and another for others."""
    for (metric, k), group in agreement.groupby(["metric", "k"], dropna=False):
        # Who has nothing to be hit may be there in one fold only.
        found = {str(name).removesuffix(UNTESTED_TOO) for name in group["definition"].unique()}
        if len(found) > 1:
            names = "; ".join(sorted(found))
            yield Detail("{metric} ({names})", metric=label(str(metric), k), names=names)


def _inner_contradictions(evidence: Evidence) -> list[Detail]:
    """Name runs whose claimed value is not the mean of their claimed per-user values."""
    users = evidence.per_user
    users = users[~users["metric"].isin(RATING)]
    keys = [*RUN, "metric", "k"]
    if not len(users):
        return []
    means = users.groupby(keys, dropna=False)["value"].agg(
        ["mean", lambda v: v.fillna(0.0).mean(), _half_unit]
    )
    means.columns = pd.Index(["mean", "filled", "slack"])
    both = evidence.single.merge(means.reset_index(), on=keys, how="inner")
    agreement = evidence.agreement
    pooled = agreement[agreement["definition"].astype(str).str.startswith(POOLED)]
    both = both[~pd.MultiIndex.from_frame(both[keys]).isin(pd.MultiIndex.from_frame(pooled[keys]))]
    wrong = [not _is_mean(row) for row in both.itertuples()]
    return each_row("{metric} of {run}: {value:.6g} and {mean:.6g}", both[wrong])


def _is_mean(row: Any) -> bool:
    """Whether a claimed value is the mean over users, missing values left out or counted as 0."""
    gap = min(abs(row.value - row.mean), abs(row.value - row.filled))
    is_same = is_close(row.value, row.mean) or is_close(row.value, row.filled)
    return is_same or bool(gap <= row.slack)


def _half_unit(values: pd.Series) -> float:
    """Return half a unit of the last decimal that all values have; 0 where they are exact.

    Fewer than three decimals are no rounding, but the values of a few hits.
    """
    found = values.dropna().to_numpy(dtype=float)
    for decimals in range(MOST_DECIMALS + 1):
        if np.abs(found - np.round(found, decimals)).max(initial=0.0) < EXACT:
            return 0.5 * 10.0**-decimals if decimals >= LEAST_DECIMALS else 0.0
    return 0.0


def _definitions(agreement: pd.DataFrame) -> Detail:
    """List each metric with the definition that matched."""
    pairs = agreement[["metric", "definition"]].drop_duplicates().itertuples(index=False)
    named = [f"{metric}: {definition}" for metric, definition in pairs]
    return Detail("; {definitions:6}.", definitions=named) if named else Detail(".")


def _isolated_algorithms(folds: dict[str, frozenset[str]]) -> list[str]:
    """Return the algorithms that share no fold with any other."""
    return [a for a, f in folds.items() if not any(f & g for b, g in folds.items() if b != a)]


def _folds_of(evidence: Evidence) -> dict[str, frozenset[str]]:
    """Return the folds of each planned algorithm; of each one found where fewer than two are.

    Algorithms beside the plan, such as those of other variants of the data, may have folds of
    their own.
    """
    single = evidence.single
    found = {str(a): frozenset(g["fold"]) for a, g in single.groupby("algorithm")}
    planned = {a.name: found[a.name] for a in evidence.plan.algorithms if a.name in found}
    return planned if len(planned) > 1 else found


def _beside_design(evidence: Evidence, folds: dict[str, frozenset[str]]) -> list[str]:
    """Return the algorithms that lack a fold which the design has for them."""
    names = {block.name: fold for fold, block in evidence.blocks.items()}
    wanted: dict[str, set[str]] = {}
    for cell in evidence.design:
        wanted.setdefault(cell.algorithm.name, set()).add(
            names.get(cell.block.name, cell.block.name)
        )
    return [name for name, own in folds.items() if wanted.get(name, set()) - own]


def _differing_users(evidence: Evidence) -> Iterator[Detail]:
    """Name the algorithms whose per-user values are of other users than the rest."""
    groups = evidence.per_user.groupby(["metric", "k", "fold"], dropna=False)
    for (metric, k, fold), group in groups:
        users = {str(a): frozenset(g["user_id"]) for a, g in group.groupby("algorithm")}
        others = len(frozenset().union(*users.values()))
        which = label(str(metric), k)
        for name, own in users.items():
            if len(own) < others:
                where = Detail("{metric} of {algorithm}", metric=which, algorithm=name)
                told = " is over {users:,} users, others over {others:,}"
                yield where + _in_fold(fold) + Detail(told, users=len(own), others=others)


def _short_counts(evidence: Evidence) -> list[Detail]:
    """Name the values that are said to be over fewer users than were tested."""
    rows = evidence.single.dropna(subset=["n"])
    rows = rows[~rows["metric"].isin([*RATING, "coverage"])]
    tested = {fold: test["user_id"].nunique() for fold, test in evidence.test.items()}
    rows = rows.assign(tested=[tested.get(fold, 0) for fold in rows["fold"]])
    told = "{metric} of {run}: {n:,.0f} of {tested:,}"
    return each_row(told, rows[rows["n"] < rows["tested"]])


def _lucky_users(evidence: Evidence) -> list[Detail]:
    """Name the values that agree only where users without a list are left out."""
    agreement = evidence.agreement
    found = agreement[agreement["definition"].astype(str).str.endswith(LISTED_ONLY)]
    return each_row("{metric} of {run}: only users with a list", found)


def _untested_users(evidence: Evidence) -> list[Detail]:
    """Name the values that agree only where users without a tested item count as 0."""
    agreement = evidence.agreement
    found = agreement[agreement["definition"].astype(str).str.endswith(UNTESTED_TOO)]
    return each_row("{metric} of {run}", found)


def _users_without_lists(evidence: Evidence) -> Iterator[Detail]:
    """Name runs whose lists are of fewer users than were tested."""
    if evidence.run.get("list_sample"):
        return
    for run in sorted(evidence.lists):
        test = evidence.test.get(run[1])
        users = set() if test is None else set(test["user_id"])
        if missing := len(users - set(evidence.lists[run]["user_id"])):
            yield Detail("{users:,} of {run}", users=missing, run=run_label(*run))

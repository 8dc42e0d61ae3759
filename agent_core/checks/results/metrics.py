"""Whether metrics are the planned ones, agree with their definitions, and over the same users."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from agent_core.checks.result import (
    Result,
    failed,
    label,
    not_applicable,
    passed,
    run_label,
    some,
    warned,
)
from agent_core.checks.split.variants import is_variant
from agent_core.domain import Metric
from agent_core.domain.metric import RATING
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.predicted_ratings import false_ratings, shares
from agent_core.evidence.sampled_lists import on_whom, sample_faults
from agent_core.measures.metrics import KNOWN, LISTED_ONLY, POOLED, is_close
from agent_core.prose.quotation import quoted

LEAST_DECIMALS, MOST_DECIMALS = 3, 8
"""Decimals to which values per user may be rounded."""
EXACT = 1e-12
SAMPLED = re.compile(r"sampl|negative|random|\b\d+ (?:other )?items", re.IGNORECASE)


def recomputation_agrees(evidence: Evidence) -> Result:
    """Check claimed values against those computed again from lists, predictions and split.

    Values that cannot be computed again are the script's own word: named, and a fault where the
    primary metric is among them, unless the plan itself names one that has no definition here.
    """
    single = evidence.single
    if not len(single):
        return failed("There are no results of single runs.")
    agreement, known = evidence.agreement, single[single["metric"].isin(KNOWN)]
    wrong = agreement[~agreement["agrees"].astype(bool)]
    if len(wrong):
        return failed(_disagreement(wrong, len(agreement)))
    strange = [f"{run_label(*run)}: {fault}" for run, fault in sample_faults(evidence)]
    if strange:
        said = on_whom(evidence).removeprefix(", ").capitalize()
        return failed(f"{said}, which tell nothing of the others; {some(strange, 2)}.")
    bare = sorted(set(known["algorithm"]) - set(agreement["algorithm"]))
    if bare:
        return failed(f"Without lists or predictions nothing can be recomputed of {some(bare)}.")
    forged = false_ratings(evidence)
    if forged:
        listed = some(f"{n:,} of {name}" for name, n in forged.items())
        return failed(f"Delivered ratings that are not those of the dataset: {listed}.")
    mixed = list(_mixed_definitions(agreement))
    if mixed:
        return failed(f"Compared under different definitions: {some(mixed)}.")
    inner = list(_inner_contradictions(evidence))
    if inner:
        return failed(f"results.json and per_user.parquet disagree: {some(inner)}.")
    return _recomputed_share(evidence)


def metrics_as_planned(evidence: Evidence) -> Result:
    """Check that every planned algorithm has every planned metric."""
    single = evidence.single
    found = {
        (str(a), label(str(m), k))
        for a, m, k in single[["algorithm", "metric", "k"]].itertuples(index=False)
    }
    ran = {a for a, _ in found}
    missing = [
        f"{m.label} of {a.name}"
        for a in evidence.plan.algorithms
        for m in evidence.plan.metrics
        if a.name in ran and is_measured_by(evidence, a.name, m) and (a.name, m.key) not in found
    ]
    if not found:
        return failed("There are no results of single runs.")
    if missing:
        return failed(f"Missing: {some(missing)}.")
    sampled = sampled_candidates(evidence)
    if sampled:
        return warned(
            f"Ranked among {quoted(sampled, 80)}, not among all items: not comparable with full "
            "rankings."
        )
    return passed(f"{some((m.label for m in evidence.plan.metrics), 8)} of every algorithm.")


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
            parts = single.loc[group.index].groupby("algorithm")["n"].first()
            listed = some(f"{name} {n:,.0f}" for name, n in parts.items())
            where = f" in fold {fold}" if fold else ""
            return failed(f"{label(str(metric), k)}{where} is over different users: {listed}.")
    differing = list(_differing_users(evidence))
    if differing:
        return failed(f"{some(differing)}.")
    folds = _folds_of(evidence)
    shared = frozenset.intersection(*folds.values())
    known = frozenset.union(*folds.values())
    variants = {f for f in known if is_variant(evidence, f)}
    if not shared and len(known - variants) <= 1 and not _alone(folds):
        return passed(
            f"{len(folds)} algorithms, each on the same test users as others in its fold."
        )
    if not shared:
        listed = some(f"{a}: {some(sorted(f))}" for a, f in folds.items())
        return failed(f"The algorithms share no fold ({listed}).")
    short = sorted(a for a, f in folds.items() if f != known)
    if short:
        return warned(f"Not on every fold: {some(short)}; {len(shared)} folds are shared.")
    return passed(f"{single['algorithm'].nunique()} algorithms on the same test users.")


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
        return failed(f"Averages leave test users out: {some(dropped)}.")
    unlisted = list(_users_without_lists(evidence))
    shown = shares(evidence).items()
    unpredicted = [f"{run_label(*run)} predicts {share:.1%}" for run, share in shown if share < 1]
    notes = [f"Test users without a list (counted as 0): {some(unlisted)}."] if unlisted else []
    if unpredicted:
        notes.append(f"Not all tested ratings are predicted: {some(unpredicted)}.")
    if notes:
        return warned(" ".join(notes))
    return passed("Every average is over all test users.")


def _recomputed_share(evidence: Evidence) -> Result:
    """Say how many values were computed again, all of which agree, and which were not."""
    primary, agreement = evidence.plan.primary, evidence.agreement
    bare = _not_recomputed(evidence)
    total = len(evidence.single)
    text = f"{total - len(bare)} of {total} values agree{on_whom(evidence)}"
    text += f"; {_definitions(agreement)}." if len(agreement) else "."
    if not len(bare):
        return passed(text) if not (note := _rounding(agreement)) else warned(f"{text} {note}")
    is_primary = (bare["metric"] == primary.name) & (bare["k"].fillna(0) == (primary.k or 0))
    if is_primary.any() and primary.name in KNOWN:
        return failed(
            f"{int(is_primary.sum())} values of the primary metric {primary.label} cannot be "
            "computed again from the saved files."
        )
    counts = bare.groupby(["metric", "k"], dropna=False, sort=False).size()
    listed = some(f"{label(str(m), k)} ({n})" for (m, k), n in counts.items())
    return warned(f"{text} Not computed again, the script's own word: {listed}.")


def _rounding(agreement: pd.DataFrame) -> str:
    """Say how many values agree only as roundings of the product's own; empty for none."""
    pairs = agreement[["claimed", "computed"]].itertuples(index=False)
    count = sum(not is_close(claimed, computed) for claimed, computed in pairs)
    return f"{count} of them are rounded: the product takes its own." if count else ""


def _not_recomputed(evidence: Evidence) -> pd.DataFrame:
    """Return the rows of single runs without a recomputed value."""
    keys = ["algorithm", "fold", "seed", "metric", "k"]
    rows, known = evidence.single[keys], evidence.agreement[keys]
    rows, known = (f.assign(k=pd.to_numeric(f["k"]).astype("Int64")) for f in (rows, known))
    both = rows.merge(known.drop_duplicates(), on=keys, how="left", indicator="side")
    return both[both["side"] == "left_only"]


def _disagreement(wrong: pd.DataFrame, total: int) -> str:
    """Say which claimed value is furthest from the recomputed one."""
    gaps = (wrong["claimed"].astype(float) - wrong["computed"].astype(float)).abs()
    worst = wrong.loc[gaps.fillna(float("inf")).idxmax()]
    run = run_label(str(worst["algorithm"]), str(worst["fold"]), str(worst["seed"]))
    name = label(str(worst["metric"]), worst["k"])
    claimed, computed = float(worst["claimed"]), float(worst["computed"])
    return (
        f"{len(wrong)} of {total} values cannot be recomputed. {name} of {run}: claimed "
        f"{claimed:.6g}, from the saved files {computed:.6g}."
    )


def _mixed_definitions(agreement: pd.DataFrame) -> Iterator[str]:
    """Name metrics that match one definition for some algorithms and another for others."""
    for (metric, k), group in agreement.groupby(["metric", "k"], dropna=False):
        names = sorted(group["definition"].unique())
        if len(names) > 1:
            yield f"{label(str(metric), k)} ({'; '.join(map(str, names))})"


def _inner_contradictions(evidence: Evidence) -> Iterator[str]:
    """Name runs whose claimed value is not the mean of their claimed per-user values."""
    users = evidence.per_user
    users = users[~users["metric"].isin(RATING)]
    keys = ["algorithm", "fold", "seed", "metric", "k"]
    if not len(users):
        return
    means = users.groupby(keys, dropna=False)["value"].agg(
        ["mean", lambda v: v.fillna(0.0).mean(), _half_unit]
    )
    means.columns = pd.Index(["mean", "filled", "slack"])
    both = evidence.single.merge(means.reset_index(), on=keys, how="inner")
    agreement = evidence.agreement
    pooled = agreement[agreement["definition"].astype(str).str.startswith(POOLED)]
    both = both[~pd.MultiIndex.from_frame(both[keys]).isin(pd.MultiIndex.from_frame(pooled[keys]))]
    for row in both.itertuples():
        gap = min(abs(row.value - row.mean), abs(row.value - row.filled))
        is_same = is_close(row.value, row.mean) or is_close(row.value, row.filled)
        if not is_same and not gap <= row.slack:
            run = run_label(row.algorithm, row.fold, row.seed)
            yield f"{label(row.metric, row.k)} of {run}: {row.value:.6g} and {row.mean:.6g}"


def _half_unit(values: pd.Series) -> float:
    """Return half a unit of the last decimal that all values have; 0 where they are exact.

    Fewer than three decimals are no rounding, but the values of a few hits.
    """
    found = values.dropna().to_numpy(dtype=float)
    for decimals in range(MOST_DECIMALS + 1):
        if np.abs(found - np.round(found, decimals)).max(initial=0.0) < EXACT:
            return 0.5 * 10.0**-decimals if decimals >= LEAST_DECIMALS else 0.0
    return 0.0


def _definitions(agreement: pd.DataFrame) -> str:
    """List each metric with the definition that matched."""
    pairs = agreement[["metric", "definition"]].drop_duplicates()
    return some((f"{m}: {d}" for m, d in pairs.itertuples(index=False)), 6)


def _alone(folds: dict[str, frozenset[str]]) -> list[str]:
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


def _differing_users(evidence: Evidence) -> Iterator[str]:
    """Name the algorithms whose per-user values are of other users than the rest."""
    for (metric, k, fold), group in evidence.per_user.groupby(
        ["metric", "k", "fold"], dropna=False
    ):
        users = {str(a): frozenset(g["user_id"]) for a, g in group.groupby("algorithm")}
        everyone = frozenset().union(*users.values())
        for name, own in users.items():
            if own != everyone:
                where = f" in fold {fold}" if fold else ""
                yield (
                    f"{label(str(metric), k)} of {name}{where} is over {len(own):,} users, "
                    f"others over {len(everyone):,}"
                )


def _short_counts(evidence: Evidence) -> Iterator[str]:
    """Name the values that are said to be over fewer users than were tested."""
    rows = evidence.single.dropna(subset=["n"])
    for row in rows[~rows["metric"].isin([*RATING, "coverage"])].itertuples():
        test = evidence.test.get(row.fold)
        users = 0 if test is None else int(test["user_id"].nunique())
        if row.n < users:
            run = run_label(row.algorithm, row.fold, row.seed)
            yield f"{label(row.metric, row.k)} of {run}: {row.n:,.0f} of {users:,}"


def _lucky_users(evidence: Evidence) -> Iterator[str]:
    """Name the values that agree only where users without a list are left out."""
    agreement = evidence.agreement
    found = agreement[agreement["definition"].astype(str).str.endswith(LISTED_ONLY)]
    for row in found.itertuples():
        run = run_label(row.algorithm, row.fold, row.seed)
        yield f"{label(row.metric, row.k)} of {run}: only users with a list"


def _users_without_lists(evidence: Evidence) -> Iterator[str]:
    """Name runs whose lists are of fewer users than were tested."""
    if evidence.run.get("list_sample"):
        return
    for (name, fold, seed), group in evidence.lists.groupby(["algorithm", "fold", "seed"]):
        test = evidence.test.get(str(fold))
        users = set() if test is None else set(test["user_id"])
        missing = len(users - set(group["user_id"]))
        if missing:
            yield f"{missing:,} of {run_label(str(name), str(fold), str(seed))}"

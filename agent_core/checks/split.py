"""Whether test data stayed out of training and the split is the planned one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from agent_core.checks.exemptions import (
    is_about_leakage,
    is_meant_to_leak,
    is_variant,
    kind_of,
)
from agent_core.checks.protocol import Fold, late_training, mismatch, structure
from agent_core.checks.result import Result, failed, not_applicable, passed, some, warned
from agent_core.checks.training import trained_on_everything
from agent_core.domain import Dataset, SplitKind
from agent_core.evidence import Evidence
from agent_core.metrics import RATING
from agent_core.quoting import short

PAIR = ["user_id", "item_id"]
CORE = re.compile(r"(\d+)[\s_-]*core|core\D{0,3}(\d+)|min_user\w*\D(\d+)", re.IGNORECASE)
TIMED = frozenset({SplitKind.GLOBAL_TIME, SplitKind.LEAVE_LAST})
COUNT_SLACK = 0.01
"""Users without a partner in training and the like may be fewer than a filter left."""
MANY_USERS = 50
NO_SPLIT = "No split was saved, so that it cannot be checked."


def both_parts(evidence: Evidence) -> Iterator[Fold]:
    """Yield fold, train and test where both were saved."""
    for fold, test in sorted(evidence.test.items()):
        if fold in evidence.train:
            yield fold, evidence.train[fold], test


def overlap(left: pd.DataFrame, right: pd.DataFrame) -> int:
    """Return how many pairs (user, item) stand in both."""
    a, b = (f[PAIR].drop_duplicates() for f in (left, right))
    return len(a.merge(b, on=PAIR))


def no_test_in_train(evidence: Evidence) -> Result:
    """Check that no tested pair (user, item) was trained on."""
    leaks = [
        f"{shared:,} of {len(test):,} test pairs of fold {fold}"
        for fold, train, test in both_parts(evidence)
        if not is_meant_to_leak(evidence, fold) and (shared := overlap(train, test))
    ]
    if leaks:
        return failed(f"Also in training: {some(leaks)}.")
    if is_about_leakage(evidence.plan):
        return not_applicable("The plan studies leakage.")
    everything = trained_on_everything(evidence.source)
    if everything:
        return failed(everything)
    if is_never_hit(evidence):
        return failed(
            "No tested item is recommended to anybody by any algorithm: lists leave out what was "
            "trained on, so the test was trained on."
        )
    folds = [fold for fold, _, _ in both_parts(evidence)]
    absent = sorted(set(evidence.single["fold"]) - set(folds))
    if not folds:
        return failed(NO_SPLIT)
    if absent:
        return failed(f"No split was saved of fold {some(f or '(unnamed)' for f in absent)}.")
    total = sum(len(t) for t in evidence.test.values())
    return passed(f"{total:,} test pairs in {len(folds)} folds, none of them in training.")


def is_never_hit(evidence: Evidence) -> bool:
    """Whether all of many lists, of a baseline too, miss every tested item."""
    single = evidence.single
    hits = single[single["metric"].isin(["ndcg", "recall", "hit", "mrr", "map", "precision"])]
    users = sum(t["user_id"].nunique() for t in evidence.test.values())
    many = users >= MANY_USERS and hits["algorithm"].nunique() >= 2
    return bool(many and len(hits) and (hits["value"] == 0).all())


def split_as_planned(evidence: Evidence) -> Result:
    """Check that the split is of the planned kind, by its rows."""
    folds = list(both_parts(evidence))
    if not folds:
        return failed(NO_SPLIT)
    planned, name = evidence.plan.split, evidence.plan.split.kind.value.replace("_", " ")
    may_differ = {f[0] for f in folds if is_variant(evidence, f[0])}
    others = [f for f in folds if f[0] in may_differ and mismatch(planned, [f])]
    faults = mismatch(planned, [f for f in folds if f[0] not in may_differ])
    faults += [fault for f in others for fault in structure(kind_of(evidence, f[0]), f)]
    if len(others) == len(folds):
        faults += mismatch(planned, others)
    faults += untimed(evidence, folds)
    if faults:
        return failed(f"Not {name}: {some(dict.fromkeys(faults))}.")
    silent = [f[0] for f in others if kind_of(evidence, f[0]) is None]
    if silent:
        return warned(f"Not {name}, and not said to be of another kind: fold {some(silent)}.")
    if others:
        return passed(f"{len(folds) - len(others)} of {len(folds)} splits are {name}.")
    sizes = [f"{len(train):,} train, {len(test):,} test" for _, train, test in folds]
    return passed(f"{name}: {some(sizes, 2)}.")


def untimed(evidence: Evidence, folds: list[Fold]) -> list[str]:
    """Name the temporal folds that lack the times which the dataset has."""
    if not any(d.timestamp_column for d in evidence.datasets):
        return []
    return [
        f"fold {name}: it has none of the times of the dataset"
        for name, train, test in folds
        if kind_of(evidence, name) in TIMED and not (is_timed(train) and is_timed(test))
    ]


def folds_as_planned(evidence: Evidence) -> Result:
    """Check that every algorithm was run on as many folds as planned."""
    wanted = evidence.plan.split.folds
    single = evidence.single
    if not len(single):
        return failed("There are no results of single runs.")
    counts = single.groupby("algorithm")["fold"].nunique()
    short = [f"{name} has {n}" for name, n in counts.items() if n < wanted]
    saved = len(evidence.test)
    if short:
        return failed(f"{wanted} folds are planned; {some(short)}.")
    if saved < wanted:
        return failed(f"{wanted} folds are planned; the split of {saved} was saved.")
    extra = [f"{name} has {n}" for name, n in counts.items() if n > wanted]
    if extra:
        return warned(f"More folds than the {wanted} planned: {some(extra)}.")
    return passed(f"{wanted} of {wanted} folds for each of {len(counts)} algorithms.")


def filters_as_planned(evidence: Evidence) -> Result:
    """Check what was kept of the data against plan and claimed counts."""
    folds = list(both_parts(evidence))
    if not folds:
        return failed(NO_SPLIT)
    faults: list[str] = []
    for fold, train, test in folds:
        kept = pd.concat([train, test], ignore_index=True)
        faults += [*rating_faults(evidence, kept, fold), *claim_faults(evidence, kept, fold)]
    if faults:
        return failed(f"{some(dict.fromkeys(faults))}.")
    data = pd.concat(folds[0][1:], ignore_index=True)
    claims = claimed_filters(evidence)
    if claims and evidence.plan.min_rating is None:
        names = [short(c.get("name", "?")) for c in claims]
        return warned(f"{len(data):,} interactions after {some(names)}; see the plan for them.")
    rule = f"rating >= {evidence.plan.min_rating:g}" if evidence.plan.min_rating else "no filter"
    return passed(f"{len(data):,} interactions, {rule}.")


def used_dataset(evidence: Evidence) -> Dataset | None:
    """Return the profile of the dataset that was used."""
    described = evidence.run.get("dataset")
    name = described.get("file") if isinstance(described, dict) else None
    first = evidence.datasets[0] if evidence.datasets else None
    return next((d for d in evidence.datasets if d.name == name), first)


def claimed_filters(evidence: Evidence) -> list[dict[str, object]]:
    """Return the filters that run.json names."""
    described = evidence.run.get("dataset")
    found = described.get("filters") if isinstance(described, dict) else None
    return [f for f in found if isinstance(f, dict)] if isinstance(found, list) else []


def may_lose(evidence: Evidence, fold: str) -> bool:
    """Whether a fold may hold fewer interactions than the filters left.

    A cut in time leaves out users who come later; a variant is a part by its nature.
    """
    return is_variant(evidence, fold) or kind_of(evidence, fold) is SplitKind.GLOBAL_TIME


def rating_faults(evidence: Evidence, data: pd.DataFrame, fold: str) -> Iterator[str]:
    """Compare the kept interactions with the planned threshold and the file."""
    threshold = evidence.plan.min_rating
    ratings = pd.to_numeric(data["rating"], errors="coerce") if "rating" in data else None
    if threshold is not None and ratings is not None and (ratings < threshold).any():
        low = int((ratings < threshold).sum())
        yield f"{low:,} interactions with a rating below the planned {threshold:g} were kept"
    profile = used_dataset(evidence)
    if threshold is not None or profile is None or claimed_filters(evidence):
        return
    lost = profile.rows - profile.duplicates - len(data)
    if lost > 0 and not may_lose(evidence, fold):
        yield f"{lost:,} of {profile.rows:,} interactions are missing and no filter says why"


def claim_faults(evidence: Evidence, data: pd.DataFrame, fold: str) -> Iterator[str]:
    """Compare the claimed filters with the interactions that are there."""
    smallest = int(data.groupby("user_id").size().min()) if len(data) else 0
    for claim in claimed_filters(evidence):
        name, after = str(claim.get("name", "")), claim.get("after")
        core = CORE.search(name)
        if core and smallest < (least := int(next(g for g in core.groups() if g))):
            yield (
                f"{short(name)} is claimed, but a user has {smallest} interactions (fewer than "
                f"{least})"
            )
    claims = [c.get("after") for c in claimed_filters(evidence)]
    after = claims[-1] if claims else None
    if not isinstance(after, int):
        return
    is_short = len(data) < after * (1 - COUNT_SLACK) and not may_lose(evidence, fold)
    if len(data) > after or is_short:
        yield f"{after:,} interactions are claimed after filters; the split has {len(data):,}"


def lists_exclude_train(evidence: Evidence) -> Result:
    """Check that no list recommends what its user has in training."""
    if not len(evidence.lists):
        is_ranking = any(m.name not in RATING for m in evidence.plan.metrics)
        return failed("No lists were saved.") if is_ranking else not_applicable("No lists.")
    seen = 0
    for fold, group in evidence.lists.groupby("fold"):
        train = evidence.train.get(str(fold))
        if train is not None:
            seen += len(group[PAIR].merge(train[PAIR].drop_duplicates(), on=PAIR))
    if seen:
        share = seen / len(evidence.lists)
        return failed(f"{seen:,} recommendations ({share:.1%}) are already in training.")
    if not evidence.train:
        return failed(NO_SPLIT)
    return passed(f"{len(evidence.lists):,} recommendations, none of them in training.")


def temporal_leak(evidence: Evidence) -> Result:
    """Check that temporal splits train on nothing later, and tell how far random ones do.

    It binds: under a temporal plan, models that see the future answer another question. Random
    splits see it by design, which readers are told.
    """
    timed = [f for f in both_parts(evidence) if is_timed(f[1]) and is_timed(f[2])]
    wanted = {f[0]: kind_of(evidence, f[0]) for f in both_parts(evidence)}
    ordered = [fold for fold, kind in wanted.items() if kind in TIMED]
    has_times = any(d.timestamp_column for d in evidence.datasets)
    if not timed and ordered and has_times:
        return warned(f"The split was saved without times: the order of {some(ordered)} is open.")
    if not timed and has_times:
        return not_applicable("The split was saved without times.")
    if not timed:
        return not_applicable("The data have no timestamps.")
    if not is_about_leakage(evidence.plan):
        late = [fault for fold in timed for fault in late_training(wanted[fold[0]], fold)]
        if late:
            return failed(f"Training is later than the test: {some(late)}.")
    shares = {f: later_share(a, b) for f, a, b in timed if f not in ordered}
    worst = max(shares.values(), default=0.0)
    if worst:
        return warned(
            f"{worst:.0%} of the training interactions are later than the median tested one: "
            "models see the future, as in any random split."
        )
    if SplitKind.LEAVE_LAST in wanted.values():
        return passed("Each user's tested interaction is their last; others' may be later.")
    return passed("Training is older than the test.")


def later_share(train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Return the share of training that is later than the median tested interaction."""
    return float((train["timestamp"] > test["timestamp"].median()).mean())


def is_timed(frame: pd.DataFrame) -> bool:
    """Whether a frame has comparable times."""
    return "timestamp" in frame and not frame["timestamp"].isna().all() and len(frame) > 0


def duplicates_in_test(evidence: Evidence) -> Result:
    """Check that no pair is tested twice in one fold."""
    if not evidence.test:
        return not_applicable("No split was saved.")
    found = {fold: int(test.duplicated(PAIR).sum()) for fold, test in evidence.test.items()}
    twice = [f"{n:,} in fold {fold}" for fold, n in sorted(found.items()) if n]
    if twice:
        return warned(f"The same pair is tested more than once: {some(twice)}.")
    return passed("Every pair is tested once.")

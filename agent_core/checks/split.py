"""Whether test data stayed out of training and the split is the planned one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from agent_core.checks.protocol import mismatch
from agent_core.checks.result import Result, failed, not_applicable, passed, some, warned
from agent_core.checks.training import trained_on_everything
from agent_core.domain import Dataset, SplitKind, Study
from agent_core.evidence import Evidence
from agent_core.metrics import RATING

PAIR = ["user_id", "item_id"]
LEAKAGE = re.compile(r"\bleak", re.IGNORECASE)
CORE = re.compile(r"(\d+)[\s_-]*core|core\D{0,3}(\d+)|min_user\w*\D(\d+)", re.IGNORECASE)
TIMED = frozenset({SplitKind.GLOBAL_TIME, SplitKind.LEAVE_LAST})
MANY_USERS = 50
NO_SPLIT = "No split was saved, so that it cannot be checked."


def both_parts(evidence: Evidence) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
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
    if is_about_leakage(evidence):
        return not_applicable("The plan studies leakage.")
    leaks = [
        f"{shared:,} of {len(test):,} test pairs of fold {fold}"
        for fold, train, test in both_parts(evidence)
        if (shared := overlap(train, test))
    ]
    if leaks:
        return failed(f"Also in training: {some(leaks)}.")
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


def is_about_leakage(evidence: Evidence) -> bool:
    """Whether the plan itself is about leaks."""
    plan = evidence.plan
    return plan.study is Study.OTHER and bool(LEAKAGE.search(f"{plan.title} {plan.question}"))


def split_as_planned(evidence: Evidence) -> Result:
    """Check that the split is of the planned kind, by its rows."""
    folds = list(both_parts(evidence))
    if not folds:
        return failed(NO_SPLIT)
    planned = evidence.plan.split
    faults = mismatch(planned, folds)
    if faults and evidence.plan.study is Study.OTHER and len(faults) < len(folds):
        return passed(f"{len(folds) - len(faults)} of {len(folds)} splits are {planned.kind}.")
    if faults:
        return failed(f"Not {planned.kind.value.replace('_', ' ')}: {some(faults)}.")
    sizes = [f"{len(train):,} train, {len(test):,} test" for _, train, test in folds]
    return passed(f"{planned.kind.value.replace('_', ' ')}: {some(sizes, 2)}.")


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
    data = pd.concat(folds[0][1:], ignore_index=True)
    profile = used_dataset(evidence)
    faults = [*rating_faults(evidence, data, profile), *claim_faults(evidence, data)]
    if faults:
        return failed(f"{some(faults)}.")
    claims = claimed_filters(evidence)
    if claims and evidence.plan.min_rating is None:
        names = [str(c.get("name", "?")) for c in claims]
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


def rating_faults(
    evidence: Evidence, data: pd.DataFrame, profile: Dataset | None
) -> Iterator[str]:
    """Compare the kept interactions with the planned threshold and the file."""
    threshold = evidence.plan.min_rating
    ratings = pd.to_numeric(data["rating"], errors="coerce") if "rating" in data else None
    if threshold is not None and ratings is not None and (ratings < threshold).any():
        low = int((ratings < threshold).sum())
        yield f"{low:,} interactions with a rating below the planned {threshold:g} were kept"
    if threshold is not None or profile is None or claimed_filters(evidence):
        return
    kept = evidence.plan.split.kind in TIMED or evidence.plan.study is Study.OTHER
    lost = profile.rows - profile.duplicates - len(data)
    if lost > 0 and not kept:
        yield f"{lost:,} of {profile.rows:,} interactions are missing and no filter says why"


def claim_faults(evidence: Evidence, data: pd.DataFrame) -> Iterator[str]:
    """Compare the claimed filters with the interactions that are there."""
    smallest = int(data.groupby("user_id").size().min()) if len(data) else 0
    for claim in claimed_filters(evidence):
        name, after = str(claim.get("name", "")), claim.get("after")
        core = CORE.search(name)
        if core and smallest < (least := int(next(g for g in core.groups() if g))):
            yield f"{name} is claimed, but a user has {smallest} interactions (fewer than {least})"
    claims = [c.get("after") for c in claimed_filters(evidence)]
    after = claims[-1] if claims else None
    if isinstance(after, int) and len(data) > after:
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
    """Tell how much of training is later than what is tested."""
    kind = evidence.plan.split.kind
    timed = [(f, a, b) for f, a, b in both_parts(evidence) if is_timed(a) and is_timed(b)]
    if not timed:
        return not_applicable("The data have no timestamps.")
    fold, train, test = timed[0]
    if kind is SplitKind.LEAVE_LAST:
        newest = train.groupby("user_id")["timestamp"].max()
        tested = test.groupby("user_id")["timestamp"].max()
        late = int((newest.reindex(tested.index) > tested).sum())
        if late:
            return warned(f"{late:,} users have training interactions later than the tested one.")
        return passed("Each user's tested interaction is their last; others' may be later.")
    share = float((train["timestamp"] > test["timestamp"].median()).mean())
    if kind is SplitKind.GLOBAL_TIME and not share:
        return passed(f"Training ends before the test of fold {fold} begins.")
    if not share:
        return passed("Training is older than the test.")
    return warned(
        f"{share:.0%} of the training interactions are later than the median tested one: models "
        "see the future, as in any random split."
    )


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

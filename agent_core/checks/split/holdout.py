"""Whether test data stayed out of training and the split is the planned one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from agent_core.checks.result import Detail, Result, each, failed, not_applicable, passed, warned
from agent_core.checks.script.training import trained_on_everything
from agent_core.checks.split.blocks import is_thinned, rounds_of
from agent_core.checks.split.filters import judged_parts
from agent_core.checks.split.given import differences_from_given, given_split
from agent_core.checks.split.split_kinds import (
    SHARE_SLACK,
    Fold,
    Folds,
    doubts,
    late_training,
    later_but_rated_low,
    mismatch,
    structure,
)
from agent_core.checks.split.variants import (
    is_meant_to_leak,
    is_variant,
    kind_of,
    studies_leaks,
)
from agent_core.data.parquet_reader import PAIR
from agent_core.domain import Masked, SplitKind, SplitRules
from agent_core.domain.cells import cells_of
from agent_core.domain.metric import RATING
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.full_training import masked_pairs
from agent_core.evidence.id_codes import are_among, distinct, pair_keys
from agent_core.evidence.split_origin import seconds
from agent_core.evidence.views import place_text, places_of
from agent_core.measures.expected_hits import NOTHING, expected_hits

NEAR = 0.01
"""Rounding of a share of the users."""
NEARLY_ALL = 0.95
"""Share of the test users who have as many tested interactions as the plan names."""
MANY_USERS = 50
"""Tested users whom nobody misses by chance: where one in twenty is hit, all of 50 are missed by
one algorithm in 13 (0.95^50), and two have to."""
MANY_HITS = 10
"""Hits of which none comes by chance: where so many are to be expected, e^-10 (Poisson)."""
POPULARITY = "PopScorer"
NO_SPLIT = "No split was saved, so that it cannot be checked."


def no_test_in_train(evidence: Evidence) -> Result:
    """Check that no tested pair (user, item) was trained on."""
    folds = _both_parts(evidence)
    told = "{pairs:,} of {of:,} test pairs of fold {fold}"
    split = given_split(evidence)
    as_given = {fold: split.shared_as_given(fold) for fold, _, _ in folds}
    leaks = [
        Detail(told, pairs=shared, of=len(test), fold=fold)
        for fold, train, test in folds
        if not is_meant_to_leak(evidence, fold)
        and (shared := _overlap(train, test)) > as_given[fold]
    ]
    if leaks:
        return failed("Also in training: {leaks}.", leaks=leaks)
    if studies_leaks(evidence):
        return not_applicable("The plan studies leakage.")
    if fault := trained_on_everything(evidence.source, (d.name for d in evidence.datasets)):
        return failed(fault)
    never = Detail("")
    if not any(as_given.values()) and _is_never_hit(evidence):
        is_odd, never = _hits_to_expect(evidence)
        if is_odd:
            return failed(
                never + " Lists leave out what was trained on, so the test was trained on."
            )
    if not folds:
        return failed(NO_SPLIT)
    if absent := sorted(set(evidence.single["fold"]) - set(folds.names)):
        names = [fold or "(unnamed)" for fold in absent]
        return failed("No split was saved of fold {folds}.", folds=names)
    total = sum(len(t) for t in evidence.test.values())
    if shared := sum(as_given.values()):
        told = "{shared:,} of {pairs:,} test pairs are in training too, as the data came."
        return warned(told, shared=shared, pairs=total)
    if never:
        return warned(never + " So few are no sign that the test was trained on.")
    told = "{pairs:,} test pairs in {folds} folds, none of them in training."
    return passed(told, pairs=total, folds=len(folds))


def split_as_planned(evidence: Evidence) -> Result:
    """Check that the split is of the planned kind, by its rows."""
    folds = judged_parts(evidence).change(lambda fold: _with_asked_users(evidence, fold))
    if not folds:
        return failed(NO_SPLIT)
    rounds = rounds_of(evidence, folds)
    planned = [_with_planned_count(evidence, own) for own in rounds]
    kinds = dict.fromkeys(rules.kind.value.replace("_", " ") for rules in planned)
    judged = list(zip(planned, rounds, strict=True))
    others = [name for rules, own in judged for name in _of_other_kinds(evidence, rules, own)]
    faults = [fault for rules, own in judged for fault in _split_faults(evidence, rules, own)]
    faults += [*_untimed(evidence, folds), *_other_cuts(evidence, folds)]
    if faults:
        return failed("Not {kind}: {faults}.", kind=kinds, faults=dict.fromkeys(faults))
    if silent := [fold for fold in others if kind_of(evidence, fold) is None]:
        told = "Not {kind}, and not said to be of another kind: fold {folds}."
        return warned(told, kind=kinds, folds=silent)
    if few := [doubt for rules, own in judged for doubt in _split_doubts(evidence, rules, own)]:
        return warned("{kind}, but {doubts}.", kind=kinds, doubts=few)
    if others:
        told = "{folds} of {of} splits are {kind}."
        return passed(told, folds=len(folds) - len(others), of=len(folds), kind=kinds)
    told = "{train:,} train, {test:,} test"
    sizes = [Detail(told, train=len(train), test=len(test)) for _, train, test in folds]
    return passed("{kind}: {sizes:2}.", kind=kinds, sizes=sizes)


def _of_other_kinds(evidence: Evidence, planned: SplitRules, folds: Folds) -> list[str]:
    """Return the variants among folds that are not of the planned kind."""
    variants = folds.select(lambda fold: is_variant(evidence, fold))
    return [fold[0] for fold in variants if mismatch(planned, [fold])]


def _split_faults(evidence: Evidence, planned: SplitRules, folds: Folds) -> Iterator[str]:
    """Return in what the folds of one split differ from it.

    How much is held out shows beside all of training only.
    """
    fixed = folds.select(lambda fold: not is_variant(evidence, fold))
    others = folds.select({*_of_other_kinds(evidence, planned, folds)}.__contains__)
    thinned = folds.select(lambda fold: is_thinned(evidence, fold))
    for fold in (*others, *thinned):
        yield from structure(kind_of(evidence, fold[0]), fold)
    if not thinned:
        yield from mismatch(planned, fixed)
    if len(others) == len(folds):
        yield from mismatch(planned, others)
    yield from differences_from_given(evidence, fixed)


def _split_doubts(evidence: Evidence, planned: SplitRules, folds: Folds) -> list[str]:
    """Return which few users of a split are not tested."""
    whole = folds.select(lambda f: not is_variant(evidence, f) and not is_thinned(evidence, f))
    return doubts(planned, whole)


def folds_as_planned(evidence: Evidence) -> Result:
    """Check that every algorithm was run on as many folds as planned."""
    if not len(evidence.single):
        return failed("There are no results of single runs.")
    counts = evidence.single.groupby("algorithm")["fold"].nunique()
    asked = _planned_folds(evidence)
    wanted, saved = max(asked.values()), len(evidence.test)
    of_each = counts.index.map(lambda name: asked.get(name, wanted))
    if found := _with_folds(counts[counts < of_each]):
        return failed("{planned} folds are planned; {found}.", planned=wanted, found=found)
    if saved < wanted:
        told = "{planned} folds are planned; the split of {saved} was saved."
        return failed(told, planned=wanted, saved=saved)
    if found := _with_folds(counts[counts > of_each]):
        return warned(
            "More folds than the {planned} planned: {found}.", planned=wanted, found=found
        )
    told = "{folds} of {planned} folds for each of {algorithms} algorithms."
    return passed(told, folds=wanted, planned=wanted, algorithms=len(counts))


def _planned_folds(evidence: Evidence) -> dict[str, int]:
    """Return on how many folds, each a block of the design, every algorithm is to run."""
    used = {d.name for d in evidence.datasets}
    cells = [c for c in cells_of(evidence.plan) if c.block.dataset in used or not used]
    named = {cell.algorithm.name: set[str]() for cell in cells}
    for cell in cells:
        named[cell.algorithm.name].add(cell.block.name)
    return {name: len(blocks) for name, blocks in named.items()} or {"": 1}


def lists_exclude_train(evidence: Evidence) -> Result:
    """Check that no list recommends what the plan masks: what its user has in training.

    It binds: lists that waste places on known items answer another question.
    """
    if not evidence.lists:
        is_ranking = any(m.name not in RATING for m in evidence.plan.metrics)
        return failed("No lists were saved.") if is_ranking else not_applicable("No lists.")
    lines = evidence.lists.lines
    found = {fold: _masked_lines(evidence, fold) for fold in evidence.train}
    rules = (evidence.split_of(fold).masked for fold in found)
    where = Detail("the full training" if Masked.FULL_TRAINING in rules else "training")
    if seen := sum(count for count, _ in found.values()):
        told = "{pairs:,} recommendations ({share:.1%}) are already in {where}."
        return failed(told, pairs=seen, share=seen / lines, where=where)
    if not evidence.train:
        return failed(NO_SPLIT)
    if unknown := [fold for fold, (_, is_known) in found.items() if not is_known]:
        told = "What lists leave out of the full training is not known: folds {folds}."
        return warned(told, folds=unknown)
    told = "{pairs:,} recommendations, none of them in {where}."
    return passed(told, pairs=lines, where=where)


def _masked_lines(evidence: Evidence, fold: str) -> tuple[int, bool]:
    """Return how many recommendations of a fold are masked, and whether all that is is known."""
    masked = masked_pairs(evidence, fold)
    # Where the full training is not known, what was trained on is masked at least.
    keys = distinct(pair_keys(evidence.train[fold] if masked is None else masked))
    if is_meant_to_leak(evidence, fold):
        keys = np.setdiff1d(keys, pair_keys(evidence.test[fold]))
    own = evidence.lists.select(lambda run: run[1] == fold)
    seen = sum(int(are_among(pair_keys(table), keys).sum()) for table in own.values())
    return seen, masked is not None


def temporal_leak(evidence: Evidence) -> Result:
    """Check that temporal splits train on nothing later, and tell how far random ones do.

    Random splits see the future by design, which readers are told.
    """
    folds = _both_parts(evidence)
    wanted = {name: kind_of(evidence, name) for name in folds.names}
    ordered = [fold for fold, kind in wanted.items() if kind and kind.is_timed]
    timed = [_order_of(evidence, fold, wanted[fold[0]]) for fold in folds if _has_times(fold)]
    if not timed:
        return _untimed_result(evidence, ordered)
    if late := [fault for faults, _ in timed for fault in faults]:
        return failed("Training is later than the test: {late}.", late=late)
    if low := [note for fold in folds if (note := _kept_for_ratings(evidence, fold))]:
        return warned(
            "By the rule of what may be tested models see later interactions: {low}.", low=low
        )
    if shares := _later_shares(evidence, folds, wanted):
        told = (
            "{shares} of the training interactions are later than the median tested one: models "
            "see the future"
        )
        is_random = not any(kind and kind.is_timed for kind in wanted.values())
        told += ", as in any split that no moment cuts." if is_random else "."
        return warned(told, shares=shares)
    if SplitKind.LEAVE_LAST in wanted.values():
        return passed("Each user's tested interaction is their last; others' may be later.")
    return passed("Training is older than the test.")


def _order_of(evidence: Evidence, fold: Fold, kind: SplitKind | None) -> tuple[list[str], float]:
    """Return what of a temporal fold is trained on too late, or how much a random one leaks."""
    is_studied = evidence.split_of(fold[0]).is_leak_study
    late = [] if is_studied else late_training(kind, fold, evidence.split_of(fold[0]))
    is_ordered = bool(kind and kind.is_timed)
    return late, 0.0 if is_ordered else _later_share(fold[1], fold[2])


def _later_shares(
    evidence: Evidence, folds: Folds, wanted: Mapping[str, SplitKind | None]
) -> list[Detail]:
    """Return the largest share of later training at each level of data and split."""
    found = {
        fold[0]: _order_of(evidence, fold, wanted[fold[0]])[1]
        for fold in folds
        if _has_times(fold)
    }
    places = {place_text(p): own for p, own in places_of(evidence, found).items()}
    worst = {place: max(found[name] for name in own) for place, own in places.items()}
    late = {place: share for place, share in worst.items() if share}
    told = "{share:.0%} ({place})" if len(places) > 1 else "{share:.0%}"
    return (
        each(told, share=late.values(), place=late)
        if len(places) > 1
        else [Detail(told, share=share) for share in late.values()]
    )


def _kept_for_ratings(evidence: Evidence, fold: Fold) -> Detail | None:
    """Say of how many users later interactions are in training that are rated too low to test."""
    name, split = fold[0], evidence.split_of(fold[0])
    if not _has_times(fold) or not (
        users := later_but_rated_low(kind_of(evidence, name), fold, split)
    ):
        return None
    told = "fold {fold}, {users:,} users with later ones rated below {lowest:g}"
    return Detail(told, fold=name, users=users, lowest=split.lowest_test_rating)


def is_timed(frame: pd.DataFrame) -> bool:
    """Whether a frame has comparable times."""
    return "timestamp" in frame and not frame["timestamp"].isna().all() and len(frame) > 0


def duplicates_in_test(evidence: Evidence) -> Result:
    """Check that no pair is tested twice in one fold."""
    if not evidence.test:
        return not_applicable("No split was saved.")
    found = {fold: int(test.duplicated(PAIR).sum()) for fold, test in evidence.test.items()}
    told = "{pairs:,} in fold {fold}"
    twice = [Detail(told, pairs=n, fold=fold) for fold, n in sorted(found.items()) if n]
    if twice:
        return warned("The same pair is tested more than once: {twice}.", twice=twice)
    return passed("Every pair is tested once.")


def _with_folds(counts: pd.Series) -> list[Detail]:
    """Say on how many folds algorithms ran."""
    return each("{algorithm} has {folds}", algorithm=counts.index, folds=counts)


def _untimed_result(evidence: Evidence, ordered: Sequence[str]) -> Result:
    """Say what is not known of an order where no fold was saved with times."""
    if not _have_times(evidence):
        return not_applicable("The data have no timestamps.")
    if not ordered:
        return not_applicable("The split was saved without times.")
    told = "The split was saved without times: the order of {folds} is open."
    return warned(told, folds=ordered)


def _have_times(evidence: Evidence) -> bool:
    """Whether the data have times that a split could be saved with."""
    return any(d.timestamp_column for d in evidence.datasets)


def _has_times(fold: Fold) -> bool:
    """Whether both parts of a fold have comparable times."""
    return is_timed(fold[1]) and is_timed(fold[2])


def _both_parts(evidence: Evidence) -> Folds:
    """Return fold, train and test where both were saved."""
    names = sorted(set(evidence.test) & set(evidence.train))
    return Folds(names, lambda fold: (fold, evidence.train[fold], evidence.test[fold]))


def _overlap(left: pd.DataFrame, right: pd.DataFrame) -> int:
    """Return how many pairs (user, item) stand in both."""
    tested, trained = np.unique(pair_keys(right)), np.sort(pair_keys(left))
    return int(are_among(tested, trained).sum())


def _is_never_hit(evidence: Evidence) -> bool:
    """Whether all of many lists, of a baseline too, miss every tested item."""
    single = evidence.single
    hits = single[single["metric"].isin(["ndcg", "recall", "hit", "mrr", "map", "precision"])]
    users = sum(t["user_id"].nunique() for t in evidence.test.values())
    many = users >= MANY_USERS and hits["algorithm"].nunique() >= 2
    return bool(many and len(hits) and (hits["value"] == 0).all())


def _hits_to_expect(evidence: Evidence) -> tuple[bool, Detail]:
    """Return whether it is odd that nothing was hit, and what was to be expected.

    Popularity is expected to hit what it does where the study has it, all else what chance does.
    """
    k = max((m.k or 1 for m in evidence.plan.metrics), default=1)
    found = sum(
        (expected_hits(train, test, k) for _, train, test in _both_parts(evidence)), NOTHING
    )
    ran = set(evidence.single["algorithm"])
    has_popularity = any(a.kind == POPULARITY and a.name in ran for a in evidence.plan.algorithms)
    count = max(found.by_chance, found.by_popularity if has_popularity else 0)
    told = (
        "No tested item is recommended to anybody by any algorithm. Training knows the items of "
        "{known:,} of {tested:,} test pairs; about {expected:,.0f} hits were to be expected."
    )
    named = {"known": found.known, "tested": found.tested, "expected": count}
    return count >= MANY_HITS, Detail(told, **named)


def _with_asked_users(evidence: Evidence, fold: Fold) -> Fold:
    """Return a fold without the users whom the plan leaves out of the test.

    It may have a number or share of test users, or a lowest rating that is tested.
    """
    name, train, test = fold
    kind = kind_of(evidence, name)
    if kind is None or not (kind.is_single or kind is SplitKind.USER_FRACTION):
        return fold
    split, tested = evidence.split_of(name), set(test["user_id"])
    lowest = split.lowest_test_rating
    share = len(tested) / max(1, len(tested | set(train["user_id"])))
    wanted = split.test_user_share
    is_share = wanted is not None and abs(share - wanted) <= NEAR
    if len(tested) == split.test_users or is_share:
        return name, train[train["user_id"].isin(tested)], test
    if lowest is None or "rating" not in train:
        return fold
    could = set(train.loc[pd.to_numeric(train["rating"], errors="coerce") >= lowest, "user_id"])
    return name, train[train["user_id"].isin(could | tested)], test


def _with_planned_count(evidence: Evidence, folds: Folds) -> SplitRules:
    """Return the planned split; with the share that is held out, where the plan has a count.

    `5 interactions of each test user` says more than the share that a plan has by default.
    """
    split = evidence.split_of(folds.names[0])
    tests = pd.concat([test[["user_id"]].assign(fold=fold) for fold, _, test in folds])
    counts = tests.groupby(["fold", "user_id"]).size()
    if not split.kind.has_share or not len(counts) or counts.max() != split.held_out:
        return split
    if (counts == counts.max()).mean() < NEARLY_ALL:
        return split
    of_tested = [
        len(test) + train["user_id"].isin(set(test["user_id"])).sum() for _, train, test in folds
    ]
    return replace(split, holdout=len(tests) / max(1, sum(of_tested)))


def _other_cuts(evidence: Evidence, folds: Folds) -> Iterator[Detail]:
    """Name the folds that cut time elsewhere than the plan does.

    Users who come later may be left out of the test, so that the dataset is asked how much of it
    is later than the cut.
    """
    data = evidence.interactions
    if data is None or not is_timed(data):
        return
    times = seconds(data["timestamp"])
    for fold in folds.select(lambda fold: evidence.split_of(fold).is_share_planned):
        name, train, test = fold
        split = evidence.split_of(name)
        is_cut = kind_of(evidence, name) is SplitKind.GLOBAL_TIME
        if not is_cut or is_variant(evidence, name) or not _has_times(fold):
            continue
        after, since = seconds(train["timestamp"]).max(), seconds(test["timestamp"]).min()
        share = float((times > after).mean())
        shares = (share, float((times >= since).mean()), len(test) / (len(test) + len(train)))
        if all(abs(s - split.holdout) > SHARE_SLACK for s in shares):
            told = "fold {fold}: the newest {share:.1%} are cut off, {planned:.0%} is planned"
            yield Detail(told, fold=name, share=share, planned=split.holdout)


def _untimed(evidence: Evidence, folds: Folds) -> list[Detail]:
    """Name the temporal folds that lack the times which the dataset has."""
    if not _have_times(evidence):
        return []
    kinds = ((f[0], kind_of(evidence, f[0])) for f in folds if not _has_times(f))
    names = [name for name, kind in kinds if kind and kind.is_timed]
    return each("fold {fold}: it has none of the times of the dataset", fold=names)


def _later_share(train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Return the share of training that is later than the median tested interaction."""
    return float((train["timestamp"] > test["timestamp"].median()).mean())

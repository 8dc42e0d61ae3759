"""Whether what was kept of the data is what plan and named filters leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.checks.result import Detail, Result, failed, passed, warned
from agent_core.checks.split.blocks import is_thinned
from agent_core.checks.split.claimed_filters import claimed_filters, described_data, false_claims
from agent_core.checks.split.given import GivenSplit, given_split
from agent_core.checks.split.ruled_data import (
    PARTS_APART,
    kept_pairs,
    table_of,
    variant_beside,
)
from agent_core.checks.split.split_kinds import Fold, Folds
from agent_core.checks.split.variants import (
    TO_CHOOSE_ON,
    is_to_choose_on,
    is_variant,
    kind_of,
    may_lose,
)
from agent_core.data.parquet_reader import PAIR
from agent_core.data.variants import is_derived
from agent_core.domain import DataRuleKind, DataRules, Dataset, Of, SplitKind
from agent_core.evidence.cells import RowsOf
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.evidence.id_codes import NO_ID, are_among, are_repeated, pair_keys
from agent_core.evidence.raw_ids import read_otherwise
from agent_core.evidence.split_origin import Rows
from agent_core.prose.quotation import short

FEW = 5
"""Interactions that may be missing by chance."""
MANY = 0.05
"""Share of interactions or users that no filter beside the plan may take away."""
APART = 0.25
"""Share of interactions that a declared validation part may take away without being saved."""
UNREAD = (
    ": the script read ids from the file in its own way ({ids}). `labbook.load` reads them as "
    "they are: use it, or read ids as text, without words for missing values"
)
NOT_SAVED = "a validation part that was not saved"


@dataclass(frozen=True, slots=True)
class Loss:
    """What a fold lacks of the dataset, and nothing in the plan explains."""

    interactions: int = 0
    of: int = 0
    users: int = 0
    of_users: int = 0
    note: str = ""
    """What the split itself leaves out."""
    doubt: str = ""
    """What it leaves out of what could have been tested."""
    unread: tuple[str, ...] = ()
    """What pandas makes of ids, where all that is missing is theirs."""
    fold: str = ""

    @property
    def text(self) -> Detail:
        """How many interactions and users are missing."""
        told = "{interactions:,} of {of:,} interactions"
        told += ", {users:,} of {of_users:,} users" if self.users else ""
        counts = ("interactions", "of", "users", "of_users")
        return Detail(told, **{name: getattr(self, name) for name in counts})

    @property
    def share(self) -> float:
        """The larger share, of interactions or users."""
        return max(self.interactions / max(1, self.of), self.users / max(1, self.of_users))


def filters_as_planned(evidence: Evidence) -> Result:
    """Check what was kept of the data against plan and claimed counts."""
    folds = judged_parts(evidence)
    if not folds:
        return failed("No split was saved, so that it cannot be checked.")
    split = given_split(evidence)
    whole = folds.select(lambda fold: not is_thinned(evidence, fold))
    losses: list[Loss] = []
    faults: list[str] = []
    excess: list[str] = []
    for fold in whole or folds:
        loss = _loss_of(evidence, fold, split) if whole else Loss()
        losses.append(replace(loss, fold=fold[0]))
        faults += false_claims(evidence, fold)
    for fold in folds:
        faults += _low_ratings(evidence, fold)
        excess += _excess(evidence, fold)
    reasons = _reasons_of(evidence)
    worst = max(losses, key=_gravity)
    unexplained = [loss for loss in losses if not _is_allowed(evidence, loss, reasons)]
    if any(loss.share for loss in unexplained):
        worst = max(unexplained, key=_gravity)
        told = " after {filters}, which the plan does not ask for"
        why = Detail(told, filters=reasons) if reasons else " and no filter says why"
        if worst.unread:
            why = Detail(UNREAD, ids=worst.unread)
        faults.append(worst.text + " are missing" + why)
    if faults:
        return failed("{faults}.", faults=dict.fromkeys(faults))
    if worst.share:
        after = reasons or "rules that the plan only words"
        return warned(worst.text + Detail(" are missing after {filters}.", filters=after))
    kept = _kept_text(evidence, whole or folds)
    if doubts := [*(loss.doubt for loss in losses if loss.doubt), *excess]:
        told = Detail("; {doubts}", doubts=dict.fromkeys(doubts))
        return warned(_with_notes(kept + told, losses))
    return passed(_with_notes(kept + ", " + _rule_text(evidence, reasons), losses))


def unexplained_loss(evidence: Evidence, fold: Fold) -> Loss | None:
    """Return what a fold lacks, where that is much and nothing explains it."""
    loss = replace(_loss_of(evidence, fold, given_split(evidence)), fold=fold[0])
    is_allowed = _is_allowed(evidence, loss, _reasons_of(evidence))
    return None if is_allowed or loss.share <= MANY else loss


def _gravity(loss: Loss) -> tuple[float, int]:
    return loss.share, loss.interactions


def judged_parts(evidence: Evidence) -> Folds:
    """Return fold, all that is not tested, and test, where these were saved.

    What test users keep whom training does not see, and what is kept apart to choose on, counts as
    not tested; folds that were only saved to choose on are none.
    """
    saved = sorted(set(evidence.test) & set(evidence.train))
    chosen = [fold for fold in saved if not is_to_choose_on(evidence, fold)] or saved
    return Folds(chosen, lambda fold: (fold, _untested(evidence, fold), evidence.test[fold]))


def _untested(evidence: Evidence, fold: str) -> pd.DataFrame:
    """Return what is not tested of a fold."""
    parts = (getattr(evidence, name) for name in PARTS_APART)
    apart = [part[fold] for part in parts if fold in part]
    train = evidence.train[fold]
    return pd.concat([train, *apart], ignore_index=True) if apart else train


def unexplained_by_cold_start(
    missing: pd.DataFrame, train: RowsOf, expected: RowsOf, tested: int
) -> tuple[pd.DataFrame, str]:
    """Return what is missing without what training does not know, and how much that is.

    Tested items that no training interaction has are often left out. A draw that holds a share h
    back leaves all c interactions of an item to the test with probability h^c; far more than are
    to be expected from that were left out for another reason.
    """
    share, doubts = tested / max(1, len(train.rows) + tested), []
    for column, what in (("item_id", "items"), ("user_id", "users")):
        is_new = ~missing[column].isin(train.columns([column])[column].unique())
        sizes = expected.columns([column])[column].value_counts()
        usual = float((sizes * share**sizes).sum())
        count = int(is_new.sum())
        if 0 < count <= 2 * usual + 3 * usual**0.5 + FEW:
            told = "{cold:,} held-out interactions with {what} new to training"
            doubts.append(Detail(told, cold=count, what=what))
            missing = missing[~is_new]
    return missing, Detail("{cold} are left out", cold=doubts) if doubts else ""


def _kept_text(evidence: Evidence, folds: Folds) -> Detail:
    """Count what the fullest fold has, in users or items too where these are sampled."""
    name, *parts = max(folds, key=lambda fold: sum(map(len, fold[1:])))
    told = Detail("{interactions:,} interactions", interactions=sum(map(len, parts)))
    sampled = {r.of for r in evidence.data_of(name).rules if r.kind is DataRuleKind.SAMPLE}
    for of, column in ((Of.USERS, "user_id"), (Of.ITEMS, "item_id")):
        if sampled & {of, Of.BOTH}:
            count = pd.concat([part[column] for part in parts]).nunique()
            told += Detail(" of {sampled:,} {what}", sampled=count, what=of.value)
    return told


def _with_notes(told: str, losses: Iterable[Loss]) -> str:
    """End a reason with what the split itself leaves out."""
    for note in dict.fromkeys(loss.note for loss in losses if loss.note):
        told = told + "; " + note
    return told + "."


def _rule_text(evidence: Evidence, reasons: list[str]) -> str:
    """Say by which rule interactions were kept."""
    least = evidence.plan.data.lowest_rating
    if len(evidence.plan.data_levels) > 1:
        return Detail(
            "by the rules of {levels} data levels", levels=len(evidence.plan.data_levels)
        )
    if least:
        return Detail("rating >= {lowest:g}", lowest=least)
    return Detail("after {filters}", filters=reasons) if reasons else "no filter"


def _is_allowed(evidence: Evidence, loss: Loss, names: list[str]) -> bool:
    """Whether plan or run.json say enough of what is missing."""
    split, rules = evidence.split_of(loss.fold), evidence.data_of(loss.fold)
    is_given = split.kind is SplitKind.GIVEN
    is_of_training = any(rule.is_training_only for rule in rules.rules)
    if not is_derived(rules) or is_of_training or (split.has_validation and not is_given):
        return True
    if names == [NOT_SAVED]:
        return loss.interactions <= APART * loss.of and not loss.users
    return bool(names) and loss.share <= MANY


def _used_dataset(evidence: Evidence) -> Dataset | None:
    """Return the profile of the dataset that was used."""
    named = {d.name: d for d in reversed(evidence.datasets)}
    first = evidence.datasets[0] if evidence.datasets else None
    return named.get(str(described_data(evidence).get("file")), first)


def _reasons_of(evidence: Evidence) -> list[str]:
    """Return what run.json says took interactions away: filters, or a validation part."""
    names = [short(c.get("name", "?")) for c in claimed_filters(evidence)]
    chosen = [str(d.get("selected_on") or "") for d in recorded_algorithms(evidence.run).values()]
    return [*names, NOT_SAVED] if any(map(TO_CHOOSE_ON.search, chosen)) else names


def _loss_of(evidence: Evidence, fold: Fold, split: GivenSplit) -> Loss:
    """Return what a fold lacks of the dataset without a reason in plan or split."""
    data, origin = evidence.interactions, evidence.origins.get(fold[0])
    if is_variant(evidence, fold[0]):
        return Loss()
    if data is None or origin is None or origin.is_renamed:
        return _counted_loss(evidence, fold)
    is_expected = _is_expected(evidence.data_of(fold[0]), data) & _is_left(evidence, fold)
    if given := split.fold_of(fold[0]):
        is_expected &= np.isin(split.numbers, given.pairs)
    apart = list(_parts_to_choose_on(evidence))
    saved = kept_pairs(evidence, fold)
    is_kept = are_among(pair_keys(data), saved)
    del saved
    kept = [rows[rows >= 0] for rows in origin.rows.values()]
    missing = data[is_expected & ~is_kept & ~_are_there(data, [*kept, *apart])]
    train = RowsOf(data, origin.rows["train"][origin.rows["train"] >= 0])
    note = ""
    if kind_of(evidence, fold[0]) is SplitKind.GLOBAL_TIME and "timestamp" in data:
        missing, note, doubt = _unexplained_by_cut(missing, train.table)
    else:
        expected = RowsOf(data, np.flatnonzero(is_expected).astype(np.int32))
        missing, doubt = unexplained_by_cold_start(missing, train, expected, len(fold[2]))
    users = data["user_id"].to_numpy()
    gone = [missing["user_id"].to_numpy(), *(users[rows] for rows in apart)]
    lost = np.setdiff1d(np.concatenate(gone), users[is_kept])
    total, unread = len(np.unique(users[is_expected])), _read_otherwise(evidence, missing)
    return Loss(len(missing), int(is_expected.sum()), len(lost), total, note, doubt, tuple(unread))


def _read_otherwise(evidence: Evidence, missing: pd.DataFrame) -> list[str]:
    """Say what pandas makes of ids, where that explains all that is missing."""
    data, ids = evidence.interactions, evidence.ids
    if not len(missing) or data is None:
        return []
    texts = {c: [ids.texts(f[c].unique()) for f in (missing, data)] for c in PAIR}
    forms = {c: read_otherwise(*both) for c, both in texts.items()}
    is_theirs = np.zeros(len(missing), dtype=bool)
    for column, found in forms.items():
        is_theirs |= missing[column].isin(ids.encode(pd.Series([*found], dtype=object)))
    told = (f"{own} as {form or 'missing'}" for f in forms.values() for own, form in f.items())
    return list(told) if is_theirs.all() else []


def _are_there(data: pd.DataFrame, rows: list[Rows]) -> NDArray[np.bool_]:
    """Return which interactions of the data are among some rows, or have the same pair."""
    keys, is_there = pair_keys(data), np.zeros(len(data), dtype=bool)
    for some in rows:
        is_there[some] = True
    known = keys[is_there]
    known.sort()
    is_there[~is_there] = are_among(keys[~is_there], known)
    return is_there


def _is_expected(rules: DataRules, data: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which interactions rules leave, each pair once."""
    lowest = rules.lowest_rating
    fewest = rules.fewest_per_user, rules.fewest_per_item
    users, items = (data[c].to_numpy() for c in PAIR)
    kept: NDArray[np.bool_] = (users != NO_ID) & (items != NO_ID)
    if lowest is not None and "rating" in data:
        kept &= (pd.to_numeric(data["rating"], errors="coerce") >= lowest).to_numpy()
    kept[kept] = ~are_repeated(pair_keys(data)[kept])
    # Of a user with one interaction nothing can be both trained on and tested.
    kept &= (np.bincount(users[kept], minlength=_width(users)) > 1)[users]
    while max(fewest) > 1 and kept.any():
        inside = kept.copy()
        for ids, least in zip((users, items), fewest, strict=True):
            inside &= (np.bincount(ids[kept], minlength=_width(ids)) >= least)[ids]
        if (inside == kept).all():
            break
        kept = inside
    return kept


def _is_left(evidence: Evidence, fold: Fold) -> NDArray[np.bool_]:
    """Return which interactions the rules of a fold leave, in their order, samples too."""
    data, rules = evidence.interactions, evidence.data_of(fold[0])
    table = table_of(evidence) if rules.rules else None
    if table is None or data is None:
        return np.ones(0 if data is None else len(data), dtype=bool)
    left = variant_beside(table, rules, kept_pairs(evidence, fold))
    return are_among(table.keys, table.pairs(left.rows))


def _width(ids: NDArray[np.int32]) -> int:
    """Return how many numbers stand for ids."""
    return int(ids.max(initial=0)) + 1


def _parts_to_choose_on(evidence: Evidence) -> Iterator[Rows]:
    """Yield the rows of the interactions that were saved to choose on."""
    for fold, origin in evidence.origins.items():
        if is_to_choose_on(evidence, fold) and "test" in origin.rows:
            rows = origin.rows["test"]
            yield rows[rows >= 0]


def _unexplained_by_cut(
    missing: pd.DataFrame, train: pd.DataFrame
) -> tuple[pd.DataFrame, str, str]:
    """Return what a cut in time does not explain, with what it does, and what is doubtful.

    Users whom training does not know cannot be tested; items that it does not know need not be.
    """
    is_late = missing["timestamp"] > train["timestamp"].max()
    is_known = missing["user_id"].isin(set(train["user_id"]))
    is_new_item = ~missing["item_id"].isin(set(train["item_id"]))
    cold, new = missing[is_late & ~is_known], missing[is_late & is_known & is_new_item]
    note = doubt = ""
    if len(cold):
        told = "{later:,} later interactions of {users:,} users unknown to training are left out"
        note = Detail(told, later=len(cold), users=cold["user_id"].nunique())
    if len(new):
        told = "{later:,} later interactions with items new to training are left out"
        doubt = Detail(told, later=len(new))
    return missing[~is_late | (is_known & ~is_new_item)], note, doubt


def _counted_loss(evidence: Evidence, fold: Fold) -> Loss:
    """Return how many interactions are missing by their number alone."""
    profile, data = _used_dataset(evidence), evidence.interactions
    if profile is None or may_lose(evidence, fold[0]):
        return Loss()
    of, of_users = profile.rows - profile.duplicates, profile.users
    if data is not None:
        is_expected = _is_expected(evidence.data_of(fold[0]), data) & _is_left(evidence, fold)
        of, of_users = int(is_expected.sum()), data.loc[is_expected, "user_id"].nunique()
    elif evidence.data_of(fold[0]).lowest_rating is not None:
        return Loss()
    kept = sum(len(part) for part in fold[1:])
    users = pd.concat([part["user_id"] for part in fold[1:]]).nunique()
    missing = max(0, of - kept)
    return Loss(missing, of, max(0, of_users - users) if missing else 0, of_users)


def _excess(evidence: Evidence, fold: Fold) -> Iterator[Detail]:
    """Name interactions that were kept although the plan leaves them out."""
    rules, data = _rules_of_all(evidence, fold[0]), evidence.interactions
    origin = evidence.origins.get(fold[0])
    if data is None or origin is None or origin.is_renamed or is_variant(evidence, fold[0]):
        return
    for column, what, least in (
        ("user_id", "users", rules.fewest_per_user),
        ("item_id", "items", rules.fewest_per_item),
    ):
        # Counted in all of the data: whatever the order of filters, fewer cannot have been kept.
        if least < 2:
            continue
        sizes = data[column].take(origin.kept)
        sizes = sizes.map(data.drop_duplicates(PAIR)[column].value_counts())
        if few := int((sizes < least).sum()):
            told = "{low:,} interactions of {what} with fewer than the planned {planned} were kept"
            yield Detail(told, low=few, what=what, planned=least)


def _rules_of_all(evidence: Evidence, fold: str) -> DataRules:
    """Return the data rules of a fold that are not of its training alone."""
    return evidence.data_of(fold).of_all


def _low_ratings(evidence: Evidence, fold: Fold) -> Iterator[Detail]:
    """Compare the kept interactions with the planned thresholds."""
    name, train, test = fold
    where = Detail(" in the test of fold {fold}", fold=name)
    kept = _rules_of_all(evidence, name).lowest_rating
    lowest = kept, evidence.split_of(name).lowest_test_rating
    for threshold, parts, place in zip(lowest, ((train, test), (test,)), ("", where), strict=True):
        if threshold is None or not any("rating" in part for part in parts):
            continue
        ratings = pd.concat([part["rating"] for part in parts if "rating" in part])
        if _has_own_ratings(evidence, name, ratings):
            continue
        if low := int((pd.to_numeric(ratings, errors="coerce") < threshold).sum()):
            told = "{low:,} interactions with a rating below the planned {planned:g} were kept"
            yield Detail(told, low=low, planned=threshold) + place


def _has_own_ratings(evidence: Evidence, fold: str, ratings: pd.Series) -> bool:
    """Whether ratings are the script's own, as ones for what it calls positive."""
    origin, profile = evidence.origins.get(fold), _used_dataset(evidence)
    if origin is None or not origin.is_renamed or profile is None:
        return False
    values = set(pd.to_numeric(ratings, errors="coerce").unique())
    return len(values) < 2 or not values <= set(profile.rating_values)

"""Whether what was kept of the data is what plan and named filters leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from agent_core.checks.result import Detail, Result, failed, passed, some, warned
from agent_core.checks.split.split_kinds import Fold
from agent_core.checks.split.variants import is_variant, kind_of
from agent_core.data.parquet_reader import PAIR
from agent_core.domain import Dataset, Plan, SplitKind
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.prose.quotation import short

FEW = 5
"""Interactions that may be missing by chance."""
COUNT_SLACK = 0.01
"""Users without a partner in training and the like may be fewer than a filter left."""
MANY = 0.05
"""Share of interactions or users that no filter beside the plan may take away."""
CORE = re.compile(
    r"(?<!\d)(\d+)[\s_-]*core\b|\bk-?\s?core\b[^\d]{0,25}(\d+)|(?<![a-z])core\D{0,3}(\d+)"
    r"|min_(?:user|item)\w*\D(\d+)",
    re.IGNORECASE,
)
"""How scripts name a filter in run.json: `5-core`, `core5`, `min_user_ratings=5`."""
APART = 0.25
"""Share of interactions that a declared validation part may take away without being saved."""
NOT_SAVED = "a validation part that was not saved"
KEPT_APART = re.compile(
    r"val(?:id\w*)?(?![a-z])|dev(?![a-z])|tun(?:e|ing)(?![a-z])|hpo|inner", re.IGNORECASE
)


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

    @property
    def share(self) -> float:
        """The larger share, of interactions or users."""
        return max(self.interactions / max(1, self.of), self.users / max(1, self.of_users))


def filters_as_planned(evidence: Evidence) -> Result:
    """Check what was kept of the data against plan and claimed counts."""
    folds = judged_parts(evidence)
    if not folds:
        return failed("No split was saved, so that it cannot be checked.")
    faults: list[str] = []
    losses: list[Loss] = []
    for fold in folds:
        kept = pd.concat(fold[1:], ignore_index=True)
        losses.append(_lost(evidence, fold))
        faults += [*_rating_faults(evidence, fold), *_claim_faults(evidence, kept, fold[0])]
    names = _reasons_of(evidence)
    worst = max(losses, key=lambda loss: (loss.share, loss.interactions))
    if worst.share and not _is_allowed(evidence, worst, names):
        why = f" after {some(names)}, which the plan does not ask for" if names else ""
        faults.append(_loss_text(worst) + f" are missing{why or ' and no filter says why'}")
    if faults:
        return failed(f"{some(dict.fromkeys(faults))}.", faults)
    data = sum(len(part) for part in folds[0][1:])
    if worst.share:
        after = some(names) if names else "rules that the plan only words"
        return warned(_loss_text(worst) + Detail(" are missing after {filters}.", filters=after))
    notes = "".join(dict.fromkeys(f"; {loss.note}" for loss in losses if loss.note))
    doubts = [loss.doubt for loss in losses if loss.doubt]
    doubts += [text for fold in folds for text in _excess(evidence, fold)]
    if doubts:
        return warned(f"{data:,} interactions; {some(dict.fromkeys(doubts))}{notes}.", doubts)
    least = evidence.plan.data.lowest_rating
    rule = f"rating >= {least:g}" if least else f"after {some(names)}" if names else "no filter"
    return passed(f"{data:,} interactions, {rule}{notes}.")


def judged_parts(evidence: Evidence) -> list[Fold]:
    """Return fold, train and test where both were saved; not what was kept apart to choose on."""
    saved = sorted(set(evidence.test) & set(evidence.train))
    chosen = [fold for fold in saved if not _is_kept_apart(evidence, fold)] or saved
    return [(fold, evidence.train[fold], evidence.test[fold]) for fold in chosen]


def untrained(
    missing: pd.DataFrame, train: pd.DataFrame, expected: pd.DataFrame, tested: int
) -> tuple[pd.DataFrame, str]:
    """Return what is missing without what training does not know, and how much that is.

    Tested items that no training interaction has are often left out. A draw that holds a share h
    back leaves all c interactions of an item to the test with probability h^c; far more than are
    to be expected from that were left out for another reason.
    """
    share, doubts = tested / max(1, len(train) + tested), []
    for column, what in (("item_id", "items"), ("user_id", "users")):
        is_new = ~missing[column].isin(set(train[column]))
        sizes = expected[column].value_counts()
        usual = float((sizes * share**sizes).sum())
        count = int(is_new.sum())
        if 0 < count <= 2 * usual + 3 * usual**0.5 + FEW:
            doubts.append(f"{count:,} held-out interactions with {what} new to training")
            missing = missing[~is_new]
    return missing, f"{some(doubts)} are left out" if doubts else ""


def _is_allowed(evidence: Evidence, loss: Loss, names: list[str]) -> bool:
    """Whether plan or run.json say enough of what is missing."""
    if evidence.plan.data.underived or evidence.plan.split.has_validation:
        return True
    if names == [NOT_SAVED]:
        return loss.interactions <= APART * loss.of and not loss.users
    return bool(names) and loss.share <= MANY


def _loss_text(loss: Loss) -> Detail:
    """Say how many interactions and users are missing."""
    told = "{interactions:,} of {of:,} interactions"
    told += ", {users:,} of {of_users:,} users" if loss.users else ""
    counts = {"interactions": loss.interactions, "of": loss.of}
    return Detail(told, **counts, users=loss.users, of_users=loss.of_users)


def _is_kept_apart(evidence: Evidence, fold: str) -> bool:
    """Whether a fold is called validation and nothing was measured on it."""
    return bool(KEPT_APART.search(fold)) and fold not in set(evidence.rows["fold"])


def _used_dataset(evidence: Evidence) -> Dataset | None:
    """Return the profile of the dataset that was used."""
    described = evidence.run.get("dataset")
    name = described.get("file") if isinstance(described, dict) else None
    first = evidence.datasets[0] if evidence.datasets else None
    return next((d for d in evidence.datasets if d.name == name), first)


def _claimed_filters(evidence: Evidence) -> list[dict[str, object]]:
    """Return the filters that run.json names."""
    described = evidence.run.get("dataset")
    found = described.get("filters") if isinstance(described, dict) else None
    return [f for f in found if isinstance(f, dict)] if isinstance(found, list) else []


def _reasons_of(evidence: Evidence) -> list[str]:
    """Return what run.json says took interactions away: filters, or a validation part."""
    names = [short(c.get("name", "?")) for c in _claimed_filters(evidence)]
    chosen = [str(d.get("selected_on") or "") for d in recorded_algorithms(evidence.run).values()]
    if any(KEPT_APART.search(text) for text in chosen):
        names.append(NOT_SAVED)
    return names


def _may_lose(evidence: Evidence, fold: str) -> bool:
    """Whether a fold may hold fewer interactions than the filters left.

    A cut in time leaves out users who come later; a variant is a part by its nature.
    """
    return is_variant(evidence, fold) or kind_of(evidence, fold) is SplitKind.GLOBAL_TIME


def _lost(evidence: Evidence, fold: Fold) -> Loss:
    """Return what a fold lacks of the dataset without a reason in plan or split."""
    data, origin = evidence.interactions, evidence.origins.get(fold[0])
    if is_variant(evidence, fold[0]):
        return Loss()
    if data is None or origin is None or origin.is_renamed:
        return _counted_loss(evidence, fold)
    expected = _expected_data(evidence.plan, data)
    kept, apart = data.iloc[origin.kept][PAIR], list(_kept_apart(evidence, data))
    there = pd.MultiIndex.from_frame(pd.concat([kept, *apart]))
    missing = expected[~pd.MultiIndex.from_frame(expected[PAIR]).isin(there)]
    note = ""
    train = data.iloc[origin.rows["train"][origin.rows["train"] >= 0]]
    if kind_of(evidence, fold[0]) is SplitKind.GLOBAL_TIME and "timestamp" in data:
        missing, note, doubt = _after_cut(missing, train)
    else:
        missing, doubt = untrained(missing, train, expected, len(fold[2]))
    gone = pd.concat([missing["user_id"], *(part["user_id"] for part in apart)])
    users = set(gone) - set(kept["user_id"])
    total = expected["user_id"].nunique()
    return Loss(len(missing), len(expected), len(users), total, note, doubt)


def _expected_data(plan: Plan, data: pd.DataFrame) -> pd.DataFrame:
    """Return the interactions that a plan leaves, each pair once."""
    lowest = plan.data.lowest_rating
    users, items = plan.data.fewest_per_user, plan.data.fewest_per_item
    kept = data
    if lowest is not None and "rating" in kept:
        kept = kept[pd.to_numeric(kept["rating"], errors="coerce") >= lowest]
    kept = kept[(kept["user_id"] != "") & (kept["item_id"] != "")].drop_duplicates(PAIR)
    # Of a user with one interaction nothing can be both trained on and tested.
    kept = kept[kept.groupby("user_id")["item_id"].transform("size") > 1]
    while max(users, items) > 1 and len(kept):
        sizes = [kept.groupby(c)["item_id"].transform("size") for c in PAIR]
        is_inside = (sizes[0] >= users) & (sizes[1] >= items)
        if is_inside.all():
            break
        kept = kept[is_inside]
    return kept


def _kept_apart(evidence: Evidence, data: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the interactions that were saved to choose on."""
    for fold, origin in evidence.origins.items():
        if _is_kept_apart(evidence, fold) and "test" in origin.rows:
            rows = origin.rows["test"]
            yield data.iloc[rows[rows >= 0]][PAIR]


def _after_cut(missing: pd.DataFrame, train: pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    """Return what a cut in time does not explain, with what it does, and what is doubtful.

    Users whom training does not know cannot be tested; items that it does not know need not be.
    """
    is_late = missing["timestamp"] > train["timestamp"].max()
    is_known = missing["user_id"].isin(set(train["user_id"]))
    is_new_item = ~missing["item_id"].isin(set(train["item_id"]))
    is_cold, is_new = is_late & ~is_known, is_late & is_known & is_new_item
    cold = missing[is_cold]
    note = doubt = ""
    if len(cold):
        note = (
            f"{len(cold):,} later interactions of {cold['user_id'].nunique():,} users unknown to "
            "training are left out"
        )
    if is_new.any():
        doubt = f"{int(is_new.sum()):,} later interactions with items new to training are left out"
    return missing[~is_cold & ~is_new], note, doubt


def _counted_loss(evidence: Evidence, fold: Fold) -> Loss:
    """Return how many interactions are missing by their number alone."""
    profile, data = _used_dataset(evidence), evidence.interactions
    if profile is None or _may_lose(evidence, fold[0]):
        return Loss()
    of, of_users = profile.rows - profile.duplicates, profile.users
    if data is not None:
        expected = _expected_data(evidence.plan, data)
        of, of_users = len(expected), expected["user_id"].nunique()
    elif evidence.plan.data.lowest_rating is not None:
        return Loss()
    kept = sum(len(part) for part in fold[1:])
    users = pd.concat([part["user_id"] for part in fold[1:]]).nunique()
    missing = max(0, of - kept)
    return Loss(missing, of, max(0, of_users - users) if missing else 0, of_users)


def _excess(evidence: Evidence, fold: Fold) -> Iterator[str]:
    """Name interactions that were kept although the plan leaves them out."""
    rules, data = evidence.plan.data, evidence.interactions
    origin = evidence.origins.get(fold[0])
    if data is None or origin is None or origin.is_renamed or is_variant(evidence, fold[0]):
        return
    kept = data.iloc[origin.kept]
    for column, what, least in (
        ("user_id", "users", rules.fewest_per_user),
        ("item_id", "items", rules.fewest_per_item),
    ):
        # Counted in all of the data: whatever the order of filters, fewer cannot have been kept.
        sizes = kept[column].map(data.drop_duplicates(PAIR)[column].value_counts())
        if few := int((sizes < least).sum()):
            told = "{low:,} interactions of {what} with fewer than the planned {planned} were kept"
            yield Detail(told, low=few, what=what, planned=least)


def _rating_faults(evidence: Evidence, fold: Fold) -> Iterator[str]:
    """Compare the kept interactions with the planned thresholds."""
    name, train, test = fold
    plan = evidence.plan
    parts = (
        (plan.data.lowest_rating, pd.concat([train, test], ignore_index=True), ""),
        (plan.split.lowest_test_rating, test, f" in the test of fold {name}"),
    )
    for threshold, data, where in parts:
        if threshold is None or "rating" not in data or _has_own_ratings(evidence, name, data):
            continue
        if low := int((pd.to_numeric(data["rating"], errors="coerce") < threshold).sum()):
            told = "{low:,} interactions with a rating below the planned {planned:g} were kept"
            yield Detail(told, low=low, planned=threshold) + where


def _has_own_ratings(evidence: Evidence, fold: str, data: pd.DataFrame) -> bool:
    """Whether ratings are the script's own, as ones for what it calls positive."""
    origin, profile = evidence.origins.get(fold), _used_dataset(evidence)
    if origin is None or not origin.is_renamed or profile is None:
        return False
    values = set(pd.to_numeric(data["rating"], errors="coerce").unique())
    return len(values) < 2 or not values <= set(profile.rating_values)


def _claim_faults(evidence: Evidence, data: pd.DataFrame, fold: str) -> Iterator[str]:
    """Compare the claimed filters with the interactions that are there."""
    apart = sum(len(t) for f, t in evidence.test.items() if _is_kept_apart(evidence, f))
    smallest = int(data.groupby("user_id").size().min()) if len(data) else 0
    claims, planned = _claimed_filters(evidence), evidence.plan.data.counts
    for claim in claims:
        name = str(claim.get("name", ""))
        core = None if "item" in name.lower() else CORE.search(name)
        least = int(next(g for g in core.groups() if g)) if core else 0
        if smallest < least and not apart:
            told = "{claimed} is claimed, but a user has {least} interactions (fewer than {core})"
            yield Detail(told, claimed=short(name), least=smallest, core=least)
        if least and planned and least not in planned and not is_variant(evidence, fold):
            told = "{claimed} is claimed, the plan has {planned}"
            yield Detail(told, claimed=short(name), planned=some(sorted(planned)))
    after = claims[-1].get("after") if claims else None
    if not isinstance(after, int) or after in (
        data["user_id"].nunique(),
        data["item_id"].nunique(),
    ):
        return
    is_short = len(data) + apart < after * (1 - COUNT_SLACK) and not _may_lose(evidence, fold)
    if len(data) > after or is_short:
        told = "{after:,} interactions are claimed after filters; the split has {kept:,}"
        yield Detail(told, after=after, kept=len(data))

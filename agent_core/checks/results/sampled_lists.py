"""Lists of a sample of users: who must be in it, and whether the others' values fit to theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agent_core.checks.result import Detail, label
from agent_core.data.parquet_reader import RUN
from agent_core.domain.metric import RATING
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence
from agent_core.measures.metrics import SETTLED

TOO_FAR = 5.0
"""Standard errors that the means of sample and rest may be apart: by chance one pair in 1.7
million is further, were values normal."""
LUCKY = 3
"""Users who may have the highest value by luck beyond that, since rare hits are no normal numbers:
of 2,000 draws at each of 15 sizes and shares of hits (in the tests) none is further then."""
FEWEST = 10
"""Users on both sides from which their means are compared: of fewer the luck of three is a
third."""
UNSERVED = 0.25
"""Users whom a model cannot serve for each one that it serves, at most: a fifth of those drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class UserSample:
    """The lists of one run, and the users that the rule puts before the last of them."""

    run: Run
    listed: frozenset[int]
    """Tested users with a list."""
    drawn: frozenset[int]
    """Tested users up to the last one with a list, in the order of the draw."""


def place_of(user: str) -> bytes:
    """Return what users are ordered by; the helper's `lists(users=)` keeps the first ones."""
    return hashlib.sha1(user.encode(), usedforsecurity=False).digest()


def sample_faults(evidence: Evidence) -> Iterator[tuple[Run, Detail]]:
    """Yield runs with what is wrong with their sample; nothing where all lists were saved."""
    if not _is_sampled(evidence):
        return
    users = evidence.per_user
    is_ranking = users["metric"].isin(set(SETTLED) - set(RATING))
    values = users[is_ranking].assign(value=users["value"].astype(float).fillna(0.0))
    claimed = {tuple(map(str, run)): g for run, g in values.groupby(RUN, sort=False)}
    for sample in _samples_of(evidence):
        own = claimed.get(sample.run, values.iloc[:0])
        trained = evidence.train.get(sample.run[1])
        known = set() if trained is None else set(trained["user_id"])
        fault = _other_draw(sample, own, known) or sample_contradiction(sample, own)
        if fault:
            yield sample.run, fault


def sample_contradiction(sample: UserSample, claimed: pd.DataFrame) -> Detail:
    """Say in which metric users of the draw and all others differ beyond chance."""
    for (metric, k), group in claimed.groupby(["metric", "k"], dropna=False, sort=False):
        is_drawn = group["user_id"].isin(sample.drawn)
        parts = group.loc[is_drawn, "value"].to_numpy(), group.loc[~is_drawn, "value"].to_numpy()
        if are_apart(*parts):
            told = "{metric} is {drawn:.4g} over users with lists, {rest:.4g} over all others"
            drawn, rest = (float(p.mean()) for p in parts)
            return Detail(told, metric=label(str(metric), k), drawn=drawn, rest=rest)
    return Detail("")


def are_apart(drawn: np.ndarray, rest: np.ndarray) -> bool:
    """Whether two parts of users, made by chance, have means that chance does not explain."""
    fewer = min(len(drawn), len(rest))
    if fewer < FEWEST:
        return False
    both = np.concatenate([drawn, rest])
    error = float(both.std(ddof=1)) * np.sqrt(1 / len(drawn) + 1 / len(rest))
    luck = LUCKY * float(both.max() - both.min()) / fewer
    return bool(abs(rest.mean() - drawn.mean()) > TOO_FAR * error + luck)


def users_of_sample(evidence: Evidence) -> Detail:
    """Say on how many of the tested users values were recomputed; empty for all of them."""
    if not _is_sampled(evidence):
        return Detail("")
    tested = {f: set(t["user_id"]) for f, t in evidence.test.items()}
    listed: dict[str, set[int]] = {fold: set() for fold in tested}
    for (_, fold, _), table in evidence.lists.items():
        listed.get(fold, set()).update(table["user_id"])
    counts = [len(users & tested[fold]) for fold, users in listed.items()]
    of_users = sum(map(len, tested.values()))
    return Detail("{listed:,} of {of_users:,} users", listed=sum(counts), of_users=of_users)


def _is_sampled(evidence: Evidence) -> bool:
    """Whether a script says that its lists are those of a sample of users."""
    return bool(evidence.run.get("list_sample")) and len(evidence.lists) > 0


def _samples_of(evidence: Evidence) -> Iterator[UserSample]:
    """Yield the sample of each run whose split was saved."""
    places = {fold: _places_of(evidence, test) for fold, test in evidence.test.items()}
    for run, table in evidence.lists.items():
        tested = places.get(run[1])
        if tested:
            listed = frozenset(table["user_id"]) & tested.keys()
            last = max((tested[u] for u in listed), default=b"")
            drawn = frozenset(u for u, place in tested.items() if place <= last)
            yield UserSample(run, listed, drawn)


def _places_of(evidence: Evidence, test: pd.DataFrame) -> dict[int, bytes]:
    """Return what the tested users are ordered by."""
    users = test["user_id"].unique()
    return dict(zip(users, map(place_of, evidence.ids.texts(users)), strict=True))


def _other_draw(sample: UserSample, claimed: pd.DataFrame, known: set[int]) -> Detail:
    """Say that the users with lists are not those of the draw; empty where they are.

    Users whom a model cannot serve have no list and cannot be drawn: they are few, or unknown to
    training, and nobody claims a hit of theirs.
    """
    skipped = sample.drawn - sample.listed
    hits = set(claimed.loc[claimed["value"] > 0, "user_id"])
    unserved = len(skipped & known)
    if skipped & hits or unserved > max(2, UNSERVED * len(sample.listed)) or not sample.listed:
        told = (
            "the {listed:,} users with lists are not those that are drawn: {skipped:,} who come "
            "before them have none"
        )
        return Detail(told, listed=len(sample.listed), skipped=len(skipped))
    return Detail("")

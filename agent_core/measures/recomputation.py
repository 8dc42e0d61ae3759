"""Computes every claimed value again from lists, predictions and split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from agent_core.data.parquet_reader import RUN
from agent_core.domain.metric import RATING
from agent_core.measures import metrics
from agent_core.measures.beyond import BEYOND, KNOWN, OF_CATEGORIES, Shown
from agent_core.measures.metrics import Lists, Recomputed

Key = tuple[str, str, str]
CategoriesOf = Callable[[str], pd.DataFrame | None]
"""Each fold to the share of each category in its items; None without side data."""
Parts = Mapping[str, Mapping[str, pd.DataFrame]]


def no_categories(fold: str) -> pd.DataFrame | None:
    """Return nothing: no side data are known."""
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Delivered:
    """What there is to compute from."""

    rows: pd.DataFrame
    """Single-run rows."""
    lists: Mapping[Key, pd.DataFrame]
    """Each run to its lists, read when asked for."""
    predictions: Mapping[Key, pd.DataFrame]
    per_user: pd.DataFrame
    parts: Parts
    """`train` and `test`, each fold to its interactions."""
    is_sample: bool
    """Whether lists are those of a sample of users."""
    categories_of: CategoriesOf = no_categories
    """Each fold to the share of each category in its items; None without side data."""


@dataclass(slots=True, eq=False)
class Attempt:
    """One claimed value with all that it could be."""

    key: Key
    metric: str
    k: int | None
    claimed: float
    found: list[Recomputed]

    @property
    def agrees(self) -> dict[str, bool]:
        """Definition to whether it leads to the claimed value, or else to what was rounded."""
        close = {f.definition: metrics.is_close(self.claimed, f.value) for f in self.found}
        if any(close.values()):
            return close
        return {f.definition: metrics.is_rounding(self.claimed, f.value) for f in self.found}

    def best_under(self, preferred: str) -> tuple[Recomputed, bool]:
        """Return the preferred definition, else one that agrees; and whether it does."""
        agrees = self.agrees
        if agrees.get(preferred):
            name = preferred
        else:
            name = next((n for n, does in agrees.items() if does), preferred)
        chosen = next((f for f in self.found if f.definition == name), self.found[0])
        return chosen, agrees[chosen.definition]

    def without_misses(self) -> Attempt:
        """Return it without the per-user values of definitions that do not agree."""
        agrees = self.agrees
        if not any(agrees.values()):
            return self
        nobody: pd.Series[float] = pd.Series(dtype=float)
        self.found = [
            f if agrees[f.definition] else Recomputed(f.definition, f.value, nobody)
            for f in self.found
        ]
        return self


def recompute(delivered: Delivered) -> tuple[list[pd.DataFrame], list[tuple[Any, ...]]]:
    """Return per-user values and the agreement, one definition for all runs where one fits."""
    attempts = [a.without_misses() for a in _attempts_of(delivered) if a.found]
    preferred: dict[tuple[str, int | None], str] = {}
    for group in {(a.metric, a.k) for a in attempts}:
        alike = [a.agrees for a in attempts if (a.metric, a.k) == group]
        preferred[group] = metrics.chosen_definition(alike)
    users, agreement = [], []
    for attempt in attempts:
        best, does_agree = attempt.best_under(preferred[attempt.metric, attempt.k])
        agreement.append(
            (*attempt.key, attempt.metric, attempt.k, attempt.claimed, best.value,
             best.definition, does_agree)
        )  # fmt: skip
        if len(best.per_user):
            users.append(_user_frame(attempt, best))
    return users, agreement


def agreed_definition(agreement: pd.DataFrame, metric: str, k: int | None) -> str:
    """Return the definition under which claimed values could be computed again; empty: none."""
    same = agreement[(agreement["metric"] == metric) & agreement["agrees"].astype(bool)]
    same = same[same["k"].isna() if k is None else (same["k"] == k).fillna(value=False)]
    return str(same["definition"].iloc[0]) if len(same) else ""


def value_under(found: Sequence[Recomputed], wanted: str) -> float | None:
    """Return the value under a definition, else under the first there is."""
    chosen = next((f for f in found if f.definition == wanted), found[0] if found else None)
    return chosen.value if chosen is not None and np.isfinite(chosen.value) else None


@dataclass(slots=True, eq=False)
class RunMetrics:
    """Computes the metrics of one run; joins its lists with the test data once."""

    delivered: Delivered
    key: Key
    table: pd.DataFrame | None
    """The lists."""
    predictions: pd.DataFrame | None
    joined: Lists | None = None

    @property
    def test(self) -> pd.DataFrame | None:
        """The test data of its fold."""
        return self.delivered.parts["test"].get(self.key[1])

    def definitions_of(self, metric: str, k: int | None) -> list[Recomputed]:
        """Return a metric under its definitions; empty where files are missing."""
        if metric in RATING:
            if self.predictions is None:
                return []
            return metrics.rating(metric, self.predictions, self.test)
        if self.table is None or self.test is None or not len(self.test):
            return []
        longest = self.longest
        if metric == "coverage":
            return metrics.coverage(self.table, k or longest, self.items)
        if metric in BEYOND:
            return self.beyond(metric, k or longest)
        return metrics.ranking(metric, self.joined_lists(max(longest, k or 1)).cut(k or longest))

    def beyond(self, metric: str, k: int) -> list[Recomputed]:
        """Return a measure beyond accuracy; empty where lists are those of a sample of users."""
        train = self.delivered.parts["train"].get(self.key[1])
        if self.table is None or self.test is None or train is None or self.delivered.is_sample:
            return []
        lists = self.table[self.table["rank"].between(1, k)]
        if not len(lists) or not len(train):
            return []
        categories = self.delivered.categories_of(self.key[1]) if metric in OF_CATEGORIES else None
        users = pd.Index(self.test["user_id"].unique(), name="user_id")
        return list(_definitions(metric, Shown(lists, k, train, users, self.test, categories)))

    @property
    def longest(self) -> int:
        """The lowest rank of any list, at least 1."""
        ranks = self.table["rank"] if self.table is not None else pd.Series(dtype=float)
        largest = ranks.max() if len(ranks) else 1
        return int(np.clip(largest, 1, metrics.LONGEST)) if np.isfinite(largest) else 1

    def joined_lists(self, k: int) -> Lists:
        """Return the run's lists, joined with the test data."""
        if self.table is None or self.test is None:
            raise ValueError("there is nothing to join")
        if self.joined is None or self.joined.k < min(k, metrics.LONGEST):
            test = self.test
            if self.delivered.is_sample:
                test = test[test["user_id"].isin(set(self.table["user_id"]))]
            self.joined = Lists.of(self.table, test, k)
        return self.joined

    @property
    def items(self) -> dict[str, int]:
        """What coverage may be a share of."""
        train = self.delivered.parts["train"].get(self.key[1])
        if train is None or self.test is None:
            return {}
        trained = set(train["item_id"])
        return {
            "items listed / items in train": len(trained),
            "items listed / items in train or test": len(trained | set(self.test["item_id"])),
        }

    def counted(self, said: float) -> int:
        """Return the users that a value is said to be over, none where nobody else is there."""
        test, train = self.test, self.delivered.parts["train"].get(self.key[1])
        if test is None or train is None or pd.isna(said):
            return 0
        there = len(set(test["user_id"]) | set(train["user_id"]))
        return int(said) if said <= there else 0

    def claimed_value(self, metric: str, k: int | None, value: float) -> float:
        """Return the claimed value; for sampled lists that of the sample, from per-user values."""
        if not self.delivered.is_sample or metric in (*RATING, "coverage", *BEYOND):
            return value
        if self.table is None:
            return value
        frame = self.delivered.per_user
        listed = set(self.table["user_id"])
        chosen = (frame[RUN] == list(self.key)).all(axis=1) & frame["user_id"].isin(listed)
        chosen &= frame["metric"] == metric
        chosen &= frame["k"].isna() if k is None else (frame["k"] == k).fillna(value=False)
        values = frame.loc[chosen, "value"]
        return float(values.mean()) if len(values) else float("nan")


def _definitions(metric: str, shown: Shown) -> Iterator[Recomputed]:
    """Yield a measure under its definitions, without those that lack data."""
    for name, formula in BEYOND[metric].items():
        found = formula(shown)
        if isinstance(found, pd.Series):
            yield Recomputed(name, float(found.mean()), found)
        elif found is not None:
            yield Recomputed(name, found, pd.Series(dtype=float))


def _attempts_of(delivered: Delivered) -> Iterator[Attempt]:
    """Yield every claimed value with what it could be, run by run."""
    known = delivered.rows[delivered.rows["metric"].isin(KNOWN)]
    for key, rows in known.groupby(RUN, sort=False):
        both = (delivered.lists, delivered.predictions)
        lists, predictions = (_found_run(tables, key) for tables in both)
        run_metrics = RunMetrics(delivered, key, lists, predictions)
        for row in rows.itertuples():
            k = None if pd.isna(row.k) else int(row.k)
            found = run_metrics.definitions_of(row.metric, k)
            claimed = run_metrics.claimed_value(row.metric, k, float(row.value))
            attempt = Attempt(key, row.metric, k, claimed, found)
            if row.metric not in (*RATING, "coverage", *BEYOND) and not any(
                attempt.agrees.values()
            ):
                more = metrics.with_untested(tuple(found), run_metrics.counted(row.n))
                attempt.found = [*found, *more]
            yield attempt


def _found_run(runs: Mapping[Key, pd.DataFrame], key: Key) -> pd.DataFrame | None:
    """Return the table of a run; a row that names no seed may mean the only one there is."""
    if key in runs:
        return runs[key]
    alike = [k for k in runs if k[:2] == key[:2]]
    if len(alike) == 1 and "" in (key[2], alike[0][2]):
        return runs[alike[0]]
    return None


def _user_frame(attempt: Attempt, found: Recomputed) -> pd.DataFrame:
    """Return per-user values in the columns of `USER_COLUMNS`, with their definition."""
    users = found.per_user.index.to_numpy(dtype=object)
    frame = pd.DataFrame(dict(zip(RUN, attempt.key, strict=True)), index=range(len(users)))
    return frame.assign(
        user_id=users,
        metric=attempt.metric,
        k=pd.array([attempt.k] * len(users), dtype="Int64"),
        value=found.per_user.to_numpy(dtype=float),
        definition=found.definition,
    )

"""Groups of users or items by a rule, fixed once from one named training part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

GROUPS = 3
POPULAR = 0.2
"""Share of the items that count as popular: the head of Abdollahpouri et al. 2019."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Groups that are the same for all cells."""

    rule: str
    """The quantity that it goes by: `interactions`, `popular_share`."""
    block: str
    """The training part that it is from."""
    members: pd.Series[str]
    """User (or item) id to the name of its group."""
    cuts: tuple[float, ...] = ()
    """Where one group ends, included."""
    of: str = "users"
    quantities: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What else is known of each, to see what goes with the groups."""
    item_values: Mapping[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict)
    """Of items: measure and group to the values of users over their test items of the group."""

    @property
    def names(self) -> tuple[str, ...]:
        """The groups from low to high."""
        return tuple(dict.fromkeys(self.members.sort_index().sort_values(key=_ranks)))


def user_quantities(training: pd.DataFrame) -> pd.DataFrame:
    """Return what a training part tells of each user: interactions, and share of popular items.

    Popular are the items with most interactions, `POPULAR` of all; of equal ones those with the
    lower id.
    """
    counts = training.groupby("item_id").size().sort_index()
    order = counts.sort_values(ascending=False, kind="stable")
    head = set(order.index[: int(np.ceil(POPULAR * len(order)))])
    is_popular = training["item_id"].isin(head)
    by_user = training.assign(is_popular=is_popular).groupby("user_id")
    return pd.DataFrame(
        {"interactions": by_user.size(), "popular_share": by_user["is_popular"].mean()}
    )


def item_quantities(training: pd.DataFrame) -> pd.DataFrame:
    """Return what a training part tells of each item: interactions, and days since its first."""
    by_item = training.groupby("item_id")
    found = pd.DataFrame({"interactions": by_item.size()})
    if "timestamp" in training and training["timestamp"].notna().any():
        first = by_item["timestamp"].min()
        found["age"] = (training["timestamp"].max() - first) / 86_400
    return found


def grouping_of(
    quantities: pd.DataFrame,
    rule: str,
    block: str,
    cuts: Sequence[float] = (),
    *,
    count: int = GROUPS,
    called: Sequence[str] = (),
    ends: Sequence[float] = (),
) -> Grouping:
    """Return groups by a quantity: by cut points, else of about equal size.

    Equal values are in one group, so that sizes may differ; where all are equal there is one.

    Parameters
    ----------
    quantities
        A line a user or item.
    rule
        The column that it goes by.
    block
        The training part that they are from.
    cuts
        Where one group ends, included.
    count
        How many groups, where no cuts are given.
    called
        Their names from low to high; taken where there are as many groups.
    ends
        Shares of the users or items at which groups end; none: of about equal size.

    Examples
    --------
    >>> table = pd.DataFrame({"interactions": [1, 2, 3, 4, 5, 6]})
    >>> grouping_of(table, "interactions", "0").members.tolist()
    ['1 low', '1 low', '2 middle', '2 middle', '3 high', '3 high']
    """
    values = quantities[rule].astype(float)
    if not cuts:
        below = values[values < values.max()]
        shares = np.asarray(ends) if ends else np.arange(1, count) / count
        ends = np.quantile(values, shares, method="inverted_cdf")
        # Where most have the highest value, the others are a group of their own.
        cuts = tuple(np.unique(np.minimum(ends, below.max()))) if len(below) else ()
    at = np.searchsorted(np.asarray(cuts, dtype=float), values.to_numpy(), side="left")
    names = _names(len(cuts) + 1, called)
    members = pd.Series([names[i] for i in at], index=quantities.index)
    return Grouping(rule, block, members, tuple(float(c) for c in cuts), quantities=quantities)


def _names(groups: int, called: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of groups from low to high, as a task calls them where all have a name."""
    usual = {2: ("low", "high"), 3: ("low", "middle", "high")}.get(groups, ("",) * groups)
    words = called if len(called) == groups else usual
    return tuple(f"{i} {word}".strip() for i, word in enumerate(words, 1))


def _ranks(names: pd.Series[str]) -> pd.Series[int]:
    """Return the number that a group's name begins with; names of other rules as they are."""
    numbers = names.str.extract(r"^(\d+)", expand=False)
    return numbers.astype(int) if numbers.notna().all() else names

"""Metrics recomputed from saved lists and predictions, in every documented definition.

Libraries differ in details; each definition is named by its formula and cites its source, and the
one that agrees with a script's values is recorded. Ranks count from 1; relevance is binary unless
a definition says otherwise.

References
----------
van Rijsbergen, Information retrieval, 1979, chapter 7.
Kantor and Voorhees, The TREC-5 confusion track, 2000.
Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002.
Deshpande and Karypis, Item-based top-N recommendation algorithms, TOIS 2004.
Burges et al., Learning to rank using gradient descent, ICML 2005.
Manning et al., Introduction to information retrieval, 2008, chapters 8 and 13.
Moffat and Zobel, Rank-biased precision for measurement of retrieval effectiveness, TOIS 2008.
McFee et al., The million song dataset challenge, WWW 2012.
Liang et al., Variational autoencoders for collaborative filtering, WWW 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.domain.metric import RATING

Floats = NDArray[np.float64]
TOLERANCE = 1e-6
"""Relative: values per user saved as float32 are off by 6e-8, their mean by less."""
HALF_UNIT = 5e-5
"""Of the fourth decimal: the coarsest rounding that still counts as agreement."""
EXACT = 1e-12
"""Rounding error of doubles near 1."""
LISTED_ONLY = "; only users with a list"
"""Ends the definition of a value that agrees only where users without a list are left out."""
UNTESTED_TOO = "; users without a tested item as 0"
"""Ends the definition of a value that is over more users than have something to be hit: a splitter
that rounds a share of a small history to 0 leaves them in the test with an empty list."""
MAX_GAIN = 50
"""Ratings beyond are counts: 2^50 is near the whole numbers that a double holds, and no gain."""
LONGEST = 1_000
"""Ranks beyond are not looked at: 6,040 users by 1,000 ranks are 48 MB for each of three
arrays."""


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """The lists of one train-test run as arrays, up to rank k.

    Shapes: `hits`, `gains` and `ideal` are (users, k), the others (users,).
    """

    users: pd.Index
    """The test users, in order."""
    hits: Floats
    """1.0 where the item at this rank is a test item."""
    tests: Floats
    """Test items of each user."""
    lengths: Floats
    """Length of each list."""
    gains: Floats | None = None
    """The test rating of the item at this rank, 0 elsewhere; None without ratings."""
    ideal: Floats | None = None
    """The test ratings of each user, highest first, cut at k."""

    @classmethod
    def of(cls, lists: pd.DataFrame, test: pd.DataFrame, k: int) -> Lists:
        """Join lists (user_id, item_id, rank) with test pairs (and ratings) up to rank `k`."""
        k = min(k, LONGEST)
        pairs = test.drop_duplicates(["user_id", "item_id"])
        codes, users = pd.factorize(pairs["user_id"])
        rank = lists["rank"].to_numpy(dtype=float)
        owner = pd.Index(users).get_indexer(pd.Index(lists["user_id"]))
        rank = np.where(np.isfinite(rank), rank, 0.0)
        is_inside = (owner >= 0) & (rank >= 1) & (rank <= k) & (rank % 1 == 0)
        owner, column = owner[is_inside], rank[is_inside].astype(int) - 1
        place = _positions(pairs, codes, owner, lists["item_id"].to_numpy()[is_inside])
        shape = (len(users), k)
        hits = np.zeros(shape)
        hits[owner, column] = place >= 0
        rated = "rating" in pairs and pd.api.types.is_numeric_dtype(pairs["rating"])
        gains = ideal = None
        if rated and not pairs["rating"].isna().any():
            ratings = pairs["rating"].to_numpy(dtype=float)
            gains, ideal = np.zeros(shape), _ideal_gains(codes, ratings, shape)
            gains[owner, column] = np.where(place >= 0, ratings[place], 0.0)
        lengths = np.bincount(owner, minlength=len(users)).astype(float)
        tests = np.bincount(codes, minlength=len(users)).astype(float)
        return cls(pd.Index(users, name="user_id"), hits, tests, lengths, gains, ideal)

    def cut(self, k: int) -> Lists:
        """Return the same lists up to a lower rank."""
        lengths = np.minimum(self.lengths, k)
        gains = None if self.gains is None else self.gains[:, :k]
        ideal = None if self.ideal is None else self.ideal[:, :k]
        return Lists(self.users, self.hits[:, :k], self.tests, lengths, gains, ideal)

    @property
    def k(self) -> int:
        """The cut-off."""
        return int(self.hits.shape[1])


Formula = Callable[[Lists], Floats | None]
"""Per-user values; None where the data do not have what it needs."""


class Definition(NamedTuple):
    """One way to compute a metric of ranked lists; its formula in words is its name."""

    values: Formula
    source: str
    """Who defined it so, or where it is met."""


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _log_clipped(ranks: Floats) -> Floats:
    """Return the weight 1 / log2(max(rank, 2))."""
    return np.asarray(1 / np.log2(np.maximum(ranks, 2)))


def _log_shifted(ranks: Floats) -> Floats:
    """Return the weight 1 / log2(rank + 1)."""
    return np.asarray(1 / np.log2(ranks + 1))


def _ndcg(weight: Callable[[Floats], Floats], *, is_full_ideal: bool = False) -> Formula:
    """Return binary NDCG; the ideal list has min(test items, k) hits, or k where it is full."""

    def value(lists: Lists) -> Floats:
        weights = weight(np.arange(1, lists.k + 1, dtype=float))
        ideal = np.concatenate([[0.0], np.cumsum(weights)])
        best = np.full(len(lists.users), lists.k) if is_full_ideal else lists.tests
        return _ratio(lists.hits @ weights, ideal[np.minimum(best, lists.k).astype(int)])

    return value


def _graded_ndcg(weight: Callable[[Floats], Floats], *, is_exponential: bool = False) -> Formula:
    """Return NDCG with the test rating as gain, or with 2^rating - 1."""

    def value(lists: Lists) -> Floats | None:
        if lists.gains is None or lists.ideal is None or lists.ideal.max(initial=0.0) > MAX_GAIN:
            return None
        weights = weight(np.arange(1, lists.k + 1, dtype=float))
        gains, ideal = lists.gains, lists.ideal
        if is_exponential:
            gains, ideal = 2**gains - 1, 2**ideal - 1
        return _ratio(gains @ weights, ideal @ weights)

    return value


def _precisions(lists: Lists) -> Floats:
    """Return the sum of the precision at each hit, per user."""
    found = np.cumsum(lists.hits, axis=1)
    return _sums(lists.hits * found / np.arange(1, lists.k + 1))


def _reciprocal_rank(lists: Lists) -> Floats:
    """Return one over the rank of the first hit, 0 without one."""
    first = np.argmax(lists.hits > 0, axis=1) + 1.0
    return np.where(lists.hits.any(axis=1), 1.0 / first, 0.0)


def _hit_counts(lists: Lists) -> Floats:
    """Return the number of hits per user."""
    return _sums(lists.hits)


def _sums(values: Floats) -> Floats:
    """Return the sum over ranks, per user."""
    return np.asarray(values.sum(axis=1))


MANNING = "Manning et al. 2008, chapter 8"
MET = "no published one; met in scripts"
"""Not a definition to recommend: its values are recognised, so that they can be told as such."""
RANKING: Mapping[str, Mapping[str, Definition]] = {
    "ndcg": {
        "binary, discount log2(max(rank, 2))": Definition(
            _ndcg(_log_clipped), "Järvelin and Kekäläinen 2002; LensKit"
        ),
        "binary, discount log2(rank + 1)": Definition(
            _ndcg(_log_shifted), "discount of Burges et al. 2005"
        ),
        "gain rating, discount log2(max(rank, 2))": Definition(
            _graded_ndcg(_log_clipped), "Järvelin and Kekäläinen 2002"
        ),
        "gain rating, discount log2(rank + 1)": Definition(
            _graded_ndcg(_log_shifted),
            "gain of Järvelin and Kekäläinen 2002, discount of Burges et al. 2005; scikit-learn",
        ),
        "gain 2^rating - 1, discount log2(rank + 1)": Definition(
            _graded_ndcg(_log_shifted, is_exponential=True), "Burges et al. 2005"
        ),
        "binary, discount log2(rank + 1), ideal of k hits": Definition(
            _ndcg(_log_shifted, is_full_ideal=True), MET
        ),
    },
    "recall": {
        "hits / min(test items, k)": Definition(
            lambda x: _ratio(_hit_counts(x), np.minimum(x.tests, x.k)),
            "Liang et al. 2018; LensKit",
        ),
        "hits / test items": Definition(lambda x: _ratio(_hit_counts(x), x.tests), MANNING),
    },
    "precision": {
        "hits / k": Definition(lambda x: _hit_counts(x) / x.k, MANNING),
        "hits / list length": Definition(lambda x: _ratio(_hit_counts(x), x.lengths), "LensKit"),
    },
    "hit": {
        "at least one hit": Definition(
            lambda x: x.hits.any(axis=1).astype(float), "Deshpande and Karypis 2004"
        )
    },
    "mrr": {"1 / rank of the first hit": Definition(_reciprocal_rank, "Kantor and Voorhees 2000")},
    "map": {
        "/ min(test items, list length)": Definition(
            lambda x: _ratio(_precisions(x), np.minimum(x.tests, x.lengths)), "LensKit"
        ),
        "/ min(test items, k)": Definition(
            lambda x: _ratio(_precisions(x), np.minimum(x.tests, x.k)), "McFee et al. 2012"
        ),
        "/ test items": Definition(lambda x: _ratio(_precisions(x), x.tests), MANNING),
        "/ hits": Definition(lambda x: _ratio(_precisions(x), _hit_counts(x)), MET),
        "/ k": Definition(lambda x: _precisions(x) / x.k, MET),
    },
    "rbp": {
        "patience 0.85": Definition(
            lambda x: np.asarray(x.hits @ (0.15 * 0.85 ** np.arange(x.k))),
            "Moffat and Zobel 2008; patience as in LensKit",
        )
    },
    "f1": {
        "2 hits / (k + test items)": Definition(
            lambda x: _ratio(2 * _hit_counts(x), x.tests + x.k),
            "van Rijsbergen 1979: the harmonic mean of hits / k and hits / test items",
        )
    },
}
"""Metric to its definitions; full titles stand at the top of this module."""
POOLED = "pooled over users: "
POOLS: Mapping[str, Mapping[str, Callable[[Lists], tuple[Floats, Floats]]]] = {
    "recall": {"hits / test items": lambda x: (_hit_counts(x), x.tests)},
    "precision": {"hits / list length": lambda x: (_hit_counts(x), x.lengths)},
}
"""What is summed over users before it is divided: micro averages, as of Manning, chapter 13."""
SETTLED = frozenset({*RANKING, *RATING, "coverage"})
"""Metrics that can be recomputed in every published definition: another value is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Recomputed:
    """A metric of one train-test run under one definition."""

    definition: str
    value: float
    """As it is averaged: over users, or over predictions."""
    per_user: pd.Series[float]
    """Index user_id."""


def ranking(name: str, lists: Lists) -> list[Recomputed]:
    """Return a ranking metric under all its definitions; empty for an unknown metric.

    Users of the test set without a list count as 0; definitions whose value leaves them out come
    last, and still have every test user among their per-user values.
    """
    has_list = lists.lengths > 0
    whole, partial = [], []
    for formula, definition in RANKING.get(name, {}).items():
        values = definition.values(lists)
        if values is None or not len(values):
            continue
        per_user = pd.Series(values, index=lists.users)
        whole.append(Recomputed(formula, float(values.mean()), per_user))
        if has_list.any() and not has_list.all():
            listed = float(per_user[has_list].mean())
            partial.append(Recomputed(f"{formula}{LISTED_ONLY}", listed, per_user))
    return whole + partial + list(_pooled_definitions(name, lists))


def with_untested(found: Iterable[Recomputed], counted: int) -> Iterator[Recomputed]:
    """Yield means over more users than were tested, all others as 0.

    Parameters
    ----------
    found
        Definitions over the users who were tested.
    counted
        The users that a value is said to be over.
    """
    for one in found:
        tested = len(one.per_user)
        is_plain = not (one.definition.startswith(POOLED) or one.definition.endswith(LISTED_ONLY))
        if is_plain and 0 < tested < counted:
            value = one.value * tested / counted
            yield Recomputed(f"{one.definition}{UNTESTED_TOO}", value, one.per_user)


def rating(name: str, predictions: pd.DataFrame, test: pd.DataFrame | None) -> list[Recomputed]:
    """Return RMSE or MAE, pooled over predictions and averaged over users.

    The truth is the test data's rating where it has one, not the one delivered beside the
    prediction. Missing predictions are left out.
    """
    table = with_truth(predictions, test).dropna(subset=["prediction", "rating"])
    if name not in RATING or not len(table):
        return []
    errors = (table["prediction"] - table["rating"]).astype(float)
    losses = errors.abs() if name == "mae" else errors**2
    per_user = losses.groupby(table["user_id"]).mean()
    pooled = float(losses.mean())
    if name == "rmse":
        per_user, pooled = per_user**0.5, pooled**0.5
    return [
        Recomputed("pooled over predictions", pooled, per_user),
        Recomputed("mean over users", float(per_user.mean()), per_user),
    ]


def with_truth(predictions: pd.DataFrame, test: pd.DataFrame | None) -> pd.DataFrame:
    """Return predictions with the ratings of the test data, where it has ratings."""
    if test is None or not has_ratings(test):
        return predictions
    truth = test[["user_id", "item_id", "rating"]].drop_duplicates(["user_id", "item_id"])
    return predictions.drop(columns="rating").merge(truth, on=["user_id", "item_id"], how="inner")


def has_ratings(test: pd.DataFrame) -> bool:
    """Whether test data have ratings."""
    return "rating" in test and not bool(test["rating"].isna().all())


def coverage(lists: pd.DataFrame, k: int, items: Mapping[str, int]) -> list[Recomputed]:
    """Return the share of items that appear in any list up to rank `k`, and their number.

    `items`: for each definition the number of items that could.
    """
    seen = lists.loc[lists["rank"] <= k, "item_id"].nunique()
    nobody: pd.Series[float] = pd.Series(dtype=float)
    shares = [Recomputed(name, seen / count, nobody) for name, count in items.items() if count]
    return [*shares, Recomputed("items listed, a count", float(seen), nobody)] if shares else []


def is_close(claimed: float, computed: float) -> bool:
    """Whether two values agree to 1e-6, or to all of at least four decimals that were given."""
    gap = abs(claimed - computed)
    if not gap <= HALF_UNIT:
        return False
    if gap <= TOLERANCE * max(abs(claimed), abs(computed)) + EXACT:
        return True
    decimals = len(f"{claimed:.12f}".rstrip("0").partition(".")[2])
    return 4 <= decimals <= 8 and abs(round(computed, decimals) - claimed) < EXACT


def is_rounding(claimed: float, computed: float) -> bool:
    """Whether a value is another one, rounded to three decimals."""
    return abs(claimed) >= 1e-3 and abs(round(computed, 3) - claimed) < EXACT


def chosen_definition(candidates: Iterable[Mapping[str, bool]]) -> str:
    """Return the definition that agrees most often; ties go to the first named."""
    counts: dict[str, int] = {}
    for agrees in candidates:
        for name, does in agrees.items():
            counts[name] = counts.get(name, 0) + does
    return max(counts, key=lambda n: counts[n])


def _positions(
    pairs: pd.DataFrame,
    codes: NDArray[np.intp],
    owner: NDArray[np.intp],
    items: NDArray[np.object_],
) -> NDArray[np.intp]:
    """Return where (owner, item) stands among the test pairs; -1 where it does not."""
    item_codes, known = pd.factorize(pairs["item_id"])
    listed = pd.Index(known).get_indexer(pd.Index(items))
    width = len(known) + 1
    tested = pd.Index(codes.astype(np.int64) * width + item_codes)
    wanted = np.where(listed >= 0, owner.astype(np.int64) * width + listed, -1)
    return np.asarray(tested.get_indexer(pd.Index(wanted)))


def _ideal_gains(codes: NDArray[np.intp], ratings: Floats, shape: tuple[int, int]) -> Floats:
    """Return each user's ratings, highest first, cut at the shape's width."""
    order = np.lexsort((-ratings, codes))
    ordered = codes[order]
    starts = np.searchsorted(ordered, np.arange(shape[0]))
    rank = np.arange(len(ordered)) - starts[ordered]
    ideal = np.zeros(shape)
    is_inside = rank < shape[1]
    ideal[ordered[is_inside], rank[is_inside]] = ratings[order][is_inside]
    return ideal


def _pooled_definitions(name: str, lists: Lists) -> Iterator[Recomputed]:
    """Yield the definitions that divide sums over all users; each user's own ratio beside them."""
    for definition, formula in POOLS.get(name, {}).items():
        above, below = formula(lists)
        if below.sum():
            own = pd.Series(_ratio(above, below), index=lists.users)
            yield Recomputed(f"{POOLED}{definition}", float(above.sum() / below.sum()), own)

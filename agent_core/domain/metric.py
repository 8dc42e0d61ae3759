"""Metrics by name: the one registry of what is known of them, whatever their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf


class Better(StrEnum):
    """Which end of a metric is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"
    """It describes; more or less of it is no merit by itself."""
    UNKNOWN = "unknown"
    """The product does not know the metric."""


NOTES = {
    Better.HIGHER: "",
    Better.LOWER: " (lower is better)",
    Better.NEITHER: " (neither end is better)",
    Better.UNKNOWN: " (which end is better is not known)",
}


@dataclass(frozen=True, slots=True)
class MetricKind:
    """What is known of a metric before it is measured."""

    name: str
    better: Better = Better.UNKNOWN
    range: tuple[float, float] = (-inf, inf)
    """The lowest and highest possible value."""
    label: str = ""
    """As shown to people; empty: the name in capitals."""
    aliases: tuple[str, ...] = ()
    """Other names in code, in small letters without punctuation; as in the helper of scripts."""
    spoken: str = ""
    """Pattern of what people write for it where offline plans may have it; empty: they may not."""
    needs_k: bool = False
    """Whether it means nothing without a cut-off."""
    is_rating: bool = False
    """Whether it judges predicted ratings and can be computed from them."""
    is_quality: bool = False
    """Whether nearly the highest value is too good to be true."""
    is_usual: bool = False
    """Whether the first examples of how to measure compute it."""
    is_cost: bool = False
    """Whether it is time or memory, not what lists are worth."""
    unit: str = ""
    """What it is counted in; empty: nothing."""
    is_of_pairs: bool = False
    """Whether it is of two cells, not of one."""
    meaning: str = "as computed by the script"
    """What it is, for methods sections, where no definition of it agreed."""


def _share(name: str, better: Better = Better.HIGHER) -> MetricKind:
    """Return a metric between 0 and 1 of which there is no more to say."""
    return MetricKind(name, better, (0, 1))


KINDS = (
    MetricKind(
        "ndcg", Better.HIGHER, (0, 1), spoken=r"n-?dcg", needs_k=True, is_quality=True,
        is_usual=True, meaning="gain and logarithm as the script has them",
    ),
    MetricKind(
        "recall", Better.HIGHER, (0, 1), "Recall", ("rec",), "recall", needs_k=True,
        is_quality=True, is_usual=True, meaning="hits over test items",
    ),
    MetricKind(
        "precision", Better.HIGHER, (0, 1), "Precision", ("prec",), r"(?<!average )precision",
        needs_k=True, is_usual=True, meaning="hits over k",
    ),
    MetricKind(
        "hit", Better.HIGHER, (0, 1), "Hit", ("hitrate", "hr", "hitratio"),
        r"hit[- ]?(?:rate|ratio)?|hr", needs_k=True, is_quality=True,
        meaning="1 where at least one test item is listed",
    ),
    MetricKind(
        "mrr", Better.HIGHER, (0, 1), "", ("reciprank", "rr", "meanreciprocalrank"),
        "mrr|mean reciprocal rank|reciprocal rank", is_quality=True,
        meaning="reciprocal rank of the first hit, 0 without one",
    ),
    MetricKind(
        "map", Better.HIGHER, (0, 1), "", ("averageprecision", "ap", "meanaverageprecision"),
        "map|mean average precision|average precision", needs_k=True, is_quality=True,
        meaning="mean of the precision at each hit",
    ),
    MetricKind("rbp", Better.HIGHER, (0, 1), needs_k=True),
    MetricKind(
        "rmse", Better.LOWER, (0, inf), spoken="rmse|root mean squared? error", is_rating=True,
        is_usual=True, meaning="root mean squared error",
    ),
    MetricKind(
        "mae", Better.LOWER, (0, inf), spoken="mae|mean absolute error", is_rating=True,
        is_usual=True, meaning="mean absolute error",
    ),
    MetricKind(
        "coverage", Better.HIGHER, (0, 1), "Coverage",
        ("catalogcoverage", "cataloguecoverage", "itemcoverage"),
        r"(?:item |catalogu?e )?coverage"
        r"|(?:how much|how many|what (?:share|part|fraction)|share|part|fraction) of "
        r"(?:the |our )?(?:catalogue|catalog|assortment|range)",
        meaning="share of the training items that are listed at all",
    ),
    MetricKind(
        "category_coverage", Better.HIGHER, (0, 1), "Category coverage",
        spoken="(?:category|genre) coverage",
        meaning="share of the categories that a list reaches",
    ),
    MetricKind(
        "user_coverage", Better.HIGHER, (0, 1), "User coverage",
        spoken="user coverage", meaning="share of the test users with a full list",
    ),
    MetricKind(
        "gini", Better.NEITHER, (0, 1), "Gini",
        spoken=r"gini(?:[- ](?:index|coefficient))?(?: of (?:the )?exposure)?",
        meaning="inequality of how often items are listed, those never listed included",
    ),
    MetricKind(
        "entropy", Better.NEITHER, (0, inf), "Entropy",
        spoken=r"(?:shannon |exposure )?entropy", meaning="entropy of how often items are listed",
    ),
    MetricKind(
        "popularity", Better.NEITHER, (0, inf), "Popularity of lists",
        spoken=r"(?:average|mean|avg\.?) (?:recommendation |item )?popularity"
        r"(?: of (?:the |its |their )?(?:recommend\w+|listed|top-\d+)(?: items| lists)?)?"
        r"|popularity of (?:what is |the |its |their )?(?:recommend\w+|listed)(?: items| lists)?"
        r"|how popular (?:is|are) (?:what is |the |its |their )?(?:top-? ?\d+ )?"
        r"(?:recommend\w+(?: items)?|listed(?: items)?|lists)"
        r"|(?:recommendation|list) popularity|arp"
        r"|how popular (?:the |its |their )?(?:recommend\w+|listed|top-\d+)(?: items| lists)?"
        r"|how (?:popular|mainstream|well[- ]known) (?:(?:are|is) )?(?:what|(?:the |those )?"
        r"(?:items|movies|films|products|artists|songs|books|tracks|titles|games))"
        r"(?= (?:\S+ ){1,8}(?:recommends?|shows?|lists?|suggests?|are recommended|are shown))"
        r"(?: are)?(?: on average)?|equally popular items",
        meaning="mean number of training interactions of the listed items",
    ),
    MetricKind(
        "long_tail", Better.NEITHER, (0, 1), "Long-tail share",
        spoken=r"(?:average )?(?:percentage|share|proportion|fraction|part) of (?:the )?"
        r"(?:long[- ])?tail(?: items)?(?: in the lists)?|long[- ]tail (?:share|percentage|items?)"
        r"|aplt|(?:more|much|less|how much) of the (?:long )?tail",
        meaning="mean share of listed items that are not among the most popular",
    ),
    MetricKind(
        "popularity_lift", Better.NEITHER, (-1, inf), "Popularity lift",
        spoken="popularity lift",
        meaning="popularity of lists relative to that of users' profiles",
    ),
    MetricKind(
        "novelty", Better.NEITHER, (0, inf), "Novelty",
        spoken=r"novelty|(?:more|less|most|least) novel|(?:mean )?self[- ]information",
        meaning="mean self-information of listed items",
    ),
    MetricKind(
        "personalisation", Better.NEITHER, (0, 1), "Personalisation",
        spoken=r"(?<!bayesian )personali[sz]ation",
        meaning="1 minus the mean overlap of users' lists",
    ),
    MetricKind(
        "overlap", Better.NEITHER, (0, 1), "Overlap",
        spoken=r"(?:list |mean |average |pairwise )*(?:(?<!biased )overlaps?|jaccard)"
        r"(?: (?:index|similarity))?|how stable (?:are )?(?:the |their )?lists"
        r"|stability of (?:the )?lists",
        is_of_pairs=True, meaning="share of items that two lists of a user have in common",
    ),
    MetricKind(
        "rbo", Better.NEITHER, (0, 1), "RBO",
        spoken=r"rbo|rank[- ]biased overlap(?: \(rbo\))?", is_of_pairs=True,
        meaning="rank-biased overlap of two lists",
    ),
    MetricKind(
        "calibration", Better.LOWER, (0, inf), "Calibration",
        spoken=r"(?:mis)?calibration(?: error)?",
        meaning="divergence of the categories of a list from those of the profile",
    ),
    MetricKind(
        "diversity", Better.NEITHER, (0, 1), "Diversity",
        spoken=r"(?:intra[- ]?list |genre |list |category )?diversity"
        r"(?: (?:by|of|over|in) genres?)?|ild",
        meaning="mean distance of the items of a list",
    ),
    MetricKind(
        "serendipity", Better.NEITHER, (0, 1), "Serendipity", spoken="serendipity",
        meaning="relevant listed items that a baseline would not list",
    ),
    MetricKind(
        "training_time", Better.LOWER, (0, inf), "Training time",
        spoken=r"training times?|train times?|fit(?:ting)? times?|time (?:to|for|of) train(?:ing)?"
        r"|(?:how long|how many seconds) (?:of )?(?:the )?(?:training|to train)(?: takes?)?"
        r"|(?:seconds|minutes|hours) of training|training seconds"
        r"|how long(?= (?:do|does|will|would) (?:[^.;?]{1,60} )?"
        r"(?:take to |need to )?(?:train|fit))",
        is_cost=True, unit="s", meaning="seconds of training",
    ),
    MetricKind(
        "recommendation_time", Better.LOWER, (0, inf), "Recommendation time",
        spoken=r"(?<!at )(?:recommendation|inference|prediction|scoring|serving) times?"
        r"|time (?:to|for|of) (?:recommend(?:ing|ation)?|inference)",
        is_cost=True, unit="s", meaning="seconds of recommending",
    ),
    MetricKind(
        "memory", Better.LOWER, (0, inf), "Peak memory",
        spoken=r"(?:peak )?memory(?: (?:use|usage|consumption|footprint|peak))?|peak ram",
        is_cost=True, unit="MiB", meaning="highest memory of the process",
    ),
    *map(_share, ("f1", "auc", "accuracy", "success")),
    *(_share(n, Better.NEITHER) for n in ("listgini", "meanpoprank")),
    MetricKind("dcg", Better.HIGHER),
    MetricKind("mse", Better.LOWER, (0, inf)),
    *(MetricKind(n, Better.LOWER) for n in (
        "nrmse", "nmae", "mape", "logloss", "log_loss", "cross_entropy",
    )),
    *(MetricKind(n, Better.NEITHER) for n in (
        "arp", "avgpop", "avg_popularity", "average_popularity", "ild", "exposuregini",
    )),
)  # fmt: skip
"""The one registry; what is not in it has no known direction, range or definition."""
USUAL_CUTOFF = 10
BY_NAME = {kind.name: kind for kind in KINDS}
SPOKEN = "|".join(kind.spoken for kind in KINDS if kind.spoken)
"""Pattern of what people write for a metric."""
ALIASES = {alias: kind.name for kind in KINDS for alias in kind.aliases}
RATING = tuple(kind.name for kind in KINDS if kind.is_rating)


def kind_of_metric(name: str) -> MetricKind:
    """Return what is known of a metric, by the product's name of it."""
    return BY_NAME.get(name) or MetricKind(name)


def usual_name(written: str) -> str:
    """Return the product's name of a metric that code or a model calls otherwise."""
    name = written.strip().lower()
    return ALIASES.get(re.sub(r"[\s_.-]", "", name), name)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, with its cut-off where it has one."""

    name: str
    """Lower case: ndcg, recall, precision, hit, mrr, map, rmse, mae, coverage, ..."""
    k: int | None = None

    @property
    def kind(self) -> MetricKind:
        """What is known of it at any cut-off."""
        return kind_of_metric(self.name)

    @property
    def key(self) -> str:
        """`ndcg@10`; the form used in references."""
        return f"{self.name}@{self.k}" if self.k is not None else self.name

    @property
    def label(self) -> str:
        """`NDCG@10`; the form shown to people."""
        shown = self.kind.label or self.name.upper()
        return f"{shown}@{self.k}" if self.k is not None else shown

    @property
    def is_accuracy(self) -> bool:
        """Whether it compares with what is held out."""
        return self.kind.is_quality or self.kind.is_rating or self.name == "precision"

    @property
    def is_rating(self) -> bool:
        """Whether it judges predicted ratings and can be computed from them."""
        return self.kind.is_rating

    @property
    def better(self) -> Better:
        """Which end is better."""
        return self.kind.better

    @property
    def is_directed(self) -> bool:
        """Whether one end is better, so that there is a best value."""
        return self.better in (Better.HIGHER, Better.LOWER)

    @property
    def is_descending(self) -> bool:
        """Whether the highest value is told first: all but those of which lower is better."""
        return self.better is not Better.LOWER

    @property
    def note(self) -> str:
        """What a reader must know of its direction, to stand after the label; empty for higher."""
        return NOTES[self.better]


def with_own_first(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return metrics with those of two cells' lists and costs last; NDCG first without others.

    The results of no cell have a value of these, so that none of them can lead a plan.
    """
    own = [m for m in metrics if not (m.kind.is_of_pairs or m.kind.is_cost)]
    others = [m for m in metrics if m not in own]
    if others and not own:
        own = [Metric("ndcg", next((m.k for m in others if m.k), USUAL_CUTOFF))]
    return (*own, *others)

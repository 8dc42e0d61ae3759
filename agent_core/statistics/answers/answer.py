"""What the answer to a question is made of: estimates, a table, a figure, and its limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd

from agent_core.domain import Better, Estimand, Levels, LevelValue, Metric, Question
from agent_core.statistics.equivalence import Equivalence
from agent_core.statistics.inference import LEVEL, Interval, unknown

ALPHA = 1 - LEVEL
CONDITIONS = "; "
"""Between the levels within which something is told."""
FIGURE_COLUMNS = ("x", "y", "low", "high", "series", "panel")


class Grade(StrEnum):
    """How far two cells can be compared, computed from what they test and rank."""

    SAME = "same"
    """Test pairs and candidates are equal: tested."""
    COMMON = "common"
    """Users are in both, test items or candidates differ: values over these users, no test."""
    APART = "apart"
    """Side by side only."""


class Reason(StrEnum):
    """Why cells are not of grade *same*."""

    NONE = ""
    OTHER_ITEMS = "other test items"
    OTHER_TEST_USERS = "other test users"
    OTHER_CANDIDATES = "other candidates"
    OTHER_MASK = "other items left out of the lists, user by user"
    NO_COMMON_USERS = "no test users in both"
    OTHER_DATASET = "another dataset"
    UNKNOWN = "what was tested is not known"


class Verdict(StrEnum):
    """What a comparison comes to."""

    HIGHER = "higher"
    LOWER = "lower"
    NOT_AFTER_CORRECTION = "not after correction"
    """This pair alone would be told apart; with the other pairs of its family it is not."""
    OPEN = "not distinguishable"
    DIFFERS = "differs"
    """At another grade than *same*: the interval excludes 0, which is no test."""
    UNDECIDED = "no difference seen"
    """At another grade than *same*: the interval holds 0."""


class Statistic(StrEnum):
    """What the value of an estimate is; the last part of its reference."""

    MEAN = "mean"
    DIFFERENCE = "difference"
    RATIO = "ratio"
    INTERACTION = "interaction"
    TREND = "trend"
    FIRST_WITHIN = "first_within"
    SD = "sd"
    SD_RATIO = "sd_ratio"
    VARIANCE_SHARE = "variance_share"
    TAU = "tau"
    WINNER = "winner_stability"
    SAME_WINNER = "same_winner"
    """Share of resamples in which one level is first in all orders."""
    STABILITY = "stability"
    CHOSEN = "chosen_test"
    EXPECTED_BEST = "expected_best"
    """Of so many trials, on validation."""
    STOP = "stop"
    RULE = "rule_stop"
    SHARE = "share"
    UNDOMINATED = "undominated"
    COUNT = "count"


class Limit(StrEnum):
    """What an answer does not show."""

    OTHER_DATA = "other data sets"
    OTHER_SPLITS = "other splits"
    OTHER_SEEDS = "other seeds"
    EQUALITY = "that levels without a shown difference are equal"
    CAUSES = "why"
    CAUSE_OF_GROUPS = "that what a group is by makes the difference"
    OTHER_MACHINES = "other machines"
    BETWEEN_LEVELS = "what lies between or beyond the levels"
    OTHER_REPETITIONS = "further repetitions"
    OTHER_GRIDS = "configurations outside the grid"
    ACCURACY = "what the models are worth"


class CautionKind(StrEnum):
    """What can turn an answer."""

    ONE_SEED = "one seed"
    ONE_SPLIT = "one split"
    NOT_SAME = "not the same test or candidates"
    APART = "side by side only"
    FEW_SYSTEMS = "too few systems to test how orders agree (6 are needed)"
    FEW_DATASETS = "too few data sets to test over them (6 are needed)"
    OVERLAPPING_TRAINING = "folds share training data"
    NORMAL_TAIL = "p by the normal approximation, since flips would not do"
    FEW_REPETITIONS = "few repetitions"
    NO_USER_VALUES = "no values of users"
    SPLITS_HOLD_SEEDS = "what splits vary holds what the seed varies"
    OTHER_TEST_ITEMS = "a split seed draws other test items too"
    CHOICE_DIFFERS = "the script chose another configuration"
    OPTIMISTIC = "the validation value of what was chosen is optimistic"
    MECHANICAL = "a prefix that is nearly all agrees with all"
    CONFOUNDED = "groups differ in more than their rule"
    LEFT_OUT_USERS = "users without test items of a group are left out"
    NO_LISTS = "users without a list in one of the cells are left out"
    NO_REFERENCE = "the reference level has no results"
    NOT_REPEATED = "measured once"
    MEAN_OF_RUNS = "means are of repetitions, each counted once; over all users together"
    SHARED_WORK = "some seconds were spent once for several cells"
    SCRIPTS_OWN = "the script's own figure, not computed again"
    NOT_ASKED = "the question lacks what it needs"


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that can turn an answer, and what it is about."""

    kind: CautionKind
    about: str = ""
    """Levels, counts or reasons, in few words."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A planned cell without results, and what it takes with it."""

    variant: str
    block: str
    seed: str = ""
    ended: str = ""
    """How it ended, where that is known."""


@dataclass(frozen=True, slots=True)
class PairTest:
    """What is told of a difference beside it and its interval."""

    p: float
    """Of the sign-flip test, or McNemar's; NaN where nothing was tested."""
    adjusted_p: float
    """Holm over the family."""
    name: str
    family: int
    verdict: Verdict
    user_interval: Interval
    """Over users alone, seeds held."""
    d_z: float
    higher: float
    """Share of users for whom the first is higher."""
    lower: float
    equal: float
    detectable: float
    """The smallest difference that this study finds four times in five: 2.8 standard errors."""
    equivalence: Equivalence | None = None
    """Where a margin was set; of a relative one in shares of the second."""
    named: str = ""
    """A further test that the task names."""
    named_p: float = math.nan
    is_ratio_margin: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether a direction is shown after correction."""
        return self.verdict in (Verdict.HIGHER, Verdict.LOWER)

    @property
    def values(self) -> dict[str, float]:
        """Its numbers by name."""
        found = {
            "p": self.adjusted_p,
            "p_raw": self.p,
            "family": self.family,
            "users_low": self.user_interval.low,
            "users_high": self.user_interval.high,
            "d_z": self.d_z,
            "share_higher": self.higher,
            "share_lower": self.lower,
            "share_equal": self.equal,
            "detectable": self.detectable,
        }
        if self.named:
            found[f"p_{self.named}"] = self.named_p
        if self.equivalence:
            kind = "ratio" if self.is_ratio_margin else "difference"
            found["margin"] = self.equivalence.margin
            found[f"{kind}_90_low"] = self.equivalence.interval.low
            found[f"{kind}_90_high"] = self.equivalence.interval.high
            found["tost_p"] = self.equivalence.adjusted_p
        return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number of an answer with what it is of, over what, and what may be said of it."""

    statistic: Statistic
    measure: str
    """Key of a metric, or the name of a quantity."""
    levels: Levels
    value: float
    interval: Interval = field(default_factory=lambda: unknown(""))
    against: Levels = field(default_factory=dict)
    """The other side, where it is of two."""
    within: Levels = field(default_factory=dict)
    """The levels of other factors within which it is told."""
    n: int = 0
    """Of what `interval.over` names."""
    grade: Grade = Grade.SAME
    why: str = ""
    """Why the grade is not *same*."""
    test: PairTest | None = None
    more: Mapping[str, float] = field(default_factory=dict)
    """Further numbers by name."""
    found: Levels = field(default_factory=dict)
    """The level that it comes to: the winner, the chosen one, the first within a tolerance."""

    @property
    def subject(self) -> str:
        """What it is of: `EASE`, `EASE - ItemKNN (data=5-core)`."""
        sides = [label_of(side) for side in (self.levels, self.against) if side]
        where = CONDITIONS.join(f"{name}={level}" for name, level in self.within.items())
        return " - ".join(sides) + (f" ({where})" if where else "")

    @property
    def reference(self) -> str:
        """What the references of its numbers begin with."""
        return "|".join(part for part in (self.measure, self.subject or "all") if part)

    @property
    def values(self) -> dict[str, float]:
        """Its finite numbers by reference: `ndcg@10|EASE|mean`."""
        name = self.statistic.value
        ends = ("ci_low", "ci_high") if name == "mean" else (f"{name}_low", f"{name}_high")
        found = {name: self.value, ends[0]: self.interval.low, ends[1]: self.interval.high}
        if self.n:
            found[f"n_{(self.interval.over or 'runs').split()[0]}"] = self.n
        found |= self.test.values if self.test else {}
        found |= self.more
        return {f"{self.reference}|{k}": float(v) for k, v in found.items() if math.isfinite(v)}

    @property
    def share_better(self) -> float:
        """Share of users for whom the first is better; NaN where no end is."""
        return _better_of(self)[0]

    @property
    def share_worse(self) -> float:
        """Share of users for whom the first is worse."""
        return _better_of(self)[1]


class FigureKind(StrEnum):
    """How a figure shows its data."""

    INTERVALS = "interval plot"
    CURVES = "curves with bands"
    SLOPES = "slopes"
    DISTRIBUTIONS = "distributions"
    HEAT_MAP = "heat map"
    SCATTER = "scatter"
    GROUPED_DOTS = "grouped dots"
    NONE = "table only"


@dataclass(frozen=True, slots=True, eq=False)
class FigureData:
    """The data of a figure: a line a mark, `FIGURE_COLUMNS`; NaN where a mark has no interval.

    A heat map has its rows in `series` and its colours in `y`.
    """

    kind: FigureKind
    frame: pd.DataFrame
    x_label: str = ""
    y_label: str = ""
    line: float | None = None
    """A line across: no difference, the baseline."""
    is_path: bool = False
    """Whether marks are joined in their order, as the levels of a number are."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The answer to one question."""

    question: Question
    estimates: tuple[Estimate, ...] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    """For people: names of columns as they are shown."""
    figure: FigureData = field(default_factory=lambda: no_figure())
    over: str = ""
    """What its intervals are over."""
    held: str = ""
    """What was held fixed."""
    not_shown: tuple[Limit, ...] = ()
    cautions: tuple[Caution, ...] = ()
    missing: tuple[Missing, ...] = ()
    """Cells without results; the answer is over complete repetitions."""
    is_primary: bool = False
    """Whether it confirms; all others explore."""

    @property
    def kind(self) -> Estimand:
        """What was asked."""
        return self.question.kind

    @property
    def values(self) -> dict[str, float]:
        """Every number by its reference."""
        return {name: value for e in self.estimates for name, value in e.values.items()}

    def confirms(self, measure: str) -> bool:
        """Whether what is told of a measure confirms: the primary question's first alone does."""
        return self.is_primary and self.question.measures[:1] == (measure,)

    def of(self, statistic: Statistic, measure: str = "") -> tuple[Estimate, ...]:
        """Return the estimates of a kind, of one measure where it is named."""
        return tuple(
            e
            for e in self.estimates
            if e.statistic is statistic and (not measure or e.measure == measure)
        )


def no_figure() -> FigureData:
    """Return the figure of an answer that has none."""
    return FigureData(FigureKind.NONE, pd.DataFrame(columns=list(FIGURE_COLUMNS)))


def figure_of(kind: FigureKind, marks: list[dict[str, object]], x: str, y: str) -> FigureData:
    """Return a figure of marks, which may lack columns."""
    return FigureData(kind, pd.DataFrame(marks).reindex(columns=list(FIGURE_COLUMNS)), x, y)


def metric_of(key: str) -> Metric:
    """Return the metric of a key: `ndcg@10`."""
    name, _, k = key.partition("@")
    return Metric(name, int(k) if k.isdecimal() else None)


def name_of_order(measure: str, where: Levels) -> str:
    """Return under what an order stands, for people: `NDCG@10 (data=5-core)`."""
    told = CONDITIONS.join(f"{n}={v}" for n, v in where.items())
    return metric_of(measure).label + (f" ({told})" if told else "")


def label_of(levels: Levels) -> str:
    """Return levels for people: an algorithm by its name alone, others with their factor."""
    return ", ".join(_level_label(name, level) for name, level in levels.items())


def _level_label(name: str, level: LevelValue) -> str:
    return str(level) if name == "algorithm" else f"{name}={level}"


def _better_of(estimate: Estimate) -> tuple[float, float]:
    """Return the shares of users for whom the first is better, and worse."""
    if estimate.test is None:
        return math.nan, math.nan
    match metric_of(estimate.measure).better:
        case Better.HIGHER:
            return estimate.test.higher, estimate.test.lower
        case Better.LOWER:
            return estimate.test.lower, estimate.test.higher
    return math.nan, math.nan

"""A study as a design of experiments: factors with levels, and typed questions about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LevelValue = str | int | float
"""A level of a factor: a name, or the number that is set."""
Levels = Mapping[str, LevelValue]
"""Factor to level; factors that do not apply are absent."""


class FactorKind(StrEnum):
    """What a factor varies, and so what it changes in a cell."""

    ALGORITHM = "algorithm"
    DATASET = "dataset"
    """Levels are the names of datasets."""
    DATA = "data"
    """A variant of the dataset; levels are the names of the plan's data levels."""
    SPLIT = "split"
    """A way to hold out; levels are the names of the plan's split levels."""
    TRAIN_SHARE = "train_share"
    """Share of the training interactions that is used, above 0 to 1; the test stays."""
    PROFILE_SIZE = "profile_size"
    """Interactions that each test user keeps in training, or `all`."""
    MODEL_SEED = "model_seed"
    SPLIT_SEED = "split_seed"
    FOLD = "fold"
    RERANK = "rerank"
    """What is done to the lists of a trained algorithm; `none` leaves them as they are."""
    HYPERPARAMETER = "hyperparameter"
    """Any setting of an algorithm, by its name in LensKit."""

    @property
    def makes_parts(self) -> bool:
        """Whether its levels differ in what is trained on or tested."""
        return self in PARTS

    @property
    def makes_variants(self) -> bool:
        """Whether its levels differ in what is trained, or done to its lists."""
        return self in (FactorKind.ALGORITHM, FactorKind.RERANK, FactorKind.HYPERPARAMETER)


PARTS = (
    FactorKind.DATASET,
    FactorKind.DATA,
    FactorKind.SPLIT,
    FactorKind.SPLIT_SEED,
    FactorKind.FOLD,
    FactorKind.TRAIN_SHARE,
    FactorKind.PROFILE_SIZE,
)
"""Factors whose levels have their own training or test data, in the order in which they nest."""
BY_NAME = {kind.value: kind for kind in FactorKind if kind is not FactorKind.HYPERPARAMETER}


class FactorRole(StrEnum):
    """What the levels of a factor are there for."""

    COMPARED = "compared"
    """They are what is asked about."""
    REPEATED = "repeated"
    """They are a sample: seeds, folds."""
    FIXED = "fixed"
    """There is one, and it is stated."""


@dataclass(frozen=True, slots=True)
class Factor:
    """Something that takes several levels in a study."""

    name: str
    """That of its kind; a hyperparameter's own name in LensKit."""
    levels: tuple[LevelValue, ...]
    role: FactorRole = FactorRole.COMPARED
    of: tuple[str, ...] = ()
    """The algorithms that it applies to; empty: all that it can apply to."""

    @property
    def kind(self) -> FactorKind:
        """What it varies."""
        return BY_NAME.get(self.name, FactorKind.HYPERPARAMETER)

    @property
    def is_ordered(self) -> bool:
        """Whether all its levels are numbers."""
        return all(isinstance(level, int | float) for level in self.levels)

    def applies_to(self, algorithm: str) -> bool:
        """Whether it has levels within an algorithm."""
        return not self.of or algorithm in self.of


class Estimand(StrEnum):
    """What a question asks of measures over factors."""

    LEVEL = "level"
    """How high each level is."""
    DIFFERENCE = "difference"
    """How levels of a compared factor differ, within each level of the others."""
    INTERACTION = "interaction"
    """How a difference changes over the levels of another factor."""
    RESPONSE = "response"
    """How a measure follows an ordered factor."""
    SPREAD = "spread"
    """How far a measure scatters over a repeated factor."""
    SPREAD_RATIO = "spread_ratio"
    """Which of two repeated factors scatters more."""
    VARIANCE_SHARES = "variance_shares"
    """What share of the variance comes from each of several repeated factors."""
    ORDER = "order"
    """Whether the order of `over` changes under the levels of `within`, or under measures."""
    CHOICE = "choice"
    """Which configuration is chosen on validation, and its test value."""
    STOPPING = "stopping"
    """From which prefix of a repeated factor on nothing changes any more."""
    TRADE_OFF = "trade_off"
    """How two measures go together along a factor."""
    GROUPS = "groups"
    """How levels differ in groups of users or items."""
    COUNTS = "counts"
    """What is left of the data at each of its levels."""
    COST = "cost"
    """Time and memory."""
    FALSE_ALARMS = "false_alarms"
    """How often a test tells runs apart that differ in a repeated factor only."""
    SCRIPTS_OWN = "scripts_own"
    """Anything else: the script's own figure, quoted with its definition."""

    @property
    def needs_algorithms(self) -> bool:
        """Whether something has to be trained for it."""
        return self is not Estimand.COUNTS


class GroupBy(StrEnum):
    """What users or items are grouped by."""

    UNSAID = ""
    USER_ACTIVITY = "user_activity"
    POPULAR_SHARE = "popular_share"
    """Share of popular items in a user's training profile."""
    ITEM_POPULARITY = "item_popularity"
    ITEM_AGE = "item_age"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the measures over the factors; frozen with the plan."""

    kind: Estimand
    over: tuple[str, ...] = ()
    """The factors whose levels it is about."""
    measures: tuple[str, ...] = ()
    """Keys of metrics: `ndcg@10`; empty where it is about the data alone."""
    within: tuple[str, ...] = ()
    """Factors within whose levels it is asked."""
    reference: LevelValue | None = None
    """The level that the others are held against."""
    pairs: tuple[tuple[LevelValue, LevelValue], ...] = ()
    """The pairs of levels that are asked about; empty: all, or each against the reference."""
    margin: float | None = None
    """Difference that would not matter: in units of the measure, or a share of the reference."""
    is_relative: bool = False
    """Whether `margin` and `tolerance` are shares of the reference."""
    tolerance: float | None = None
    """How much a mean may still move, or fall short of the reference."""
    groups: str = ""
    """What users or items are grouped by, in words."""
    group_by: GroupBy = GroupBy.UNSAID
    """The same as a rule; unsaid: as the words tell."""
    group_count: int = 0
    """How many groups of about equal size; 0: as many as have names, else three."""
    group_names: tuple[str, ...] = ()
    """How the task calls them, from low to high."""
    group_ends: tuple[float, ...] = ()
    """Shares of the users or items at which groups end, where they are not of about equal size."""
    test: str = ""
    """A test that is asked for by name: `wilcoxon`, `t`."""
    clause: str = ""
    """The words of the task that ask it."""
    text: str = ""
    """What is asked, in words, where the other fields cannot tell it."""

    @property
    def grouping(self) -> str:
        """What makes its groups; the same for questions about the same groups."""
        made = (self.group_count, *self.group_names, *self.group_ends)
        said = (self.groups, self.group_by.value, *made)
        return "|".join(str(s) for s in said if s)

    @property
    def groups_wanted(self) -> int:
        """How many groups it asks for; 0: it does not say."""
        ends = len(self.group_ends) + 1 if self.group_ends else 0
        return ends or self.group_count or len(self.group_names)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A clause of the task that no question, rule or requirement covers."""

    clause: str
    """The task's own words."""
    reason: str = ""
    is_main: bool = False
    """Whether it is what the task mainly asks, so that nothing is spent without consent."""

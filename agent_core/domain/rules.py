"""The typed rules of a design: what of the data is kept, and how test data are held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

R = TypeVar("R")
A_BIT = 1e-6
"""Added to what a rating must be above."""


@dataclass(frozen=True, slots=True)
class Level(Generic[R]):
    """One level of a factor: its rules, and its name where there are several."""

    rules: R
    name: str = ""


class DataRuleKind(StrEnum):
    """What a data rule looks at."""

    REPEATED_PAIRS = "repeated_pairs"
    """Interactions of one user with one item: `keep` says which of them stay."""
    LOWEST_RATING = "lowest_rating"
    """Interactions with a rating below `amount` are dropped."""
    TIME_WINDOW = "time_window"
    """Interactions before `first` or after `last` are dropped."""
    SAMPLE = "sample"
    """A share (`amount` below 1) or number of users, items or interactions is kept."""
    FEWEST = "fewest"
    """Users or items with fewer than `amount` interactions are dropped."""
    CORE = "core"
    """As `FEWEST`, repeated until all that is left has as many."""
    OTHER = "other"
    """Left out by a rule that only `text` tells."""


class Of(StrEnum):
    """What a data rule counts."""

    USERS = "users"
    ITEMS = "items"
    BOTH = "both"
    INTERACTIONS = "interactions"


class Keep(StrEnum):
    """Which of several interactions of a user with an item stay."""

    FIRST = "first"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class DataRule:
    """One rule that leaves interactions out."""

    kind: DataRuleKind
    amount: float | None = None
    of: Of = Of.BOTH
    is_above: bool = False
    """Whether a rating of just `amount` is dropped too."""
    keep: Keep = Keep.FIRST
    first: str = ""
    """ISO date, for a time window."""
    last: str = ""
    seed: int | None = None
    """Of a sample."""
    is_training_only: bool = False
    text: str = ""
    """The words that it was read from, or that tell it."""

    @property
    def counts_users(self) -> bool:
        """Whether it asks something of users."""
        return self.of in (Of.USERS, Of.BOTH)

    @property
    def counts_items(self) -> bool:
        """Whether it asks something of items."""
        return self.of in (Of.ITEMS, Of.BOTH)


COUNTING = (DataRuleKind.FEWEST, DataRuleKind.CORE)
PARTIAL = (DataRuleKind.TIME_WINDOW, DataRuleKind.SAMPLE, DataRuleKind.OTHER)
"""Rules that keep a part by time, by lot or by words: they ask no number of users or items."""


@dataclass(frozen=True, slots=True)
class DataRules:
    """An ordered list of data rules; empty: all of the data."""

    rules: tuple[DataRule, ...] = ()

    @property
    def lowest_rating(self) -> float | None:
        """The lowest rating that counts; None where every rating does."""
        found = [r for r in self.rules if r.kind is DataRuleKind.LOWEST_RATING]
        lows = [r.amount + A_BIT * r.is_above for r in found if r.amount is not None]
        return max(lows, default=None)

    @property
    def fewest_per_user(self) -> int:
        """The fewest interactions that every user has; 1 for any."""
        return self._fewest(lambda r: r.counts_users)

    @property
    def fewest_per_item(self) -> int:
        """The fewest interactions that every item has; 1 for any."""
        return self._fewest(lambda r: r.counts_items)

    @property
    def counts(self) -> frozenset[int]:
        """The numbers of interactions that rules ask of users or items."""
        return frozenset(int(r.amount) for r in self.rules if r.kind in COUNTING and r.amount)

    @property
    def of_all(self) -> DataRules:
        """The rules that do not concern training alone."""
        return DataRules(tuple(r for r in self.rules if not r.is_training_only))

    @property
    def thins_training(self) -> bool:
        """Whether pairs that are not held out may be missing in training."""
        pairs = DataRuleKind.REPEATED_PAIRS
        return any(r.is_training_only and r.kind is not pairs for r in self.rules)

    @property
    def partial(self) -> tuple[DataRule, ...]:
        """The rules that keep a part by time, by lot or by words."""
        return tuple(r for r in self.rules if r.kind in PARTIAL)

    def _fewest(self, counts: Callable[[DataRule], bool]) -> int:
        found = [r.amount for r in self.rules if r.kind in COUNTING and counts(r)]
        return int(max((n for n in found if n is not None), default=1))


class SplitKind(StrEnum):
    """How test interactions are held out."""

    LEAVE_ONE_OUT = "leave_one_out"
    """One random interaction of each user."""
    LEAVE_LAST = "leave_last"
    """The newest interaction of each user."""
    USER_FRACTION = "user_fraction"
    """A share of each user's interactions; all users are tested."""
    CROSSFOLD_USERS = "crossfold_users"
    """Users in k parts; of the tested part a share of the interactions is held out."""
    RANDOM_RECORDS = "random_records"
    """A share of all interactions, whosever they are."""
    CROSSFOLD_RECORDS = "crossfold_records"
    """Interactions in k parts."""
    GLOBAL_TIME = "global_time"
    """All interactions after one moment."""
    GIVEN = "given"
    """The parts in which the data came; nothing is drawn."""
    OTHER = "other"

    @property
    def is_drawn(self) -> bool:
        """Whether what is held out is drawn at random, unless the newest is asked for."""
        return self in (
            SplitKind.LEAVE_ONE_OUT,
            SplitKind.USER_FRACTION,
            SplitKind.CROSSFOLD_USERS,
            *OF_RECORDS,
        )

    @property
    def is_of_records(self) -> bool:
        """Whether interactions are drawn from all, not from each user's."""
        return self in OF_RECORDS

    @property
    def is_timed(self) -> bool:
        """Whether times decide what is held out."""
        return self in (SplitKind.LEAVE_LAST, SplitKind.GLOBAL_TIME)

    @property
    def is_single(self) -> bool:
        """Whether each user has one tested interaction."""
        return self in (SplitKind.LEAVE_ONE_OUT, SplitKind.LEAVE_LAST)

    @property
    def has_share(self) -> bool:
        """Whether a share of the tested users' interactions is held out."""
        return self in (SplitKind.USER_FRACTION, SplitKind.CROSSFOLD_USERS)

    @property
    def is_of_share(self) -> bool:
        """Whether a share is held out: of tested users' interactions, or of all."""
        return self.has_share or self in (SplitKind.RANDOM_RECORDS, SplitKind.GLOBAL_TIME)


OF_RECORDS = (SplitKind.RANDOM_RECORDS, SplitKind.CROSSFOLD_RECORDS)
CROSSFOLDS = (SplitKind.CROSSFOLD_USERS, SplitKind.CROSSFOLD_RECORDS)


class Order(StrEnum):
    """Which of a user's interactions are held out, where the kind leaves that open."""

    RANDOM = "random"
    NEWEST = "newest"
    EITHER = "either"
    """The plan leaves it to the script."""


class Candidates(StrEnum):
    """Which items are ranked for a test user."""

    TRAINING = "training"
    """The items of this training."""
    FULL_TRAINING = "full_training"
    """The items of all that is not held out, before rules, shares or profiles thin training."""
    SAMPLED = "sampled"
    """The held-out items among `candidate_count` drawn ones."""


class Masked(StrEnum):
    """Which of the candidates a user is never recommended."""

    TRAINING = "training"
    """What the user has in this training."""
    FULL_TRAINING = "full_training"
    """What the user has of all that is not held out, before training is thinned."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SplitRules:
    """The hold-out protocol."""

    kind: SplitKind
    folds: int = 1
    holdout: float = 0.2
    """Share of interactions held out where the kind has one."""
    seed: int = 42
    text: str = ""
    """For people, e.g. `leave-one-out, random, one fixed split (seed 42)`."""
    given: tuple[str, ...] = ()
    """The parts of a given split with their files: `train: u1.base`."""
    order: Order = Order.RANDOM
    held_out: int | None = None
    """Interactions of each test user that are held out, where a number is said, not a share."""
    is_share_planned: bool = True
    """Whether `holdout` is planned; not where a cut in time is at a moment that words name."""
    test_users: int | None = None
    """How many users are tested; None: as many as the kind tests."""
    test_user_share: float | None = None
    """Share of the users that is tested, 0 to 1."""
    are_users_chosen: bool = False
    """Whether test users are chosen by what they are, not drawn."""
    lowest_test_rating: float | None = None
    """Only interactions rated so are held out; training keeps the others."""
    has_validation: bool = False
    """Whether users or interactions are kept apart to choose on."""
    is_leak_study: bool = False
    """Whether leaks of the test into training are what is studied."""
    candidates: Candidates = Candidates.TRAINING
    candidate_count: int | None = None
    masked: Masked = Masked.TRAINING
    in_training: bool = True
    """Whether training sees what test users keep; else it reaches a model when it recommends."""
    trains_on_validation: bool = False
    """Whether the final training has the validation part too."""
    thinned_by: Order = Order.RANDOM
    """Which interactions stay where training or profiles are thinned."""

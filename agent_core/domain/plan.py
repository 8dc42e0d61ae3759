"""What will be done, on which data, and what is asked of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter

from agent_core.domain.design import (
    Factor,
    FactorKind,
    FactorRole,
    Levels,
    LevelValue,
    Question,
    Unanswered,
)
from agent_core.domain.histograms import Histograms
from agent_core.domain.metric import Metric
from agent_core.domain.parts import GivenPart, PartName
from agent_core.domain.recipe import Recipe
from agent_core.domain.rules import DataRule, DataRules, Level, SplitRules
from agent_core.domain.side_table import SideTable

R = TypeVar("R")
Config = Mapping[str, Any]


class Study(StrEnum):
    """The families of studies that have their own checks and statistics."""

    SEED_VARIANCE = "seed_variance"
    COMPARISON = "comparison"
    SWEEP = "sweep"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset."""

    name: str
    kind: str
    """`int`, `float`, `str`, `timestamp`."""
    distinct: int
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Dataset:
    """A profiled dataset: schema and counts, no rows."""

    name: str
    """File name as the script sees it."""
    sha256: str
    size: int
    """Bytes."""
    separator: str
    has_header: bool
    columns: tuple[Column, ...]
    """In file order; without a header named user_id, item_id, rating, timestamp by position."""
    user_column: str | None
    item_column: str | None
    rating_column: str | None
    timestamp_column: str | None
    rows: int
    users: int = 0
    items: int = 0
    duplicates: int = 0
    """Rows beyond the first of one (user, item) pair."""
    rating_values: tuple[float, ...] = ()
    """Distinct ratings, when at most 20."""
    rating_range: tuple[float, float] | None = None
    """Lowest and highest rating."""
    first_time: str | None = None
    """ISO date of the earliest interaction."""
    last_time: str | None = None
    min_user_interactions: int = 0
    notes: tuple[str, ...] = ()
    """What a reader should know: encoding, skipped lines, duplicates."""
    known_as: str | None = None
    """`MovieLens 100K` where hash or shape tell."""
    is_synthetic: bool = False
    """Whether the product generated it."""
    recipe: Recipe | None = None
    """How its file is read; None in runs from before files were read by recipes."""
    table_sha256: str = ""
    """Hash of the table that was read from it; row numbers of splits count its rows."""
    doubts: tuple[str, ...] = ()
    """What was guessed of the file, for people to correct before the start."""
    questions: tuple[Choice, ...] = ()
    """Those of the doubts that change results, each with other ways to read the file; an option
    is what somebody says to have it."""
    parts: tuple[GivenPart, ...] = ()
    """Of a split that came with it, fold by fold; its rows are those of all its parts."""
    pieces: tuple[GivenPart, ...] = ()
    """The files that it came in, where it came in several; its rows are those of all of them."""
    sides: tuple[SideTable, ...] = ()
    """What is known of its items and users beside the interactions."""
    unused: tuple[str, ...] = ()
    """The files of its archive that are not used."""
    histograms: Histograms = field(default_factory=Histograms)
    form: str = ""
    """The published dataset that its file has the form of."""
    licence: str = ""
    """Of that dataset, where it is known."""
    citation: str = ""

    @property
    def files(self) -> dict[str, str]:
        """Return the files that it is read from, with their hashes."""
        parts, sides = ({f.file: f.sha256 for f in some} for some in (self.parts, self.sides))
        return {self.name: self.sha256} | parts | sides

    @property
    def given_folds(self) -> int:
        """Return how many folds came with it; 0 where it has no given split."""
        return len({p.fold for p in self.parts})

    @property
    def has_given_validation(self) -> bool:
        """Whether a part to choose on came with it."""
        return any(p.name is PartName.VALIDATION for p in self.parts)

    @property
    def density(self) -> float:
        """Share of the user-item matrix that is filled, 0 to 1."""
        return self.rows / (self.users * self.items) if self.users and self.items else 0.0


class Priority(StrEnum):
    """Whether a plan can be satisfied without it."""

    MUST = "must"
    NICE = "nice"


class Nature(StrEnum):
    """Whether it belongs to the experiment or to its packaging; only science is scored."""

    SCIENCE = "science"
    HOUSEKEEPING = "housekeeping"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One checkable wish; its id is stable over plan versions, gaps stay."""

    id: int
    text: str
    priority: Priority = Priority.MUST
    nature: Nature = Nature.SCIENCE
    check: str | None = None
    """Name of the check that decides it; None: a verdict does."""
    clause: str = ""
    """The words of the user that it comes from."""
    weight: float = 1.0
    limit: str = ""
    """Why the rule-based researcher cannot meet it; empty: nothing keeps it from that."""


class Topic(StrEnum):
    """What an assumption is about; it holds as long as that stays."""

    MODELS = "models"
    """Algorithms and metrics."""
    ALGORITHMS = "algorithms"
    SPLIT = "split"
    SEEDS = "seeds"
    FEEDBACK = "feedback"


class Role(StrEnum):
    """What an algorithm is there for."""

    SUBJECT = "subject"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm at one configuration."""

    name: str
    """As in `results.json`, unique in the plan: `ImplicitMF`, `EASE`, `ItemKNN k=20`."""
    kind: str
    """LensKit class, e.g. `ImplicitMFScorer`."""
    config: Config = field(default_factory=dict)
    role: Role = Role.SUBJECT
    is_random: bool = False
    """Whether training draws random numbers."""
    base: str = ""
    """Its level of the factor `algorithm`; empty: its name."""
    levels: Levels = field(default_factory=dict)
    """Its levels of hyperparameters that the design varies, and of the re-ranking."""

    @property
    def family(self) -> str:
        """Its level of the factor `algorithm`."""
        return self.base or self.name


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that changes the protocol, asked once, with a default."""

    text: str
    options: tuple[str, ...]
    default: int = 0
    """Index of the option that is taken without an answer."""
    is_of_all: bool = False
    """Whether it is asked of all files, and not of the one that it stands with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done; versioned, frozen at the start."""

    version: int
    title: str
    """At most about 60 characters: `Seed effect on ImplicitMF`."""
    question: str
    study: Study
    datasets: tuple[str, ...]
    feedback: str
    """Rating to implicit rule in words."""
    split_levels: tuple[Level[SplitRules], ...]
    algorithms: tuple[Algorithm, ...]
    metrics: tuple[Metric, ...]
    """The first is the primary metric."""
    requirements: tuple[Requirement, ...]
    seeds: tuple[int, ...] = (0,)
    """Model seeds; every random algorithm is trained once per seed and fold."""
    reported: tuple[str, ...] = ()
    """What is reported, in words: `SD with its interval`, `per-seed CSV`, `2 plots`."""
    assumptions: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    """What each assumption is about, in their order; `models` where it is not said."""
    unmapped: tuple[str, ...] = ()
    """Clauses of the user's sentence that no requirement covers; said in the thread."""
    refused: tuple[str, ...] = ()
    """The user's own words in them, where they say more than these."""
    cautions: tuple[str, ...] = ()
    """What may not fit the machine, by the counts of the data."""
    ask: Choice | None = None
    data_levels: tuple[Level[DataRules], ...] = (Level(DataRules()),)
    list_length: int = 10
    estimate_s: float = 0.0
    """Expected wall seconds."""
    estimate_cost: float = 0.0
    """Expected model cost, dollars."""
    swept: str | None = None
    """Name of the hyperparameter that a sweep varies."""
    margin: float | None = None
    """Difference of the primary metric that would not matter; None: no claim of equivalence."""
    factors: tuple[Factor, ...] = ()
    """What takes several levels; what is not here has one."""
    questions: tuple[Question, ...] = ()
    """What is asked; the first is the primary one, the others explore."""
    validated: tuple[Metric, ...] = ()
    """Metrics on the validation part, for questions of choice."""
    excluded: tuple[Levels, ...] = ()
    """Combinations of levels that are left out."""
    unanswered: tuple[Unanswered, ...] = ()
    """Clauses of the task that nothing here answers."""
    struck: tuple[str, ...] = ()
    """Clauses that the requester has left out, in the task's own words."""

    @property
    def open_main(self) -> tuple[Unanswered, ...]:
        """What the task mainly asks, where nothing answers it: it needs consent to start."""
        return tuple(u for u in self.unanswered if u.is_main)

    @property
    def primary(self) -> Metric:
        """The metric that headline and score speak of."""
        return self.metrics[0]

    @property
    def data(self) -> DataRules:
        """What of the data is kept."""
        return self.data_levels[0].rules

    @property
    def split(self) -> SplitRules:
        """How test data are held out."""
        return self.split_levels[0].rules

    def with_data(self, *rules: DataRule) -> Plan:
        """Return the plan with other data rules."""
        return replace(self, data_levels=(Level(DataRules(rules)),))

    def with_split(self, **changes: Any) -> Plan:
        """Return the plan with some split rules changed."""
        return replace(self, split_levels=(Level(replace(self.split, **changes)),))

    def factor(self, kind: FactorKind) -> Factor | None:
        """Return the factor of a kind, where it takes several levels."""
        return next((f for f in self.factors if f.kind is kind), None)

    @property
    def compared(self) -> tuple[Factor, ...]:
        """The factors whose levels are asked about."""
        return tuple(f for f in self.factors if f.role is FactorRole.COMPARED)

    @property
    def hyperparameters(self) -> tuple[Factor, ...]:
        """The factors that are settings of algorithms."""
        return tuple(f for f in self.factors if f.kind is FactorKind.HYPERPARAMETER)

    def data_of(self, name: LevelValue) -> DataRules:
        """Return the data rules of a level of `data`; those of the only one under any name."""
        return _rules_of(self.data_levels, name)

    def split_of(self, name: LevelValue) -> SplitRules:
        """Return the split rules of a level of `split`; those of the only one under any name."""
        return _rules_of(self.split_levels, name)

    @property
    def baselines(self) -> tuple[Algorithm, ...]:
        """The algorithms that are there for comparison only."""
        return tuple(a for a in self.algorithms if a.role is Role.BASELINE)


def _rules_of(levels: tuple[Level[R], ...], name: LevelValue) -> R:
    """Return the rules of a level by its name, else those of the first."""
    return next((level.rules for level in levels if level.name == name), levels[0].rules)


def plan_hash(plan: Plan) -> str:
    """Return the SHA-256 of a plan's canonical JSON."""
    return hashlib.sha256(TypeAdapter(Plan).dump_json(plan)).hexdigest()


@dataclass(frozen=True, slots=True)
class PlanChange:
    """The difference between two plan versions, ready to be told."""

    added: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()
    summary: tuple[str, ...] = ()
    """One line per change with its reason, e.g. `changed 4 (K 10 → 20)`."""
    back_to: int | None = None
    """The version that an undo brought back."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.changed or self.dropped or self.summary or self.back_to)


@dataclass(frozen=True, slots=True)
class Revision:
    """What a reply before or during the run comes to."""

    plan: Plan | None = None
    """The next version; None when nothing changes."""
    change: PlanChange = PlanChange()
    reply: str = ""
    """Answer to a question, or a reason why a wish was not applied; empty for chatter."""
    offer: str = ""
    """A wish found in a question, worded as the reply that would apply it."""

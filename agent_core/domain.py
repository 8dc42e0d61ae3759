"""The words of the product as values; see DESIGN, section 2. Frozen, changed by `replace()`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType

from sandbox.execution import Execution

RunId = NewType("RunId", str)
NodeId = NewType("NodeId", int)
UserId = NewType("UserId", str)

Config = Mapping[str, Any]


class RunStatus(StrEnum):
    """Where a run stands."""

    PLANNING = "planning"
    """Data are profiled, the plan is being written."""
    WAITING = "waiting"
    """The plan is shown; nothing has run; waits for its start."""
    QUEUED = "queued"
    """Started, waits for a place."""
    RUNNING = "running"
    REPORTING = "reporting"
    FINISHED = "finished"
    """Ended with a report (also one that says that nothing worked)."""
    CANCELLED = "cancelled"
    """Ended before anything ran."""
    FAILED = "failed"
    """Could not run; says why; resumable."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in (RunStatus.FINISHED, RunStatus.CANCELLED, RunStatus.FAILED)


class Outcome(StrEnum):
    """How a finished run ended."""

    SATISFIED = "satisfied"
    """All must requirements are met and no binding check failed."""
    PARTIAL = "partial"
    """Something worked, not everything."""
    NOTHING = "nothing"
    """No script worked."""


class Study(StrEnum):
    """The families of studies that have their own checks and statistics."""

    SEED_VARIANCE = "seed_variance"
    COMPARISON = "comparison"
    SWEEP = "sweep"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Task:
    """What the user asks, with its datasets."""

    text: str
    files: tuple[Path, ...] = ()
    """The attached datasets, as files on this machine, named as the user named them."""
    requester: UserId = UserId("local")
    origin: str = "terminal"
    """Where it came from, e.g. `slack:T1/C1/1700000000.000100`; unique per task."""
    seed: int = 0
    """Seed of the run's own random choices."""
    budget: Budget | None = None
    """None: the configured one."""


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
    first_time: str | None = None
    """ISO date of the earliest interaction."""
    last_time: str | None = None
    min_user_interactions: int = 0
    notes: tuple[str, ...] = ()
    """What a reader should know: encoding, skipped lines, duplicates."""
    known_as: str | None = None
    """`MovieLens 100K` where hash or shape tell."""

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


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, with its cut-off where it has one."""

    name: str
    """Lower case: ndcg, recall, precision, hit, mrr, map, rmse, mae, coverage, ..."""
    k: int | None = None

    @property
    def key(self) -> str:
        """`ndcg@10`; the form used in references."""
        return f"{self.name}@{self.k}" if self.k is not None else self.name

    @property
    def label(self) -> str:
        """`NDCG@10`; the form shown to people."""
        proper = {
            "hit": "Hit",
            "recall": "Recall",
            "precision": "Precision",
            "coverage": "Coverage",
        }
        shown = proper.get(self.name, self.name.upper())
        return f"{shown}@{self.k}" if self.k is not None else shown

    @property
    def is_rating(self) -> bool:
        """Whether it judges predicted ratings; lower is better then."""
        return self.name in ("rmse", "mae")


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


class SplitKind(StrEnum):
    """How test interactions are held out."""

    LEAVE_ONE_OUT = "leave_one_out"
    """One random interaction of each user."""
    LEAVE_LAST = "leave_last"
    """The newest interaction of each user."""
    USER_FRACTION = "user_fraction"
    """A random share of each user's interactions; all users are tested."""
    CROSSFOLD_USERS = "crossfold_users"
    """Users in k parts; of the tested part a share of the interactions is held out."""
    CROSSFOLD_RECORDS = "crossfold_records"
    """Interactions in k parts."""
    GLOBAL_TIME = "global_time"
    """All interactions after one moment."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Split:
    """The hold-out protocol."""

    kind: SplitKind
    folds: int = 1
    holdout: float = 0.2
    """Share of interactions held out where the kind has one."""
    seed: int = 42
    text: str = ""
    """For people, e.g. `leave-one-out, random, one fixed split (seed 42)`."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that changes the protocol, asked once, with a default."""

    text: str
    options: tuple[str, ...]
    default: int = 0
    """Index of the option that is taken without an answer."""


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
    split: Split
    algorithms: tuple[Algorithm, ...]
    metrics: tuple[Metric, ...]
    """The first is the primary metric."""
    requirements: tuple[Requirement, ...]
    seeds: tuple[int, ...] = (0,)
    """Model seeds; every random algorithm is trained once per seed and fold."""
    reported: tuple[str, ...] = ()
    """What is reported, in words: `SD with its interval`, `per-seed CSV`, `2 plots`."""
    assumptions: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()
    """Clauses of the user's sentence that no requirement covers; said in the thread."""
    ask: Question | None = None
    min_rating: float | None = None
    """Interactions with a lower rating are dropped; None: every rating counts."""
    list_length: int = 10
    estimate_s: float = 0.0
    """Expected wall seconds."""
    estimate_cost: float = 0.0
    """Expected model cost, dollars."""
    swept: str | None = None
    """Name of the hyperparameter that a sweep varies."""

    @property
    def primary(self) -> Metric:
        """The metric that headline and score speak of."""
        return self.metrics[0]

    @property
    def baselines(self) -> tuple[Algorithm, ...]:
        """The algorithms that are there for comparison only."""
        return tuple(a for a in self.algorithms if a.role is Role.BASELINE)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """The difference between two plan versions, ready to be told."""

    added: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()
    summary: tuple[str, ...] = ()
    """One line per change with its reason, e.g. `changed 4 (K 10 → 20)`."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.changed or self.dropped or self.summary)


class Operator(StrEnum):
    """How a script comes to be."""

    DRAFT = "draft"
    DEBUG = "debug"
    IMPROVE = "improve"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Script:
    """A plan in one or two sentences and the Python source that carries it out."""

    plan: str
    source: str


class Finding(StrEnum):
    """What a check came to."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One deterministic finding about an execution."""

    name: str
    """Stable snake case name, e.g. `no_test_in_train`."""
    finding: Finding
    reason: str
    """For people: what was compared, on what, with which values."""
    is_binding: bool = False
    """Whether `fail` keeps a node from being satisfactory."""
    subject: str = ""
    """files, ranges, split, metrics, seeds, statistics, source."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A binding check that the requester set aside."""

    check: str
    reason: str
    by: UserId


@dataclass(frozen=True, slots=True)
class Verdict:
    """One requirement met or not, and why."""

    requirement: int
    is_met: bool
    reason: str
    evidence: str = ""
    """Verbatim quote from source, output or artifacts, or the name of the deciding check."""
    by: str = "check"
    """`check` or the researcher's name."""


@dataclass(frozen=True, slots=True)
class Score:
    """The weighted share of science requirements met; computed, never asked for."""

    value: float
    """0 to 1."""
    met: int
    total: int
    musts_met: int
    musts: int
    failed_checks: tuple[str, ...] = ()
    """Binding checks that failed and were not waived."""

    @property
    def is_satisfactory(self) -> bool:
        """All musts met and no binding check failed."""
        return self.musts_met == self.musts and not self.failed_checks


@dataclass(frozen=True, slots=True)
class Node:
    """One attempt: script, execution, checks, verdicts and score."""

    id: NodeId
    operator: Operator
    parents: tuple[NodeId, ...]
    plan_version: int
    script: Script
    aim: int | None = None
    """The open requirement that it was made for."""
    execution: Execution | None = None
    checks: tuple[Check, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    score: Score | None = None
    """None until judged."""
    error: str | None = None
    """Why there is no execution: a failed precheck, an unusable answer, a duplicate."""

    @property
    def is_buggy(self) -> bool:
        """Whether it did not come to a clean end."""
        return self.error is not None or (self.execution is not None and not self.execution.is_ok)

    @property
    def is_working(self) -> bool:
        """Whether it ran and was judged."""
        return self.execution is not None and self.execution.is_ok and self.score is not None

    @property
    def is_satisfactory(self) -> bool:
        """Whether it may end the run."""
        return self.is_working and self.score is not None and self.score.is_satisfactory


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend at most."""

    nodes: int = 13
    seconds: float = 14400.0
    cost: float = 2.0
    """Dollars; 0: no model spend is expected (rule-based researcher)."""
    tokens: int = 0
    """Tokens where prices are unknown; 0: no limit."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What model calls used."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float = 0.0
    """Dollars, of the calls whose price is known."""
    unpriced_calls: int = 0
    """Calls whose price is unknown."""

    def __add__(self, other: Usage) -> Usage:
        """Add up two usages."""
        return Usage(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cost + other.cost,
            self.unpriced_calls + other.unpriced_calls,
        )


class Direction(StrEnum):
    """What a claim says of a against b."""

    HIGHER = "higher"
    LOWER = "lower"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Claim:
    """A difference of two algorithms in a metric; the product finds the verb by a test."""

    a: str
    b: str
    metric: str
    """Metric key, `ndcg@10`."""
    direction: Direction = Direction.HIGHER


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """What a researcher writes: text with references, no numbers of its own.

    References are `{{metric|algorithm|statistic}}` (statistics: mean, sd, sd_low, sd_high, min,
    max, cv, ci_low, ci_high, n) and claims `{{claim:0}}` by their index.
    """

    headline: str
    findings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The answer: text with every number filled in from recorded results, and its files."""

    title: str
    outcome: Outcome
    headline: str
    """One or two sentences, Markdown; the answer first."""
    summary: str
    """What the thread shows under the headline, Markdown, at most about 2,500 characters."""
    markdown: str
    """The whole report, as in `report.md`."""
    best: NodeId | None
    figures: tuple[Path, ...] = ()
    """PNG files, most important first."""
    solution: Path | None = None
    bundle: Path | None = None
    """The zip."""
    warnings: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()
    """Words and numbers removed from the researcher's text, with the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question, from recorded results."""

    text: str
    quoted: tuple[str, ...] = ()
    """References of the recorded results that it used."""
    offer: str = ""
    """A wish found in the question, offered as an addition, never applied."""


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

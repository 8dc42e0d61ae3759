"""One attempt: script, execution, checks, verdicts, score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent_core.domain.report import ToldAnswer
from agent_core.domain.run import NodeId, UserId
from sandbox.execution import Ended, Execution

Value = float | int | str
"""What a check counted, measured or names."""


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
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)
    """The counts and names that the reason tells; empty in runs that had none recorded."""

    @property
    def is_fault(self) -> bool:
        """Whether it keeps a node from being satisfactory."""
        return self.is_binding and self.finding is Finding.FAIL


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


def met_by(verdicts: Iterable[Verdict]) -> frozenset[int]:
    """Return the requirements that are met."""
    return frozenset(v.requirement for v in verdicts if v.is_met)


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
class Environment:
    """What a script ran with; empty where it was not recorded."""

    python: str = ""
    """Version of its interpreter."""
    packages: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Distribution name to version."""
    machine: str = ""
    """System, processor and memory, in words."""


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
    environment: Environment = field(default_factory=Environment)
    answers: tuple[ToldAnswer, ...] = ()
    """What its results say to the questions of the plan, as far as they go."""
    is_duplicate: bool = False
    """Whether it was not run because the same script ran before: there is nothing to repair."""

    @property
    def is_buggy(self) -> bool:
        """Whether it did not come to a clean end."""
        return self.error is not None or (self.execution is not None and not self.execution.is_ok)

    @property
    def is_stopped(self) -> bool:
        """Whether somebody stopped it; what it had left by then is kept."""
        return self.execution is not None and self.execution.ended is Ended.STOPPED

    @property
    def is_working(self) -> bool:
        """Whether it ran and was judged."""
        return self.execution is not None and self.execution.is_ok and self.score is not None

    @property
    def is_satisfactory(self) -> bool:
        """Whether it may end the run."""
        return self.is_working and self.score is not None and self.score.is_satisfactory

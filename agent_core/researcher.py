"""The researcher protocol: typed requests in, typed answers out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agent_core.domain import (
    Answer,
    Dataset,
    Node,
    NodeId,
    Outcome,
    Packages,
    Plan,
    ReportDraft,
    Requirement,
    Revision,
    Room,
    RunId,
    Script,
    ToldAnswer,
    Usage,
    Verdict,
)
from agent_core.domain.events import ModelCalled, ModelOutage


@dataclass(frozen=True, slots=True)
class Context:
    """What every request about one run carries."""

    run: RunId
    task: str
    datasets: tuple[Dataset, ...]
    packages: Packages
    notes: tuple[str, ...] = ()
    """Run-wide notes from earlier errors."""
    node: NodeId | None = None
    seed: int = 0
    """For the researcher's own random choices, derived from run seed and decision."""
    folds: int = 1
    """The user's preferred number of folds where cross-validation fits the task."""
    room: Room = field(default_factory=Room)
    """What a script may use."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """Write the first plan."""

    context: Context


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """What every request about a run that has a plan carries."""

    context: Context
    plan: Plan


@dataclass(frozen=True, slots=True)
class ReviseRequest(PlannedRequest):
    """Read a reply to the plan: wish, question, or chatter."""

    reply: str
    reread: tuple[str, ...] = ()
    """What changed in the data, where the reply had the files read again."""


@dataclass(frozen=True, slots=True)
class DraftRequest(PlannedRequest):
    """Write a script from scratch."""

    index: int
    """Which of the drafts this is, from 0; drafts must differ."""
    others: tuple[str, ...] = ()
    """One-line plans of the other drafts."""


@dataclass(frozen=True, slots=True)
class DebugRequest(PlannedRequest):
    """Repair a script that crashed or failed a binding check."""

    node: Node
    attempts: tuple[Node, ...] = ()
    """Earlier attempts of the chain, oldest first."""
    api_reference: str = ""
    """Signatures and docstrings of the library names in the traceback."""


@dataclass(frozen=True, slots=True)
class ImproveRequest(PlannedRequest):
    """Make a working script meet one more requirement."""

    node: Node
    aim: Requirement | None
    attempts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeRequest(PlannedRequest):
    """Combine two working scripts that complement each other."""

    first: Node
    second: Node


@dataclass(frozen=True, slots=True)
class JudgeRequest(PlannedRequest):
    """Decide the requirements that no check decides."""

    node: Node
    open: tuple[Requirement, ...]
    artifacts: Mapping[str, Path]
    """Artifact name to its file."""


@dataclass(frozen=True, slots=True)
class ReportRequest(PlannedRequest):
    """Write the report's words."""

    nodes: tuple[Node, ...]
    best: Node | None
    outcome: Outcome
    facts: Mapping[str, float]
    """Every recorded statistic that may be quoted, by reference: `ndcg@10|EASE|mean`."""
    answers: tuple[ToldAnswer, ...] = ()
    """To the questions of the plan, the primary one first."""


@dataclass(frozen=True, slots=True)
class AnswerRequest(PlannedRequest):
    """Answer a person's question from recorded results."""

    question: str
    facts: Mapping[str, float]
    report: str
    """The posted report; empty before there is one."""
    status: str = ""
    """How the run stands, in words."""
    answers: tuple[ToldAnswer, ...] = ()
    """To the questions of the plan, the primary one first."""


Request = (
    PlanRequest
    | ReviseRequest
    | DraftRequest
    | DebugRequest
    | ImproveRequest
    | MergeRequest
    | JudgeRequest
    | ReportRequest
    | AnswerRequest
)
"""Whatever a researcher is asked for."""


class Researcher(Protocol):
    """Whoever plans, writes scripts, judges and words the report."""

    @property
    def name(self) -> str:
        """For people: `rule-based researcher, no AI model`, or the model's name."""

    def open_metered_view(self, limits: CallBudget) -> AbstractAsyncContextManager[Researcher]:
        """Open a view of this researcher whose calls count against one run."""

    async def plan(self, request: PlanRequest) -> Plan:
        """Write the first plan of a task."""

    async def revise(self, request: ReviseRequest) -> Revision:
        """Read a reply to the plan: a wish, a question, or chatter."""

    async def draft(self, request: DraftRequest) -> Script:
        """Write a script from scratch."""

    async def debug(self, request: DebugRequest) -> Script:
        """Repair a script that crashed or failed a binding check."""

    async def improve(self, request: ImproveRequest) -> Script:
        """Make a working script meet one more requirement."""

    async def merge(self, request: MergeRequest) -> Script:
        """Combine two working scripts."""

    async def judge(self, request: JudgeRequest) -> tuple[Verdict, ...]:
        """Decide the requirements that no check decides."""

    async def report(self, request: ReportRequest) -> ReportDraft:
        """Write the report's words, with references in place of numbers."""

    async def answer(self, request: AnswerRequest) -> Answer:
        """Answer a question from recorded results."""


class CallBudget(Protocol):
    """A run's budget: asked before each model call, told after it."""

    def reserve(self, worst: Usage, *, is_reserve: bool = False) -> None:
        """Set the worst case of a call aside; `is_reserve` may draw on the report's reserve.

        Raises
        ------
        BudgetExhausted
            When the worst case would pass the cap.
        """

    def settle(self, worst: Usage, call: ModelCalled) -> None:
        """Release what was set aside and record what the call really used."""

    def outage(self, outage: ModelOutage) -> None:
        """Record that the endpoint cannot be asked now."""

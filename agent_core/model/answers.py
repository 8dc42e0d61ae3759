"""The model's structured answers beside plans; each class is the schema that is asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent_core.domain import Direction
from agent_core.model.answer_part import AnswerPart
from agent_core.model.plan_answer import PlanAnswer


class Change(AnswerPart):
    """Why one thing in the plan changed."""

    requirement: int | None = None
    line: str = Field(description="changed 4 (K 10 → 20): asked for longer lists")


class RevisionAnswer(AnswerPart):
    """What a reply comes to."""

    kind: Literal["wish", "question", "chatter"]
    reply: str = Field("", description="answer to a question, or why a wish is not applied")
    offer: str = Field("", description="a wish inside a question, as the reply that applies it")
    plan: PlanAnswer | None = Field(None, description="the whole next plan, for a wish only")
    changes: tuple[Change, ...] = ()


class VerdictPart(AnswerPart):
    """One requirement judged: reason and quote first, then the decision."""

    requirement: int
    reason: str
    quote: str = Field(description="verbatim from source, output or files; empty if not met")
    is_met: bool


class JudgeAnswer(AnswerPart):
    """Verdicts on all open requirements."""

    verdicts: list[VerdictPart]


class ClaimPart(AnswerPart):
    """A difference between two algorithms; the product tests it."""

    a: str
    b: str
    metric: str = Field(description="metric key: ndcg@10")
    direction: Direction = Direction.HIGHER


class ReportAnswer(AnswerPart):
    """The words of a report."""

    headline: str
    findings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    claims: tuple[ClaimPart, ...] = ()


class AnswerAnswer(AnswerPart):
    """An answer to a question."""

    text: str
    used: tuple[str, ...] = Field(
        (), description="references of the recorded results that it uses"
    )
    offer: str = Field("", description="a wish in the question, as an offer; else empty")
    compute: str = Field("", description="what saved lists could tell instead; else empty")

"""What people are told at the end, and afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agent_core.domain.run import NodeId, Outcome


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
class ToldAnswer:
    """The answer to a question of the plan in the product's own words."""

    question: str
    sentences: tuple[str, ...] = ()
    """The answer first; empty: nothing was delivered for it."""
    cautions: tuple[str, ...] = ()
    """What can turn it."""
    measures: tuple[str, ...] = ()
    """Keys of the metrics that it is about."""
    table: tuple[tuple[str, ...], ...] = ()
    """Its first lines; the first is the head."""
    references: tuple[str, ...] = ()
    """Of its values, the first ones."""


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """What a researcher writes: text with references, no numbers of its own.

    References are `{{metric|algorithm|statistic}}` (statistics: mean, sd, sd_low, sd_high, min,
    max, cv, ci_low, ci_high, n), claims `{{claim:0}}` by their index, and sentences of answers
    `{{answer:2}}`, `{{answer:2.1}}` by the numbers of question and sentence, from 1.
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
    """PNG files, those that were asked for first, then the most important."""
    solution: Path | None = None
    bundle: Path | None = None
    """The zip."""
    methods: Path | None = None
    """`methods.md`: text, LaTeX table and BibTeX for a paper."""
    warnings: tuple[str, ...] = ()
    """The lines of the headline below its answer."""
    asked: int = 0
    """How many of the first figures were asked for."""
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
    compute: str = ""
    """What the product could compute from saved lists instead, in words that it reads."""

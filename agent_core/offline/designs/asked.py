"""The clauses of a text that ask something, each with the kind of question that it asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent_core.domain import Estimand, Metric
from agent_core.offline.designs.entities import (
    Mention,
    algorithms_in,
    measures_in,
    metrics_in,
)
from agent_core.offline.designs.frames import read_frames
from agent_core.offline.designs.text import Sentence, blotted, clauses_of, usual_form
from agent_core.prose.patterns import read_patterns

PATTERNS = read_patterns(Path(__file__).with_name("question_patterns.toml"))
FRAMES = read_frames(Path(__file__).with_name("question_frames.toml"))
"""What also says what a pattern stands for: words of several classes in one clause."""
CANNOT = {
    "of_people": "what people think or do is not in the data: it needs a study with people",
    "of_business": "this is not in the data of an offline experiment",
    "other_data": "these data did not come with the task",
    "of_causes": "an experiment of this kind shows what differs, not why",
}
"""What no experiment of this kind answers, and why."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence, with what stands in it."""

    said: str
    text: str
    """In usual form."""
    sentence: str
    """The whole sentence, in usual form."""
    number: int
    """Of the sentence."""
    is_asked: bool

    @property
    def measures(self) -> tuple[Metric, ...]:
        """The metrics that it names, with the cut-offs that it says."""
        return measures_in(self.text)

    @property
    def without_measures(self) -> str:
        """Its text without the names of metrics."""
        return blotted(self.text, [(m.start, m.end) for m in metrics_in(self.text)])

    @property
    def is_of_groups(self) -> bool:
        """Whether it is about groups of users or items, or asks of one of them."""
        text = self.without_measures
        is_of_one = self.is_asked and says("one_group", text) and says("elsewhere", text)
        return is_of_one or says("groups", text)

    @property
    def algorithms(self) -> tuple[Mention, ...]:
        """The algorithms that it names."""
        return algorithms_in(self.text)


@dataclass(frozen=True, slots=True)
class Ask:
    """A clause that asks for an estimand."""

    kind: Estimand
    clause: Clause


def says(name: str, text: str) -> bool:
    """Whether a text says what a pattern stands for."""
    if name in PATTERNS and PATTERNS[name].search(text):
        return True
    return any(frame.fits(text) for frame in FRAMES.get(name, ()))


def clauses_in(sentences: Sequence[Sentence]) -> tuple[Clause, ...]:
    """Return the clauses of sentences; `and by how much?` asks again what stands before it."""
    found: list[Clause] = []
    for clause in _clauses(sentences):
        if found and says("elliptical", clause.text):
            found[-1] = replace(found[-1], said=f"{found[-1].said} {clause.said}", is_asked=True)
        else:
            found.append(clause)
    return tuple(found)


def reason_against(clause: Clause) -> str:
    """Return why no experiment of this kind answers a clause; empty where one may."""
    asks = clause.is_asked or says("asks", clause.text)
    told = (n for n in CANNOT if says(n, clause.text) and (asks or n == "of_causes"))
    return next((CANNOT[n] for n in told), "")


def _clauses(sentences: Sequence[Sentence]) -> Iterator[Clause]:
    for number, sentence in enumerate(sentences):
        is_question = sentence.said.rstrip().endswith("?")
        for said in clauses_of(sentence.said):
            text = usual_form(said)
            asks = says("asks", text) or (is_question and said == sentence.said)
            yield Clause(said, text, sentence.text, number, asks)

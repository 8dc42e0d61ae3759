"""Whether a sentence without recorded values may stand: by its words, names and numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agent_core.domain import Dataset, Plan
from agent_core.grounding.plan_names import Names
from agent_core.grounding.plan_numbers import NUMBER_MARK, PlanNumbers
from agent_core.grounding.vocabulary import (
    Part,
    Vocabulary,
    barred,
    odd_character,
    supposition,
    without_instruction,
)
from agent_core.prose.result_words import COMPARING, OWN_SUBJECTS, STRONG

NUMBER_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|half|halves|"
    r"quarters?|thirds?|fifths?|tenths?|hundredths?|twice|thrice|times|doubl\w+|tripl\w+|quadrupl\w+|"
    r"\w+fold|dozens?|percent\w*|per cent|zero point|point \w+)\b|[%‰]",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Ground:
    """What a plan lets a sentence say."""

    plan: Plan
    datasets: tuple[Dataset, ...]
    names: Names
    vocabulary: Vocabulary
    numbers: dict[frozenset[str], PlanNumbers] = field(default_factory=dict)
    """By the algorithms that a sentence names."""

    @classmethod
    def of(cls, plan: Plan, datasets: tuple[Dataset, ...]) -> Ground:
        """Collect names and words."""
        return cls(plan, datasets, Names.of(plan, datasets), Vocabulary.of(plan, datasets))

    def masked(self, text: str, part: Part) -> str:
        """Return a text with a mark for each name and each number of the plan."""
        named = frozenset(self.names.algorithms(text))
        if named not in self.numbers:
            self.numbers[named] = PlanNumbers.of(self.plan, self.datasets, named)
        is_proposal = part is Part.PROPOSAL
        return self.numbers[named].masked(self.names.masked(text), is_proposal=is_proposal)


def descriptive_trouble(ground: Ground, bare: str, masked: str, part: Part) -> str:
    """Say why a sentence without recorded values cannot stand."""
    vocabulary = ground.vocabulary
    small = ground.names.without_keys(vocabulary.without_phrases(masked, part))
    rest = without_instruction(small) if part is Part.PROPOSAL else small
    told = small if rest is None else rest
    if reason := unfounded(told, told[: supposition(told, part)]):
        return reason
    if rest is None:
        return "a proposal begins with what to do"
    if name := not_baseline(bare, ground.plan):
        return f"{name} is no baseline"
    if said := barred(masked):
        return f"“{said}” contradicts the plan or tells a result"
    if "deterministic" in small and contradicts(bare, ground.plan):
        return "the plan says that it draws random numbers"
    several = len(ground.names.algorithms(bare)) > 1
    if word := vocabulary.unknown(small, part, several=several):
        beside = " beside several algorithms" if several else ""
        return f"the word “{word}”{beside} has no recorded value and no test behind it"
    if len(re.findall(rf"[a-z]+|{NUMBER_MARK}", masked.lower())) < 2:
        return "a fragment"
    return ""


def contradicts(text: str, plan: Plan) -> bool:
    """Whether random algorithms are called deterministic."""
    random = [a.name for a in plan.algorithms if a.is_random]
    is_all = re.search(r"\b(?:all|every|each)\b", text, re.IGNORECASE)
    return bool(random and is_all) or any(name in text for name in random)


def not_baseline(text: str, plan: Plan) -> str:
    """Return an algorithm that is called the baseline and is none; empty without one."""
    for algorithm in plan.algorithms:
        name = re.escape(algorithm.name)
        before = rf"\bbaseline,? {name}(?!\w)"
        behind = rf"(?<!\w){name},? (?:is|was|as|,)? ?(?:the|a|our)? ?baseline\b"
        said = f"{before}|{behind}"
        if algorithm not in plan.baselines and re.search(said, text, re.IGNORECASE):
            return algorithm.name
    return ""


def unfounded(text: str, sure: str) -> str:
    """Say which word or number of a sentence needs a test or a record.

    Parameters
    ----------
    text
        In small letters, names, numbers of the plan and phrases taken out.
    sure
        Its part before a supposition.
    """
    if found := STRONG.search(text):
        return f"“{found[0]}” without a test"
    if found := COMPARING.search(sure):
        return f"“{found[0]}” outside a claim"
    if found := OWN_SUBJECTS.search(text):
        return f"“{found[0]}” is for the checks to say"
    if any(c.isnumeric() for c in text) or NUMBER_WORDS.search(text):
        return "a number that is neither recorded nor part of the plan"
    if odd := odd_character(text):
        return f"“{odd}” is no letter or mark of plain English"
    return ""

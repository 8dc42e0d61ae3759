"""Whether a sentence without recorded values may stand: what it says, what the plan holds."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from agent_core.domain import Dataset, Plan
from agent_core.grounding.counting import NUMBER_MARK
from agent_core.grounding.design_terms import DesignTerms
from agent_core.grounding.level_names import LevelNames
from agent_core.grounding.plan_contradictions import contradiction, is_denied, not_baseline
from agent_core.grounding.plan_names import SUSPECT, Kind, Names
from agent_core.grounding.plan_numbers import PlanNumbers
from agent_core.grounding.result_likeness import learned
from agent_core.grounding.stated_results import patterns, proposes, spelled, stated_result

ENDINGS = "csv|tsv|png|pdf|json|jsonl|md|txt|py|zip|data|parquet"
CODE_NAME = re.compile(rf"\b[\w-]+\.(?:{ENDINGS})\b|\b[A-Z]\w+Scorer\b")
QUOTED = re.compile(f"`([{''.join(Kind)}{NUMBER_MARK}]|file)`")
"""A name of the plan or of a file in backquotes."""
DATA_NAME = re.compile(r"\b(?:movielens|ml|amazon|lastfm|last\.fm)[- ]\d+[km]?\b")
PLAIN = re.compile(r"[A-Za-z0-9\s.,;:()'\"“”/!?%@&-]")


class Part(StrEnum):
    """Where a text stands; proposals may say more than findings and limits."""

    FINDING = "finding"
    LIMIT = "limit"
    PROPOSAL = "proposal"


@dataclass(slots=True)
class Ground:
    """What a plan lets a sentence say."""

    plan: Plan
    datasets: tuple[Dataset, ...]
    names: Names
    design: DesignTerms
    levels: LevelNames
    files: re.Pattern[str]
    """Names of the script's figures and tables, in backquotes or not."""
    numbers: dict[frozenset[str], PlanNumbers] = field(default_factory=dict)
    """By the algorithms that a sentence names."""

    @classmethod
    def of(cls, plan: Plan, datasets: tuple[Dataset, ...], files: Collection[str] = ()) -> Ground:
        """Collect names."""
        names, levels = Names.of(plan, datasets), LevelNames.of(plan)
        return cls(plan, datasets, names, DesignTerms.of(plan), levels, _any_file(files))

    def masked(self, text: str, part: Part) -> str:
        """Return a text with a mark for each name and each number of the plan."""
        text = self.design.without_shares(text) if self.design.shares else text
        text = self.levels.masked_spelled(text)
        named = frozenset(self.names.algorithms(text))
        if named not in self.numbers:
            self.numbers[named] = PlanNumbers.of(self.plan, self.datasets, named)
        plain = CODE_NAME.sub("file", self.names.masked(self.files.sub("file", text)))
        numbered = self.numbers[named].masked(plain, is_proposal=is_proposed(text, part))
        return QUOTED.sub(r"\1", self.names.without_keys(numbered))

    def design_trouble(self, text: str) -> str:
        """Say where a sentence counts or lists levels otherwise than the plan."""
        return self.design.trouble(self.levels.masked_spelled(text))


def descriptive_trouble(ground: Ground, bare: str, masked: str, part: Part) -> str:
    """Say why a sentence without recorded values cannot stand."""
    return typed_trouble(ground, bare, masked, part) or _result_trouble(bare, masked, part)


def typed_trouble(ground: Ground, bare: str, masked: str, part: Part) -> str:
    """Say why a sentence cannot stand by what the plan and the product's own checks hold."""
    if reason := _unplain(masked):
        return reason
    text, is_proposal = spelled(masked), is_proposed(bare, part)
    if found := patterns()["own"].search(text):
        return f"“{found[0]}” is for the checks to say"
    if found := patterns()["tests"].search(text):
        return f"“{_readable(found[0])}” is for the answers to say"
    if reason := contradiction(text, bare, ground.plan, is_proposal=is_proposal):
        return reason
    if not is_proposal and not is_denied(bare) and (reason := ground.design_trouble(bare)):
        return reason
    if said := ground.design.effect(bare):
        return f"“{said}” is for the answers to say"
    if name := not_baseline(bare, ground.plan):
        return f"{name} is no baseline"
    if patterns()["amount"].search(text) or any(c.isnumeric() for c in DATA_NAME.sub("", text)):
        return "a number that is neither recorded nor part of the plan"
    return ""


def _any_file(names: Collection[str]) -> re.Pattern[str]:
    """Return the pattern of files' names; one that is a word, or states something, is none."""
    told = (n for n in names if "_" in n and not SUSPECT.search(n.replace("_", " ")))
    every = "|".join(map(re.escape, sorted(told, key=len, reverse=True))) or r"(?!)"
    return re.compile(rf"(?<![\w.])`?(?:{every})(?:\.(?:{ENDINGS}))?`?(?!\w|\.\w)")


def _result_trouble(bare: str, masked: str, part: Part) -> str:
    """Say which result a sentence states; empty where it states none."""
    text, may_suppose = spelled(masked), part is not Part.FINDING
    said = stated_result(text, is_proposal=is_proposed(bare, part), may_suppose=may_suppose)
    if not said and patterns()["leaves open"].match(text):
        return ""
    is_supposed = bool(said) and not may_suppose and not stated_result(text)
    if not is_supposed and not learned().is_result(text, by_rule=bool(said)):
        return ""
    return f"“{_readable(said) or '…'}” states a result, which needs a claim or a recorded value"


def is_proposed(text: str, part: Part) -> bool:
    """Whether a text proposes something where proposals stand."""
    return part is Part.PROPOSAL and proposes(text.lower())


def _unplain(masked: str) -> str:
    """Say why a text is no plain English; empty where it is."""
    marks = {*(k.value for k in Kind), NUMBER_MARK, "\ue000"}
    masked = re.sub(rf" ?= ?(?={NUMBER_MARK})", " ", masked)
    if odd := next((c for c in masked if c not in marks and not PLAIN.match(c)), ""):
        return f"“{odd}” is no letter or mark of plain English"
    if re.search(r"\b[a-z](?:[ .-][a-z]){2,}\b", masked.lower()):
        return "letters apart"
    foreign, english = (
        len(patterns()[name].compiled.findall(masked)) for name in ("foreign", "english")
    )
    if foreign and foreign >= english:
        return "no plain English"
    if len(re.findall(rf"[a-z]+|{NUMBER_MARK}", masked.lower())) < 2:
        return "a fragment"
    return ""


def _readable(said: str) -> str:
    """Return a piece of a masked sentence for people."""
    return re.sub(f"[{''.join(Kind)}{NUMBER_MARK}]|_[amdpn]_", "…", said).strip()

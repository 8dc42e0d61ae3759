"""Levels of a plan's factors in a sentence: a value stands beside its own, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.domain import FactorKind, Levels, LevelValue, Plan, with_design
from agent_core.grounding.plan_names import Kind, is_algorithm
from agent_core.grounding.value_attribution import Reference
from agent_core.prose.text_tables import read_table
from agent_core.rules.design_words import factor_words, level_text, levels_text

OVER = re.compile(
    r"\b(?:over|across|between|of|from) (?:the |all )?(?:\w+ ){0,2}?"
    r"(users|split seeds|seeds of the split|(?:model|training) seeds|seeds|splits|folds)\b"
)
_TERMS = Path(__file__).with_name("design_terms.toml")
_SEEDS = re.compile(r"\b(?<!split )(?:(model|training) )?seeds\b(?! of the split)")
_ROWS = re.compile(r"\b(ratings?|interactions?)\b")
SPREADS = ("sd", "cv", "min", "max", "gap")


@dataclass(frozen=True, slots=True)
class Named:
    """A level that a sentence names."""

    start: int
    end: int
    factor: str
    level: LevelValue


@dataclass(frozen=True, slots=True)
class LevelNames:
    """Finds the levels of a plan, the longest name first."""

    levels: Mapping[str, tuple[tuple[str, LevelValue], ...]]
    """A name in small letters to the factors that have it as a level."""
    pattern: re.Pattern[str]
    spelled: re.Pattern[str]
    """Names that no number alone is: `5-core`, `10 % of the training`."""
    words: frozenset[str]
    """Words of the factors themselves, which may stand beside a value."""

    @classmethod
    def of(cls, plan: Plan) -> LevelNames:
        """Collect the names of all levels but algorithms, which are names of their own."""
        found: dict[str, list[tuple[str, LevelValue]]] = {}
        spelled: set[str] = set()
        words: set[str] = set()
        for factor in with_design(plan).factors:
            if factor.kind is FactorKind.ALGORITHM:
                continue
            words |= {w for text in factor_words(factor.name) for w in text.lower().split()}
            kept = _kept(plan) if factor.kind is FactorKind.DATA else {}
            for level in factor.levels:
                spelled |= {*_spelled(factor.name, factor.kind, level)}
                for name in (*_names(factor.kind, level), *kept.get(level, ())):
                    found.setdefault(name.lower(), []).append((factor.name, level))
        known = {name: tuple(factors) for name, factors in found.items()}
        return cls(known, _any_of(found), _any_of(spelled), frozenset(words))

    def named(self, text: str, factors: Sequence[str]) -> list[Named]:
        """Return the levels of some factors that a text names, in order."""
        return [
            Named(m.start(), m.end(), name, level)
            for m in self.pattern.finditer(text)
            for name, level in self.levels[m[0].lower()]
            if name in factors
        ]

    def masked(self, text: str) -> str:
        """Return a text with a mark in place of each level."""
        return self.pattern.sub(Kind.OTHER.value, text)

    def masked_spelled(self, text: str) -> str:
        """Return a text with a mark in place of each level that no number alone is."""
        return self.spelled.sub(Kind.OTHER.value, text)

    def trouble(self, text: str, references: Sequence[Levels]) -> str:
        """Say which value stands beside another level than its own; empty where none does.

        Several levels of a factor in one sentence are those of its values, in their order.
        """
        for factor in dict.fromkeys(name for levels in references for name in levels):
            own = [levels[factor] for levels in references if factor in levels]
            said = [n.level for n in self.named(text, [factor])]
            distinct = list(dict.fromkeys(said))
            if len(distinct) == 1 and any(level != distinct[0] for level in own):
                return f"a value beside another {factor_words(factor)[0]} than its own"
            if len(distinct) > 1 and said != own and distinct != own:
                return f"values beside {factor_words(factor)[1]} in another order than theirs"
        return ""

    def untold(self, text: str, levels: Levels) -> Levels:
        """Return the levels of a value that a text does not name."""
        return {
            name: level
            for name, level in levels.items()
            if level not in [n.level for n in self.named(text, [name])]
        }


def over_trouble(text: str, overs: Sequence[str], *, has_model_seeds: bool) -> str:
    """Say where a spread is told to be over something else than it is.

    Parameters
    ----------
    text
        A sentence.
    overs
        What each of its spreads is over, in their order.
    has_model_seeds
        Whether training is repeated; else `the seeds` are those of the split.
    """
    own = [_unit(over) for over in overs]
    found = (m[1] for m in OVER.finditer(text.lower()))
    seeds = "seeds" if has_model_seeds else "splits"
    said = [seeds if over == "seeds" else _unit(over) for over in found] if own else []
    if not said or set(said) == set(own) == {said[0]} or (len(set(said)) > 1 and said == own):
        return ""
    return f"a spread over {overs[0]}, told as one over others"


def seed_trouble(text: str, references: Sequence[Reference], plan: Plan) -> str:
    """Say where a text tells values over seeds and no seed makes any of them vary."""
    said = _SEEDS.search(text)
    random = [a.name for a in plan.algorithms if a.is_random]
    drawn = any(is_algorithm(r.algorithm, name) for r in references for name in random)
    is_over_splits = any("split" in r.over for r in references)
    if said is None or drawn or (is_over_splits and not said[1]):
        return ""
    return "seeds of an algorithm that draws no random numbers"


def _kept(plan: Plan) -> Mapping[LevelValue, tuple[str, ...]]:
    """Return what is said of the rows that each level of data keeps, with and without training."""
    table: Mapping[str, Sequence[str]] = read_table(_TERMS)["kept"]
    found: dict[LevelValue, tuple[str, ...]] = {}
    for level in plan.data_levels:
        rule = level.rules.rules[0] if level.rules.rules else None
        amount = f"{rule.amount:g}" if rule and rule.amount is not None else ""
        is_told = len(level.rules.rules) < 2 and not (rule and rule.is_above)
        texts = table.get(rule.kind.value if rule else "all", ()) if is_told else ()
        said = [text.format(amount, level.name) for text in texts]
        found[level.name] = (*said, *(_ROWS.sub(r"training \1", text) for text in said))
    return found


def _unit(text: str) -> str:
    """Return what a spread is over: seeds of splits are splits."""
    return "splits" if "split" in text else text.split()[-1]


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest = sorted(names, key=len, reverse=True)
    every = "|".join(map(re.escape, longest)) or r"(?!)"
    return re.compile(rf"(?<![\w.@,=-])(?:{every})(?![\w@%]|[.,]\d)", re.IGNORECASE)


def _spelled(name: str, kind: FactorKind, level: LevelValue) -> Iterator[str]:
    """Yield the ways to write a level that have words of their own beside its number."""
    one, told = factor_words(name)[0], level_text(kind, level)
    yield from (levels_text({name: level}), f"{told} {one}", f"{one} of {told}", f"{one} = {told}")
    yield from (told,) if re.search(r"[A-Za-z]{2}.*\d|\d.*[A-Za-z]{2}", told) else ()


def _names(kind: FactorKind, level: LevelValue) -> Iterator[str]:
    """Yield the ways to write a level."""
    told = level_text(kind, level)
    yield from (told, str(level))
    yield from (told.replace(" %", "%"),) if told.endswith(" %") else ()

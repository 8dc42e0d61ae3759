"""The words that a sentence may hold without a recorded value or a test behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from agent_core.domain import Dataset, Plan, SplitKind
from agent_core.grounding.plan_names import Kind
from agent_core.grounding.plan_numbers import NUMBER_MARK

WORDS = Path(__file__).with_name("words.txt")
PHRASE_MARK = "\ue015"
MARKS = {"<a>": Kind.ALGORITHM.value, "<m>": Kind.METRIC.value, "<d>": Kind.DATA.value}
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
FILE = re.compile(r"\b[\w-]+\.(?:csv|tsv|png|pdf|json|jsonl|md|txt|py|zip)\b")
PLAIN = re.compile(r"[A-Za-z0-9\s.,;:()'\"“”/!-]")
MAY = re.compile(r"\b(?:may|might|could(?! not))\b")
ASKS = re.compile(r"\b(?:whether|how)\b")
STATES = re.compile(
    r"\b(?:because|since|although|though|while|whereas|but|where|which|who|that|as|given|even|if|"
    r"when|so|thus|therefore|or not)\b|[;:,(]"
)
"""What could make a statement of a supposition."""
SIDES = re.compile(r"\b(?:baseline|subject)s?\b")
OPENING = re.compile(r"^ *(?:first|then|next|also|finally|second|third),? +")
RANDOM = (
    SplitKind.LEAVE_ONE_OUT,
    SplitKind.USER_FRACTION,
    SplitKind.CROSSFOLD_USERS,
    SplitKind.CROSSFOLD_RECORDS,
    SplitKind.LEAVE_LAST,
)
A = Kind.ALGORITHM.value
LISTED = re.compile(f"{A}(?:(?:, and|,| and) {A})+")
NEVER = re.compile(
    rf"(?<!on ){A} (?:is|was|are|were) (?:not|never) "
    r"(?:used|evaluated|tested|measured|compared|known)|"
    r"\busers? (?:have |has |had )?(?:used|uses|clicks?|events?|purchases?)|"
    r"train\w* (?:\w+ )?(?:include|contain|use)[sd]? (?:\w+ )*?(?:test|held|hidden)|"
    rf"{A} (?:is|was|are|were) (?:excluded|removed|dropped|ignored|left out|set aside|hidden)|"
    r"(?:train\w*|learn\w*|fitted|built|build|computed) (?:on|from|with|for|by) "
    r"(?:the |all |every )?(?:test|held|hidden|withheld)|"
    r"(?:hyperparameter|parameter|configuration|setting)s? (?:\w+ )?(?:is|was|are|were) "
    r"(?:also |all )?(?:fitted|learned|evaluated|measured|tested|computed|"
    r"sampled|drawn|compared|written)\b|"
    r"(?:evaluated|measured|tested|compared|recorded|used) by (?:the |all |every |each )?users?|"
    rf"\bonly (?:the )?{A}|{A} over (?:the )?(?:{A}|baseline)|in this order|\buse (?:it|them)\b|"
    rf"^(?:use|apply|remove|drop|fix|raise|lower|replace) (?:the |all )?{A}"
)
"""What known words could still be put together to."""
SINGLE = (SplitKind.LEAVE_ONE_OUT, SplitKind.LEAVE_LAST)


class Part(StrEnum):
    """Where a text stands; proposals and limits may say more than findings."""

    FINDING = "finding"
    LIMIT = "limit"
    PROPOSAL = "proposal"


@cache
def sections() -> Mapping[str, tuple[str, ...]]:
    """Return the lines of each section of the word list."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in WORDS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            found[name].append(line.strip())
    return {key: tuple(lines) for key, lines in found.items()}


@cache
def words_of(*names: str) -> frozenset[str]:
    """Return the words of sections."""
    lines = (line for name in names for line in sections().get(name, ()))
    return frozenset(word for line in lines for word in line.split())


def pattern_of(phrase: str) -> str:
    """Return a phrase as a regular expression; its hyphens and blanks are alike."""
    parts = re.split(r"(\{[^{}]*\})", phrase)
    built = "".join(
        "(?:" + "|".join(map(plain_pattern, part[1:-1].split("|"))) + ")"
        if part.startswith("{")
        else plain_pattern(part)
        for part in parts
    )
    start = "" if phrase.startswith(("{'", "<")) else r"(?<![a-z'])"
    return rf"{start}{built}(?![a-z'])"


def plain_pattern(text: str) -> str:
    """Return a piece of a phrase as a regular expression."""
    for name, mark in MARKS.items():
        text = text.replace(name, mark)
    text = text.replace("<n>", NUMBER_MARK)
    return r"[\s-]+".join(map(re.escape, re.split(r" ", text))).replace(r"\ ", r"[\s-]+")


@cache
def phrases_of(*names: str) -> re.Pattern[str]:
    """Return the phrases of sections, the longest first."""
    lines = [line for name in names for line in sections().get(name, ())]
    ordered = sorted(lines, key=len, reverse=True)
    return re.compile("|".join(map(pattern_of, ordered)) or r"(?!)")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words and phrases that stand under one plan, by part."""

    words: Mapping[Part, frozenset[str]]
    phrases: Mapping[Part, re.Pattern[str]]
    values: frozenset[str]
    """Beside references."""

    @classmethod
    def of(cls, plan: Plan, datasets: Sequence[Dataset] = ()) -> Vocabulary:
        """Collect what the plan allows to say: folds only where there are some, and so on."""
        if_so = conditions(plan, datasets)
        always = words_of("words", *if_so)
        held = [f"{name} phrases" for name in if_so]
        limits = always | words_of("limit words")
        proposals = limits | words_of("proposal words", "proposal verbs")
        return cls(
            {Part.FINDING: always, Part.LIMIT: limits, Part.PROPOSAL: proposals},
            {
                Part.FINDING: phrases_of("phrases", *held),
                Part.LIMIT: phrases_of("phrases", "limit phrases", *held),
                Part.PROPOSAL: phrases_of("phrases", "proposal phrases", *held),
            },
            words_of("values", *if_so),
        )

    def without_phrases(self, text: str, part: Part) -> str:
        """Return a text, in small letters, with a mark for each phrase that stands."""
        small = FILE.sub(lambda m: self.file(m[0]), LISTED.sub(A, text)).lower()
        return self.phrases[part].sub(PHRASE_MARK, small)

    def file(self, name: str) -> str:
        """Return a mark for a file name of known words; others stay."""
        stem = re.split(r"[\W_]+", name.rpartition(".")[0].lower())
        known = self.words[Part.PROPOSAL]
        return PHRASE_MARK if all(w in known for w in stem) else name

    def unknown(self, text: str, part: Part, *, several: bool = False) -> str:
        """Return the first word that may not stand; empty where all may.

        Parameters
        ----------
        text
            In small letters; names, numbers and phrases taken out.
        part
            Where it stands.
        several
            Whether it names several algorithms.
        """
        if found := NEVER.search(text.strip()):
            return found[0].strip()
        words = WORD.findall(text)
        known = self.words[part]
        if words_of("statistical") & set(words):
            known = words_of("statistics", "statistical", "if seeds" if "seeds" in known else "")
        if several and part is not Part.PROPOSAL:
            known &= words_of("several", "limit words" if part is Part.LIMIT else "several")
        if part is Part.PROPOSAL:
            text = OPENING.sub("", text)
        cut = supposition(text, part)
        sure = known - words_of("stating") if part is Part.PROPOSAL else known
        asked = known | words_of("hypothesis")
        return first_unknown(text[:cut], sure) or first_unknown(text[cut:], asked)


def conditions(plan: Plan, datasets: Sequence[Dataset]) -> list[str]:
    """Return the sections that hold under a plan."""
    kind = plan.split.kind
    holds = {
        "if folds": plan.split.folds > 1,
        "if seeds": len(plan.seeds) > 1,
        "if time": kind in (SplitKind.LEAVE_LAST, SplitKind.GLOBAL_TIME),
        "if timestamps": any(d.timestamp_column for d in datasets),
        "if single": kind is SplitKind.LEAVE_LAST,
        "if one tested": kind in SINGLE,
        "if random split": kind in RANDOM,
        "several data": len(plan.datasets) > 1,
    }
    return [name for name, is_so in holds.items() if is_so]


def supposition(text: str, part: Part) -> int:
    """Return where a supposition begins; the end of the text without one.

    One that names algorithms or metrics may only be asked, as in "whether A is above B".
    """
    marker = {Part.LIMIT: MAY, Part.PROPOSAL: ASKS}.get(part)
    found = marker.search(text) if marker else None
    if found is None:
        return len(text)
    rest = text[found.end() :]
    names = (Kind.ALGORITHM.value, Kind.METRIC.value)
    is_named = found[0] != "whether" and (any(n in text for n in names) or SIDES.search(text))
    return len(text) if is_named or STATES.search(rest) else found.end()


def first_unknown(text: str, known: frozenset[str]) -> str:
    """Return the first word that is not known."""
    return next((w for w in WORD.findall(text) if w not in known and stem(w) not in known), "")


def barred(text: str) -> str:
    """Return what known words are put to that contradicts a plan or tells a result.

    Parameters
    ----------
    text
        Names taken out.
    """
    found = NEVER.search(LISTED.sub(A, text).lower())
    return re.sub(f"[{''.join(Kind)}]", "…", found[0]).strip() if found else ""


def stem(word: str) -> str:
    """Return a word without its possessive ending."""
    return word.removesuffix("'s").removesuffix("'")


def odd_character(text: str) -> str:
    """Return the first character that plain English prose has no use for."""
    marks = {*(k.value for k in Kind), NUMBER_MARK, PHRASE_MARK, "\ue000"}
    return next((c for c in text if c not in marks and not PLAIN.match(c)), "")


def without_instruction(text: str) -> str | None:
    """Return what follows the verb that a proposal begins with; None where it does not.

    Parameters
    ----------
    text
        In small letters.
    """
    rest = OPENING.sub("", text)
    first = WORD.match(rest)
    if first is None or first[0] not in words_of("proposal verbs"):
        return None
    return rest[first.end() :]

"""Words of command in ordinary sentences: read by a table, in time linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from agent_core.prose.text_tables import read_table

_TABLE = read_table(Path(__file__).with_name("commands.toml"))
LONGEST = 140
"""Characters of a part of a sentence that may be a command."""
MOST_SENTENCES = 40
"""Sentences of a message that are looked through for commands: its beginning and its end."""
MOST_PARTS = 4
"""Times as long a sentence may be that has a command in it."""
MOST_MISTYPED = 4
"""Words of a command in which one may be mistyped."""
FEW_WORDS = 14
"""Words of a sentence in which a word of command may be meant as one."""
_MARKS = re.compile(r"[^\w\s@<>|:$€#+\-%.]+|\.(?!\w)")
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[.!?;])$|\n+|\s+[\u2013\u2014]\s+|\s-\s")
_PART = re.compile(
    r",\s*(?:and|but|then|so)?\s*|\s+(?:and|but|then|so)\s+|\s*[()]\s*|"
    r"\s+(?=because\b|since\b|if\b|when\b|once\b|after\b|unless\b|until\b|till\b|before\b)",
    re.IGNORECASE,
)


class Intent(StrEnum):
    """What somebody wants."""

    NOTHING = "nothing"
    """No words at all."""
    HELP = "help"
    START = "start"
    START_ANYWAY = "start_anyway"
    """Although the main question is not answered."""
    STOP = "stop"
    HOLD = "hold"
    """Not yet: nothing is to happen."""
    STATUS = "status"
    LIST = "list"
    UNDO = "undo"
    RESUME = "resume"
    RERUN = "rerun"
    ADD_OWNER = "add_owner"
    IMPROVE = "improve"
    ZIP = "zip"
    METHODS = "methods"
    BUDGET = "budget"
    CHOICE = "choice"
    """One of the ways that were shown with numbers."""
    DISPUTE = "dispute"
    """Something is wrong with the report."""
    QUESTION = "question"
    WISH = "wish"
    ASSENT = "assent"
    """Yes, to whatever was shown."""
    THANKS = "thanks"
    TALK = "talk"
    """Anything else; before the start it may still be a wish."""


def _compiled(expression: str) -> re.Pattern[str]:
    """Compile an expression of the table, the parts that it names in their places."""
    while found := re.search(r"\{([a-z]+)\}", expression):
        expression = expression.replace(found[0], _TABLE["parts"][found[1]])
    return re.compile(expression)


_COMMANDS = {
    Intent(name): _compiled("|".join(expressions))
    for name, expressions in _TABLE["commands"].items()
}
_AROUND: dict[str, str] = _TABLE["around"]
_BEFORE = re.compile(rf"({_AROUND['asked']})\s+|({_AROUND['assent']})\s+|{_AROUND['before']}\s+")
_AFTER = re.compile(rf"\s+{_AROUND['after']}$")
_ASSENT = re.compile(rf"{_AROUND['assent']}(?:\s+{_AROUND['after']})*")
_REASON, _CONDITION = (re.compile(_TABLE["beside"][name]) for name in ("reason", "condition"))
KINDS = {name: re.compile(words) for name, words in _TABLE["kinds"].items()}
"""What kind of words a message is that commands nothing; over `plain_form`."""
_NOT = re.compile(_TABLE["meant"].pop("not"))
_MEANT = {Intent(name): _compiled(words) for name, words in _TABLE["meant"].items()}
_FIRST_WORDS = ("start", "stop", "cancel", "abort", "status", "undo", "resume", "begin", "launch")
"""Commands of a word, in which a letter may be wrong."""
_CLOSE = 0.8
"""How alike a word is to one of them, by `difflib`."""


BY_THEMSELVES = (Intent.THANKS, Intent.ASSENT, Intent.CHOICE, Intent.HELP)
"""Beside other words these are no commands."""
_ORDINALS = {word: int(n) for n, words in _TABLE["ordinals"].items() for word in words}


@dataclass(frozen=True, slots=True)
class Command:
    """What a sentence commands."""

    intent: Intent
    is_sure: bool = True
    """Whether it is carried out without asking back."""


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a message, of a long one the first and the last."""
    found = [s.strip() for s in _SENTENCE.split(text) if s and s.strip()]
    half = MOST_SENTENCES // 2
    return found if len(found) <= MOST_SENTENCES else [*found[:half], *found[-half:]]


def chosen_of(text: str, count: int, default: int) -> int | None:
    """Return which of `count` numbered ways a text chooses, from 0 on; None: none of them."""
    words = plain_form(text).replace("#", " ").split()
    if "default" in words:
        return default
    if "last" in words:
        return count - 1
    place = next((_ORDINALS[w] - 1 for w in words if w in _ORDINALS), count)
    return place if place < count else None


def command_in(sentence: str) -> Command | None:
    """Return what a sentence commands; None: nothing."""
    if len(sentence) > MOST_PARTS * LONGEST:
        return None
    parts = [p.strip() for p in _PART.split(sentence) if p and p.strip()]
    whole = _command(sentence)
    if whole and (len(parts) == 1 or whole.intent is not Intent.THANKS):
        return whole
    found = [(p, _command(p)) for p in parts] if len(parts) > 1 else []
    commands = [c for _, c in found if c and c.intent not in BY_THEMSELVES]
    others = [plain_form(p) for p, c in found if c is None]
    if not commands:
        alone = (c for _, c in found if c and c.intent not in (Intent.THANKS, Intent.ASSENT))
        return whole or (None if others else next(alone, None)) or _command_meant(sentence)
    wanted = commands[0]
    is_one = all(c == wanted for c in commands)
    is_sure = is_one and all(_is_beside(p, wanted.intent) for p in others)
    if wanted.intent is Intent.HOLD and not is_sure:
        return None
    return Command(wanted.intent, is_sure=wanted.is_sure and is_sure)


def _is_beside(part: str, intent: Intent) -> bool:
    """Whether a part only tells why a command is given; before a stop nothing else counts."""
    if _CONDITION.match(part) and intent is not Intent.HOLD:
        return False
    return not KINDS["wish"].match(part) if intent is Intent.STOP else bool(_REASON.match(part))


def _command(part: str) -> Command | None:
    """Return what a whole part of a sentence commands."""
    if len(part) > LONGEST:
        return None
    plain, is_question = plain_form(part), part.rstrip().endswith("?")
    for words, is_asked in _without_lead(plain):
        for core in _without_end(words):
            intent = next((i for i, e in _COMMANDS.items() if e.fullmatch(core)), None)
            if intent is Intent.START and words != plain and _ASSENT.fullmatch(core):
                return Command(Intent.ASSENT)  # thanks, looks good
            if intent is not None:
                return Command(intent, is_sure=not (is_asked and is_question))
    return Command(Intent.ASSENT) if _is_assent(plain) else None


def _command_meant(sentence: str) -> Command | None:
    """Return what a short sentence may command, where a word of command stands in it."""
    plain = plain_form(sentence)
    words = plain.split()
    if len(words) > FEW_WORDS:
        return None
    if _NOT.search(plain):
        return Command(Intent.HOLD) if not KINDS["wish"].search(plain) else None
    intent = next((i for i, e in _MEANT.items() if e.search(plain)), None)
    if intent and not sentence.endswith("?"):
        return Command(intent, is_sure=False)
    near = get_close_matches(words[0], _FIRST_WORDS, 1, _CLOSE) if words else []
    if not near or words[0] in near or len(words) > MOST_MISTYPED:
        return None
    meant = _command(" ".join([near[0], *words[1:]]))
    return replace(meant, is_sure=False) if meant else None


def _without_lead(plain: str) -> Iterator[tuple[str, bool]]:
    """Yield a text, then without the words before a command, one after the other."""
    is_asked = False
    yield plain, is_asked
    while found := _BEFORE.match(plain):
        is_asked = is_asked or bool(found[1])
        plain = plain[found.end() :]
        yield plain, is_asked


def _without_end(plain: str) -> Iterator[str]:
    """Yield a text, then without the words behind a command, one after the other."""
    yield plain
    while found := _AFTER.search(plain):
        plain = plain[: found.start()]
        yield plain


def _is_assent(plain: str) -> bool:
    """Whether all that is said is a yes."""
    return any(_ASSENT.fullmatch(words) for words, _ in _without_lead(plain))


def plain_form(text: str) -> str:
    """Return words in one form: lower case, without marks and apostrophes."""
    if text.strip() == "?":
        return "help"
    lower = re.sub(r"[\u2019'`\"*_~]", "", text.lower())
    lower = _EMOJI.sub(" ", lower).strip() or lower
    return " ".join(_MARKS.sub(" ", lower).split()).strip(" -:")

"""What a message means: a command, a question, a wish, or talk. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation.commands import Command, Intent, command_in, sentences_of

AFFIRMING = (Intent.THANKS, Intent.ASSENT)
"""What commands nothing by itself."""
CHANGING = (Intent.START, Intent.START_ANYWAY, Intent.STOP, Intent.UNDO, Intent.RESUME)
"""Commands of which only one can be meant."""
USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
ASKING = re.compile(
    r"^(what|whats|how|why|which|who|where|is|are|was|were|does|do|did|can|could|has|have|"
    r"should|would (?!be\b)|will|when (?:is|are|was|were|do|does|did|will|can|should)|explain|"
    r"tell me|show me)\b",
    re.IGNORECASE,
)
WISHING = re.compile(
    r"^(please\s+|also\s+|and\s+|no,?\s+|but\s+|instead,?\s+)*(use|add|drop|remove|change|set|"
    r"replace|make|try|run|compare|report|include|exclude|switch|only|with|without|increase|"
    r"waive|improve|leave (?:out|off|away)|"
    r"(?:accept|ignore|set aside)\b(?=[^.\n]*\b(?:warning|check|failure))|"
    r"decrease|raise|lower|keep|skip|take|train|test|evaluate|i want|i would like|let us|lets|"
    r"(?:it )?would be (?:nice|good|great)|when (?:it is |its )?(?:finished|done|ready))\b",
    re.IGNORECASE,
)
DISPUTE = re.compile(
    r"^(?:something|this|that|it)(?:\s+(?:is|looks|seems)|['\u2019]s)\s+wrong"
    r"(?:\W*$|\s*[:;,.!\u2013\u2014-]+\s*(?P<what>\S.*)"
    r"|\s+(?P<more>(?:with|because|since|here|about)\b.*))$",
    re.IGNORECASE | re.DOTALL,
)
DOUBT = re.compile(
    r"\b(?:can(?:no|['\u2019])?t|can not) be (?:right|true|correct|an? \w+)\b|"
    r"\bi (?:doubt|disagree|do(?:n['\u2019]?t| not) believe)\b|"
    r"\bmust be (?:a bug|wrong|a mistake)\b|"
    r"\b(?:is|are|looks?|seems?) (?:fishy|suspicious|impossible|implausible)\b",
    re.IGNORECASE,
)
"""What doubts a result without the words of a dispute before it."""
REQUEST = re.compile(r"^(can|could|would|will) (you|we) (please )?(?!tell|explain|say|show)", re.I)
STATEMENT_WORDS = 4
"""Fewer words are thanks, or `here it is`."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message wants, as far as its words alone tell."""

    intent: Intent
    meant: Intent | None = None
    """What may be commanded too, or instead; it is asked back."""
    is_whole: bool = True
    """Whether all of the message says so; the rest may be a task, a wish, a reason."""


def read(text: str) -> Understood:
    """Return what a message wants: what it commands, else what kind of words it is."""
    plain = text.strip()
    if not plain:
        return Understood(Intent.NOTHING)
    if disputed_text(plain) is not None:
        return Understood(Intent.DISPUTE)
    found = [(s, command_in(s)) for s in sentences_of(plain)]
    commands = [c for _, c in found if c]
    rest = [s for s, c in found if c is None]
    sure = [c for c in commands if c.is_sure and c.intent not in AFFIRMING]
    if sure:
        return _of_commands(sure, rest)
    doubted = next((c.intent for c in commands if not c.is_sure), None)
    if rest or doubted:
        return Understood(_kind_of(plain), doubted, is_whole=not rest)
    return Understood(commands[0].intent)


def understand(text: str) -> Intent:
    """Return what a message wants, as far as its words alone tell."""
    return read(text).intent


def _of_commands(commands: list[Command], rest: list[str]) -> Understood:
    """Return what several commands come to: nothing is done that only some of them want."""
    intents = list(dict.fromkeys(c.intent for c in commands))
    first = Intent.HOLD if Intent.HOLD in intents else intents[0]
    if first in (Intent.HOLD, Intent.IMPROVE) and rest:
        return Understood(Intent.WISH if first is Intent.IMPROVE else Intent.TALK, is_whole=False)
    others = [i for i in intents if i is not first and i in CHANGING]
    if first in CHANGING and others:
        return Understood(Intent.TALK, others[-1], is_whole=not rest)
    if first is Intent.START and any(_kind_of(s) is Intent.WISH for s in rest):
        # What is wished changes the plan, which is to be seen before it runs.
        return Understood(Intent.WISH, first, is_whole=False)
    return Understood(first, is_whole=not rest)


def _kind_of(plain: str) -> Intent:
    """Return what kind of words a message is that commands nothing."""
    if REQUEST.match(plain):
        return Intent.WISH
    if plain.endswith("?") or ASKING.match(plain):
        return Intent.QUESTION
    return Intent.WISH if WISHING.match(plain) else Intent.TALK


def disputed_text(text: str) -> str | None:
    """Return what somebody says is wrong, empty where they do not; None: nothing is."""
    plain = text.strip()
    found = None if plain.endswith("?") else DISPUTE.match(plain)
    if found is None:
        return plain if DOUBT.search(plain) and not plain.endswith("?") else None
    if found["more"]:
        return plain
    return found["what"] or ""


def named_users(text: str) -> tuple[str, ...]:
    """Return the users that a text mentions."""
    return tuple(dict.fromkeys(USER.findall(text)))


def is_statement(text: str) -> bool:
    """Whether talk says something about the task: more than thanks, or `here it is`."""
    return len(text.split()) >= STATEMENT_WORDS


def is_task(text: str) -> bool:
    """Whether a first message holds a question to work on, not just a greeting or a command."""
    found = read(text)
    return found.intent in (Intent.QUESTION, Intent.WISH, Intent.TALK) or not found.is_whole

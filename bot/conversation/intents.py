"""What a message means: a command, a question, a wish, or talk. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation.commands import (
    KINDS,
    Command,
    Intent,
    command_in,
    plain_form,
    sentences_of,
)

AFFIRMING = (Intent.THANKS, Intent.ASSENT)
"""What commands nothing by itself."""
CHANGING = (Intent.START, Intent.START_ANYWAY, Intent.STOP, Intent.UNDO, Intent.RESUME)
"""Commands of which only one can be meant."""
USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
DISPUTE = re.compile(
    r"^(?:something|this|that|it)(?:\s+(?:is|looks|seems)|['\u2019]s)\s+wrong"
    r"(?:\W*$|\s*[:;,.!\u2013\u2014-]+\s*(?P<what>\S.*)"
    r"|\s+(?P<more>(?:with|because|since|here|about)\b.*))$",
    re.IGNORECASE | re.DOTALL,
)
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
    if _dispute_in(plain) is not None:
        return Understood(Intent.DISPUTE)
    found = [(s, command_in(s)) for s in sentences_of(plain)]
    commands = [c for _, c in found if c]
    rest = [s for s, c in found if c is None]
    sure = [c for c in commands if c.is_sure and c.intent not in AFFIRMING]
    if sure:
        return _of_commands(sure, rest)
    if _is_doubt(plain):
        return Understood(Intent.DISPUTE, is_whole=False)
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


def _kind_of(text: str) -> Intent:
    """Return what kind of words a message is that commands nothing."""
    plain = plain_form(text)
    if KINDS["request"].match(plain):
        return Intent.WISH
    if text.endswith("?") or KINDS["asking"].match(plain):
        return Intent.QUESTION
    return Intent.WISH if KINDS["wish"].match(plain) else Intent.TALK


def disputed_text(text: str) -> str | None:
    """Return what somebody says is wrong, empty where they do not; None: nothing is."""
    plain = text.strip()
    said = _dispute_in(plain)
    return plain if said is None and _is_doubt(plain) else said


def _dispute_in(plain: str) -> str | None:
    """Return what is said behind `something is wrong`."""
    found = None if plain.endswith("?") else DISPUTE.match(plain)
    if found is None:
        return None
    return plain if found["more"] else found["what"] or ""


def _is_doubt(plain: str) -> bool:
    """Whether a result is doubted without the words of a dispute."""
    return not plain.endswith("?") and KINDS["doubt"].search(plain_form(plain)) is not None


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

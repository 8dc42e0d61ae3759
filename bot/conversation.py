"""What a message means: a word of command, a question, a wish, or talk. Pure."""

from __future__ import annotations

import re
from enum import StrEnum


class Intent(StrEnum):
    """What somebody wants."""

    NOTHING = "nothing"
    """No words at all."""
    HELP = "help"
    START = "start"
    STOP = "stop"
    STATUS = "status"
    LIST = "list"
    UNDO = "undo"
    RESUME = "resume"
    RERUN = "rerun"
    ADD_OWNER = "add_owner"
    QUESTION = "question"
    WISH = "wish"
    TALK = "talk"
    """Anything else; before the start it may still be a wish."""


WORDS = {
    Intent.HELP: ("help", "?", "hi", "hello", "hey", "what can you do"),
    Intent.START: (
        *("start", "go", "go ahead", "start it", "start now", "run it", "begin", "lets go"),
        *(
            "yes start",
            "ok start",
            "yes go",
            "ok go",
            "please start",
            "start please",
            "looks good",
        ),
        *("lgtm", "do it", "proceed"),
    ),
    Intent.STOP: (
        *("stop", "cancel", "abort", "halt", "stop it", "stop now", "stop the run", "cancel it"),
        *("please stop", "stop please", "stop this", "kill it", "quit"),
    ),
    Intent.STATUS: (
        *("status", "progress", "how is it going", "hows it going", "how far are you"),
        *("where are you", "are you done", "is it done", "any news", "how long"),
        *("how does it stand", "still running", "eta", "how long does it take"),
    ),
    Intent.LIST: ("list", "tasks", "my tasks", "list tasks", "list my tasks"),
    Intent.UNDO: ("undo", "undo that", "take it back", "undo it", "revert", "back"),
    Intent.RESUME: ("resume", "continue", "go on", "try again", "retry"),
    Intent.RERUN: ("rerun", "re-run", "run again", "repeat", "repeat it", "run it again"),
}
BY_WORDS = {words: intent for intent, all_words in WORDS.items() for words in all_words}
ADD_OWNER = re.compile(
    r"^add\s+(?:<@[UW][A-Z0-9]+(?:\|[^>]*)?>[\s,]*(?:and\s+)?)+$", re.IGNORECASE
)
USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
ASKING = re.compile(
    r"^(what|whats|how|why|which|who|when|where|is|are|was|were|does|do|did|can|could|has|have|"
    r"should|would|will|explain|tell me|show me)\b",
    re.IGNORECASE,
)
WISHING = re.compile(
    r"^(please\s+|also\s+|and\s+|no,?\s+|but\s+|instead,?\s+)*(use|add|drop|remove|change|set|"
    r"replace|make|try|run|compare|report|include|exclude|switch|only|with|without|increase|"
    r"waive|"
    r"decrease|raise|lower|keep|skip|take|train|test|evaluate|i want|i would like|let us|lets)\b",
    re.IGNORECASE,
)
REQUEST = re.compile(r"^(can|could|would|will) (you|we) (please )?(?!tell|explain|say|show)", re.I)


def understand(text: str) -> Intent:
    """Return what a message wants, as far as its words alone tell."""
    plain = text.strip()
    if not plain:
        return Intent.NOTHING
    known = BY_WORDS.get(normal(plain))
    if known:
        return known
    if ADD_OWNER.match(plain):
        return Intent.ADD_OWNER
    if REQUEST.match(plain):
        return Intent.WISH
    if plain.endswith("?") or ASKING.match(plain):
        return Intent.QUESTION
    return Intent.WISH if WISHING.match(plain) else Intent.TALK


def normal(text: str) -> str:
    """Return words of command in one form: lower case, without `!`, full stops, apostrophes."""
    if text.strip() == "?":
        return "?"
    lower = re.sub(r"[\u2019'`\"]", "", text.lower())
    return re.sub(r"[\s,.!?;:]+", " ", lower).strip()


def named_users(text: str) -> tuple[str, ...]:
    """Return the users that a text mentions."""
    return tuple(dict.fromkeys(USER.findall(text)))


def is_task(text: str) -> bool:
    """Whether a first message holds a question to work on, not just a greeting."""
    return understand(text) not in (
        Intent.NOTHING,
        Intent.HELP,
        Intent.START,
        Intent.STOP,
        Intent.STATUS,
        Intent.LIST,
        Intent.UNDO,
        Intent.RESUME,
        Intent.RERUN,
        Intent.ADD_OWNER,
    )

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
    START_ANYWAY = "start_anyway"
    """Although the main question is not answered."""
    STOP = "stop"
    STATUS = "status"
    LIST = "list"
    UNDO = "undo"
    RESUME = "resume"
    RERUN = "rerun"
    ADD_OWNER = "add_owner"
    IMPROVE = "improve"
    ZIP = "zip"
    METHODS = "methods"
    DISPUTE = "dispute"
    """Something is wrong with the report."""
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
    Intent.START_ANYWAY: (
        *("start anyway", "yes start anyway", "please start anyway", "start it anyway"),
        *(
            "go anyway",
            "run it anyway",
            "start without it",
            "start without that",
            "go ahead anyway",
        ),
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
    Intent.IMPROVE: (
        *("improve", "improve further", "improve it", "improve this", "go further"),
        *("please improve", "improve it further"),
    ),
    Intent.ZIP: ("zip", "the zip", "zip please", "send the zip", "zip file"),
    Intent.METHODS: (
        *("methods", "latex", "methods and latex", "methods + latex", "methods latex"),
        *("the methods", "methods please"),
    ),
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
    r"waive|improve|leave (?:out|off|away)|"
    r"(?:accept|ignore|set aside)\b(?=[^.\n]*\b(?:warning|check|failure))|"
    r"decrease|raise|lower|keep|skip|take|train|test|evaluate|i want|i would like|let us|lets)\b",
    re.IGNORECASE,
)
DISPUTE = re.compile(
    r"^(?:something|this|that|it)(?:\s+(?:is|looks|seems)|['\u2019]s)\s+wrong"
    r"(?:\W*$|\s*[:;,.!\u2013\u2014-]+\s*(?P<what>\S.*)"
    r"|\s+(?P<more>(?:with|because|since|here|about)\b.*))$",
    re.IGNORECASE | re.DOTALL,
)
REQUEST = re.compile(r"^(can|could|would|will) (you|we) (please )?(?!tell|explain|say|show)", re.I)


def understand(text: str) -> Intent:
    """Return what a message wants, as far as its words alone tell."""
    plain = text.strip()
    if not plain:
        return Intent.NOTHING
    known = BY_WORDS.get(_normal(plain))
    if known:
        return known
    if ADD_OWNER.match(plain):
        return Intent.ADD_OWNER
    if disputed_text(plain) is not None:
        return Intent.DISPUTE
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
        return None
    if found["more"]:
        return plain
    return found["what"] or ""


def named_users(text: str) -> tuple[str, ...]:
    """Return the users that a text mentions."""
    return tuple(dict.fromkeys(USER.findall(text)))


def is_task(text: str) -> bool:
    """Whether a first message holds a question to work on, not just a greeting."""
    return understand(text) in (Intent.QUESTION, Intent.WISH, Intent.TALK)


def _normal(text: str) -> str:
    """Return words of command in one form: lower case, without `!`, full stops, apostrophes."""
    if text.strip() == "?":
        return "?"
    lower = re.sub(r"[\u2019'`\"]", "", text.lower())
    return re.sub(r"[\s,.!?;:]+", " ", lower).strip()

"""The one place that knows Slack's limits: messages that are sure to fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
SECTION = 2900
"""Characters of a section; Slack takes 3,000."""
CONTEXT = 1900
FALLBACK = 3800
"""Characters of `text`; `chat.update` refuses more than 4,000."""
CHUNK = 3500
BUTTON = 75
BUTTONS = 5
VALUE = 2000
MODAL_TITLE = 24
INPUT = 3000
METADATA = 3000
CONFIRM_TEXT = 300


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: blocks, and the whole content as text for where blocks do not go."""

    text: str
    blocks: tuple[Block, ...] = ()


def clip(text: str, limit: int) -> str:
    """Cut a text to `limit` characters, with an ellipsis where something is missing.

    A markup token that the cut would break open is left out whole.
    """
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    for opening, closing in (("<", ">"), ("&", ";")):
        at = kept.rfind(opening)
        is_open = at >= 0 and closing not in kept[at:]
        kept = kept[:at] if is_open and len(kept) - at < 300 else kept
    return f"{kept}…"


def chunks(text: str, limit: int = CHUNK) -> tuple[str, ...]:
    """Split a text into pieces of at most `limit` characters, at paragraphs, lines or words."""
    pieces: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut_point(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip("\n ")
    return tuple(p for p in (*pieces, rest) if p.strip())


def sections(text: str) -> tuple[Block, ...]:
    """Return mrkdwn text as sections."""
    return tuple(section(piece) for piece in chunks(text, SECTION))


def section(text: str) -> Block:
    """Return one section; too long text is cut."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": clip(text, SECTION) or " "}}


def context(*texts: str) -> Block:
    """Return a line in small print."""
    shown = [t for t in texts if t.strip()][:10] or [" "]
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": clip(t, CONTEXT)} for t in shown],
    }


def plain_text(text: str, limit: int) -> Block:
    """Return a plain text object."""
    return {"type": "plain_text", "text": clip(text, limit) or " ", "emoji": True}


def message(text: str, blocks: Iterable[Block] = ()) -> Message:
    """Return a message within the limits; without blocks the text becomes sections."""
    shown = tuple(blocks) or sections(text)
    if len(shown) > MESSAGE_BLOCKS:
        last = tuple(b for b in shown[MESSAGE_BLOCKS - 2 :] if b["type"] == "actions")[-1:]
        more = context("_… the rest is in the report._")
        shown = (*shown[: MESSAGE_BLOCKS - 2], more, *last)
    return Message(text.strip() or " ", shown)


def fallback(message: Message) -> str:
    """Return the short text that accompanies blocks in notifications and edits."""
    return clip(message.text, FALLBACK)


def without_buttons(blocks: Iterable[Block], note: str) -> tuple[Block, ...]:
    """Return blocks with `note` in the place of the buttons."""
    kept = tuple(b for b in blocks if b["type"] != "actions")
    return (*kept, context(note)) if note else kept


def _cut_point(text: str, limit: int) -> int:
    """Return where to cut: the last paragraph, line or word that fits, never inside a token."""
    for mark in ("\n\n", "\n", " "):
        at = text.rfind(mark, limit // 2, limit)
        if at > 0:
            return at
    at = max(text.rfind("<", 0, limit), text.rfind("&", 0, limit))
    is_open = at > limit - 300 and ">" not in text[at:limit] and ";" not in text[at:limit]
    return at if is_open and at > 0 else limit

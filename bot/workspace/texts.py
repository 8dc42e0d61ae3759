"""Message texts on the wire: what a person types, and what Slack makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.workspace.rules import Json

MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
LINK = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]]")
TYPED_MENTION = re.compile(r"(?<![\w.])@([A-Za-z][\w.-]*)")
ELEMENT = re.compile(r"<@([UW][A-Z0-9]+)>|<(https?://[^|>]+)(?:\|([^>]*))?>")


def message_text(text: str, users: Iterable[Json]) -> str:
    """Turn what a person types into message text: mentions, links, escapes.

    Mentions may be typed as `@name` or given as `<@U...>`.
    """
    names = {str(user["name"]).lower(): user["id"] for user in users}
    parts, end = [], 0
    for match in MENTION.finditer(text):
        parts += [_plain(text[end : match.start()], names), f"<@{match[1]}>"]
        end = match.end()
    return "".join([*parts, _plain(text[end:], names)])


def mentions(text: str, user: str) -> bool:
    """Say whether a text mentions a user."""
    return any(match[1] == user for match in MENTION.finditer(text))


def rich_text(text: str, block_id: str) -> list[Json]:
    """Return the rich text block that Slack makes of a typed message."""
    elements: list[Json] = []
    end = 0
    for match in ELEMENT.finditer(text):
        elements += _text(text[end : match.start()])
        if match[1]:
            elements.append({"type": "user", "user_id": match[1]})
        else:
            link = {"type": "link", "url": _unescape(match[2])}
            elements.append(link | ({"text": match[3]} if match[3] else {}))
        end = match.end()
    elements += _text(text[end:])
    if not elements:
        return []
    inner = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": block_id, "elements": [inner]}]


def _escape(text: str) -> str:
    """Escape the three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescape(text: str) -> str:
    """Undo `_escape`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _plain(text: str, names: dict[str, str]) -> str:
    linked = LINK.sub(lambda match: f"<{match[0]}>", _escape(text))

    def mention(match: re.Match[str]) -> str:
        user = names.get(match[1].lower())
        return f"<@{user}>" if user else match[0]

    return TYPED_MENTION.sub(mention, linked)


def _text(text: str) -> list[Json]:
    return [{"type": "text", "text": _unescape(text)}] if text else []

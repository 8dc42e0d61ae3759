"""Text for Slack: escaping, Markdown to mrkdwn, mentions, times, amounts."""

from __future__ import annotations

import re
from datetime import datetime

FENCE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=\S)(.+?)(?<=\S)__", re.DOTALL)
EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
CODE = "\1"
"""Holds the place of code while the text around it is turned."""
STRUCK = re.compile(r"~~(.+?)~~")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
BULLET = re.compile(r"^(\s*)[-*+]\s+", re.MULTILINE)
IMAGE = re.compile(r"!\[([^\]]*)\]\([^)\s]+\)")
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s|]+)\)")
TABLE = re.compile(r"(?:^\|.*\|[ \t]*\n?)+", re.MULTILINE)
TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def escape(text: str) -> str:
    """Escape what Slack reads as markup in text from people and data."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo Slack's escaping of incoming text."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed_text(text: str, bot_user: str) -> str:
    """Return what a person typed: links as typed, the bot's mention gone, entities undone."""

    def shown(match: re.Match[str]) -> str:
        target, label = match[1], match[2]
        if target.startswith("@"):
            return "" if target[1:] == bot_user else f"<{target}>"
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!"):
            return label or f"@{target[1:]}"
        return target.removeprefix("mailto:") if target.startswith("mailto:") else target

    protected = TOKEN.sub(shown, text)
    return re.sub(r"[ \t]+", " ", unescape(protected)).strip()


def mrkdwn(markdown: str) -> str:
    """Turn Markdown into Slack's mrkdwn, escaped; code stays as it is."""
    text = TABLE.sub(lambda m: f"```\n{m[0].rstrip()}\n```\n", escape(markdown))
    code = FENCE.findall(text)
    shown = _mrkdwn_of(FENCE.sub(CODE, text.replace(CODE, "")))
    for part in code:
        shown = shown.replace(CODE, part, 1)
    return shown.strip()


def mention(user: str) -> str:
    """Return the token that names and notifies a user."""
    return f"<@{user}>" if user else "somebody"


def moment(at: datetime) -> str:
    """Return a time as every reader's own clock shows it."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def clock(seconds: float) -> str:
    """Return elapsed time as `6:40` or `1:06:40`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def dollars(amount: float) -> str:
    """Return an amount of money."""
    return f"${amount:.2f}" if amount >= 0.01 or amount == 0 else "under $0.01"


def _mrkdwn_of(text: str) -> str:
    """Turn Markdown outside of code into mrkdwn."""
    text = IMAGE.sub(lambda m: m[1], text)
    text = LINK.sub(lambda m: f"<{m[2]}|{m[1]}>", text)
    text = BULLET.sub(lambda m: f"{m[1]}• ", text)
    text = HEADING.sub(lambda m: f"\0{m[1].replace('**', '')}\0", text)
    text = BOLD.sub(lambda m: f"\0{m[1] or m[2]}\0", text)
    text = EMPHASIS.sub(lambda m: f"_{m[1]}_", text)
    text = STRUCK.sub(lambda m: f"~{m[1]}~", text)
    return text.replace("\0", "*")

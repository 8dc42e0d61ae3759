"""How strict the local workspace is: speed, limits, scopes and subscribed events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "reactions:read",
    "reactions:write",
    "team:read",
    "users:read",
)
SUBSCRIPTIONS = (
    "agent_session_stopped",
    "agent_session_title_changed",
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a workspace enforces.

    `speed` makes retries, limits and expiries pass that many times faster. With `first_ts` the
    timestamps of messages are counted from there in whole seconds instead of read from a clock.
    """

    speed: float = 1.0
    first_ts: float | None = None
    has_rate_limits: bool = False
    bot_name: str = "AutoRecLab"
    scopes: tuple[str, ...] = BOT_SCOPES
    subscriptions: tuple[str, ...] = SUBSCRIPTIONS
    ack_s: float = 3.0
    retries_s: tuple[float, ...] = (0.0, 60.0, 300.0)
    trigger_s: float = 3.0
    response_url_s: float = 1800.0
    response_url_uses: int = 5
    status_s: float = 120.0
    max_file_bytes: int = 1 << 30

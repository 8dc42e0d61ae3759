"""What an interaction leaves behind for a while: trigger ids and response addresses."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bot.workspace.clock import Clock
from bot.workspace.errors import ApiError
from bot.workspace.rules import Rules
from bot.workspace.state import Channel


@dataclass(slots=True)
class Trigger:
    """Lets the bot open one modal for a user, within seconds."""

    user: str
    expires: float
    view_id: str = ""
    is_used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Lets the bot answer an interaction without a token, a few times."""

    channel: Channel
    user: str
    expires: float
    uses: int
    message_ts: str = ""
    thread_ts: str = ""
    is_ephemeral: bool = False


@dataclass(slots=True)
class Triggers:
    """All of them, until they expire."""

    clock: Clock
    rules: Rules
    _triggers: dict[str, Trigger] = field(default_factory=dict)
    _urls: dict[str, ResponseUrl] = field(default_factory=dict)

    def issue(self, user: str, view_id: str = "") -> str:
        """Return a new trigger id."""
        trigger_id = f"{len(self._triggers) + 1}.{secrets.token_hex(12)}"
        expires = self.clock.now() + self.rules.trigger_s
        self._triggers[trigger_id] = Trigger(user, expires, view_id)
        return trigger_id

    def use(self, trigger_id: str) -> Trigger:
        """Use up a trigger id."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.is_used:
            raise ApiError("exchanged_trigger_id")
        if self.clock.now() > trigger.expires:
            raise ApiError("expired_trigger_id")
        trigger.is_used = True
        return trigger

    def issue_url(self, channel: Channel, user: str, **where: str | bool) -> str:
        """Return the ticket of a new response address."""
        ticket = secrets.token_urlsafe(18)
        expires = self.clock.now() + self.rules.response_url_s
        url = ResponseUrl(channel, user, expires, self.rules.response_url_uses)
        url.message_ts = str(where.get("message_ts", ""))
        url.thread_ts = str(where.get("thread_ts", ""))
        url.is_ephemeral = bool(where.get("is_ephemeral"))
        self._urls[ticket] = url
        return ticket

    def use_url(self, ticket: str) -> ResponseUrl:
        """Use a response address once."""
        url = self._urls.get(ticket)
        if url is None or self.clock.now() > url.expires:
            raise ApiError("expired_url")
        if url.uses <= 0:
            raise ApiError("used_url")
        url.uses -= 1
        return url

"""Who may ask for what, and where."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.threads import Thread
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import Incoming
from bot.slack.settings import AccessSettings

log = logging.getLogger(__name__)

REMEMBERED_S = 600.0


class Access:
    """The rules of `[access]`, with what Slack knows of people."""

    def __init__(self, settings: AccessSettings, client: AsyncWebClient) -> None:
        self.settings = settings
        self.client = client
        self.known: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def objection(self, incoming: Incoming) -> str:
        """Return why somebody may not ask here; empty when they may."""
        rules = self.settings
        is_elsewhere = incoming.place.channel not in rules.channels and not incoming.is_direct
        if rules.channels and is_elsewhere:
            where = ", ".join(f"<#{c}>" for c in rules.channels)
            return f"I am not set up for this channel. Ask me in {where}."
        if rules.users and incoming.user not in (*rules.users, *rules.admins):
            return "You are not on the list of people who may start experiments; ask an admin."
        if incoming.is_external and not rules.allow_external:
            return "People of other organisations cannot start experiments here."
        return await self._guest_objection(incoming.user)

    def may_steer(self, thread: Thread, user: str) -> bool:
        """Whether somebody may change and stop a task."""
        return user in (thread.requester, *thread.memo.owners, *self.settings.admins)

    def may_stop(self, thread: Thread, user: str) -> bool:
        """Whether somebody may stop a task."""
        return self.settings.anyone_may_stop or self.may_steer(thread, user)

    async def _guest_objection(self, user: str) -> str:
        """Return why a guest or a foreigner may not ask."""
        rules = self.settings
        if rules.allow_guests and rules.allow_external:
            return ""
        info = await self._user_info(user)
        is_guest = info.get("is_restricted") or info.get("is_ultra_restricted")
        if is_guest and not rules.allow_guests:
            return "Guests cannot start experiments here; ask a member or an admin."
        if info.get("is_stranger") and not rules.allow_external:
            return "People of other organisations cannot start experiments here."
        return ""

    async def _user_info(self, user: str) -> Mapping[str, Any]:
        """Return what Slack knows of a user; nothing where it does not tell."""
        at, info = self.known.get(user, (0.0, {}))
        if at and time.monotonic() - at < REMEMBERED_S:
            return info
        try:
            answer = await call_slack(lambda: self.client.users_info(user=user))
        except (Refused, Uncertain) as error:
            log.warning("a user cannot be looked up", extra={"user": user, "why": str(error)})
            return {}
        found: Mapping[str, Any] = answer["user"]
        self.known[user] = (time.monotonic(), found)
        return found

"""The door: what matters is kept before Slack gets its acknowledgement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.conversation.dispatch import ACTIONS
from bot.delivery.inbox import Inbox
from bot.delivery.threads import Threads
from bot.slack.incoming import Incoming, Kind, Place, incoming_of


class Door:
    """Runs before Bolt does anything else; an error here means no acknowledgement."""

    def __init__(self, inbox: Inbox, threads: Threads, bot_user: str) -> None:
        self.inbox = inbox
        self.threads = threads
        self.bot_user = bot_user
        self.opening: set[Place] = set()
        """Threads whose first message is kept, but not dealt with yet."""

    async def begin(self) -> None:
        """Remember the threads that earlier processes were about to open."""
        self.opening.update(i.place for i in await self.inbox.waiting() if i.kind is Kind.MESSAGE)

    async def keep(self, body: dict[str, Any], next: Callable[[], Awaitable[Any]]) -> Any:  # noqa: A002  Bolt passes it by this name
        """Keep a delivery that matters, then let Bolt go on and acknowledge."""
        incoming = incoming_of(body, self.bot_user)
        if incoming is not None and await self.matters(incoming):
            await self.inbox.keep(incoming)
        return await next()

    async def matters(self, incoming: Incoming) -> bool:
        """Whether something concerns us; nothing is kept of other people's talk."""
        match incoming.kind:
            case Kind.ACTION:
                return incoming.action in ACTIONS
            case Kind.MESSAGE if incoming.is_mention or incoming.is_direct:
                self.opening.add(incoming.place)
                return True
            case Kind.MESSAGE | Kind.STOP:
                is_opening = incoming.place in self.opening
                return is_opening or await self.threads.find(incoming.place) is not None
            case _:
                return True

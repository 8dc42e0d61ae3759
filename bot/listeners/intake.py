"""The real entry: what matters is kept before its acknowledgement, then handed to the dispatch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.conversation.dispatch import ACTIONS, Dispatch
from bot.delivery.inbox import Inbox
from bot.delivery.threads import Threads
from bot.slack.incoming import Incoming, IncomingKind, ThreadPlace, incoming_of


class Intake:
    """Keeps deliveries in the inbox, and empties the inbox into the dispatch."""

    def __init__(self, inbox: Inbox, threads: Threads, dispatch: Dispatch, bot_user: str) -> None:
        self.inbox = inbox
        self.threads = threads
        self.dispatch = dispatch
        self.bot_user = bot_user
        self.opening: set[ThreadPlace] = set()
        """Threads whose first message is kept, but not dealt with yet."""

    async def begin(self) -> None:
        """Remember the threads that earlier processes were about to open."""
        self.opening.update(
            i.place for i in await self.inbox.waiting() if i.kind is IncomingKind.MESSAGE
        )

    async def keep(self, body: dict[str, Any], next: Callable[[], Awaitable[Any]]) -> Any:  # noqa: A002  Bolt passes it by this name
        """Keep a delivery that matters, then let Bolt go on and acknowledge it.

        Bolt calls this before anything else; an error here means no acknowledgement.
        """
        incoming = incoming_of(body, self.bot_user)
        if incoming is not None and await self._concerns_us(incoming):
            await self.inbox.keep(incoming)
        return await next()

    async def hand_on(self) -> None:
        """Give what is kept to the dispatch, thread by thread in order, until cancelled."""
        await self.inbox.serve(self.dispatch.handle, self.dispatch.give_up)

    async def _concerns_us(self, incoming: Incoming) -> bool:
        """Whether something concerns us; nothing is kept of other people's talk."""
        match incoming.kind:
            case IncomingKind.ACTION:
                return incoming.action in ACTIONS
            case IncomingKind.MESSAGE if incoming.is_mention or incoming.is_direct:
                self.opening.add(incoming.place)
                return True
            case IncomingKind.MESSAGE | IncomingKind.STOP:
                is_opening = incoming.place in self.opening
                return is_opening or await self.threads.find(incoming.place) is not None
            case _:
                return True

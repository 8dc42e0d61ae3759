"""Live updates of the page: who looks at it hears of every change."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from aiohttp import web

from bot.workspace.rules import Json

logger = logging.getLogger(__name__)
MOST_QUEUED = 10_000


@dataclass(slots=True)
class Hub:
    """The open pages, each with the user that acts on it and a queue of what to tell it."""

    _pages: dict[asyncio.Queue[Json | None], str] = field(default_factory=dict)

    def publish(self, kind: str, body: Json, users: list[str] | None = None) -> None:
        """Tell the pages of these users, or all pages."""
        for queue, user in list(self._pages.items()):
            if users is not None and user not in users:
                continue
            try:
                queue.put_nowait({"kind": kind, **body})
            except asyncio.QueueFull:
                logger.warning("a page does not keep up; it is closed and may reload")
                self._pages.pop(queue, None)

    async def serve(self, socket: web.WebSocketResponse, user: str, first: Json) -> None:
        """Send changes to one page until it goes away."""
        queue: asyncio.Queue[Json | None] = asyncio.Queue(MOST_QUEUED)
        self._pages[queue] = user
        sender = asyncio.create_task(_send(socket, queue, first))
        try:
            async for _ in socket:
                pass
        finally:
            self._pages.pop(queue, None)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def close(self) -> None:
        """End every page's updates."""
        for queue in list(self._pages):
            queue.put_nowait(None)


async def _send(
    socket: web.WebSocketResponse, queue: asyncio.Queue[Json | None], first: Json
) -> None:
    await socket.send_json(first)
    while (change := await queue.get()) is not None:
        await socket.send_json(change)
    await socket.close()

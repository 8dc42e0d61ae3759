"""The durable inbox: kept before it is acknowledged, dealt with once, per thread in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.slack.incoming import Incoming, decode_incoming, encode_incoming
from storage import inbox
from storage.database import Database
from storage.records import InboxRecord

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
Handler = Callable[[Incoming], Awaitable[None]]
LaneOf = Callable[[Incoming], str]
"""Names what an item waits in line with."""
GiveUp = Callable[[Incoming, BaseException], Awaitable[None]]
ATTEMPTS = 3
"""How often one thing is tried before it is given up."""
AGAIN_S = 5.0
"""Pause after the disk failed."""
KEPT = timedelta(days=7)
"""How long keys are kept; Slack repeats deliveries for minutes only."""


class Inbox:
    """Keeps what arrives and hands it to a handler."""

    def __init__(
        self, database: Database, now: Now, lane_of: LaneOf, retry_s: float = 2.0
    ) -> None:
        self.database = database
        self.now = now
        self.lane_of = lane_of
        self.retry_s = retry_s
        self.news = asyncio.Event()
        self.lanes: dict[str, deque[InboxRecord]] = {}
        self.drivers: set[asyncio.Task[None]] = set()
        self.in_hand: set[int] = set()

    async def keep(self, incoming: Incoming) -> bool:
        """Store something that arrived; False when it was here before."""
        is_new = await inbox.receive(
            self.database,
            incoming.event_id,
            incoming.key,
            incoming.kind.value,
            encode_incoming(incoming),
            self.now(),
        )
        if is_new:
            self.news.set()
        return is_new

    async def waiting(self) -> list[Incoming]:
        """Return what is not dealt with yet."""
        return [decode_incoming(r.body) for r in await inbox.pending(self.database)]

    async def serve(self, handle: Handler, give_up: GiveUp) -> None:
        """Hand out everything, also what earlier processes left, until cancelled."""
        await inbox.prune(self.database, self.now() - KEPT)
        try:
            while True:
                self.news.clear()
                for record in await inbox.pending(self.database):
                    if record.id not in self.in_hand:
                        self.in_hand.add(record.id)
                        self.assign(record, handle, give_up)
                await self.news.wait()
        finally:
            for worker in self.drivers:
                worker.cancel()
            await asyncio.gather(*self.drivers, return_exceptions=True)

    def assign(self, record: InboxRecord, handle: Handler, give_up: GiveUp) -> None:
        """Put an item into the lane of its thread."""
        lane = self.lane_of(decode_incoming(record.body))
        if lane in self.lanes:
            self.lanes[lane].append(record)
            return
        self.lanes[lane] = deque([record])
        worker = asyncio.create_task(self.work(lane, handle, give_up), name=f"inbox {lane}")
        self.drivers.add(worker)
        worker.add_done_callback(self.drivers.discard)

    async def work(self, lane: str, handle: Handler, give_up: GiveUp) -> None:
        """Deal with one lane in order until it is empty; a failing disk only puts it off."""
        try:
            while self.lanes[lane]:
                await self._deal(self.lanes[lane][0], handle, give_up)
                self.in_hand.discard(self.lanes[lane].popleft().id)
        except Exception:
            log.exception("the inbox goes on later", extra={"lane": lane})
            asyncio.get_running_loop().call_later(AGAIN_S, self.news.set)
        finally:
            self.in_hand.difference_update(r.id for r in self.lanes.pop(lane))

    async def _deal(self, record: InboxRecord, handle: Handler, give_up: GiveUp) -> None:
        """Deal with one item: again after an error, and given up after some attempts."""
        incoming = decode_incoming(record.body)
        while True:
            attempts = await inbox.attempt(self.database, record.id)
            try:
                await handle(incoming)
            except Exception as error:
                log.exception("could not deal with an item", extra={"item": incoming.key})
                if attempts < ATTEMPTS:
                    await asyncio.sleep(self.retry_s * attempts)
                    continue
                await give_up(incoming, error)
                await inbox.finish(self.database, record.id, self.now(), repr(error)[:500])
                return
            await inbox.finish(self.database, record.id, self.now())
            return

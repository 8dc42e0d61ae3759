"""Edits cards in place: spaced, coalesced, newest first; the last state is never lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.blocks.limits import Message
from bot.delivery.outbox import Outbox
from bot.delivery.pacing import Bucket, Pace
from bot.delivery.sending import Sender
from bot.slack.calls import Refused, Uncertain
from bot.slack.incoming import ThreadPlace

log = logging.getLogger(__name__)

Render = Callable[[], Message]


@dataclass(slots=True)
class Card:
    """One message that is edited while its run goes on."""

    key: str
    place: ThreadPlace
    render: Render
    born: float
    is_last: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last state is there: nothing is spaced any more."""
    shown: Message | None = None


class Cards:
    """All cards that are alive."""

    def __init__(self, outbox: Outbox, sender: Sender, pace: Pace) -> None:
        self.outbox = outbox
        self.sender = sender
        self.pace = pace
        self.bucket = Bucket(pace.edits_per_minute / 60, 5)
        self.alive: dict[str, Card] = {}
        self.drivers: set[asyncio.Task[None]] = set()

    def show(self, key: str, place: ThreadPlace, render: Render, *, is_last: bool = False) -> None:
        """Bring a card up to date soon; with `is_last` surely, and then no more."""
        card = self.alive.get(key)
        if card is None:
            card = Card(key, place, render, time.monotonic())
            self.alive[key] = card
            worker = asyncio.create_task(self.keep(card), name=f"card {key}")
            self.drivers.add(worker)
            worker.add_done_callback(self.drivers.discard)
        card.render, card.is_last = render, is_last
        card.changed.set()
        if is_last:
            card.hurry.set()
        else:
            card.hurry.clear()

    async def keep(self, card: Card) -> None:
        """Edit one card until its last state is shown."""
        try:
            ts = await self.outbox.ts_of(card.key)
            is_done = not ts
            while not is_done:
                await self._wait_for_change(card)
                card.changed.clear()
                was_last = card.is_last
                await self.edit(card, ts)
                is_done = was_last and card.is_last and not card.changed.is_set()
                if not is_done:
                    await _wait_until(card.hurry, self.pace.spacing(time.monotonic() - card.born))
        finally:
            self.alive.pop(card.key, None)

    async def edit(self, card: Card, ts: str) -> None:
        """Show a card's newest state; dropped when limited, unless it is the last."""
        attempts = 0
        while True:
            await self.bucket.take()
            message = card.render()
            if message == card.shown:
                return
            try:
                await self.sender.update(card.place, ts, message)
                card.shown = message
                return
            except Refused as error:
                log.warning("a card cannot be edited", extra={"card": card.key, "why": error.code})
                return
            except Uncertain as error:
                attempts += 1
                log.info("an edit is put off", extra={"card": card.key, "why": str(error)})
                wait = error.wait_s or min(self.pace.retry_s * 2 ** min(attempts, 6), 60.0)
                if error.wait_s:
                    self.bucket.pause(error.wait_s)
                await asyncio.sleep(wait)
                if not card.is_last and card.changed.is_set():
                    return

    async def close(self, grace_s: float = 3.0) -> None:
        """Give last edits a moment, then stop."""
        last = [w for w in self.drivers if w.get_name() in self._last_workers()]
        if last:
            await asyncio.wait(last, timeout=grace_s)
        for worker in self.drivers:
            worker.cancel()
        await asyncio.gather(*self.drivers, return_exceptions=True)

    async def _wait_for_change(self, card: Card) -> None:
        """Wait for a change; the clock on the card is one too."""
        tick = max(self.pace.spacing(time.monotonic() - card.born), 10 * self.pace.shortest_s)
        await _wait_until(card.changed, tick)

    def _last_workers(self) -> set[str]:
        """Return the names of the workers that show a last state."""
        return {f"card {key}" for key, card in self.alive.items() if card.is_last}


async def _wait_until(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but not longer than some seconds."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return

"""Which thread belongs to which run: on disk, changed one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from agent_core.domain import RunId
from bot.slack.incoming import Incoming, ThreadPlace
from storage import threads
from storage.database import Database
from storage.records import ThreadRecord

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Memo:
    """What a thread remembers besides its run."""

    text: str = ""
    """The question as it was asked."""
    task_ts: str = ""
    """The message that asked it."""
    owners: tuple[str, ...] = ()
    """People who may steer besides the requester."""
    is_direct: bool = False
    files: tuple[Path, ...] = ()
    """Files of an earlier run that a task asked anew goes on with."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread with a task."""

    place: ThreadPlace
    run: RunId
    """Empty until the lab has taken the task on."""
    requester: str
    created_at: str
    last_seq: int = 0
    """Last event of the run that the thread was told of."""
    last_message_ts: str = ""
    memo: Memo = Memo()

    @property
    def card_key(self) -> str:
        """Key of the card among our posts."""
        return f"card:{self.origin}"

    @property
    def origin(self) -> str:
        """The task's origin, unique."""
        return origin_of(self.place, self.memo.task_ts or self.place.thread_ts)


MEMO: TypeAdapter[Memo] = TypeAdapter(Memo)


class Threads:
    """The registry of threads."""

    def __init__(self, database: Database, now: Now) -> None:
        self.database = database
        self.now = now
        self.lock = asyncio.Lock()

    async def open(self, incoming: Incoming) -> Thread:
        """Return the thread of a message, registered as a new task's where it is unknown."""
        known = await self.find(incoming.place)
        if known is not None:
            return known
        memo = Memo(incoming.text, incoming.ts, (), incoming.is_direct)
        at = self.now().isoformat()
        thread = Thread(incoming.place, RunId(""), incoming.user, at, memo=memo)
        await threads.put(self.database, _thread_record(thread))
        return await self.find(incoming.place) or thread

    async def find(self, place: ThreadPlace) -> Thread | None:
        """Return a known thread."""
        record = await threads.get(self.database, place.team, place.channel, place.thread_ts)
        return _read_thread(record) if record else None

    async def of_run(self, run: str) -> Thread | None:
        """Return the thread of a run."""
        record = await threads.by_run(self.database, run) if run else None
        return _read_thread(record) if record else None

    async def all(self) -> list[Thread]:
        """Return all threads, oldest first."""
        return [_read_thread(r) for r in await threads.all_threads(self.database)]

    async def change(
        self, place: ThreadPlace, change: Callable[[Thread], Thread]
    ) -> Thread | None:
        """Change a thread; nothing else changes it meanwhile."""
        async with self.lock:
            thread = await self.find(place)
            if thread is None:
                return None
            changed = change(thread)
            await threads.update(self.database, _thread_record(changed))
            return changed

    async def note_told(self, thread: Thread, seq: int) -> None:
        """Remember how far a thread was told of its run."""

        def advance(current: Thread) -> Thread:
            is_same = current.run == thread.run
            return replace(current, last_seq=max(seq, current.last_seq)) if is_same else current

        await self.change(thread.place, advance)

    async def note_seen(self, place: ThreadPlace, ts: str) -> None:
        """Remember the last message that was dealt with."""
        await self.change(
            place, lambda t: replace(t, last_message_ts=max(t.last_message_ts, ts, key=ts_number))
        )


def origin_of(place: ThreadPlace, ts: str) -> str:
    """Return the origin of a task that a message asks."""
    return f"slack:{place.team}/{place.channel}/{ts}"


def ts_number(ts: str) -> float:
    """Return a time stamp as a number; 0 where there is none."""
    try:
        return float(ts)
    except ValueError:
        return 0.0


def _read_thread(record: ThreadRecord) -> Thread:
    """Return the thread that a record holds."""
    return Thread(
        ThreadPlace(record.team, record.channel, record.thread_ts),
        RunId(record.run),
        record.requester,
        record.created_at,
        record.last_seq,
        record.last_message_ts,
        MEMO.validate_json(record.state),
    )


def _thread_record(thread: Thread) -> ThreadRecord:
    """Return the record of a thread."""
    return ThreadRecord(
        team=thread.place.team,
        channel=thread.place.channel,
        thread_ts=thread.place.thread_ts,
        run=thread.run,
        requester=thread.requester,
        created_at=thread.created_at,
        card_ts="",
        last_seq=thread.last_seq,
        last_message_ts=thread.last_message_ts,
        state=MEMO.dump_json(thread.memo).decode(),
    )

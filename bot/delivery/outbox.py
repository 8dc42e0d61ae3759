"""The durable outbox: every post is stored under its key first and sent once."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.blocks.limits import Message
from bot.blocks.report import Upload, upload_failure_message
from bot.delivery.sending import Post, Sender
from bot.errors import upload_trouble
from bot.slack.calls import Refused, Uncertain
from bot.slack.incoming import ThreadPlace
from storage import outbox
from storage.database import Database
from storage.records import PostRecord

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
AGAIN_S = 5.0
"""Pause after an error that nobody expected."""
LONGEST_S = 60.0
"""Longest pause between two attempts."""
UPLOAD_ATTEMPTS = 6
"""How often an upload is tried; a message is tried until Slack takes it."""


class PostState(StrEnum):
    """How far a post is; the values are those of the table of posts."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of a post."""

    state: PostState
    ts: str
    """Time stamp of its message; empty where there is none, or where Slack did not tell it."""


class Outbox:
    """Stores posts and sends them, per thread in order."""

    def __init__(self, database: Database, sender: Sender, now: Now, pause_s: float = 1.0) -> None:
        self.database = database
        self.sender = sender
        self.now = now
        self.pause_s = pause_s
        self.news = asyncio.Event()
        self.changed = asyncio.Condition()
        self.lanes: dict[str, deque[PostRecord]] = {}
        self.drivers: set[asyncio.Task[None]] = set()
        self.in_hand: set[int] = set()

    async def put(self, post: Post) -> bool:
        """Store a post; it is sent soon. False when its key is known."""
        is_new = await outbox.queue(self.database, _post_record(post, self.now()))
        if is_new:
            self.news.set()
        return is_new

    async def ts_of(self, key: str) -> str:
        """Wait until a post is sent; return its time stamp, empty when it could not be."""
        async with self.changed:
            while True:
                record = await outbox.by_key(self.database, key)
                if record is None or record.state != PostState.QUEUED:
                    return (record.ts or "") if record else ""
                await self.changed.wait()

    async def fate(self, key: str) -> Fate | None:
        """Return what has become of a post; None where there is none with this key."""
        record = await outbox.by_key(self.database, key)
        return Fate(PostState(record.state), record.ts or "") if record else None

    async def message(self, key: str) -> Message | None:
        """Return the message of a post, sent or not."""
        record = await outbox.by_key(self.database, key)
        return _read_post(record).message if record else None

    async def serve(self) -> None:
        """Send everything, also what earlier processes left, until cancelled."""
        try:
            while True:
                self.news.clear()
                for record in await outbox.pending(self.database):
                    if record.id not in self.in_hand:
                        self.in_hand.add(record.id)
                        self.assign(record)
                await self.news.wait()
        finally:
            for worker in self.drivers:
                worker.cancel()
            await asyncio.gather(*self.drivers, return_exceptions=True)

    def assign(self, record: PostRecord) -> None:
        """Put a post into the lane of its thread."""
        lane = f"{record.channel}:{record.thread_ts}"
        if lane in self.lanes:
            self.lanes[lane].append(record)
            return
        self.lanes[lane] = deque([record])
        worker = asyncio.create_task(self.work(lane), name=f"outbox {lane}")
        self.drivers.add(worker)
        worker.add_done_callback(self.drivers.discard)

    async def work(self, lane: str) -> None:
        """Send one lane in order until it is empty; an unknown error only puts it off."""
        try:
            while self.lanes[lane]:
                await self.send(self.lanes[lane][0])
                self.in_hand.discard(self.lanes[lane].popleft().id)
                async with self.changed:
                    self.changed.notify_all()
        except Exception:
            log.exception("the outbox goes on later", extra={"lane": lane})
            asyncio.get_running_loop().call_later(AGAIN_S, self.news.set)
        finally:
            self.in_hand.difference_update(r.id for r in self.lanes.pop(lane))

    async def send(self, record: PostRecord) -> None:
        """Send one post; after an uncertain attempt look first whether it is there already."""
        post, attempts = _read_post(record), record.attempts
        is_uncertain = attempts > 0
        while True:
            try:
                ts = await self.sender.find(post) if is_uncertain else ""
                if not ts:
                    # Counted before it is sent: after a crash the next process knows to look.
                    await outbox.attempt(self.database, record.id)
                    ts = await self.sender.send(post)
                await outbox.sent(self.database, record.id, ts, self.now())
                return
            except Refused as error:
                await self.give_up(record, post, upload_trouble(error.code, error.why), error.code)
                return
            except Uncertain as error:
                attempts += 1
                is_uncertain = is_uncertain or error.may_be_done
                log.warning("a post is tried again", extra={"post": post.key, "why": str(error)})
                if post.files and attempts >= UPLOAD_ATTEMPTS:
                    await self.give_up(record, post, str(error), "upload_failed")
                    return
                wait = error.wait_s or min(self.pause_s * 2 ** min(attempts - 1, 8), LONGEST_S)
                await asyncio.sleep(wait)

    async def give_up(self, record: PostRecord, post: Post, why: str, code: str) -> None:
        """Mark a post as refused; say in the thread which files are missing from it."""
        log.error("a post is given up", extra={"post": post.key, "why": why})
        await outbox.failed(self.database, record.id, code, self.now())
        if post.files:
            notice = upload_failure_message(post.files, why)
            await self.put(Post(f"{post.key}:failed", post.place, notice, run=post.run))


def _post_record(post: Post, now: datetime) -> PostRecord:
    """Return the record of a new post."""
    body = {
        "text": post.message.text,
        "blocks": list(post.message.blocks),
        "files": [{**asdict(f), "path": str(f.path)} for f in post.files],
    }
    return PostRecord(
        id=0,
        key=post.key,
        run=post.run,
        channel=post.place.channel,
        thread_ts=post.place.thread_ts,
        kind="files" if post.files else "message",
        body=json.dumps(body),
        state=PostState.QUEUED.value,
        created_at=now.isoformat(),
    )


def _read_post(record: PostRecord) -> Post:
    """Return the post that a record holds."""
    body = json.loads(record.body)
    files = tuple(Upload(Path(f["path"]), f["title"], f["alt"]) for f in body["files"])
    place = ThreadPlace("", record.channel, record.thread_ts)
    message = Message(body["text"], tuple(body["blocks"]))
    return Post(record.key, place, message, files, record.run)

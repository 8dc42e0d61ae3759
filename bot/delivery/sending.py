"""Sends posts, edits and files; knows every way in which Slack refuses them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.limits import Message, chunks, fallback
from bot.blocks.report import Upload
from bot.blocks.text import escape
from bot.delivery.pacing import Bucket, Pace
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import ThreadPlace

log = logging.getLogger(__name__)

METADATA_TYPE = "autoreclab_post"
TOO_MUCH = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"}
)
MOST_CHUNKS = 4


@dataclass(frozen=True, slots=True)
class Post:
    """Something to be posted once into a thread."""

    key: str
    """Unique: the same key is never posted twice."""
    place: ThreadPlace
    message: Message
    files: tuple[Upload, ...] = ()
    """Where there are files, the message's text goes with them."""
    run: str = ""


class Sender:
    """The calls that write."""

    def __init__(
        self, client: AsyncWebClient, uploader: AsyncWebClient, pace: Pace, max_upload_mib: int
    ) -> None:
        self.client = client
        self.uploader = uploader
        self.pace = pace
        self.max_upload_mib = max_upload_mib
        self.channels: dict[str, Bucket] = {}

    async def send(self, post: Post) -> str:
        """Post, in the richest form that Slack takes; return the time stamp.

        Raises
        ------
        Refused
            When it can never be posted.
        Uncertain
            When it has to be tried again, after a look whether it is there.
        """
        if post.files:
            return await self.upload(post)
        try:
            return await self.post(post, fallback(post.message), blocks=list(post.message.blocks))
        except Refused as error:
            if error.code not in TOO_MUCH:
                raise
            log.warning("falling back to plain text", extra={"post": post.key, "why": error.code})
        return await self._send_plain(post)

    async def post(self, post: Post, text: str, part: int = 0, **more: Any) -> str:
        """Post one message into the thread."""
        channel = post.place.channel
        rate = self.pace.posts_per_s
        bucket = self.channels.setdefault(channel, Bucket(rate, self.pace.post_burst))
        await bucket.take()
        key = f"{post.key}#{part}" if part else post.key
        answer = await call_slack(
            lambda: self.client.chat_postMessage(
                channel=channel,
                thread_ts=post.place.thread_ts or None,
                text=text,
                metadata={"event_type": METADATA_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
                **more,
            )
        )
        return str(answer["ts"])

    async def update(self, place: ThreadPlace, ts: str, message: Message) -> None:
        """Edit a message in place; blocks that Slack refuses are left out."""
        text = fallback(message)
        try:
            await call_slack(
                lambda: self.client.chat_update(
                    channel=place.channel, ts=ts, text=text, blocks=list(message.blocks)
                )
            )
        except Refused as error:
            if error.code not in TOO_MUCH:
                raise
            await call_slack(
                lambda: self.client.chat_update(channel=place.channel, ts=ts, text=text, blocks=[])
            )

    async def find(self, post: Post) -> str:
        """Return the time stamp of a post that is in its thread already, or an empty string."""
        cursor = ""
        while True:
            where = {"cursor": cursor} if cursor else {}
            answer = await call_slack(
                lambda more=where: self.client.conversations_replies(  # type: ignore[misc]
                    channel=post.place.channel,
                    ts=post.place.thread_ts,
                    include_all_metadata=True,
                    limit=200,
                    **more,
                )
            )
            for message in answer["messages"]:
                if _is_same(message, post):
                    return str(message["ts"])
            cursor = ((answer.get("response_metadata") or {}).get("next_cursor")) or ""
            if not cursor:
                return ""

    async def upload(self, post: Post) -> str:
        """Upload files into the thread and wait until they are shared."""
        gone = [f.path.name for f in post.files if not f.path.is_file()]
        if gone:
            raise Refused("files_gone", f"{', '.join(gone)} is not on this machine any more")
        large = [f for f in post.files if f.path.stat().st_size > self.max_upload_mib << 20]
        limit = f"larger than `slack.max_upload_mib` ({self.max_upload_mib} MiB)"
        if len(large) == len(post.files):
            raise Refused("file_too_large", limit)
        kept = [f"{f.title} is {limit}: `{f.path}`" for f in large]
        items = [
            {
                "filename": f.path.name,
                "file": str(f.path),
                "title": f.title,
                **({"alt_txt": f.alt} if f.alt else {}),
            }
            for f in post.files
            if f not in large
        ]
        comment = "\n".join([post.message.text, *map(escape, kept)])
        return await self._complete_upload(post, items, comment)

    async def _send_plain(self, post: Post) -> str:
        """Post the text in pieces, or as a file where it is very long."""
        pieces = chunks(post.message.text)
        if len(pieces) > MOST_CHUNKS:
            content = post.message.text.encode()
            one = {"filename": "message.md", "content": content, "title": "Message"}
            return await self._complete_upload(post, [one], "This is too long for a message:")
        first = ""
        for number, piece in enumerate(pieces):
            ts = await self.post(post, piece, part=number)
            first = first or ts
        return first

    async def _complete_upload(self, post: Post, items: list[dict[str, Any]], comment: str) -> str:
        """Upload, join the channel first where that is what is missing."""

        def work() -> Awaitable[Any]:
            return self.uploader.files_upload_v2(
                file_uploads=[dict(i) for i in items],
                channel=post.place.channel,
                thread_ts=post.place.thread_ts or None,
                initial_comment=comment,
            )

        try:
            answer = await call_slack(work)
        except Refused as error:
            if error.code != "not_in_channel" or not await self._join_channel(post.place.channel):
                raise
            answer = await call_slack(work)
        return await self._wait_until_shared(str(answer["files"][0]["id"]), post.place)

    async def _join_channel(self, channel: str) -> bool:
        """Try to become a member of a public channel."""
        try:
            await call_slack(lambda: self.client.conversations_join(channel=channel))
        except (Refused, Uncertain):
            return False
        return True

    async def _wait_until_shared(self, file: str, place: ThreadPlace) -> str:
        """Wait until an uploaded file is in its thread; return the message's time stamp."""
        pause, waited = 0.2, 0.0
        while waited <= self.pace.shares_s:
            try:
                info = await call_slack(lambda: self.client.files_info(file=file))
                for kind in (info["file"].get("shares") or {}).values():
                    for share in kind.get(place.channel) or []:
                        return str(share["ts"])
            except (Refused, Uncertain) as error:
                log.warning("cannot look after an upload", extra={"why": str(error)})
                return ""
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * 2, 5.0)
        log.warning("an uploaded file is not shared yet", extra={"file": file})
        return ""


def _is_same(message: dict[str, Any], post: Post) -> bool:
    """Whether a message of the thread is this post."""
    if post.files:
        is_ours = bool(message.get("bot_id")) and bool(message.get("files"))
        return is_ours and str(message.get("text")).startswith(post.message.text)
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return bool(payload.get("key") == post.key)

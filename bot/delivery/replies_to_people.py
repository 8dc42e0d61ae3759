"""What the bot says besides a run's own posts: replies, private hints, reactions."""

from __future__ import annotations

import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.limits import Message, fallback
from bot.delivery.outbox import Outbox
from bot.delivery.sending import Post
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import Incoming, ThreadPlace

log = logging.getLogger(__name__)


class Responder:
    """Speaks in threads and to single people."""

    def __init__(self, client: AsyncWebClient, outbox: Outbox) -> None:
        self.client = client
        self.outbox = outbox

    async def say(self, incoming: Incoming, message: Message, kind: str = "reply") -> None:
        """Answer something in its thread, once."""
        post = Post(f"{kind}:{incoming.key}", incoming.place, message, run=incoming.run)
        await self.outbox.put(post)

    async def whisper(self, incoming: Incoming, message: Message) -> None:
        """Tell only the person who did something; a reply where that does not work."""
        if incoming.is_direct:
            await self.say(incoming, message, "hint")
            return
        root = incoming.place.thread_ts
        try:
            await call_slack(
                lambda: self.client.chat_postEphemeral(
                    channel=incoming.place.channel,
                    user=incoming.user,
                    text=fallback(message),
                    blocks=list(message.blocks),
                    thread_ts=None if incoming.is_root else root or None,
                )
            )
        except (Refused, Uncertain) as error:
            log.warning("a hint could not be given", extra={"why": str(error)})

    async def react(self, place: ThreadPlace, ts: str, name: str = "eyes") -> None:
        """Add a reaction; not worth an error."""
        try:
            await call_slack(
                lambda: self.client.reactions_add(channel=place.channel, timestamp=ts, name=name)
            )
        except (Refused, Uncertain) as error:
            log.info("no reaction", extra={"why": str(error)})

    async def link(self, place: ThreadPlace) -> str:
        """Return the address of a thread; empty where Slack does not tell."""
        return await self.address(place, place.thread_ts) or ""

    async def address(self, place: ThreadPlace, ts: str) -> str | None:
        """Return the address of a message; empty where Slack does not tell; None: it is gone."""
        try:
            answer = await call_slack(
                lambda: self.client.chat_getPermalink(channel=place.channel, message_ts=ts)
            )
        except Refused:
            return None
        except Uncertain:
            return ""
        return str(answer.get("permalink") or "")

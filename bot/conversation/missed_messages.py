"""After a gap: reads what was said meanwhile in threads whose runs go on."""

from __future__ import annotations

import logging

from slack_sdk.web.async_client import AsyncWebClient

from agent_core.domain import RunStatus
from bot.delivery.inbox import Inbox
from bot.delivery.threads import Thread, Threads, ts_number
from bot.lab_protocol import LabLike
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import MESSAGE_SUBTYPES, read_message

log = logging.getLogger(__name__)


class MissedMessages:
    """Puts missed replies into the inbox, where those that came twice are one."""

    def __init__(
        self, client: AsyncWebClient, lab: LabLike, threads: Threads, inbox: Inbox, bot_user: str
    ) -> None:
        self.client = client
        self.lab = lab
        self.threads = threads
        self.inbox = inbox
        self.bot_user = bot_user

    async def keep_all(self) -> None:
        """Read every thread whose run is not at its end."""
        for thread in await self.threads.all():
            try:
                if await self._is_open(thread):
                    await self._keep_missed(thread)
            except (Refused, Uncertain) as error:
                missed = {"thread_ts": thread.place.thread_ts, "why": str(error)}
                log.warning("a thread could not be read again", extra=missed)

    async def _is_open(self, thread: Thread) -> bool:
        """Whether somebody may still be talking to a run."""
        if not thread.run:
            return True
        status = (await self.lab.view(thread.run)).status
        return not status.is_final or status is RunStatus.FAILED

    async def _keep_missed(self, thread: Thread) -> None:
        """Keep what people said in a thread after the last message that was dealt with."""
        place = thread.place
        since = max(thread.last_message_ts, thread.memo.task_ts, key=ts_number) or place.thread_ts
        answer = await call_slack(
            lambda: self.client.conversations_replies(
                channel=place.channel, ts=place.thread_ts, oldest=since, limit=200
            )
        )
        for message in answer["messages"]:
            is_person = message.get("user") and message["user"] != self.bot_user
            is_plain = (message.get("subtype") or "") in MESSAGE_SUBTYPES
            if is_person and is_plain and ts_number(str(message["ts"])) > ts_number(since):
                event = {**message, "type": "message", "channel": place.channel}
                event["thread_ts"] = place.thread_ts
                body = {"event_id": f"replay:{place.channel}:{message['ts']}"}
                await self.inbox.keep(read_message(body, event, place.team, self.bot_user))

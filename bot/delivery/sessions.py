"""Slack's own status of a thread with an agent: shown where the workspace has it."""

from __future__ import annotations

import asyncio
import logging

from slack_sdk.web.async_client import AsyncWebClient

from agent_core.domain import RunStatus
from agent_core.run.view import RunView
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import ThreadPlace

log = logging.getLogger(__name__)

TITLE = 200
STATUS_OF = {
    RunStatus.PLANNING: "processing",
    RunStatus.WAITING: "suspended",
    RunStatus.RUNNING: "processing",
    RunStatus.REPORTING: "processing",
    RunStatus.FINISHED: "active",
    RunStatus.FAILED: "suspended",
    RunStatus.CANCELLED: "closed",
}


class Sessions:
    """Sets the status in the background; does without where Slack refuses."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.client = client
        self.is_refused = False
        self.tasks: set[asyncio.Task[None]] = set()

    def show(self, place: ThreadPlace, view: RunView) -> None:
        """Show how a run stands."""
        if self.is_refused:
            return
        title = view.plan.title if view.plan else "Experiment"
        task = asyncio.create_task(self.set_status(place, STATUS_OF[view.status], title[:TITLE]))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def set_status(self, place: ThreadPlace, status: str, title: str) -> None:
        """Set the status once; an error is only logged."""
        try:
            await call_slack(
                lambda: self.client.agents_sessions_setStatus(
                    channel_id=place.channel,
                    thread_ts=place.thread_ts,
                    status=status,
                    title=title,
                )
            )
        except Refused as error:
            self.is_refused = True
            log.info("no agent sessions in this workspace", extra={"why": error.code})
        except Uncertain as error:
            log.info("the session status was not set", extra={"why": str(error)})

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

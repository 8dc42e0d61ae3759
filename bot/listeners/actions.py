"""Buttons: those that change something are in the inbox already; others open modals at once."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.limits import Block, message
from bot.blocks.modals import edit_modal, plan_modal
from bot.blocks.words import hint_message
from bot.desk import ACTIONS
from bot.incoming import Incoming, of_action, place_metadata
from bot.reception import Parts
from bot.sending import Refused, Uncertain, tried

log = logging.getLogger(__name__)

Ack = Callable[[], Awaitable[None]]


class Modals:
    """Opens the modals; a trigger lives three seconds, so nothing may come before."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def edit(self, ack: Ack, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Open the Edit modal, for people who may steer."""
        await ack()
        pressed = of_action(body)
        if pressed is None or not await self.may_steer(pressed):
            return
        view = await self.parts.lab.view(await self.run_of(pressed))
        shown = edit_modal(place_metadata(pressed.place, pressed.value), view.plan)
        await self.open(pressed, client, str(body["trigger_id"]), shown)

    async def requirements(self, ack: Ack, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Show the whole plan with its requirements, to everybody."""
        await ack()
        pressed = of_action(body)
        if pressed is None:
            return
        view = await self.parts.lab.view(await self.run_of(pressed))
        if view.plan is not None:
            await self.open(pressed, client, str(body["trigger_id"]), plan_modal(view.plan))

    async def open(
        self, pressed: Incoming, client: AsyncWebClient, trigger: str, shown: Block
    ) -> None:
        """Open a modal, or say privately that it did not work."""
        try:
            await tried(lambda: client.views_open(trigger_id=trigger, view=shown))
        except (Refused, Uncertain) as error:
            log.warning("a modal was not opened", extra={"why": str(error)})
            said = "Slack did not open the window in time. Press again, or reply in the thread."
            await self.parts.voice.whisper(pressed, message(said))

    async def run_of(self, pressed: Incoming) -> Any:
        """Return the run that a button belongs to."""
        thread = await self.parts.threads.find(pressed.place)
        return pressed.run or (thread.run if thread else "")

    async def may_steer(self, pressed: Incoming) -> bool:
        """Tell people who may not steer so, privately."""
        thread = await self.parts.threads.find(pressed.place)
        if thread is None:
            return False
        if self.parts.access.may_steer(thread, pressed.user):
            return True
        await self.parts.voice.whisper(pressed, hint_message(thread.requester))
        return False


async def kept(ack: Ack) -> None:
    """Acknowledge a button that the inbox has."""
    await ack()


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to all buttons."""
    modals = Modals(parts)
    app.action(re.compile(f"^({'|'.join(sorted(ACTIONS))})$"))(kept)
    app.action("edit")(modals.edit)
    app.action("requirements")(modals.requirements)

"""Buttons: the dispatch deals with those that change something; others open modals at once."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from agent_core.domain import RunId
from agent_core.run.view import RunView
from bot.blocks.buttons import ButtonAction
from bot.blocks.limits import Block, Message, message
from bot.blocks.modals import dispute_modal, edit_modal, improve_modal, plan_modal
from bot.blocks.rounds import NO_REPORT
from bot.blocks.words import hint_message, status_message, trouble_message
from bot.conversation.dispatch import ACTIONS, FORGOTTEN
from bot.errors import describe
from bot.services import Services
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import Incoming, place_metadata, read_action

log = logging.getLogger(__name__)

Ack = Callable[[], Awaitable[None]]
FormMaker = Callable[[Incoming, RunView], Block | Message]
"""Makes a modal for what was pressed, or says why there is none."""


class ModalOpener:
    """Opens the modals; a trigger lives three seconds, so nothing may come before."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def by_action(self) -> dict[ButtonAction, Callable[..., Awaitable[None]]]:
        """Return what opens the modal of each button that has one."""
        return {
            ButtonAction.EDIT: self._open_edit,
            ButtonAction.REQUIREMENTS: self._open_plan,
            ButtonAction.IMPROVE: self._open_improve,
            ButtonAction.DISPUTE: self._open_dispute,
        }

    async def show(
        self,
        body: dict[str, Any],
        client: AsyncWebClient,
        form: FormMaker,
        *,
        is_steering: bool = False,
    ) -> None:
        """Open what a button opens; whatever goes wrong is told to whoever pressed it."""
        pressed = read_action(body)
        if pressed is None:
            return
        try:
            shown = await self._form_or_reason(pressed, form, is_steering=is_steering)
            if isinstance(shown, Message):
                await self.services.responder.whisper(pressed, shown)
            else:
                await self.open(pressed, client, str(body["trigger_id"]), shown)
        except Exception as error:
            log.exception("a button could not be dealt with", extra={"button": pressed.action})
            await self.services.responder.whisper(
                pressed, trouble_message(pressed.user, describe(error))
            )

    async def open(
        self, pressed: Incoming, client: AsyncWebClient, trigger: str, shown: Block
    ) -> None:
        """Open a modal, or say privately that it did not work."""
        try:
            await call_slack(lambda: client.views_open(trigger_id=trigger, view=shown))
        except (Refused, Uncertain) as error:
            log.warning("a modal was not opened", extra={"why": str(error)})
            said = "Slack did not open the window in time. Press again, or reply in the thread."
            await self.services.responder.whisper(pressed, message(said))

    async def _open_edit(self, ack: Ack, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Open the Edit modal, for people who may steer."""
        await ack()
        await self.show(body, client, self._edit_form, is_steering=True)

    async def _open_plan(self, ack: Ack, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Show the whole plan with its requirements, to everybody."""
        await ack()
        await self.show(body, client, self._plan_form)

    async def _open_improve(self, ack: Ack, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Open the modal for another round, for people who may steer."""
        await ack()
        await self.show(body, client, self._improve_form, is_steering=True)

    async def _open_dispute(self, ack: Ack, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Open the modal to dispute a report, for everybody."""
        await ack()
        await self.show(body, client, self._dispute_form)

    def _edit_form(self, pressed: Incoming, view: RunView) -> Block | Message:
        """Return the modal for changes of the plan."""
        return edit_modal(place_metadata(pressed.place, view.id), view.plan, view.datasets)

    def _plan_form(self, _: Incoming, view: RunView) -> Block | Message:
        """Return the modal with the plan."""
        if view.plan is None:
            return message("There is no plan yet.")
        return plan_modal(view.plan, view.datasets)

    def _improve_form(self, pressed: Incoming, view: RunView) -> Block | Message:
        """Return the modal for another round, with the wish that the button carries."""
        if not view.status.is_final:
            return status_message(view)
        if view.report is None:
            return message(NO_REPORT)
        place = place_metadata(pressed.place, view.id)
        return improve_modal(place, view, self.services.price, pressed.carried)

    def _dispute_form(self, pressed: Incoming, view: RunView) -> Block | Message:
        """Return the modal to dispute a report."""
        if view.report is None:
            return message(NO_REPORT)
        return dispute_modal(place_metadata(pressed.place, view.id), view)

    async def _form_or_reason(
        self, pressed: Incoming, form: FormMaker, *, is_steering: bool
    ) -> Block | Message:
        """Return the modal, or what there is to say instead."""
        threads = self.services.threads
        thread = await threads.find(pressed.place) or await threads.of_run(pressed.run)
        if thread is None:
            return message(FORGOTTEN)
        if is_steering and not self.services.access.may_steer(thread, pressed.user):
            return hint_message(thread.requester)
        run = RunId(pressed.run) if pressed.run else thread.run
        return form(pressed, await self.services.lab.view(run))


def register_buttons(app: AsyncApp, services: Services) -> None:
    """Listen to all buttons."""
    modals = ModalOpener(services)
    app.action(re.compile(f"^({'|'.join(sorted(ACTIONS))})(:\\w+)?$"))(_acknowledge_button)
    for action, open_modal in modals.by_action().items():
        app.action(action.value)(open_modal)


async def _acknowledge_button(ack: Ack) -> None:
    """Acknowledge a button that the intake has."""
    await ack()

"""Where everything from the inbox is dealt with; errors are told, never swallowed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from agent_core.domain import RunId
from agent_core.errors import AgentError
from bot.blocks.buttons import ButtonAction
from bot.blocks.limits import message
from bot.blocks.modals import ModalName
from bot.blocks.words import trouble_message
from bot.conversation.commands import Intent
from bot.conversation.intents import understand
from bot.conversation.lanes import STOPPING
from bot.conversation.new_tasks import NewTasks
from bot.conversation.replies import ABOUT_REPORT, Replies
from bot.delivery.threads import Thread
from bot.errors import SlackError, describe
from bot.services import Services
from bot.slack.incoming import Incoming, IncomingKind
from sandbox.errors import SandboxError

log = logging.getLogger(__name__)

STEERING = frozenset(
    {
        ButtonAction.START,
        ButtonAction.START_ANYWAY,
        ButtonAction.UNDO,
        ButtonAction.RESUME,
        ButtonAction.RERUN,
        ButtonAction.ANSWER,
    }
)
"""Buttons for those who may steer."""
ACTIONS = STEERING | {
    ButtonAction.STOP,
    ButtonAction.CANCEL,
    ButtonAction.ZIP,
    ButtonAction.METHODS,
}
"""Buttons that change something; they are kept before they are acknowledged."""

OF_UNFINISHED = (
    Intent.START,
    Intent.START_ANYWAY,
    Intent.STOP,
    Intent.STATUS,
    Intent.UNDO,
    Intent.RESUME,
)
"""Words that mean a task that is not at its end, when they stand alone."""
FORGOTTEN = "I do not know this task any more. Ask again in a new message."


class Dispatch:
    """Hands what people did to new tasks, to replies, or to requests about a report."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.new_tasks = NewTasks(services)
        self.replies = Replies(services, self.new_tasks)

    async def handle(self, incoming: Incoming) -> None:
        """Deal with one thing; what people can mend is told in the thread at once."""
        try:
            if incoming.kind is IncomingKind.MESSAGE:
                await self._handle_message(incoming)
            else:
                await self._handle_interaction(incoming)
        except (AgentError, SandboxError, SlackError) as error:
            log.warning("told a person of an error", extra={"item": incoming.key})
            await self._tell_error(incoming, error)

    async def give_up(self, incoming: Incoming, error: BaseException) -> None:
        """Say that something could not be dealt with, also after more attempts."""
        await self._tell_error(incoming, error)
        thread = await self.services.threads.find(incoming.place)
        if thread is not None and not thread.run:
            self.new_tasks.stand_still(thread, "Something went wrong; nothing ran")

    async def _tell_error(self, incoming: Incoming, error: BaseException) -> None:
        """Say in the thread what went wrong."""
        said = trouble_message(incoming.user, describe(error))
        await self.services.responder.say(incoming, said, "trouble")

    async def _handle_message(self, incoming: Incoming) -> None:
        """Tell a reply in a known thread from a word about the last task and a new task."""
        thread = await self.services.threads.find(incoming.place)
        is_taken = thread is not None and thread.memo.task_ts == incoming.ts
        if thread is not None and is_taken:
            attached = incoming.files or await self.new_tasks.missed_files(incoming)
            await self.new_tasks.work_on(thread, incoming, attached)
        elif thread is not None:
            await self.replies.reply(thread, incoming)
        else:
            latest = await self._latest_task(incoming)
            if latest is not None:
                await self.replies.reply(latest, incoming)
            else:
                await self.new_tasks.take(incoming)

    async def _latest_task(self, incoming: Incoming) -> Thread | None:
        """Return the task that a bare word in a direct conversation means."""
        intent = understand(incoming.text)
        if not incoming.is_direct or intent not in (*OF_UNFINISHED, *ABOUT_REPORT):
            return None
        for thread in reversed(await self.services.threads.all()):
            if thread.place.channel != incoming.place.channel or not thread.run:
                continue
            view = await self.services.lab.view(thread.run)
            has_report = view.report is not None
            if has_report if intent in ABOUT_REPORT else not view.status.is_final:
                return thread
        return None

    async def _handle_interaction(self, incoming: Incoming) -> None:
        """Deal with a pressed button, a submitted modal, or Slack's own Stop."""
        threads = self.services.threads
        thread = await threads.find(incoming.place) or await threads.of_run(incoming.run)
        if thread is None or not thread.run:
            await self.services.responder.whisper(incoming, message(FORGOTTEN))
            return
        if incoming.run and incoming.run != thread.run:
            thread = replace(thread, run=RunId(incoming.run))
        if not await self._serve_anybody(thread, incoming):
            await self._steer(thread, incoming)

    async def _serve_anybody(self, thread: Thread, incoming: Incoming) -> bool:
        """Do what people may ask for who may not steer; False: it is not that."""
        if incoming.kind is IncomingKind.STOP or incoming.action in STOPPING:
            await self.replies.stop(thread, incoming)
        elif incoming.action == ButtonAction.ZIP:
            await self.replies.report_requests.send_zip(thread, incoming)
        elif incoming.action == ButtonAction.METHODS:
            await self.replies.report_requests.send_methods(thread, incoming)
        elif incoming.kind is IncomingKind.FORM and incoming.action == ModalName.DISPUTE:
            await self.replies.report_requests.dispute(thread, incoming, incoming.text)
        else:
            return False
        return True

    async def _steer(self, thread: Thread, incoming: Incoming) -> None:
        """Do what only people may ask for who may steer."""
        if not self.services.access.may_steer(thread, incoming.user):
            await self.replies.hint(thread, incoming)
        elif incoming.kind is IncomingKind.ACTION:
            await self._steering_methods()[ButtonAction(incoming.action)](thread, incoming)
        elif incoming.action == ModalName.IMPROVE:
            await self.replies.report_requests.improve(thread, incoming)
        elif incoming.text:
            await self.replies.revise(thread, incoming)

    def _steering_methods(
        self,
    ) -> dict[ButtonAction, Callable[[Thread, Incoming], Awaitable[None]]]:
        """Return what each button does."""
        replies = self.replies
        return {
            ButtonAction.START: replies.start,
            ButtonAction.START_ANYWAY: replies.start_anyway,
            ButtonAction.UNDO: replies.undo,
            ButtonAction.RESUME: replies.resume,
            ButtonAction.RERUN: replies.rerun,
            ButtonAction.ANSWER: replies.say_pressed,
        }

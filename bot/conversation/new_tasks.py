"""Takes new tasks on: card, attachments, hand-over to the lab."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent_core.domain import Revision, RunId, Task, UserId
from agent_core.run.view import RunView
from bot.blocks.card import first_card
from bot.blocks.limits import Message, message
from bot.blocks.text import escape, mention
from bot.blocks.words import help_message, list_message
from bot.conversation.commands import Intent
from bot.conversation.intents import is_task, understand
from bot.delivery.sending import Post
from bot.delivery.threads import Thread
from bot.errors import FileTrouble
from bot.services import Services
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.incoming import Attachment, Incoming, attachments_of

log = logging.getLogger(__name__)

LISTED = 10
LISTING = (Intent.STATUS, Intent.LIST)
"""What is answered with a list of tasks where no task is meant."""


class NewTasks:
    """Deals with messages that are not replies to a task."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def take(self, incoming: Incoming) -> None:
        """Take a task on, or help with how to ask."""
        objection = await self.services.access.objection(incoming)
        if objection:
            await self.services.responder.whisper(incoming, message(objection))
            return
        if not is_task(incoming.text):
            await self._answer_small_talk(incoming)
            return
        thread = await self.services.threads.open(incoming)
        await self.work_on(thread, incoming, incoming.files or await self.missed_files(incoming))

    async def list_of_tasks(self, user: str) -> Message:
        """Return a person's latest tasks."""
        own = [t for t in await self.services.threads.all() if t.requester == user and t.run]
        newest = list(reversed(own))[:LISTED]
        found = [
            (await self.services.lab.view(t.run), await self.services.responder.link(t.place))
            for t in newest
        ]
        return list_message(found)

    async def begin_again(
        self, thread: Thread, incoming: Incoming, text: str, files: Sequence[Path] = ()
    ) -> None:
        """Begin a new task in a known thread, with the files of the old one or new ones."""

        def anew(old: Thread) -> Thread:
            # A task that the lab does not have yet goes on under its card.
            task_ts = incoming.ts if old.run else old.memo.task_ts
            memo = replace(old.memo, text=text, task_ts=task_ts, files=tuple(files))
            return replace(old, run=RunId(""), last_seq=0, memo=memo)

        changed = await self.services.threads.change(thread.place, anew)
        await self.work_on(changed or thread, incoming, incoming.files)

    async def go_on_with(self, thread: Thread, incoming: Incoming, text: str) -> None:
        """Have a task that was refused for its files go on with others, under the same card."""
        services = self.services
        try:
            fetched = await services.downloads.fetch(thread.origin, incoming.files)
        except FileTrouble as error:
            await self.refuse(thread, incoming, str(error))
            return
        await services.lab.describe_files(thread.run, text, UserId(incoming.user), fetched)
        services.downloads.forget(thread.origin)
        services.followers.follow(thread)

    async def replace_files(self, thread: Thread, incoming: Incoming) -> Revision:
        """Have a waiting task go on with other files; card, plan and its changes stay."""
        services = self.services
        try:
            fetched = await services.downloads.fetch(thread.origin, incoming.files)
        except FileTrouble as error:
            return Revision(reply=f"{error} The plan stays as it is.")
        by = UserId(incoming.user)
        revision = await services.lab.replace_files(thread.run, incoming.text, by, fetched)
        services.downloads.forget(thread.origin)
        return revision

    async def work_on(
        self,
        thread: Thread,
        incoming: Incoming,
        attached: Sequence[Attachment],
    ) -> None:
        """Show the card, fetch the files, submit; the same again after a crash in between."""
        services, origin = self.services, thread.origin
        title = " ".join(thread.memo.text.split()[:8])
        card = first_card(title)
        await services.outbox.put(Post(thread.card_key, thread.place, card, run=thread.run))
        if not thread.run:
            await services.responder.react(incoming.place, incoming.ts)
            try:
                fetched = await services.downloads.fetch(origin, attached) if attached else ()
            except FileTrouble as error:
                await self.refuse(thread, incoming, str(error))
                return
            if await self._is_called_off(thread):
                services.downloads.forget(origin)
                return
            thread = await self.submit(thread, fetched or thread.memo.files)
            services.downloads.forget(origin)
        services.followers.follow(thread)

    async def call_off(self, thread: Thread) -> None:
        """Give a task up that the lab does not have yet."""
        await self.services.threads.change(
            thread.place, lambda t: replace(t, memo=replace(t.memo, task_ts=""))
        )
        self.stand_still(thread, "Cancelled, nothing ran")

    async def submit(self, thread: Thread, files: tuple[Path, ...]) -> Thread:
        """Hand a task to the lab and remember its run."""
        task = Task(thread.memo.text, files, UserId(thread.requester), thread.origin)
        run = await self.services.lab.submit(task)
        changed = await self.services.threads.change(thread.place, lambda t: replace(t, run=run))
        return changed or replace(thread, run=run)

    async def refuse(self, thread: Thread, incoming: Incoming, why: str) -> None:
        """Say why an attachment cannot be used; the thread waits for another one."""
        text = f"{mention(thread.requester)} ⚠️ {escape(why)}\nThen reply here with the file."
        await self.services.responder.say(incoming, message(text), "refused")
        self.stand_still(thread, "The attachment could not be read; nothing ran")

    def stand_still(self, thread: Thread, why: str) -> None:
        """Show on the card that nothing goes on."""
        shown = message(f"🔬 *Task* · for {mention(thread.requester)} · *{escape(why)}*")
        self.services.cards.show(thread.card_key, thread.place, lambda: shown, is_last=True)

    async def missed_files(self, incoming: Incoming) -> tuple[Attachment, ...]:
        """Look whether a mention has files that its event did not carry."""
        place = incoming.place
        try:
            answer = await call_slack(
                lambda: self.services.responder.client.conversations_replies(
                    channel=place.channel,
                    ts=place.thread_ts,
                    oldest=incoming.ts,
                    latest=incoming.ts,
                    inclusive=True,
                    limit=5,
                )
            )
        except (Refused, Uncertain) as error:
            log.info("a mention could not be read again", extra={"why": str(error)})
            return ()
        found = [m for m in answer["messages"] if m.get("ts") == incoming.ts]
        return attachments_of(found[0]) if found else ()

    async def _answer_small_talk(self, incoming: Incoming) -> None:
        """Answer a message without a question."""
        if understand(incoming.text) in LISTING:
            listed = await self.list_of_tasks(incoming.user)
            await self.services.responder.say(incoming, listed)
            return
        shown = help_message(self.services.bot_user, is_direct=incoming.is_direct)
        await self.services.responder.say(incoming, shown)

    async def _is_called_off(self, thread: Thread) -> bool:
        """Whether a task was given up while its files were fetched."""
        current = await self.services.threads.find(thread.place)
        return current is None or current.memo.task_ts != thread.memo.task_ts


def usable_files(view: RunView) -> tuple[Path, ...]:
    """Return the stored files of a run that are still there."""
    return tuple(p for p in view.task.files if p.is_file()) if view.task else ()

"""What people say in the thread of a task, and what follows from it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from agent_core.domain import Revision, RunStatus, UserId
from agent_core.lab.run_files import can_be_described, frozen_reply, spoken_of_files
from agent_core.lab.waivers import read_waivers
from agent_core.run.view import RunView
from bot.blocks.limits import Message, message
from bot.blocks.plan import consent_message, revision_reply
from bot.blocks.report import answer_message, rerun_message
from bot.blocks.text import escape
from bot.blocks.words import (
    budget_message,
    ended_message,
    help_message,
    hint_message,
    kept_message,
    meant_message,
    owner_message,
    status_message,
)
from bot.conversation.commands import Intent, chosen_of
from bot.conversation.intents import (
    Understood,
    disputed_text,
    is_statement,
    named_users,
    read,
    understand,
)
from bot.conversation.new_tasks import NewTasks, usable_files
from bot.conversation.report_requests import ReportRequests
from bot.delivery.sending import Post
from bot.delivery.threads import Thread
from bot.services import Services
from bot.slack.incoming import Incoming

SEEN = "+1"
"""The reaction to what asks for nothing."""
FILE_LEFT = (
    "The protocol of this run is fixed, so I leave the new file alone. Mention me in a new "
    "message with the question and this file for a run on it."
)
STEERING = (
    Intent.START,
    Intent.START_ANYWAY,
    Intent.UNDO,
    Intent.RESUME,
    Intent.RERUN,
    Intent.ADD_OWNER,
    Intent.IMPROVE,
)
HELPING = (Intent.HELP, Intent.NOTHING, Intent.LIST)
ABOUT_REPORT = (Intent.IMPROVE, Intent.ZIP, Intent.METHODS, Intent.DISPUTE)


class Replies:
    """Deals with messages in known threads."""

    def __init__(self, services: Services, new_tasks: NewTasks) -> None:
        self.services = services
        self.new_tasks = new_tasks
        self.report_requests = ReportRequests(services)

    async def reply(self, thread: Thread, incoming: Incoming) -> None:
        """Deal with one message in the thread of a task."""
        await self.services.threads.note_seen(thread.place, incoming.ts)
        if not thread.run:
            await self._reply_without_run(thread, incoming)
            return
        view = await self.services.lab.view(thread.run)
        may_steer = self.services.access.may_steer(thread, incoming.user)
        if incoming.files and may_steer:
            await self._take_files(thread, view, incoming)
            return
        understood = read(incoming.text)
        meant = _meant(understood, view) if may_steer else None
        if meant is not None and understood.intent is not Intent.WISH:
            await self.services.responder.say(incoming, meant_message(view.id, meant))
            return
        intent = understood.intent
        if intent in STEERING and not may_steer:
            await self.hint(thread, incoming)
            return
        carry_out = (
            self._carry_out_about_report if intent in ABOUT_REPORT else self._carry_out_word
        )
        await carry_out(thread, view, incoming, intent)
        if meant is not None:
            await self.services.responder.say(incoming, meant_message(view.id, meant), "meant")

    async def talk(
        self, thread: Thread, view: RunView, incoming: Incoming, intent: Intent
    ) -> None:
        """Deal with a question, a wish, or chatter, in the state that the run is in."""
        may_steer = self.services.access.may_steer(thread, incoming.user)
        is_wish = intent is Intent.WISH or (intent is Intent.TALK and incoming.is_mention)
        is_of_files = await _is_of_files(view, incoming)
        is_wish = is_wish or (is_of_files and intent is not Intent.QUESTION)
        if view.status is RunStatus.WAITING and may_steer:
            await self.revise(thread, incoming)
        elif may_steer and await self._may_go_on(thread, view, incoming, is_of_files=is_of_files):
            await self.describe_files(thread, incoming)
        elif self._is_restated(view, intent, incoming) and may_steer:
            text = incoming.text
            if not view.is_outside_grammar:
                text = f"{thread.memo.text}\n{text}"
            await self.new_tasks.begin_again(thread, incoming, text, usable_files(view))
        elif intent is Intent.QUESTION:
            await self.answer(thread, incoming)
        elif not may_steer:
            await self._hint_wish(thread, incoming, is_wish=is_wish)
        elif is_of_files and view.status.is_final:
            said = message(escape(frozen_reply(view, incoming.text)))
            await self.services.responder.say(incoming, said)
        elif is_wish and view.status.is_final and not _is_waiver(incoming):
            await self._take_late_wish(view, incoming)
        elif is_wish:
            await self.revise(thread, incoming)
        else:
            await self._show_seen(thread, incoming)

    async def revise(self, thread: Thread, incoming: Incoming) -> None:
        """Have a reply read; a changed plan, or another round, is posted from the log."""
        lab, by = self.services.lab, UserId(incoming.user)
        await self._tell(thread, incoming, await lab.revise(thread.run, incoming.text, by))

    async def _tell(self, thread: Thread, incoming: Incoming, revision: Revision) -> None:
        """Say what a reply comes to besides the plan's new version, which the log brings."""
        shown = revision_reply(revision)
        if shown is not None:
            await self.services.responder.say(incoming, shown)
        self.services.followers.follow(thread)

    async def describe_files(self, thread: Thread, incoming: Incoming) -> None:
        """Have refused files read again as somebody says; the plan is posted from the log."""
        lab = self.services.lab
        await lab.describe_files(thread.run, incoming.text, UserId(incoming.user))
        self.services.followers.follow(thread)

    async def say_pressed(self, thread: Thread, incoming: Incoming) -> None:
        """Take a button for the reply that it stands for."""
        await self.revise(thread, replace(incoming, text=incoming.carried.detail))

    async def answer(self, thread: Thread, incoming: Incoming) -> None:
        """Answer a question from what is recorded."""
        lab, by = self.services.lab, UserId(incoming.user)
        answer = await lab.answer(thread.run, incoming.text, by)
        await self.services.responder.say(incoming, answer_message(answer))

    async def start_anyway(self, thread: Thread, incoming: Incoming) -> None:
        """Give the start although the main question is not answered."""
        await self.start(thread, incoming, accepts_unanswered=True)

    async def start(
        self, thread: Thread, incoming: Incoming, *, accepts_unanswered: bool = False
    ) -> None:
        """Give the start; where the main question is not answered, ask first."""
        view = await self.services.lab.view(thread.run)
        if view.plan is None and not view.status.is_final:
            said = message("The plan is still being written; start it when it is shown.")
            await self.services.responder.say(incoming, said)
        elif view.status.is_final or view.freeze is not None:
            await self.services.responder.whisper(incoming, status_message(view))
        elif view.plan is not None and view.plan.open_main and not accepts_unanswered:
            await self.services.responder.say(incoming, consent_message(view.id, view.plan))
        else:
            lab, user = self.services.lab, UserId(incoming.user)
            await lab.start(thread.run, user, accepts_unanswered=accepts_unanswered)

    async def stop(self, thread: Thread, incoming: Incoming) -> None:
        """Stop in whatever phase."""
        if not self.services.access.may_stop(thread, incoming.user):
            await self.hint(thread, incoming)
            return
        view = await self.services.lab.view(thread.run)
        if view.status.is_final:
            await self.services.responder.whisper(incoming, status_message(view))
            return
        await self.services.lab.stop(thread.run, UserId(incoming.user))

    async def undo(self, thread: Thread, incoming: Incoming) -> None:
        """Take the last change of the plan back."""
        view = await self.services.lab.view(thread.run)
        meant = incoming.carried.detail
        if meant and view.plan and str(view.plan.version) != meant:
            said = f"Plan v{meant} is not the newest any more; undo v{view.plan.version} first."
            await self.services.responder.whisper(incoming, message(said))
            return
        revision = await self.services.lab.undo(thread.run, UserId(incoming.user))
        shown = revision_reply(revision)
        if shown is not None and revision.plan is None:
            await self.services.responder.say(incoming, shown)

    async def resume(self, thread: Thread, incoming: Incoming) -> None:
        """Take a failed run up again."""
        await self.services.lab.resume(thread.run, UserId(incoming.user))
        self.services.followers.follow(thread)

    async def rerun(self, thread: Thread, incoming: Incoming) -> None:
        """Execute the best script again and say how it compares."""
        view = await self.services.lab.view(thread.run)
        if view.report is None:
            said = message("There is no report yet, so there is nothing to repeat.")
            await self.services.responder.whisper(incoming, said)
            return
        said = message("Repeating the best script in a clean sandbox; I post how it compares.")
        await self.services.responder.whisper(incoming, said)
        rerun = await self.services.lab.rerun(thread.run, UserId(incoming.user))
        post = Post(f"{thread.run}:rerun:{incoming.key}", thread.place, rerun_message(rerun))
        await self.services.outbox.put(post)

    async def hint(self, thread: Thread, incoming: Incoming) -> None:
        """Tell somebody privately that the task is not theirs to steer."""
        await self.services.responder.whisper(incoming, hint_message(thread.requester))

    async def _carry_out_word(
        self, thread: Thread, view: RunView, incoming: Incoming, intent: Intent
    ) -> None:
        """Carry out a word of command; everything else is talk."""
        said = self._told(view, intent)
        if method := self._methods().get(intent):
            await method(thread, incoming)
        elif said is not None:
            await self.services.responder.say(incoming, said)
        elif intent is Intent.CHOICE:
            await self._choose(thread, view, incoming)
        elif intent in (Intent.THANKS, Intent.ASSENT):
            await self._show_seen(thread, incoming)
        elif intent not in HELPING:
            await self.talk(thread, view, incoming, intent)
        elif incoming.is_mention or incoming.text:
            shown = help_message(self.services.bot_user, is_direct=incoming.is_direct)
            await self.services.responder.say(incoming, shown)

    def _methods(self) -> Mapping[Intent, Callable[[Thread, Incoming], Awaitable[None]]]:
        """Return what each command does."""
        return {
            Intent.START: self.start,
            Intent.START_ANYWAY: self.start_anyway,
            Intent.STOP: self.stop,
            Intent.UNDO: self.undo,
            Intent.RESUME: self.resume,
            Intent.RERUN: self.rerun,
            Intent.ADD_OWNER: self._add_owners,
        }

    def _told(self, view: RunView, intent: Intent) -> Message | None:
        """Return what is said to what changes nothing; None: it is something else."""
        match intent:
            case Intent.STATUS:
                return status_message(view)
            case Intent.HOLD:
                return kept_message(view)
            case Intent.BUDGET:
                return budget_message(view, self.services.price)
        return None

    async def _hint_wish(self, thread: Thread, incoming: Incoming, *, is_wish: bool) -> None:
        """Tell somebody whose wishes do not count so; talk among people is theirs."""
        if is_wish:
            await self.hint(thread, incoming)

    async def _choose(self, thread: Thread, view: RunView, incoming: Incoming) -> None:
        """Take one of the numbered ways of the plan's question; else a number is talk."""
        ask = view.plan.ask if view.plan and view.status is RunStatus.WAITING else None
        place = chosen_of(incoming.text, len(ask.options), ask.default) if ask else None
        if ask is not None and place is not None:
            incoming = replace(incoming, text=ask.options[place])
        await self.talk(thread, view, incoming, Intent.TALK)

    async def _show_seen(self, thread: Thread, incoming: Incoming) -> None:
        """Show that a message was read which asks for nothing; talk of others is theirs."""
        if self.services.access.may_steer(thread, incoming.user):
            await self.services.responder.react(incoming.place, incoming.ts, SEEN)

    async def _carry_out_about_report(
        self, thread: Thread, view: RunView, incoming: Incoming, intent: Intent
    ) -> None:
        """Carry out the words that do the same as the buttons of a report."""
        match intent:
            case Intent.ZIP:
                await self.report_requests.send_zip(thread, incoming)
            case Intent.METHODS:
                await self.report_requests.send_methods(thread, incoming)
            case Intent.DISPUTE if view.report is None:
                await self.talk(thread, view, incoming, Intent.TALK)
            case Intent.DISPUTE:
                text = disputed_text(incoming.text) or ""
                await self.report_requests.dispute(thread, incoming, text)
            case _:
                await self.report_requests.offer(view, incoming)

    async def _take_late_wish(self, view: RunView, incoming: Incoming) -> None:
        """Deal with a wish after the end."""
        if view.report is None:
            await self.services.responder.say(incoming, ended_message())
        else:
            await self.report_requests.offer(view, incoming, incoming.text)

    async def _may_go_on(
        self, thread: Thread, view: RunView, incoming: Incoming, *, is_of_files: bool
    ) -> bool:
        """Whether a run that was refused for its files goes on with what a reply says of them."""
        if not can_be_described(view):
            return False
        return is_of_files or await self.services.lab.names_shelf(thread.run, incoming.text)

    def _is_restated(self, view: RunView, intent: Intent, incoming: Incoming) -> bool:
        """Whether a task that never got a plan is asked anew."""
        has_failed = view.status is RunStatus.FAILED and view.plan is None
        is_said = intent in (Intent.WISH, Intent.QUESTION) or is_statement(incoming.text)
        return has_failed and (is_said or incoming.is_mention)

    async def _reply_without_run(self, thread: Thread, incoming: Incoming) -> None:
        """Deal with a reply to a task that still waits for its file."""
        if not self.services.access.may_steer(thread, incoming.user):
            return
        if incoming.files:
            await self.new_tasks.begin_again(
                thread, incoming, await _whole_question(thread, incoming)
            )
        elif understand(incoming.text) is Intent.STOP:
            await self.new_tasks.call_off(thread)
        elif incoming.is_mention or understand(incoming.text) is not Intent.TALK:
            said = "I still need a dataset that I can read. Attach it to a reply here."
            await self.services.responder.say(incoming, message(said))

    async def _take_files(self, thread: Thread, view: RunView, incoming: Incoming) -> None:
        """Deal with a file in a reply: the dataset that was missing, or another one."""
        if view.status is RunStatus.WAITING:
            revision = await self.new_tasks.replace_files(thread, incoming)
            await self._tell(thread, incoming, revision)
        elif can_be_described(view):
            await self.new_tasks.go_on_with(thread, incoming, await _said_of_file(incoming))
        elif view.status is RunStatus.FAILED and view.plan is None:
            await self.new_tasks.begin_again(
                thread, incoming, await _whole_question(thread, incoming)
            )
        else:
            is_early = view.plan is None and not view.status.is_final
            said = frozen_reply(view, "") if is_early else FILE_LEFT
            await self.services.responder.say(incoming, message(escape(said)))

    async def _add_owners(self, thread: Thread, incoming: Incoming) -> None:
        """Let more people steer the task."""
        users = tuple(u for u in named_users(incoming.text) if u != self.services.bot_user)
        if not users:
            await self.services.responder.say(incoming, owner_message(users))
            return

        def add(old: Thread) -> Thread:
            owners = tuple(dict.fromkeys((*old.memo.owners, *users)))
            return replace(old, memo=replace(old.memo, owners=owners))

        await self.services.threads.change(thread.place, add)
        await self.services.responder.say(incoming, owner_message(users))


def _meant(understood: Understood, view: RunView) -> Intent | None:
    """Return the command to ask back for: one that the run can still follow."""
    is_waiting = view.status is RunStatus.WAITING and view.plan is not None
    if understood.intent is Intent.ASSENT and is_waiting:
        return Intent.START
    can = {
        Intent.STOP: not view.status.is_final,
        Intent.START: is_waiting,
        Intent.UNDO: is_waiting,
        Intent.RESUME: view.status is RunStatus.FAILED,
        Intent.ADD_OWNER: understood.intent is not Intent.WISH,
    }
    return understood.meant if understood.meant and can.get(understood.meant) else None


async def _is_of_files(view: RunView, incoming: Incoming) -> bool:
    """Whether a message says something of files; a long one is read beside the loop."""
    return bool(await asyncio.to_thread(spoken_of_files, incoming.text, view.datasets))


def _is_waiver(incoming: Incoming) -> bool:
    """Whether somebody sets a check aside, which the lab reads also after the end."""
    asked = read_waivers(incoming.text, UserId(incoming.user))
    return bool(asked.waivers or asked.refusals)


async def _whole_question(thread: Thread, incoming: Incoming) -> str:
    """Return the question with what was said about the new file."""
    return f"{thread.memo.text}\n{await _said_of_file(incoming)}".strip()


async def _said_of_file(incoming: Incoming) -> str:
    """Return what is said of a file that is attached; empty: nothing, as in `here it is`."""
    spoken = await asyncio.to_thread(spoken_of_files, incoming.text)
    is_said = bool(spoken) or is_statement(incoming.text)
    return incoming.text if is_said else ""

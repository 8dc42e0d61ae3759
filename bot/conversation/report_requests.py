"""What people do about a report: another round, its files once more, a dispute."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from agent_core.domain import Report, UserId
from agent_core.run.rounds import dispute_line
from agent_core.run.view import RunView
from bot.blocks.limits import Message, message
from bot.blocks.plan import revision_reply
from bot.blocks.report import Upload, is_there, round_name
from bot.blocks.rounds import (
    NO_REPORT,
    coming_message,
    gone_message,
    offer_message,
    standing_message,
    unsaid_message,
)
from bot.blocks.words import status_message
from bot.conversation.report_history import Told, is_disputed, read_log, told_reports
from bot.delivery.outbox import Fate, PostState
from bot.delivery.sending import Post
from bot.delivery.threads import Thread
from bot.services import Services
from bot.slack.incoming import Incoming


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a report that somebody asks for."""

    kind: str
    """What its posts are called among ours."""
    name: str
    """For people."""
    title: str
    path: Path | None


class ReportRequests:
    """Deals with what is asked after a report."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def offer(self, view: RunView, incoming: Incoming, wish: str = "") -> None:
        """Offer another round of an ended run; its price is seen before it starts."""
        shown = offer_message(view, wish)
        if not view.status.is_final:
            shown = status_message(view) if view.report else message(NO_REPORT)
        await self.services.responder.say(incoming, shown)

    async def improve(self, thread: Thread, incoming: Incoming) -> None:
        """Open another round, and follow the run again."""
        by, wish = UserId(incoming.user), incoming.text
        view = await self.services.lab.view(thread.run)
        newest = None if view.status.is_final or not view.rounds else view.rounds[-1]
        # The same once more: a process ended after the round was opened.
        if newest is None or (newest.by, newest.wish) != (by, wish):
            revision = await self.services.lab.improve(thread.run, wish, by)
            shown = revision_reply(revision)
            if shown is not None:
                await self.services.responder.say(incoming, shown)
        self.services.followers.follow(thread)

    async def dispute(self, thread: Thread, incoming: Incoming, text: str) -> None:
        """Have a report checked again; what came of it is posted from the log."""
        view = await self.services.lab.view(thread.run)
        if view.report is None:
            await self.services.responder.whisper(incoming, message(NO_REPORT))
            return
        if not text:
            await self.services.responder.say(incoming, unsaid_message(view))
            return
        by, said = UserId(incoming.user), dispute_line(text)
        try:
            if is_disputed(await read_log(self.services.lab, thread.run), by, said):
                noted = "You have said this already; what was checked again stands above."
                await self.services.responder.whisper(incoming, message(noted))
            else:
                await self.services.lab.dispute(thread.run, said, by)
        finally:
            # It is noted, and shown, also where there is nothing that could be checked again.
            self.services.followers.follow(thread)

    async def send_zip(self, thread: Thread, incoming: Incoming) -> None:
        """Point to the zip in the thread, or upload it again."""
        told = await self._find_report(thread, incoming)
        if told is not None:
            title = "Results (zip)"
            wanted = Wanted("results", "zip", title, told.report.bundle)
            await self._bring(thread, incoming, told, wanted)

    async def send_methods(self, thread: Thread, incoming: Incoming) -> None:
        """Upload the methods text the first time; afterwards point to it."""
        told = await self._find_report(thread, incoming)
        if told is not None:
            title = "Methods and LaTeX"
            wanted = Wanted("methods", "methods text", title, _methods_of(told.report))
            await self._bring(thread, incoming, told, wanted)

    async def _find_report(self, thread: Thread, incoming: Incoming) -> Told | None:
        """Return the report that a button belongs to, or the newest."""
        reports = told_reports(await read_log(self.services.lab, thread.run))
        if not reports:
            await self.services.responder.whisper(incoming, message(NO_REPORT))
            return None
        seq = incoming.carried.detail
        return next((t for t in reports if str(t.seq) == seq), reports[-1])

    async def _bring(self, thread: Thread, incoming: Incoming, told: Told, wanted: Wanted) -> None:
        """Upload a file, unless a message with it stands in the thread: then say where."""
        for copy in itertools.count(1):
            first = f"{wanted.kind}:{told.seq}"
            key = f"{thread.run}:{first}" if copy == 1 else f"{thread.run}:{first}:{copy}"
            fate = await self.services.outbox.fate(key)
            if fate is None:
                break
            shown = await self._whereabouts(thread, wanted, fate)
            if shown is not None:
                await self.services.responder.whisper(incoming, shown)
                return
        if wanted.path is None or not is_there(wanted.path):
            await self.services.responder.whisper(incoming, gone_message(wanted.name))
            return
        text = f"{wanted.title} of {round_name(thread.run, told.number, copy)}"
        uploads = (Upload(wanted.path, wanted.title),)
        await self.services.outbox.put(Post(key, thread.place, Message(text), uploads, thread.run))

    async def _whereabouts(self, thread: Thread, wanted: Wanted, fate: Fate) -> Message | None:
        """Say where an upload stands; None when it does not."""
        match fate:
            case Fate(PostState.QUEUED):
                return coming_message(wanted.name)
            case Fate(PostState.SENT, ""):
                return standing_message(wanted.name, "")
            case Fate(PostState.SENT, ts):
                link = await self.services.responder.address(thread.place, ts)
                return None if link is None else standing_message(wanted.name, link)
            case _:
                return None


def _methods_of(report: Report) -> Path | None:
    """Return the methods text of a report; older ones have it beside their zip, unnamed."""
    beside = report.bundle.parent / "methods.md" if report.bundle else None
    return report.methods or beside

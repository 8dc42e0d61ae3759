"""Follows runs: what happens becomes posts and cards, from where the thread was told last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from agent_core.domain import RunId, RunStatus, UserId
from agent_core.domain.events import (
    Disputed,
    Logged,
    PlanSet,
    ProtocolFrozen,
    RunFailed,
    RunFinished,
)
from agent_core.errors import AgentError
from agent_core.run.view import RunView, fold
from bot.blocks.card import card
from bot.blocks.limits import Message, without_buttons
from bot.blocks.plan import closed_plan, passed_plan
from bot.blocks.rounds import dispute_note, disputed_report, storage_note
from bot.blocks.text import escape, mention, moment
from bot.delivery.cards import Cards
from bot.delivery.outbox import Outbox
from bot.delivery.sessions import Sessions
from bot.delivery.threads import Thread, Threads
from bot.lab_protocol import LabLike
from bot.progress.posts import posts_of, report_kind

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
AWAY = "⏸️ _The service is being restarted; this task goes on when it is back._"
FRESH = timedelta(days=1)
"""Within this time after its end a run's card is shown anew at the start of a process."""
RESTART_S = 5.0
"""Pause before following goes on after an error."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Where followers tell what happens."""

    outbox: Outbox
    cards: Cards
    threads: Threads
    sessions: Sessions
    now: Now
    cap: float = 0.0
    """What a run may cost at most, dollars."""
    auto_start_s: float = 0.0


class Followers:
    """One task per run that is followed."""

    def __init__(self, lab: LabLike, telling: Telling) -> None:
        self.lab = lab
        self.telling = telling
        self.following: dict[RunId, asyncio.Task[None]] = {}
        self.followers: dict[RunId, Follower] = {}
        self.asked: set[RunId] = set()
        """Runs that were to be followed on while they were: one may be at its end just then."""

    async def begin(self) -> None:
        """Take up all threads: tell what they missed, and repair their cards."""
        for thread in await self.telling.threads.all():
            if not thread.run:
                continue
            try:
                view = await self.lab.view(thread.run)
            except Exception:
                log.exception("a thread's run cannot be read", extra={"run": thread.run})
                continue
            if self._may_be_stale(view, thread):
                self.follow(thread)

    def follow(self, thread: Thread) -> None:
        """Follow a run, if nobody does; one that had ended may have been opened again."""
        known = self.following.get(thread.run)
        self.asked.add(thread.run)
        if known is None or known.done():
            work = self._keep_on(thread)
            self.following[thread.run] = asyncio.create_task(work, name=f"follow {thread.run}")

    async def close(self) -> None:
        """Stop following; the log and the stored positions allow to go on."""
        for task in self.following.values():
            task.cancel()
        await asyncio.gather(*self.following.values(), return_exceptions=True)
        for follower in self.followers.values():
            follower.say_goodbye()

    def _may_be_stale(self, view: RunView, thread: Thread) -> bool:
        """Whether a thread may lack something, be it only the last edit of a process killed."""
        ended = view.finished_at
        is_fresh = ended is not None and self.telling.now() - ended < FRESH
        is_untold = not view.status.is_final or view.seq > thread.last_seq
        return is_untold or is_fresh or bool(view.disputes) or view.is_damaged

    async def _keep_on(self, thread: Thread) -> None:
        """Follow to the end; an error is logged and following goes on."""
        while thread.run in self.asked:
            try:
                self.asked.discard(thread.run)
                follower = Follower(self.lab, self.telling, thread)
                self.followers[thread.run] = follower
                await follower.run()
                del self.followers[thread.run]
            except Exception:
                self.asked.add(thread.run)
                log.exception("following a run goes on after", extra={"run": thread.run})
                await asyncio.sleep(RESTART_S)


class Follower:
    """Follows one run."""

    def __init__(self, lab: LabLike, telling: Telling, thread: Thread) -> None:
        self.lab = lab
        self.telling = telling
        self.thread = thread
        self.view = RunView(thread.run)
        self.head = 0
        """Last event at the beginning; up to it the card is not shown anew."""
        self.plan_keys: list[str] = []
        self.report_key = ""
        """Of the newest report."""
        self.disputers: list[str] = []
        """Who disputes it."""
        self.starting: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Tell event after event, until the run has ended and all of it is told."""
        self.thread = await self.telling.threads.find(self.thread.place) or self.thread
        self.head = (await self.lab.view(self.thread.run)).seq
        try:
            while not (self.view.status.is_final and self.view.seq >= self.head):
                await self.listen()
        finally:
            if self.starting:
                self.starting.cancel()

    async def listen(self) -> None:
        """Take events as they come, until the run is final and all of it is told."""
        events = self.lab.events(self.thread.run, self.view.seq)
        try:
            async for logged in events:
                await self.step(logged)
                if self.view.status.is_final and self.view.seq >= self.head:
                    return
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def step(self, logged: Logged) -> None:
        """Tell one event; what is in the thread already is only folded."""
        before = self.view
        self.view = fold(before.id, [logged], before)
        self._remember(logged)
        # Damage is met again where all was told before; its post has one key and is sent once.
        if logged.seq > self.thread.last_seq or is_damage(logged):
            await self.tell(logged, before)
        if self.view.seq >= self.head:
            self._show_card()
            self._plan_start()
        if isinstance(logged.event, Disputed) or self.view.seq == self.head:
            await self._show_disputes()

    def say_goodbye(self) -> None:
        """Say on the card that the service is away; the next start puts it right."""
        if not self.view.seq or self.view.status.is_final:
            return
        telling, thread = self.telling, self.thread
        note = "\n".join(n for n in (dispute_note(self.disputers), AWAY) if n)
        shown = card(self.view, thread.requester, telling.now(), telling.cap, note)
        bare = replace(shown, blocks=without_buttons(shown.blocks, ""))
        telling.cards.show(thread.card_key, thread.place, partial(_unchanged, bare), is_last=True)

    async def tell(self, logged: Logged, before: RunView) -> None:
        """Queue the posts of an event, then remember that it was told."""
        telling = self.telling
        posts = posts_of(logged, before, self.view, self.thread, telling.cap)
        for post in posts:
            await telling.outbox.put(post)
        is_start = isinstance(logged.event, ProtocolFrozen) and before.freeze is None
        if is_start or self._has_ended_early(before):
            await self._close_plans(logged)
        if isinstance(logged.event, PlanSet):
            await self._pass_plans()
        if self.view.status is not before.status:
            telling.sessions.show(self.thread.place, self.view)
        if posts or self.view.status.is_final:
            await telling.threads.note_told(self.thread, logged.seq)

    def _remember(self, logged: Logged) -> None:
        """Remember which posts an event is about, and who disputes the newest report."""
        match logged.event:
            case PlanSet():
                self.plan_keys.append(f"{self.thread.run}:PlanSet:{logged.seq}")
            case RunFinished():
                self.report_key = f"{self.thread.run}:{report_kind(logged.seq)}"
                self.disputers = []
            case Disputed(by=by):
                self.disputers.append(by)
            case _:
                pass

    def _has_ended_early(self, before: RunView) -> bool:
        """Whether the run has just ended before its start."""
        has_ended = self.view.status.is_final and not before.status.is_final
        return has_ended and self.view.freeze is None

    def _show_card(self) -> None:
        """Bring the card up to date."""
        view, telling, requester = self.view, self.telling, self.thread.requester
        disputes, lab = dispute_note(self.disputers), self.lab

        def render() -> Message:
            # Asked at each edit: while nothing can be stored no event brings it.
            waits = storage_note(lab.storage_trouble if not view.status.is_final else "")
            note = "\n".join(n for n in (disputes, waits) if n)
            return card(view, requester, telling.now(), telling.cap, note)

        is_last = view.status.is_final
        telling.cards.show(self.thread.card_key, self.thread.place, render, is_last=is_last)

    async def _show_disputes(self) -> None:
        """Say in the first line of the newest report who disputes it."""
        report = await self.telling.outbox.message(self.report_key) if self.disputers else None
        if report is not None:
            shown = disputed_report(report, self.disputers)
            place = self.thread.place
            self.telling.cards.show(
                self.report_key, place, partial(_unchanged, shown), is_last=True
            )

    async def _close_plans(self, logged: Logged) -> None:
        """Take the buttons off the plans once the protocol is frozen or the run has ended."""
        freeze = self.view.freeze
        note = f"Not started; ended {moment(logged.at)}."
        if freeze:
            note = (
                f"Plan v{freeze.version} started by {mention(freeze.by)} {moment(logged.at)}; "
                "fixed before any result."
            )
            if freeze.accepted:
                note += f" Not answered, and accepted: {escape('; '.join(freeze.accepted))}."
        for key in self.plan_keys:
            plan = await self.telling.outbox.message(key)
            if plan is not None:
                shown = closed_plan(plan, note)
                place = self.thread.place
                self.telling.cards.show(key, place, partial(_unchanged, shown), is_last=True)

    async def _pass_plans(self) -> None:
        """Take the start off the version before the newest."""
        for key in self.plan_keys[-2:-1]:
            plan = await self.telling.outbox.message(key)
            if plan is not None:
                place, shown = self.thread.place, passed_plan(plan)
                self.telling.cards.show(key, place, partial(_unchanged, shown), is_last=True)

    def _plan_start(self) -> None:
        """Let the run start by itself where that is set and nobody objects in time."""
        if self.starting:
            self.starting.cancel()
            self.starting = None
        plan = self.view.plan
        may_start = (
            self.view.status is RunStatus.WAITING and plan is not None and not plan.open_main
        )
        if self.telling.auto_start_s and may_start:
            self.starting = asyncio.create_task(self._start_later())

    async def _start_later(self) -> None:
        """Start after the configured pause."""
        await asyncio.sleep(self.telling.auto_start_s)
        try:
            await self.lab.start(self.thread.run, UserId(self.thread.requester))
        except AgentError:
            log.exception("could not start by itself", extra={"run": self.thread.run})


def is_damage(logged: Logged) -> bool:
    """Whether an event stands for what cannot be read."""
    return isinstance(logged.event, RunFailed) and logged.event.is_damaged


def _unchanged(message: Message) -> Message:
    """Return a message that does not change."""
    return message

"""Opens the bot over a database and a lab, and closes it in reverse order."""

from __future__ import annotations

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.access import Access
from bot.blocks.rounds import RoundPrice
from bot.conversation.dispatch import Dispatch
from bot.conversation.lanes import lane_of
from bot.conversation.missed_messages import MissedMessages
from bot.delivery.cards import Cards
from bot.delivery.inbox import Inbox
from bot.delivery.outbox import Outbox
from bot.delivery.pacing import Pace
from bot.delivery.replies_to_people import Responder
from bot.delivery.sending import Sender
from bot.delivery.sessions import Sessions
from bot.delivery.threads import Threads
from bot.errors import DataBusy
from bot.lab_protocol import LabLike
from bot.listeners.events import listening_app
from bot.listeners.intake import Intake
from bot.progress.followers import Followers, Telling
from bot.services import Services
from bot.slack.connection import (
    UPLOAD_S,
    Identity,
    api_address,
    check_app_token,
    check_tokens,
    identify,
    is_local,
    watch_connection,
    web_client,
)
from bot.slack.downloads import Downloads
from bot.slack.settings import AccessSettings, Credentials, SlackSettings
from storage.database import Database

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
AGAIN_S = 5.0
"""Pause before a part that failed begins again."""
PING_S = 10.0


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a bot is opened with besides its database and lab."""

    credentials: Credentials
    slack: SlackSettings
    access: AccessSettings
    pace: Pace
    price: RoundPrice
    """What another round of a run may take at most; shown, not enforced here."""
    now: Now


@dataclass(frozen=True, slots=True)
class Bot:
    """The open bot."""

    identity: Identity
    services: Services
    inbox: Inbox
    handler: AsyncSocketModeHandler

    async def is_connected(self) -> bool:
        """Whether Slack can reach us now."""
        return bool(await self.handler.client.is_connected())


DEFAULT_PACE = Pace()
UNSAID = RoundPrice()


@asynccontextmanager
async def open_bot(
    credentials: Credentials,
    slack: SlackSettings,
    access: AccessSettings,
    database: Database,
    lab: LabLike,
    *,
    pace: Pace = DEFAULT_PACE,
    price: RoundPrice = UNSAID,
    now: Now = utc_now,
) -> AsyncIterator[Bot]:
    """Connect to Slack and serve until the block ends.

    Raises
    ------
    SlackUnavailable
        For tokens or scopes that do not do; says which and what to do.
    DataBusy
        When another process serves Slack with the same data folder.
    """
    conditions = Conditions(credentials, slack, access, pace, price, now)
    check_tokens(conditions.credentials)
    async with AsyncExitStack() as stack:
        stack.enter_context(_lock_folder(database.folder))
        client = web_client(conditions.credentials)
        identity = await identify(client)
        await check_app_token(client, conditions.credentials)
        services, inbox, background = _assemble(database, lab, conditions, client, identity)
        for close in background.closes:
            stack.push_async_callback(close)
        intake = Intake(inbox, services.threads, Dispatch(services), identity.user)
        await intake.begin()
        app = listening_app(client, intake, services)
        handler = await stack.enter_async_context(_open_connection(conditions, app))
        missed_messages = MissedMessages(client, lab, services.threads, inbox, identity.user)
        await stack.enter_async_context(
            _run_in_background(
                intake.hand_on,
                services.outbox.serve,
                lambda: watch_connection(
                    handler, client, conditions.pace.watch_s, missed_messages.keep_all
                ),
            )
        )
        await services.followers.begin()
        await missed_messages.keep_all()
        yield Bot(identity, services, inbox, handler)


@dataclass(frozen=True, slots=True)
class Background:
    """What has to be closed, last first."""

    closes: tuple[Callable[[], Awaitable[None]], ...]


def _assemble(
    database: Database,
    lab: LabLike,
    conditions: Conditions,
    client: AsyncWebClient,
    identity: Identity,
) -> tuple[Services, Inbox, Background]:
    """Put the services together."""
    pace, now, slack = conditions.pace, conditions.now, conditions.slack
    uploader = web_client(conditions.credentials, UPLOAD_S)
    sender = Sender(client, uploader, pace, slack.max_upload_mib)
    outbox = Outbox(database, sender, now, pace.retry_s)
    cards = Cards(outbox, sender, pace)
    threads = Threads(database, now)
    sessions = Sessions(client)
    cap = conditions.price.cost
    telling = Telling(outbox, cards, threads, sessions, now, cap, slack.auto_start_s)
    followers = Followers(lab, telling)
    downloads = Downloads(
        client,
        conditions.credentials.bot_token,
        api_address(conditions.credentials),
        database.folder / "incoming",
        slack.max_file_mib,
        slack.max_files,
    )
    services = Services(
        lab,
        threads,
        outbox,
        cards,
        followers,
        Responder(client, outbox),
        Access(conditions.access, client),
        downloads,
        identity.user,
        conditions.price,
    )
    closes = (sessions.close, cards.close, followers.close)
    return services, Inbox(database, now, lane_of, pace.retry_s), Background(closes)


@asynccontextmanager
async def _open_connection(
    conditions: Conditions, app: AsyncApp
) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connect an app over Socket Mode; disconnect at the end."""
    token = conditions.credentials.app_token.get_secret_value()
    handler = AsyncSocketModeHandler(app, token, ping_interval=PING_S)
    if is_local(app.client.base_url):
        handler.client.proxy = None
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _run_in_background(*works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run works in the background; one that fails is logged and begins again."""
    tasks = [asyncio.create_task(_keep_running(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_running(work: Callable[[], Awaitable[None]]) -> None:
    """Run a work for ever."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a part of the bot failed and begins again")
            await asyncio.sleep(AGAIN_S)


@contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a data folder.

    Raises
    ------
    DataBusy
        When another process holds it.
    """
    path = folder / "bot.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataBusy(
                f"Another process serves Slack with the data in {folder}. Stop it, or set "
                "storage.path to another folder."
            ) from error
        yield

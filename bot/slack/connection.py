"""The connection to Slack: checked at the start, watched ever after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import stamina
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackUnavailable
from bot.slack.calls import Refused, Uncertain, call_slack
from bot.slack.downloads import LOOPBACK
from bot.slack.manifest import NEEDED_SCOPES, USEFUL_SCOPES
from bot.slack.settings import Credentials

log = logging.getLogger(__name__)

SLACK_API = "https://slack.com/api/"
CALL_S = 30
UPLOAD_S = 900
ATTEMPTS = 5
TOKEN_HELP = (
    "Check SLACK_BOT_TOKEN (xoxb-…, from OAuth & Permissions of the app) and that the app is "
    "installed in the workspace."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace."""

    user: str
    bot: str
    team: str
    name: str
    workspace: str
    missing: tuple[str, ...] = ()
    """Useful scopes that the token lacks."""


def web_client(credentials: Credentials, timeout_s: int = CALL_S) -> AsyncWebClient:
    """Return a client that repeats nothing by itself: a repeated post would be a double one."""
    address = api_address(credentials)
    client = AsyncWebClient(
        token=credentials.bot_token.get_secret_value(),
        base_url=address,
        timeout=timeout_s,
        retry_handlers=[],
    )
    if is_local(address):
        client.proxy = None
    return client


def api_address(credentials: Credentials) -> str:
    """Return the base address of the Web API, with its slash."""
    return f"{(credentials.api_url or SLACK_API).rstrip('/')}/"


def is_local(address: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(address).hostname in LOOPBACK


def check_tokens(credentials: Credentials) -> None:
    """Refuse tokens that cannot be right.

    Raises
    ------
    SlackUnavailable
        Naming the variable that is missing or holds something else.
    """
    for name, token, prefix in (
        ("SLACK_BOT_TOKEN", credentials.bot_token, "xoxb-"),
        ("SLACK_APP_TOKEN", credentials.app_token, "xapp-"),
    ):
        value = token.get_secret_value()
        if not value:
            raise SlackUnavailable(f"{name} is not set; it begins with {prefix}.")
        if not value.startswith(prefix):
            raise SlackUnavailable(f"{name} is not a token of the right kind ({prefix}…).")


async def identify(client: AsyncWebClient) -> Identity:
    """Ask Slack who we are and what we may.

    Raises
    ------
    SlackUnavailable
        For a token that Slack refuses, missing scopes (named), or no connection.
    """
    answer = await _first_answer(client)
    scopes = answer.headers.get("x-oauth-scopes")
    has = {s.strip() for s in scopes.split(",")} if scopes else None
    lacking = {s: why for s, why in NEEDED_SCOPES.items() if has is not None and s not in has}
    if lacking:
        listed = ", ".join(f"{scope} ({why})" for scope, why in lacking.items())
        raise SlackUnavailable(
            f"The app lacks scopes: {listed}. Add them under OAuth & Permissions, reinstall the "
            "app, and use the new token."
        )
    missing = tuple(s for s in USEFUL_SCOPES if has is not None and s not in has)
    if missing:
        log.warning("scopes are missing, some things will not work", extra={"scopes": missing})
    return Identity(
        user=str(answer["user_id"]),
        bot=str(answer.get("bot_id") or ""),
        team=str(answer["team_id"]),
        name=str(answer.get("user") or ""),
        workspace=str(answer.get("team") or ""),
        missing=missing,
    )


async def check_app_token(client: AsyncWebClient, credentials: Credentials) -> None:
    """Try the app-level token before Socket Mode retries it for ever in silence.

    Raises
    ------
    SlackUnavailable
        When Slack refuses it.
    """
    token = credentials.app_token.get_secret_value()
    try:
        await call_slack(lambda: client.apps_connections_open(app_token=token))
    except Refused as error:
        raise _app_token_refused(error.code) from error
    except Uncertain as error:
        if error.is_token_refused:
            raise _app_token_refused(str(error)) from error
        log.warning("Socket Mode is not to be had yet", extra={"why": str(error)})


async def watch_connection(
    handler: AsyncSocketModeHandler,
    client: AsyncWebClient,
    every_s: float,
    after_gap: Callable[[], Awaitable[None]],
) -> None:
    """Reconnect when the socket looks dead although Slack answers; for ever.

    The library reconnects by itself too. Whoever made a new session, it ends a gap in which
    Slack had nobody to tell what was said.
    """
    told = handler.client.current_session
    while True:
        await asyncio.sleep(every_s)
        try:
            await call_slack(client.auth_test)
        except (Refused, Uncertain) as error:
            log.warning("Slack does not answer", extra={"why": str(error)})
            continue
        try:
            if not await handler.client.is_connected():
                log.warning("the connection looks dead; connecting anew")
                # Not by force: that opens a second session beside one that the library opens.
                await handler.client.connect_to_new_endpoint()
            session = handler.client.current_session
            if session is not told:
                await after_gap()
                told = session
        except Exception:
            log.exception("could not connect anew; trying again soon")


async def _first_answer(client: AsyncWebClient) -> Any:
    """Call auth.test, a few times while the network or Slack is not there yet."""
    try:
        async for attempt in stamina.retry_context(on=Uncertain, attempts=ATTEMPTS, timeout=60):
            with attempt:
                return await _answer_or_refusal(client)
    except Uncertain as error:
        raise SlackUnavailable(
            f"Slack does not answer at {client.base_url} ({error}). Check the network and "
            "SLACK_API_URL."
        ) from error
    raise SlackUnavailable("Slack does not answer.")


async def _answer_or_refusal(client: AsyncWebClient) -> Any:
    """Call auth.test once; a refused token is final."""
    try:
        return await call_slack(client.auth_test)
    except Refused as error:
        said = f"Slack refuses the bot token ({error.code}). {TOKEN_HELP}"
        raise SlackUnavailable(said) from error
    except Uncertain as error:
        if error.is_token_refused:
            said = f"Slack refuses the bot token: {error}. {TOKEN_HELP}"
            raise SlackUnavailable(said) from error
        raise


def _app_token_refused(why: str) -> SlackUnavailable:
    """Return what to do about an app-level token that Slack refuses."""
    return SlackUnavailable(
        f"Slack refuses the app-level token ({why}). Check SLACK_APP_TOKEN (xapp-…, Basic "
        "Information, App-Level Tokens, scope connections:write) and that Socket Mode is on."
    )

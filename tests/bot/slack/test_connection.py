"""The bot refuses to start with words where it cannot work."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from patience import PATIENCE_S
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.errors import SlackUnavailable
from bot.slack.connection import check_tokens, identify, watch_connection, web_client
from bot.slack.settings import Credentials
from bot.workspace.rules import BOT_SCOPES, Rules
from bot.workspace.server import open_workspace


def credentials(workspace):
    tokens = SecretStr(workspace.bot_token), SecretStr(workspace.app_token)
    return Credentials(*tokens, workspace.api_url)


async def test_it_knows_who_it_is():
    async with open_workspace() as workspace:
        identity = await identify(web_client(credentials(workspace)))

    assert identity.user == workspace.bot_user
    assert identity.missing == ()


async def test_a_wrong_token_is_refused_with_what_to_check():
    async with open_workspace() as workspace:
        wrong = replace(credentials(workspace), bot_token=SecretStr("xoxb-wrong"))

        with pytest.raises(SlackUnavailable, match=r"invalid_auth.*SLACK_BOT_TOKEN"):
            await identify(web_client(wrong))


async def test_missing_scopes_are_named_with_their_use():
    scopes = tuple(s for s in BOT_SCOPES if s != "files:read")
    async with open_workspace(rules=Rules(scopes=scopes)) as workspace:
        with pytest.raises(SlackUnavailable, match=r"files:read \(to read attached datasets\)"):
            await identify(web_client(credentials(workspace)))


async def test_useful_scopes_may_be_missing():
    scopes = tuple(s for s in BOT_SCOPES if s != "reactions:write")
    async with open_workspace(rules=Rules(scopes=scopes)) as workspace:
        identity = await identify(web_client(credentials(workspace)))

    assert identity.missing == ("reactions:write",)


@pytest.mark.parametrize(
    ("bot_token", "app_token", "said"),
    [
        ("", "xapp-1", "SLACK_BOT_TOKEN is not set"),
        ("xoxp-1", "xapp-1", "right kind"),
        ("xoxb-1", "", "SLACK_APP_TOKEN is not set"),
        ("xoxb-1", "xoxb-1", "SLACK_APP_TOKEN is not a token"),
    ],
)
def test_tokens_of_the_wrong_kind_are_refused(bot_token, app_token, said):
    with pytest.raises(SlackUnavailable, match=said):
        check_tokens(Credentials(SecretStr(bot_token), SecretStr(app_token)))


async def test_a_session_that_the_library_made_by_itself_ends_a_gap_too():
    async with open_workspace() as workspace:
        client = web_client(credentials(workspace))
        handler = AsyncSocketModeHandler(AsyncApp(client=client), workspace.app_token)
        handler.client.proxy = None
        await handler.connect_async()
        is_read = asyncio.Event()

        async def read_what_was_missed():
            is_read.set()

        watching = asyncio.create_task(
            watch_connection(handler, client, 0.02, read_what_was_missed)
        )
        await asyncio.sleep(0.2)
        assert not is_read.is_set()
        await handler.client.connect_to_new_endpoint(force=True)
        await asyncio.wait_for(is_read.wait(), PATIENCE_S)
        watching.cancel()
        await handler.close_async()

"""The bot refuses to start with words where it cannot work, and knows its manifest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.errors import SlackUnavailable
from bot.listeners.commands import COMMAND
from bot.listeners.events import SUBSCRIBED
from bot.slack.connection import api_address, check_tokens, identify, web_client
from bot.slack.downloads import Downloads
from bot.slack.manifest import EVENTS, NEEDED_SCOPES, manifest
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


def test_every_subscribed_event_has_a_listener():
    events = manifest()["settings"]["event_subscriptions"]["bot_events"]

    assert {e.partition(".")[0] for e in events} <= set(SUBSCRIBED)
    assert tuple(events) == EVENTS


def test_the_manifest_asks_for_what_is_needed():
    shown = manifest("Lab")

    assert set(NEEDED_SCOPES) <= set(shown["oauth_config"]["scopes"]["bot"])
    assert shown["features"]["slash_commands"][0]["command"] == COMMAND
    assert len(shown["features"]["agent_view"]["agent_description"]) <= 300
    assert len(shown["display_information"]["long_description"]) >= 174
    assert len(shown["display_information"]["description"]) <= 140


@pytest.mark.parametrize(
    ("api_url", "url", "is_trusted"),
    [
        ("", "https://files.slack.com/x", True),
        ("", "https://evil-slack.com/x", False),
        ("", "https://slack.com.evil.org/x", False),
        ("", "http://files.slack.com/x", False),
        ("", "https://user@slack.com:443/x", True),
        ("http://127.0.0.1:9/api", "http://127.0.0.1:9/files/x", True),
        ("http://127.0.0.1:9/api", "http://localhost:9/files/x", True),
        ("http://127.0.0.1:9/api", "http://127.0.0.1:10/files/x", False),
        ("http://127.0.0.1:9/api", "https://files.slack.com/x", False),
        ("", "http://127.0.0.1:9/x", False),
    ],
)
def test_the_token_goes_to_known_hosts_only(tmp_path, api_url, url, is_trusted):
    given = Credentials(SecretStr("xoxb-1"), SecretStr("xapp-1"), api_url)
    downloads = Downloads(web_client(given), given.bot_token, api_address(given), tmp_path)

    assert downloads.is_trusted(url) is is_trusted

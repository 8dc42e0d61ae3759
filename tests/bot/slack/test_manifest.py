"""The manifest names all that the bot needs and listens to."""

from __future__ import annotations

from bot.listeners.commands import COMMAND
from bot.listeners.events import SUBSCRIBED
from bot.slack.manifest import EVENTS, NEEDED_SCOPES, app_manifest


def test_every_subscribed_event_has_a_listener():
    events = app_manifest()["settings"]["event_subscriptions"]["bot_events"]

    assert {e.partition(".")[0] for e in events} <= set(SUBSCRIBED)
    assert tuple(events) == EVENTS


def test_the_manifest_asks_for_what_is_needed():
    shown = app_manifest("Lab")

    assert set(NEEDED_SCOPES) <= set(shown["oauth_config"]["scopes"]["bot"])
    assert shown["features"]["slash_commands"][0]["command"] == COMMAND
    assert len(shown["features"]["agent_view"]["agent_description"]) <= 300
    assert len(shown["display_information"]["long_description"]) >= 174
    assert len(shown["display_information"]["description"]) <= 140

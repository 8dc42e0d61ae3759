"""The payloads that Slack sends: events, interactions and commands."""

from __future__ import annotations

from bot.workspace.rules import Json
from bot.workspace.state import APP, BOT_USER, TEAM, Channel

TEAM_DOMAIN = "local-lab"
TEAM_NAME = "Local Lab"


def envelope(event: Json, event_id: str, at: int) -> Json:
    """Wrap an event as the Events API does."""
    authorization = {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "not-used-any-more",
        "team_id": TEAM,
        "enterprise_id": None,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at,
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def message_event(message: Json, channel: Channel) -> Json:
    """Return the `message` event of a new message."""
    return {
        **wire(message),
        "channel": channel.id,
        "channel_type": channel.kind,
        "event_ts": message["ts"],
    }


def mention_event(message: Json, channel: Channel) -> Json:
    """Return the `app_mention` event of a new message."""
    fields = {key: value for key, value in wire(message).items() if key not in {"subtype"}}
    return {**fields, "type": "app_mention", "channel": channel.id, "event_ts": message["ts"]}


def changed_event(before: Json, after: Json, channel: Channel, ts: str) -> Json:
    """Return the `message_changed` event of an edit."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": wire(after),
        "previous_message": wire(before),
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": ts,
        "event_ts": ts,
    }


def deleted_event(message: Json, channel: Channel, ts: str) -> Json:
    """Return the `message_deleted` event."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": message["ts"],
        "previous_message": wire(message),
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": ts,
        "event_ts": ts,
    }


def wire(message: Json) -> Json:
    """Return a message as events carry it: without what only answers of the Web API have."""
    return {key: value for key, value in message.items() if key != "reactions"}


def parties(user: Json) -> Json:
    """Return what every interaction says about who and where."""
    return {
        "user": {
            "id": user["id"],
            "username": user["name"],
            "name": user["name"],
            "team_id": TEAM,
        },
        "api_app_id": APP,
        "token": "not-used-any-more",
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_container(message: Json, channel: Channel, *, is_ephemeral: bool) -> Json:
    """Return where a pressed button stands."""
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": is_ephemeral,
    }
    return container | ({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {})


def public_channel(channel: Channel, user: str) -> Json:
    """Return a conversation object."""
    shared = {
        "id": channel.id,
        "created": 1_700_000_000,
        "is_im": channel.is_im,
        "is_archived": channel.is_archived,
        "is_ext_shared": False,
        "is_shared": False,
        "is_org_shared": False,
        "context_team_id": TEAM,
    }
    if channel.is_im:
        return {**shared, "user": channel.user, "is_user_deleted": False, "priority": 0}
    return {
        **shared,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_member": user in channel.members,
        "is_general": channel.name == "general",
        "creator": "U0ADMINIST1",
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.topic, "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }

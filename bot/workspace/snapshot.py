"""What one user sees when the page opens."""

from __future__ import annotations

from bot.workspace.people import People
from bot.workspace.rules import Json
from bot.workspace.state import BOT_USER, Channel


def snapshot(people: People, user: str) -> Json:
    """Return everything a user may see."""
    state = people.team.state
    state.direct(user)
    channels = [channel for channel in state.channels.values() if _is_visible(channel, user)]
    sessions = [
        {"channel": key.split(":")[0], "thread_ts": key.split(":")[1]}
        | {"status": session.status, "title": session.title}
        for key, session in state.sessions.items()
    ]
    return {
        "kind": "state",
        "user": user,
        "bot": BOT_USER,
        "users": list(state.users.values()),
        "channels": [_shown(channel, user) for channel in channels],
        "ephemerals": state.ephemerals.get(user, []),
        "view": people.modals.top(user),
        "home": state.homes.get(user),
        "sessions": sessions,
        "statuses": list(people.team.statuses.values()),
        "prompts": list(state.prompts.values()),
    }


def _is_visible(channel: Channel, user: str) -> bool:
    """Say whether a user may see a channel."""
    return user in channel.members or channel.kind == "channel"


def _shown(channel: Channel, user: str) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "kind": channel.kind,
        "is_archived": channel.is_archived,
        "is_member": user in channel.members,
        "members": channel.members,
        "messages": list(channel.messages.values()) if user in channel.members else [],
    }

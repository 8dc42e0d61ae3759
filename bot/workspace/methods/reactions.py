"""`reactions.*`."""

from __future__ import annotations

import re

from bot.workspace.call import ApiCall, Method
from bot.workspace.errors import ApiError
from bot.workspace.rules import Json
from bot.workspace.state import Channel

NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def add_reaction(call: ApiCall) -> Json:
    """Add a reaction to a message."""
    call.team.react(*_target(call), _name(call), call.caller.user)
    return {}


def remove_reaction(call: ApiCall) -> Json:
    """Take one's reaction back."""
    call.team.unreact(*_target(call), _name(call), call.caller.user)
    return {}


def read_reactions(call: ApiCall) -> Json:
    """Return a message with its reactions."""
    channel, message = _target(call)
    return {"type": "message", "channel": channel.id, "message": message}


def _target(call: ApiCall) -> tuple[Channel, Json]:
    channel = call.channel()
    if not call.is_member(channel):
        raise ApiError("not_in_channel")
    return channel, call.state.message(channel.id, call.needed("timestamp"))


def _name(call: ApiCall) -> str:
    name = call.needed("name").strip(":")
    if not NAME.fullmatch(name):
        raise ApiError("invalid_name")
    return name


METHODS = {
    "reactions.add": Method(add_reaction, 3, ("reactions:write",)),
    "reactions.remove": Method(remove_reaction, 2, ("reactions:write",)),
    "reactions.get": Method(read_reactions, 3, ("reactions:read",)),
}

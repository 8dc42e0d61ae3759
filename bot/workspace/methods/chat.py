"""`chat.*`: posting, editing and deleting messages."""

from __future__ import annotations

import json

from bot.workspace.call import ApiCall, Method
from bot.workspace.errors import ApiError
from bot.workspace.limits import METADATA, POST_TEXT, UPDATE_TEXT, accept_blocks, with_ids
from bot.workspace.rules import Json
from bot.workspace.state import APP, BOT, BOT_USER, Channel


def post_message(call: ApiCall) -> Json:
    """Post to a channel, a thread, or (by user id) a direct conversation."""
    channel = _target(call)
    fields = _content(call)
    text = fields["text"]
    if len(text) > POST_TEXT:
        fields["text"] = text[:POST_TEXT]
        call.warnings.append("message_truncated")
    if call.text("thread_ts"):
        fields["thread_ts"] = call.text("thread_ts")
        if call.flag("reply_broadcast"):
            fields["subtype"] = "thread_broadcast"
    message = call.team.add_message(channel, call.caller.user, fields)
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def update_message(call: ApiCall) -> Json:
    """Edit a message of one's own; what is not given stays."""
    channel = call.channel()
    message = call.state.message(channel.id, call.needed("ts"))
    if message["user"] != call.caller.user:
        raise ApiError("cant_update_message")
    if channel.is_archived:
        raise ApiError("is_archived")
    if len(call.text("text")) > UPDATE_TEXT:
        raise ApiError("msg_too_long")
    has_blocks = "blocks" in call.args or bool(call.text("markdown_text"))
    is_metadata_only = not has_blocks and "text" not in call.args and "metadata" in call.args
    fields = _content(call, may_be_empty=is_metadata_only)
    if is_metadata_only or (has_blocks and "text" not in call.args):
        fields.pop("text")
    if not has_blocks and "text" in call.args and call.caller.is_bot:
        message.pop("blocks", None)
    call.team.change_message(channel, message, fields, call.caller.user)
    text = message["text"]
    return {"channel": channel.id, "ts": message["ts"], "text": text, "message": message}


def delete_message(call: ApiCall) -> Json:
    """Delete a message of one's own."""
    channel = call.channel()
    message = call.state.message(channel.id, call.needed("ts"))
    if message["user"] != call.caller.user:
        raise ApiError("cant_delete_message")
    call.team.delete_message(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(call: ApiCall) -> Json:
    """Show a message to one member only."""
    channel = _target(call)
    user = call.state.user(call.needed("user"))["id"]
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    fields = _content(call)
    if call.text("thread_ts"):
        call.team.root(channel, call.text("thread_ts"))
        fields["thread_ts"] = call.text("thread_ts")
    return {"message_ts": call.team.add_ephemeral(channel, user, fields)["ts"]}


def permalink(call: ApiCall) -> Json:
    """Return the address of a message on the page."""
    channel = call.channel()
    message = call.state.message(channel.id, call.needed("message_ts"))
    return {"channel": channel.id, "permalink": _link_to(call.team.base_url, channel, message)}


def auth_test(call: ApiCall) -> Json:
    """Say who the token belongs to."""
    user = call.state.user(call.caller.user)
    identity: Json = {
        "url": f"{call.team.base_url}/",
        "team": "Local Lab",
        "user": user["name"],
        "team_id": user["team_id"],
        "user_id": user["id"],
        "is_enterprise_install": False,
    }
    return identity | ({"bot_id": BOT, "app_id": APP} if user["id"] == BOT_USER else {})


def _target(call: ApiCall) -> Channel:
    """Return where to post; a user id opens the direct conversation."""
    name = call.needed("channel")
    if name in call.state.users:
        user = name if call.caller.is_bot else call.caller.user
        return call.state.direct(user)
    channel = call.channel()
    if not call.is_member(channel):
        if call.caller.is_bot and "chat:write.public" in call.team.rules.scopes:
            return channel
        raise ApiError("not_in_channel")
    return channel


def _content(call: ApiCall, *, may_be_empty: bool = False) -> Json:
    """Return the text, blocks and metadata of a call, checked."""
    fields: Json = {"text": call.text("text")}
    markdown = call.text("markdown_text")
    if markdown and (call.args.get("blocks") or fields["text"]):
        raise ApiError("markdown_text_conflict")
    if markdown:
        fields["blocks"] = accept_blocks([{"type": "markdown", "text": markdown}])
        fields["text"] = markdown[:UPDATE_TEXT]
    if call.args.get("blocks"):
        fields["blocks"] = with_ids(accept_blocks(call.args["blocks"]))
    elif "blocks" in call.args and not markdown:
        fields["blocks"] = []
    if call.args.get("metadata"):
        fields["metadata"] = _metadata(call)
    if not may_be_empty and not fields["text"] and not fields.get("blocks"):
        raise ApiError("no_text")
    return fields


def _metadata(call: ApiCall) -> Json:
    """Return the metadata of a message, checked."""
    value = call.args["metadata"]
    if not isinstance(value, dict) or not value.get("event_type"):
        raise ApiError("invalid_metadata_format")
    if not isinstance(value.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(value)) > METADATA:
        raise ApiError("metadata_too_large")
    return value


def _link_to(base_url: str, channel: Channel, message: Json) -> str:
    """Return the address of a message."""
    address = f"{base_url}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    thread = message.get("thread_ts")
    return f"{address}?thread_ts={thread}&cid={channel.id}" if thread else address


METHODS = {
    "auth.test": Method(auth_test, 0),
    "chat.postMessage": Method(post_message, 0, ("chat:write",), is_post=True),
    "chat.update": Method(update_message, 3, ("chat:write",)),
    "chat.delete": Method(delete_message, 3, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, 4, ("chat:write",)),
    "chat.getPermalink": Method(permalink, 0),
}

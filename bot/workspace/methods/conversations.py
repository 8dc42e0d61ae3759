"""`conversations.*`, `users.*`, `team.info`, `bots.info`: reading what is there."""

from __future__ import annotations

from bot.workspace.call import ApiCall, Method, cursor_data, history_scope, need_scope, read_scope
from bot.workspace.errors import ApiError
from bot.workspace.events import TEAM_DOMAIN, TEAM_NAME, public_channel
from bot.workspace.rules import Json
from bot.workspace.state import APP, BOT, BOT_USER, TEAM, Channel

KIND_NAMES = {"channel": "public_channel", "group": "private_channel", "im": "im"}


def channel_info(call: ApiCall) -> Json:
    """Describe one conversation."""
    channel = call.channel()
    need_scope(call, read_scope(channel))
    return {"channel": public_channel(channel, call.caller.user)}


def list_all(call: ApiCall) -> Json:
    """List the conversations that the caller can see."""
    return _listed(call, only_own=False)


def list_own(call: ApiCall) -> Json:
    """List the conversations that the caller is in."""
    return _listed(call, only_own=True)


def members(call: ApiCall) -> Json:
    """List who is in a conversation."""
    channel = call.channel()
    need_scope(call, read_scope(channel))
    found, following = call.page(channel.members)
    return {"members": found, **cursor_data(following)}


def join_channel(call: ApiCall) -> Json:
    """Enter a public channel."""
    channel = call.channel()
    if channel.kind != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    if call.is_member(channel):
        call.warnings.append("already_in_channel")
    else:
        channel.members.append(call.caller.user)
        call.team.hub.publish("reload", {})
        call.team.journal.notify()
    return {"channel": public_channel(channel, call.caller.user)}


def open_direct(call: ApiCall) -> Json:
    """Open the direct conversation of the bot and a user."""
    if call.text("channel"):
        return {"channel": public_channel(call.channel(), call.caller.user)}
    users = call.words("users")
    if len(users) != 1:
        raise ApiError("not_enough_users" if not users else "too_many_users")
    user = call.state.user(users[0])["id"]
    channel = call.state.direct(call.caller.user if user == BOT_USER else user)
    return {"no_op": True, "already_open": True, "channel": {"id": channel.id}}


def history(call: ApiCall) -> Json:
    """Return the messages of a channel, newest first, without replies."""
    channel = _readable(call)
    roots = [
        message
        for message in reversed(channel.messages.values())
        if "thread_ts" not in message or message.get("subtype") == "thread_broadcast"
    ]
    messages, following = call.page(_within(call, roots))
    shown = [_shown(call, channel, message) for message in messages]
    return {"messages": shown, "has_more": bool(following), **cursor_data(following)}


def replies(call: ApiCall) -> Json:
    """Return a thread: its root first, then oldest to newest."""
    channel = _readable(call)
    message = channel.messages.get(call.needed("ts"))
    if message is None:
        raise ApiError("thread_not_found")
    root = channel.messages.get(str(message.get("thread_ts", message["ts"])))
    if root is None:
        raise ApiError("thread_not_found")
    found = _within(call, channel.replies(root["ts"]))
    answers, following = call.page(found, 1000)
    shown = [_shown(call, channel, item) for item in [root, *answers]]
    return {"messages": shown, "has_more": bool(following), **cursor_data(following)}


def user_info(call: ApiCall) -> Json:
    """Describe one user."""
    return {"user": call.state.user(call.needed("user"))}


def user_list(call: ApiCall) -> Json:
    """List everybody."""
    found, following = call.page(list(call.state.users.values()))
    return {"members": found, "cache_ts": call.team.clock.wall(), **cursor_data(following)}


def team_info(call: ApiCall) -> Json:
    """Describe the workspace."""
    address = f"{call.team.base_url}/"
    team = {"id": TEAM, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "url": address, "icon": {}}
    return {"team": team}


def bot_info(call: ApiCall) -> Json:
    """Describe the bot."""
    if call.text("bot") not in {"", BOT}:
        raise ApiError("bot_not_found")
    name = call.state.users[BOT_USER]["real_name"]
    bot: Json = {"id": BOT, "deleted": False, "name": name, "app_id": APP, "user_id": BOT_USER}
    return {"bot": bot | {"updated": 0, "icons": {}}}


def _listed(call: ApiCall, *, only_own: bool) -> Json:
    kinds = call.words("types") or ["public_channel"]
    found = [
        public_channel(channel, call.caller.user)
        for channel in call.state.channels.values()
        if KIND_NAMES[channel.kind] in kinds
        and (call.is_member(channel) or (channel.kind == "channel" and not only_own))
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    channels, following = call.page(found)
    return {"channels": channels, **cursor_data(following)}


def _readable(call: ApiCall) -> Channel:
    channel = call.channel()
    need_scope(call, history_scope(channel))
    if not call.is_member(channel):
        raise ApiError("not_in_channel")
    return channel


def _within(call: ApiCall, messages: list[Json]) -> list[Json]:
    oldest, latest = call.text("oldest") or "0", call.text("latest") or "9999999999"
    edge = call.flag("inclusive")
    low, high = float(oldest), float(latest)
    return [
        message
        for message in messages
        if low < float(message["ts"]) < high or (edge and float(message["ts"]) in (low, high))
    ]


def _shown(call: ApiCall, channel: Channel, message: Json) -> Json:
    shown = call.team.api_message(channel, message)
    if call.flag("include_all_metadata"):
        return shown
    return {key: value for key, value in shown.items() if key != "metadata"}


METHODS = {
    "conversations.info": Method(channel_info, 3),
    "conversations.list": Method(list_all, 2, ("channels:read",)),
    "users.conversations": Method(list_own, 3, ("channels:read",)),
    "conversations.members": Method(members, 4),
    "conversations.join": Method(join_channel, 3, ("channels:join",)),
    "conversations.open": Method(open_direct, 3, ("im:write",)),
    "conversations.history": Method(history, 3),
    "conversations.replies": Method(replies, 3),
    "users.info": Method(user_info, 4, ("users:read",)),
    "users.list": Method(user_list, 2, ("users:read",)),
    "team.info": Method(team_info, 3, ("team:read",)),
    "bots.info": Method(bot_info, 3, ("users:read",)),
}

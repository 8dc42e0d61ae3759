"""The team: what can happen in a workspace, whoever does it, and who is told."""

from __future__ import annotations

import copy
import secrets
from dataclasses import dataclass, field

from bot.workspace.clock import Clock
from bot.workspace.errors import ApiError
from bot.workspace.events import (
    changed_event,
    deleted_event,
    envelope,
    mention_event,
    message_event,
)
from bot.workspace.faults import Faults
from bot.workspace.hub import Hub
from bot.workspace.rules import Json, Rules
from bot.workspace.socket_mode import SocketMode
from bot.workspace.state import APP, BOT, BOT_USER, TEAM, Channel, State
from bot.workspace.texts import mentions, rich_text
from bot.workspace.traffic import Traffic

SUBSCRIPTION = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
EVENT_SCOPE = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "file_shared": "files:read",
}


@dataclass(slots=True)
class Team:
    """The state with everything that reacts to a change of it."""

    state: State
    clock: Clock
    rules: Rules
    faults: Faults
    journal: Traffic
    socket: SocketMode
    hub: Hub
    base_url: str = ""
    statuses: dict[tuple[str, str], Json] = field(default_factory=dict)

    def emit(self, event: Json, subscription: str) -> None:
        """Send an event to the bot, if it subscribed and may read it."""
        scope = EVENT_SCOPE.get(subscription, "")
        if subscription not in self.rules.subscriptions:
            return
        if scope and scope not in self.rules.scopes:
            return
        # Unique in the world, as Slack's: a data folder outlives workspaces and tells them by it.
        event_id = f"Ev{secrets.token_hex(8).upper()}"
        self.socket.deliver_event(envelope(event, event_id, self.clock.wall()))

    def add_message(self, channel: Channel, user: str, fields: Json) -> Json:
        """Post a message: keep it, show it, send its events."""
        if channel.is_archived:
            raise ApiError("is_archived")
        thread_ts = str(fields.get("thread_ts") or "")
        ts = self.clock.ts()
        message: Json = {"type": "message", "user": user, "ts": ts, "team": TEAM, "text": ""}
        message |= fields
        if thread_ts:
            message |= {"parent_user_id": self.root(channel, thread_ts)["user"]}
        else:
            message.pop("thread_ts", None)
        if user == BOT_USER:
            message |= {"bot_id": BOT, "app_id": APP, "bot_profile": self.bot_profile()}
            self.set_status(channel.id, thread_ts or ts, "")
        else:
            message["client_msg_id"] = f"00000000-0000-4000-8000-{ts.replace('.', '')[-12:]}"
            message.setdefault("blocks", rich_text(message["text"], f"b{ts[-6:]}"))
        channel.messages[ts] = message
        self.show(channel, message)
        self._announce(channel, message)
        return message

    def root(self, channel: Channel, thread_ts: str) -> Json:
        """Return the first message of a thread."""
        root = channel.messages.get(thread_ts)
        if root is None:
            raise ApiError("thread_not_found")
        if root.get("thread_ts", thread_ts) != thread_ts:
            raise ApiError("cannot_reply_to_message")
        return root

    def change_message(self, channel: Channel, message: Json, changes: Json, by: str) -> Json:
        """Edit a message in place."""
        before, ts = copy.deepcopy(message), self.clock.ts()
        message |= changes
        message["edited"] = {"user": by, "ts": ts}
        self.show(channel, message)
        if BOT_USER in channel.members:
            event = changed_event(before, copy.deepcopy(message), channel, ts)
            self.emit(event, SUBSCRIPTION[channel.kind])
        newly = not mentions(before["text"], BOT_USER) and mentions(message["text"], BOT_USER)
        if newly and by != BOT_USER and not channel.is_im and BOT_USER in channel.members:
            self.emit(copy.deepcopy(mention_event(message, channel)), "app_mention")
        return message

    def delete_message(self, channel: Channel, message: Json) -> None:
        """Delete a message."""
        channel.messages.pop(message["ts"])
        self.hub.publish("deleted", {"channel": channel.id, "ts": message["ts"]}, channel.members)
        self.journal.notify()
        if BOT_USER in channel.members:
            event = deleted_event(message, channel, self.clock.ts())
            self.emit(event, SUBSCRIPTION[channel.kind])

    def add_ephemeral(self, channel: Channel, user: str, fields: Json) -> Json:
        """Show a message to one user only."""
        message: Json = {"type": "message", "subtype": "ephemeral", "user": BOT_USER}
        message |= {"ts": self.clock.ts(), "bot_id": BOT, "is_ephemeral": True, **fields}
        message |= {"channel": channel.id, "shown_to": user}
        self.state.ephemerals.setdefault(user, []).append(message)
        self.hub.publish("message", {"channel": channel.id, "message": message}, [user])
        self.journal.notify()
        return message

    def react(self, channel: Channel, message: Json, name: str, user: str) -> None:
        """Add a reaction."""
        reactions: list[Json] = message.setdefault("reactions", [])
        found = next((item for item in reactions if item["name"] == name), None)
        if found is None:
            found = {"name": name, "users": [], "count": 0}
            reactions.append(found)
        if user in found["users"]:
            raise ApiError("already_reacted")
        found["users"].append(user)
        found["count"] = len(found["users"])
        self._reacted(channel, message, (name, user, "reaction_added"))

    def unreact(self, channel: Channel, message: Json, name: str, user: str) -> None:
        """Take a reaction back."""
        reactions: list[Json] = message.get("reactions") or []
        found = next((item for item in reactions if item["name"] == name), None)
        if found is None or user not in found["users"]:
            raise ApiError("no_reaction")
        found["users"].remove(user)
        found["count"] = len(found["users"])
        message["reactions"] = [item for item in reactions if item["users"]]
        self._reacted(channel, message, (name, user, "reaction_removed"))

    def set_status(self, channel: str, thread_ts: str, status: str) -> None:
        """Show or clear the short line under a thread."""
        body = {"channel": channel, "thread_ts": thread_ts, "status": status}
        if not status and (channel, thread_ts) not in self.statuses:
            return
        self.statuses[channel, thread_ts] = body
        if not status:
            del self.statuses[channel, thread_ts]
        self.hub.publish("status", body)
        self.journal.notify()

    def show(self, channel: Channel, message: Json) -> None:
        """Tell the pages about a new or changed message."""
        body = {"channel": channel.id, "message": message}
        self.hub.publish("message", body, channel.members)
        self.journal.notify()

    def api_message(self, channel: Channel, message: Json) -> Json:
        """Return a message as the Web API does: a root knows its replies."""
        replies = channel.replies(message["ts"])
        if not replies:
            return message
        users = list(dict.fromkeys(reply["user"] for reply in replies))
        return {
            **message,
            "thread_ts": message["ts"],
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
            "reply_users": users,
            "is_locked": False,
            "subscribed": False,
        }

    def bot_profile(self) -> Json:
        """Return what messages of the bot say about it."""
        name = self.state.users[BOT_USER]["real_name"]
        profile = {"id": BOT, "app_id": APP, "user_id": BOT_USER, "name": name, "team_id": TEAM}
        return {**profile, "deleted": False, "updated": 0, "icons": {}}

    def _announce(self, channel: Channel, message: Json) -> None:
        if BOT_USER not in channel.members:
            return
        is_mention = message["user"] != BOT_USER and mentions(message["text"], BOT_USER)
        is_mention = is_mention and not channel.is_im
        if is_mention and message.get("files") and self.faults.omits_mention_with_files:
            is_mention = False
        events = [(message_event(message, channel), SUBSCRIPTION[channel.kind])]
        if is_mention:
            events.append((mention_event(message, channel), "app_mention"))
        if self.faults.is_mention_first:
            events.reverse()
        for event, subscription in events:
            self.emit(copy.deepcopy(event), subscription)

    def _reacted(self, channel: Channel, message: Json, what: tuple[str, str, str]) -> None:
        name, user, kind = what
        self.show(channel, message)
        event: Json = {"type": kind, "user": user, "reaction": name, "item_user": message["user"]}
        item = {"type": "message", "channel": channel.id, "ts": message["ts"]}
        self.emit({**event, "item": item, "event_ts": self.clock.ts()}, kind)

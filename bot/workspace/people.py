"""What a person does in the workspace: the page and the tests act through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.workspace.elements import (
    action_of,
    elements_of,
    find_element,
    input_complaints,
    view_values,
)
from bot.workspace.errors import ApiError
from bot.workspace.events import TEAM_DOMAIN, message_container, parties, wire
from bot.workspace.filestore import SharedFiles
from bot.workspace.modals import Modals
from bot.workspace.rules import Json
from bot.workspace.state import APP, BOT_USER, TEAM, Channel, StoredFile
from bot.workspace.team import Team
from bot.workspace.texts import message_text, rich_text
from bot.workspace.triggers import Triggers

SILENT = "The app did not answer. Is it running?"


@dataclass(frozen=True, slots=True)
class People:
    """Acts as any user."""

    team: Team
    store: SharedFiles
    modals: Modals
    triggers: Triggers

    def channel(self, channel: str, user: str) -> Channel:
        """Return a channel that the user is in; by id, by name, or `@bot` for the direct one."""
        state = self.team.state
        if channel in {"@bot", BOT_USER}:
            return state.direct(user)
        name = channel.removeprefix("#")
        named = [found for found in state.channels.values() if name and found.name == name]
        found = named[0] if named else state.channel(channel)
        if user not in found.members:
            raise ApiError("not_in_channel")
        return found

    def post(
        self, channel: str, user: str, text: str, thread_ts: str, files: Sequence[StoredFile]
    ) -> Json:
        """Send a message, with files where given."""
        where = self.channel(channel, user)
        fields: Json = {"text": message_text(text, self.team.state.users.values())}
        if thread_ts:
            self.team.root(where, thread_ts)
            fields["thread_ts"] = thread_ts
        if files:
            return self.store.share(list(files), where, user, fields)
        if not text.strip():
            raise ApiError("no_text")
        return self.team.add_message(where, user, fields)

    def edit(self, channel: str, user: str, ts: str, text: str) -> Json:
        """Change a message of one's own."""
        where = self.channel(channel, user)
        message = self.team.state.message(where.id, ts)
        if message["user"] != user:
            raise ApiError("cant_update_message")
        changed = message_text(text, self.team.state.users.values())
        blocks = rich_text(changed, f"b{ts[-6:]}")
        changes = {"text": changed, "blocks": blocks}
        return self.team.change_message(where, message, changes, user)

    def delete(self, channel: str, user: str, ts: str) -> None:
        """Delete a message of one's own."""
        where = self.channel(channel, user)
        message = self.team.state.message(where.id, ts)
        if message["user"] != user:
            raise ApiError("cant_delete_message")
        self.team.delete_message(where, message)

    def react(self, channel: str, user: str, ts: str, name: str) -> None:
        """Add a reaction, or take it back."""
        where = self.channel(channel, user)
        message = self.team.state.message(where.id, ts)
        reactions = message.get("reactions") or []
        has_it = any(item["name"] == name and user in item["users"] for item in reactions)
        change = self.team.unreact if has_it else self.team.react
        change(where, message, name, user)

    async def press(
        self, channel: str, user: str, ts: str, action_id: str, chosen: Any = None
    ) -> bool:
        """Press a button or choose in a menu of a message; False when nobody answered."""
        where = self.channel(channel, user)
        message, is_ephemeral = self._message(where, user, ts)
        block, item = find_element(message.get("blocks") or [], action_id)
        place: dict[str, str | bool] = {"message_ts": ts, "is_ephemeral": is_ephemeral}
        if message.get("thread_ts"):
            place["thread_ts"] = message["thread_ts"]
        ticket = self.triggers.issue_url(where, user, **place)
        payload = {
            **self._interaction("block_actions", user),
            "container": message_container(message, where, is_ephemeral=is_ephemeral),
            "channel": {"id": where.id, "name": where.name or "directmessage"},
            "message": wire(message),
            "state": {"values": {}},
            "response_url": f"{self.team.base_url}/response/{ticket}",
            "actions": [action_of(block, item, chosen, self.team.clock.ts())],
        }
        return await self._ask(payload, user) is not None

    async def press_in_view(self, user: str, view: Json, action_id: str, chosen: Any) -> bool:
        """Press a button in a modal or on the home tab."""
        block, item = find_element(view["blocks"], action_id)
        payload = {
            **self._interaction("block_actions", user, view["id"]),
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
            "actions": [action_of(block, item, chosen, self.team.clock.ts())],
        }
        return await self._ask(payload, user) is not None

    async def submit(self, user: str, given: Mapping[str, Any]) -> dict[str, str]:
        """Submit the modal on top; return the complaints, by block id."""
        view = self.modals.top(user)
        if view is None:
            raise ApiError("not_found")
        view["state"] = {"values": view_values(view, given)}
        errors = input_complaints(view, view["state"]["values"])
        if errors:
            self.modals.show(user, errors)
            return errors
        payload = {**self._interaction("view_submission", user, view["id"])}
        payload |= {"view": view, "response_urls": []}
        answer = await self._ask(payload, user)
        return self._answered(user, view["id"], answer) if answer is not None else {"": SILENT}

    async def close(self, user: str) -> None:
        """Close the modal on top without submitting it."""
        view = self.modals.top(user)
        self.modals.close(user)
        if view is not None and view["notify_on_close"]:
            payload = {**self._interaction("view_closed", user), "view": view}
            await self._ask({**payload, "is_cleared": False}, user)

    async def command(self, channel: str, user: str, command: str, text: str) -> bool:
        """Send a slash command; False when nobody answered."""
        where = self.channel(channel, user)
        ticket = self.triggers.issue_url(where, user)
        payload = {
            "token": "not-used-any-more",
            "team_id": TEAM,
            "team_domain": TEAM_DOMAIN,
            "channel_id": where.id,
            "channel_name": where.name or "directmessage",
            "user_id": user,
            "user_name": self.team.state.user(user)["name"],
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": f"{self.team.base_url}/response/{ticket}",
            "trigger_id": self.triggers.issue(user),
        }
        answer = await self._ask(payload, user, "slash_commands")
        if answer:
            self._show_answer(where, user, answer)
        return answer is not None

    async def shortcut(self, channel: str, user: str, ts: str, callback_id: str) -> bool:
        """Use a message shortcut; False when nobody answered."""
        where = self.channel(channel, user)
        message = self.team.state.message(where.id, ts)
        ticket = self.triggers.issue_url(where, user, message_ts=ts)
        payload = {
            **self._interaction("message_action", user),
            "callback_id": callback_id,
            "action_ts": self.team.clock.ts(),
            "message_ts": ts,
            "message": wire(message),
            "channel": {"id": where.id, "name": where.name or "directmessage"},
            "response_url": f"{self.team.base_url}/response/{ticket}",
        }
        return await self._ask(payload, user) is not None

    def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's home or messages tab."""
        channel = self.team.state.direct(user)
        event: Json = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab}
        view = self.team.state.homes.get(user)
        event |= {"view": view} if view and tab == "home" else {}
        self.team.emit({**event, "event_ts": self.team.clock.ts()}, "app_home_opened")

    def stop_session(self, channel: str, user: str, thread_ts: str) -> None:
        """Press the Stop of an agent's session."""
        where = self.channel(channel, user)
        event = {"type": "agent_session_stopped", "channel": where.id, "user": user}
        event |= {"thread_ts": thread_ts, "event_ts": self.team.clock.ts()}
        self.team.emit({**event, "streaming_message_ts": []}, "agent_session_stopped")

    def answer_url(self, ticket: str, body: Json) -> None:
        """Do what the bot sends to a response address."""
        url = self.triggers.use_url(ticket)
        channel, messages = url.channel, url.channel.messages
        original = messages.get(url.message_ts)
        if body.get("delete_original"):
            if original:
                self.team.delete_message(channel, original)
            self._drop_ephemeral(url.user, url.message_ts)
            return
        fields = {key: body[key] for key in ("text", "blocks") if body.get(key)}
        if not fields:
            raise ApiError("no_text")
        if body.get("replace_original") and original:
            self.team.change_message(channel, original, fields, BOT_USER)
            return
        if body.get("replace_original"):
            self._drop_ephemeral(url.user, url.message_ts)
        fields |= {"thread_ts": url.thread_ts} if url.thread_ts else {}
        self._show_answer_in(channel, url.user, fields, str(body.get("response_type")))

    def _message(self, channel: Channel, user: str, ts: str) -> tuple[Json, bool]:
        for message in self.team.state.ephemerals.get(user, []):
            if message["ts"] == ts:
                return message, True
        return self.team.state.message(channel.id, ts), False

    def _answered(self, user: str, view_id: str, answer: Json) -> dict[str, str]:
        match answer.get("response_action"):
            case "errors":
                errors: dict[str, str] = answer.get("errors") or {}
                self.modals.show(user, errors)
                return errors
            case "update":
                self.modals.update(view_id, answer.get("view"))
            case "push":
                stack = self.team.state.stacks[user]
                self.modals.push(user, answer["view"], stack)
            case "clear":
                self.modals.forget(user)
            case _:
                self.modals.close(user)
        return {}

    def _show_answer(self, channel: Channel, user: str, answer: Json) -> None:
        fields = {key: answer[key] for key in ("text", "blocks") if answer.get(key)}
        if not fields:
            return
        if answer.get("response_type") == "in_channel":
            self.team.add_message(channel, BOT_USER, {"text": "", **fields})
        else:
            self.team.add_ephemeral(channel, user, {"text": "", **fields})

    def _interaction(self, kind: str, user: str, view_id: str = "") -> Json:
        trigger = self.triggers.issue(user, view_id)
        known = parties(self.team.state.user(user))
        return {"type": kind, "trigger_id": trigger, **known}

    async def _ask(self, payload: Json, user: str, kind: str = "interactive") -> Json | None:
        answer = await self.team.socket.ask(kind, payload)
        if answer is None:
            self.team.hub.publish("notice", {"text": SILENT}, [user])
        return answer

    def _show_answer_in(self, channel: Channel, user: str, fields: Json, kind: str) -> None:
        fields = {"text": "", **fields}
        if kind == "in_channel":
            self.team.add_message(channel, BOT_USER, fields)
        else:
            self.team.add_ephemeral(channel, user, fields)

    def _drop_ephemeral(self, user: str, ts: str) -> None:
        kept = [item for item in self.team.state.ephemerals.get(user, []) if item["ts"] != ts]
        self.team.state.ephemerals[user] = kept
        self.team.hub.publish("deleted", {"channel": "", "ts": ts}, [user])


def buttons_of(message: Json) -> dict[str, str]:
    """Return the texts of a message's buttons by action id."""
    return {
        item["action_id"]: item["text"]["text"]
        for _, item in elements_of(message.get("blocks") or [])
        if item["type"] == "button"
    }

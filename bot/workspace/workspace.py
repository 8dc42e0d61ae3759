"""An open workspace: its addresses and tokens, and what a test does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.workspace.call import Caller
from bot.workspace.faults import Faults
from bot.workspace.page_routes import Page
from bot.workspace.people import People, buttons_of
from bot.workspace.ratelimit import Limiter
from bot.workspace.rules import Json
from bot.workspace.state import BOT_USER, Session, State, first_channels
from bot.workspace.traffic import Traffic

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Who may call what; random at every start."""

    bot: str
    app: str
    users: Mapping[str, str]
    signing_secret: str

    def callers(self) -> dict[str, Caller]:
        """Return whom each token belongs to."""
        found = {self.bot: Caller(BOT_USER, "bot"), self.app: Caller(BOT_USER, "app")}
        return found | {token: Caller(user, "user") for user, token in self.users.items()}


@dataclass(frozen=True, slots=True)
class Workspace:
    """The handle that `open_workspace` gives."""

    people: People
    tokens: Tokens
    limiter: Limiter
    page: Page

    @property
    def api_url(self) -> str:
        """The base address of the Web API, as `SLACK_API_URL` and `base_url` want it."""
        return f"{self.people.team.base_url}/api/"

    @property
    def page_url(self) -> str:
        """The address of the page with its key."""
        return f"{self.people.team.base_url}/?key={self.page.key}"

    @property
    def bot_token(self) -> str:
        """The `xoxb-` token."""
        return self.tokens.bot

    @property
    def app_token(self) -> str:
        """The `xapp-` token."""
        return self.tokens.app

    @property
    def user_tokens(self) -> Mapping[str, str]:
        """The `xoxp-` token of every person, by user id."""
        return self.tokens.users

    @property
    def signing_secret(self) -> str:
        """The signing secret of the app."""
        return self.tokens.signing_secret

    @property
    def bot_user(self) -> str:
        """The user id of the bot."""
        return BOT_USER

    @property
    def state(self) -> State:
        """Everything the workspace knows."""
        return self.people.team.state

    @property
    def journal(self) -> Traffic:
        """What passed between bot and workspace."""
        return self.people.team.journal

    @property
    def faults(self) -> Faults:
        """The fault switches."""
        return self.people.team.faults

    @property
    def users(self) -> dict[str, str]:
        """The ids of all users by name: researcher, colleague, admin, guest and the bot."""
        return {user["name"]: key for key, user in self.state.users.items()}

    @property
    def channels(self) -> dict[str, str]:
        """The ids of all channels by name: experiments, general, reading-group, ..."""
        return {channel.name: channel.id for channel in self.state.channels.values()}

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self.people.team.socket.connections)

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point a bot at this workspace."""
        variables = {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }
        names = {user: name for name, user in self.users.items()}
        for user, token in self.user_tokens.items():
            variables[f"SLACK_USER_TOKEN_{names[user].upper()}"] = token
        return variables

    def user(self, user: str) -> str:
        """Return a user's id, given the id or the name."""
        return self.users.get(user, user)

    def post(
        self,
        channel: str,
        user: str,
        text: str,
        thread_ts: str | None = None,
        files: Sequence[Path] = (),
    ) -> Json:
        """Send a message as a person; channel and user by id or name, `@bot` for the direct one.

        Mentions are written `@autoreclab` or `<@U...>`.
        """
        person, store = self.user(user), self.people.store
        kept = [store.keep(person, path.name, path.read_bytes()) for path in files]
        return self.people.post(channel, person, text, thread_ts or "", kept)

    def edit(self, channel: str, user: str, ts: str, text: str) -> Json:
        """Edit a message as a person."""
        return self.people.edit(channel, self.user(user), ts, text)

    def delete(self, channel: str, user: str, ts: str) -> None:
        """Delete a message as a person."""
        self.people.delete(channel, self.user(user), ts)

    async def press(self, ts: str, action_id: str, user: str, chosen: Any = None) -> bool:
        """Press a button of a message; False when the bot did not acknowledge it."""
        person = self.user(user)
        return await self.people.press(self.channel_of(ts), person, ts, action_id, chosen)

    async def press_in_view(self, user: str, action_id: str, chosen: Any = None) -> bool:
        """Press a button in the modal that a user looks at, or else on the home tab."""
        person = self.user(user)
        view = self.view(person) or self.state.homes[person]
        return await self.people.press_in_view(person, view, action_id, chosen)

    async def submit(self, user: str, values: Mapping[str, Any]) -> dict[str, str]:
        """Submit the modal on top; values by block id or action id; returns complaints."""
        return await self.people.submit(self.user(user), values)

    async def close_view(self, user: str) -> None:
        """Close the modal that a user looks at."""
        await self.people.close(self.user(user))

    async def command(self, channel: str, user: str, command: str, text: str = "") -> bool:
        """Send a slash command as a person."""
        return await self.people.command(channel, self.user(user), command, text)

    async def shortcut(self, ts: str, callback_id: str, user: str) -> bool:
        """Use a message shortcut as a person."""
        return await self.people.shortcut(self.channel_of(ts), self.user(user), ts, callback_id)

    def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's home as a person."""
        self.people.open_home(self.user(user), tab)

    def stop_session(self, thread_ts: str, user: str) -> None:
        """Press the native Stop of a thread."""
        self.people.stop_session(self.channel_of(thread_ts), self.user(user), thread_ts)

    def channel_of(self, ts: str) -> str:
        """Return the channel that a message is in."""
        for channel in self.state.channels.values():
            if ts in channel.messages:
                return channel.id
        for messages in self.state.ephemerals.values():
            for message in messages:
                if message["ts"] == ts:
                    return str(message["channel"])
        return ""

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        """Return all messages of a channel, or a thread with its root, oldest first."""
        found = self.state.channel(self.channels.get(channel.removeprefix("#"), channel))
        if thread_ts is None:
            return list(found.messages.values())
        root = found.messages.get(thread_ts)
        return [*([root] if root else []), *found.replies(thread_ts)]

    def from_bot(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        """Return what the bot posted there."""
        return [item for item in self.messages(channel, thread_ts) if item["user"] == BOT_USER]

    def ephemerals(self, user: str) -> list[Json]:
        """Return what only this user was shown."""
        return self.state.ephemerals.get(self.user(user), [])

    def view(self, user: str) -> Json | None:
        """Return the modal that a user looks at."""
        return self.people.modals.top(self.user(user))

    def session(self, channel: str, thread_ts: str) -> Session | None:
        """Return the agent session of a thread."""
        known = self.channels.get(channel, channel)
        return self.state.sessions.get(f"{known}:{thread_ts}")

    def buttons(self, message: Json) -> dict[str, str]:
        """Return the texts of a message's buttons by action id."""
        return buttons_of(message)

    def content(self, file: Json) -> bytes:
        """Return the bytes of a file object."""
        return Path(self.state.file(file["id"]).path).read_bytes()

    async def wait_for(self, predicate: Callable[[], T], timeout_s: float = 60.0) -> T:
        """Wait until the predicate returns something true, and return it."""
        return await self.journal.wait_for(predicate, timeout_s)

    async def drop_connections(self) -> None:
        """Break every Socket Mode connection."""
        await self.people.team.socket.drop()

    async def refresh_connections(self, reason: str = "refresh_requested") -> None:
        """Ask every client to reconnect."""
        await self.people.team.socket.refresh(reason)

    def reset(self) -> None:
        """Forget all messages, files, views and the journal; tokens and connections stay."""
        state = self.state
        state.channels = first_channels()
        for part in (state.files, state.views, state.stacks, state.homes):
            part.clear()
        for rest in (state.sessions, state.prompts, state.ephemerals, state.numbers):
            rest.clear()
        self.journal.clear()
        self.people.team.hub.publish("reload", {})

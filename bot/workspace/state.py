"""What a workspace knows: users, channels, messages, files, views and sessions."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.workspace.errors import ApiError
from bot.workspace.rules import Json

TEAM = "T0LOCALLAB1"
APP = "A0LOCALLAB1"
BOT = "B0LOCALLAB1"
BOT_USER = "U0LOCALBOT1"


@dataclass(slots=True)
class Channel:
    """A channel or a direct conversation, with its messages in order of time."""

    id: str
    name: str
    topic: str = ""
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    user: str = ""
    members: list[str] = field(default_factory=list)
    messages: dict[str, Json] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The `channel_type` that events carry."""
        if self.is_im:
            return "im"
        return "group" if self.is_private else "channel"

    def replies(self, thread_ts: str) -> list[Json]:
        """Return the replies of a thread, oldest first, without the root."""
        return [
            message
            for message in self.messages.values()
            if message.get("thread_ts") == thread_ts and message["ts"] != thread_ts
        ]


@dataclass(slots=True)
class StoredFile:
    """A file object as Slack shows it, and where its bytes lie."""

    info: Json
    path: str
    length: int
    is_received: bool = False
    is_complete: bool = False


@dataclass(slots=True)
class Session:
    """What a thread says an agent is doing."""

    status: str = ""
    title: str = ""


def first_users(bot_name: str) -> dict[str, Json]:
    """Return who is there when a workspace opens."""
    people = (
        _person("U0RESEARCH1", "Researcher"),
        _person("U0COLLEAGUE", "Colleague"),
        _person("U0ADMINIST1", "Admin", is_admin=True, is_owner=True),
        _person("U0GUESTUSR1", "Guest", is_restricted=True),
        _person(BOT_USER, bot_name, is_bot=True),
    )
    return {user["id"]: user for user in people}


def first_channels() -> dict[str, Channel]:
    """Return the channels that are there when a workspace opens."""
    people = ["U0RESEARCH1", "U0COLLEAGUE", "U0ADMINIST1"]
    channels = (
        Channel(
            "C0EXPERIMNT", "experiments", "Ask for an experiment", members=[*people, BOT_USER]
        ),
        Channel("C0GENERAL01", "general", "Everybody", members=[*people, "U0GUESTUSR1", BOT_USER]),
        Channel("C0NOBOTHERE", "reading-group", "The bot is not in here", members=[*people]),
        Channel(
            "C0PRIVATE01",
            "paper-draft",
            "Private, with the bot",
            is_private=True,
            members=["U0RESEARCH1", "U0COLLEAGUE", BOT_USER],
        ),
        Channel("C0ARCHIVED1", "old-project", is_archived=True, members=[*people, BOT_USER]),
    )
    return {channel.id: channel for channel in channels}


@dataclass(slots=True)
class State:
    """Everything, as plain values."""

    folder: Path
    users: dict[str, Json]
    channels: dict[str, Channel] = field(default_factory=first_channels)
    files: dict[str, StoredFile] = field(default_factory=dict)
    views: dict[str, Json] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    prompts: dict[str, Json] = field(default_factory=dict)
    ephemerals: dict[str, list[Json]] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)

    def next_id(self, letter: str) -> str:
        """Return the next id of a kind, such as `F` for files."""
        self.numbers[letter] += 1
        return f"{letter}0{self.numbers[letter]:09d}"

    def channel(self, channel: object) -> Channel:
        """Return a channel by its id."""
        found = self.channels.get(str(channel or ""))
        if found is None:
            raise ApiError("channel_not_found")
        return found

    def user(self, user: object) -> Json:
        """Return a user by id."""
        found = self.users.get(str(user or ""))
        if found is None:
            raise ApiError("user_not_found")
        return found

    def file(self, file: object) -> StoredFile:
        """Return a finished file by its id."""
        found = self.files.get(str(file or ""))
        if found is None or not found.is_complete:
            raise ApiError("file_not_found")
        return found

    def message(self, channel: object, ts: object) -> Json:
        """Return one message."""
        found = self.channel(channel).messages.get(str(ts or ""))
        if found is None:
            raise ApiError("message_not_found")
        return found

    def direct(self, user: str) -> Channel:
        """Return the direct conversation of a user with the bot; opened when missing."""
        for channel in self.channels.values():
            if channel.is_im and channel.user == user:
                return channel
        channel = Channel(self.next_id("D"), "", is_im=True, user=user, members=[user, BOT_USER])
        self.channels[channel.id] = channel
        return channel

    def save(self, base_url: str) -> None:
        """Write the conversation to the state folder."""
        body = {
            "base_url": base_url,
            "channels": [asdict(channel) for channel in self.channels.values()],
            "files": {key: asdict(file) for key, file in self.files.items()},
            "sessions": {key: asdict(session) for key, session in self.sessions.items()},
            "homes": self.homes,
            "numbers": dict(self.numbers),
        }
        draft = self.folder / "workspace.json.new"
        draft.write_text(json.dumps(body), encoding="utf-8")
        draft.replace(self.folder / "workspace.json")

    def load(self, base_url: str) -> None:
        """Read the conversation from the state folder, where there is one.

        Addresses of files are those of an earlier start; they become those of this one.
        """
        path = self.folder / "workspace.json"
        if not path.is_file():
            return
        text = path.read_text(encoding="utf-8")
        body = json.loads(text.replace(json.loads(text)["base_url"], base_url))
        self.channels = {item["id"]: Channel(**item) for item in body["channels"]}
        self.files = {key: StoredFile(**item) for key, item in body["files"].items()}
        self.sessions = {key: Session(**item) for key, item in body["sessions"].items()}
        self.homes = body["homes"]
        for channel in self.channels.values():
            for message in channel.messages.values():
                if "files" in message:
                    ids = [item["id"] for item in message["files"]]
                    message["files"] = [self.files[i].info for i in ids if i in self.files]
        self.numbers = Counter(body["numbers"])


def _person(user: str, name: str, *, is_bot: bool = False, **more: Any) -> Json:
    """Return a user object."""
    handle = name.lower().replace(" ", "")
    return {
        "id": user,
        "team_id": TEAM,
        "name": handle,
        "real_name": name,
        "deleted": False,
        "tz": "Europe/Berlin",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "is_bot": is_bot,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "profile": {
            "display_name": name if is_bot else handle,
            "real_name": name,
            "email": "" if is_bot else f"{handle}@lab.invalid",
            "image_48": "",
        },
        **more,
    }

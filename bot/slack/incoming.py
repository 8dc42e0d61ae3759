"""What Slack delivers, as values of our own: nothing further in knows its payloads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from bot.blocks.buttons import Carried
from bot.blocks.edit_form import wish_of_form
from bot.blocks.modals import ModalName
from bot.blocks.text import typed_text

Payload = Mapping[str, Any]

MESSAGE_SUBTYPES = ("", "file_share", "thread_broadcast")
"""Subtypes that people's messages have; all others are edits, joins, bots and the like."""
MENTION = r"<@{user}(?:\|[^>]*)?>"


class IncomingKind(StrEnum):
    """What happened."""

    MESSAGE = "message"
    ACTION = "action"
    """A button that changes something was pressed."""
    FORM = "form"
    """A modal was submitted; its name is the action."""
    STOP = "stop"
    """Slack's own Stop of an agent session was pressed."""


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """A thread."""

    team: str
    channel: str
    thread_ts: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message, not downloaded yet."""

    id: str
    name: str
    url: str
    size: int = 0
    mimetype: str = ""
    mode: str = "hosted"
    needs_info: bool = False
    """Whether Slack wants `files.info` to be asked first."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that a person did."""

    kind: IncomingKind
    event_id: str
    place: ThreadPlace
    ts: str
    """Of the message; of the pressed message for buttons."""
    user: str
    text: str = ""
    """As typed, without the mention of the bot."""
    is_mention: bool = False
    is_direct: bool = False
    is_root: bool = False
    """Whether the message started its own thread."""
    is_external: bool = False
    """Whether the person belongs to another organisation."""
    files: tuple[Attachment, ...] = ()
    action: str = ""
    """A `ButtonAction`, a `ModalName`, or what Slack names otherwise."""
    value: str = ""

    @property
    def key(self) -> str:
        """What makes two deliveries the same thing: for messages channel and time stamp."""
        if self.kind is IncomingKind.MESSAGE:
            return f"{self.place.team}:{self.place.channel}:{self.ts}"
        return self.event_id

    @property
    def carried(self) -> Carried:
        """What a pressed button carries."""
        return Carried.of(self.value)

    @property
    def run(self) -> str:
        """The run that a pressed button belongs to."""
        return self.carried.run


ADAPTER: TypeAdapter[Incoming] = TypeAdapter(Incoming)


def encode_incoming(incoming: Incoming) -> str:
    """Return a value as JSON."""
    return ADAPTER.dump_json(incoming).decode()


def decode_incoming(body: str) -> Incoming:
    """Return the value that JSON holds."""
    return ADAPTER.validate_json(body)


def incoming_of(body: Payload, bot_user: str) -> Incoming | None:
    """Return what a delivery says that has to be dealt with later; None: nothing."""
    match body.get("type"):
        case "event_callback":
            return _read_event(body, bot_user)
        case "block_actions":
            return read_action(body)
        case "view_submission":
            return _read_submission(body)
        case _:
            return None


def read_message(body: Payload, event: Payload, team: str, bot_user: str) -> Incoming:
    """Read a person's message."""
    ts = str(event["ts"])
    place = ThreadPlace(team, str(event["channel"]), str(event.get("thread_ts") or ts))
    raw = str(event.get("text") or "")
    mentioned = re.search(MENTION.format(user=re.escape(bot_user)), raw) is not None
    home = str(event.get("user_team") or event.get("source_team") or team)
    return Incoming(
        IncomingKind.MESSAGE,
        str(body["event_id"]),
        place,
        ts,
        str(event["user"]),
        typed_text(raw, bot_user),
        is_mention=event["type"] == "app_mention" or mentioned,
        is_direct=event.get("channel_type") == "im" or place.channel.startswith("D"),
        is_root=place.thread_ts == ts,
        is_external=home != team,
        files=attachments_of(event),
    )


def attachments_of(message: Payload) -> tuple[Attachment, ...]:
    """Return the files of a message."""
    return tuple(attachment_of(file) for file in message.get("files") or [])


def attachment_of(file: Payload) -> Attachment:
    """Return one file of a message."""
    return Attachment(
        id=str(file.get("id") or ""),
        name=str(file.get("name") or file.get("title") or "data"),
        url=str(file.get("url_private_download") or file.get("url_private") or ""),
        size=int(file.get("size") or 0),
        mimetype=str(file.get("mimetype") or ""),
        mode=str(file.get("mode") or "hosted"),
        needs_info=file.get("file_access") == "check_file_info",
    )


def read_action(body: Payload) -> Incoming | None:
    """Read a pressed button of a message."""
    pressed = (body.get("actions") or [{}])[0]
    container = body.get("container") or {}
    if container.get("type") != "message" or not pressed.get("action_id"):
        return None
    message = body.get("message") or {}
    ts = str(container.get("message_ts") or message.get("ts") or "")
    thread = str(container.get("thread_ts") or message.get("thread_ts") or ts)
    channel = str(container.get("channel_id") or (body.get("channel") or {}).get("id") or "")
    user = str((body.get("user") or {}).get("id") or "")
    stamp = pressed.get("action_ts") or body.get("trigger_id")
    return Incoming(
        IncomingKind.ACTION,
        f"action:{user}:{pressed['action_id']}:{stamp}",
        ThreadPlace(_team_of(body), channel, thread),
        ts,
        user,
        is_direct=channel.startswith("D"),
        action=str(pressed["action_id"]).partition(":")[0],
        value=str(pressed.get("value") or ""),
    )


def place_metadata(place: ThreadPlace, run: str) -> str:
    """Return what a modal carries to know its thread."""
    return TypeAdapter(tuple[ThreadPlace, str]).dump_json((place, run)).decode()


def _read_event(body: Payload, bot_user: str) -> Incoming | None:
    """Read a message, a mention or a native Stop."""
    event = body.get("event") or {}
    team = str(body.get("team_id") or event.get("team") or "")
    if event.get("type") == "agent_session_stopped":
        place = ThreadPlace(team, str(event["channel"]), str(event["thread_ts"]))
        stamp = str(event.get("event_ts") or "")
        return Incoming(IncomingKind.STOP, str(body["event_id"]), place, stamp, str(event["user"]))
    if event.get("type") not in ("message", "app_mention"):
        return None
    if (event.get("subtype") or "") not in MESSAGE_SUBTYPES or not event.get("user"):
        return None
    if event["user"] == bot_user:
        return None
    return read_message(body, event, team, bot_user)


def _read_submission(body: Payload) -> Incoming | None:
    """Read a submitted modal, its changed fields in words."""
    view = body.get("view") or {}
    form = str(view.get("callback_id") or "")
    if form not in set(ModalName):
        return None
    place, run = TypeAdapter(tuple[ThreadPlace, str]).validate_json(view["private_metadata"])
    stamp = str(view.get("hash") or "")
    return Incoming(
        IncomingKind.FORM,
        f"view:{view.get('id')}:{stamp}",
        place,
        stamp,
        str((body.get("user") or {}).get("id") or ""),
        wish_of_form(view),
        action=form,
        value=run,
    )


def _team_of(body: Payload) -> str:
    """Return the workspace of an interaction."""
    team = body.get("team") or {}
    return str(team.get("id") or (body.get("user") or {}).get("team_id") or "")

"""One call of a Web API method: who calls, with which arguments, and how methods are declared."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from bot.workspace.errors import ApiError
from bot.workspace.rules import Json
from bot.workspace.state import Channel, State
from bot.workspace.team import Team

T = TypeVar("T")
Kind = Literal["bot", "user", "app"]
TRUE = frozenset({"1", "true", "True"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a token belongs to."""

    user: str
    kind: Kind

    @property
    def is_bot(self) -> bool:
        """Whether the bot itself is calling."""
        return self.kind == "bot"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call on its way through a method."""

    team: Team
    caller: Caller
    args: Json
    warnings: list[str]

    @property
    def state(self) -> State:
        """The state of the team."""
        return self.team.state

    def text(self, name: str) -> str:
        """Return an argument as text, empty when absent."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def needed(self, *names: str) -> str:
        """Return the first of these arguments that was given."""
        for name in names:
            if self.text(name):
                return self.text(name)
        raise ApiError("missing_argument", response_metadata={"messages": [f"[ERROR] {names}"]})

    def flag(self, name: str) -> bool:
        """Return an argument as a truth value."""
        return self.args.get(name) is True or self.text(name) in TRUE

    def number(self, name: str, default: int) -> int:
        """Return an argument as a whole number."""
        try:
            return int(self.text(name) or default)
        except ValueError as error:
            raise ApiError("invalid_arguments") from error

    def words(self, name: str) -> list[str]:
        """Return a comma list."""
        value = self.args.get(name)
        parts = value if isinstance(value, list) else self.text(name).split(",")
        return [str(part).strip() for part in parts if str(part).strip()]

    def channel(self, name: str = "channel") -> Channel:
        """Return the conversation an argument names, if the caller may see it."""
        channel = self.state.channel(self.args.get(name))
        if self.caller.user not in channel.members and (channel.is_private or channel.is_im):
            raise ApiError("channel_not_found")
        return channel

    def is_member(self, channel: Channel) -> bool:
        """Say whether the caller is in a conversation."""
        return self.caller.user in channel.members

    def page(self, items: Sequence[T], default: int = 100) -> tuple[list[T], str]:
        """Return one page of a list, and the cursor of the next."""
        start = _offset(self.text("cursor"))
        limit = max(1, min(self.number("limit", default) or default, 1000))
        end = start + limit
        following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
        return list(items[start:end]), following


def cursor_data(following: str) -> Json:
    """Return the part of an answer that carries the next cursor."""
    return {"response_metadata": {"next_cursor": following}}


@dataclass(frozen=True, slots=True)
class Method:
    """How a method is served: its code, its rate tier (0: special), the scopes it needs."""

    run: Callable[[ApiCall], Json]
    tier: int
    scopes: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ("bot", "user")
    is_post: bool = False


def history_scope(channel: Channel) -> str:
    """Return the scope that reading a conversation needs."""
    return {"channel": "channels", "group": "groups", "im": "im"}[channel.kind] + ":history"


def read_scope(channel: Channel) -> str:
    """Return the scope that looking at a conversation needs."""
    return {"channel": "channels", "group": "groups", "im": "im"}[channel.kind] + ":read"


def need_scope(call: ApiCall, scope: str) -> None:
    """Refuse where the bot lacks a scope."""
    if call.caller.kind == "bot" and scope not in call.team.rules.scopes:
        provided = ",".join(call.team.rules.scopes)
        raise ApiError("missing_scope", needed=scope, provided=provided)


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("next:"))
    except (ValueError, binascii.Error) as error:
        raise ApiError("invalid_cursor") from error

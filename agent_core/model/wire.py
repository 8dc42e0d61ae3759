"""Chat completions as they come over the wire, whole or in pieces, believed in nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from agent_core.domain import Usage
from agent_core.model.faults import EndpointFault, Trouble

MAX_BYTES = 8 * 2**20
"""Longer answers are cut off: no script or plan is that long."""
MAX_NAME = 120
"""Characters of a model's name that are kept."""


class Wire(BaseModel):
    """A part of an answer; what is not known is ignored."""

    model_config = ConfigDict(extra="ignore")


class Function(Wire):
    """The function of a tool call; its arguments are JSON text."""

    arguments: str | None = None


class ToolCall(Wire):
    """A tool call, or a piece of one."""

    index: int = 0
    function: Function | None = None


class Message(Wire):
    """A message, or a piece of one."""

    content: str | list[dict[str, object]] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None


class Choice(Wire):
    """One of the answers; only the first is asked for."""

    message: Message | None = None
    delta: Message | None = None
    finish_reason: str | None = None


class InputDetails(Wire):
    """Of the input tokens."""

    cached_tokens: int | None = None


class OutputDetails(Wire):
    """Of the output tokens."""

    reasoning_tokens: int | None = None


class Counted(Wire):
    """What the server counted."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None

    def usage(self) -> Usage:
        """Return it in the product's words; negative counts are taken for none."""
        cached = self.prompt_tokens_details and self.prompt_tokens_details.cached_tokens
        reasoning = (
            self.completion_tokens_details and self.completion_tokens_details.reasoning_tokens
        )
        return Usage(
            calls=1,
            input_tokens=max(0, self.prompt_tokens or 0),
            cached_tokens=max(0, cached or 0),
            output_tokens=max(0, self.completion_tokens or 0),
            reasoning_tokens=max(0, reasoning or 0),
        )


class Piece(Wire):
    """A chat completion, or a chunk of one."""

    choices: list[Choice] | None = None
    usage: Counted | None = None
    model: object = None
    error: object = None


@dataclass(slots=True)
class Reply:
    """What came back, put together."""

    text: str = ""
    arguments: str = ""
    """Of the tool call, where there is one."""
    refusal: str = ""
    finish: str = ""
    model: str = ""
    """What answered, as the server names it: usually a dated snapshot of what was asked for."""
    usage: Usage | None = None
    pieces: list[str] = field(default_factory=list)
    """Texts not joined yet."""
    argument_pieces: list[str] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        """Whether it ended for want of room."""
        return self.finish in ("length", "max_tokens")

    @property
    def size(self) -> int:
        """Characters so far."""
        return sum(map(len, self.pieces)) + sum(map(len, self.argument_pieces))

    def add(self, piece: Piece) -> None:
        """Take one piece in."""
        if piece.usage and (piece.usage.prompt_tokens or piece.usage.completion_tokens):
            self.usage = piece.usage.usage()
        if isinstance(piece.model, str) and not self.model:
            self.model = " ".join(piece.model.split())[:MAX_NAME]
        for choice in (piece.choices or [])[:1]:
            self.finish = choice.finish_reason or self.finish
            message = choice.delta or choice.message
            if message:
                self.add_message(message)

    def add_message(self, message: Message) -> None:
        """Take the text, the refusal and the first tool call of a message in."""
        content = message.content
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content)
        self.pieces.append(content or "")
        self.refusal += message.refusal or ""
        for call in message.tool_calls or []:
            if call.index == 0 and call.function:
                self.argument_pieces.append(call.function.arguments or "")

    def joined(self) -> Reply:
        """Put the pieces together; the end of reading."""
        self.text = "".join(self.pieces)
        self.arguments = "".join(self.argument_pieces)
        return self


def parse_object(data: str | bytes) -> Piece:
    """Read one JSON object as a completion or a chunk.

    Raises
    ------
    EndpointFault
        When it is something else.
    """
    try:
        return Piece.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise EndpointFault(
            Trouble.GARBLED, f"the answer is no chat completion: {place}: {first['msg']}"
        ) from None


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Cut a stream of bytes into lines; refuses endless streams.

    Raises
    ------
    EndpointFault
        When more than `MAX_BYTES` came.
    """
    total, rest = 0, b""
    async for chunk in chunks:
        total += len(chunk)
        if total > MAX_BYTES:
            limit = f"the answer is longer than {MAX_BYTES // 2**20} MiB"
            raise EndpointFault(Trouble.GARBLED, limit)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
    if rest:
        yield rest


def event_data(line: bytes) -> str | None:
    """Return the data of a line of an event stream; None for comments and other fields."""
    text = line.decode("utf-8", "replace").strip()
    return text[5:].strip() if text.startswith("data:") else None


def error_in(piece: Piece) -> str | None:
    """Return the error that a server sent in place of an answer, as JSON text."""
    return json.dumps(piece.error, default=str) if piece.error else None

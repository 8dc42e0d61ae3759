"""Chat completions as they come over the wire, whole or in pieces, believed in nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, AliasPath, BaseModel, ConfigDict, Field, ValidationError

from agent_core.domain import Usage
from agent_core.model.faults import EndpointFault, Trouble

MAX_BYTES = 8 * 2**20
"""Longer answers are cut off: no script or plan is that long."""
MAX_NAME = 120
"""Characters of a model's name that are kept."""
Count = Annotated[int | None, AfterValidator(lambda count: max(0, count or 0))]
"""What is missing or negative counts as none."""


class Wire(BaseModel):
    """A part of an answer; what is not known is ignored."""

    model_config = ConfigDict(extra="ignore")


class ToolCall(Wire):
    """A tool call, or a piece of one."""

    index: int = 0
    arguments: str | None = Field(None, validation_alias=AliasPath("function", "arguments"))
    """JSON text."""


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


class Counted(Wire):
    """What the server counted, in the product's words."""

    input_tokens: Count = Field(0, validation_alias="prompt_tokens")
    cached_tokens: Count = Field(
        0, validation_alias=AliasPath("prompt_tokens_details", "cached_tokens")
    )
    output_tokens: Count = Field(0, validation_alias="completion_tokens")
    reasoning_tokens: Count = Field(
        0, validation_alias=AliasPath("completion_tokens_details", "reasoning_tokens")
    )


class Piece(Wire):
    """A chat completion, or a chunk of one."""

    choices: list[Choice] | None = None
    usage: Counted | None = None
    model: object = None
    error: object = None


@dataclass(slots=True)
class Reply:
    """What came back so far."""

    texts: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    """Of the tool call, where there is one."""
    refusal: str = ""
    finish: str = ""
    model: str = ""
    """What answered, as the server names it: usually a dated snapshot of what was asked for."""
    usage: Usage | None = None

    @property
    def said(self) -> str:
        """The answer, put together."""
        return "".join(self.arguments) or "".join(self.texts)

    @property
    def is_cut(self) -> bool:
        """Whether it ended for want of room."""
        return self.finish in ("length", "max_tokens")

    @property
    def size(self) -> int:
        """Characters so far."""
        return sum(map(len, self.texts + self.arguments))

    def add(self, piece: Piece) -> None:
        """Take one piece in."""
        if piece.usage and (piece.usage.input_tokens or piece.usage.output_tokens):
            self.usage = Usage(calls=1, **piece.usage.model_dump())
        if isinstance(piece.model, str) and not self.model:
            self.model = " ".join(piece.model.split())[:MAX_NAME]
        for choice in (piece.choices or [])[:1]:
            self.finish = choice.finish_reason or self.finish
            self._add_message(choice.delta or choice.message or Message())

    def _add_message(self, message: Message) -> None:
        """Take the text, the refusal and the first tool call of a message in."""
        content = message.content
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content)
        self.texts.append(content or "")
        self.refusal += message.refusal or ""
        calls = message.tool_calls or []
        self.arguments += [call.arguments or "" for call in calls if call.index == 0]


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

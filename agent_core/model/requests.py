"""A question to a model, and the request that asks it of a server with known abilities."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent_core.model.abilities import Abilities, Mode


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: str
    """system, user, assistant."""
    text: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The form of a structured answer."""

    name: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The schema as compact JSON."""
        return json.dumps(self.body, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Voice:
    """Who is asked, in which role."""

    role: str
    model: str
    temperature: float | None
    effort: str
    max_tokens: int
    is_reserve: bool = False
    """Whether its calls may draw on what is kept for the report."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked of whom."""

    voice: Voice
    turns: tuple[Turn, ...]
    schema: Schema | None = None
    """None: the answer is text."""

    @property
    def size(self) -> int:
        """Bytes of the prompt, its schema included."""
        schema = len(self.schema.text) if self.schema else 0
        return sum(len(t.text.encode()) + 16 for t in self.turns) + schema


def largest_part(inquiry: Inquiry) -> tuple[str, int]:
    """Return the heading of the longest part of a prompt, and its bytes."""
    text = "\n".join(turn.text for turn in inquiry.turns)
    pieces = re.split(r"^#{1,3} +(.+)$", text, flags=re.M)
    parts = [("the beginning", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    heading, body = max(parts, key=lambda part: len(part[1]))
    return heading, len(body.encode())


def body_of(inquiry: Inquiry, abilities: Abilities) -> dict[str, Any]:
    """Write the request in a form that the server understands."""
    voice = inquiry.voice
    body: dict[str, Any] = {
        "model": voice.model,
        "messages": _messages(inquiry, abilities.mode),
        abilities.room_name: min(voice.max_tokens, abilities.room or voice.max_tokens),
    }
    optional = {"temperature": voice.temperature, "reasoning_effort": voice.effort or None}
    body |= {k: v for k, v in optional.items() if v is not None and k not in abilities.dropped}
    if abilities.streams is not False:
        body["stream"] = True
        if "stream_options" not in abilities.dropped:
            body["stream_options"] = {"include_usage": True}
    return body | _structure(inquiry.schema, abilities)


def _structure(schema: Schema | None, abilities: Abilities) -> dict[str, Any]:
    """Ask for a structured answer by schema, by a forced tool, or not at all."""
    if schema is None or abilities.mode is Mode.TEXT:
        return {}
    if abilities.mode is Mode.SCHEMA:
        spec = {"name": schema.name, "schema": dict(schema.body), "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": spec}}
    function = {"name": schema.name, "parameters": dict(schema.body), "strict": True}
    function["description"] = "Give the answer in this form."
    return {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": schema.name}},
    }


def _messages(inquiry: Inquiry, mode: Mode) -> list[dict[str, str]]:
    """Write the conversation; where the server knows no structure, the schema in words."""
    turns = [{"role": t.role, "content": t.text} for t in inquiry.turns]
    if inquiry.schema is not None and mode is Mode.TEXT:
        turns[-1]["content"] += (
            "\n\nAnswer with one JSON object and nothing else, valid against this JSON Schema "
            f"(all keys, no comments):\n{inquiry.schema.text}"
        )
    return turns

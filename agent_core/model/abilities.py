"""What one model at one endpoint turned out to understand; found once, remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from agent_core.model.faults import EndpointFault, Trouble

REASONING = re.compile(r"(^|/)(o[1-9]|gpt-5)", re.IGNORECASE)
"""Models that are known to refuse a temperature."""
MODE_COMPLAINT = re.compile(
    r"(?i)response_?format|json_?schema|structured|tools?\b|tool_choice|function|guided|grammar"
)
OPTIONAL = ("temperature", "reasoning_effort", "stream_options", "parallel_tool_calls")
"""Parameters that a request can do without."""
TOO_MUCH = re.compile(r"(?i)too (large|long|big|many)|at most|maximum|exceed|less than|<=|up to")
DISREGARDED = 2
"""Answers that ignore the asked form before it is no longer asked for."""
MIN_ROOM = 256


class Mode(StrEnum):
    """How a structured answer is asked for."""

    SCHEMA = "json_schema"
    TOOLS = "tools"
    TEXT = "text"


@dataclass(slots=True)
class Abilities:
    """One model's abilities; starts by expecting the most."""

    mode: Mode = Mode.SCHEMA
    is_fixed: bool = False
    """Whether the settings say the mode."""
    is_proven: bool = False
    """Whether the mode has brought an answer."""
    has_answered: bool = False
    dropped: set[str] = field(default_factory=set)
    room_name: str = "max_completion_tokens"
    room: int | None = None
    """Most output tokens that the model takes, where it told."""
    streams: bool | None = None
    """None: not known yet."""
    disregarded: int = 0

    def adapt(self, fault: EndpointFault, *, is_structured: bool, asked_room: int) -> bool:
        """Learn from a refused request; True when it is worth asking again.

        Raises nothing; every change makes a later request smaller, so asking again ends.
        """
        text = f"{fault.code} {fault}"
        if fault.trouble is not Trouble.REFUSED or fault.is_too_long:
            return False
        return (
            self._drop_parameter(text)
            or self._change_room(text, asked_room)
            or self._stop_streaming(text)
            or self._change_mode(text, is_structured=is_structured)
        )

    def disregard(self) -> None:
        """Count an answer that ignored the asked form; after some the form is put into words."""
        self.disregarded += 1
        if self.disregarded >= DISREGARDED and not self.is_fixed:
            self.mode = Mode.TEXT

    def regard(self) -> None:
        """Count an answer in the asked form; only answers in a row that ignore it matter."""
        self.disregarded = 0

    def prove(self, *, is_structured: bool) -> None:
        """Remember that a request of this form brought an answer."""
        self.has_answered = True
        self.is_proven = self.is_proven or is_structured

    def _drop_parameter(self, text: str) -> bool:
        """Do without an optional parameter that the fault names."""
        named = [name for name in OPTIONAL if name in text and name not in self.dropped]
        self.dropped.update(named[:1])
        return bool(named)

    def _change_room(self, text: str, asked: int) -> bool:
        """Ask for less output, or by the older name."""
        if "max_completion_tokens" not in text and "max_tokens" not in text:
            return False
        numbers = [int(n) for n in re.findall(r"\d{3,7}", text) if MIN_ROOM <= int(n) < asked]
        if TOO_MUCH.search(text) and asked > MIN_ROOM:
            self.room = max(numbers, default=max(MIN_ROOM, asked // 2))
            return True
        if self.room_name == "max_completion_tokens":
            self.room_name = "max_tokens"
            return True
        return False

    def _stop_streaming(self, text: str) -> bool:
        """Ask for whole answers from a server that cannot stream."""
        if self.streams is False or not re.search(r"(?i)\bstream", text):
            return False
        self.streams = False
        return True

    def _change_mode(self, text: str, *, is_structured: bool) -> bool:
        """Ask for structure in another way; an unproven mode is also given up unasked."""
        if not is_structured or self.is_fixed or self.mode is Mode.TEXT:
            return False
        if self.is_proven and not MODE_COMPLAINT.search(text):
            return False
        lesser = Mode.TOOLS if self.mode is Mode.SCHEMA else Mode.TEXT
        self.mode, self.is_proven = lesser, False
        return True


def usual_abilities(
    model: str, structure: Literal["auto", "json_schema", "tools", "text"]
) -> Abilities:
    """Return what is expected of a model before it was asked anything."""
    dropped = {"temperature"} if REASONING.search(model) else set()
    if structure == "auto":
        return Abilities(dropped=dropped)
    return Abilities(mode=Mode(structure), is_fixed=True, dropped=dropped)

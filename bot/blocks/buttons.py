"""Buttons: which there are, what they carry, how they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.blocks.limits import BUTTON, BUTTONS, CONFIRM_TEXT, VALUE, Block, clip, plain_text

CUT_MARK = "…"
"""Follows a run's id where what its button carries was too long for it."""
CONFIRM_TITLE = 100
CONFIRM_BUTTON = 30


class ButtonAction(StrEnum):
    """What a button does when it is pressed; the values are in messages that are posted."""

    START = "start"
    START_ANYWAY = "start_anyway"
    """Although the plan leaves the main question unanswered."""
    EDIT = "edit"
    REQUIREMENTS = "requirements"
    """Shows the whole plan."""
    CANCEL = "cancel"
    UNDO = "undo"
    STOP = "stop"
    RESUME = "resume"
    IMPROVE = "improve"
    RERUN = "rerun"
    ZIP = "zip"
    METHODS = "methods"
    DISPUTE = "dispute"
    ANSWER = "answer"
    """Says how a file is read; several stand in one message."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a button carries: its run, and what of it is meant."""

    run: str
    detail: str = ""
    """Version of the plan, event of the report, a wish, or what is said of a file."""
    is_cut: bool = False
    """Whether the detail was too long for a button."""

    @classmethod
    def of(cls, value: str) -> Carried:
        """Read the value of a pressed button."""
        run, _, detail = value.partition(":")
        return cls(run.removesuffix(CUT_MARK), detail, run.endswith(CUT_MARK))

    @property
    def value(self) -> str:
        """The value of a button that carries this."""
        whole = f"{self.run}:{self.detail}" if self.detail else self.run
        if len(whole) <= VALUE:
            return whole
        return clip(f"{self.run}{CUT_MARK}:{self.detail}", VALUE)


@dataclass(frozen=True, slots=True)
class Button:
    """A button; what it carries comes back when it is pressed."""

    text: str
    action: ButtonAction
    carried: Carried
    style: str = ""
    """`primary`, `danger` or empty."""
    confirm: str = ""
    """What is asked before; empty: nothing."""
    key: str = ""
    """Tells it from others of its action in one message."""


def button_row(buttons: Sequence[Button]) -> tuple[Block, ...]:
    """Return buttons in rows of as many as a row takes, or nothing where there are none."""
    rows = [buttons[at : at + BUTTONS] for at in range(0, len(buttons), BUTTONS)]
    return tuple({"type": "actions", "elements": [_element(b) for b in row]} for row in rows)


def _element(button: Button) -> Block:
    """Return one button."""
    shown: Block = {
        "type": "button",
        "text": plain_text(button.text, BUTTON),
        "action_id": f"{button.action.value}:{button.key}".rstrip(":"),
        "value": button.carried.value,
    }
    if button.style:
        shown["style"] = button.style
    if button.confirm:
        shown["confirm"] = {
            "title": plain_text("Sure?", CONFIRM_TITLE),
            "text": plain_text(button.confirm, CONFIRM_TEXT),
            "confirm": plain_text("Yes", CONFIRM_BUTTON),
            "deny": plain_text("No", CONFIRM_BUTTON),
        }
    return shown

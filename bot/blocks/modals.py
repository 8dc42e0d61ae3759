"""The modals: read the plan, and say in words what should be different, better, or is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent_core.domain import Dataset, Plan
from agent_core.run.rounds import LONGEST_DISPUTE
from agent_core.run.view import RunView
from bot.blocks.buttons import Carried
from bot.blocks.card import title_of
from bot.blocks.data import data_read_text, questions_text
from bot.blocks.edit_form import plan_fields
from bot.blocks.limits import (
    INPUT,
    MODAL_TITLE,
    VIEW_BLOCKS,
    Block,
    clip,
    context,
    plain_text,
    section,
    sections,
)
from bot.blocks.plan import protocol_text, remarks_text, requirement_lines
from bot.blocks.rounds import RoundPrice, clause_lines, open_lines, price_line, start_text
from bot.blocks.text import escape

WORDS = "wish"
"""Name of the one input that each of them has."""


class ModalName(StrEnum):
    """The modals that are submitted, by their names."""

    EDIT = "edit_plan"
    IMPROVE = "improve"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class TextInput:
    """What is asked for in a modal."""

    label: str
    placeholder: str
    text: str = ""
    """What stands in it already."""
    hint: str = ""
    is_optional: bool = False
    limit: int = INPUT
    """Characters that it takes."""


def edit_modal(place: str, plan: Plan | None, datasets: Sequence[Dataset] = ()) -> Block:
    """Return the modal with the plan's fields, applied like a reply in the thread of `place`."""
    version = f"Plan v{plan.version}: {escape(plan.title)}" if plan else "The plan"
    example = "5-core, newest 20 % of each user; what comes of it when lists are longer?"
    wanted = TextInput("Or in your own words", example, is_optional=plan is not None)
    fields = [field.block for field in plan_fields(plan)] if plan else []
    parts = (f"*{version}*", data_read_text(datasets), questions_text(datasets))
    said = "\n".join([*filter(None, parts), "Change what should be different; as in a reply."])
    shown = sections(said)[: VIEW_BLOCKS - len(fields) - 1]
    blocks = [*shown, *fields[: VIEW_BLOCKS - 2], _words_input(wanted)]
    return _form(ModalName.EDIT, place, ("Change the plan", "Apply"), blocks)


def improve_modal(place: str, view: RunView, price: RoundPrice, carried: Carried) -> Block:
    """Return the modal that opens another round: what is open, what is wished, what it costs.

    Parameters
    ----------
    place
        Names the thread, for the submission.
    view
        The run, with its report.
    price
        What another round may take.
    carried
        What its button carried: what somebody has said already that should be better.
    """
    lines = open_lines(view)
    still = ["*Still open:*", *lines] if lines else ["Every requirement is met."]
    hints = ["Your message is longer than fits here; add what is missing."] * carried.is_cut
    hints += ["Empty: only what is still open."] * bool(lines)
    wanted = TextInput(
        "What should be better?",
        "tune EASE, add a temporal split",
        clip(carried.detail, INPUT),
        " ".join(hints),
        is_optional=bool(lines),
    )
    blocks = [
        section(f"*{title_of(view)}*\nRound {len(view.rounds) + 2}, {start_text(view)}."),
        section("\n".join([*still, *clause_lines(view)])),
        _words_input(wanted),
        context(price_line(view, price)),
    ]
    return _form(ModalName.IMPROVE, place, ("Improve further", "Start"), blocks)


def dispute_modal(place: str, view: RunView) -> Block:
    """Return the modal in which somebody says what is wrong with a report."""
    wanted = TextInput(
        "What is wrong?", "the baseline is tuned on the test set", limit=LONGEST_DISPUTE
    )
    check = "I check the recorded files of the reported script again and post what comes of it. "
    said = section(
        f"*{title_of(view)}*\n{check if view.best else ''}"
        "The report says from then on that you dispute it."
    )
    return _form(
        ModalName.DISPUTE, place, ("Something is wrong", "Send"), [said, _words_input(wanted)]
    )


def plan_modal(plan: Plan, datasets: Sequence[Dataset] = ()) -> Block:
    """Return the modal with the whole plan and its requirements."""
    lines = "\n".join(requirement_lines(plan.requirements))
    parts = (protocol_text(plan, datasets), remarks_text(plan, datasets))
    head = "\n".join(p for p in parts if p)
    blocks = [*sections(head), {"type": "divider"}, *sections(lines)]
    return {
        "type": "modal",
        "callback_id": "plan",
        "title": plain_text(f"Plan v{plan.version}", MODAL_TITLE),
        "close": plain_text("Back", MODAL_TITLE),
        "blocks": blocks[:VIEW_BLOCKS],
    }


def _form(name: ModalName, place: str, titles: tuple[str, str], blocks: list[Block]) -> Block:
    """Return a modal that is submitted; `titles` are those of the modal and of its button."""
    return {
        "type": "modal",
        "callback_id": name.value,
        "private_metadata": place,
        "title": plain_text(titles[0], MODAL_TITLE),
        "submit": plain_text(titles[1], MODAL_TITLE),
        "close": plain_text("Back", MODAL_TITLE),
        "blocks": blocks,
    }


def _words_input(wanted: TextInput) -> Block:
    """Return an input for several lines of text."""
    block: Block = {
        "type": "input",
        "block_id": WORDS,
        "label": plain_text(wanted.label, 100),
        "optional": wanted.is_optional,
        "element": {
            "type": "plain_text_input",
            "action_id": WORDS,
            "multiline": True,
            "max_length": wanted.limit,
            "placeholder": plain_text(wanted.placeholder, 150),
        },
    }
    if wanted.text:
        block["element"]["initial_value"] = wanted.text
    if wanted.hint:
        block["hint"] = plain_text(wanted.hint, 200)
    return block

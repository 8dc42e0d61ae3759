"""What is known of the data as people see it: how it is read, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.data.description import (
    answer_text,
    lettered_questions,
    read_text,
    unasked_doubts,
)
from agent_core.domain import Dataset
from agent_core.prose.clipping import on_one_line
from bot.blocks.buttons import Button, ButtonAction, Carried, button_row
from bot.blocks.limits import BUTTONS, Block
from bot.blocks.text import escape

MOST_SHOWN = 600
"""Characters of how one file is read; the report has it whole."""
MOST_ROWS = 4
"""Questions that have buttons; all can be answered in words."""
CHANGE = "Reply with a letter, or in words, to change."


def data_read_text(datasets: Sequence[Dataset]) -> str:
    """Return how files are read, and what was guessed of them."""
    shown = (f"`{escape(d.name)}`: " if len(datasets) > 1 else "" for d in datasets)
    read = [
        f"*Data read* {name}{escape(on_one_line(read_text(d), MOST_SHOWN))}"
        for name, d in zip(shown, datasets, strict=True)
        if d.user_column
    ]
    guessed = [escape(on_one_line(t, MOST_SHOWN)) for d in datasets for t in unasked_doubts(d)]
    doubts = [f"⚠️ *Guessed:* {'; '.join(guessed)}. Reply to change."] if guessed else []
    return "\n".join((*read, *doubts))


def questions_text(datasets: Sequence[Dataset]) -> str:
    """Return what is asked of the data, with the options to choose from."""
    several = len(datasets) > 1
    lines = []
    for name, question, options in lettered_questions(datasets):
        default = question.options[question.default]
        told = "  ".join(
            f"{letter}) {escape(option)}{' _(default)_' if option == default else ''}"
            for letter, option in options
        )
        of = f"`{escape(name)}`: " if several else ""
        text = on_one_line(question.text, MOST_SHOWN)
        lines.append(f"❓ {of}*{escape(text[:1].upper() + text[1:])}.* {told}")
    return "\n".join([*lines, CHANGE] if lines else lines)


def question_rows(run: str, datasets: Sequence[Dataset]) -> tuple[Block, ...]:
    """Return a row of buttons for each question; a button says its option."""
    rows = [
        [
            Button(
                o, ButtonAction.ANSWER, Carried(run, answer_text(datasets, name, q, o)), key=letter
            )
            for letter, o in options
        ]
        for name, q, options in lettered_questions(datasets)[:MOST_ROWS]
    ]
    return tuple(block for row in rows for block in button_row(row[:BUTTONS]))

"""Doubts that people decide: each option is the sentence that, said, reads the file that way."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import Choice

Doubt = str | Choice
"""What was guessed of a file: in words, or with the other ways to read it."""
MOST_COLUMNS = 2
"""Other columns that are offered; any may be named in words."""
SPOKEN = {"user_id": "user", "item_id": "item", "rating": "rating", "timestamp": "time"}
NONE = {"rating": "there are no ratings", "timestamp": "there are no times"}


def column_choice(text: str, role: str, columns: Sequence[str]) -> Choice:
    """Ask which column has a role: the first of some, unless somebody says another.

    Parameters
    ----------
    text
        What was taken.
    role
        Of the table of interactions.
    columns
        As people find them, `column 5 (venue)`; none: by default no column has the role.
    """
    named = [f"{c} is the {SPOKEN[role]}" for c in columns]
    others = [NONE[role]] if role in NONE else []
    return Choice(text, tuple(named[: MOST_COLUMNS + 1] + others))


def no_column_choice(text: str, role: str, columns: Sequence[str]) -> Choice:
    """Ask which of some columns has a role; by default none has."""
    named = [f"{c} is the {SPOKEN[role]}" for c in columns[: MOST_COLUMNS + 1]]
    return Choice(text, (NONE[role], *named))


def mark_choice(text: str, mark: str, *, is_rating: bool) -> Choice:
    """Ask whether a value of the ratings is one, and what becomes of its lines if not."""
    options = (f"{mark} means not rated", f"{mark} is a rating", f"drop the {mark} rows")
    return Choice(text, options, default=1 if is_rating else 0)


def date_choice(text: str, *, is_day_first: bool) -> Choice:
    """Ask whether the day or the month stands first."""
    return Choice(text, ("dates are day first", "dates are month first"), 1 - is_day_first)


def event_choice(text: str, events: Sequence[str]) -> Choice:
    """Ask which events count; by default all do."""
    only = (f"only the {e} events count" for e in dict.fromkeys(events))
    return Choice(text, ("all events count", *only))


def usual_event_choice(text: str, event: str) -> Choice:
    """Ask which events count, of a log of which by default only one kind does."""
    return Choice(text, (f"only the {event} events count", "all events count"))


def header_choice(text: str) -> Choice:
    """Ask whether a first line belongs to the data."""
    return Choice(text, ("the first line is data", "the first line is the header"))


def file_choice(text: str, files: Sequence[str]) -> Choice:
    """Ask which of several files is read; by default the first."""
    return Choice(text, tuple(f"use {f}" for f in files[: MOST_COLUMNS + 1]))


def split_choice(text: str, whole: str) -> Choice:
    """Ask whether a split that lies beside the whole dataset is used; by default it is not."""
    return Choice(text, (f"use {whole}", "use the given split"))


def family_choice(text: str, files: Sequence[tuple[str, str]]) -> Choice:
    """Ask which of several given splits is used, each told by two of its files."""
    return Choice(text, tuple(f"use {a} to {b}" for a, b in files))


def pieces_choice(text: str) -> Choice:
    """Ask whether several files are one dataset; by default they are."""
    return Choice(text, ("they are one dataset", "they are separate datasets"))


def unit_choice(text: str) -> Choice:
    """Ask what becomes of times in several units."""
    return Choice(text, ("the times only order", NONE["timestamp"]))


def text_of(doubt: Doubt) -> str:
    """Return a doubt in words."""
    return doubt if isinstance(doubt, str) else doubt.text

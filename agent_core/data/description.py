"""A dataset in words and as plain values: what the product knows of it, wherever it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from agent_core.data.file_scopes import scoped
from agent_core.domain import Choice, Dataset
from agent_core.domain.recipe import ORDER
from agent_core.domain.side_table import SideColumn, SideTable

HOLDS = {"user": "user_column", "item": "item_column"}
HOLDS |= {"rating": "rating_column", "time": "timestamp_column"}
"""What a column can hold, and the field that names it."""
UNITS = {"s": "seconds since 1970", "ms": "milliseconds since 1970", "iso": "ISO dates"}
UNITS |= {"us": "microseconds since 1970", "ns": "nanoseconds since 1970", ORDER: "only orders"}
MOST_NAMED = 12
"""Columns without a role that are named."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def read_text(dataset: Dataset) -> str:
    """Return how a dataset is read, in one line: what holds what, and what was left out."""
    columns = ", ".join(f"{role} {_column_text(dataset, role)}" for role in _roles(dataset))
    return "; ".join((columns, *map(side_text, dataset.sides), *dataset.notes))


def side_text(side: SideTable) -> str:
    """Return side data in one line: where they are, their columns, and whom they cover."""
    names = ", ".join(c.name for c in side.columns[:MOST_NAMED])
    more = f" and {len(side.columns) - MOST_NAMED} more" if len(side.columns) > MOST_NAMED else ""
    where = f"column {names}" if side.is_own else f"{side.name} ({names}{more})"
    return f"side data of {side.share:.1%} of the {side.of}s: {where}"


def count_text(dataset: Dataset) -> str:
    """Return how much there is, and from when to when."""
    days = f"{dataset.first_time} to {dataset.last_time}" if dataset.first_time else ""
    counts = (
        f"{dataset.users:,} users, {dataset.items:,} items, {dataset.rows:,} interactions",
        days,
        f"{dataset.duplicates:,} repeated pairs" if dataset.duplicates else "",
    )
    return ", ".join(c for c in counts if c)


def unasked_doubts(dataset: Dataset) -> tuple[str, ...]:
    """Return the doubts that have no options to choose from."""
    asked = {q.text for q in dataset.questions}
    return tuple(d for d in dataset.doubts if d not in asked)


def lettered_questions(
    datasets: Sequence[Dataset],
) -> list[tuple[str, Choice, tuple[tuple[str, str], ...]]]:
    """Return file, question and its options with their letters, which go on over all of them."""
    letters = iter(LETTERS)
    return [
        (d.name, q, tuple((next(letters, "?"), option) for option in q.options))
        for d in datasets
        for q in d.questions
    ]


def answer_text(datasets: Sequence[Dataset], file: str, question: Choice, option: str) -> str:
    """Return what an option says: of its file, where there are several."""
    is_of_one = len(datasets) > 1 and not question.is_of_all
    return scoped(file, option) if is_of_one else option


def description_lines(dataset: Dataset) -> list[str]:
    """Return all that is known of a dataset, a line each."""
    known = f" ({dataset.known_as})" if dataset.known_as else ""
    used = {*_roles(dataset).values(), *(c.name for s in dataset.sides for c in s.columns)}
    others = [c.name for c in dataset.columns if c.name not in used]
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    return [
        f"{dataset.name}{known}: {count_text(dataset)}",
        *(f"  {role}: {_column_text(dataset, role)}" for role in _roles(dataset)),
        *([f"  not used: {', '.join(others[:MOST_NAMED])}{more}"] if others else []),
        *(f"  {line}" for s in dataset.sides for line in _side_lines(s)),
        *(f"  note: {note}" for note in dataset.notes),
        *(f"  guessed: {doubt}" for doubt in unasked_doubts(dataset)),
        *(_question_line(q) for q in dataset.questions),
    ]


def as_values(dataset: Dataset) -> dict[str, Any]:
    """Return all that is known of a dataset as plain values."""
    holds = {column: role for role, column in _roles(dataset).items()}
    ratings = dataset.rating_range
    return {
        "name": dataset.name,
        "known_as": dataset.known_as,
        "sha256": dataset.sha256,
        "bytes": dataset.size,
        "interactions": dataset.rows,
        "users": dataset.users,
        "items": dataset.items,
        "density": dataset.density,
        "repeated_pairs": dataset.duplicates,
        "columns": [asdict(c) | {"holds": holds.get(c.name)} for c in dataset.columns],
        "rating_values": list(dataset.rating_values),
        "rating_range": list(ratings) if ratings else None,
        "first_day": dataset.first_time,
        "last_day": dataset.last_time,
        "notes": list(dataset.notes),
        "doubts": list(dataset.doubts),
        "questions": [asdict(q) for q in dataset.questions],
        "sides": [asdict(s) | {"name": s.name, "key": s.key} for s in dataset.sides],
        "histograms": asdict(dataset.histograms),
        "has_form_of": dataset.form,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "recipe": dataset.recipe.as_json() if dataset.recipe else None,
        "table_sha256": dataset.table_sha256,
    }


def column_text(column: SideColumn) -> str:
    """Return a column of side data with kind, counts and examples."""
    parts = [f"{column.kind}, {column.distinct:,} different"]
    if column.missing:
        parts.append(f"{column.missing:,} missing")
    if column.examples:
        parts.append("e.g. " + ", ".join(column.examples))
    return f"{column.name}: {', '.join(parts)}"


def _side_lines(side: SideTable) -> list[str]:
    told = [f"  {column_text(c)}" for c in side.columns[:MOST_NAMED]]
    more = len(side.columns) - MOST_NAMED
    return [side_text(side), *told, *([f"  and {more} more columns"] if more > 0 else [])]


def _roles(dataset: Dataset) -> dict[str, str]:
    """Return what columns hold, where something does, to the column."""
    named = {role: getattr(dataset, field) for role, field in HOLDS.items()}
    return {role: column for role, column in named.items() if column}


def _column_text(dataset: Dataset, role: str) -> str:
    """Return the column of a role with what is in it."""
    name = _roles(dataset)[role]
    column = next((c for c in dataset.columns if c.name == name), None)
    if column and not dataset.has_header:
        name = f"column {dataset.columns.index(column) + 1}"
    detail = ""
    if role == "rating":
        detail = _scale_text(dataset)
    elif role == "time" and dataset.recipe:
        form = dataset.recipe.time_format
        detail = UNITS.get(form, f"written {form}" if form else "")
    elif column and column.kind == "str":
        detail = "text"
    return f"{name} ({detail})" if detail else name


def _scale_text(dataset: Dataset) -> str:
    """Return the scale of the ratings."""
    if dataset.rating_values:
        return ", ".join(f"{v:g}" for v in dataset.rating_values)
    return "{:g} to {:g}".format(*dataset.rating_range) if dataset.rating_range else ""


def _question_line(question: Choice) -> str:
    default, *others = (
        question.options[question.default],
        *(o for n, o in enumerate(question.options) if n != question.default),
    )
    return f"  asked: {question.text}. By default: {default}. Or say: {'; '.join(others)}"

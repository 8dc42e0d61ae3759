"""What is known of a dataset on one page: source, how it was read, counts, side data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent_core.data.description import column_text
from agent_core.data.recipe_words import recipe_words
from agent_core.domain import Dataset
from agent_core.domain.histograms import Bars
from agent_core.domain.side_table import SideTable
from agent_core.prose.given_text import given_text

WIDTH = 30
"""Characters of the longest bar."""


def data_card(dataset: Dataset) -> str:
    """Return the data card of a dataset as Markdown; it has no row of the data."""
    sections = {
        "Source": _source(dataset),
        "How it was read": _reading(dataset),
        "Counts": _counts(dataset),
        "Ratings": _bars(dataset.histograms.ratings),
        "Interactions per user": _bars(dataset.histograms.per_user),
        "Interactions per item": _bars(dataset.histograms.per_item),
        "Side data": [line for s in dataset.sides for line in side_lines(s)],
    }
    told = [f"## {title}\n\n" + "\n".join(lines) for title, lines in sections.items() if lines]
    return "\n\n".join([f"# Data card: `{dataset.name}`", *told]) + "\n"


def side_lines(side: SideTable) -> Iterator[str]:
    """Yield what is known of side data: its file, what it covers, and each column."""
    source = "columns of the interactions file" if side.is_own else f"`{side.name}`"
    yield (
        f"* {source} of {side.of}s: {side.rows:,} rows, {side.matched:,} {side.of}s of the data "
        f"({side.share:.1%}) have one; key `{side.key}`"
    )
    if not side.is_own:
        yield f"  * sha256 `{side.sha256}`"
    else:
        yield f"  * the most frequent value of each {side.of} is taken"
    yield from (f"  * {column_text(c)}" for c in side.columns)
    yield from (f"  * {note}" for note in side.notes)


def _source(dataset: Dataset) -> list[str]:
    member = dataset.recipe.member if dataset.recipe else ""
    lines = [f"* File: `{dataset.name}`, {dataset.size:,} bytes, sha256 `{dataset.sha256}`"]
    if member:
        lines.append(f"* In the archive: `{member}`")
    lines += [f"* File `{p.label}`, sha256 `{p.sha256}`" for p in dataset.pieces]
    if dataset.parts:
        lines.append(f"* {given_text(dataset.parts)}")
        lines += [f"* Part `{p.file}`, sha256 `{p.sha256}`" for p in dataset.parts]
    if dataset.is_synthetic or dataset.known_as:
        lines.append(f"* Known as: {dataset.known_as or 'synthetic data'}")
    if dataset.form:
        lines.append(f"* Has the form of: {dataset.form}. If it is that:")
        lines.append(f"  * licence: {dataset.licence or 'not known here; see its publisher'}")
        lines.append(f"  * citation: {dataset.citation or 'not known here; see its publisher'}")
    return lines


def _reading(dataset: Dataset) -> list[str]:
    lines = [f"* {text}" for text in (recipe_words(dataset.recipe) if dataset.recipe else ())]
    lines += [f"* {note}" for note in dataset.notes]
    return lines + [f"* Guessed: {doubt}" for doubt in dataset.doubts]


def _counts(dataset: Dataset) -> list[str]:
    times = f"{dataset.first_time} to {dataset.last_time}" if dataset.first_time else ""
    rows = {
        "interactions": f"{dataset.rows:,}",
        "users": f"{dataset.users:,}",
        "items": f"{dataset.items:,}",
        "density": f"{dataset.density:.4%}",
        "first and last day": times,
        "repeated (user, item) pairs": f"{dataset.duplicates:,}",
        "fewest interactions of a user": f"{dataset.min_user_interactions:,}",
        "row numbers count": f"rows of the table with sha256 `{dataset.table_sha256}`"
        if dataset.table_sha256
        else "",
    }
    return _table(("", ""), ((k, v) for k, v in rows.items() if v))


def _bars(bars: Bars) -> list[str]:
    most = max((n for _, n in bars), default=0)
    told = ((label, f"{n:,}", "█" * round(WIDTH * n / most)) for label, n in bars)
    return _table(("value", "count", ""), told) if bars else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]

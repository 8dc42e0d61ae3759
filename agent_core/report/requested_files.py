"""Figures and tables that a task asked for: first in thread and report, the script's marked so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pandas as pd

from agent_core.prose.clipping import on_one_line
from agent_core.report.answer_chapters import Table, chapters_of, table_of
from agent_core.report.report_inputs import ReportInputs
from agent_core.rules.requested import Form
from agent_core.statistics.requested_results import Made, Matched, is_picture

SCRIPTS = "script_"
"""Begins the names of figures that the script drew."""
MOST_FIGURES = 4
MOST_LINES, MOST_COLUMNS = 20, 12
"""Of a script's table that the report prints."""
MOST_TABLES, THREAD_LINES, THREAD_WIDTH, CELL = 2, 10, 84, 26
"""What of tables a thread shows."""
PEOPLE = ("user_id", "user", "userid")
"""Columns of a table about single people, which no report prints."""


@dataclass(frozen=True, slots=True)
class ScriptTable:
    """A small table that the script saved and that was asked for."""

    name: str
    says: str
    table: Table


def with_asked_first(
    inputs: ReportInputs, drawn: Sequence[Path], folder: Path
) -> tuple[tuple[Path, ...], int]:
    """Return the figures, those that were asked for first, and how many these are.

    Figures of the script that were asked for are copied beside the product's own.
    """
    by_name = {path.stem: path for path in drawn}
    asked = [p for m in _made(inputs, Form.FIGURE) if (p := _figure(m, by_name, folder))]
    first = tuple(dict.fromkeys(asked))[:MOST_FIGURES]
    return (*first, *(p for p in drawn if p not in first)), len(first)


def script_tables(inputs: ReportInputs) -> list[ScriptTable]:
    """Return the small tables of the script that were asked for."""
    found = dict.fromkeys(m for m in _made(inputs, Form.TABLE) if m.path is not None)
    tables = ((m, _read(m.path)) for m in found if m.path is not None)
    return [
        ScriptTable(m.name, m.says, table_of(t, is_own=False)) for m, t in tables if t is not None
    ]


def script_figures(inputs: ReportInputs) -> dict[str, str]:
    """Return the names of the script's figures that were asked for, with what it says of them."""
    return {
        f"{SCRIPTS}{m.path.name}": m.says
        for m in _made(inputs, Form.FIGURE)
        if m.path is not None and is_picture(m.path.name)
    }


def asked_answers(inputs: ReportInputs) -> tuple[int, ...]:
    """Return the numbers of the questions whose tables were asked for."""
    names = (m.name for m in _made(inputs, Form.TABLE) if m.path is None)
    return tuple(int(n.removeprefix("question_")) for n in names if n.startswith("question_"))


def asked_tables(inputs: ReportInputs) -> list[str]:
    """Return the tables that were asked for as blocks of even columns, for the thread."""
    own = {c.number: c for c in chapters_of(inputs, is_whole=True)}
    asked = [(f"question {n}", own[n].table) for n in asked_answers(inputs) if n in own]
    scripts = [(f"{t.name}, the script's own", t.table) for t in script_tables(inputs)]
    figures = [
        f"Figure of the script's own, `{name}`: {says or 'as asked for'}"
        for name, says in script_figures(inputs).items()
    ]
    tables = [f"{name}:\n{aligned(table)}" for name, table in (*scripts, *asked)[:MOST_TABLES]]
    return [*figures[:MOST_FIGURES], *tables]


def aligned(table: Table) -> str:
    """Return a table as a block of even columns, as many of both as a phone shows."""
    rows = list(table[: THREAD_LINES + 1])
    widths = [max(len(on_one_line(row[i], CELL)) for row in rows) for i in range(len(rows[0]))]
    columns = sum(total <= THREAD_WIDTH for total in accumulate(w + 2 for w in widths))
    lines = [
        "  ".join(
            on_one_line(c, CELL).ljust(w) for c, w in zip(row, widths[:columns], strict=False)
        )
        for row in rows
    ]
    more = len(table) - len(rows)
    lines += [f"… {more} more"] if more > 0 else []
    return "\n".join(["```", *(line.rstrip() for line in lines), "```"])


def where_text(matched: Matched) -> str:
    """Say where something that was to be reported stands."""
    if matched.is_missing:
        return "**missing**"
    names = [f"`{m.name}`{' of the script' if m.path else ''}" for m in matched.made]
    return ", ".join(names[: matched.wanted.count]) or "see the answers"


def _made(inputs: ReportInputs, form: Form) -> Iterator[Made]:
    """Yield what was made of each request of a form."""
    for matched in inputs.requests:
        if matched.wanted.form is form:
            yield from matched.made[: matched.wanted.count]


def _figure(made: Made, drawn: dict[str, Path], folder: Path) -> Path | None:
    """Return the picture of a figure; None where there is none that a preview shows."""
    if made.path is None:
        return drawn.get(made.name)
    if not is_picture(made.path.name) or not made.path.is_file():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{SCRIPTS}{made.path.name}"
    shutil.copyfile(made.path, target)
    return target


def _read(path: Path) -> pd.DataFrame | None:
    """Read a script's table; None where it is long, wide, odd or about single people."""
    try:
        frame = pd.read_csv(path, nrows=MOST_LINES + 1)
    except (OSError, ValueError):
        return None
    is_small = 0 < len(frame) <= MOST_LINES and frame.shape[1] <= MOST_COLUMNS
    is_personal = any(str(c).lower() in PEOPLE for c in frame)
    return frame if is_small and not is_personal else None

"""A second copy of each run's log beside its files, from which a damaged database is mended."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from storage.records import EventRecord, RunRecord

log = logging.getLogger(__name__)

NAME = "log.jsonl"
RUNS = "runs"
TAIL = 1 << 22
"""Bytes of a copy among which its last event is looked for."""


def copy_run(folder: Path, record: RunRecord) -> None:
    """Begin the copy of a run's log below a data folder."""
    _add_lines(folder / RUNS / record.id, [{"record": asdict(record)}])


def copy_events(folder: Path, run: str, events: Iterable[EventRecord]) -> None:
    """Add events to the copy of a run's log.

    What cannot be written is only a copy: it is logged, and nothing fails for it.
    """
    _add_lines(folder / RUNS / run, [{"event": asdict(e)} for e in events])


def copied_runs(folder: Path) -> Iterator[str]:
    """Yield the ids of the runs that have a copy."""
    for path in sorted((folder / RUNS).glob(f"*/{NAME}")):
        yield path.parent.name


def last_copied(folder: Path) -> dict[str, int]:
    """Return the sequence number of the last event in each copy; 0 where there is none."""
    return {run: _last_seq(folder / RUNS / run / NAME) for run in copied_runs(folder)}


def read_copy(folder: Path, run: str) -> tuple[RunRecord | None, list[EventRecord]]:
    """Return what a copy holds of a run, in order; lines that cannot be read are left out."""
    record, events = None, {}
    for line in _lines(folder / RUNS / run / NAME):
        try:
            if "record" in line:
                record = RunRecord(**line["record"])
            else:
                event = EventRecord(**line["event"])
                events[event.seq] = event
        except (KeyError, TypeError):
            continue
    return record, [events[seq] for seq in sorted(events) if events[seq].run == run]


def _add_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / NAME).open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    except OSError as error:
        log.warning("the copy of a log is not written: %s", error, extra={"run": folder.name})


def _last_seq(path: Path) -> int:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            lines = file.read().splitlines()
    except OSError:
        return 0
    for line in reversed(lines):
        try:
            return int(json.loads(line)["event"]["seq"])
        except (KeyError, TypeError, ValueError):
            continue
    return 0


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.split("\n"):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found

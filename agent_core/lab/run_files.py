"""The files of one run: read at first, and read again as people say."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from agent_core.data.conditions import condition_spans
from agent_core.data.description import answer_text, lettered_questions
from agent_core.data.file_scopes import with_scopes, without_scopes
from agent_core.data.file_words import FileWords, file_words
from agent_core.data.given_files import table_name, with_tables
from agent_core.data.said_columns import listed_columns
from agent_core.data.shelf import open_shelf, take_named
from agent_core.domain import Dataset, RunId, RunStatus, Task
from agent_core.domain.events import DatasetsProfiled
from agent_core.errors import BadDataset
from agent_core.lab.dataset_choice import read_files
from agent_core.prose.given_words import says_given
from agent_core.run.journal import Journal
from agent_core.run.recorder import Recorder
from agent_core.run.view import RunView

LETTERS = re.compile(r"\W*(?:options?\s+)?([a-z])(?:(?:\W|\band\b)+([a-z]))*\W*", re.IGNORECASE)
MOST_LISTED = 13
"""Columns up to which a bare list of names is taken for them where no file was read yet."""
ONE_LETTER = re.compile(r"\b([a-z])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileReading:
    """What the files of a run come to, before it counts."""

    datasets: tuple[Dataset, ...]
    said: tuple[str, ...]
    folder: Path
    """Where tables and recipes lie."""


class RunFiles:
    """Reads the files of one run."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    @property
    def attached(self) -> dict[str, Path]:
        """The stored files by name."""
        task = self.recorder.view.task
        return {path.name: path for path in task.files} if task else {}

    @property
    def given(self) -> dict[str, Path]:
        """What scripts are given: files of datasets with the tables and recipes made of them."""
        used = {name for dataset in self.recorder.view.datasets for name in dataset.files}
        files = {name: path for name, path in self.attached.items() if name in used}
        return with_tables(files or self.attached)

    async def bring_back(self) -> None:
        """Get files of the run's data that are gone: from the store, and read from those again."""
        view, journal = self.recorder.view, self.recorder.journal
        folder = journal.folder(self.recorder.run) / "data"
        hashes = {n: h for d in view.datasets for n, h in d.files.items() if n in self.attached}
        for name, sha256 in hashes.items():
            if not (folder / name).exists():
                await journal.bring_back(sha256, folder / name)
        tables = {d.table_sha256: folder / table_name(d.name) for d in view.datasets}
        if all(path.exists() for sha256, path in tables.items() if sha256):
            return
        with suppress(BadDataset):
            async with self.open_reading(view.said) as reading:
                if {d.table_sha256 for d in reading.datasets} == set(tables):
                    await self.take(reading)

    @asynccontextmanager
    async def open_reading(
        self, said: tuple[str, ...], files: Mapping[str, Path] | None = None
    ) -> AsyncIterator[FileReading]:
        """Read all files by what was said of them; forgotten at the end unless it is taken.

        `files` are read in the place of the run's own.

        Raises
        ------
        BadDataset
            When one of them cannot be read so.
        """
        task = self.recorder.view.task
        words = "\n\n".join((task.text if task else "", *said))
        folder = self.recorder.journal.folder(self.recorder.run)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="reading-", dir=folder) as scratch:
            found = await read_files(files or self.attached, Path(scratch), words)
            yield FileReading(found, said, Path(scratch))

    async def take(self, reading: FileReading) -> DatasetsProfiled:
        """Give scripts what was read; the event says so."""
        journal = self.recorder.journal
        folder = journal.folder(self.recorder.run) / "data"
        for path in sorted(p for p in reading.folder.iterdir() if p.is_file()):
            await journal.storage.through(partial(journal.files.keep, path, folder / path.name))
        return DatasetsProfiled(reading.datasets, reading.said)


async def keep_files(journal: Journal, run: RunId, files: Mapping[str, Path]) -> tuple[Path, ...]:
    """Keep files by content, under their names in the run's folder; return where they lie."""
    folder = journal.folder(run) / "data"
    for name, path in files.items():
        await journal.storage.through(partial(journal.files.keep, path, folder / name))
    return tuple(folder / name for name in files)


def spoken_of_files(text: str, datasets: Sequence[Dataset] = ()) -> str:
    """Return what a reply says of files, in words: letters of options are spelled out.

    Empty where it says nothing of them; a word that may name a column must name one.
    """
    chosen = _chosen_options(text, datasets)
    if chosen:
        return ". ".join(chosen)
    if len(datasets) > 1:
        text = with_scopes(text, _files_of(datasets))
    if says_given(text) and not any(d.parts for d in datasets):
        return text
    words = file_words(text)
    columns = {c.name.lower() for d in datasets for c in d.columns}
    is_likely = any(c.lower() in columns or not columns for c in words.likely.values())
    bare = {len(d.columns) for d in datasets if not d.has_header}
    widths = bare if datasets else range(2, MOST_LISTED)
    is_list = bool(listed_columns(text, widths))
    is_said = is_likely or is_list or bool(condition_spans(text, _open_columns(datasets)))
    return text if is_said or not _without_likely(words).is_empty else ""


def without_file_words(text: str, datasets: Sequence[Dataset]) -> str:
    """Return a reply without what it says of files."""
    kept = text
    for start, end in reversed(condition_spans(text, _open_columns(datasets))):
        kept = kept[:start] + kept[end:]
    return without_scopes(file_words(kept).rest, _files_of(datasets)).strip(" .;,")


def file_spans(text: str, datasets: Sequence[Dataset]) -> list[tuple[int, int]]:
    """Return where a text says something of files; a guessed column counts where there is one."""
    found = condition_spans(text, _open_columns(datasets))
    columns = {c.name.lower() for d in datasets for c in d.columns}
    words = file_words(text)
    no_columns = {(a, b) for a, b, name in words.guesses if name.lower() not in columns}
    return [*found, *(span for span in words.spans if span not in no_columns)]


def status_text(view: RunView) -> str:
    """Say in words how a run stands."""
    ran = sum(n.execution is not None for n in view.nodes)
    crashed = sum(n.is_buggy and not n.is_stopped for n in view.nodes)
    parts = [f"The run is {view.status.value}", f"{ran} scripts ran, {crashed} of them crashed"]
    if view.executing:
        parts.append(f"{len(view.executing)} in work")
    parts.extend(p.line for _, p in view.progress if p.total)
    if view.primary:
        parts.append(f"preliminary: {view.primary}")
    return "; ".join(parts) + "."


def _files_of(datasets: Sequence[Dataset]) -> list[str]:
    """Return the files of interactions."""
    return [f for d in datasets for f in (d.name, *(p.file for p in (*d.parts, *d.pieces)))]


def _open_columns(datasets: Sequence[Dataset]) -> list[str]:
    """Return the columns by which lines may be kept or left out: all but user, item and time."""
    taken = {c for d in datasets for c in (d.user_column, d.item_column, d.timestamp_column)}
    return [c.name for d in datasets for c in d.columns if c.name not in taken]


def differences(before: Sequence[Dataset], after: Sequence[Dataset]) -> tuple[str, ...]:
    """Return what another reading of the files changes, a line each; none: nothing."""
    if tuple(before) == tuple(after):
        return ()
    old = {d.name: d for d in before}
    lines = [line for d in after for line in _changes(old.get(d.name), d)]
    return tuple(lines) or ("the files are read as you say",)


def frozen_reply(view: RunView, text: str) -> str:
    """Say why the plan cannot change now."""
    if view.plan is None:
        return "The plan is still being written; reply when it is shown."
    is_data = spoken_of_files(text, view.datasets)
    if view.status.is_final:
        what = "other words about its files" if is_data else "the changed question"
        return f"This run has ended. Mention me again with {what} for a new run."
    fixed = "the data as they were read" if is_data else f"version {view.plan.version}"
    return (
        f"The protocol is frozen ({fixed}) since the start. I finish it as planned; stop it and "
        "ask again for a changed one."
    )


def with_shelf(task: Task, folder: Path) -> tuple[Task, str]:
    """Return a task with what it takes from the shelf, and what is to be said of that.

    Raises
    ------
    BadDataset
        When a dataset is not there, or not what it was.
    """
    taken = take_named(open_shelf(folder), task.text, has_files=bool(task.files))
    return replace(task, files=(*task.files, *taken.files)), taken.words


def names_shelf(text: str, folder: Path, *, has_files: bool) -> bool:
    """Whether a text names a dataset of the shelf, also one that is not as it was."""
    try:
        return bool(take_named(open_shelf(folder), text, has_files=has_files).files)
    except BadDataset:
        return True


def shelf_text(error: BadDataset, folder: Path) -> str:
    """Return what lies on the shelf, for whoever has no dataset and was not told yet."""
    shelf = open_shelf(folder)
    if not shelf.items or "shelf" in str(error):
        return ""
    return f" On the shelf: {shelf.names}; say “on {shelf.items[0].name}”."


def can_be_described(view: RunView) -> bool:
    """Whether a run was refused for its files and goes on with words about them."""
    is_refused = view.status is RunStatus.FAILED and view.plan is None
    return is_refused and not view.is_outside_grammar


def resumed_status(view: RunView) -> RunStatus:
    """Return the phase that a failed or abandoned run goes on with."""
    if view.plan is None:
        return RunStatus.PLANNING
    return RunStatus.RUNNING if view.freeze else RunStatus.WAITING


def _without_likely(words: FileWords) -> FileWords:
    return FileWords(**{f: getattr(words, f) for f in words.__slots__ if f != "likely"})


def _chosen_options(text: str, datasets: Sequence[Dataset]) -> list[str]:
    """Return the options whose letters a reply consists of, or the one that it repeats."""
    asked = [
        (letter, option, answer_text(datasets, file, question, option))
        for file, question, options in lettered_questions(datasets)
        for letter, option in options
    ]
    known = {letter: answer for letter, _, answer in asked}
    letters = ONE_LETTER.findall(text.lower()) if LETTERS.fullmatch(text) else []
    if letters:
        return [known[k] for k in letters] if all(k in known for k in letters) else []
    repeated = [a for _, option, a in asked if option.lower() == text.strip(" .!").lower()]
    return repeated if len(repeated) == 1 else []


def _changes(before: Dataset | None, after: Dataset) -> list[str]:
    """Return what another reading of one file changes."""
    if before is None:
        return [f"{after.name} is read"]
    roles = ("user_column", "item_column", "rating_column", "timestamp_column")
    pairs = [
        *((r.removesuffix("_column"), getattr(before, r), getattr(after, r)) for r in roles),
        *((n, f"{getattr(before, n):,}", f"{getattr(after, n):,}") for n in COUNTED),
        ("ratings", before.rating_range, after.rating_range),
        ("first day", before.first_time, after.first_time),
        ("last day", before.last_time, after.last_time),
    ]
    told = [f"{name}: {_plain(a)} → {_plain(b)}" for name, a, b in pairs if a != b]
    settled = [q.text for q in before.questions if q not in after.questions]
    return told or [f"settled: {text}" for text in settled]


COUNTED = ("users", "items", "rows")


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return " to ".join(f"{v:g}" for v in value)
    return "none" if value is None else str(value)

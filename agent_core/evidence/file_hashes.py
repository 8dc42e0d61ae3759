"""Whether delivered files are what was written and what was recorded."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_core.evidence.cell_folders import noted_hashes
from agent_core.execution.hashing import sha256_of
from sandbox.execution import Artifact

LEDGER = "labbook.sha256"
"""Lines of hash and name, written by the helper before each file is in place."""
MAX_LEDGER_BYTES = 16 << 20
"""A line takes about 100 bytes: lists of 160,000 runs."""
LINE = re.compile(r"([0-9a-f]{64})  (.+)")
CONTRACT = re.compile(
    r"results\.json|run\.json|labbook\.sha256|per_user\.parquet"
    r"|(?:cells|per_user|lists|predictions|split)/.+|[^/]+\.(?:csv|png|svg|pdf)"
)
"""The files that results, checks and report are made from."""


def changed_files(artifacts: Sequence[Artifact], results: Any) -> tuple[str, ...]:
    """Say which files changed since they were recorded, or since the helper wrote them.

    Files that nobody noted the hash of, such as those that a script writes by hand, are taken
    as they are.

    Parameters
    ----------
    artifacts
        The files of an execution.
    results
        The content of `results.json`.
    """
    files = {a.name: a.path for a in artifacts}
    noted = _read_ledger(files)
    noted |= {name: noted.get(name, {own}) & {own} for name, own in noted_hashes(files)}
    found = []
    for artifact in artifacts:
        if CONTRACT.fullmatch(artifact.name) and (artifact.sha256 or artifact.name in noted):
            found.append(_fault_of(artifact, noted))
    edited = _edited_rows(results, is_noted="results.json" in noted)
    return (*(f for f in found if f), *([edited] if edited else ()))


def seal_of(rows: Sequence[Any], primary: Any) -> str:
    """Return the hash that the helper gives to rows and primary metric."""
    total = hashlib.sha256()
    try:
        for line in _canonical(rows, primary):
            total.update(line)
    except RecursionError:
        return "nothing that the helper writes"
    return total.hexdigest()


def _fault_of(artifact: Artifact, noted: Mapping[str, set[str]]) -> str:
    """Say in what a file differs from what is known of it; empty where it does not."""
    try:
        sha256 = sha256_of(artifact.path)
    except OSError:
        return f"{artifact.name} was recorded and is gone"
    if artifact.sha256 and sha256 != artifact.sha256:
        return f"{artifact.name} changed since it was recorded"
    if artifact.name != "results.json" and sha256 not in noted.get(artifact.name, {sha256}):
        return f"{artifact.name} was changed after labbook had written it"
    return ""


def _read_ledger(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return the hashes that the helper noted, by name; lines that are none are passed over."""
    path = files.get(LEDGER)
    found: dict[str, set[str]] = {}
    try:
        if path is None or path.stat().st_size > MAX_LEDGER_BYTES:
            return {}
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    for match in filter(None, map(LINE.fullmatch, lines)):
        found.setdefault(match[2], set()).add(match[1])
    return found


def _edited_rows(results: Any, *, is_noted: bool) -> str:
    """Say whether the rows that the helper wrote to `results.json` are not there any more."""
    rows = results.get("rows") if isinstance(results, dict) else None
    if not isinstance(rows, list):
        return ""
    digest = results.get("digest")
    if digest is None:
        return "results.json was written anew after labbook had written it" if is_noted else ""
    sealed = digest.get("rows") if isinstance(digest, dict) else None
    is_whole = isinstance(sealed, int) and 0 <= sealed <= len(rows)
    if is_whole and seal_of(rows[:sealed], results.get("primary")) == digest.get("sha256"):
        return ""
    return "rows of results.json were changed after labbook had written them"


def _canonical(rows: Sequence[Any], primary: Any) -> Iterator[bytes]:
    """Yield the one form in which rows are hashed."""
    for entry in (*rows, primary):
        yield json.dumps(entry, sort_keys=True).encode() + b"\n"

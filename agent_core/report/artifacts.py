"""Copies what a script wrote, never the data."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from pyarrow import ArrowException

from agent_core.execution.hashing import sha256_of
from agent_core.report.report_inputs import ReportInputs
from sandbox.execution import Artifact

SPLIT_ROWS = re.compile(r"split/[^/]+\.(train|test)_rows\.csv")
SPLIT_PAIRS = re.compile(r"split/[^/]+\.(train|test)\.parquet")
PREDICTIONS = re.compile(r"predictions/.+\.parquet")
OWN_FOLDERS = ("lists/", "predictions/", "per_user")
DATA_SHARE = 0.05
"""A table of user-item pairs with more than this share of the data's rows counts as data."""


def copy_artifacts(inputs: ReportInputs, folder: Path) -> list[str]:
    """Copy artifacts to `artifacts`, split rows to `split`; return what was left out and why."""
    (folder / "split").mkdir(exist_ok=True)
    (folder / "artifacts").mkdir(exist_ok=True)
    execution = inputs.best.execution if inputs.best else None
    left_out = []
    for artifact in execution.artifacts if execution else ():
        if not artifact.path.is_file():
            left_out.append(f"`{artifact.name}`: no longer on disk")
            continue
        reason = _reason_left_out(artifact, inputs)
        if reason:
            left_out.append(f"`{artifact.name}`: {reason}")
            continue
        _copy_artifact(artifact, folder)
    hashes = [f"{digest}  {n}" for d in inputs.datasets for n, digest in d.files.items()]
    (folder / "split" / "dataset.sha256").write_text("\n".join(hashes) + "\n", encoding="utf-8")
    return left_out


def _copy_artifact(artifact: Artifact, folder: Path) -> None:
    """Copy one artifact to where it belongs."""
    if SPLIT_ROWS.fullmatch(artifact.name):
        target = folder / artifact.name
    else:
        target = folder / "artifacts" / artifact.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if PREDICTIONS.fullmatch(artifact.name):
        _copy_without_ratings(artifact.path, target)
    else:
        shutil.copyfile(artifact.path, target)
    if artifact.name == "results.json":
        shutil.copyfile(artifact.path, folder / "results.json")


def _copy_without_ratings(source: Path, target: Path) -> None:
    """Copy predictions without the true ratings beside them: those are data."""
    try:
        frame = pd.read_parquet(source)
    except (ArrowException, OSError, ValueError):
        return
    frame.drop(columns=["rating"], errors="ignore").to_parquet(target, index=False)


def _reason_left_out(artifact: Artifact, inputs: ReportInputs) -> str:
    """Say why an artifact is the data or a copy of much of it; empty where it is not."""
    name = artifact.name
    if SPLIT_PAIRS.fullmatch(name):
        return "holds interactions of the data; the script makes it again"
    if name in {n for d in inputs.view.datasets for n in d.files}:
        return "the data itself"
    hashes = {h for d in inputs.view.datasets for h in d.files.values()}
    if not name.startswith(OWN_FOLDERS) and sha256_of(artifact.path) in hashes:
        return "a copy of the data"
    if name.startswith(OWN_FOLDERS):
        return ""
    rows = max((d.rows for d in inputs.view.datasets), default=0)
    if rows and _pair_rows(artifact) > DATA_SHARE * rows:
        return "a table of user-item pairs as long as a part of the data"
    return ""


def _pair_rows(artifact: Artifact) -> int:
    """Return the rows of a table that has user and item columns; 0 of any other file."""
    suffix = artifact.path.suffix or Path(artifact.name).suffix
    try:
        if suffix == ".parquet":
            shape = pq.ParquetFile(artifact.path)
            return shape.metadata.num_rows if _has_pairs(shape.schema_arrow.names) else 0
        if suffix in (".csv", ".tsv", ".txt", ".data", ".dat"):
            with artifact.path.open("rb") as stream:
                first = stream.readline(4096).decode("utf-8", "replace")
                columns = re.split(r"[,;\t|]|::", first.strip().lower())
                return sum(1 for _ in stream) if _has_pairs(columns) else 0
    except (ArrowException, OSError, ValueError):
        return 0
    return 0


def _has_pairs(columns: list[str]) -> bool:
    """Whether columns name both users and items, and no recommendation."""
    names = {c.strip(" \"'").lower() for c in columns}
    users = {"user_id", "user", "userid", "uid"}
    items = {"item_id", "item", "itemid", "movieid", "movie_id", "iid"}
    return bool(names & users) and bool(names & items) and "rank" not in names

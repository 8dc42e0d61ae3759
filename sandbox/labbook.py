"""The results of an experiment, delivered as they come: one file beside the script.

Needs the standard library, numpy and pandas (Parquet through pyarrow); LensKit objects are taken
as they are. Every file is whole after each call: written under a temporary name, then renamed.
What was delivered is sealed: `labbook.sha256` has a line of hash and name for each file, and
`results.json` a digest of its rows. To correct a result deliver it again; do not edit the files.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import csv
import functools
import gzip
import hashlib
import io
import itertools
import json
import math
import operator
import os
import platform
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "Cell",
    "Part",
    "algorithm",
    "blocks",
    "candidates",
    "cell",
    "cells",
    "chosen",
    "data",
    "dataset",
    "design",
    "features",
    "feedback",
    "figure",
    "given",
    "given_folds",
    "is_last",
    "is_pilot",
    "lists",
    "lists_of",
    "load",
    "once",
    "part",
    "per_user",
    "predictions",
    "primary",
    "results",
    "row",
    "seeds",
    "split",
    "study",
    "table",
    "use_design",
    "user_results",
    "users",
]

VERSION = 1
BEGAN = float(os.environ.setdefault("LABBOOK_BEGAN", repr(time.time())))
"""When the experiment began; what is older in the folder belongs to an earlier one."""
WHOLE_BYTES = 1 << 20
"""`results.json` is rewritten with each row up to this size, then at most once a second."""
PARTS = 32
"""Parts of `per_user` that are kept before they are put together."""
LEDGER = Path("labbook.sha256")
"""Hash and name of each delivered file, one a line, added before the file is in place: a script
that is killed in between leaves a line too many, never a file without one."""
EDITED = "0" * 64
"""Stands for the hash of a file that was made from one that somebody else had changed."""
SAFE = re.compile(r"[^A-Za-z0-9._+ @=,()\[\]-]")
LABEL = re.compile(r"\s*([A-Za-z][\w .-]*?)\s*(?:@\s*(\d+))?\s*$")
ALIASES = {
    "reciprank": "mrr", "rr": "mrr", "meanreciprocalrank": "mrr", "averageprecision": "map",
    "ap": "map", "meanaverageprecision": "map", "hitrate": "hit", "hr": "hit", "hitratio": "hit",
    "prec": "precision", "rec": "recall", "catalogcoverage": "coverage",
    "cataloguecoverage": "coverage", "itemcoverage": "coverage",
}  # fmt: skip
COLUMNS = ("user_id", "item_id", "rating", "timestamp")
ROLES = {
    "user_id": (
        r"user|users|userid|uid|u|customerid|customer|reviewerid|memberid|accountid|visitorid"
    ),
    "item_id": (
        r"item|items|itemid|iid|i|movie|movieid|film|filmid|product|productid|asin|isbn|book|bookid"
        r"|track|trackid|song|songid|artist|artistid|business|businessid|anime|animeid|game|gameid"
    ),
    "rating": r"rating|ratings|score|stars|star|value|r|bookrating|overall|weight|plays|playcount",
    "timestamp": r"timestamp|time|date|datetime|unixtime|unixreviewtime|ts|t|createdat|reviewtime",
}
"""Usual names of columns, without case and punctuation."""
ROLE_FIELDS = {
    "user_id": "user", "item_id": "item", "rating": "rating", "timestamp": "timestamp",
}  # fmt: skip
"""Role to the field of a recipe that names its column."""
ID = r"(?:\b|_)[Ii][Dd]s?$|[a-z]I[Dd]$"
"""Names of columns that hold ids."""


# -- what is delivered ---------------------------------------------------------------------


def dataset(path: Any, df: Any = None, *, feedback: str = "", **filters: Any) -> None:
    """Record the data file and what was kept of it: `df` is the frame after all filters, each
    of them named: `min_rating=4`, or with its rows `core5=(before, after)` (counts or frames).
    `feedback` says how ratings became feedback.
    """  # noqa: D205
    file = Path(path)
    about: dict[str, Any] = {"file": file.name, "sha256": sha256_of(file)}
    _memory["path"] = file
    _memory.pop(f"rows of {file}", None)
    rows_in_file = len(_file_rows(file))
    after = rows_in_file
    if df is not None:
        frame = interactions(df)
        after = len(frame)
        about |= {
            "users": int(frame["user_id"].nunique()),
            "items": int(frame["item_id"].nunique()),
            "interactions": after,
        }
    about["rows_in_file"] = rows_in_file
    about["filters"] = [
        _filter(name, value, rows_in_file, after) for name, value in filters.items()
    ]
    with _run() as run:
        kept = run.get("dataset", {})
        about["feedback"] = feedback or kept.get("feedback", "")
        if kept.get("file", file.name) != file.name:
            run.setdefault("datasets", {kept["file"]: kept})
        if "datasets" in run:
            run["datasets"][file.name] = about
        run["dataset"] = about


def feedback(rule: str) -> None:
    """Say how ratings became feedback, e.g. `every rating counts as one interaction`."""
    with _run() as run:
        run.setdefault("dataset", {})["feedback"] = rule


def study(kind: str, **details: Any) -> None:
    """Record the kind of study: `seed_variance`, `comparison`, `sweep`, `other`."""
    with _run() as run:
        run["study"] = plain({"kind": kind, **details}) if details else kind


def candidates(rule: str) -> None:
    """Say which items were ranked: `all items not in train`, or e.g. `100 sampled items`."""
    with _run() as run:
        run["candidates"] = rule


def split(
    fold: Any,
    train: Any,
    test: Any,
    data: Any = None,
    validation: Any = None,
    query: Any = None,
    **about: Any,
) -> None:
    """Save a train-test split: frames, Datasets or collections; `about`: kind, seed, holdout.
    `fold` is a cell's block where there is a design; `query` what unseen users keep.

    Row numbers of the dataset file where the interactions are found there, the interactions
    themselves where they are derived. Of several datasets each has folds of its own: of the file
    that `dataset` was last called for, or of `data`.
    """  # noqa: D205
    fold = getattr(fold, "block", fold)
    name, file = fold_name(fold), _split_file(fold, data)
    source = {} if file is None else {"file": file.name}
    parts = {"train": train, "test": test, "validation": validation, "query": query}
    frames = {p: frame_of(some) for p, some in parts.items() if some is not None}
    found = [_save_part(name, p, frame, file) for p, frame in frames.items()]
    counts = {p: len(frame) for p, frame in frames.items()}
    _note_sizes(name, frames)
    if _is_designed() and fold in _design()["blocks"]:
        is_derived = not all(found)
        _tell_block(fold, recipe="", rules=about, counts=counts, data={}, is_derived=is_derived)
        return
    with _run() as run:
        kept = run.setdefault("split", {})
        kept.update(plain(about))
        names = [*kept.get("names", []), name]
        kept["names"] = list(dict.fromkeys(names))
        kept["folds"] = len(kept["names"])
        kept.setdefault("parts", {})[name] = {**plain(about), **source}
        kept["is_derived"] = not all(found)
        kept.setdefault("counts", {})[name] = counts


def _split_file(fold: Any, data: Any) -> Path | None:
    """Return the dataset that a split is of: as it is said, of its block, or the one recorded."""
    if data is not None:
        return Path(data)
    if _is_designed() and fold in _design()["blocks"]:
        return Path(str(_block_of(fold)["dataset"]))
    found: Path | None = _memory.get("path")
    return found


def _save_part(name: str, part: str, given: pd.DataFrame, file: Path | None) -> bool:
    """Save a part as row numbers of a file; as the interactions where they are not found there."""
    frame = interactions(given)
    rows = None if file is None else _row_numbers(frame, file, given.index)
    by_pairs, by_rows = (Path("split") / f"{name}.{part}{e}" for e in (".parquet", "_rows.csv"))
    if rows is None:
        by_rows.unlink(missing_ok=True)
        _parquet(by_pairs, frame)
    else:
        by_pairs.unlink(missing_ok=True)
        _row_file(by_rows, np.sort(rows))
    return rows is not None


def _note_sizes(name: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Keep the sizes of a split that a script made itself, for the cells on it."""
    train, test = (interactions(frames[p]) for p in ("train", "test"))
    _memory.setdefault("counts", {})[name, "any"] = {
        "train_rows": len(train),
        "test_rows": len(test),
        "train_users": int(train["user_id"].nunique()),
        "train_items": int(train["item_id"].nunique()),
        "test_users": int(test["user_id"].nunique()),
    }


def algorithm(
    name: str, scorer: Any, trials: int = 0, selected_on: str | None = None, space: Any = None
) -> None:
    """Record an algorithm: class and resolved configuration of its LensKit scorer (or a dict).

    `trials`: configurations tried to choose this one; `selected_on`: on what, e.g. `validation`;
    `space`: what they were chosen from, e.g. `{"regularization": [1, 10, 100]}`.
    """
    scorer = _scorer_of(scorer)
    is_mapping = isinstance(scorer, Mapping)
    kind = str(scorer.get("class", "")) if is_mapping else type(scorer).__name__
    if isinstance(scorer, str):
        kind = scorer
    with _run() as run:
        run.setdefault("algorithms", {})[name] = {
            "class": kind,
            "config": configuration(scorer),
            "trials": int(trials),
            "selected_on": selected_on,
            **({} if space is None else {"space": plain(space)}),
        }


def lists(
    algorithm: str, recommendations: Any, fold: Any = None, seed: Any = None, users: Any = None
) -> None:
    """Save recommendation lists (an ItemListCollection or a frame: user_id, item_id, score, rank).

    `users`: keep only that many users (a number; the same ones each time) of a large experiment,
    those whose ids have the lowest SHA-1; by hand save all lists, or draw by the same rule.
    """
    frame = ranked(frame_of(recommendations))
    if users is not None:
        frame = frame[frame["user_id"].isin(_sample(frame["user_id"], int(users)))]
        with _run() as run:
            run["list_sample"] = int(users)
    _parquet(_place("lists", algorithm, fold, seed), frame)


def predictions(algorithm: str, predicted: Any, fold: Any = None, seed: Any = None) -> None:
    """Save rating predictions (a collection or a frame: user_id, item_id, prediction, rating)."""
    _parquet(_place("predictions", algorithm, fold, seed), _predicted(predicted))


def row(
    metric: str,
    value: float,
    k: int | None = None,
    algorithm: str = "",
    dataset: str | None = None,
    fold: Any = None,
    seed: Any = None,
    n: int | None = None,
    aggregate: bool = False,
    ci_low: float | None = None,
    ci_high: float | None = None,
    ci_over: str | None = None,
) -> None:
    """Add one result: one metric of one train-test run; `n` is its number of test users.

    `aggregate=True` marks a summary over runs; `ci_over` names the unit of its interval:
    `seeds`, `users`, `folds`, `splits`.
    """
    name, cut = metric_of(metric, k)
    entry: dict[str, Any] = {"metric": name}
    if cut is not None:
        entry["k"] = cut
    entry |= {"value": number(value), "algorithm": algorithm}
    optional = {
        "dataset": dataset, "fold": fold, "seed": seed, "n": None if n is None else int(n),
        "ci_low": number(ci_low), "ci_high": number(ci_high), "ci_over": ci_over,
    }  # fmt: skip
    entry |= {key: plain(v) for key, v in optional.items() if v is not None}
    entry["aggregate"] = bool(aggregate)
    with _lock():
        _load_rows()
        _results["rows"].append(json.dumps(entry, allow_nan=False))
        _save_rows()


def per_user(frame: Any, algorithm: str = "", fold: Any = None, seed: Any = None) -> None:
    """Save per-user values: `result.list_metrics()`, or user_id, metric, k, value one a line."""
    long = _long(frame)
    for column, given in (("algorithm", algorithm), ("fold", fold), ("seed", seed)):
        if column not in long or given not in ("", None):
            long[column] = None if given is None else str(given)
    keys = ["algorithm", "fold", "seed", "user_id", "metric", "k", "value"]
    long["k"] = pd.to_numeric(long["k"]).astype("Int64") if "k" in long else pd.NA
    long["user_id"] = ids(long["user_id"])
    text = dict.fromkeys(("algorithm", "fold", "seed", "user_id", "metric"), "string")
    long = long[keys].astype({**text, "value": "float64"})
    with _lock():
        _memory["parts"] = _memory.get("parts", 0) + 1
        _parquet(Path("per_user") / f"{os.getpid()}-{_memory['parts']:05d}.parquet", long)
        if _memory["parts"] % PARTS == 0:
            _consolidate()


def figure(fig: Any, name: str, shows: str = "") -> None:
    """Save a matplotlib figure as `name.png` and `name.pdf`; `shows`: what was asked for."""
    stem = safe(re.sub(r"\.(png|pdf|svg)$", "", str(name)))
    for kind in ("png", "pdf"):
        with _temporary(Path(f"{stem}.{kind}")) as path:
            fig.savefig(path, format=kind, dpi=150, bbox_inches="tight")
    _note_shown("figures", stem, shows)


def table(frame: Any, name: str, shows: str = "") -> None:
    """Save a frame as `name.csv`; `shows`: what was asked for."""
    stem = safe(re.sub(r"\.csv$", "", str(name)))
    _note_shown("tables", stem, shows)
    data = frame_of(frame)
    # Numbers without a name are places of lines, as sorting leaves them.
    is_named = any(name is not None for name in data.index.names)
    has_index = is_named or not pd.api.types.is_integer_dtype(data.index)
    with _temporary(Path(f"{stem}.csv")) as path:
        data.to_csv(path, index=has_index)


def _note_shown(kind: str, stem: str, shows: str) -> None:
    """Record what a figure or table was asked for, where that is said."""
    if shows:
        with _run() as run:
            run.setdefault(kind, {})[stem] = str(shows)


def primary(metric: str, k: int | None = None) -> None:
    """Name the metric that the conclusion rests on."""
    name, cut = metric_of(metric, k)
    with _lock():
        _load_rows()
        _results["primary"] = {"metric": name, "k": cut}
        _save_rows()


def is_pilot() -> bool:
    """Whether this is a short trial of the script: first seed, few users, all output code."""
    return os.environ.get("AUTORECLAB_PILOT", "") not in ("", "0")


def seeds(which: int | Iterable[int]) -> Seeds:
    """Return the model seeds to loop over (`30` means 0 to 29); reports progress while looping."""
    wanted = range(which) if isinstance(which, int) else which
    chosen = Seeds(int(s) for s in wanted)
    if is_pilot():
        chosen = Seeds(chosen[:1])
    with _run() as run:
        run["seeds"] = list(dict.fromkeys([*run.get("seeds", []), *tuple.__iter__(chosen)]))
    return chosen


def users(some: Any, pilot: int = 50) -> Any:
    """Return the users (or the part of a frame or collection) to evaluate: few in a pilot."""
    if not is_pilot():
        return some
    if hasattr(some, "key_type") and hasattr(some, "from_df"):
        return type(some).from_df(users(some.to_df(), pilot), some.key_type)
    if isinstance(some, pd.DataFrame):
        ids_of_users = named(some, ("user_id",))["user_id"]
        kept = ids_of_users.drop_duplicates().head(pilot)
        return some[ids_of_users.isin(kept).to_numpy()]
    return some[:pilot] if hasattr(some, "__getitem__") else list(some)[:pilot]


class Seeds(tuple[int, ...]):
    """Seeds that say how far a loop over them is."""

    def __iter__(self) -> Iterator[int]:
        """Yield the seeds, with a line for each that took time."""
        last = time.monotonic()
        for done, seed in enumerate(tuple.__iter__(self)):
            yield seed
            if time.monotonic() - last > 0.05:
                tell(f"{done + 1}/{len(self)} seeds")
            last = time.monotonic()


# -- cells of a design -----------------------------------------------------------------------

DESIGN = Path("design.json")
"""What the product decided: cells, blocks, rules; a script without it gives it to `use_design`."""
CELLS = Path("cells")
CHOSEN = "chosen"
"""The level of a hyperparameter that its grid decides on the validation part."""
LOWER = frozenset({"rmse", "mae", "mse"})
"""Metrics of which the lowest value is the best."""
TIMES = (
    "train_s", "recommend_s", "peak_mib", "train_rows", "test_rows", "train_users", "train_items",
    "test_users",
)  # fmt: skip
"""What `cells.csv` has of a cell beside its levels."""
LIBRARIES = ("lenskit", "numpy", "pandas", "scipy", "scikit-learn", "torch", "implicit")
"""Packages whose versions a delivered cell is held against before it is kept."""


CELL_LIMIT = "LABBOOK_CELL_S"
"""Names the seconds that one cell may take; without it the limit of the whole script holds."""
CUT_SHORT = 2
"""Cells of an algorithm that took too long, after which those on as much data are left out."""


class CellTimeoutError(BaseException):
    """A cell takes too long: it is left, and what comes after it goes on.

    No `Exception`, so that a script that goes on after errors does not go on with the cell.
    """


class Cell:
    """One training, or one re-ranking: `with c:` opens it, on leaving it is delivered."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Take an entry of `cells` in `design.json`."""
        self.id = str(entry["id"])
        self.levels: dict[str, Any] = dict(entry["levels"])
        self.algorithm = str(entry["algorithm"])
        """Name of the variant: algorithm at one configuration."""
        self.kind = str(entry["class"])
        self.is_random = bool(entry.get("is_random", False))
        self.block = str(entry["block"])
        self.seed = int(entry["seed"] or 0)
        self._planned: dict[str, Any] = dict(entry.get("config", {}))
        self._rng = self._new_rng()
        self._open: _Open | None = None

    def __repr__(self) -> str:
        """Return its id and levels."""
        return f"Cell({self.id}: {', '.join(f'{n}={v}' for n, v in self.levels.items())})"

    def __getitem__(self, factor: str) -> Any:
        """Return the level of a factor."""
        if factor not in self.levels:
            raise KeyError(f"cell {self.id} has no level of {factor!r}; it has {self.levels}")
        return self.levels[factor]

    @property
    def config(self) -> dict[str, Any]:
        """Return the configuration; at the level `chosen` that of the best cell of its grid."""
        return dict(_best_of_grid(self)._planned) if self.is_chosen else dict(self._planned)

    @property
    def rng(self) -> np.random.Generator:
        """Return a generator from seed and id, the same one until the cell is left."""
        return self._rng

    @property
    def is_chosen(self) -> bool:
        """Whether a hyperparameter of it is decided by a grid."""
        return CHOSEN in self.levels.values()

    @property
    def on(self) -> str:
        """Return what it is evaluated on: `validation` for cells of a grid, else `test`."""
        return "validation" if self.id in _grid_ids() else "test"

    @property
    def is_done(self) -> bool:
        """Whether it is delivered, by this script with these packages from this data."""
        return self._ended == FINISHED

    @property
    def _ended(self) -> str:
        """Return how it ended in this experiment; empty where it has not begun."""
        told = _told_of(self.id) or {}
        is_ours = all(told.get(k) == v for k, v in _made_by(self.block).items())
        return str(told.get("ended") or FINISHED) if told and is_ours else ""

    def __enter__(self) -> Cell:
        """Set the global generators from the seed, begin to time."""
        if _memory.get("open") is not None:
            raise RuntimeError(f"{_memory['open']} is open; leave it before {self} is entered")
        folder = CELLS / f".{self.id}.{_token()}"
        folder.mkdir(parents=True)
        _tell_turn(self)
        _set_seeds(self.seed)
        self._rng = self._new_rng()
        self._open, _memory["open"], _memory["is_at_work"] = _Open(folder), self, True
        _set_alarm()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        """Put the folder in place; of a cell that failed nothing is left.

        Of one that took too long that is recorded, and the script goes on behind it.
        """
        _clear_alarm()
        work, self._open = self._work(), None
        _memory["open"] = None
        is_over = kind is not None and issubclass(kind, CellTimeoutError)
        try:
            if kind is None:
                self._deliver(work)
            elif is_over:
                self._note_end(work, TIMEOUT)
        finally:
            shutil.rmtree(work.folder, ignore_errors=True)
        return is_over

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Time the training; what `once` made in it is told apart."""
        work = self._work()
        began, shared = time.perf_counter(), work.made_s
        yield
        work.trained_at = time.perf_counter()
        work.train_s = (work.train_s or 0.0) + work.trained_at - began - (work.made_s - shared)

    def model(self, scorer: Any) -> None:
        """Record class and resolved configuration of a LensKit scorer or pipeline, or a dict."""
        scorer = _scorer_of(scorer)
        work = self._work()
        work.kind = (
            str(scorer.get("class", self.kind))
            if isinstance(scorer, Mapping)
            else type(scorer).__name__
        )
        work.config = configuration(scorer)

    def lists(self, recommendations: Any, users: int | None = None) -> None:
        """Save recommendation lists (a collection or a frame: user_id, item_id, score, rank).

        `users`: keep only that many, those whose ids have the lowest SHA-1.
        """
        work = self._work()
        work.note_recommended()
        frame = ranked(frame_of(recommendations))
        if users is not None:
            frame = frame[frame["user_id"].isin(_sample(frame["user_id"], int(users)))]
            work.list_sample = int(users)
        frame.to_parquet(work.folder / "lists.parquet", index=False)

    def audit(self, recommendations: Any) -> None:
        """Save the test lists of a cell of a grid: what the test would have chosen.

        Only where that is asked; they decide nothing, and the product computes what they come to.
        """
        if self.on == "test":
            raise ValueError(f"{self} is evaluated on the test; only cells of a grid are audited")
        work = self._work()
        work.is_audit = True
        ranked(frame_of(recommendations)).to_parquet(work.folder / "audit.parquet", index=False)

    def predictions(self, predicted: Any) -> None:
        """Save rating predictions (a collection or a frame: prediction and rating of pairs)."""
        work = self._work()
        work.note_recommended()
        _predicted(predicted).to_parquet(work.folder / "predictions.parquet", index=False)

    def row(
        self, metric: str, value: float, k: int | None = None, n: int | None = None, on: str = ""
    ) -> None:
        """Add one result; `n`: its test users; `on`: `validation` where not what `c.on` says."""
        name, cut = metric_of(metric, k)
        entry = {"metric": name, "k": cut, "value": number(value)}
        entry["n"] = None if n is None else int(n)
        self._work().rows.append({**entry, "on": on or self.on})

    def per_user(self, frame: Any) -> None:
        """Save per-user values: `result.list_metrics()`, or user_id, metric, k, value."""
        long = _long(frame)
        long["k"] = pd.to_numeric(long["k"]).astype("Int64") if "k" in long else pd.NA
        long["user_id"] = ids(long["user_id"])
        kinds = {"metric": "string", "k": "Int64", "user_id": "string", "value": "float64"}
        self._work().values.append(long[list(kinds)].astype(kinds))

    def _work(self) -> _Open:
        if self._open is None:
            raise RuntimeError(f"{self} is not open; write `with c:` around what belongs to it")
        return self._open

    def _new_rng(self) -> np.random.Generator:
        digest = hashlib.sha256(f"{self.seed}:{self.id}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "big"))

    def _deliver(self, work: _Open) -> None:
        """Write what is left to write, note the hashes, and put the folder in place."""
        work.ended_at = time.perf_counter()
        if work.values:
            whole = pd.concat(work.values, ignore_index=True)
            whole.to_parquet(work.folder / "per_user.parquet", index=False)
        self._put_in_place(work, FINISHED)
        _memory["delivered"] = _memory.get("delivered", 0) + 1

    def _skip(self) -> None:
        """Record that it was left out."""
        folder = CELLS / f".{self.id}.{_token()}"
        folder.mkdir(parents=True)
        self._note_end(_Open(folder), SKIPPED)

    def _note_end(self, work: _Open, ended: str) -> None:
        """Record that it ended otherwise, without any result."""
        work.ended_at, work.rows, work.config = time.perf_counter(), [], self._planned
        for left in work.folder.iterdir():
            left.unlink()
        self._put_in_place(work, ended)
        if ended == TIMEOUT:
            _memory.setdefault("cut short", []).append(self)
            tell(f"{_label(self)} took too long")

    def _put_in_place(self, work: _Open, ended: str) -> None:
        """Write rows and record, note the hashes, and rename the folder."""
        _json(work.folder / "rows.json", json.dumps(work.rows, indent=1, allow_nan=False))
        files = {p.name: sha256_of(p) for p in sorted(work.folder.iterdir())}
        told = self._record(work, ended) | {"files": files}
        _json(work.folder / "cell.json", json.dumps(plain(told), indent=1))
        place = CELLS / self.id
        files["cell.json"] = sha256_of(work.folder / "cell.json")
        _note_all({f"{place.as_posix()}/{name}": digest for name, digest in files.items()})
        _put_folder(work.folder, place)

    def _record(self, work: _Open, ended: str) -> dict[str, Any]:
        """Return what `cell.json` says beside the hashes of the other files."""
        is_whole = ended == FINISHED
        return {
            "id": self.id,
            "levels": self.levels,
            "algorithm": self.algorithm,
            "class": work.kind or self.kind,
            "config": self.config if work.config is None else work.config,
            "is_random": self.is_random,
            "block": self.block,
            "seed": self.seed if self.is_random else None,
            "on": self.on,
            "chosen": chosen(self) if self.is_chosen and is_whole else None,
            **work.times(),
            **_counts_of(self),
            "list_sample": work.list_sample,
            "is_audit": work.is_audit,
            "ended": ended,
            "after": [i for i in _memory.get("entered", ()) if i != self.id],
            **_made_by(self.block),
        }


FINISHED, TIMEOUT, SKIPPED = "finished", "timeout", "skipped"
"""How a cell ends."""


class _Open:
    """What a cell has been given since it was entered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.began = self.ended_at = time.perf_counter()
        self.rows: list[dict[str, Any]] = []
        self.values: list[pd.DataFrame] = []
        self.train_s: float | None = None
        self.recommend_s: float | None = None
        self.trained_at: float | None = None
        self.made_s = 0.0
        """Seconds that `once` took within it."""
        self.shared_s = 0.0
        """Seconds of all that it took from `once`, whoever made it."""
        self.kind = ""
        self.config: dict[str, Any] | None = None
        self.list_sample: int | None = None
        self.is_audit = False
        """Whether a cell of a grid has test lists too, which decide nothing."""

    def note_recommended(self) -> None:
        """Take the time since the training for that of recommending, once."""
        if self.trained_at is not None and self.recommend_s is None:
            self.recommend_s = time.perf_counter() - self.trained_at

    def times(self) -> dict[str, Any]:
        """Return what it took."""
        return {
            "train_s": self.train_s,
            "recommend_s": self.recommend_s,
            "shared_s": self.shared_s,
            "seconds": self.ended_at - self.began,
            "peak_mib": _peak_mib(),
        }


def use_design(record: Mapping[str, Any]) -> None:
    """Take the design from the script itself, where no `design.json` is beside it."""
    if not DESIGN.exists():
        _memory["design"] = dict(record)


def design() -> tuple[Cell, ...]:
    """Return all cells of the design, in the order that gives answers early."""
    record = _design()
    if "cells" not in _memory:
        _memory["cells"] = tuple(Cell(entry) for entry in record["cells"])
    found: tuple[Cell, ...] = _memory["cells"]
    return found


def blocks() -> dict[str, dict[str, Any]]:
    """Return the levels of each block by its name: what `data` and `part` also take."""
    return {name: dict(told["levels"]) for name, told in _design()["blocks"].items()}


def cells(together: Iterable[str] = ()) -> Iterator[Cell]:
    """Yield the cells that this process is to run, without those that are delivered already.

    Cells that differ in the factors `together` only stand side by side and stay in one process,
    that of their first; of these none is left out before all are there. Of an algorithm of which
    two cells took too long those on as much data are left out.
    """
    names, _memory["is_at_work"] = tuple(together), True
    if names:
        with _run() as run:
            run["together"] = list(names)
    own = _own_cells(names)
    due, left = _due(own, names), 0
    for place, cell in enumerate(due):
        if why := _why_not_now(cell):
            left += 1
            tell(f"{_label(cell)} {why}")
            continue
        _memory["turn"] = (cell.id, len(own) - len(due) + place + 1, len(own))
        yield cell
        left += cell._ended == TIMEOUT
    if due:
        tell(f"{len(own) - left}/{len(own)} cells are there")
    is_last()


def cell(**levels: Any) -> Cell:
    """Return the one cell that has these levels, for loops of one's own."""
    found = [c for c in design() if all(c.levels.get(n) == v for n, v in levels.items())]
    if len(found) != 1:
        known = {n: sorted({str(c.levels[n]) for c in design() if n in c.levels}) for n in levels}
        told = f"{len(found)} cells have {levels}" if found else f"no cell has {levels}"
        more = "; give more levels to have one" if found else f"; levels there are: {known}"
        raise ValueError(told + more)
    return found[0]


def is_last() -> bool:
    """Whether this process makes what needs all cells: figures and tables stand behind it."""
    if os.environ.get("LABBOOK_CELLS") and not is_pilot():
        return False
    _memory["is_at_work"] = True
    _derive()
    return True


def results() -> pd.DataFrame:
    """Return all results of the cells that are there: a line a cell and metric.

    Columns: cell, variant, block, one a factor, metric, k, value, n, on.
    """
    factors = _factor_names()
    lines = [
        {"cell": c.id, "variant": c.algorithm, "block": c.block}
        | {n: c.levels.get(n) for n in factors}
        | row
        for c in design()
        for row in _rows_of(c.id)
    ]
    columns = ["cell", "variant", "block", *factors, "metric", "k", "value", "n", "on"]
    return _with_whole_levels(pd.DataFrame(lines, columns=columns), factors)


def user_results() -> pd.DataFrame:
    """Return the values per user of all cells that are there: a line a cell, metric and user.

    Columns: cell, variant, block, one a factor, user_id, metric, k, value.
    """
    factors = _factor_names()
    columns = ["cell", "variant", "block", *factors, "user_id", "metric", "k", "value"]
    found = [pd.DataFrame(columns=columns)]
    for c in design():
        place = CELLS / c.id / "per_user.parquet"
        if _told_of(c.id) and place.exists():
            told = {"cell": c.id, "variant": c.algorithm, "block": c.block}
            levels = {name: c.levels.get(name) for name in factors}
            found.append(pd.read_parquet(place).assign(**told, **levels)[columns])
    whole = pd.concat(found[1:] or found, ignore_index=True)
    return _with_whole_levels(whole, factors)


def lists_of(cell: Any) -> pd.DataFrame:
    """Return the lists that a cell (or the cell of an id) delivered, whichever process made it."""
    place = CELLS / str(getattr(cell, "id", cell)) / "lists.parquet"
    if not place.exists():
        raise ValueError(f"cell {place.parent.name} has delivered no lists")
    return pd.read_parquet(place)


def once(key: str, name: str, make: Callable[[], Any]) -> Any:
    """Return what `make` makes, kept for all cells of the block `key`: it depends on no cell."""
    kept: dict[str, dict[str, Any]] = _memory.setdefault("shared", {})
    if _design().get("makes_anew"):
        kept.clear()
    made = kept.setdefault(str(key), {})
    while len(kept) > KEPT_BLOCKS:
        kept.pop(next(k for k in kept if k != str(key)))
    work = _memory["open"]._open if _memory.get("open") else None
    if name not in made:
        began = time.perf_counter()
        value = make()
        made[name] = value, time.perf_counter() - began
        if work:
            work.made_s += made[name][1]
    value, seconds = made[name]
    if work:
        work.shared_s += seconds
    return value


KEPT_BLOCKS = 2
"""Blocks of which shared work is kept in memory."""


def chosen(cell: Cell) -> dict[str, Any]:
    """Return the levels that the grid of a cell of level `chosen` decided, by the product's rule:
    best mean of the first validated metric over model seeds, first in the order of the plan.
    """  # noqa: D205
    told = _told_of(cell.id) if cell.is_done else None
    if told and told.get("chosen"):
        return dict(told["chosen"])
    best = _best_of_grid(cell)
    return {n: best.levels[n] for n, level in cell.levels.items() if level == CHOSEN}


def _design() -> dict[str, Any]:
    if "design" not in _memory:
        if not DESIGN.exists():
            raise ValueError(
                "there is no design.json beside the script; give the design to labbook.use_design"
            )
        _memory["design"] = json.loads(DESIGN.read_text(encoding="utf-8"))
    found: dict[str, Any] = _memory["design"]
    return found


def _is_designed() -> bool:
    """Whether the script works by cells; one of version 1 may have a design beside it."""
    return "design" in _memory


def _block_of(block: str) -> dict[str, Any]:
    known = _design()["blocks"]
    if block not in known:
        raise ValueError(f"the design has no block {block!r}; it has {', '.join(known)}")
    found: dict[str, Any] = known[block]
    return found


def _with_whole_levels(table: pd.DataFrame, factors: list[str]) -> pd.DataFrame:
    """Return a table whose whole-number levels stay whole where other cells have none."""
    for name in factors:
        known = table[name].dropna()
        if pd.api.types.is_float_dtype(table[name]) and len(known) and (known % 1 == 0).all():
            table[name] = table[name].astype("Int64")
    return table


def _factor_names() -> list[str]:
    named = [f["name"] for f in _design().get("factors", [])]
    return list(dict.fromkeys(["algorithm", *named, *(n for c in design() for n in c.levels)]))


def _label(cell: Cell) -> str:
    """Return a cell in words: `EASE, 5-core, seed 2`."""
    told = [cell.algorithm]
    for name, level in cell.levels.items():
        if name in ("model_seed", "fold", "split_seed", "train_share", "profile_size"):
            told.append(f"{name.removeprefix('model_').replace('_', ' ')} {level}")
        elif name in ("data", "split", "dataset"):
            told.append(str(level))
    return ", ".join(told)


def _tell_turn(cell: Cell) -> None:
    """Say how far the cells of this process are."""
    ident, number, total = _memory.get("turn", ("", 0, 0))
    entered: dict[str, None] = _memory.setdefault("entered", {})
    entered[cell.id] = None
    if ident != cell.id:
        # A loop of the script's own: counted as it comes.
        number, total = list(entered).index(cell.id) + 1, len(_own_cells())
    tell(f"cell {number} of {max(number, total)}: {_label(cell)}")


def _own_cells(together: tuple[str, ...] = ()) -> list[Cell]:
    """Return the cells of this process; in a pilot without names one of each kind.

    Those that stay together are all of the process that has the first of them.
    """
    named = os.environ.get("LABBOOK_CELLS")
    if named is None:
        return _pilot_cells() if is_pilot() else list(design())
    wanted = {part.strip() for part in named.split(",") if part.strip()}
    unknown = wanted - {c.id for c in design()}
    if unknown:
        raise ValueError(
            f"LABBOOK_CELLS names cells that are not in the design: {sorted(unknown)}"
        )
    groups = _groups(design(), together)
    return [c for some in groups if some[0].id in wanted for c in some]


def _groups(some: Iterable[Cell], together: tuple[str, ...]) -> list[list[Cell]]:
    """Return cells that differ in some factors only side by side; without these each by itself."""
    found: dict[str, list[Cell]] = {}
    for one in some:
        alike = {n: v for n, v in one.levels.items() if n not in together}
        key = json.dumps(alike, sort_keys=True) if together else one.id
        found.setdefault(key, []).append(one)
    return list(found.values())


def _why_not_now(cell: Cell) -> str:
    """Say why a cell is not run; empty where it is."""
    if cell.is_chosen and not _is_grid_there(cell):
        return "waits for its grid"
    cut_short: list[Cell] = _memory.get("cut short", [])
    slow = sorted(_train_rows(c) for c in cut_short if _algorithm_of(c) == _algorithm_of(cell))
    if len(slow) < CUT_SHORT or _train_rows(cell) < slow[CUT_SHORT - 1]:
        return ""
    cell._skip()
    return "is left out: cells of its algorithm took too long on no more data"


def _algorithm_of(cell: Cell) -> str:
    return str(cell.levels.get("algorithm", cell.algorithm))


def _train_rows(cell: Cell) -> float:
    """Return how much a cell trains on; without an end where only the script knows."""
    try:
        return float(len(_part_rows(cell.block)["train"]))
    except ValueError:
        return math.inf


def _pilot_cells() -> list[Cell]:
    """Return the first cell of each class, re-ranking, data and way to split."""
    seen: set[tuple[str, Any]] = set()
    found = []
    for candidate in design():
        split = _block_of(candidate.block)["split"]
        signs = {("class", candidate.kind), ("split", split["kind"])}
        signs |= {(n, candidate.levels.get(n)) for n in ("dataset", "data", "rerank")}
        if signs - seen or (candidate.is_chosen and ("chosen", candidate.kind) not in seen):
            found.append(candidate)
        seen |= signs | {("chosen", candidate.kind)} if candidate.is_chosen else signs
    return found


def _due(own: list[Cell], together: tuple[str, ...]) -> list[Cell]:
    """Return the cells that are still to be run: a grid before what it decides."""
    places = {c.id: place for place, c in enumerate(own)}
    groups = _groups(own, together)
    due = [c for some in groups if not all(c.is_done for c in some) for c in some]
    turns = {c.id: place for place, c in enumerate(due)}

    def turn(cell: Cell) -> tuple[int, bool, int]:
        grid = _grid_of(cell) if cell.is_chosen else []
        last = max([turns[cell.id], *(turns[c.id] for c in grid if c.id in turns)])
        return last, cell.is_chosen, places[cell.id]

    return sorted(due, key=turn)


def _grid_of(cell: Cell) -> list[Cell]:
    """Return the cells among which the levels of one are chosen: of its block, all model seeds."""
    open_names = {n for n, level in cell.levels.items() if level == CHOSEN} | {"model_seed"}

    def fixed(one: Cell) -> dict[str, Any]:
        return {n: v for n, v in one.levels.items() if n not in open_names}

    wanted = fixed(cell)
    return [
        c for c in design() if c.block == cell.block and not c.is_chosen and fixed(c) == wanted
    ]


def _grid_ids() -> frozenset[str]:
    if "grid" not in _memory:
        found = (c.id for one in design() if one.is_chosen for c in _grid_of(one))
        _memory["grid"] = frozenset(found)
    ids_of_grid: frozenset[str] = _memory["grid"]
    return ids_of_grid


def _is_grid_there(cell: Cell) -> bool:
    """Whether all of a grid has ended, some of it with results."""
    grid = _grid_of(cell)
    has_ended = [bool(c._ended) for c in grid]
    return any(c.is_done for c in grid) and (is_pilot() or all(has_ended))


def _best_of_grid(cell: Cell) -> Cell:
    """Return the first cell of the configuration with the best mean on the validation part."""
    grid = _grid_of(cell)
    if not cell.is_chosen or not grid:
        raise ValueError(f"{cell} has no level that a grid decides")
    if not _is_grid_there(cell):
        missing = [c.id for c in grid if not c.is_done]
        raise ValueError(f"{cell} waits for cells of its grid: {', '.join(missing)}")
    metric = (_design().get("validated") or _design()["metrics"])[0]
    name, k = metric_of(metric["metric"], metric.get("k"))
    values: dict[str, list[float]] = {}
    for one in grid:
        found = [
            r["value"]
            for r in _rows_of(one.id)
            if (r["metric"], r["k"], r["on"]) == (name, k, "validation") and r["value"] is not None
        ]
        values.setdefault(one.algorithm, []).extend(found)
    means = {variant: float(np.mean(some)) for variant, some in values.items() if some}
    if not means:
        raise ValueError(f"no cell of the grid of {cell} has {name} on the validation part")
    best = (min if name in LOWER else max)(means, key=lambda variant: means[variant])
    return next(c for c in grid if c.algorithm == best)


def _told_of(cell_id: str) -> dict[str, Any] | None:
    """Return the `cell.json` of a delivered cell."""
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads((CELLS / cell_id / "cell.json").read_text("utf-8"))
        return found
    return None


def _rows_of(cell_id: str) -> list[dict[str, Any]]:
    with contextlib.suppress(OSError, ValueError):
        found: list[dict[str, Any]] = json.loads(
            (CELLS / cell_id / "rows.json").read_text("utf-8")
        )
        return found
    return []


def _made_by(block: str) -> dict[str, Any]:
    """Return what a delivered cell is held against before it is kept."""
    return {
        "is_pilot": is_pilot(),
        "script": _script_hash(),
        "lock": _lock_hash(),
        "data": _data_hash(_dataset_of(block)),
    }


def _data_hash(name: str) -> str:
    """Return the hash of a dataset's file."""
    known: dict[str, str] = _memory.setdefault("data hashes", {})
    if name not in known:
        known[name] = sha256_of(Path(name)) if Path(name).exists() else ""
    return known[name]


def _script_hash() -> str:
    """Return the hash of the script that runs."""
    if "script" not in _memory:
        main = getattr(sys.modules.get("__main__"), "__file__", None) or sys.argv[0]
        path = Path(main) if main and Path(main).is_file() else Path("script.py")
        _memory["script"] = sha256_of(path) if path.is_file() else ""
    return str(_memory["script"])


def _lock_hash() -> str:
    """Return the hash of the versions of Python and the libraries that results depend on."""
    if "lock" not in _memory:
        from importlib import metadata

        told = [platform.python_version()]
        for name in LIBRARIES:
            with contextlib.suppress(metadata.PackageNotFoundError):
                told.append(f"{name}=={metadata.version(name)}")
        _memory["lock"] = hashlib.sha256("\n".join(told).encode()).hexdigest()
    return str(_memory["lock"])


def _set_alarm() -> None:
    """Have the cell that is entered end after its time; a loop in C ends where it returns."""
    limit = float(os.environ.get(CELL_LIMIT) or 0)
    is_able = (
        hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    )
    if limit <= 0 or not is_able:
        return
    _memory["alarm before"] = signal.signal(signal.SIGALRM, _leave_cell)
    # Once more each second: the first may be lost in code that ignores what is raised.
    signal.setitimer(signal.ITIMER_REAL, limit, 1.0)


def _clear_alarm() -> None:
    """Let the open cell end in its own time."""
    if "alarm before" in _memory:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, _memory.pop("alarm before"))


def _leave_cell(number: int, frame: Any) -> None:
    """Leave the open cell, unless it is being delivered already."""
    while frame is not None:
        if frame.f_code is Cell.__exit__.__code__:
            return
        frame = frame.f_back
    raise CellTimeoutError("the cell took too long")


def _set_seeds(seed: int) -> None:
    """Set the generators that code draws from without being given one."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    lenskit = sys.modules.get("lenskit.random")
    begin = getattr(lenskit, "init_global_rng", None) or getattr(lenskit, "set_global_rng", None)
    if begin is not None:
        begin(seed)


def _peak_mib() -> float | None:
    """Return the most memory that this process has had."""
    try:
        import resource
    except ImportError:  # not on this system
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20) if sys.platform == "darwin" else used / 1024


def _put_folder(folder: Path, place: Path) -> None:
    """Put a folder in place by one rename; an older one of the same cell makes room first."""
    for _ in range(10):
        try:
            folder.rename(place)
        except OSError:
            aside = place.with_name(f".{place.name}.{_token()}.old")
            with contextlib.suppress(FileNotFoundError):
                place.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            return
    folder.rename(place)


def _note_all(digests: Mapping[str, str]) -> None:
    """Add lines to the ledger in one write, which other processes cannot part."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    with LEDGER.open("ab") as stream:
        stream.write(lines.encode())


def _derive() -> None:
    """Write `results.json`, `cells.csv`, `per_user.parquet`, `run.json` of the cells there are."""
    if _memory.get("derived") == (_memory.get("delivered", 0), len(_results["rows"])):
        return
    there = {c.id: t for c in design() if (t := _told_of(c.id)) is not None}
    told = {i: t for i, t in there.items() if t.get("ended", FINISHED) == FINISHED}
    _derive_rows(told)
    factors = _factor_names()
    lines = [
        {"id": i} | {n: t["levels"].get(n) for n in factors} | {n: t.get(n) for n in TIMES}
        for i, t in told.items()
    ]
    table = pd.DataFrame(lines, columns=["id", *factors, *TIMES])
    _csv(Path("cells.csv"), _with_whole_levels(table, factors))
    _derive_users(list(told))
    _derive_run(told)
    _memory["derived"] = (_memory.get("delivered", 0), len(_results["rows"]))


def _derive_rows(told: Mapping[str, Any]) -> None:
    """Write `results.json`: the rows of all cells, then those that this process added itself."""
    found = [
        json.dumps({"cell": i, **{k: v for k, v in row.items() if v is not None or k == "value"}})
        for i in told
        for row in _rows_of(i)
    ]
    rows = [*found, *_results["rows"]]
    first = next(iter(_design().get("metrics", [])), None)
    named = _results["primary"] or first
    total = hashlib.sha256()
    for text in rows:
        total.update(_canonical(json.loads(text)))
    digest = {"rows": len(rows), "sha256": _seal(total, named)}
    head = json.dumps({"version": 2, "primary": named, "digest": digest})[:-1]
    lines = ",\n  ".join(rows)
    with _sealed(Path("results.json")) as temporary:
        temporary.write_text(f'{head}, "rows": [\n  {lines}\n]}}\n', encoding="utf-8")


def _derive_users(ids_of_cells: list[str]) -> None:
    """Write the values per user of all cells into one file, one cell in memory at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    places = {i: CELLS / i / "per_user.parquet" for i in ids_of_cells}
    there = {i: p for i, p in places.items() if p.exists()}
    if not there:
        return
    kinds = {"cell": pa.string(), "user_id": pa.string(), "metric": pa.string()}
    schema = pa.schema([*{**kinds, "k": pa.int64(), "value": pa.float64()}.items()])
    with (
        _sealed(Path("per_user.parquet")) as temporary,
        parquet.ParquetWriter(temporary, schema) as writer,
    ):
        for i, place in there.items():
            # Without threads: a closing interpreter starts none.
            with parquet.ParquetFile(place, pre_buffer=False) as opened:
                table = opened.read(use_threads=False)
            table = table.append_column("cell", pa.repeat(i, table.num_rows))
            writer.write_table(table.select(schema.names).cast(schema))


def _derive_run(told: Mapping[str, Any]) -> None:
    """Write into `run.json` what blocks and cells say of splits, algorithms and seeds."""
    algorithms: dict[str, Any] = {}
    for c in (c for c in design() if c.id in told):
        about: dict[str, Any] = {key: told[c.id][key] for key in ("class", "config")}
        grid = {g.algorithm for g in _grid_of(c)} if c.is_chosen else set()
        about |= {"trials": len(grid), "selected_on": "validation" if grid else None}
        algorithms.setdefault(c.algorithm, about)
    with _run() as run:
        _blocks_in_run(run)
        run["algorithms"] = {**run.get("algorithms", {}), **algorithms}
        run["seeds"] = sorted({c.seed for c in design() if c.is_random})
        run["cells"] = {"planned": len(design()), "delivered": len(told)}
        ends = {c.id: end for c in design() if (end := c._ended) not in ("", FINISHED)}
        run["cells"] |= {"ended": ends} if ends else {}


# -- how parts are derived -------------------------------------------------------------------

Rows = np.ndarray
"""Row numbers of a dataset, ascending."""
GOLDEN, MIX_1, MIX_2 = (
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
PART_NAMES = ("train", "test", "validation", "query", "validation_query")
"""Parts of a block, as its files are named."""


class Part:
    """Training and test data of a block, as a cell has them; indices are row numbers.

    Each is made when it is asked for: `train`, `test`, `validation` and `query` (None where the
    block has none), `tested`, `candidates`, `masked`.
    """

    def __init__(self, block: str, on: str) -> None:
        """Take the row numbers of a block, for cells that are evaluated on the test or not."""
        self._block, self._rules = block, _block_of(block)["split"]
        self._table, self._rows = _table_of(block), _part_rows(block)
        self._on = on
        self._query = "query" if on == "test" else "validation_query"
        if on not in self._rows:
            raise ValueError(f"block {block} has no {on} part, which its cells are evaluated on")
        _memory.setdefault("counts", {})[block, on] = self._sizes()

    @functools.cached_property
    def train(self) -> pd.DataFrame:
        """What the model is trained on."""
        return self._table.frame.take(self._train_rows)

    @functools.cached_property
    def test(self) -> pd.DataFrame:
        """What is held out."""
        return self._table.frame.take(self._rows["test"])

    @functools.cached_property
    def validation(self) -> pd.DataFrame | None:
        """What is held out to choose on."""
        return self._frame("validation")

    @functools.cached_property
    def query(self) -> pd.DataFrame | None:
        """What users keep whom training does not see: reaches a model when it recommends."""
        return self._frame(self._query)

    @property
    def tested(self) -> pd.DataFrame:
        """What the cell is evaluated on: the validation part in cells of a grid, else the test."""
        found = self.test if self._on == "test" else self.validation
        assert found is not None
        return found

    @functools.cached_property
    def candidates(self) -> Any:
        """Which items are ranked: None for those of the training, their ids, or user and item."""
        return _candidates(self._block, self._rows, self._rows[self._on])

    @functools.cached_property
    def masked(self) -> pd.DataFrame:
        """The pairs that are not recommended: of the full training where the plan masks that."""
        how, rows = self._rules.get("masked", "training"), self._train_rows
        if how == "nothing":
            rows = rows[:0]
        elif how == "full_training":
            rows = np.union1d(rows, self._rows["full"])
        if how != "nothing" and self._query in self._rows:
            rows = np.union1d(rows, self._rows[self._query])
        return self._table.frame[["user_id", "item_id"]].take(rows)

    @functools.cached_property
    def _train_rows(self) -> Rows:
        train, validation = self._rows["train"], self._rows.get("validation")
        if self._on == "test" and self._rules.get("trains_on_validation"):
            train = train if validation is None else np.union1d(train, validation)
        return train

    def _frame(self, name: str) -> pd.DataFrame | None:
        return self._table.frame.take(self._rows[name]) if name in self._rows else None

    def _sizes(self) -> dict[str, int]:
        train, tested, there = self._train_rows, self._rows[self._on], self._table.there
        return {
            "train_rows": len(train),
            "test_rows": len(tested),
            "train_users": len(there("user_id", train)),
            "train_items": len(there("item_id", train)),
            "test_users": len(there("user_id", tested)),
        }


def data(cell: Any) -> pd.DataFrame:
    """Return the interactions of a cell (or block) after its data rules: user_id, item_id, rating
    and timestamp where there are; the index is the row number of the dataset.
    """  # noqa: D205
    block = str(getattr(cell, "block", cell))
    rows, _ = _data_rows(block)
    return _table_of(block).frame.take(rows)


def part(cell: Any) -> Part:
    """Return training and test data of a cell (or block), made by its rules once for the block:
    `.train`, `.test`, `.tested`, `.validation`, `.query`, `.candidates`, `.masked`.
    """  # noqa: D205
    key = block, on = str(getattr(cell, "block", cell)), str(getattr(cell, "on", "test"))
    if _memory.get("part of") != key:
        _memory["part"] = None
        _memory["part of"], _memory["part"] = key, Part(block, on)
    found: Part = _memory["part"]
    return found


class _Table:
    """A dataset with its ids as numbers; each distinct id is hashed once for a seed."""

    def __init__(self, name: str) -> None:
        self.name = name
        whole = _whole(Path(name))
        self.frame = whole[[c for c in COLUMNS if c in whole]]
        self.given = {c: whole[c] for c in whole if GIVEN.fullmatch(str(c))}
        self.codes: dict[str, np.ndarray] = {}
        self.texts: dict[str, list[str]] = {}
        for of in ("user_id", "item_id"):
            codes, unique = pd.factorize(self.frame[of])
            self.codes[of] = codes.astype(np.int32)
            self.texts[of] = [_id_text(v) for v in unique]
        self._units: dict[tuple[str, int], np.ndarray] = {}
        self._times: np.ndarray | None = None

    @property
    def every(self) -> Rows:
        """Return the rows that have a user and an item."""
        is_whole = (self.codes["user_id"] >= 0) & (self.codes["item_id"] >= 0)
        return np.flatnonzero(is_whole).astype(np.int32)

    def units(self, of: str, seed: int) -> np.ndarray:
        """Return the number in which a seed draws each distinct id."""
        key = of, seed
        if key not in self._units:
            hashed = (hashlib.sha256(f"{seed}:{text}".encode()) for text in self.texts[of])
            joined = b"".join(h.digest()[:8] for h in hashed)
            self._units[key] = np.frombuffer(joined, dtype=">u8").astype(np.uint64)
        return self._units[key]

    def keys(self, rows: Rows, seed: int) -> np.ndarray:
        """Return the number in which a seed draws each row."""
        x = self.units("user_id", seed)[self.codes["user_id"][rows]] * GOLDEN
        x += self.units("item_id", seed)[self.codes["item_id"][rows]]
        x ^= x >> np.uint64(30)
        x *= MIX_1
        x ^= x >> np.uint64(27)
        x *= MIX_2
        x ^= x >> np.uint64(31)
        return np.asarray(x)

    @property
    def times(self) -> np.ndarray:
        """Return the time of each row as a number; the lowest one where it is missing."""
        if self._times is None:
            values = self._column("timestamp")
            if pd.api.types.is_datetime64_any_dtype(values):
                known = values.astype("datetime64[us]").astype("int64")
                numbers = known.where(values.notna(), np.iinfo(np.int64).min).to_numpy()
            else:
                numbers = values.astype("float64").fillna(-np.inf).to_numpy()
            self._times = numbers
        return self._times

    @property
    def has_time(self) -> np.ndarray:
        return np.asarray(self._column("timestamp").notna())

    def ratings(self, rows: Rows) -> np.ndarray:
        """Return the rating of some rows; NaN where it is missing."""
        values = self._column("rating").to_numpy(dtype="float64", na_value=np.nan)
        return np.asarray(values[rows])

    def days(self) -> pd.Series:
        """Return the times as moments, for windows of days."""
        values = self._column("timestamp")
        if not pd.api.types.is_datetime64_any_dtype(values):
            if not values.max() > LEAST_TIME:
                raise ValueError(f"{self.name} has no dates, only an order: no days can be kept")
            values = pd.to_datetime(_comparable(values), unit="us")
        return values

    def users(self, rows: Rows) -> np.ndarray:
        """Return the number of the user of some rows."""
        return np.asarray(self.codes["user_id"][rows])

    def there(self, of: str, rows: Rows) -> np.ndarray:
        """Return the numbers of the users or items that some rows have, ascending."""
        return np.flatnonzero(np.bincount(self.codes[of][rows], minlength=1))

    def _column(self, role: str) -> pd.Series:
        if role not in self.frame:
            raise ValueError(f"{self.name} has no column {role!r}, which a rule of the plan needs")
        return self.frame[role]


def _table_of(block: str) -> _Table:
    """Return the dataset of a block; one is kept in memory."""
    name = _dataset_of(block)
    kept: _Table | None = _memory.get("table")
    if kept is None or kept.name != name:
        _memory["table"] = kept = None
        _memory["table"] = kept = _Table(name)
    return kept


def _share_of(share: float, size: int) -> int:
    return math.floor(share * size + 0.5)


def _recipe_hash(block: str) -> str:
    """Return the hash of the rules of a block."""
    told = json.dumps(_block_of(block), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(told.encode()).hexdigest()


# Data rules: each leaves some of the rows.


def _data_rows(block: str) -> tuple[Rows, list[dict[str, Any]]]:
    """Return the rows that the data rules leave, and what each of them did."""
    entry = _block_of(block)
    rules = [r for r in entry["data"] if not r.get("is_training_only")]
    key = json.dumps([entry["dataset"], rules], sort_keys=True)
    kept: dict[str, Any] = _memory.setdefault("data rows", {})
    if key not in kept:
        table = _table_of(block)
        kept[key] = _ruled(table, table.every, rules)
        _make_room(kept, lambda entry: len(entry[0]))
    found: tuple[Rows, list[dict[str, Any]]] = kept[key]
    return found


KEPT_ROWS = 40_000_000
"""Row numbers that are kept in memory, of data variants and of blocks each."""


def _make_room(kept: dict[str, Any], size_of: Callable[[Any], int]) -> None:
    """Forget the oldest entries, but not the last one, where there are too many rows."""
    while len(kept) > 1 and sum(map(size_of, kept.values())) > KEPT_ROWS:
        kept.pop(next(iter(kept)))


def _ruled(
    table: _Table, rows: Rows, rules: Iterable[Mapping[str, Any]]
) -> tuple[Rows, list[dict[str, Any]]]:
    """Return what rules leave, one after the other, with the counts before and after each."""
    told = []
    for rule in rules:
        keep = _RULES.get(rule["kind"])
        if keep is None:
            raise ValueError(
                f"the data rule {rule.get('text') or rule['kind']!r} is in words: apply it in the "
                "script to labbook.load(), and deliver with labbook.split(block, train, test)"
            )
        left = rows[keep(table, rows, rule)]
        told.append({"name": _rule_name(rule), "before": len(rows), "after": len(left)})
        rows = left
    return rows, told


def _rule_name(rule: Mapping[str, Any]) -> str:
    amount = rule.get("amount")
    return rule["kind"] if amount is None else f"{rule['kind']}={amount:g}"


def _one_of_pairs(table: _Table, rows: Rows, rule: Mapping[str, Any]) -> np.ndarray:
    """Keep the oldest or newest interaction of each user with each item."""
    keep = rule.get("keep", "first")
    if keep == "all":
        return np.ones(len(rows), dtype=bool)
    order = np.arange(len(rows))
    if "timestamp" in table.frame:
        order = np.argsort(table.times[rows], kind="stable")
    order = order if keep == "first" else order[::-1]
    pairs = table.codes["user_id"][rows].astype(np.int64) << 32 | table.codes["item_id"][rows]
    repeated = pd.Series(pairs[order]).duplicated().to_numpy()
    is_kept = np.empty(len(rows), dtype=bool)
    is_kept[order] = ~repeated
    return is_kept


def _rated(table: _Table, rows: Rows, rule: Mapping[str, Any]) -> np.ndarray:
    """Keep what is rated high enough; a missing rating is not."""
    ratings, lowest = table.ratings(rows), float(rule["amount"])
    return np.asarray(ratings > lowest if rule.get("is_above") else ratings >= lowest)


def _in_window(table: _Table, rows: Rows, rule: Mapping[str, Any]) -> np.ndarray:
    """Keep the UTC days from first to last; a missing time is in none."""
    moments = table.days().iloc[rows]
    is_kept = moments.notna()
    if rule.get("first"):
        is_kept &= moments >= pd.Timestamp(rule["first"]).normalize()
    if rule.get("last"):
        is_kept &= moments < pd.Timestamp(rule["last"]).normalize() + pd.Timedelta(days=1)
    return np.asarray(is_kept)


def _sampled(table: _Table, rows: Rows, rule: Mapping[str, Any]) -> np.ndarray:
    """Keep the users, items or interactions that a seed draws first: a share lies in a larger."""
    seed = 42 if rule.get("seed") is None else int(rule["seed"])
    of = rule.get("of", "both")
    if of == "interactions":
        return _is_lowest(table.keys(rows, seed), _amount(rule, len(rows)))
    column = "item_id" if of == "items" else "user_id"
    codes = table.codes[column][rows]
    there = table.there(column, rows)
    drawn = _is_lowest(table.units(column, seed)[there], _amount(rule, len(there)))
    is_drawn = np.zeros(len(table.texts[column]), dtype=bool)
    is_drawn[there[drawn]] = True
    return np.asarray(is_drawn[codes])


def _amount(rule: Mapping[str, Any], size: int) -> int:
    """Return how many a share or number of a rule comes to."""
    amount = float(rule["amount"])
    return max(1, _share_of(amount, size)) if amount < 1 else int(amount)


def _is_lowest(keys: np.ndarray, count: int) -> np.ndarray:
    """Return which are the lowest of some keys; the first ones where keys are equal."""
    is_low = np.zeros(len(keys), dtype=bool)
    is_low[np.argsort(keys, kind="stable")[:count]] = True
    return is_low


def _frequent(table: _Table, rows: Rows, rule: Mapping[str, Any]) -> np.ndarray:
    """Keep what belongs to users and items with enough interactions, counted at one time."""
    fewest, of = float(rule["amount"]), rule.get("of", "both")
    is_kept = np.ones(len(rows), dtype=bool)
    for column, name in (("user_id", "users"), ("item_id", "items")):
        if of in (name, "both"):
            codes = table.codes[column][rows]
            is_kept &= (np.bincount(codes, minlength=1) >= fewest)[codes]
    return is_kept


def _core(table: _Table, rows: Rows, rule: Mapping[str, Any]) -> np.ndarray:
    """Keep what is left when those with too few are dropped until nothing changes."""
    places = np.arange(len(rows))
    while len(places):
        is_kept = _frequent(table, rows[places], rule)
        if is_kept.all():
            break
        places = places[is_kept]
    found = np.zeros(len(rows), dtype=bool)
    found[places] = True
    return found


_RULES: dict[str, Callable[[_Table, Rows, Mapping[str, Any]], np.ndarray]] = {
    "repeated_pairs": _one_of_pairs,
    "lowest_rating": _rated,
    "time_window": _in_window,
    "sample": _sampled,
    "fewest": _frequent,
    "core": _core,
}

# Splits: each says which of the rows are held out, and which are in neither part.


@dataclass(frozen=True)
class _Split:
    """The rows of one hold-out, and the rules by which it is made."""

    table: _Table
    rows: Rows
    rules: Mapping[str, Any]
    fold: int
    seed: int

    @property
    def may_be_held(self) -> np.ndarray:
        """Return which rows are good enough to be held out."""
        lowest = self.rules.get("lowest_test_rating")
        if lowest is None:
            return np.ones(len(self.rows), dtype=bool)
        return self.table.ratings(self.rows) >= float(lowest)

    @property
    def users(self) -> np.ndarray:
        """Return the number of the user of each row."""
        return self.table.users(self.rows)

    def keys(self) -> np.ndarray:
        return self.table.keys(self.rows, self.seed)

    def newest_first(self) -> np.ndarray:
        """Return the places of the rows, newest first; of equal times the later row is newer."""
        return np.argsort(self.table.times[self.rows], kind="stable")[::-1]

    def drawn_first(self) -> np.ndarray:
        """Return the places of the rows in the order in which the seed draws them."""
        return np.argsort(self.keys(), kind="stable")

    def of_users(
        self, order: np.ndarray, wanted: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Return the first rows of each user in an order: as many as `wanted` says of its rows.

        Who would keep nothing, or has fewer, is no test user.
        """
        may, users = self.may_be_held, self.users
        sizes = np.bincount(users, minlength=len(self.table.texts["user_id"]))
        able = np.bincount(users[may], minlength=len(sizes))
        counts = wanted(able)
        counts = np.where((counts <= able) & (counts < sizes), counts, 0)
        order = order[may[order]]
        held = np.zeros(len(users), dtype=bool)
        held[order] = _turns(users[order]) < counts[users[order]]
        return held

    def share_or_number(self, able: np.ndarray) -> np.ndarray:
        """Return how many rows of each user are held out."""
        number_held = self.rules.get("held_out")
        if number_held is not None:
            return np.full(len(able), int(number_held))
        return np.floor(float(self.rules["holdout"]) * able + 0.5).astype(np.int64)

    def number(self, able: np.ndarray) -> np.ndarray:
        return np.full(len(able), int(self.rules.get("held_out") or 1))

    def order(self) -> np.ndarray:
        return self.newest_first() if self.rules.get("order") == "newest" else self.drawn_first()


def _turns(groups: np.ndarray) -> np.ndarray:
    """Return the how manieth of its group each entry is."""
    by_group = np.argsort(groups, kind="stable")
    ordered = groups[by_group]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else ordered
    lengths = np.diff(np.r_[starts, len(ordered)])
    turns = np.empty(len(groups), dtype=np.int64)
    turns[by_group] = np.arange(len(groups)) - np.repeat(starts, lengths)
    return turns


Held = tuple[np.ndarray, np.ndarray]
"""Which rows are held out, and which are in neither part."""


def _none(split: _Split) -> np.ndarray:
    return np.zeros(len(split.rows), dtype=bool)


def _leave_one_out(split: _Split) -> Held:
    return split.of_users(split.order(), split.number), _none(split)


def _leave_last(split: _Split) -> Held:
    return split.of_users(split.newest_first(), split.number), _none(split)


def _user_fraction(split: _Split) -> Held:
    return split.of_users(split.order(), split.share_or_number), _none(split)


def _random_records(split: _Split) -> Held:
    order = split.drawn_first()
    order = order[split.may_be_held[order]]
    held = _none(split)
    held[order[: _share_of(float(split.rules["holdout"]), len(order))]] = True
    return held, _none(split)


def _crossfold_records(split: _Split) -> Held:
    order = split.drawn_first()
    order = order[split.may_be_held[order]]
    held = _none(split)
    held[np.array_split(order, int(split.rules["folds"]))[split.fold]] = True
    return held, _none(split)


def _crossfold_users(split: _Split) -> Held:
    there = split.table.there("user_id", split.rows)
    units = split.table.units("user_id", split.seed)[there]
    order = there[np.argsort(units, kind="stable")]
    tested = np.array_split(order, int(split.rules["folds"]))[split.fold]
    held = split.of_users(split.order(), split.share_or_number)
    return held & np.isin(split.users, tested), _none(split)


def _global_time(split: _Split) -> Held:
    """Hold out what comes from a moment on; nothing later is in training."""
    times, may = split.table.times[split.rows], split.may_be_held
    has_time = split.table.has_time[split.rows]
    known = np.sort(times[has_time & may])
    at = len(known) - _share_of(float(split.rules["holdout"]), len(known))
    is_late = has_time & (times >= known[at]) if at < len(known) else _none(split)
    held, before = is_late & may, split.users[~is_late]
    if split.rules.get("in_training", True):
        held &= np.isin(split.users, before)
    return held, is_late & ~held


def _given(split: _Split) -> Held:
    column = split.table.given.get(f"given_{split.fold}")
    if column is None:
        raise ValueError(f"{split.table.name} has no fold {split.fold} of a given split")
    names = column.iloc[split.rows].astype(object).to_numpy()
    return names == "test", ~np.isin(names.astype(str), ["train", "test"])


_HOLDERS: dict[str, Callable[[_Split], Held]] = {
    "leave_one_out": _leave_one_out,
    "leave_last": _leave_last,
    "user_fraction": _user_fraction,
    "random_records": _random_records,
    "crossfold_records": _crossfold_records,
    "crossfold_users": _crossfold_users,
    "global_time": _global_time,
    "given": _given,
}


def _held_out(split: _Split) -> tuple[Rows, Rows]:
    """Return training and test rows: of those who could be tested the users that are drawn."""
    hold = _HOLDERS.get(split.rules["kind"])
    if hold is None:
        raise ValueError(
            f"the split {split.rules.get('text') or split.rules['kind']!r} is in words: make it "
            "in the script, and deliver it with labbook.split(block, train, test)"
        )
    held, neither = hold(split)
    tested = split.table.there("user_id", split.rows[held])
    count, share = split.rules.get("test_users"), split.rules.get("test_user_share")
    if count is not None or share is not None:
        wanted = _share_of(float(share or 0), len(tested)) if count is None else int(count)
        units = split.table.units("user_id", split.seed)[tested]
        is_drawn = np.isin(split.users, tested[_is_lowest(units, wanted)])
        if split.rules["kind"] == "global_time":
            # Nothing later is in training, whoever is tested.
            neither |= held & ~is_drawn
        held &= is_drawn
    return split.rows[~held & ~neither], split.rows[held]


def _part_rows(block: str) -> dict[str, Rows]:
    """Return the row numbers of the parts of a block, and of `full`, what is not held out."""
    kept: dict[str, dict[str, Rows]] = _memory.setdefault("part rows", {})
    if block not in kept:
        kept[block] = _derived_parts(block)
        _record(block, kept[block])
        _make_room(kept, lambda entry: sum(map(len, entry.values())))
    return kept[block]


def _derived_parts(block: str) -> dict[str, Rows]:
    """Make the parts of a block: split, unseen users, validation, training rules, thinning."""
    entry, table = _block_of(block), _table_of(block)
    rules, rows = entry["split"], _data_rows(block)[0]
    seed, fold = int(rules["seed"]), int(entry.get("fold", 0))
    first = _Split(table, rows, rules, fold, seed)
    train, test = _held_out(first)
    found = {"test": test}
    tested = table.there("user_id", test)
    if not rules.get("in_training", True):
        train, found["query"] = _without_users(table, train, tested)
    if rules.get("has_validation"):
        again = _Split(table, train, rules, fold, seed + 1)
        train, found["validation"] = _validation(again, rows)
        if not rules.get("in_training", True):
            users = table.there("user_id", found["validation"])
            train, found["validation_query"] = _without_users(table, train, users)
    only = [r for r in entry["data"] if r.get("is_training_only")]
    found["full"] = train
    train, _ = _ruled(table, train, only)
    return found | _thinned(entry, table, train, found)


def _validation(again: _Split, rows: Rows) -> tuple[Rows, Rows]:
    """Return training and validation rows: by the same rule once more, or as they were given."""
    if again.rules["kind"] != "given":
        return _held_out(again)
    column = again.table.given[f"given_{again.fold}"]
    names = column.iloc[rows].astype(object).to_numpy()
    return again.rows, rows[names == "validation"]


def _without_users(table: _Table, rows: Rows, users: np.ndarray) -> tuple[Rows, Rows]:
    """Return the rows of all others, and those of some users."""
    is_theirs = np.isin(table.users(rows), users)
    return rows[~is_theirs], rows[is_theirs]


def _thinned(
    entry: Mapping[str, Any], table: _Table, train: Rows, found: Mapping[str, Rows]
) -> dict[str, Rows]:
    """Return the training part, and what unseen users keep, where the block has less of them."""
    rules, size, share = entry["split"], entry.get("profile_size"), entry.get("train_share", 1.0)
    seed, thinned = int(rules["seed"]), {"train": train}
    if size is not None:
        tested = np.unique(table.users(found["test"]))
        parts = {
            "train": train,
            **{n: found[n] for n in ("query", "validation_query") if n in found},
        }
        thinned = {
            name: _with_profiles(_Split(table, rows, rules, 0, seed), tested, int(size))
            if name != "validation_query"
            else _with_profiles(
                _Split(table, rows, rules, 0, seed), np.unique(table.users(rows)), int(size)
            )
            for name, rows in parts.items()
        }
    if share < 1:
        rows = thinned["train"]
        order = _thinning_order(_Split(table, rows, rules, 0, seed + 2))
        thinned["train"] = np.sort(rows[order[: _share_of(float(share), len(rows))]])
    return thinned


def _thinning_order(split: _Split) -> np.ndarray:
    is_newest = split.rules.get("thinned_by") == "newest"
    return split.newest_first() if is_newest else split.drawn_first()


def _with_profiles(split: _Split, users: np.ndarray, size: int) -> Rows:
    """Return the rows with only so many of each of some users."""
    order = _thinning_order(split)
    turns = np.empty(len(order), dtype=np.int64)
    turns[order] = _turns(split.users[order])
    return split.rows[(turns < size) | ~np.isin(split.users, users)]


def _counts_of(cell: Cell) -> dict[str, int | None]:
    """Return the sizes of the parts of a cell, as far as this process has seen them."""
    known = _memory.get("counts", {})
    found = known.get((cell.block, cell.on)) or known.get((cell.block, "any")) or {}
    return {name: found.get(name) for name in TIMES[3:]}


def _candidates(block: str, parts: Mapping[str, Rows], tested: Rows) -> Any:
    """Return which items are ranked; None: those of the training."""
    rules, table = _block_of(block)["split"], _table_of(block)
    kind = rules.get("candidates", "training")
    if kind == "training":
        return None
    items = table.there("item_id", parts["full"])
    if kind == "full_training":
        return table.frame["item_id"].iloc[_first_rows(table, "item_id", items)].to_numpy()
    return _sampled_candidates(table, parts, tested, items, rules)


def _first_rows(table: _Table, of: str, codes: np.ndarray) -> np.ndarray:
    """Return a row of each of some ids."""
    found, first = np.unique(table.codes[of], return_index=True)
    return np.asarray(first[np.searchsorted(found, codes)])


def _sampled_candidates(
    table: _Table,
    parts: Mapping[str, Rows],
    tested: Rows,
    items: np.ndarray,
    rules: Mapping[str, Any],
) -> pd.DataFrame:
    """Return the held-out items of each test user with drawn ones that the user does not have.

    The items stand in a circle in the order of their units; a user begins behind its own unit.
    """
    seed, count = int(rules["seed"]) + 3, int(rules["candidate_count"])
    units = table.units("item_id", seed)[items]
    order = np.argsort(units, kind="stable")
    circle, units = items[order], units[order]
    owned = _items_by_user(table, np.concatenate([parts[n] for n in parts if n != "train"]))
    held = _items_by_user(table, tested)
    users = table.there("user_id", tested)
    begins = np.searchsorted(units, table.units("user_id", seed)[users], side="right")
    found = []
    for user, begin in zip(users, begins, strict=True):
        own = owned(user)
        near = circle[(begin + np.arange(min(len(circle), count + len(own)))) % len(circle)]
        drawn = near[~np.isin(near, own)][:count]
        found.append(np.concatenate([pd.unique(held(user)), drawn]))
    user_rows = np.repeat(_first_rows(table, "user_id", users), list(map(len, found)))
    item_rows = _first_rows(table, "item_id", np.concatenate([*found, items[:0]]))
    return pd.DataFrame(
        {
            "user_id": table.frame["user_id"].to_numpy()[user_rows],
            "item_id": table.frame["item_id"].to_numpy()[item_rows],
        }
    )


def _items_by_user(table: _Table, rows: Rows) -> Callable[[int], np.ndarray]:
    """Return what gives the numbers of a user's items."""
    users = table.users(rows)
    order = np.argsort(users, kind="stable")
    items = table.codes["item_id"][rows][order]
    ends = np.searchsorted(users[order], np.arange(len(table.texts["user_id"]) + 1))
    return lambda user: items[ends[user] : ends[user + 1]]


def _record(block: str, rows: Mapping[str, Rows]) -> None:
    """Save the row numbers of a block's parts, then by which rules they were made; once."""
    name, recipe = fold_name(block), _recipe_hash(block)
    told = _block_told(name)
    if (told.get("recipe"), told.get("sha256")) == (recipe, _data_hash(_dataset_of(block))):
        return
    there = {p: rows[p] for p in PART_NAMES if p in rows}
    for part_name, numbers in there.items():
        _row_file(Path("split") / f"{name}.{part_name}_rows.csv", numbers)
    left, filters = _data_rows(block)
    table = _table_of(block)
    kept = {
        "users": len(table.there("user_id", left)),
        "items": len(table.there("item_id", left)),
        "interactions": len(left),
        "rows_in_file": len(table.frame),
        "filters": filters,
    }
    rules = {k: _block_of(block)["split"].get(k) for k in ("kind", "seed", "holdout")}
    counts = {p: len(numbers) for p, numbers in there.items()}
    _tell_block(block, recipe=recipe, rules=rules, counts=counts, data=kept)


def _tell_block(block: str, **told: Any) -> None:
    """Write how the parts of a block were made: `split/<block>.json`."""
    name = _dataset_of(block)
    whole = {"block": block, "file": Path(name).name, "sha256": _data_hash(name), **told}
    with _sealed(Path("split") / f"{fold_name(block)}.json") as temporary:
        temporary.write_text(json.dumps(plain(whole), indent=1))


def _dataset_of(block: str) -> str:
    return str(_block_of(block)["dataset"])


def _block_told(name: str) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads((Path("split") / f"{name}.json").read_text("utf-8"))
        return found
    return {}


def _blocks_in_run(run: dict[str, Any]) -> None:
    """Write into `run.json` what the blocks say of splits and data."""
    names = {fold_name(block): block for block in _design()["blocks"]}
    told = {name: t for name in names if (t := _block_told(name))}
    if not told:
        return
    run["split"] = {
        "names": list(told),
        "folds": len(told),
        "parts": {
            n: {**t["rules"], "file": t["file"], "recipe": t["recipe"]} for n, t in told.items()
        },
        "counts": {n: t["counts"] for n, t in told.items()},
        "is_derived": any(t.get("is_derived") for t in told.values()),
    }
    run["blocks"] = {n: {"dataset": t["file"], **t["data"]} for n, t in told.items()}
    files: dict[str, Any] = {}
    for t in told.values():
        files.setdefault(t["file"], {"file": t["file"], "sha256": t["sha256"], **t["data"]})
    run.setdefault("dataset", {"feedback": "", "filters": [], **next(iter(files.values()))})
    if len(files) > 1:
        run["datasets"] = files


# -- taking values as they come --------------------------------------------------------------


def frame_of(some: Any) -> pd.DataFrame:
    """Return a frame of a DataFrame, a LensKit collection or Dataset, or a list of records."""
    if isinstance(some, pd.DataFrame):
        return some
    if hasattr(some, "interaction_table"):
        return pd.DataFrame(some.interaction_table(format="pandas", original_ids=True))
    if hasattr(some, "to_df"):
        return pd.DataFrame(some.to_df())
    return pd.DataFrame(some)


def named(frame: pd.DataFrame, wanted: Iterable[str], also: Iterable[str] = ()) -> pd.DataFrame:
    """Return a frame with contract column names, index levels made columns.

    Raises
    ------
    ValueError
        When a wanted column is not there under any usual name.
    """
    wanted = tuple(wanted)
    levels = [level for level in frame.index.names if level and level not in frame]
    frame = frame.reset_index(level=levels) if levels else frame
    # The values are not copied: ten million interactions take 320 MB.
    frame, names = frame.copy(deep=False), renaming(frame.columns, (*wanted, *also))
    frame.columns = pd.Index([names.get(c, c) for c in frame.columns])
    missing = [column for column in wanted if column not in frame]
    if missing:
        raise ValueError(f"columns {missing} are missing; there are {list(map(str, frame))}")
    frame.index = pd.RangeIndex(len(frame))
    return frame


def role_of(column: Any) -> str | None:
    """Return what a column holds, by its name."""
    plain_name = re.sub(r"[^a-z]", "", str(column).lower().removeprefix("synthetic_"))
    for role, pattern in ROLES.items():
        if re.fullmatch(f"(?:{pattern})(?:id)?", plain_name):
            return role
    return None


def renaming(columns: Iterable[Any], roles: Iterable[str]) -> dict[Any, str]:
    """Return which columns stand for the roles that no column is named after.

    Columns are known by the names that a dataset file has for them, then by usual names; an item
    also as the only other column of ids.
    """
    known = list(columns)
    open_roles = set(roles) - set(known)
    found: dict[str, Any] = {}
    for role_of_column in (_roles_in_files().get, role_of):
        for column in (c for c in known if c not in found.values()):
            role = role_of_column(column)
            if role in open_roles:
                found.setdefault(role, column)
    taken = {*COLUMNS, *found.values()}
    rest = [c for c in known if c not in taken and re.search(ID, str(c))]
    if "item_id" in open_roles - found.keys() and len(rest) == 1:
        found["item_id"] = rest[0]
    return {column: role for role, column in found.items()}


def _roles_in_files() -> dict[str, str]:
    """Return what the columns of the dataset files hold, where they agree."""
    found: dict[str, set[str]] = {}
    for recipe in _recipes().values():
        for role, field in ROLE_FIELDS.items():
            if recipe.get(field):
                found.setdefault(recipe[field], set()).add(role)
    return {column: min(roles) for column, roles in found.items() if len(roles) == 1}


def interactions(some: Any) -> pd.DataFrame:
    """Return user_id, item_id and, where there are, rating and timestamp."""
    frame = named(frame_of(some), ("user_id", "item_id"), ("rating", "timestamp"))
    return frame[[c for c in COLUMNS if c in frame]]


def ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return user_id, item_id, rank, score; ranks from the scores where there are none."""
    frame = named(frame, ("user_id", "item_id"))
    if "score" not in frame:
        frame["score"] = np.nan
    if "rank" not in frame:
        if frame["score"].notna().all() and len(frame):
            frame = frame.sort_values("score", ascending=False, kind="stable")
        frame["rank"] = frame.groupby("user_id", sort=False).cumcount() + 1
    return frame[["user_id", "item_id", "rank", "score"]].sort_values(
        ["user_id", "rank"], kind="stable", ignore_index=True
    )


def _predicted(predicted: Any) -> pd.DataFrame:
    """Return user_id, item_id, prediction, rating."""
    frame = named(frame_of(predicted), ("user_id", "item_id"))
    if "prediction" not in frame:
        source = next((c for c in ("score", "pred", "predicted", "estimate") if c in frame), None)
        if source is None:
            raise ValueError(
                f"predictions need a column `prediction` (or `score`), not {list(frame)}"
            )
        frame = frame.rename(columns={source: "prediction"})
    if "rating" not in frame:
        raise ValueError(f"predictions need the true `rating` beside them, not only {list(frame)}")
    return frame[["user_id", "item_id", "prediction", "rating"]]


def metric_of(label: str, k: int | None = None) -> tuple[str, int | None]:
    """Split `NDCG@10` into (`ndcg`, 10); LensKit's names become the usual ones."""
    match = LABEL.match(str(label))
    name = (match[1] if match else str(label)).strip().lower()
    cut = int(match[2]) if match and match[2] else None
    name = ALIASES.get(re.sub(r"[\s_.-]", "", name), name)
    return name, int(k) if k is not None else cut


def fold_name(fold: Any) -> str:
    """Return the name of a fold in file names; absent means the only one, `0`."""
    return "0" if fold is None or fold == "" else safe(str(fold))


def safe(name: str) -> str:
    """Return a name that files may have."""
    cleaned = SAFE.sub("_", str(name)).strip()
    return cleaned if cleaned and cleaned[0].isalnum() else f"_{cleaned}"


def number(value: Any) -> float | None:
    """Return a finite number, or None: JSON has no others."""
    if value is None:
        return None
    converted = float(value)
    return converted if math.isfinite(converted) else None


def plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if isinstance(value, str | int | bool | None) else str(value)


def configuration(scorer: Any) -> dict[str, Any]:
    """Return the configuration in force: a pydantic `.config`, a mapping, or plain attributes."""
    if isinstance(scorer, Mapping):
        return dict(plain(scorer.get("config", {k: v for k, v in scorer.items() if k != "class"})))
    config = getattr(scorer, "config", None)
    if config is not None and hasattr(config, "model_dump"):
        return dict(plain(config.model_dump(mode="json")))
    if isinstance(config, Mapping):
        return dict(plain(config))
    source = config if hasattr(config, "__dict__") else scorer
    simple = str | int | float | bool | None
    attributes = getattr(source, "__dict__", {})
    return {
        k: plain(v)
        for k, v in attributes.items()
        if not k.startswith("_") and isinstance(v, simple | np.generic)
    }


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def ids(values: pd.Series) -> pd.Series:
    """Return ids as strings: the numbers `7` and `7.0` are one, texts stay as they are."""
    codes, unique = pd.factorize(values, use_na_sentinel=True)
    found = np.array([*map(_id_text, unique), ""], dtype=object)
    return pd.Series(found[codes], index=values.index, dtype=object)


def _id_text(value: Any) -> str:
    is_whole = isinstance(value, float | np.floating) and value.is_integer()
    return str(int(value)) if is_whole else str(value).strip()


def tell(text: str) -> None:
    """Say a line that the product reads as progress, also where the script's output goes away."""
    stream = sys.__stdout__ or sys.stdout
    if sys.stdout is not None:
        sys.stdout.flush()
    if stream is not None:
        stream.write(f"[labbook] {text}\n")
        stream.flush()


# -- the dataset file ------------------------------------------------------------------------

RECIPES = Path(".recipes.json")
"""Dataset file to how it is read, as the product decided; without it files are looked at anew."""
ISO = r"\d{4}-\d{1,2}-\d{1,2}(?:[T ].*)?"
LEAST_TIME = 1e8
"""Numbers from there on are seconds since 1970: March 1973."""
EPOCHS = {1e17: 10**9, 1e14: 10**6, 1e11: 10**3}
"""Numbers from there on are nano-, micro- or milliseconds."""
LIST_MARKS = " []()'\""
"""What stands around the items of a list."""
COMPARED = {
    "below": operator.lt,
    "above": operator.gt,
    "at_most": operator.le,
    "at_least": operator.ge,
}
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
GIVEN = re.compile(r"given_\d+")
"""Columns that say whose part of a given split a row is."""
GIVEN_PARTS = ("train", "validation", "test")


def load(name: str = "", columns: Iterable[str] = ()) -> pd.DataFrame:
    """Return a dataset as the product reads it: user_id, item_id, rating and timestamp where it
    has them; the index is the row number. Ids are whole numbers or texts, times datetimes.
    `columns` adds further columns of its file under their own names.
    """  # noqa: D205
    path, further = Path(name) if name else _only_dataset(), list(columns)
    frame = _whole(path)
    told = [c for c in frame if GIVEN.fullmatch(str(c))]
    frame = frame.drop(columns=told) if told else frame
    recipe = _recipe_of(path)
    if not further or recipe is None:
        return frame
    is_whole = not recipe.get("parts")
    text = _interactions(path, recipe, further) if is_whole else _read_parts(path, recipe, further)
    return frame.assign(**{c: _numbers_or_text(text[c]) for c in further})


def features(name: str = "", of: str = "item") -> pd.DataFrame:
    """Return side data of the items of a dataset, or of its users (`of="user"`): a row each,
    indexed by item_id or user_id as `load` has them. Columns are numbers, texts, or lists of texts
    (genres; `explode` them); what a row lacks is missing. Not every item of the data has a row.
    """  # noqa: D205
    path = Path(name) if name else _only_dataset()
    known = (_recipe_of(path) or {}).get("sides", [])
    sides = [s for s in known if s["of"] == of]
    if not sides:
        told = ", ".join(f"{s['name']} of {s['of']}s" for s in known) or "none"
        raise ValueError(f"{path.name} has no side data of {of}s; side data: {told}")
    frames = [_side_frame(path, s) for s in sides]
    whole = frames[0]
    for side, frame in zip(sides[1:], frames[1:], strict=True):
        taken = {c: f"{c} ({side['name']})" for c in frame if c in whole}
        rows = whole.index.union(frame.index, sort=False)
        whole = whole.reindex(rows).join(frame.rename(columns=taken).reindex(rows))
    return whole.rename_axis(f"{of}_id")


def given(name: str = "", fold: int = 0) -> dict[str, pd.DataFrame]:
    """Return the parts of the split that came with a dataset: `train`, `test` and, where there
    is one, `validation`, to choose on; the index is the row number that `load` has.
    """  # noqa: D205
    path = Path(name) if name else _only_dataset()
    frame, column = _whole(path), f"given_{fold}"
    if column not in frame:
        folds = given_folds(name)
        there = f"it has the folds 0 to {folds - 1}" if folds else "it came without a split"
        raise ValueError(f"{path.name} has no fold {fold} of a given split: {there}")
    kept = [c for c in COLUMNS if c in frame]
    parts = {part: frame.loc[frame[column] == part, kept] for part in GIVEN_PARTS}
    return {part: rows for part, rows in parts.items() if len(rows)}


def given_folds(name: str = "") -> int:
    """Return how many folds the split has that came with a dataset; 0 where none came."""
    path = Path(name) if name else _only_dataset()
    parts = (_recipe_of(path) or {}).get("parts", ())
    return len({part["fold"] for part in parts}) if _is_split(parts) else 0


def _is_split(parts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether files are for different things; else they are pieces of one dataset."""
    return len({part["name"] for part in parts}) > 1


def _whole(path: Path) -> pd.DataFrame:
    """Return all rows of a dataset, and for each fold of a given split whose part a row is."""
    table = path.with_name(f".{path.name}.parquet")
    if table.exists():
        return _read_table(table)
    recipe = _recipe_of(path)
    if recipe and recipe.get("parts"):
        return _read_parts(path, recipe)
    return read_raw(path, recipe) if recipe else named(read_file(path), (), COLUMNS)


def _read_parts(path: Path, recipe: Mapping[str, Any], also: Sequence[str] = ()) -> pd.DataFrame:
    """Return the rows of the first fold in the order of its parts, then what others have more.

    `also` adds columns of the files as text; what a file lacks is empty.
    """
    whole = pd.DataFrame()
    known = {c for part in recipe["parts"] for c in part["recipe"]["columns"]}
    if missing := [c for c in also if c not in known]:
        raise ValueError(f"{path.name} has no column {', '.join(missing)}; it has {sorted(known)}")
    columns = [*_columns_of(recipe), *also, "part"]
    for fold in sorted({part["fold"] for part in recipe["parts"]}):
        pieces = []
        for part in (p for p in recipe["parts"] if p["fold"] == fold):
            is_first = part["file"] == recipe["parts"][0]["file"]
            file = path if is_first else path.with_name(part["file"])
            if not file.exists():
                raise ValueError(f"{file} is not there: it is the {part['name']} of {path.name}")
            own = [c for c in also if c in part["recipe"]["columns"]]
            text = _interactions(file, part["recipe"], own) if own else pd.DataFrame()
            rows = read_raw(file, part["recipe"]).assign(**text[own], part=part["name"])
            pieces.append(rows.reindex(columns=columns))
        rows = pd.concat(pieces).fillna(dict.fromkeys(also, ""))
        whole = _with_fold(whole, rows.reset_index(drop=True), fold, also)
    given = [] if _is_split(recipe["parts"]) else [c for c in whole if GIVEN.fullmatch(str(c))]
    return whole.drop(columns=["turn", *given])


def _columns_of(recipe: Mapping[str, Any]) -> list[str]:
    return ["user_id", "item_id", *(r for r in ("rating", "timestamp") if recipe[r])]


def _with_fold(
    whole: pd.DataFrame, rows: pd.DataFrame, fold: int, also: Sequence[str] = ()
) -> pd.DataFrame:
    """Return all rows with those of a further fold: a row that is there already is the same."""
    keys = [c for c in COLUMNS if c in rows]
    rows["turn"] = rows.groupby(keys, dropna=False).cumcount()
    rows = rows.rename(columns={"part": f"given_{fold}"})
    if whole.empty:
        return rows
    keys.append("turn")
    joined = whole.merge(rows.drop(columns=[*also]), on=keys, how="left")
    known = rows[keys].merge(whole[keys], on=keys, how="left", indicator=True)["_merge"]
    return pd.concat([joined, rows[(known == "left_only").to_numpy()]], ignore_index=True)


def read_raw(path: Path, recipe: Mapping[str, Any]) -> pd.DataFrame:
    """Return the interactions of a file by its recipe, row by row those of the product."""
    further = [recipe[role] for role in ("rating", "timestamp") if recipe[role]]
    text = _interactions(path, recipe, further)
    frame = pd.DataFrame()
    for role in ("user", "item"):
        kept = text[recipe[role]].str.strip()
        is_number = recipe[f"is_{role}_number"]
        frame[f"{role}_id"] = kept.astype("int64").to_numpy() if is_number else _shared(kept)
    for role, read in (("rating", _ratings), ("timestamp", _times)):
        if recipe[role]:
            values = text[recipe[role]].str.strip()
            frame[role] = read(values.mask(values.isin(recipe["missing"]), ""), recipe)
    return frame


def _interactions(path: Path, recipe: Mapping[str, Any], columns: Iterable[str]) -> pd.DataFrame:
    """Return columns of a file as text, a row an interaction."""
    missing = [c for c in columns if c not in recipe["columns"]]
    if missing:
        raise ValueError(f"{path.name} has no columns {missing}; it has {recipe['columns']}")
    needed = {*columns, recipe["user"], recipe["item"], *(d["column"] for d in recipe["drops"])}
    text = _fields(path, recipe, [c for c in recipe["columns"] if c in needed])
    for drop in recipe["drops"]:
        text = text[~_is_dropped(text[drop["column"]].str.strip(), drop)]
    user, item = (text[recipe[role]].str.strip() for role in ("user", "item"))
    return text[(user != "") & (item != "")].reset_index(drop=True)


def _numbers_or_text(values: pd.Series) -> pd.Series:
    """Return a column as numbers where all of it are some in their usual form."""
    values = values.str.strip()
    numbers = pd.to_numeric(values.mask(values == ""), errors="coerce")
    is_number = (numbers.notna() | (values == "")) & ~values.str.match(r"[+-]?0\d")
    return numbers if is_number.all() else values.mask(values == "", None)


def _side_frame(path: Path, side: Mapping[str, Any]) -> pd.DataFrame:
    """Return one table of side data: the product's, or made of its file by the recipe."""
    table, key = path.with_name(side["table"]), f"{side['of']}_id"
    if table.exists():
        frame = pd.read_parquet(table).set_index(key)
        kinds = _side_kinds(side["recipe"]).items()
        lists = [side_column(c, side) for c, k in kinds if k == "list"]
        texts = {c: frame[c].map(list, na_action="ignore") for c in lists}
        return frame.assign(**texts)
    if side["is_own"]:
        return side_rows(_most_frequent(path, side), side)
    file = path.with_name(side["file"])
    if not file.exists():
        raise ValueError(f"{side['file']} with the side data is not beside {path}")
    return side_rows(_fields(file, side["recipe"]), side)


def side_rows(text: pd.DataFrame, side: Mapping[str, Any]) -> pd.DataFrame:
    """Return side data by their recipe: the first row of each id, columns by their kinds."""
    recipe, of = side["recipe"], side["of"]
    keys = text[recipe[of]].str.strip()
    if recipe[f"is_{of}_number"]:
        keys = keys.where(keys.str.fullmatch(r"-?\d{1,18}(?:\.0+)?"), "").str.split(".").str[0]
    is_first = (keys != "") & ~keys.duplicated()
    text, keys = text[is_first], keys[is_first]
    kinds, parts = (
        _side_kinds(recipe),
        dict(zip(recipe["columns"], recipe["separators"], strict=True)),
    )
    columns = {
        side_column(c, side): _side_values(text[c].str.strip(), k, parts[c])
        for c, k in kinds.items()
    }
    values = keys.astype("int64" if recipe[f"is_{of}_number"] else object)
    return pd.DataFrame(columns).set_axis(pd.Index(values.to_numpy(), name=f"{of}_id"))


def side_column(column: str, side: Mapping[str, Any]) -> str:
    """Return the name of a column of side data; one named as the ids are is told by its file."""
    return f"{column} ({side['name']})" if column == f"{side['of']}_id" else column


def _side_kinds(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that side data have, with what each holds."""
    return {c: k for c, k in zip(recipe["columns"], recipe["kinds"], strict=True) if k}


def _side_values(values: pd.Series, kind: str, part: str) -> pd.Series:
    if kind == "int":
        return values.astype("int64")
    if kind == "float":
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if kind == "list":
        return values.map(lambda v: _entries(v, part) if v else None).astype(object)
    return values.astype(object).where(values != "", None)


def _entries(text: str, part: str) -> list[str]:
    """Return the entries of a list that is written as text."""
    if part != "[":
        return [e.strip() for e in text.split(part) if e.strip()]
    with contextlib.suppress(ValueError, SyntaxError):
        return [_entry_text(e) for e in _flat(_object(text))]
    return [text]


def _flat(some: Any) -> Iterator[Any]:
    """Yield what lists inside lists hold."""
    for entry in some if isinstance(some, list | tuple) else [some]:
        yield from _flat(entry) if isinstance(entry, list | tuple) else (entry,)


def _entry_text(entry: Any) -> str:
    is_object = isinstance(entry, dict)
    return json.dumps(entry, ensure_ascii=False) if is_object else _plain_text(entry)


def _most_frequent(path: Path, side: Mapping[str, Any]) -> pd.DataFrame:
    """Return of each column of an interactions file the most frequent value of each id."""
    recipe, key = side["recipe"], side["recipe"][side["of"]]
    columns = list(_side_kinds(recipe))
    text = _interactions(path, recipe, columns).apply(lambda c: c.str.strip())
    found = {}
    for column in columns:
        filled = text.loc[text[column] != "", [key, column]]
        counts = filled.groupby([key, column], sort=False).size().rename("count").reset_index()
        best = counts.sort_values("count", ascending=False, kind="stable")
        found[column] = best.drop_duplicates(key).set_index(key)[column]
    ids = pd.Index(text[key].drop_duplicates(), name=key)
    return pd.DataFrame({c: v.reindex(ids).fillna("") for c, v in found.items()}).reset_index()


def _read_table(path: Path, wanted: list[str] | None = None) -> pd.DataFrame:
    """Return the product's table, read column by column so that many rows fit.

    Equal texts are one object: categories take half of that, but groups of them keep the levels
    that a filter left without rows, and joins of two tables with other levels lose them.
    """
    import pyarrow.parquet as pq

    names = pq.read_schema(path).names
    texts = ["user_id", "item_id", *(c for c in names if GIVEN.fullmatch(c))]
    with pq.ParquetFile(path, read_dictionary=texts) as opened:
        return pd.DataFrame({c: _table_column(opened, c) for c in wanted or names})


def _table_column(opened: Any, column: str) -> Any:
    """Return the values of a column, which scripts may change."""
    values = opened.read([column]).to_pandas()[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values if GIVEN.fullmatch(column) else _shared(values)
    return values.to_numpy().copy()


def _shared(values: pd.Series) -> np.ndarray:
    """Return texts of which equal ones are one object."""
    found = values.astype("category").cat
    texts = np.array([*found.categories, None], dtype=object)
    return np.asarray(texts[found.codes])


def _only_dataset() -> Path:
    names = list(_recipes())
    if len(names) != 1:
        raise ValueError(f"Say which dataset: labbook.load(name), one of {', '.join(names)}")
    return Path(names[0])


def _recipes() -> dict[str, dict[str, Any]]:
    """Return how each dataset file is read."""
    if not RECIPES.exists():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(RECIPES.read_text(encoding="utf-8"))
    return found


def _recipe_of(path: Path) -> dict[str, Any] | None:
    """Return how a file is read; a file of another name is the only one that is known."""
    known = _recipes()
    only = next(iter(known.values())) if len(known) == 1 else None
    return known.get(path.name, only)


def _fields(
    path: Path, recipe: Mapping[str, Any], wanted: list[str] | None = None
) -> pd.DataFrame:
    """Return all fields of a file, or those of some columns, as text."""
    columns = list(recipe["columns"])
    wanted = columns if wanted is None else wanted
    with contextlib.ExitStack() as stack:
        stream = opened(path, recipe, stack)
        if recipe["layout"] == "parquet":
            frame = pd.read_parquet(stream, columns=wanted)
            return pd.DataFrame({c: _as_text(frame[c]) for c in wanted})
        if recipe["layout"] != "delimited":
            lines = io.TextIOWrapper(stream, encoding=recipe["encoding"], errors="replace")
            frame = pd.DataFrame(odd_rows(lines, recipe), columns=columns, dtype=str)[wanted]
        else:
            frame = _delimited(stream, recipe, columns, wanted)
    return _peeled(frame, recipe)


def _peeled(frame: pd.DataFrame, recipe: Mapping[str, Any]) -> pd.DataFrame:
    """Return lines without what each begins and ends with."""
    if not recipe["around"] or recipe["layout"] == "lists":
        return frame
    begins, ends = recipe["around"]
    first, last = recipe["columns"][0], recipe["columns"][-1]
    if first in frame:
        frame[first] = frame[first].str[len(begins) :]
    if last in frame:
        frame[last] = frame[last].str[: -len(ends)]
    return frame


def _delimited(
    stream: Any, recipe: Mapping[str, Any], columns: list[str], wanted: list[str]
) -> pd.DataFrame:
    is_one = len(recipe["delimiter"]) == 1
    options: dict[str, Any] = {"quoting": csv.QUOTE_NONE}
    if recipe["quote"]:
        options = {"quotechar": recipe["quote"], "skipinitialspace": True}
    frame: pd.DataFrame = pd.read_csv(
        stream,
        sep=recipe["delimiter"] if is_one else re.escape(recipe["delimiter"]),
        engine="c" if is_one else "python",
        header=None,
        names=columns,
        usecols=wanted,
        index_col=False,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skiprows=[*range(recipe["skip"]), *recipe["bad_lines"]],
        encoding=recipe["encoding"],
        encoding_errors="replace",
        **options,
    )
    return frame


def opened(path: Path, recipe: Mapping[str, Any], stack: contextlib.ExitStack) -> Any:
    """Return the bytes of a file, or of its part in an archive, as a stream."""
    kind = recipe["compression"]
    if kind == "zip":
        archive = stack.enter_context(zipfile.ZipFile(path))
        return stack.enter_context(archive.open(recipe["member"]))
    if kind == "gzip":
        return stack.enter_context(gzip.open(path))
    if kind == "zstd":
        import pyarrow as pa

        return stack.enter_context(pa.input_stream(str(path), compression="zstd"))
    return stack.enter_context(path.open("rb"))


def odd_rows(lines: Any, recipe: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the fields of each interaction of a layout that pandas has no reader for."""
    layout, head, lead = recipe["layout"], "", recipe["lead"]
    delimiter, inner = recipe["delimiter"] or None, recipe["inner"] or None
    if layout in _WHOLE:
        yield from _WHOLE[layout](lines, recipe)
        return
    for number, line in enumerate(lines):
        fields = _fields_of(line.strip("\r\n\ufeff"), delimiter, recipe["quote"])
        if number < recipe["skip"] or number in recipe["bad_lines"] or not line.strip():
            continue
        if layout == "json_lines":
            yield from _objects([_object(line)], recipe)
        elif layout == "blocks":
            is_head = inner in fields[0] if inner else fields[0].endswith(":")
            is_head = is_head and len(fields) == 1
            head = fields[0].rpartition(inner or ":")[0] if is_head else head
            yield from () if is_head else ([head, *fields],)
        elif layout == "lists":
            before, after = fields[:lead], fields[lead + 1 :]
            items = fields[lead].split(inner) if inner else fields[lead:]
            items = [i.strip(LIST_MARKS) for i in items]
            before = before if inner or recipe["has_user"] else [str(number)]
            before = [b.removesuffix("".join(recipe["around"])) for b in before]
            after = after if inner else []
            labels = recipe["labels"]
            labelled = ([*i.rsplit("-", labels), ""][: labels + 1] for i in items)
            yield from ([*before, *i, *after] for i in labelled)
        elif layout == "wide":
            user = fields[0] if recipe["has_user"] else str(number)
            items = recipe["items"] or map(str, range(1, len(fields) - lead + 1))
            yield from ([user, i, v] for i, v in zip(items, fields[lead:], strict=True))
        elif layout == "relations":
            linked = json.loads(fields[4])
            (user,) = (str(entry["id"]) for entry in linked["subjects"])
            items = (str(entry["id"]) for entry in linked["objects"])
            yield from ([user, item, fields[2], fields[0]] for item in items)
        elif layout == "libfm":
            yield [*(f.partition(":")[0] for f in fields[1:3]), fields[0]]
        else:
            yield fields


def _fields_of(line: str, delimiter: str | None, quote: str) -> list[str]:
    """Return the fields of a line; a delimiter inside quotation marks parts none."""
    if delimiter and quote and quote in line:
        return next(
            csv.reader([line], delimiter=delimiter, quotechar=quote, skipinitialspace=True)
        )
    return line.split(delimiter)


def _records(lines: Any, recipe: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the values of `key: value` lines, a blank line behind each interaction."""
    found: dict[str, str] = {}
    for line in itertools.chain(itertools.islice(lines, recipe["skip"], None), ("",)):
        key, _, value = line.strip("\r\n\ufeff").partition(recipe["delimiter"])
        if key.strip():
            found[key] = value.strip()
        elif found:
            yield [found.get(c, "") for c in recipe["columns"]]
            found = {}


def _objects(found: Any, recipe: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the wanted values of objects; of lists inside (`a/b`) a line for each entry."""
    path = recipe["inner"].split("/") if recipe["inner"] else []
    for entry in found if isinstance(found, list) else [found]:
        for one in _unfolded(entry, path):
            values = (_value(one, c) for c in recipe["columns"])
            yield [_list_text(v) if recipe["keeps_lists"] else _plain_text(v) for v in values]


def _documents(lines: Any, recipe: Mapping[str, Any]) -> Iterator[list[str]]:
    for row in document_rows(_document(lines.read()), recipe):
        yield [_plain_text(value) for value in row]


def document_rows(document: Any, recipe: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the interactions of a document of lists, of columns, or of users."""
    if recipe["layout"] == "json_rows":
        yield from document[recipe["inner"]] if recipe["inner"] else document
    elif recipe["layout"] == "json_columns":
        columns = [document[c] for c in recipe["columns"]]
        keys = list(columns[0]) if isinstance(columns[0], dict) else range(len(columns[0]))
        yield from ([column[key] for column in columns] for key in keys)
    else:
        for user, items in document.items():
            rated = items.items() if isinstance(items, dict) else ((i,) for i in items)
            yield from ([user, *one] for one in rated)


def _document(text: str) -> Any:
    """Return a document; lists that stand one a line are a list of them."""
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


_WHOLE: dict[str, Callable[..., Iterator[list[str]]]] = {
    "json_array": lambda lines, recipe: _objects(json.load(lines), recipe),
    "json_rows": _documents,
    "json_columns": _documents,
    "json_map": _documents,
    "records": _records,
}
"""Layouts of which an interaction is no line."""


def _unfolded(entry: Any, path: list[str]) -> Iterator[Any]:
    """Yield an object once for each entry of the lists inside that a path names."""
    if not path:
        yield entry
        return
    inside = entry.get(path[0]) if isinstance(entry, dict) else None
    inside = [inside] if isinstance(inside, dict) else inside
    for one in inside if isinstance(inside, list) else []:
        own = one if isinstance(one, dict) else {path[0]: one}
        yield from _unfolded({**entry, **own}, path[1:])


def _object(line: str) -> Any:
    """Return the object of a line, also where it is written as Python writes it."""
    try:
        return json.loads(line)
    except ValueError:
        return ast.literal_eval(line.strip())


def _value(entry: Any, path: str) -> Any:
    """Return what lies at `a.b` of an object."""
    for key in path.split("."):
        entry = entry.get(key) if isinstance(entry, dict) else None
    return entry


def _list_text(value: Any) -> str:
    """Return a list as JSON, other values as plain text."""
    if isinstance(value, list | np.ndarray):
        return json.dumps(list(value), ensure_ascii=False, default=_plain_text)
    return _plain_text(value)


def _plain_text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1 << 53 else repr(value)
    return str(value)


def _as_text(values: pd.Series) -> pd.Series:
    """Return a typed column as text; whole numbers without a point."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC")
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return values.astype(object).where(values.notna(), "").map(_list_text)


def _is_dropped(values: pd.Series, drop: Mapping[str, Any]) -> pd.Series:
    """Return which lines a rule leaves out."""
    wanted = list(drop["values"])
    if drop["when"] in COMPARED:
        numbers = pd.to_numeric(values, errors="coerce")
        return COMPARED[drop["when"]](numbers, float(wanted[0]))
    if drop["when"] == "starts":
        return values.str.startswith(tuple(wanted))
    return values.isin(wanted) if drop["when"] == "is" else ~values.isin(wanted)


def _ratings(values: pd.Series, recipe: Mapping[str, Any]) -> pd.Series:
    plain = values.str.removesuffix(recipe["ending"]) if recipe["ending"] else values
    if recipe["thousands"]:
        plain = plain.str.replace(recipe["thousands"], "", regex=False)
    if recipe["decimal"] != ".":
        plain = plain.str.replace(recipe["decimal"], ".", regex=False)
    return pd.to_numeric(plain, errors="coerce").astype("float64")


def _times(values: pd.Series, recipe: Mapping[str, Any]) -> pd.Series:
    """Return times; numbers that only order as they are."""
    form = recipe["time_format"]
    if form == "order":
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if form == "ns":
        return pd.to_datetime(pd.to_numeric(values, errors="coerce").astype("Int64"), unit="ns")
    if form in PER_SECOND:
        numbers = pd.to_numeric(values, errors="coerce") * (10**6 // PER_SECOND[form])
        return numbers.round().astype("Int64").astype("datetime64[us]")
    if form == "iso":
        values, form = values.where(values.str.fullmatch(ISO), ""), "ISO8601"
    moments = pd.to_datetime(values, format=form, errors="coerce", utc=True)
    return moments.dt.tz_localize(None).astype("datetime64[us]")


def separator_of(line: str) -> str:
    """Return what separates the fields of a line."""
    for candidate in ("\t", "::", ";", ",", "|"):
        if candidate in line:
            return candidate
    return r"\s+"


def _file_rows(path: Path) -> pd.DataFrame:
    """Return users and items of a dataset file, read once; row numbers are the index."""
    key = f"rows of {path}"
    if key not in _memory:
        found = _dataset_columns(path, ["user_id", "item_id"])
        whole = [c for c in found if pd.api.types.is_integer_dtype(found[c])]
        _memory[key] = found.astype({c: _smallest_type(found[c]) for c in whole})
    file: pd.DataFrame = _memory[key]
    return file


def _smallest_type(values: pd.Series) -> np.dtype:
    kind: np.dtype = pd.to_numeric(values, downcast="integer").dtype
    return kind


def _dataset_columns(path: Path, wanted: list[str]) -> pd.DataFrame:
    """Return some columns of a dataset file, as far as it has them."""
    table = path.with_name(f".{path.name}.parquet")
    if not table.exists():
        frame = load(str(path))
        return frame[[c for c in wanted if c in frame]]
    import pyarrow.parquet as pq

    return _read_table(table, [c for c in wanted if c in pq.read_schema(table).names])


def read_file(path: Path) -> pd.DataFrame:
    """Read a delimited or Parquet file; columns named as in the contract where that is clear."""
    if path.suffix == ".parquet":
        return named(pd.read_parquet(path), (), COLUMNS)
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", errors="replace") as stream:
        first, second = (stream.readline().rstrip("\r\n") for _ in range(2))
    separator = separator_of(first)
    pattern = separator if separator == r"\s+" else re.escape(separator)
    has_header = is_header(re.split(pattern, first), re.split(pattern, second))
    options: dict[str, Any] = {"engine": "python"} if len(separator) > 1 else {"low_memory": False}
    frame: pd.DataFrame = pd.read_csv(
        path,
        sep=separator,
        header=0 if has_header else None,
        encoding="utf-8-sig",
        encoding_errors="replace",
        **options,
    )
    if has_header:
        frame.columns = pd.Index([str(c).strip(" \"'") for c in frame.columns])
        return named(frame, (), COLUMNS)
    names = [*COLUMNS, *(f"column{i}" for i in range(4, frame.shape[1]))]
    return frame.set_axis(names[: frame.shape[1]], axis=1)


def is_header(first: list[str], second: list[str]) -> bool:
    """Whether the first line names columns."""
    if not any(map(_is_number, first)) and any(map(role_of, first)):
        return True
    numeric = [_is_number(a) for a in first]
    return not any(numeric) and any(_is_number(b) for b in second)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _row_numbers(frame: pd.DataFrame, path: Path, index: pd.Index) -> np.ndarray | None:
    """Return where interactions stand in a dataset file; None where some are not found.

    `index`: that of the frame as it was given, which may still be the row numbers of the file.
    """
    file = _file_rows(path)
    if not {"user_id", "item_id"} <= set(file):
        return None
    if _are_rows(frame, file, index):
        return np.asarray(index, dtype=np.int64)
    left, right = pd.DataFrame(), pd.DataFrame()
    for column in ("user_id", "item_id"):
        left[column], right[column] = _shared_codes(frame[column], file[column])
    if right.duplicated().any():
        return _turns_of(frame, left, right, path)
    pairs = (side.to_numpy(dtype=np.int64) for side in (left, right))
    own, known = (side[:, 0] << 32 | side[:, 1] for side in pairs)
    order = np.argsort(known, kind="stable")
    known = known[order]
    place = np.searchsorted(known, own).clip(max=len(known) - 1)
    return np.asarray(order[place]) if len(known) and (known[place] == own).all() else None


def _are_rows(frame: pd.DataFrame, file: pd.DataFrame, index: pd.Index) -> bool:
    """Whether an index is the row numbers of a file: the same users and items stand there."""
    is_inside = index.dtype == np.int64 and index.is_unique and len(index) > 0
    if not is_inside or index.min() < 0 or index.max() >= len(file):
        return False
    there = file.take(index)
    return all((there[c].to_numpy() == frame[c].to_numpy()).all() for c in there)


def _turns_of(
    frame: pd.DataFrame, left: pd.DataFrame, right: pd.DataFrame, path: Path
) -> np.ndarray | None:
    """Return where interactions stand in a file that has pairs several times."""
    more = _dataset_columns(path, ["rating", "timestamp"])
    for column in more.columns.intersection(frame.columns):
        both = (_comparable(f[column]) for f in (frame, more))
        left[column], right[column] = _shared_codes(*both)
    keys = [*left, "turn"]
    for side in (left, right):
        side["turn"] = side.groupby(list(side)).cumcount()
    right["row"] = np.arange(len(right))
    found = left.merge(right, on=keys, how="left")["row"]
    return None if found.isna().any() else found.to_numpy(dtype=np.int64)


def _shared_codes(one: pd.Series, other: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers for values of two columns, the same for the same id."""
    known: dict[str, int] = {}
    found = []
    for values in (one, other):
        codes, unique = pd.factorize(values)
        own = [known.setdefault(_id_text(v), len(known)) for v in unique]
        own.append(known.setdefault("", len(known)))
        found.append(np.array(own, dtype=np.int64)[codes])
    return found[0], found[1]


def _comparable(values: pd.Series) -> pd.Series:
    """Return times as microseconds, other numbers as they are."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.astype("datetime64[us]").astype("int64")
    if not pd.api.types.is_numeric_dtype(values) or not values.max() > LEAST_TIME:
        return values
    per_second = next((n for least, n in EPOCHS.items() if values.max() > least), 1)
    return (values * (10**6 / per_second)).round().astype("Int64")


def _filter(name: str, value: Any, before: int, after: int) -> dict[str, Any]:
    """Return a filter with its counts."""
    if isinstance(value, tuple | list) and len(value) == 2:
        counts = [v if isinstance(v, int | np.integer) else len(frame_of(v)) for v in value]
        return {"name": name, "before": int(counts[0]), "after": int(counts[1])}
    return {"name": f"{name}={plain(value)}", "before": before, "after": after}


def _scorer_of(scorer: Any) -> Any:
    """Return the scorer of a LensKit pipeline; anything else as it is."""
    if hasattr(scorer, "train") and callable(getattr(scorer, "node", None)):
        with contextlib.suppress(Exception):
            return scorer.node("scorer").component
    return scorer


def _sample(users: pd.Series, count: int) -> list[Any]:
    """Return the same users for the same data, whatever the order and the form of their ids."""
    unique = users.drop_duplicates()
    keys = ids(unique).map(lambda u: hashlib.sha1(u.encode(), usedforsecurity=False).digest())
    return list(unique.loc[keys.sort_values().index[:count]])


def _long(frame: Any) -> pd.DataFrame:
    """Return per-user values one a line: user_id, metric, k, value."""
    data = named(frame_of(frame), ("user_id",))
    if "value" not in data or "metric" not in data:
        keep = [c for c in ("user_id", "algorithm", "fold", "seed") if c in data]
        values = [c for c in data if c not in keep and pd.api.types.is_numeric_dtype(data[c])]
        data = data.melt(id_vars=keep, value_vars=values, var_name="label", value_name="value")
        data["metric"] = data.pop("label")
    labels = {label: metric_of(label) for label in data["metric"].unique()}
    cuts = data["metric"].map(lambda label: labels[label][1])
    data["k"] = data["k"].where(data["k"].notna(), cuts) if "k" in data else cuts
    data["metric"] = data["metric"].map(lambda label: labels[label][0])
    return data


# -- files -----------------------------------------------------------------------------------

_memory: dict[str, Any] = {}
"""The dataset file (`path`), those that were read, and how many parts of `per_user` were
written."""
_results: dict[str, Any] = {
    "primary": None,
    "written": 0,
    "rows": [],
    "mark": None,
    "saved": 0.0,
    "is_late": False,
    "total": hashlib.sha256(),
    "totalled": 0,
    "is_edited": False,
    "is_noted": False,
}
"""Rows as JSON, how many of them are on disk and how many are in the running hash."""
_held = {"depth": 0}


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Let one process at a time change the files."""
    try:
        import fcntl
    except ImportError:  # not on this system; one process then
        yield
        return
    if _held["depth"]:
        yield
        return
    name = hashlib.sha1(os.getcwd().encode(), usedforsecurity=False).hexdigest()[:16]  # noqa: PTH109
    with open(Path(tempfile.gettempdir()) / f"labbook-{name}.lock", "w") as stream:  # noqa: PTH123
        fcntl.flock(stream, fcntl.LOCK_EX)
        _held["depth"] += 1
        try:
            yield
        finally:
            _held["depth"] -= 1


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """Give a name to write to, renamed to `path` when that went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}.{_token()}.tmp{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _token() -> str:
    """Return what no other process has: in two sandboxes they may have the same number."""
    return f"{os.getpid()}-{os.urandom(4).hex()}"


def _csv(path: Path, frame: pd.DataFrame) -> None:
    with _sealed(path) as temporary:
        frame.to_csv(temporary, index=False)


def _row_file(path: Path, rows: np.ndarray) -> None:
    """Write row numbers, a line each: ten million take a second."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    options = arrow_csv.WriteOptions(quoting_style="none")
    with _sealed(path) as temporary:
        arrow_csv.write_csv(pa.table({"row": rows}), temporary, options)


def _parquet(path: Path, frame: pd.DataFrame) -> None:
    with _sealed(path) as temporary:
        frame.to_parquet(temporary, index=False)


@contextlib.contextmanager
def _sealed(path: Path, *, is_edited: bool = False) -> Iterator[Path]:
    """Give a name to write to; the hash is noted, then the file put in place."""
    with _lock(), _temporary(path) as temporary:
        yield temporary
        _note(path, EDITED if is_edited else sha256_of(temporary))


def _note(path: Path, digest: str) -> None:
    """Add a line to the ledger; all that were ever noted of a file are good ones of it."""
    is_kept = _is_ours(LEDGER) or CELLS.is_dir()
    with LEDGER.open("ab" if is_kept else "wb") as stream:
        stream.write(f"{digest}  {path.as_posix()}\n".encode())


def _noted() -> dict[str, set[str]]:
    """Return the hashes in the ledger by name."""
    found: dict[str, set[str]] = {}
    for line in LEDGER.read_text(encoding="utf-8").splitlines() if _is_ours(LEDGER) else ():
        digest, _, name = line.partition("  ")
        found.setdefault(name, set()).add(digest)
    return found


def _json(path: Path, text: str) -> None:
    with _temporary(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _place(folder: str, algorithm: str, fold: Any, seed: Any) -> Path:
    """Return where the lists or predictions of one run go."""
    run = "none" if seed is None or seed == "" else safe(str(seed))
    return Path(folder) / safe(algorithm) / f"{fold_name(fold)}-{run}.parquet"


def _is_ours(path: Path) -> bool:
    """Whether a file is there and belongs to this experiment, not to an earlier one.

    With a design several processes make one experiment, the first one long before the last.
    """
    return path.exists() and (_is_designed() or path.stat().st_mtime >= BEGAN - 0.02)


@contextlib.contextmanager
def _run() -> Iterator[dict[str, Any]]:
    """Give `run.json` to change."""
    with _lock():
        run = _read_run()
        yield run
        _json(Path("run.json"), json.dumps(run, indent=1))


def _read_run() -> dict[str, Any]:
    """Return `run.json` as far as it is of this experiment: of this design, where there is one."""
    path = Path("run.json")
    run: dict[str, Any] = {}
    if path.exists() and (_is_designed() or _is_ours(path)):
        run = json.loads(path.read_text(encoding="utf-8"))
    if not _is_designed():
        return run
    told = json.dumps(_design(), sort_keys=True, default=str)
    head = {"version": 2, "design": hashlib.sha256(told.encode()).hexdigest()}
    is_fresh = path.exists() and path.stat().st_mtime >= BEGAN - 0.02
    is_same = run.get("design", head["design"] if is_fresh else "") == head["design"]
    return {**run, **head} if is_same else dict(head)


def _mark(path: Path) -> tuple[int, ...] | None:
    if not path.exists():
        return None
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _load_rows() -> None:
    """Take over what another process of this experiment has added."""
    path = Path("results.json")
    mark = _mark(path)
    if mark == _results["mark"] or not _is_ours(path) or _is_designed():
        return
    known = json.loads(path.read_text(encoding="utf-8"))
    pending = _results["rows"][_results["written"] :]
    _take_total(known)
    _results["rows"] = [json.dumps(r) for r in known["rows"]] + pending
    _results["mark"], _results["written"] = mark, len(known["rows"])
    _results["primary"] = known.get("primary") or _results["primary"]


def _take_total(known: dict[str, Any]) -> None:
    """Hash the rows that were found, and notice where sealed ones are not what they were.

    Rows that were added by hand behind the sealed ones are as good as any.
    """
    digest, total, sealed = known.get("digest"), hashlib.sha256(), None
    wanted = digest.get("rows") if isinstance(digest, dict) else None
    for count, entry in enumerate([None, *known["rows"]]):
        if count:
            total.update(_canonical(entry))
        if count == wanted:
            sealed = _seal(total, known.get("primary"))
    if digest is None:
        _results["is_edited"] |= "results.json" in _noted()
    elif sealed is None or sealed != digest.get("sha256"):
        _results["is_edited"] = True
    _results["total"], _results["totalled"] = total, len(known["rows"])


def _canonical(entry: Any) -> bytes:
    """Return a row in the one form that is hashed."""
    return json.dumps(entry, sort_keys=True).encode() + b"\n"


def _seal(total: Any, named: Any) -> str:
    """Return the hash of the rows so far and of the primary metric."""
    whole = total.copy()
    whole.update(_canonical(named))
    return str(whole.hexdigest())


def _digest() -> dict[str, Any]:
    """Return how many rows are sealed, and their hash; none where they had been edited."""
    for text in _results["rows"][_results["totalled"] :]:
        _results["total"].update(_canonical(json.loads(text)))
    _results["totalled"] = len(_results["rows"])
    sealed = "" if _results["is_edited"] else _seal(_results["total"], _results["primary"])
    return {"rows": _results["totalled"], "sha256": sealed}


def _save_rows(*, is_last: bool = False) -> None:
    """Write `results.json`; a very large one at most once a second, and at the end."""
    size = sum(map(len, _results["rows"][-50:])) * len(_results["rows"]) // 50
    is_soon = time.monotonic() - _results["saved"] < 1.0
    if _is_designed() or (size > WHOLE_BYTES and is_soon and not is_last):
        _results["is_late"] = True
        return
    path, named = Path("results.json"), _results["primary"]
    head = json.dumps({"version": VERSION, "primary": named, "digest": _digest()})[:-1]
    rows = ",\n  ".join(_results["rows"])
    _json(path, f'{head}, "rows": [\n  {rows}\n]}}\n')
    if _results["rows"] and not _results["is_noted"]:
        # That it was written is enough: the digest in it says what.
        _note(path, sha256_of(path))
        _results["is_noted"] = True
    _results["mark"] = _mark(path)
    _results["saved"], _results["is_late"] = time.monotonic(), False
    _results["written"] = len(_results["rows"])


def _consolidate() -> None:
    """Put the parts of `per_user` together; what is there twice counts once."""
    folder, whole = Path("per_user"), Path("per_user.parquet")
    parts = sorted(p for p in folder.glob("*.parquet") if ".tmp" not in p.name)
    fresh = [p for p in parts if _is_ours(p)]
    if fresh:
        # Not through pandas: that needs threads, which a closing interpreter does not start.
        from pyarrow import parquet

        sources = ([whole] if _is_ours(whole) else []) + fresh
        noted = _noted()
        is_edited = any(sha256_of(s) not in noted.get(str(s), {sha256_of(s)}) for s in sources)
        schema = parquet.read_schema(fresh[0])
        with (
            _sealed(whole, is_edited=is_edited) as temporary,
            parquet.ParquetWriter(temporary, schema) as writer,
        ):
            for source in sources:
                writer.write_table(parquet.read_table(source))
    for part in parts:
        part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


@atexit.register
def _finish() -> None:
    """Write what is late and put the parts together."""
    with contextlib.suppress(Exception), _lock():
        if _memory.get("is_at_work"):
            is_last()
        elif _results["is_late"]:
            _load_rows()
            _save_rows(is_last=True)
        if _memory.get("parts"):
            _consolidate()
        if _memory.get("is_at_work") or _is_ours(Path("run.json")):
            with _run() as run:
                run["numerics"] = _numerics()


def _numerics() -> dict[str, Any]:
    """Return by what, and by how many threads, matrices were multiplied: last digits differ."""
    told, threads = [], []
    with contextlib.suppress(ImportError):
        from threadpoolctl import threadpool_info

        for pool in threadpool_info():
            threads.append(int(pool["num_threads"]))
            if pool["user_api"] == "blas":
                told.append(f"{pool['internal_api']} {pool.get('architecture') or ''}".strip())
    if torch := sys.modules.get("torch"):
        told.append(f"torch {torch.backends.cpu.get_cpu_capability()}")
        threads.append(int(torch.get_num_threads()))
    return {"kernel": ", ".join(dict.fromkeys(told)), "threads": max(threads, default=None)}

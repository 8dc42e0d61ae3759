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
import gzip
import hashlib
import io
import itertools
import json
import math
import operator
import os
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "algorithm",
    "candidates",
    "dataset",
    "features",
    "feedback",
    "figure",
    "given",
    "given_folds",
    "is_pilot",
    "lists",
    "load",
    "per_user",
    "predictions",
    "primary",
    "row",
    "seeds",
    "split",
    "study",
    "table",
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


def split(fold: Any, train: Any, test: Any, data: Any = None, **about: Any) -> None:
    """Save a train-test split: frames, Datasets or collections; `about`: kind, seed, holdout.

    Row numbers of the dataset file where the interactions are found there, the interactions
    themselves where they are derived. Of several datasets each has folds of its own: of the file
    that `dataset` was last called for, or of `data`.
    """
    name = fold_name(fold)
    file = _memory.get("path") if data is None else Path(data)
    source = {} if file is None else {"file": file.name}
    parts = {"train": frame_of(train), "test": frame_of(test)}
    is_derived, counts = False, {p: len(f) for p, f in parts.items()}
    for part, given in parts.items():
        frame = interactions(given)
        rows = None if file is None else _row_numbers(frame, file, given.index)
        by_pairs, by_rows = (
            Path("split") / f"{name}.{part}{e}" for e in (".parquet", "_rows.csv")
        )
        if rows is None:
            is_derived = True
            by_rows.unlink(missing_ok=True)
            _parquet(by_pairs, frame)
        else:
            by_pairs.unlink(missing_ok=True)
            _csv(by_rows, pd.DataFrame({"row": np.sort(rows)}))
    with _run() as run:
        kept = run.setdefault("split", {})
        kept.update(plain(about))
        names = [*kept.get("names", []), name]
        kept["names"] = list(dict.fromkeys(names))
        kept["folds"] = len(kept["names"])
        kept.setdefault("parts", {})[name] = {**plain(about), **source}
        kept["is_derived"] = is_derived
        kept.setdefault("counts", {})[name] = counts


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
    _parquet(
        _place("predictions", algorithm, fold, seed),
        frame[["user_id", "item_id", "prediction", "rating"]],
    )


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


def figure(fig: Any, name: str) -> None:
    """Save a matplotlib figure as `name.png` and `name.pdf`."""
    stem = safe(re.sub(r"\.(png|pdf|svg)$", "", str(name)))
    for kind in ("png", "pdf"):
        with _temporary(Path(f"{stem}.{kind}")) as path:
            fig.savefig(path, format=kind, dpi=150, bbox_inches="tight")


def table(frame: Any, name: str) -> None:
    """Save a frame as `name.csv`."""
    stem = safe(re.sub(r"\.csv$", "", str(name)))
    data = frame_of(frame)
    has_index = not isinstance(data.index, pd.RangeIndex)
    with _temporary(Path(f"{stem}.csv")) as path:
        data.to_csv(path, index=has_index)


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
    """Say a line that the product reads as progress."""
    sys.stdout.write(f"[labbook] {text}\n")
    sys.stdout.flush()


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
    if recipe.get("parts"):
        raise ValueError(f"{path.name} came in several files: their further columns are not kept")
    text = _interactions(path, recipe, further)
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
    recipe = _recipe_of(path) or {}
    return len({part["fold"] for part in recipe.get("parts", ())})


def _whole(path: Path) -> pd.DataFrame:
    """Return all rows of a dataset, and for each fold of a given split whose part a row is."""
    table = path.with_name(f".{path.name}.parquet")
    if table.exists():
        return _read_table(table)
    recipe = _recipe_of(path)
    if recipe and recipe.get("parts"):
        return _read_parts(path, recipe)
    return read_raw(path, recipe) if recipe else named(read_file(path), (), COLUMNS)


def _read_parts(path: Path, recipe: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of the first fold in the order of its parts, then what others have more."""
    whole = pd.DataFrame()
    for fold in sorted({part["fold"] for part in recipe["parts"]}):
        pieces = []
        for part in (p for p in recipe["parts"] if p["fold"] == fold):
            is_first = part["file"] == recipe["parts"][0]["file"]
            file = path if is_first else path.with_name(part["file"])
            if not file.exists():
                raise ValueError(f"{file} is not there: it is the {part['name']} of {path.name}")
            pieces.append(read_raw(file, part["recipe"]).assign(part=part["name"]))
        rows = pd.concat([p.reindex(columns=[*_columns_of(recipe), "part"]) for p in pieces])
        whole = _with_fold(whole, rows.reset_index(drop=True), fold)
    return whole.drop(columns="turn")


def _columns_of(recipe: Mapping[str, Any]) -> list[str]:
    return ["user_id", "item_id", *(r for r in ("rating", "timestamp") if recipe[r])]


def _with_fold(whole: pd.DataFrame, rows: pd.DataFrame, fold: int) -> pd.DataFrame:
    """Return all rows with those of a further fold: a row that is there already is the same."""
    keys = [c for c in COLUMNS if c in rows]
    rows["turn"] = rows.groupby(keys, dropna=False).cumcount()
    rows = rows.rename(columns={"part": f"given_{fold}"})
    if whole.empty:
        return rows
    keys.append("turn")
    joined = whole.merge(rows, on=keys, how="left")
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
        lists = [c for c, k in _side_kinds(side["recipe"]).items() if k == "list"]
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
    columns = {c: _side_column(text[c].str.strip(), k, parts[c]) for c, k in kinds.items()}
    values = keys.astype("int64" if recipe[f"is_{of}_number"] else object)
    return pd.DataFrame(columns).set_axis(pd.Index(values.to_numpy(), name=f"{of}_id"))


def _side_kinds(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that side data have, with what each holds."""
    return {c: k for c, k in zip(recipe["columns"], recipe["kinds"], strict=True) if k}


def _side_column(values: pd.Series, kind: str, part: str) -> pd.Series:
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
            is_head = fields[0].endswith(":") and len(fields) == 1
            head = fields[0][:-1] if is_head else head
            yield from () if is_head else ([head, *fields],)
        elif layout == "lists":
            before, after = fields[:lead], fields[lead + 1 :]
            items = fields[lead].split(inner) if inner else fields[lead:]
            items = [i.strip(LIST_MARKS) for i in items]
            before = before if inner or recipe["has_user"] else [str(number)]
            before = [b.removesuffix("".join(recipe["around"])) for b in before]
            after = after if inner else []
            yield from ([*before, *i.rsplit("-", recipe["labels"]), *after] for i in items)
        elif layout == "wide":
            user = fields[0] if recipe["has_user"] else str(number)
            items = recipe["items"] or map(str, range(1, len(fields) - lead + 1))
            yield from ([user, i, v] for i, v in zip(items, fields[lead:], strict=True))
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
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _csv(path: Path, frame: pd.DataFrame) -> None:
    with _sealed(path) as temporary:
        frame.to_csv(temporary, index=False)


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
    with LEDGER.open("ab" if _is_ours(LEDGER) else "wb") as stream:
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
    """Whether a file is there and belongs to this experiment, not to an earlier one."""
    return path.exists() and path.stat().st_mtime >= BEGAN - 0.02


@contextlib.contextmanager
def _run() -> Iterator[dict[str, Any]]:
    """Give `run.json` to change."""
    path = Path("run.json")
    with _lock():
        run = json.loads(path.read_text(encoding="utf-8")) if _is_ours(path) else {}
        yield run
        _json(path, json.dumps(run, indent=1))


def _mark(path: Path) -> tuple[int, ...] | None:
    if not path.exists():
        return None
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _load_rows() -> None:
    """Take over what another process of this experiment has added."""
    path = Path("results.json")
    mark = _mark(path)
    if mark == _results["mark"] or not _is_ours(path):
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
    if size > WHOLE_BYTES and is_soon and not is_last:
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
        if _results["is_late"]:
            _load_rows()
            _save_rows(is_last=True)
        if _memory.get("parts"):
            _consolidate()

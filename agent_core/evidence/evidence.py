"""Everything a script delivered, parsed once: what checks, statistics and report stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from agent_core.data.parquet_reader import PAIR, Problems
from agent_core.domain import Dataset, Plan
from agent_core.evidence import result_files
from agent_core.evidence.algorithm_names import planned_names, renamed_run
from agent_core.evidence.file_hashes import changed_files
from agent_core.evidence.raw_ids import Meaning, meanings_of, with_meant_ids
from agent_core.evidence.retrained import Retrained
from agent_core.evidence.split_origin import ROW, Origin, Parts, trace_parts
from agent_core.measures.metrics import is_close
from agent_core.measures.recomputation import Delivered, recompute
from sandbox.execution import Execution

ROW_COLUMNS = (
    "metric", "k", "value", "algorithm", "dataset", "fold", "seed", "aggregate", "n",
    "ci_low", "ci_high", "ci_over",
)  # fmt: skip
USER_COLUMNS = ("algorithm", "fold", "seed", "user_id", "metric", "k", "value")
LIST_COLUMNS = ("algorithm", "fold", "seed", "user_id", "item_id", "rank", "score")
PREDICTION_COLUMNS = ("algorithm", "fold", "seed", "user_id", "item_id", "prediction", "rating")
AGREEMENT_COLUMNS = (
    "algorithm", "fold", "seed", "metric", "k", "claimed", "computed", "definition", "agrees",
)  # fmt: skip

ODD_DATA = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
"""What data of an unforeseen form can make a calculation raise."""


def empty(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame without rows."""
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The result contract of one execution, parsed; frames are empty where nothing was delivered.

    Folds and seeds are text (`"0"`, `"42"`; `""` where absent), so that they join; `k` is a
    nullable integer; user and item ids are text.
    """

    plan: Plan
    source: str
    execution: Execution
    datasets: tuple[Dataset, ...]
    problems: tuple[str, ...] = ()
    """What could not be parsed: file, place, what was expected."""
    rows: pd.DataFrame = field(default_factory=lambda: empty(ROW_COLUMNS))
    """`results.json`, one line per row."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """`run.json`."""
    per_user: pd.DataFrame = field(default_factory=lambda: empty(USER_COLUMNS))
    """`per_user.parquet`, as the script claims."""
    lists: pd.DataFrame = field(default_factory=lambda: empty(LIST_COLUMNS))
    predictions: pd.DataFrame = field(default_factory=lambda: empty(PREDICTION_COLUMNS))
    train: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Fold to user_id, item_id, rating, timestamp."""
    test: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    recomputed: pd.DataFrame = field(default_factory=lambda: empty((*USER_COLUMNS, "definition")))
    """Per-user values computed by the product from lists, predictions and split."""
    agreement: pd.DataFrame = field(default_factory=lambda: empty(AGREEMENT_COLUMNS))
    """Each claimed run value beside the recomputed one."""
    retrained: Retrained | None = None
    """What the product's own training came to; None where there was none."""
    changed: tuple[str, ...] = ()
    """Files that are not what was recorded, or not what the helper wrote."""
    interactions: pd.DataFrame | None = None
    """The dataset that was used, in the order of its rows; None where it could not be read."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Fold to what was found of it in the dataset."""
    others: Mapping[str, pd.DataFrame | None] = field(default_factory=dict)
    """Name of each further dataset to its interactions, where folds are of several."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Fold to the further dataset that it is of."""
    other_names: Mapping[str, str] = field(default_factory=dict)
    """Names that the script gave to planned algorithms; everything here has the planned ones."""

    @property
    def single(self) -> pd.DataFrame:
        """The rows of single train-test runs."""
        return self.rows[~self.rows["aggregate"].astype(bool)]


def read_evidence(
    plan: Plan,
    source: str,
    execution: Execution,
    datasets: tuple[Dataset, ...],
    files: Mapping[str, Path],
    retrained: Retrained | None = None,
) -> Evidence:
    """Parse what an execution delivered; never raises for what a script wrote.

    Parameters
    ----------
    plan
        The plan that the script carries out.
    source
        The script.
    execution
        Its execution, with the collected artifacts.
    datasets
        The profiles of the datasets.
    files
        Dataset name to the file on this machine.
    retrained
        What the product's own training of it came to.
    """
    problems = Problems()
    artifacts = {
        a.name: a.path for a in execution.artifacts if not result_files.HALF_WRITTEN.search(a.name)
    }
    content = result_files.read_json("results.json", artifacts, problems)
    rows = result_files.result_rows(content, ROW_COLUMNS, problems)
    run = result_files.read_json("run.json", artifacts, problems) or {}
    planned = [a.name for a in plan.algorithms]
    names = [*recorded_algorithms(run), *rows["algorithm"].unique(), *planned]
    lists = result_files.run_tables("lists", artifacts, names, LIST_COLUMNS, problems)
    predictions = result_files.run_tables(
        "predictions", artifacts, names, PREDICTION_COLUMNS, problems
    )
    sources = _further_sources(run, datasets)
    further = {d.name: d for d in datasets if d.name in sources.values()}
    profiles = {"": main_dataset(run, datasets), **further}
    whole = {n: _read_profiled(p, files, problems) for n, p in profiles.items()}
    saved = result_files.split_parts(artifacts, lambda f: whole[sources.get(f, "")], problems)
    per_user = result_files.user_table(artifacts, USER_COLUMNS, problems)
    meanings = _meanings_of(profiles, whole, saved, sources, (lists, predictions, per_user))
    saved = {p: _in_meant_ids(folds, meanings, sources) for p, folds in saved.items()}
    lists, predictions, per_user = (
        _tables_in_meant_ids(f, meanings, sources) for f in (lists, predictions, per_user)
    )
    parts, origins = _origins_of(saved, whole, sources, problems)
    origins = {f: replace(o, meanings=meanings[sources.get(f, "")]) for f, o in origins.items()}
    other_names = planned_names(plan, rows["algorithm"], run)
    run = renamed_run(run, other_names)
    frames = _with_only_fold(
        _with_names((rows, per_user, lists, predictions), other_names), set(parts["test"])
    )
    is_sample = bool(run.get("list_sample"))
    try:
        computed = recomputed_of(frames, parts, is_sample=is_sample)
    except ODD_DATA as error:
        problems.add(f"the metrics cannot be recomputed: {str(error)[:200]}")
        computed = (empty((*USER_COLUMNS, "definition")), empty(AGREEMENT_COLUMNS))
    return Evidence(
        plan,
        source,
        execution,
        datasets,
        tuple(problems.found),
        _with_own_values(frames[0], computed[1]) if not is_sample else frames[0],
        run,
        frames[1],
        frames[2],
        frames[3],
        parts["train"],
        parts["test"],
        *computed,
        retrained=retrained,
        changed=changed_files(execution.artifacts, content),
        interactions=whole[""],
        origins=origins,
        others={name: whole[name] for name in further},
        sources=sources,
        other_names=other_names,
    )


def recorded_algorithms(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the algorithms of a run.json by name; empty where they are no table."""
    found = result_files.table_of(run, "algorithms")
    return {name: described for name, described in found.items() if isinstance(described, dict)}


def main_dataset(run: Mapping[str, Any], datasets: tuple[Dataset, ...]) -> Dataset | None:
    """Return the dataset that the run names, or the first."""
    name = result_files.table_of(run, "dataset").get("file")
    return next((d for d in datasets if d.name == name), datasets[0] if datasets else None)


def recomputed_of(
    frames: tuple[pd.DataFrame, ...],
    parts: Mapping[str, Mapping[str, pd.DataFrame]],
    *,
    is_sample: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return per-user values computed by the product, and how they agree with the claims."""
    rows, per_user, lists, predictions = frames
    single = rows[~rows["aggregate"].astype(bool)]
    delivered = Delivered(single, lists, predictions, per_user, parts, is_sample)
    users, agreement = recompute(delivered)
    frame = pd.concat(users, ignore_index=True) if users else empty((*USER_COLUMNS, "definition"))
    table = pd.DataFrame(agreement, columns=list(AGREEMENT_COLUMNS)).astype({"k": "Int64"})
    return frame, table


def _with_names(
    frames: tuple[pd.DataFrame, ...], names: Mapping[str, str]
) -> tuple[pd.DataFrame, ...]:
    """Return frames with the planned names of algorithms."""
    if not names:
        return frames
    return tuple(f.assign(algorithm=f["algorithm"].replace(dict(names))) for f in frames)


def _origins_of(
    saved: Parts,
    whole: Mapping[str, pd.DataFrame | None],
    sources: Mapping[str, str],
    problems: Problems,
) -> tuple[Parts, dict[str, Origin]]:
    """Return the split with what the dataset of each fold has of it, and where it comes from."""
    parts: Parts = {"train": {}, "test": {}}
    origins: dict[str, Origin] = {}
    for source, interactions in whole.items():
        own = {
            part: {f: frame for f, frame in folds.items() if sources.get(f, "") == source}
            for part, folds in saved.items()
        }
        try:
            told, found = trace_parts(own, interactions)
        except ODD_DATA as error:
            problems.add(f"the split cannot be sought in the dataset: {str(error)[:200]}")
            told, found = trace_parts(own, None)
        origins |= found
        for part, folds in told.items():
            parts[part] |= folds
    return parts, origins


def _meanings_of(
    profiles: Mapping[str, Dataset | None],
    whole: Mapping[str, pd.DataFrame | None],
    saved: Parts,
    sources: Mapping[str, str],
    tables: tuple[pd.DataFrame, ...],
) -> dict[str, dict[str, Meaning]]:
    """Return, by dataset and column, what the ids that a script wrote stand for."""
    found: dict[str, dict[str, Meaning]] = {}
    for source, data in whole.items():
        recipe = getattr(profiles[source], "recipe", None)
        if data is None or recipe is None or not set(PAIR) <= set(data):
            found[source] = {}
            continue
        frames = [
            frame
            for folds in saved.values()
            for fold, frame in folds.items()
            if sources.get(fold, "") == source and ROW not in frame
        ]
        frames += [t[t["fold"].map(lambda f: sources.get(f, "")) == source] for t in tables]
        are_numbers = {"user_id": recipe.is_user_number, "item_id": recipe.is_item_number}
        found[source] = meanings_of(frames, data, are_numbers)
    return found


def _in_meant_ids(
    folds: Mapping[str, pd.DataFrame],
    meanings: Mapping[str, Mapping[str, Meaning]],
    sources: Mapping[str, str],
) -> dict[str, pd.DataFrame]:
    """Return parts of a split with the ids of their dataset."""
    return {
        fold: frame if ROW in frame else with_meant_ids(frame, meanings[sources.get(fold, "")])
        for fold, frame in folds.items()
    }


def _tables_in_meant_ids(
    table: pd.DataFrame,
    meanings: Mapping[str, Mapping[str, Meaning]],
    sources: Mapping[str, str],
) -> pd.DataFrame:
    """Return lists, predictions or values of users with the ids of their datasets."""
    if not any(m.ids for own in meanings.values() for m in own.values()):
        return table
    source = table["fold"].map(lambda f: sources.get(f, ""))
    told = [with_meant_ids(table[source == name], own) for name, own in meanings.items()]
    return pd.concat(told).sort_index()


def _with_own_values(rows: pd.DataFrame, agreement: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the product's own values where a script rounded its own."""
    table = agreement[agreement["agrees"].astype(bool)]
    rounded = table[
        [not is_close(c, v) for c, v in zip(table["claimed"], table["computed"], strict=True)]
    ]
    if not len(rounded):
        return rows
    keys = ["algorithm", "fold", "seed", "metric", "k"]
    known = rounded[[*keys, "computed"]].drop_duplicates(keys)
    own = rows[keys].merge(known, on=keys, how="left")["computed"].set_axis(rows.index)
    is_single = ~rows["aggregate"].astype(bool)
    return rows.assign(value=own.astype(float).where(is_single).fillna(rows["value"]))


def _further_sources(run: Mapping[str, Any], datasets: tuple[Dataset, ...]) -> dict[str, str]:
    """Return the folds that are of another dataset than the run's, with its name."""
    main, known = main_dataset(run, datasets), {d.name for d in datasets}
    named = result_files.fold_files(run).items()
    return {f: name for f, name in named if main and name in known - {main.name}}


def _read_profiled(
    profile: Dataset | None, files: Mapping[str, Path], problems: Problems
) -> pd.DataFrame | None:
    """Read a dataset by its profile."""
    if profile is None or profile.name not in files:
        return None
    try:
        return result_files.read_dataset(profile, files)
    except (ValueError, OSError, MemoryError) as error:
        problems.add(f"{profile.name} could not be read again: {str(error)[:200]}")
        return None


def _with_only_fold(frames: tuple[pd.DataFrame, ...], split: set[str]) -> tuple[pd.DataFrame, ...]:
    """Fill the fold in where it is left out and there is only one."""
    found = [set(f["fold"].unique()) - {""} for f in frames]
    named = split.union(*found)
    # A split that was saved to choose on may have no lists and no values.
    measured = set().union(*found[1:])
    named = named if len(named) == 1 or len(measured) != 1 else measured
    if len(named) != 1:
        return frames
    (only,) = named
    filled = []
    for frame in frames:
        is_open = frame["fold"] == ""
        if "aggregate" in frame:
            is_open &= ~frame["aggregate"].astype(bool)
        is_any = len(frame) and is_open.any()
        filled.append(frame.assign(fold=frame["fold"].mask(is_open, only)) if is_any else frame)
    return tuple(filled)

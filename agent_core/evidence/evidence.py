"""Everything a script delivered, parsed once: what checks, statistics and report stand on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from agent_core.data.parquet_reader import RUN, Problems
from agent_core.domain import (
    Block,
    Cell,
    DataRules,
    Dataset,
    FactorKind,
    Plan,
    SplitRules,
    cells_of,
    with_design,
)
from agent_core.evidence import result_files
from agent_core.evidence.algorithm_names import planned_names, renamed_run
from agent_core.evidence.categories import Categories
from agent_core.evidence.cell_folders import VALIDATION, CellFolders, read_cells, read_documents
from agent_core.evidence.cells import Cells, Run
from agent_core.evidence.designed import (
    CELL_COLUMNS,
    blocks_of_folds,
    cells_of_runs,
    counts_of_parts,
    table_of_cells,
)
from agent_core.evidence.file_hashes import changed_files
from agent_core.evidence.id_codes import IdCodes
from agent_core.evidence.independence import Independence
from agent_core.evidence.named_runs import MeantIds, Named, meanings_of, read_runs, with_own_values
from agent_core.evidence.result_files import Reading
from agent_core.evidence.retrained import Retrained
from agent_core.evidence.saved_parts import ODD_DATA, origins_of, other_parts
from agent_core.evidence.split_origin import Origin
from agent_core.execution.own_process import call_in_process
from agent_core.measures.recomputation import (
    CategoriesOf,
    Delivered,
    RunMetrics,
    agreed_definition,
    no_categories,
    recompute,
    value_under,
)
from sandbox.execution import Execution

ROW_COLUMNS = (
    "metric", "k", "value", "algorithm", "dataset", "fold", "seed", "aggregate", "n",
    "ci_low", "ci_high", "ci_over",
)  # fmt: skip
USER_COLUMNS = ("algorithm", "fold", "seed", "user_id", "metric", "k", "value")
AGREEMENT_COLUMNS = (
    "algorithm", "fold", "seed", "metric", "k", "claimed", "computed", "definition", "agrees",
)  # fmt: skip

AUDIT_COLUMNS = ("algorithm", "fold", "seed", "metric", "k", "value")
DATASET = FactorKind.DATASET.value
LARGE_ROWS = 1_000_000
"""Interactions from which results are looked through in a process of their own: it takes a second
to begin, and what it takes of memory, 100 MB per million, is given back."""
LARGE_BYTES = 64 << 20
"""Of tables, compressed, that are as large."""
P = ParamSpec("P")
T = TypeVar("T")


def empty(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame without rows."""
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The result contract of one execution, parsed; frames are empty where nothing was delivered.

    Folds and seeds are text (`"0"`, `"42"`; `""` where absent), so that they join; `k` is a
    nullable integer; user and item ids are numbers for which `ids` has the texts. Lists and
    predictions are read run by run, splits fold by fold, each time they are asked for.
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
    lists: Cells = field(default_factory=Cells)
    """Each run to its user_id, item_id, rank, score."""
    predictions: Cells = field(default_factory=Cells)
    """Each run to its user_id, item_id, prediction, rating."""
    train: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Fold to user_id, item_id, rating, timestamp."""
    test: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    recomputed: pd.DataFrame = field(default_factory=lambda: empty((*USER_COLUMNS, "definition")))
    """Per-user values computed by the product from lists, predictions and split."""
    agreement: pd.DataFrame = field(default_factory=lambda: empty(AGREEMENT_COLUMNS))
    """Each claimed run value beside the recomputed one."""
    retrained: Retrained | None = None
    """What the product's own training came to; None where there was none."""
    independence: Independence | None = None
    """What cells came to that were made alone; None where none were."""
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
    ids: IdCodes = field(default_factory=IdCodes)
    design: tuple[Cell, ...] = ()
    """The cells that the plan comes to."""
    blocks: Mapping[str, Block] = field(default_factory=dict)
    """Fold to its block of the design; folds that could be several are left out."""
    of_runs: Mapping[Run, Cell] = field(default_factory=dict)
    """The runs that have results, each with its cell."""
    cells: pd.DataFrame = field(default_factory=lambda: empty(CELL_COLUMNS))
    """A line a cell that was delivered or cut short: its factors, times and counts."""
    records: Mapping[Run, Mapping[str, Any]] = field(default_factory=dict)
    """`cell.json` of each run; empty for version 1."""
    validation: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Fold to what is kept apart to choose on."""
    query: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Fold to what test users keep whom training does not see."""
    validation_query: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Fold to what those keep who are chosen on, whom training does not see either."""
    validated: pd.DataFrame = field(default_factory=lambda: empty(ROW_COLUMNS))
    """As `rows`, of the validation part: what is chosen by."""
    validated_agreement: pd.DataFrame = field(default_factory=lambda: empty(AGREEMENT_COLUMNS))
    """As `agreement`, of these."""
    audited: pd.DataFrame = field(default_factory=lambda: empty(AUDIT_COLUMNS))
    """What test lists of cells of a grid come to, by the product: they decide nothing."""
    memory: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    """What was worked out of it and is asked again; a changed copy begins anew."""

    @property
    def single(self) -> pd.DataFrame:
        """The rows of single train-test runs."""
        return self.rows[~self.rows["aggregate"].astype(bool)]

    @property
    def measured(self) -> pd.DataFrame:
        """The rows of single runs, on the test or on what is chosen by."""
        return pd.concat([self.single, self.validated]) if len(self.validated) else self.single

    @property
    def missing(self) -> tuple[Cell, ...]:
        """The cells of the design without results; none where folds are not those of it."""
        found = {cell.id for cell in self.of_runs.values()}
        return tuple(c for c in self.design if c.id not in found) if found else ()

    def split_of(self, fold: str) -> SplitRules:
        """Return the split rules of a fold; of one that is no block those of the first level."""
        block = self.blocks.get(fold)
        return block.split if block else self.plan.split

    def data_of(self, fold: str) -> DataRules:
        """Return the data rules of a fold; of one that is no block those of the first level."""
        block = self.blocks.get(fold)
        return block.data if block else self.plan.data


@dataclass(frozen=True, slots=True)
class Delivery:
    """What there is to read of one execution: paths and plans, no tables."""

    plan: Plan
    source: str
    execution: Execution
    datasets: tuple[Dataset, ...]
    files: Mapping[str, Path]
    """Dataset name to the file on this machine."""
    retrained: Retrained | None = None
    """What the product's own training of it came to."""
    independence: Independence | None = None
    """What its cells came to that were made alone."""

    @property
    def is_large(self) -> bool:
        """Whether reading it takes memory that a service does not keep."""
        tables = (a.size for a in self.execution.artifacts if a.name.endswith(".parquet"))
        return sum(d.rows for d in self.datasets) > LARGE_ROWS or sum(tables) > LARGE_BYTES

    def read(self) -> Evidence:
        """Parse it."""
        found = read_evidence(
            self.plan, self.source, self.execution, self.datasets, self.files, self.retrained
        )
        return replace(found, independence=self.independence)


async def look_through(
    look: Callable[Concatenate[Delivery, P], T],
    delivery: Delivery,
    *more: P.args,
    **named: P.kwargs,
) -> T:
    """Return what a function finds in a delivery; of a large one in a process of its own."""
    if delivery.is_large:
        return await call_in_process(look, delivery, *more, **named)
    return await asyncio.to_thread(look, delivery, *more, **named)


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
    reading = Reading()
    problems = reading.problems
    artifacts = {
        a.name: a.path for a in execution.artifacts if not result_files.HALF_WRITTEN.search(a.name)
    }
    design = cells_of(with_design(plan), datasets)
    folders = read_cells(design, artifacts, USER_COLUMNS, reading)
    content, results, run = read_documents(artifacts, folders, reading)
    rows = result_files.result_rows(results, ROW_COLUMNS, problems)
    sources = _further_sources(run, design, datasets)
    further = {d.name: d for d in datasets if d.name in sources.values()}
    profiles = {"": main_dataset(run, datasets), **further}
    whole = {n: _read_profiled(p, files, reading) for n, p in profiles.items()}
    saved = result_files.split_parts(artifacts, lambda f: whole[sources.get(f, "")], reading)
    delivered = read_runs(
        rows, artifacts, _names_in(plan, run, rows), folders, USER_COLUMNS, reading
    )
    meanings = {
        name: meanings_of(
            profiles[name], data, delivered.ids_of(saved, sources, name), reading.ids
        )
        for name, data in whole.items()
    }
    meant = MeantIds(meanings, sources, reading.ids)
    saved = {p: {f: meant.of_part(f, one) for f, one in own.items()} for p, own in saved.items()}
    delivered = meant.of_tables(delivered)
    parts, origins = origins_of(saved, whole, sources, reading)
    parts |= other_parts(saved, reading)
    origins = {f: replace(o, meanings=meanings[sources.get(f, "")]) for f, o in origins.items()}
    other_names = planned_names(plan, rows["algorithm"], run)
    run = renamed_run(run, other_names)
    delivered = delivered.with_names(other_names).with_only_fold(set(parts["test"]))
    categories = Categories(profiles, files, sources, reading.ids)
    computed = _computed(delivered, parts, run, problems, categories.of_fold)
    known = Evidence(
        plan,
        source,
        execution,
        datasets,
        tuple(problems.found),
        with_own_values(delivered.rows, computed[1]) if not are_sampled(run) else delivered.rows,
        run,
        delivered.per_user,
        delivered.lists,
        delivered.predictions,
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
        ids=reading.ids,
        validation=parts["validation"],
        query=parts["query"],
        validation_query=parts["validation_query"],
    )
    return _with_validated(placed_in_design(known, design, folders), folders, reading)


def are_sampled(run: Mapping[str, Any]) -> bool:
    """Whether run.json says that lists are those of a sample of users."""
    return bool(run.get("list_sample"))


def recorded_algorithms(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the algorithms of a run.json by name; empty where they are no table."""
    found = result_files.table_of(run, "algorithms")
    return {name: described for name, described in found.items() if isinstance(described, dict)}


def main_dataset(run: Mapping[str, Any], datasets: tuple[Dataset, ...]) -> Dataset | None:
    """Return the dataset that the run names, or the first."""
    name = result_files.table_of(run, "dataset").get("file")
    return next((d for d in datasets if d.name == name), datasets[0] if datasets else None)


def recomputed_of(
    found: Named,
    parts: Mapping[str, Mapping[str, pd.DataFrame]],
    categories_of: CategoriesOf = no_categories,
    *,
    is_sample: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return per-user values computed by the product, and how they agree with the claims."""
    single = found.rows[~found.rows["aggregate"].astype(bool)]
    tables = (found.lists, found.predictions, found.per_user)
    users, agreement = recompute(Delivered(single, *tables, parts, is_sample, categories_of))
    frame = pd.concat(users, ignore_index=True) if users else empty((*USER_COLUMNS, "definition"))
    table = pd.DataFrame(agreement, columns=list(AGREEMENT_COLUMNS)).astype({"k": "Int64"})
    return frame, table


def _computed(
    found: Named,
    parts: Mapping[str, Mapping[str, pd.DataFrame]],
    run: Mapping[str, Any],
    problems: Problems,
    categories_of: CategoriesOf = no_categories,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `recomputed_of` does; nothing, and a problem, where the data are odd."""
    try:
        return recomputed_of(found, parts, categories_of, is_sample=are_sampled(run))
    except ODD_DATA as error:
        problems.add(f"the metrics cannot be recomputed: {str(error)[:200]}")
        return empty((*USER_COLUMNS, "definition")), empty(AGREEMENT_COLUMNS)


def _names_in(plan: Plan, run: Mapping[str, Any], rows: pd.DataFrame) -> list[str]:
    """Return the names of algorithms that folders may have."""
    planned = [a.name for a in plan.algorithms]
    return [*recorded_algorithms(run), *rows["algorithm"].unique(), *planned]


def placed_in_design(found: Evidence, design: tuple[Cell, ...], folders: CellFolders) -> Evidence:
    """Return evidence with its blocks and cells of the design."""
    single = found.single[RUN].drop_duplicates().itertuples(index=False)
    runs = [(str(a), str(f), str(s)) for a, f, s in single]
    runs += [run for run in folders.records if folders.part_of(run) == VALIDATION]
    names = dict.fromkeys([*(f for _, f, _ in runs), *found.test])
    blocks = blocks_of_folds(with_design(found.plan), names, found.run)
    of_runs = cells_of_runs(design, runs, blocks)
    told = of_runs | {run: folders.cells_of[run] for run in folders.cut_short}
    counts = counts_of_parts(found.train, found.test)
    return replace(
        found,
        design=design,
        blocks=blocks,
        of_runs=of_runs,
        cells=table_of_cells(told, {**folders.records, **folders.cut_short}, counts),
        records=folders.records,
    )


def _with_validated(found: Evidence, folders: CellFolders, reading: Reading) -> Evidence:
    """Return evidence with what cells of a grid deliver, computed again on the validation part."""
    content = {"rows": folders.of_validation}
    rows = result_files.result_rows(content, ROW_COLUMNS, reading.problems)
    lists, predictions = (folders.tables_of(k, VALIDATION) for k in ("lists", "predictions"))
    named = Named(rows, empty(USER_COLUMNS), lists, predictions)
    parts = {"train": found.train, "test": found.validation}
    _, agreement = _computed(named, parts, found.run, reading.problems)
    audited = pd.DataFrame(_audited(found, folders), columns=list(AUDIT_COLUMNS))
    problems = tuple(reading.problems.found)
    told = replace(found, validated=rows, validated_agreement=agreement, problems=problems)
    return replace(told, audited=audited.astype({"k": "Int64", "value": float}))


def _audited(found: Evidence, folders: CellFolders) -> Iterator[tuple[Any, ...]]:
    """Yield each planned metric of test lists that cells of a grid deliver for an audit."""
    lists = folders.tables_of("audit", VALIDATION)
    parts = {"train": found.train, "test": found.test}
    no_rows, no_users = found.rows[:0], empty(USER_COLUMNS)
    delivered = Delivered(no_rows, lists, {}, no_users, parts, is_sample=False)
    for run, table in lists.items():
        measured = RunMetrics(delivered, run, table, None)
        for metric in found.plan.metrics:
            wanted = agreed_definition(found.agreement, metric.name, metric.k)
            value = value_under(measured.definitions_of(metric.name, metric.k), wanted)
            if value is not None:
                yield (*run, metric.name, metric.k, value)


def _further_sources(
    run: Mapping[str, Any], design: tuple[Cell, ...], datasets: tuple[Dataset, ...]
) -> dict[str, str]:
    """Return the folds that are of another dataset than the run's, with its name."""
    main, known = main_dataset(run, datasets), {d.name for d in datasets}
    planned = {c.block.name: c.block.dataset for c in design if DATASET in c.block.levels}
    named = (planned | result_files.fold_files(run)).items()
    return {f: name for f, name in named if main and name in known - {main.name}}


def _read_profiled(
    profile: Dataset | None, files: Mapping[str, Path], reading: Reading
) -> pd.DataFrame | None:
    """Read a dataset by its profile."""
    if profile is None or profile.name not in files:
        return None
    try:
        return result_files.read_dataset(profile, files, reading.ids)
    except (ValueError, OSError, MemoryError) as error:
        reading.problems.add(f"{profile.name} could not be read again: {str(error)[:200]}")
        return None

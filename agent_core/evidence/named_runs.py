"""What a script delivered under names of algorithms, folds and seeds, and what its ids mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from agent_core.data.parquet_reader import PAIR
from agent_core.domain import Dataset
from agent_core.evidence import result_files
from agent_core.evidence.cell_folders import CellFolders, has_cells
from agent_core.evidence.cells import Cells, RowsOf, Run, SplitPart
from agent_core.evidence.id_codes import IdCodes
from agent_core.evidence.raw_ids import Meaning, meaning_of, with_meant_ids
from agent_core.evidence.result_files import Reading
from agent_core.evidence.run_tables import run_cells
from agent_core.evidence.split_origin import Parts
from agent_core.measures.metrics import is_close


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """What a script delivered under names of algorithms, folds and seeds."""

    rows: pd.DataFrame
    per_user: pd.DataFrame
    lists: Cells
    predictions: Cells

    def ids_of(self, saved: Parts, sources: Mapping[str, str], source: str) -> dict[str, set[int]]:
        """Return the users and items that were written of a dataset, rows left aside."""
        of_source = self.per_user["fold"].map(lambda f: sources.get(f, "")) == source
        found: dict[str, set[int]] = {c: set() for c in PAIR}
        found["user_id"].update(self.per_user.loc[of_source, "user_id"].unique())
        for cells in (self.lists, self.predictions):
            own = cells.select(lambda run: sources.get(run[1], "") == source)
            tables = [one.ids for several in own.sources.values() for one in several]
            for column in PAIR:
                found[column].update(*(t[column] for t in tables))
        for fold, part in ((f, p) for folds in saved.values() for f, p in folds.items()):
            if sources.get(fold, "") == source and isinstance(part, pd.DataFrame):
                for column in PAIR:
                    found[column].update(part[column].unique())
        return found

    def with_names(self, names: Mapping[str, str]) -> Named:
        """Return it with the planned names of algorithms."""
        if not names:
            return self
        rows, users = (
            f.assign(algorithm=f["algorithm"].replace(dict(names)))
            for f in (self.rows, self.per_user)
        )
        return self._with(rows, users, lambda run: (names.get(run[0], run[0]), *run[1:]))

    def with_only_fold(self, split: set[str]) -> Named:
        """Fill the fold in where it is left out and there is only one."""
        listed = {fold for _, fold, _ in (*self.lists, *self.predictions)}
        measured = (listed | set(self.per_user["fold"].unique())) - {""}
        named = split | measured | (set(self.rows["fold"].unique()) - {""})
        # A split that was saved to choose on may have no lists and no values.
        named = named if len(named) == 1 or len(measured) != 1 else measured
        if len(named) != 1:
            return self
        (only,) = named
        rows, users = (_with_fold(f, only) for f in (self.rows, self.per_user))
        return self._with(rows, users, lambda run: (run[0], run[1] or only, run[2]))

    def _with(
        self, rows: pd.DataFrame, users: pd.DataFrame, name_of: Callable[[Run], Run]
    ) -> Named:
        """Return it with other tables, and cells under other names."""
        return Named(rows, users, self.lists.rename(name_of), self.predictions.rename(name_of))


def read_runs(
    rows: pd.DataFrame,
    files: Mapping[str, Path],
    names: list[str],
    folders: CellFolders,
    user_columns: tuple[str, ...],
    reading: Reading,
) -> Named:
    """Read what belongs to runs, from the folders of cells or the files of version 1."""
    of_cells = has_cells(files)
    users = pd.concat(folders.per_user, ignore_index=True) if folders.per_user else None
    if users is None:
        # Beside cells the whole table is derived from theirs.
        read = {} if of_cells else files
        users = result_files.user_table(read, user_columns, reading)
    lists, predictions = (
        folders.tables_of(kind) if of_cells else run_cells(kind, files, names, reading)
        for kind in ("lists", "predictions")
    )
    return Named(rows, users, lists, predictions)


def with_own_values(rows: pd.DataFrame, agreement: pd.DataFrame) -> pd.DataFrame:
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


def meanings_of(
    profile: Dataset | None,
    data: pd.DataFrame | None,
    written: Mapping[str, set[int]],
    ids: IdCodes,
) -> dict[str, Meaning]:
    """Return, by column, what the ids that a script wrote stand for in a dataset."""
    recipe = profile.recipe if profile else None
    if data is None or recipe is None or not set(PAIR) <= set(data):
        return {}
    are_numbers = {"user_id": recipe.is_user_number, "item_id": recipe.is_item_number}
    texts = {c: [ids.texts(list(w)), ids.texts(data[c].unique())] for c, w in written.items()}
    return {c: meaning_of(*both, is_number=are_numbers[c]) for c, both in texts.items()}


@dataclass(frozen=True, slots=True)
class MeantIds:
    """What written ids stand for, by dataset and column."""

    meanings: Mapping[str, Mapping[str, Meaning]]
    sources: Mapping[str, str]
    ids: IdCodes

    def of_part(self, fold: str, part: SplitPart) -> SplitPart:
        """Return a part of a split with the ids of its dataset."""
        return part if isinstance(part, RowsOf) else self.of_fold(fold, part)

    def of_fold(self, fold: str, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of one fold with the ids of its dataset."""
        return with_meant_ids(table, self.meanings[self.sources.get(fold, "")], self.ids)

    def of_tables(self, found: Named) -> Named:
        """Return lists, predictions and values of users with the ids of their datasets."""
        if not any(m.ids for own in self.meanings.values() for m in own.values()):
            return found
        users = [self.of_fold(str(f), g) for f, g in found.per_user.groupby("fold", sort=False)]
        cells = (
            c.change(lambda run, table: self.of_fold(run[1], table))
            for c in (found.lists, found.predictions)
        )
        per_user = pd.concat(users).sort_index() if users else found.per_user
        return Named(found.rows, per_user, *cells)


def _with_fold(frame: pd.DataFrame, fold: str) -> pd.DataFrame:
    """Return a table with a fold where it has none; summaries are of no fold."""
    is_open = frame["fold"] == ""
    if "aggregate" in frame:
        is_open &= ~frame["aggregate"].astype(bool)
    is_any = len(frame) and is_open.any()
    return frame.assign(fold=frame["fold"].mask(is_open, fold)) if is_any else frame

"""Reads what answers are computed from out of the evidence of an execution."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from agent_core.data.interactions import Interactions
from agent_core.data.parquet_reader import PAIR, RUN
from agent_core.data.variants import is_derived, rows_kept
from agent_core.domain import (
    Block,
    Candidates,
    DataRule,
    DataRules,
    FactorKind,
    Metric,
    Plan,
    Question,
    with_design,
)
from agent_core.domain.design import GroupBy
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.full_training import full_training, masked_pairs, needs_full_training
from agent_core.measures.metrics import POOLED
from agent_core.rules.group_words import group_by
from agent_core.statistics.answers.answer import metric_of
from agent_core.statistics.answers.comparability import Part
from agent_core.statistics.answers.groupings import (
    GROUPS,
    Grouping,
    grouping_of,
    item_quantities,
    user_quantities,
)
from agent_core.statistics.measured_values import (
    definitions_of,
    run_values,
    true_predictions,
    user_values,
)

BESIDE = ("on", "is_audit", "chosen", "shared_s")
"""What the record of a cell says beside the columns of the table of cells."""
AUDIT = " audit"
"""Behind the id of a cell of a grid: what it comes to on the test, which decides nothing."""
RULES: Mapping[GroupBy, tuple[str, str]] = {
    GroupBy.UNSAID: ("users", ""),
    GroupBy.USER_ACTIVITY: ("users", "interactions"),
    GroupBy.POPULAR_SHARE: ("users", "popular_share"),
    GroupBy.ITEM_POPULARITY: ("items", "interactions"),
    GroupBy.ITEM_AGE: ("items", "age"),
}
"""What is grouped, and by which quantity of it."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredValues:
    """Values by cell: lines of cell, metric (its key), value, and user_id."""

    users: pd.DataFrame
    runs: pd.DataFrame


def cells_with_records(evidence: Evidence) -> pd.DataFrame:
    """Return the table of cells with what their records say beside."""
    records = {cell.id: evidence.records.get(run, {}) for run, cell in evidence.of_runs.items()}
    own = [records.get(str(i), {}) for i in evidence.cells["id"]]
    told = {name: [r.get(name) for r in own] for name in BESIDE if any(name in r for r in own)}
    cells = evidence.cells.assign(**told)
    audited = set(evidence.audited[RUN].astype(str).itertuples(index=False, name=None))
    ids = {cell.id for run, cell in evidence.of_runs.items() if run in audited}
    cells = cells.assign(is_audit=False) if "is_audit" in cells else cells
    if not ids:
        return cells
    audits = cells[cells["id"].isin(ids)]
    audits = audits.assign(id=audits["id"] + AUDIT, on="test", is_audit=True)
    return pd.concat([cells, audits], ignore_index=True)


def measured_values(evidence: Evidence) -> MeasuredValues:
    """Return the values of users and runs of the cells of the design."""
    ids = {run: cell.id for run, cell in evidence.of_runs.items()}
    users, runs = (_by_cell(f, ids) for f in (user_values(evidence), run_values(evidence)))
    chosen_by = _by_cell(_validated_values(evidence), ids)
    kept = ["cell", "metric", "value"]
    # What a cell of a grid has on test, if anything, is nothing to choose by.
    on_test = runs[~runs["cell"].isin(chosen_by["cell"])]
    audits = _by_cell(evidence.audited, {run: f"{i}{AUDIT}" for run, i in ids.items()})
    parts = [f[kept] for f in (on_test, chosen_by, audits) if len(f)]
    users = users[~users["cell"].isin(chosen_by["cell"])]
    return MeasuredValues(users[[*kept, "user_id"]], pd.concat(parts) if parts else runs[kept])


def pooled_losses(evidence: Evidence) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Return, of errors pooled over predictions, mean losses of users and their numbers, by cell.

    Where the agreed definition pools, means of users' own errors are another quantity.
    """
    definitions = definitions_of(evidence)
    pooled = [
        m
        for m in with_design(evidence.plan).metrics
        if m.is_rating and definitions.get(m.key, "").startswith(POOLED.split()[0])
    ]
    tables = [(run, _errors(evidence, run)) for run in evidence.of_runs] if pooled else []
    found = {}
    for metric in pooled:
        losses, counts = {}, {}
        for run, errors in tables:
            sizes = errors.abs() if metric.name == "mae" else errors**2
            grouped = sizes.groupby(level=0)
            cell = evidence.of_runs[run].id
            losses[cell], counts[cell] = grouped.mean(), grouped.size().astype(float)
        if losses:
            found[metric.key] = pd.DataFrame(losses), pd.DataFrame(counts)
    return found


def parts_of_blocks(evidence: Evidence) -> dict[str, Part]:
    """Return what each block tests and ranks, as its split was saved; others are not known."""
    found = {}
    for fold, block in evidence.blocks.items():
        if fold in evidence.test and fold in evidence.train:
            part = _part(evidence, fold, block)
            if part is not None:
                found[block.name] = part
    return found


def counts_of_data(evidence: Evidence) -> pd.DataFrame:
    """Return what each data level holds, before its rules, after each, and after all."""
    lines = [
        {"dataset": dataset, "data": name, **counts}
        for dataset, frame in _datasets(evidence)
        for name, rules in _data_levels(with_design(evidence.plan))
        if is_derived(rules)
        for counts in _counts(_interactions(evidence, frame), rules.rules)
    ]
    columns = ["dataset", "data", "step", "users", "items", "interactions"]
    return pd.DataFrame(lines, columns=columns)


def groupings_of(evidence: Evidence) -> dict[str, Grouping]:
    """Return the groups that questions ask for, from one training part."""
    plan = with_design(evidence.plan)
    asked = [q for q in plan.questions if q.groups]
    first = fold_of_groups(evidence)
    if not asked or first is None:
        return {}
    training, name = evidence.train[first], evidence.blocks[first].name
    found: dict[str, Grouping] = {}
    for question in asked:
        of, rule = rule_of(question)
        quantities = (item_quantities if of == "items" else user_quantities)(training)
        if rule not in quantities:
            continue
        wanted = question.groups_wanted or GROUPS
        grouping = grouping_of(
            quantities,
            rule,
            name,
            count=wanted,
            called=question.group_names,
            ends=question.group_ends,
        )
        if of == "items":
            values = item_values(evidence, grouping, question.measures)
            grouping = replace(grouping, of=of, item_values=values)
        found[question.grouping] = grouping
    return found


def fold_of_groups(evidence: Evidence) -> str | None:
    """Return the fold whose training part makes groups: the first of those that lack nothing.

    What was thinned would sort users by what is left of them.
    """
    known = [f for f in evidence.blocks if f in evidence.train]
    return max(known, key=lambda f: _completeness(evidence.blocks[f]), default=None)


def _completeness(block: Block) -> tuple[float, float]:
    """Return how much of the training a block has."""
    size = block.profile_size
    return block.train_share, math.inf if size is None else float(size)


def rule_of(question: Question) -> tuple[str, str]:
    """Return what a question groups, and by which quantity; empty where there is none."""
    return RULES[question.group_by or group_by(question.groups)]


def item_values(
    evidence: Evidence, grouping: Grouping, measures: Sequence[str]
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return, by measure and group, what users' lists have of their test items of the group.

    Of recall the share of these, of hit whether there is any; other measures are of whole lists.
    Users without test items of a group have no value there.
    """
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for key in measures:
        metric = metric_of(key)
        if metric.name not in ("recall", "hit") or metric.k is None:
            continue
        columns: dict[str, dict[str, pd.Series[float]]] = {n: {} for n in grouping.names}
        for run, cell in evidence.of_runs.items():
            if run in evidence.lists and run[1] in evidence.test:
                hits = _hits(evidence, run, metric.k).assign(group=grouping.members)
                for name in grouping.names:
                    users = hits[hits["group"] == name].groupby("user_id")["is_hit"]
                    own = users.mean() if metric.name == "recall" else users.max()
                    columns[name][cell.id] = own.astype(float)
        found[key] = {n: pd.DataFrame(own) for n, own in columns.items() if own}
    return found


def _hits(evidence: Evidence, run: Run, k: int) -> pd.DataFrame:
    """Return the test items (index) of each user, and whether they are in the first k listed."""
    test = evidence.test[run[1]][list(PAIR)].drop_duplicates()
    listed = evidence.lists[run]
    listed = listed[listed["rank"] <= k][list(PAIR)].drop_duplicates().assign(is_hit=1.0)
    return (
        test.merge(listed, on=list(PAIR), how="left").fillna({"is_hit": 0.0}).set_index("item_id")
    )


def _validated_values(evidence: Evidence) -> pd.DataFrame:
    """Return the values of runs on validation, recomputed ones in place of claimed ones."""
    rows, known = evidence.validated, evidence.validated_agreement
    rows = rows.assign(k=pd.to_numeric(rows["k"]).astype("Int64").fillna(0).astype(int))
    if not len(rows) or not len(known):
        return rows
    known = known.assign(k=known["k"].astype("Int64").fillna(0).astype(int))
    keys = [*RUN, "metric", "k"]
    joined = rows.merge(known[[*keys, "computed"]].drop_duplicates(keys), on=keys, how="left")
    return joined.assign(value=joined["computed"].fillna(joined["value"]).astype(float))


def _by_cell(frame: pd.DataFrame, ids: Mapping[Run, str]) -> pd.DataFrame:
    """Return lines with their cell and the key of their metric; those of no cell are left out."""
    runs = pd.MultiIndex.from_frame(frame[RUN].astype(str))
    cells = pd.Series([ids.get(run) for run in runs], index=frame.index, dtype=object)
    pairs = pd.MultiIndex.from_frame(frame[["metric", "k"]])
    keys = {pair: Metric(str(pair[0]), int(pair[1]) or None).key for pair in pairs.unique()}
    metrics = pd.Series([keys[pair] for pair in pairs], index=frame.index, dtype=object)
    found = frame.assign(cell=cells, metric=metrics, value=frame["value"].astype(float))
    return found[cells.notna()]


def _errors(evidence: Evidence, run: Run) -> pd.Series[float]:
    """Return the error of each prediction of a run, by user."""
    for table in true_predictions(evidence, run[0], {run[1]}):
        if len(table) and str(table["seed"].iloc[0]) == run[2]:
            errors = (table["prediction"] - table["rating"]).astype(float)
            known = np.isfinite(errors)
            return pd.Series(errors[known].to_numpy(), index=table["user_id"][known].to_numpy())
    return pd.Series([], dtype=float, index=pd.Index([], dtype=int))


def _part(evidence: Evidence, fold: str, block: Block) -> Part | None:
    """Return the part of one block; None where what it ranks cannot be worked out."""
    test, train = evidence.test[fold], evidence.train[fold]
    split = block.split
    items, masked = train, masked_pairs(evidence, fold)
    if split.candidates is Candidates.FULL_TRAINING and needs_full_training(block):
        found = full_training(evidence, fold)
        items = None if found is None else found.train
    if items is None or masked is None:
        return None
    part = Part.of(test, items["item_id"].unique(), masked, block.dataset)
    # Drawn candidates go by the seed of the split.
    drawn = f" {split.candidate_count} {split.seed}" if split.candidate_count else ""
    return replace(part, masked=part.masked + drawn, train_rows=len(train))


def _interactions(evidence: Evidence, frame: pd.DataFrame) -> Interactions:
    return Interactions.of(frame, evidence.ids.texts)


def _datasets(evidence: Evidence) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the datasets of the plan that could be read."""
    names = evidence.plan.datasets or ("",)
    first = next((n for n in names if n not in evidence.others), names[0])
    if evidence.interactions is not None:
        yield first, evidence.interactions
    yield from ((n, f) for n, f in evidence.others.items() if f is not None)


def _data_levels(plan: Plan) -> Iterator[tuple[str, DataRules]]:
    """Yield the data levels by name; the only one has none."""
    factor = plan.factor(FactorKind.DATA)
    for name in factor.levels if factor else ("",):
        yield str(name), plan.data_of(name)


def _counts(data: Interactions, rules: Sequence[DataRule]) -> Iterator[dict[str, object]]:
    """Yield what is there before, after each of several rules, and after all."""
    rows = data.rows
    yield {"step": "before", **_held(data, rows)}
    for turn, rule in enumerate(rules, 1):
        rows = rows_kept(data, rows, (rule,))
        if turn < len(rules):
            yield {"step": f"{turn} {rule.kind.value}", **_held(data, rows)}
    yield {"step": "after", **_held(data, rows)}


def _held(data: Interactions, rows: np.ndarray) -> dict[str, object]:
    return {
        "users": len(np.unique(data.users[rows])),
        "items": len(np.unique(data.items[rows])),
        "interactions": len(rows),
    }

"""The tables of a design for a paper: algorithms and levels down, one factor across."""

from dataclasses import replace

import numpy as np
import pytest
from made_studies import EASE, KNN, NDCG, POP, study_plan, study_values, swept
from results import comparison_evidence, inputs_of

from agent_core.domain import Factor, Level, Metric
from agent_core.domain.rules import DataRules
from agent_core.report.level_tables import level_tables
from agent_core.report.writer import latex_table
from agent_core.statistics.answered import means_of

SHARES = Factor("train_share", (0.1, 0.5, 1.0))
CORES = Factor("data", ("all", "5-core"))
NEIGHBOURS = Factor("max_nbrs", (5, 10), of=("ItemKNN",))
DATA = tuple(Level(DataRules(), name) for name in CORES.levels)
WIDE = study_plan(EASE, KNN, POP, factors=[CORES, SHARES], data_levels=DATA)
NESTED = study_plan(EASE, *swept(KNN, "max_nbrs", (5, 10)), factors=[NEIGHBOURS, SHARES])
LONG = study_plan(EASE, KNN, factors=[Factor("train_share", tuple(i / 10 for i in range(1, 11)))])


def means(plan):
    noise = np.random.default_rng(1).random(50)
    return tuple(means_of(study_values(plan, lambda cell, metric, users: noise[: len(users)])))


@pytest.mark.parametrize(
    ("plan", "across", "heads", "rows"),
    [
        (WIDE, 3, 2, 6),
        (NESTED, 3, 2, 3),
        (LONG, 2, 1, 10),
    ],
)
def test_each_combination_of_levels_has_one_place(plan, across, heads, rows):
    found = means(plan)

    (table,) = level_tables(plan, found)

    assert (len(table.columns), len(table.heads), len(table.rows)) == (across, heads, rows)
    assert len({levels for levels, _ in table.rows}) == rows
    values = [v for _, row in table.rows for v in row]
    assert len(values) == len(found)
    assert all("±" in v for v in values)


def test_algorithms_stand_in_rows_and_a_factor_of_one_algorithm_is_left_open_elsewhere():
    (table,) = level_tables(NESTED, means(NESTED))

    assert [levels[0] for levels, _ in table.rows] == ["EASE", "ItemKNN", "ItemKNN"]
    assert table.rows[0][0][1] not in {"5", "10"}
    assert [levels[1] for levels, _ in table.rows[1:]] == ["5", "10"]


def test_a_combination_without_results_leaves_its_place_empty():
    found = means(WIDE)
    (table,) = level_tables(WIDE, found[1:])

    assert sum("±" not in v for _, row in table.rows for v in row) == 1


def test_the_file_of_a_design_holds_a_sound_table_a_measure():
    plan = replace(WIDE, metrics=(NDCG, Metric("recall", 10)))
    inputs = replace(inputs_of(comparison_evidence()), means=means(plan), view=view_of(plan))

    text = latex_table(inputs, inputs.facts)

    tables = text.split(r"\begin{table}")[1:]
    assert len(tables) == 2
    for table in tables:
        rows = table.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines()
        assert [row.count("&") for row in rows] == [4] * 6
        assert all(row.endswith(r" \\") for row in rows)
        assert r"$\pm$" in table
        assert r"\begin{tabular}{llrrr}" in table


def view_of(plan):
    return replace(inputs_of(comparison_evidence()).view, plans=(plan,))

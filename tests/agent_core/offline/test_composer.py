"""Scripts for any design: they read its levels, and each variant measures in another way."""

import ast
import math
import re
import subprocess
import sys
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from composed_designs import DESIGNS, RERANKED
from results import dataset

from agent_core.domain.recipe import Recipe
from agent_core.domain.side_table import SideColumn, SideKind, SideOf, SideTable
from agent_core.offline.composer import (
    COMPUTED,
    OF_LISTS,
    OVER_LISTS,
    WAYS,
    compose,
    reranking_of,
)
from agent_core.offline.planner import build
from agent_core.offline.running import can_run, carried_out
from agent_core.offline.task_reading import read_task
from tests.support.designs import cases, datasets_of

ENOUGH = 54
"""Of the 64 tasks in words; the others ask for algorithms or measures that no script has."""
GENRES = SideTable(
    "movies.csv", SideOf.ITEM, Recipe(), (SideColumn("genres", SideKind.LIST, 18),), 9, 9, 1.0, ""
)
WITH_GENRES = dataset("catalogue.tsv", sides=(GENRES,))
ALL = {**DESIGNS, "rerank": RERANKED}


def scripts():
    return {
        f"{name}-{variant}": compose(plan, WITH_GENRES, variant).source
        for name, plan in ALL.items()
        for variant in range(len(WAYS))
    }


def asked_scripts():
    """Return the scripts for the tasks of researchers that can be run."""
    found = {}
    for case in (case for file in ("first", "second") for case in cases(file)):
        known = datasets_of(case)
        reading = read_task(case["text"], tuple(d.name for d in known))
        plan = carried_out(build(reading, known[0], case["text"]), known[0])
        if not can_run(plan, known[0]):
            variants = range(len(WAYS))
            found |= {f"{case['id']}-{n}": compose(plan, known[0], n).source for n in variants}
    return found


def test_scripts_have_no_name_too_many_or_too_few(tmp_path):
    asked = asked_scripts()
    for name, source in (scripts() | asked).items():
        (tmp_path / f"{re.sub('[^a-z0-9]', '_', name)}.py").write_text(source)

    assert len(asked) >= ENOUGH * len(WAYS)
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert checked.returncode == 0, checked.stdout


def test_levels_are_read_from_the_design():
    source = compose(DESIGNS["data"], WITH_GENRES, 0).source

    told = source.partition('"""')[2].partition('"""')[0]
    assert "10-core" in told
    assert "10-core" not in source.replace(told, "")


def test_variants_measure_in_different_ways():
    for name in ("data", "ratings of the newest"):
        written = [compose(DESIGNS[name], WITH_GENRES, n) for n in range(len(WAYS) + 1)]

        assert ["RunAnalysis" in s.source for s in written[:2]] == [name == "data", False]
        assert ("BatchPipelineRunner" in written[2].source) == (name == "data")
        assert written[3] == written[0] != written[2]


@pytest.mark.parametrize(
    ("level", "found"),
    [
        (0, ("mmr", 0.0)), (0.25, ("mmr", 0.25)), ("none", ("mmr", 0.0)), ("MMR", ("mmr", 0.5)),
        ("xQuAD 0.3", ("xquad", 0.3)), ("calibrated", ("calibrated", 0.5)), ("DPP", None),
        (1.5, None), ("MMR 7", None),
    ],
)  # fmt: skip
def test_a_level_of_re_ranking_is_a_way_and_a_strength(level, found):
    assert reranking_of(level) == found


def functions_of(source):
    """Return the functions of a script that need no library but numpy and pandas."""
    known = {"np": np, "pd": pd, "LIST_LENGTH": 10}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            exec(compile(ast.Module([node], []), "script", "exec"), known)
    return known


@pytest.fixture(scope="module")
def lists():
    """Return lists of three items for eight users, and a training in which some items are rare."""
    rng = np.random.default_rng(3)
    train = pd.DataFrame(
        {"user_id": rng.integers(1, 9, 60), "item_id": np.minimum(rng.geometric(0.2, 60), 15)}
    ).drop_duplicates(ignore_index=True)
    shown = pd.DataFrame(
        [(u, int(i), r) for u in range(1, 9) for r, i in enumerate(rng.permutation(20)[:3], 1)],
        columns=["user_id", "item_id", "rank"],
    )
    return shown, train


def plainly(metric, shown, train, items):
    """Return a measure in plain Python, from its definition."""
    rows = {u: list(some["item_id"]) for u, some in shown.groupby("user_id")}
    popular, users = Counter(train["item_id"]), train["user_id"].nunique()
    exposure = Counter(shown["item_id"])
    total = sum(exposure.values())
    match metric:
        case "popularity":
            return np.mean([np.mean([popular[i] for i in some]) for some in rows.values()])
        case "novelty":
            told = [
                [-math.log2(max(popular[i], 1) / users) for i in some] for some in rows.values()
            ]
            return np.mean([np.mean(some) for some in told])
        case "long_tail":
            ranked = sorted(popular.values(), reverse=True)
            least = ranked[math.floor(0.2 * len(ranked) + 0.5) - 1]
            return np.mean([np.mean([popular[i] < least for i in some]) for some in rows.values()])
        case "coverage":
            return len(set(exposure) & set(items)) / len(items)
        case "user_coverage":
            return 1.0
        case "gini":
            counts = [exposure[i] for i in items]
            gaps = sum(abs(a - b) for a in counts for b in counts)
            return gaps / (2 * len(counts) * sum(counts))
        case "entropy":
            return -sum(n / total * math.log2(n / total) for n in exposure.values())
        case "personalisation":
            pairs = combinations(rows.values(), 2)
            return 1 - np.mean([len(set(a) & set(b)) / 3 for a, b in pairs])
        case "popularity_lift":
            mine = train.groupby("user_id")["item_id"].agg(list)
            profile = np.mean([np.mean([popular[i] for i in some]) for some in mine])
            listed = np.mean([np.mean([popular[i] for i in some]) for some in rows.values()])
            return (listed - profile) / profile
    raise AssertionError(metric)


@pytest.mark.parametrize("metric", [*OF_LISTS, *OVER_LISTS])
def test_measures_beyond_accuracy_are_what_their_definitions_say(lists, metric):
    shown, train = lists
    made = functions_of(compose(DESIGNS["beyond accuracy"], WITH_GENRES, 0).source)
    items = np.arange(20)

    if metric in OF_LISTS:
        value = made["of_lists"](metric, shown, train).mean()
    else:
        users = shown["user_id"].unique()
        value = made["of_all_lists"](metric, shown, train, items, users, 3)

    assert value == pytest.approx(plainly(metric, shown, train, items))


def test_all_metrics_that_are_computed_are_tried():
    tried = {m.name for plan in ALL.values() for m in plan.metrics}

    assert tried == set(COMPUTED)


VECTORS = np.array([[1.0, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]])
RELEVANCE = np.array([1.0, 0.9, 0.8, 0.1])


@pytest.mark.parametrize(
    ("how", "strength", "order"),
    [
        ("mmr", 0.5, [0, 3, 2, 1]),
        ("xquad", 0.5, [0, 2, 1, 3]),
        ("calibrated", 0.9, [2, 3, 0, 1]),
        ("mmr", 0.01, [0, 1, 2, 3]),
    ],
)
def test_lists_are_re_ranked_one_item_after_the_other(how, strength, order):
    made = functions_of(compose(RERANKED, WITH_GENRES, 0).source)
    profile = np.array([0.5, 0.1, 0.4]) if how == "calibrated" else np.array([0.5, 0.4, 0.1])

    assert made["ordered"](how, strength, RELEVANCE, VECTORS, profile) == order

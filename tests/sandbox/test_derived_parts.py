"""How the helper derives data and parts: held against plain Python, and by what must hold."""

import importlib.util
import json
import os
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import plain_rules
import pytest
from hypothesis import given, settings, strategies as st
from laid_designs import interactions, lay, run_cells
from scripts_with_labbook import LABBOOK

from agent_core.domain.cells import Block, block_record
from agent_core.domain.rules import (
    Candidates,
    DataRule,
    DataRuleKind,
    DataRules,
    Keep,
    Masked,
    Of,
    Order,
    SplitKind,
    SplitRules,
)

DAY_S = 86_400
START = pd.Timestamp(plain_rules.START)
NO_CELLS = {"version": 2, "factors": [], "metrics": [], "cells": []}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder to work in, and give the former one back."""
    made, before = tmp_path_factory.mktemp("parts"), Path.cwd()
    os.chdir(made)
    yield made
    os.chdir(before)


def helper():
    """Return a helper that remembers nothing."""
    began = os.environ.get("LABBOOK_BEGAN")
    spec = importlib.util.spec_from_file_location("fresh_labbook", LABBOOK)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fresh_labbook"] = module
    spec.loader.exec_module(module)
    if began is None:
        os.environ.pop("LABBOOK_BEGAN", None)
    return module


@pytest.fixture(scope="module")
def labbook(folder):
    return helper()


def block_of(data=(), split=None, **more):
    rules = split or SplitRules(SplitKind.LEAVE_ONE_OUT)
    return Block("one", {}, "data.csv", DataRules(tuple(data)), rules, **more)


def derived(labbook, frame, **blocks):
    """Return the parts of blocks, each as the set of its row numbers."""
    frame.to_parquet(".data.csv.parquet", index=False)
    labbook._memory.clear()
    told = {name: json.loads(json.dumps(block_record(b))) for name, b in blocks.items()}
    labbook.use_design({**NO_CELLS, "blocks": told})
    found = {}
    for name in blocks:
        rows = labbook._derived_parts(name)
        found[name] = {p: set(map(int, numbers)) for p, numbers in rows.items() if p != "full"}
    return found


def rows_of(frame):
    """Return a frame as plain rows."""
    times = (frame["timestamp"] - START) / pd.Timedelta(days=1)
    known = zip(frame["user_id"], frame["item_id"], frame["rating"], times, strict=True)
    return [
        {
            "row": number,
            "user": str(user),
            "item": str(item),
            "rating": None if pd.isna(rating) else rating,
            "day": None if pd.isna(day) else day,
        }
        for number, (user, item, rating, day) in enumerate(known)
    ]


@st.composite
def tables(draw):
    """Small tables with repeated pairs, equal times, and what is missing."""
    size = draw(st.integers(3, 40))
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    is_text, gaps = draw(st.booleans()), draw(st.sampled_from([0.0, 0.2]))
    users, items = rng.integers(0, 7, size), rng.integers(0, 8, size)
    frame = pd.DataFrame(
        {
            "user_id": [f"u{u}" for u in users] if is_text else users,
            "item_id": [f"ä {i}" for i in items] if is_text else items,
            "rating": rng.integers(1, 6, size).astype(float),
            "timestamp": START + pd.to_timedelta(rng.integers(0, 9, size) * DAY_S // 2, unit="s"),
        }
    )
    frame.loc[rng.random(size) < gaps, "rating"] = np.nan
    frame.loc[rng.random(size) < gaps, "timestamp"] = pd.NaT
    return frame


data_rules = st.builds(
    lambda kind, amount, of, share, **more: DataRule(
        kind, share if kind is DataRuleKind.SAMPLE else amount, of, **more
    ),
    st.sampled_from([k for k in DataRuleKind if k is not DataRuleKind.OTHER]),
    st.integers(1, 3),
    st.sampled_from(Of),
    st.sampled_from([0.1, 0.25, 0.5, 0.9, 1, 3]),
    is_above=st.booleans(),
    keep=st.sampled_from(Keep),
    first=st.sampled_from(["", "2001-01-01", "2001-01-03"]),
    last=st.sampled_from(["", "2001-01-04", "2001-01-02"]),
    seed=st.sampled_from([None, 0, 7]),
    is_training_only=st.booleans(),
).filter(lambda r: r.of is not Of.INTERACTIONS or r.kind is DataRuleKind.SAMPLE)
DERIVED = [k for k in SplitKind if k not in (SplitKind.GIVEN, SplitKind.OTHER)]
split_rules = st.builds(
    SplitRules,
    st.sampled_from(DERIVED),
    folds=st.integers(2, 3),
    holdout=st.sampled_from([0.1, 0.2, 0.5, 0.8]),
    seed=st.integers(0, 50),
    order=st.sampled_from(Order),
    held_out=st.sampled_from([None, None, 1, 2]),
    test_users=st.sampled_from([None, None, 2]),
    test_user_share=st.sampled_from([None, 0.5]),
    lowest_test_rating=st.sampled_from([None, None, 3]),
    has_validation=st.booleans(),
    in_training=st.sampled_from([True, True, False]),
    thinned_by=st.sampled_from([Order.RANDOM, Order.NEWEST]),
)
OF_USERS = (
    SplitKind.LEAVE_ONE_OUT,
    SplitKind.LEAVE_LAST,
    SplitKind.USER_FRACTION,
    SplitKind.CROSSFOLD_USERS,
)
blocks = st.builds(
    block_of,
    st.lists(data_rules, max_size=3),
    split_rules,
    fold=st.integers(0, 1),
    train_share=st.sampled_from([1.0, 1.0, 0.25, 0.6]),
    profile_size=st.sampled_from([None, None, 1, 2]),
)
many = settings(max_examples=200, deadline=None)
some = settings(max_examples=60, deadline=None)


@many
@given(tables(), blocks)
def test_parts_are_those_of_the_rules(labbook, frame, block):
    names = ("train", "test", "validation", "query", "validation_query")
    parts = dict(zip(names, plain_rules.parts(rows_of(frame), block), strict=True))

    found = derived(labbook, frame, one=block)["one"]

    assert found == {name: set(rows) for name, rows in parts.items() if rows is not None}


@some
@given(tables(), split_rules.filter(lambda rules: rules.kind in OF_USERS))
def test_a_user_always_keeps_one(labbook, frame, rules):
    block = block_of((), rules)

    found = derived(labbook, frame, one=block)["one"]

    users = frame["user_id"]
    kept = found["train"] | found.get("query", set()) | found.get("validation", set())
    kept |= found.get("validation_query", set())
    assert set(users[list(found["test"])]) <= set(users[list(kept)])
    assert not kept & found["test"]


NESTED = {
    "users": lambda share: {"data": [DataRule(DataRuleKind.SAMPLE, share, Of.USERS)]},
    "items": lambda share: {"data": [DataRule(DataRuleKind.SAMPLE, share, Of.ITEMS, seed=3)]},
    "interactions": lambda s: {"data": [DataRule(DataRuleKind.SAMPLE, s, Of.INTERACTIONS)]},
    "train_share": lambda share: {"train_share": share},
    "newest": lambda share: {
        "train_share": share,
        "split": SplitRules(SplitKind.LEAVE_ONE_OUT, thinned_by=Order.NEWEST),
    },
    "profile_size": lambda share: {"profile_size": int(share * 20)},
}


@pytest.mark.parametrize("what", NESTED)
def test_less_lies_inside_more(labbook, what):
    frame = interactions(60, 40, 20).assign(
        timestamp=lambda f: pd.to_datetime(f["timestamp"], unit="s")
    )
    made = {str(share): block_of(**NESTED[what](share)) for share in (0.1, 0.25, 0.5)}

    found = derived(labbook, frame, **made)

    whole = [parts["train"] | parts["test"] for parts in found.values()]
    assert all(small < large for small, large in pairwise(whole))
    if "data" not in NESTED[what](0.1):
        assert len({frozenset(parts["test"]) for parts in found.values()}) == 1


@some
@given(tables(), blocks, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_but_ties(labbook, frame, block, random):
    # Rows of one user with one item, and of one moment, are told apart by their order alone.
    frame = frame.drop_duplicates(["user_id", "item_id"]).reset_index(drop=True)
    frame["timestamp"] = pd.to_datetime(np.arange(len(frame)) * DAY_S // 4, unit="s")
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled = frame.iloc[order].reset_index(drop=True)

    one = derived(labbook, frame, one=block)["one"]
    other = derived(labbook, shuffled, one=block)["one"]

    assert {p: {order[row] for row in rows} for p, rows in other.items()} == one


PARTS = """
for name in labbook._design()["blocks"]:
    part = labbook.part(name)
    print(name, len(part.train), len(part.test), part.train.index[:5].tolist())
"""


def test_every_process_records_the_same_rows(tmp_path):
    lay(tmp_path / "one")
    lay(tmp_path / "two")

    outputs = [
        run_cells(tmp_path / name, PARTS, PYTHONHASHSEED=str(n))
        for n, name in enumerate(("one", "two"))
    ]

    assert outputs[0] == outputs[1]
    for name in ("all.train_rows.csv", "all.test_rows.csv", "8-core.train_rows.csv", "all.json"):
        first, second = ((tmp_path / w / "split" / name).read_bytes() for w in ("one", "two"))
        assert first == second


def test_frames_have_the_rows_of_the_table(labbook, folder):
    frame = interactions()
    rules = DataRule(DataRuleKind.LOWEST_RATING, 4)
    derived(labbook, frame, one=block_of([rules]))

    data, part = labbook.data("one"), labbook.part("one")

    assert data.equals(frame[frame["rating"] >= 4])
    assert part.train.equals(frame.loc[part.train.index])
    recorded = pd.read_csv(folder / "split/one.test_rows.csv")["row"].tolist()
    assert recorded == part.test.index.tolist()
    told = json.loads((folder / "split/one.json").read_text())
    assert told["data"]["filters"] == [
        {"name": "lowest_rating=4", "before": len(frame), "after": len(data)}
    ]


def test_given_parts_stay_as_they_came(labbook):
    frame = interactions(4, 6, 5)
    names = ["train", "validation", "test", "train", None] * 4
    frame = frame.assign(given_0=names, given_1="train")
    rules = SplitRules(SplitKind.GIVEN, has_validation=True)

    found = derived(labbook, frame, one=block_of((), rules))["one"]

    assert found == {
        part: {n for n, name in enumerate(names) if name == part}
        for part in ("train", "validation", "test")
    }


def test_sampled_candidates_have_the_held_out_and_none_that_is_known(labbook):
    frame = interactions(20, 40, 8)
    rules = SplitRules(SplitKind.LEAVE_ONE_OUT, candidates=Candidates.SAMPLED, candidate_count=10)
    derived(labbook, frame, one=block_of((), rules))

    part = labbook.part("one")

    sizes = part.candidates.groupby("user_id").size()
    assert set(sizes) == {11}
    pairs = set(part.candidates.itertuples(index=False, name=None))
    assert pairs >= set(part.test[["user_id", "item_id"]].itertuples(index=False, name=None))
    assert not pairs & set(part.train[["user_id", "item_id"]].itertuples(index=False, name=None))
    assert part.candidates.groupby("user_id")["item_id"].agg(frozenset).nunique() > 5


def test_what_is_thinned_away_may_stay_masked_and_a_candidate(labbook):
    frame = interactions(20, 40, 8)
    rules = SplitRules(
        SplitKind.LEAVE_ONE_OUT, candidates=Candidates.FULL_TRAINING, masked=Masked.FULL_TRAINING
    )
    liked = DataRule(DataRuleKind.LOWEST_RATING, 4, is_training_only=True)
    derived(
        labbook,
        frame,
        less=block_of((), rules, train_share=0.2),
        liked=block_of([liked], rules),
        all=block_of((), rules),
    )

    whole = labbook.part("all")

    for less in map(labbook.part, ("less", "liked")):
        assert len(less.train) < len(whole.train) == len(less.masked)
        assert sorted(less.candidates) == sorted(whole.train["item_id"].unique())
    assert whole.candidates is not None


def test_a_raw_file_may_have_gaps_and_times_as_numbers(labbook):
    frame = interactions(8, 9, 6)
    ids = frame[["user_id", "item_id"]].astype("Int64")
    ids.loc[3, "user_id"] = ids.loc[5, "item_id"] = pd.NA
    window = DataRule(DataRuleKind.TIME_WINDOW, first="2020-09-20", last="2020-10-05")
    days = pd.to_datetime(frame["timestamp"], unit="s").dt.date.astype(str)

    derived(labbook, frame.assign(**ids), all=block_of(), some=block_of([window]))

    assert sorted({*frame.index} - {*labbook.data("all").index}) == [3, 5]
    inside = frame.index[days.between("2020-09-20", "2020-10-05")]
    assert set(labbook.data("some").index) == set(inside) - {3, 5}


def test_rules_that_only_words_tell_are_left_to_the_script(labbook):
    words = DataRule(DataRuleKind.OTHER, text="no bots")
    split = SplitRules(SplitKind.OTHER, text="by region")
    frame = interactions(5, 6, 4)

    for block, said in ((block_of([words]), "no bots"), (block_of((), split), "by region")):
        with pytest.raises(ValueError, match=said):
            derived(labbook, frame, one=block)

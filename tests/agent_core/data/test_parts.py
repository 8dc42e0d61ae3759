"""What rules leave, train on and test is what one interaction after another comes to."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import plain_rules
import pytest
from hypothesis import given, settings, strategies as st

from agent_core.data.interactions import Interactions
from agent_core.data.parts import SPLITS, parts_of
from agent_core.data.variants import RULES, is_derived, variant_of
from agent_core.domain.cells import Block
from agent_core.domain.rules import (
    DataRule,
    DataRuleKind,
    DataRules,
    Keep,
    Of,
    Order,
    SplitKind,
    SplitRules,
)

DATASETS = 200
IDS = ("7", "007", "u 1", "é", "42", "NA", "")
DAYS = st.one_of(st.none(), st.integers(0, 4))
"""Few of them, so that many interactions are of one time."""
RATINGS = st.one_of(st.none(), st.sampled_from((1, 2.5, 3, 4, 5)))
ROW = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS), RATINGS, DAYS)
AMOUNTS = st.sampled_from((0.1, 0.34, 0.5, 0.9, 1, 2, 3))
SEEDS = st.integers(0, 3)
DAY_TEXTS = st.sampled_from(("", "2001-01-02", "2001-01-04"))
DERIVED = tuple(kind for kind in DataRuleKind if kind is not DataRuleKind.OTHER)
RULE = st.builds(
    DataRule,
    st.sampled_from(DERIVED),
    AMOUNTS,
    st.sampled_from(Of),
    is_above=st.booleans(),
    keep=st.sampled_from(Keep),
    first=DAY_TEXTS,
    last=DAY_TEXTS,
    seed=st.one_of(st.none(), SEEDS),
    is_training_only=st.booleans(),
)
SPLIT = st.builds(
    SplitRules,
    st.sampled_from([kind for kind in SPLITS if kind is not SplitKind.GIVEN]),
    folds=st.integers(1, 3),
    holdout=st.sampled_from((0.1, 0.2, 0.5, 0.9)),
    seed=SEEDS,
    order=st.sampled_from(Order),
    held_out=st.one_of(st.none(), st.integers(1, 3)),
    test_users=st.one_of(st.none(), st.integers(1, 3)),
    test_user_share=st.one_of(st.none(), st.sampled_from((0.3, 0.5))),
    lowest_test_rating=st.one_of(st.none(), st.just(3.0)),
    has_validation=st.booleans(),
    in_training=st.booleans(),
    thinned_by=st.sampled_from(Order),
)


@st.composite
def blocks(draw):
    split = draw(SPLIT)
    rules = DataRules(tuple(draw(st.lists(RULE, max_size=2))))
    size = draw(st.one_of(st.none(), st.integers(0, 3)))
    share = draw(st.sampled_from((1.0, 0.5, 0.1)))
    fold = draw(st.integers(0, split.folds - 1))
    return Block("0", {}, "", rules, split, fold, share, size)


TABLE = st.lists(ROW, min_size=1, max_size=40).map(
    lambda rows: [
        dict(zip(("user", "item", "rating", "day", "row"), (*row, n), strict=True))
        for n, row in enumerate(rows)
    ]
)


def interactions_of(table):
    days = [plain_rules.START + timedelta(days=r["day"] or 0) for r in table]
    frame = pd.DataFrame(
        {
            "user_id": [r["user"] for r in table],
            "item_id": [r["item"] for r in table],
            "rating": [r["rating"] for r in table],
            "timestamp": pd.to_datetime(pd.Series(days)).mask([r["day"] is None for r in table]),
        }
    )
    return Interactions.of(frame)


def rows_of(part):
    return None if part is None else part.tolist()


@settings(max_examples=DATASETS, deadline=None)
@given(TABLE, st.lists(RULE.map(lambda r: replace(r, is_training_only=False)), max_size=4))
def test_data_rules_leave_what_they_leave_one_by_one(table, rules):
    found = variant_of(interactions_of(table), DataRules(tuple(rules)))

    assert rows_of(found) == [r["row"] for r in plain_rules.variant(table, rules)]


@settings(max_examples=DATASETS, deadline=None)
@given(TABLE, blocks())
def test_parts_are_what_they_are_one_by_one(table, block):
    found = parts_of(interactions_of(table), block)

    told = (found.train, found.test, found.validation, found.query, found.validation_query)
    assert [rows_of(p) for p in told] == plain_rules.parts(table, block)


@settings(max_examples=50, deadline=None)
@given(TABLE, st.sampled_from((Of.USERS, Of.ITEMS, Of.INTERACTIONS)), SEEDS, st.randoms())
def test_a_sample_lies_inside_a_larger_one_whatever_the_order_of_rows(table, of, seed, random):
    def kept(rows, share):
        rule = DataRule(DataRuleKind.SAMPLE, share, of, seed=seed)
        found = variant_of(interactions_of(rows), DataRules((rule,)))
        return {(rows[n]["user"], rows[n]["item"]) for n in found}

    shuffled = random.sample(table, len(table))

    assert kept(table, 0.1) <= kept(table, 0.25) <= kept(table, 0.6)
    assert kept(table, 0.25) == kept(shuffled, 0.25)


@settings(max_examples=50, deadline=None)
@given(TABLE, blocks(), st.sampled_from((0.2, 0.5)), st.integers(1, 2))
def test_thinned_training_is_a_part_of_the_full_one_with_the_same_test(table, block, share, size):
    data, full = interactions_of(table), replace(block, train_share=1.0, profile_size=None)
    whole = parts_of(data, full)
    for thinned in (replace(full, train_share=share), replace(full, profile_size=size)):
        found = parts_of(data, thinned)

        assert rows_of(found.test) == rows_of(whole.test)
        assert set(found.train) <= set(whole.train)


def test_codes_stand_for_the_texts_that_hashes_are_made_of():
    texts = np.array(["b", "a", "c"])
    codes = pd.DataFrame({"user_id": [0, 1, 2, 0], "item_id": [2, 2, 1, 1]})
    written = codes.map(lambda code: texts[code])
    rules = DataRules((DataRule(DataRuleKind.SAMPLE, 2, Of.USERS, seed=1),))

    found = variant_of(Interactions.of(codes, lambda known: texts[known]), rules)

    assert found.tolist() == variant_of(Interactions.of(written), rules).tolist()


def test_parts_that_came_with_the_data_are_taken_as_they_are():
    table = pd.DataFrame(
        {
            "user_id": ["a", "a", "b", "b"],
            "item_id": ["x", "y", "x", "z"],
            "given_0": ["train", "test", "validation", "train"],
            "given_1": ["test", "train", "train", "train"],
        }
    )
    split = SplitRules(SplitKind.GIVEN, folds=2, has_validation=True)

    first, second = (
        parts_of(Interactions.of(table), Block("0", {}, "", DataRules(), split, fold))
        for fold in (0, 1)
    )

    assert [p.tolist() for p in (first.train, first.test, first.validation)] == [[0, 3], [1], [2]]
    assert (second.train.tolist(), second.test.tolist()) == ([1, 2, 3], [0])


def test_every_rule_of_fields_is_worked_out():
    assert set(RULES) == set(DataRuleKind)
    assert {*SPLITS} == set(SplitKind) - {SplitKind.OTHER}


@pytest.mark.parametrize(
    ("rule", "is_told"),
    [
        (DataRule(DataRuleKind.OTHER, text="bots are left out"), False),
        (DataRule(DataRuleKind.SAMPLE, text="a sample of the users"), False),
        (DataRule(DataRuleKind.SAMPLE, 0.1, Of.USERS), True),
        (DataRule(DataRuleKind.TIME_WINDOW, text="the early years"), False),
        (DataRule(DataRuleKind.TIME_WINDOW, last="2001-01-01"), True),
        (DataRule(DataRuleKind.REPEATED_PAIRS), True),
    ],
)
def test_only_rules_whose_fields_tell_all_are_held_against_data(rule, is_told):
    assert is_derived(DataRules((rule,))) is is_told


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_days_of_a_window_are_those_of_utc_whatever_times_look_like(unit, zone):
    moments = pd.to_datetime(
        pd.Series(["2014-01-01 23:59:59", "2014-01-02 00:00:00", "2014-01-02 23:59:00", None])
    )
    times = moments.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else moments
    numbers = (moments.astype("datetime64[us]").astype("int64") / 1e6).mask(moments.isna())
    scaled = numbers * {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    rule = DataRule(DataRuleKind.TIME_WINDOW, first="2014-01-02", last="2014-01-02")
    for column in (times, scaled):
        table = pd.DataFrame({"user_id": 1, "item_id": [1, 2, 3, 4], "timestamp": column})

        found = variant_of(Interactions.of(table), DataRules((rule,)))

        assert found.tolist() == [1, 2]

"""What an answer comes to in another order of ties, and by other ranked items, is told."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from designed import EASE, NEIGHBOURS, POPULARITY, designed, study
from results import inputs_of
from studies import interactions

from agent_core.domain import Factor, Level, Order, SplitKind, SplitRules
from agent_core.evidence.retrained import OtherValue, Retrained, Way
from agent_core.report.caveats import split_limits
from agent_core.report.other_ways import (
    other_rankings,
    save_other_ways,
    tie_ranges,
    turned,
)
from agent_core.report.thread_summary import part_text

NEWEST = SplitRules(SplitKind.USER_FRACTION, holdout=0.25, order=Order.NEWEST)
THIN = "train_share-0-2"


def with_others(evidence, *others, **more):
    return replace(evidence, retrained=Retrained("0", (), {}, others=others, **more))


def tied(tmp_path, *values, **more):
    """Return evidence of a study with ties; `values`: algorithm, delivered, in other orders."""
    data = interactions(np.random.default_rng(11)).assign(timestamp=1_000_000)
    plan = study(EASE, NEIGHBOURS, POPULARITY, splits=(Level(NEWEST),))
    others = [
        OtherValue(Way.OTHER_TIES, turn, name, "0", "ndcg", 10, delivered, value, 1)
        for name, delivered, *own in values
        for turn, value in enumerate(own)
    ]
    return with_others(designed(plan, data).evidence(tmp_path), *others, **more)


def thinned(tmp_path, *others, **more):
    plan = study(EASE, POPULARITY, factors=(Factor("train_share", (0.2, 1.0)),))
    return with_others(designed(plan).evidence(tmp_path), *others, **more)


def limits(evidence):
    inputs = replace(inputs_of(evidence), evidence=evidence)
    return split_limits(inputs, inputs.facts)


def test_the_range_over_orders_of_ties_and_who_is_first(tmp_path):
    evidence = tied(tmp_path, ("EASE", 0.30, 0.28, 0.31), ("ItemKNN", 0.29, 0.295, 0.27))

    (found,) = tie_ranges(evidence, evidence.plan.primary)

    assert (found.fold, found.orders, found.first) == ("0", 2, "EASE")
    assert found.others == ("ItemKNN in 1 of 2",)
    assert [r.split()[0] for r in found.ranges] == ["EASE", "ItemKNN"]
    assert [float(w) for w in re.findall(r"\d\.\d+", found.ranges[0])] == [0.28, 0.31]


def test_a_first_that_changes_stands_right_under_the_answer(tmp_path):
    changes = tied(tmp_path / "a", ("EASE", 0.30, 0.28), ("ItemKNN", 0.29, 0.295))
    stays = tied(tmp_path / "b", ("EASE", 0.30, 0.28), ("ItemKNN", 0.20, 0.21))
    said = [replace(inputs_of(e), evidence=e) for e in (changes, stays)]

    assert "ItemKNN in 1 of 1" in turned(said[0])
    assert turned(said[0]) in part_text("care", said[0], said[0].facts)
    assert turned(said[1]) == ""
    assert any("First is always EASE" in text for text in limits(stays))


def test_of_errors_the_lowest_is_first(tmp_path):
    evidence = tied(tmp_path)
    others = [
        OtherValue(Way.OTHER_TIES, 0, name, "0", "rmse", None, one, other, 1)
        for name, one, other in (("EASE", 0.9, 0.95), ("ItemKNN", 0.92, 0.91))
    ]
    evidence = with_others(evidence, *others)

    (found,) = tie_ranges(evidence, replace(evidence.plan.primary, name="rmse", k=None))

    assert (found.first, found.others) == ("EASE", ("ItemKNN in 1 of 1",))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"unknown": {Way.OTHER_TIES: "EASE: it would take about 900 s more"}}, "about 900 s"),
        ({}, "is not known"),
    ],
)
def test_where_no_other_order_was_trained_the_range_is_not_known(tmp_path, more, words):
    (first, *_) = limits(tied(tmp_path, **more))

    assert "60 of 60 users" in first
    assert words in first
    assert "trained by the product" not in first


def test_without_a_training_of_the_product_the_range_is_not_known(tmp_path):
    evidence = replace(tied(tmp_path), retrained=None)

    assert "nothing was trained again" in limits(evidence)[0]


def test_both_rankings_are_shown_beside_the_full_level(tmp_path):
    evidence = thinned(tmp_path)
    rows = evidence.single
    full = rows[(rows["fold"] == "train_share-1-0") & (rows["metric"] == "ndcg")]
    full = full.set_index("algorithm")["value"]
    other = OtherValue(
        Way.FULL_TRAINING, 0, "EASE", THIN, "ndcg", 10, full["EASE"] / 4, full["EASE"] / 2, 1
    )
    evidence = with_others(evidence, other)

    (found,) = other_rankings(evidence, evidence.plan.primary)

    assert found.is_full
    assert "0.2" in found.level
    assert "(25% of" in found.values[0]
    assert "(50% of" in found.values[0]
    assert any(found.values[0] in text for text in limits(evidence))


def test_what_was_not_trained_otherwise_is_said(tmp_path):
    evidence = thinned(tmp_path, unknown={Way.FULL_TRAINING: "EASE: it is no scorer of LensKit"})

    assert any("EASE: it is no scorer" in text for text in limits(evidence))


def test_every_value_is_in_a_table(tmp_path):
    evidence = tied(tmp_path, ("EASE", 0.30, 0.28, 0.31))

    save_other_ways(replace(inputs_of(evidence), evidence=evidence), tmp_path)

    table = pd.read_csv(tmp_path / "other_ways.csv")
    assert list(table["order"]) == [1, 2]
    assert list(table["other"]) == [0.28, 0.31]
    assert set(table["way"]) == {"other ties"}


def test_a_study_without_ties_or_thinned_training_says_nothing_of_either(tmp_path):
    evidence = designed(study(EASE, POPULARITY)).evidence(tmp_path)

    assert not any("order" in text or "candidates" in text for text in limits(evidence))

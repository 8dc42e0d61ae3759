"""Honest blocks pass, whoever drew them, and what readers must know of them is said."""

from dataclasses import replace

import pytest
from block_studies import FIFTH, FORMS, LOO, by_rules, made_of, sparse, with_pandas

from agent_core.checks.registry import RULES
from agent_core.checks.split.as_ruled import parts_as_ruled
from agent_core.domain import Finding
from agent_core.domain.rules import (
    DataRule,
    DataRuleKind,
    Of,
    Order,
    SplitKind,
    SplitRules,
)

LAST = SplitRules(SplitKind.LEAVE_LAST)
LOW = DataRule(DataRuleKind.LOWEST_RATING, 3)
CORE = DataRule(DataRuleKind.CORE, 5)
HALF = DataRule(DataRuleKind.SAMPLE, 0.5, Of.USERS, seed=3)
STUDIES = {
    "one split": {},
    "levels of data": {"data": (("all", ()), ("rated", (LOW,)), ("core", (LOW, CORE)))},
    "samples": {"data": (("all", ()), ("half", (HALF,)), ("then", (HALF, CORE)))},
    "levels of training": {"train_share": (0.2, 0.5, 1.0)},
    "levels of training without the full one": {"train_share": (0.2, 0.5)},
    "profiles": {"profile_size": (2, 5, "all")},
    "random and newest": {"split": (("random", LOO), ("newest", LAST))},
    "shares, random and newest": {
        "split": (("random", FIFTH), ("late", SplitRules(FIFTH.kind, order=Order.NEWEST)))
    },
    "seeds of the split": {"split_seed": (1, 2, 3)},
    "all at once": {
        "data": (("all", ()), ("rated", (LOW,))),
        "split": (("random", LOO), ("newest", LAST)),
        "train_share": (0.5, 1.0),
        "profile_size": (3, "all"),
    },
}

UNSEEN = replace(FIFTH, in_training=False, test_users=20)
DRAWN = {
    "unseen users": {"split": (("", UNSEEN),), "profile_size": (2, 4, "all")},
    "seen and unseen": {"split": (("seen", FIFTH), ("unseen", UNSEEN))},
    "a part to choose on": {
        "split": (("", replace(FIFTH, has_validation=True)),),
        "train_share": (0.5, 1.0),
    },
    "one to choose on": {"split": (("", replace(LOO, has_validation=True)),)},
    "folds of users": {
        "split": (("", SplitRules(SplitKind.CROSSFOLD_USERS, folds=5, holdout=0.25)),),
        "fold": (0, 1, 2, 3, 4),
    },
    "folds of interactions": {
        "split": (("", SplitRules(SplitKind.CROSSFOLD_RECORDS, folds=5)),),
        "fold": (0, 1, 2, 3, 4),
    },
    "a share of all": {"split": (("", SplitRules(SplitKind.RANDOM_RECORDS)),)},
    "a cut in time": {"split": (("", SplitRules(SplitKind.GLOBAL_TIME)),)},
    "a window": {
        "data": (
            ("all", ()),
            ("first", (DataRule(DataRuleKind.TIME_WINDOW, last="1970-01-12"),)),
        )
    },
    "what only training lacks": {"data": (("", (replace(LOW, is_training_only=True),)),)},
}
ABOUT_CELLS = ("folds_as_planned", "lists_exclude_train")
"""What these ask of results and lists, studies of splits alone cannot have."""


@pytest.mark.parametrize("frame", [None, sparse()], ids=["even", "sparse"])
@pytest.mark.parametrize("study", [*STUDIES, *DRAWN])
def test_no_check_of_splits_fails_on_what_the_rules_draw(study, frame, tmp_path):
    made = made_of(by_rules, frame=frame, **{**STUDIES, **DRAWN}[study])
    evidence = made.evidence(tmp_path)
    rules = [r for r in RULES if r.subject == "split" and r.name not in ABOUT_CELLS]

    found = {rule.name: rule.judge(evidence) for rule in rules}

    assert {n: r.reason for n, r in found.items() if r.finding is Finding.FAIL} == {}
    told = found["parts_as_ruled"].values
    assert told["drawn"] == told["blocks"] == len(made.splits)


@pytest.mark.parametrize("draw", FORMS)
@pytest.mark.parametrize("frame", [None, sparse()], ids=["even", "sparse"])
@pytest.mark.parametrize("study", STUDIES)
def test_honest_blocks_pass_whoever_drew_them(study, frame, draw, tmp_path):
    made = made_of(FORMS[draw], frame=frame, **STUDIES[study])

    found = parts_as_ruled(made.evidence(tmp_path))

    assert found.finding in (Finding.PASS, Finding.WARN), found.reason
    drawn = found.values["blocks"] if draw == "by rules" else found.values["drawn"]
    assert found.values["drawn"] == drawn


def test_ties_among_the_newest_are_counted_not_convicted(tmp_path):
    frame = sparse().assign(timestamp=1)
    made = made_of(by_rules, split=(("", LAST),), frame=frame)
    train, test = made.splits["0"]
    first = frame.index[frame.duplicated("user_id", keep="last") & ~frame.duplicated("user_id")]
    own = sorted(first)
    made.splits["0"] = (sorted({*train, *test} - {*own}), own)

    found = parts_as_ruled(made.evidence(tmp_path))

    assert found.finding is Finding.WARN, found.reason
    assert found.values["users"] == len(own)
    assert "order" in found.reason


@pytest.mark.parametrize(
    ("order", "words"), [(Order.RANDOM, "SampleFrac"), (Order.NEWEST, "LastFrac")]
)
def test_shares_that_round_to_nothing_are_said_with_their_cause(order, words, tmp_path):
    split = SplitRules(SplitKind.USER_FRACTION, holdout=0.2, order=order)
    frame = sparse()
    made = made_of(with_pandas, split=(("", split),), frame=frame)
    little = frame[frame.groupby("user_id")["item_id"].transform("size") * 0.2 < 0.5]
    if order is Order.NEWEST:
        train, test = made.splits["0"]
        made.splits["0"] = (sorted({*train} - {*little.index}), sorted({*test, *little.index}))

    found = parts_as_ruled(made.evidence(tmp_path))

    assert found.finding is Finding.WARN, found.reason
    assert words in found.reason
    assert f"{little['user_id'].nunique()} users are" in found.reason


def test_items_that_return_as_candidates_are_said(tmp_path):
    made = made_of(with_pandas, train_share=(0.5, 1.0))

    found = parts_as_ruled(made.evidence(tmp_path))

    assert found.finding is Finding.WARN
    assert "candidates" in found.reason


def test_what_the_rules_drew_is_told_from_what_a_script_drew(tmp_path):
    made = made_of(by_rules, data=(("all", ()), ("rated", (LOW,))))
    other = made_of(with_pandas, data=(("all", ()), ("rated", (LOW,))))
    made.splits["rated"] = other.splits["rated"]

    found = parts_as_ruled(made.evidence(tmp_path))

    assert found.finding is Finding.PASS, found.reason
    assert found.values.items() >= {"drawn": 1, "blocks": 2, "others": 1}.items()

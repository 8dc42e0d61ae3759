"""Sentences that contradict a field of the plan stand in no part; where it has it they do."""

from dataclasses import replace

import pytest
from reported_studies import studies

from agent_core.domain import (
    Algorithm,
    Candidates,
    DataRule,
    DataRuleKind,
    Metric,
    Order,
    SplitKind,
)
from agent_core.grounding.report_text import Filler, Part

CORE = DataRule(DataRuleKind.CORE, amount=5)
FROM_4 = DataRule(DataRuleKind.LOWEST_RATING, amount=4)
SAMPLE = DataRule(DataRuleKind.SAMPLE, amount=0.1)
RATINGS = (Metric("rmse"),)
DATA = {"datasets": ("u.data", "ratings.csv")}
BPR = Algorithm("BPR", "FlexMFImplicitScorer", is_random=True)


def split(**changes):
    return lambda plan: plan.with_split(**changes)


def fields(**changes):
    return lambda plan: replace(plan, **changes)


def rules(*found):
    return lambda plan: plan.with_data(*found)


SENTENCES = (
    ("A temporal split was used.", split(kind=SplitKind.LEAVE_LAST)),
    ("The data were split chronologically.", split(kind=SplitKind.GLOBAL_TIME)),
    ("The newest interactions of each user were held out.",
     split(kind=SplitKind.USER_FRACTION, order=Order.NEWEST)),
    ("Five folds were used.", split(kind=SplitKind.CROSSFOLD_RECORDS, folds=5)),
    ("The study used five-fold cross-validation.", split(kind=SplitKind.CROSSFOLD_USERS, folds=5)),
    ("20 % of the interactions were held out.", split(kind=SplitKind.USER_FRACTION)),
    ("The hyperparameters were tuned.", split(has_validation=True)),
    ("EASE was tuned on a validation part.", split(has_validation=True)),
    ("The candidates were sampled.", split(candidates=Candidates.SAMPLED)),
    ("The held-out item was ranked among sampled negatives.",
     split(candidates=Candidates.SAMPLED)),
    ("Ten seeds were used.", fields(seeds=tuple(range(10)))),
    ("ImplicitMF was trained with several seeds.", fields(seeds=(0, 1, 2))),
    ("Two data sets were used.", fields(**DATA)),
    ("The experiment was run on several data sets.", fields(**DATA)),
    ("Predicted ratings were compared with the given ones.", fields(metrics=RATINGS)),
    ("The primary metric is Recall@20.", fields(metrics=(Metric("recall", 20),))),
    ("MRR was computed for each user.", fields(metrics=(Metric("ndcg", 10), Metric("mrr", 10)))),
    ("Only ratings of 4 and above were treated as positive.", rules(FROM_4)),
    ("A 5-core filter was applied.", rules(CORE)),
    ("The data were subsampled.", rules(SAMPLE)),
    ("BPR was trained on the same split.",
     lambda plan: replace(plan, algorithms=(*plan.algorithms, BPR))),
)  # fmt: skip


def tried(plan):
    study = studies()["C"]
    return Filler(plan, study.facts, study.claims, study.filler().datasets)


@pytest.mark.parametrize("text", [text for text, _ in SENTENCES])
@pytest.mark.parametrize("part", list(Part))
def test_what_the_plan_does_not_have_is_struck(text, part):
    found = tried(studies()["C"].plan)

    assert found.fill(text, part) == ""
    assert found.struck


@pytest.mark.parametrize(("text", "having"), SENTENCES)
def test_what_the_plan_has_stands(text, having):
    found = tried(having(studies()["C"].plan))

    assert found.fill(text) == text, found.struck


@pytest.mark.parametrize(
    "text",
    [
        "No temporal split was used.",
        "The hyperparameters were not tuned.",
        "Neither folds nor several seeds were used.",
        "The candidates were not sampled.",
    ],
)
def test_what_was_not_done_may_be_said(text):
    assert tried(studies()["C"].plan).fill(text, Part.LIMIT) == text

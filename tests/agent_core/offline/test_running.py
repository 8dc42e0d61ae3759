"""What rule-based scripts carry out, and by which words they refuse the rest."""

from dataclasses import replace

import pytest
from composed_designs import DESIGNS, RERANKED, data, split
from results import dataset

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    Estimand,
    Factor,
    FactorRole,
    Metric,
    Order,
    Question,
    SplitKind,
)
from agent_core.domain.rules import Candidates
from agent_core.offline.running import can_run, carried_out

RATED = dataset("catalogue.tsv")
TIMELESS = dataset("catalogue.tsv", timestamp_column=None)
PLAIN = DESIGNS["cut-offs"]


@pytest.mark.parametrize("name", DESIGNS)
def test_every_shape_that_is_composed_can_be_run(name):
    assert can_run(DESIGNS[name], RATED) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"algorithms": (Algorithm("SVD++", "CustomSVD"),)}, "SVD++ is not among the algorithms"),
        ({"metrics": (Metric("serendipity", 10),)}, "is not a metric that I compute"),
        ({"metrics": (Metric("diversity", 10),)}, "no table with them came with the data"),
        ({"split_levels": (split(kind=SplitKind.OTHER, text="by country"),)}, "by country"),
        ({"split_levels": (split(text="the most active users", are_users_chosen=True),)},
         "the most active users"),
        ({"split_levels": (split(candidates=Candidates.SAMPLED),)}, "how many candidates"),
        ({"split_levels": (split(in_training=False),), "metrics": (Metric("rmse"),)},
         "whom training does not see"),
        ({"data_levels": (data("", DataRule(DataRuleKind.OTHER, text="without bots")),)},
         "without bots"),
        ({"datasets": ("a.csv", "b.csv")}, "side by side"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_by_its_name(changes, told):
    assert told in can_run(replace(PLAIN, **changes), RATED)


@pytest.mark.parametrize(
    "changes",
    [
        {"split_levels": (split(kind=SplitKind.GLOBAL_TIME),)},
        {"split_levels": (split(order=Order.NEWEST),)},
        {"split_levels": (split(thinned_by=Order.NEWEST),)},
        {"data_levels": (data("", DataRule(DataRuleKind.TIME_WINDOW, first="2024-01-01")),)},
    ],
)
def test_rules_that_need_times_are_refused_without_them(changes):
    plan = replace(PLAIN, **changes)

    assert can_run(plan, RATED) == ""
    assert "no timestamps" in can_run(plan, TIMELESS)


RATER = Algorithm("NMF", "CustomNMF")


def with_rater(**question):
    """Return the plan with an algorithm more that no script is built of."""
    algorithms = (*PLAIN.algorithms, RATER)
    levels = tuple(dict.fromkeys(a.family for a in algorithms))
    asked = Question(Estimand.DIFFERENCE, ("algorithm",), (PLAIN.primary.key,), **question)
    factors = (Factor("algorithm", levels, FactorRole.COMPARED),)
    return replace(PLAIN, algorithms=algorithms, factors=factors, questions=(asked,))


def test_an_algorithm_that_cannot_be_built_is_left_out_where_others_answer():
    plan = carried_out(with_rater(clause="which is best?"), RATED)

    assert [(u.clause, u.is_main) for u in plan.unanswered] == [("NMF", False)]
    assert "NMF" not in {*plan.factors[0].levels, *(a.family for a in plan.algorithms)}
    assert can_run(plan, RATED) == ""


def test_a_question_of_what_cannot_be_built_is_open():
    other = PLAIN.algorithms[0].family
    plan = carried_out(with_rater(clause="is NMF better?", pairs=(("NMF", other),)), RATED)

    assert [(u.clause, u.is_main) for u in plan.unanswered] == [("is NMF better?", True)]


def test_re_ranking_needs_categories_of_items():
    assert "needs categories of the items" in can_run(RERANKED, RATED)

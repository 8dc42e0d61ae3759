"""What differs between two designs is computed, and told once."""

from dataclasses import replace

import pytest
from builders import plan_of, rated

from agent_core.domain import (
    Algorithm,
    DataRules,
    Estimand,
    Factor,
    FactorRole,
    Level,
    Metric,
    Question,
    Study,
    Unanswered,
    with_design,
)
from agent_core.rules.design_changes import design_changes, untold_changes

PLAN = with_design(plan_of(study=Study.COMPARISON))
ASKED = Question(Estimand.ORDER, ("algorithm",), ("ndcg@10",))
SLIM = Algorithm("SLIM", "SLIMScorer")
OTHERS = {
    "ratings of 4": rated(PLAN, 4),
    "5-core": replace(PLAN, data_levels=(*PLAN.data_levels, Level(DataRules(), "5-core"))),
    "(seed 7)": PLAN.with_split(seed=7),
    "Recall@20": replace(PLAN, metrics=(*PLAN.metrics, Metric("recall", 20))),
    "same order": replace(PLAN, questions=(*PLAN.questions, ASKED)),
    "in euro": replace(PLAN, unanswered=(Unanswered("in euro"),)),
    "SLIM": replace(
        PLAN,
        algorithms=(*PLAN.algorithms, SLIM),
        factors=(replace(PLAN.factors[0], levels=(*PLAN.factors[0].levels, "SLIM")),),
    ),
    "1 → 4": replace(
        PLAN, factors=(*PLAN.factors, Factor("split_seed", (1, 2, 3, 4), FactorRole.REPEATED))
    ),
}


@pytest.mark.parametrize("said", OTHERS)
def test_every_part_of_a_design_that_differs_is_told(said):
    lines = [c.line for c in design_changes(PLAN, OTHERS[said])]

    assert any(said in line for line in lines)
    assert len(design_changes(OTHERS[said], PLAN)) == len(lines)


def test_the_same_design_has_no_changes():
    assert design_changes(PLAN, replace(PLAN, version=2, title="other")) == ()


def test_what_a_line_tells_is_not_told_again():
    other = OTHERS["Recall@20"]

    assert untold_changes(PLAN, other, ("metrics: NDCG@10 → NDCG@10, Recall@20",)) == ()
    assert untold_changes(PLAN, other, ("changed 4",)) != ()

"""The levels that a question names: those of factors, never other numbers or plain words."""

import pytest
from made_studies import EASE, KNN, POP, study_plan, swept

from agent_core.domain import Factor, Level
from agent_core.domain.rules import DataRules
from agent_core.grounding.asked_levels import asked_levels

CORES, SHARES = ("all", "5-core", "20-core"), (0.25, 1.0)
PLAN = study_plan(
    EASE,
    *swept(KNN, "max_nbrs", (5, 20)),
    POP,
    factors=[
        Factor("data", CORES),
        Factor("train_share", SHARES),
        Factor("max_nbrs", (5, 20), of=("ItemKNN",)),
    ],
    data_levels=tuple(Level(DataRules(), name) for name in CORES),
)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What is Recall@5 of EASE?", {"algorithm": {"EASE"}}),
        ("Recall@20 of all algorithms for users with under 20 ratings?", {}),
        ("NDCG@5 of ItemKNN at 5-core", {"algorithm": {"ItemKNN"}, "data": {"5-core"}}),
        ("EASE against ItemKNN with 25 % of the training?",
         {"algorithm": {"EASE", "ItemKNN"}, "train_share": {0.25}}),
        ("and with 20 neighbours?", {"max_nbrs": {20}}),
    ],
)  # fmt: skip
def test_levels_are_found_beside_what_else_a_question_holds(question, named):
    assert asked_levels(question, PLAN) == named

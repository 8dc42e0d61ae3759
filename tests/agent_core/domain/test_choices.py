"""What a question of choice adds to a plan."""

from dataclasses import replace

from made_studies import EASE, KNN, POP, study_plan, swept

from agent_core.domain import (
    Estimand,
    Factor,
    Level,
    Question,
    SplitKind,
    SplitRules,
    cells_of,
    with_chosen,
)
from agent_core.rules.design_words import design_text

GRID = (Factor("max_nbrs", (5, 10), of=("ItemKNN",)), Factor("min_sim", (0, 0.1), of=("ItemKNN",)))
POINTS = tuple(
    replace(a, name=f"{a.name} min_sim={s}", config={**a.config, "min_sim": s},
            levels={**a.levels, "min_sim": s})
    for a in swept(KNN, "max_nbrs", (5, 10)) for s in (0, 0.1)
)  # fmt: skip
ASKED = Question(Estimand.CHOICE, ("max_nbrs", "min_sim"), ("ndcg@10",))
HELD = (Level(SplitRules(SplitKind.LEAVE_ONE_OUT, has_validation=True)),)


def tuned(*questions, splits=HELD):
    plan = study_plan(*POINTS, EASE, POP, factors=GRID, questions=questions)
    return with_chosen(replace(plan, split_levels=splits))


def test_a_grid_has_one_chosen_configuration_that_sets_nothing_of_it():
    plan = tuned(ASKED)

    (chosen,) = [a for a in plan.algorithms if "chosen" in a.levels.values()]
    assert chosen.family == "ItemKNN"
    assert chosen.levels == {"max_nbrs": "chosen", "min_sim": "chosen"}
    assert not {"max_nbrs", "min_sim"} & {*chosen.config}
    assert [f.levels[-1] for f in plan.factors if f.name != "algorithm"] == ["chosen"] * 2
    assert len(cells_of(plan)) == len(POINTS) + 3
    assert "2 numbers of neighbours" in design_text(plan)
    assert "1 of them of what validation chooses" in design_text(plan)


def test_it_is_added_once():
    plan = tuned(ASKED)

    assert with_chosen(plan) == plan


def test_a_hyperparameter_beside_the_grid_has_a_chosen_one_at_each_of_its_levels():
    plan = tuned(replace(ASKED, over=("max_nbrs",)))

    chosen = [a.levels for a in plan.algorithms if "chosen" in a.levels.values()]
    assert chosen == [{"max_nbrs": "chosen", "min_sim": s} for s in (0, 0.1)]


def test_nothing_is_chosen_without_a_question_or_a_part_to_choose_on():
    response = Question(Estimand.RESPONSE, ("max_nbrs",), ("ndcg@10",))

    for plan in (tuned(response), tuned(ASKED, splits=(Level(SplitRules(SplitKind.LEAVE_LAST)),))):
        assert not any("chosen" in a.levels.values() for a in plan.algorithms)

"""Answers in the report: the primary one leads, in words that its test bears."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_studies import (
    EASE,
    KNN,
    MF,
    NDCG,
    POP,
    by_algorithm,
    part_of,
    study_plan,
    study_values,
    swept,
)

from agent_core.domain import Estimand, Factor, FactorRole, Metric, Question, cells_of
from agent_core.report.answer_figures import figure_of_answer
from agent_core.report.answer_sentences import answer_text
from agent_core.statistics.answers.answer import Statistic
from agent_core.statistics.answers.groupings import grouping_of
from agent_core.statistics.answers.registry import answer_to

K = Factor("max_nbrs", (5, 10, 20), of=("ItemKNN",))
ALGORITHMS = Factor("algorithm", ("EASE", "ItemKNN", "Popularity"))
KEY = ("ndcg@10",)


def told(question, plan, value_of, users=100):
    found = answer_to(question, study_values(plan, value_of, users))
    return found, answer_text(found)


def noisy(means, sd=0.05):
    noise = np.random.default_rng(3).standard_normal((7, 400))

    def value_of(cell, metric, users):
        place = sorted(means).index(cell.algorithm.name)
        return means[cell.algorithm.name] + sd * noise[place, : len(users)]

    return value_of


def test_a_direction_is_said_only_of_pairs_whose_test_shows_it():
    question = Question(Estimand.DIFFERENCE, ("algorithm",), KEY)
    plan = study_plan(EASE, KNN, POP, factors=[ALGORITHMS], questions=[question])
    answer, text = told(question, plan, noisy({"EASE": 0.3, "ItemKNN": 0.1, "Popularity": 0.1}))

    whole = " ".join((text.lead, *text.more))
    directed = set(re.findall(r"(\w+) is (?:higher|lower) than (\w+)", whole))
    shown = {
        (str(e.levels["algorithm"]), str(e.against["algorithm"]))
        for e in answer.estimates
        if e.test and e.test.is_shown
    }
    assert directed == shown != set()
    assert "no proof of equality" in whole


def test_of_what_is_better_low_the_lowest_comes_first():
    question = Question(Estimand.LEVEL, ("algorithm",), ("rmse",))
    plan = replace(
        study_plan(EASE, KNN, factors=[ALGORITHMS], questions=[question]),
        metrics=(Metric("rmse"),),
    )
    _, text = told(question, plan, noisy({"EASE": 0.9, "ItemKNN": 0.8}))

    assert text.lead.index("ItemKNN") < text.lead.index("EASE")


def test_a_response_names_each_level_with_its_value():
    question = Question(Estimand.RESPONSE, ("max_nbrs",), KEY, reference=20)
    plan = study_plan(*swept(KNN, "max_nbrs", (5, 10, 20)), factors=[K], questions=[question])
    means = {5: 0.1, 10: 0.15, 20: 0.2}
    noise = np.random.default_rng(0).standard_normal(400)

    answer, text = told(
        question, plan, lambda c, m, u: means[c.levels["max_nbrs"]] + 0.02 * noise[: len(u)]
    )

    steps = re.findall(r"([\d.]+) at (\d+)", text.lead)
    assert [int(level) for _, level in steps] == [5, 10, 20]
    assert [float(v) for v, _ in steps] == pytest.approx([0.1, 0.15, 0.2], abs=0.01)
    figure = figure_of_answer(answer.figure, "How does NDCG@10 follow the neighbours?")
    (axes,) = figure.axes
    assert sorted(axes.lines[0].get_xdata()) == [5, 10, 20]


def test_an_order_that_is_the_same_everywhere_is_said_once():
    question = Question(Estimand.ORDER, ("algorithm",), ("ndcg@10", "recall@10"))
    plan = replace(
        study_plan(EASE, KNN, POP, factors=[ALGORITHMS], questions=[question]),
        metrics=(Metric("ndcg", 10), Metric("recall", 10)),
    )
    _, text = told(question, plan, noisy({"EASE": 0.3, "ItemKNN": 0.2, "Popularity": 0.1}, 0.01))

    assert "EASE > ItemKNN > Popularity" in text.lead
    assert text.lead.count(">") == 2
    assert not text.more


def test_a_spread_tells_its_interval_and_what_does_not_scatter():
    seeds = Factor("model_seed", tuple(range(5)), FactorRole.REPEATED, ("ImplicitMF",))
    question = Question(Estimand.SPREAD, ("model_seed",), KEY)
    plan = replace(
        study_plan(MF, POP, factors=[seeds], questions=[question]), seeds=tuple(range(5))
    )
    shifts = (0.0, 0.01, -0.01, 0.02, 0.005)

    _, text = told(question, plan, lambda c, m, u: np.full(len(u), 0.2) + shifts[c.seed or 0])

    sd, low, high = re.search(r"SD ([\d.]+) .*interval ([\d.]+) to ([\d.]+)", text.lead).groups()
    assert 0 < float(low) < float(sd) < float(high)
    assert "The seed does not move NDCG@10 of Popularity" in text.lead


def test_what_has_no_results_is_said_and_answers_nothing():
    question = Question(Estimand.DIFFERENCE, ("algorithm",), ("recall@10",))
    plan = study_plan(EASE, KNN, factors=[ALGORITHMS], questions=[question])

    found = answer_to(question, study_values(plan, by_algorithm(EASE=0.1, ItemKNN=0.2), 20))

    assert answer_text(found).lead == ""


def test_of_a_trade_off_all_points_are_told_with_their_units_and_shares_of_the_reference():
    asked = Question(Estimand.TRADE_OFF, ("max_nbrs",), ("ndcg@10", "training_time"), reference=5)
    plan = study_plan(*swept(KNN, "max_nbrs", (5, 10, 20)), factors=[K], questions=[asked])
    study = study_values(plan, lambda c, m, u: np.full(len(u), c.levels["max_nbrs"] / 100), 30)
    study = replace(study, cells=study.cells.assign(train_s=[2.0, 6.0, 5.0]))

    answer = answer_to(asked, study)
    text = answer_text(answer)

    best, _, others = text.lead.partition("something dominates")
    assert re.findall(r"(\d+) neighbours", best) == ["5", "20"]
    assert re.findall(r"(\d+) neighbours", others) == ["10"]
    assert "resamples" not in text.lead  # of times there are none
    assert "20 neighbours 400 % in NDCG@10 and 250 % in Training time" in " ".join(text.more)
    assert "5 s" in " ".join(text.more)
    (axes,) = figure_of_answer(answer.figure, "?").axes
    assert axes.get_ylabel() == "Training time (s)"
    assert sorted(t.get_text() for t in axes.texts) == [
        "10 neighbours", "20 neighbours", "5 neighbours",
    ]  # fmt: skip


@pytest.mark.parametrize("words", [3, 12, 30])
def test_a_title_ends_within_its_figure(words):
    question = Question(Estimand.LEVEL, ("algorithm",), KEY)
    plan = study_plan(EASE, KNN, factors=[ALGORITHMS], questions=[question])
    answer = answer_to(question, study_values(plan, by_algorithm(EASE=0.1, ItemKNN=0.2), 20))

    figure = figure_of_answer(answer.figure, "How MUCH Measurement " * words)

    box = figure.get_suptitle(), figure._suptitle.get_window_extent()
    assert len(box[0].split()) == 3 * words
    assert box[1].x1 <= figure.bbox.x1


SHARES = Factor("train_share", (0.125, 0.5, 1))


def test_the_level_from_which_on_a_tolerance_holds_leads_and_is_never_the_reference():
    asked = Question(
        Estimand.RESPONSE, ("train_share",), KEY, ("algorithm",), reference=1, tolerance=0.05,
        is_relative=True,
    )  # fmt: skip
    plan = study_plan(EASE, POP, factors=[SHARES], questions=[asked])
    means = {"EASE": (0.29, 0.3, 0.3), "Popularity": (0.05, 0.1, 0.2)}

    def value_of(cell, metric, users):
        place = SHARES.levels.index(cell.levels["train_share"])
        return means[cell.algorithm.name][place] + 0.01 * np.sin(np.arange(len(users)))

    _, text = told(asked, plan, value_of)

    assert "5 % of NDCG@10 at 100 % of the training" in text.lead
    assert "from 12.5 % of the training on for EASE" in text.lead
    assert re.search(r"no other level for Popularity", text.lead)
    assert sum("Trend" in more for more in text.more) == 1


def test_an_interaction_says_whether_a_difference_depends_and_names_levels_as_people_do():
    asked = Question(Estimand.INTERACTION, ("max_nbrs", "train_share"), KEY)
    plan = study_plan(*swept(KNN, "max_nbrs", (5, 10)), factors=[K, SHARES], questions=[asked])

    def value_of(cell, metric, users):
        lead = cell.levels["train_share"] * (cell.levels["max_nbrs"] == 10)
        return 0.1 + 0.2 * lead + 0.01 * np.sin(np.arange(len(users)))

    _, text = told(asked, plan, value_of)

    assert "depends on the share of the training" in text.lead
    assert "10 neighbours - 5 neighbours" in text.lead
    assert {"12.5 %", "100 %"} <= set(re.findall(r"[\d.]+ %", text.lead))
    assert "=" not in text.lead.replace("p = ", "").replace("n = ", "")


def test_of_many_pairs_those_not_told_apart_are_named():
    question = Question(Estimand.DIFFERENCE, ("algorithm",), KEY)
    plan = study_plan(EASE, KNN, POP, MF, questions=[question])
    means = {"EASE": 0.3, "ImplicitMF": 0.2, "ItemKNN": 0.1, "Popularity": 0.1}

    _, text = told(question, plan, noisy(means))

    assert "5 of 6 pairs are told apart; not told apart: ItemKNN and Popularity" in text.lead


def test_how_many_repetitions_are_enough_is_told_of_what_repeats():
    asked = Question(Estimand.STOPPING, ("fold",), KEY, tolerance=0.01)
    plan = study_plan(EASE, KNN, questions=[asked], folds=6)

    answer, text = told(asked, plan, by_algorithm(EASE=0.3, ItemKNN=0.1))

    assert re.search(r"1 of 6 folds .* saves 10 trainings", text.lead)
    (axes,) = figure_of_answer(answer.figure, "?").axes
    assert "folds" in axes.get_xlabel()


def test_groups_are_told_by_their_levels_first_and_by_their_names():
    asked = Question(Estimand.GROUPS, ("algorithm",), KEY, groups="activity of users")
    plan = study_plan(EASE, KNN, questions=[asked])
    table = pd.DataFrame({"interactions": [1] * 20 + [3] * 20 + [9] * 20})
    values = by_algorithm(EASE=lambda c, u: u / 100 + 0.1, ItemKNN=lambda c, u: u / 100)
    study = replace(
        study_values(plan, values, 60),
        groupings={"activity of users": grouping_of(table, "interactions", "0")},
    )

    answer = answer_to(asked, study)
    text = answer_text(answer)

    steps = re.findall(r"([\d.]+) \([^)]+\) in group (\w+)", text.lead)
    assert [group for _, group in steps] == ["low", "middle", "high"] * 2
    assert [float(v) for v, _ in steps[:3]] == pytest.approx([0.195, 0.395, 0.595], abs=0.01)
    assert any("20 users in group high" in more for more in text.more)
    (axes,) = figure_of_answer(answer.figure, "?").axes
    assert [t.get_text() for t in axes.get_xticklabels()] == [
        "group low", "group middle", "group high",
    ]  # fmt: skip


def test_pairs_that_change_places_are_told_with_how_sure_either_order_is():
    asked = Question(Estimand.ORDER, ("algorithm",), ("ndcg@10", "recall@10"))
    plan = study_plan(EASE, KNN, POP, questions=[asked], metrics=(NDCG, Metric("recall", 10)))
    means = {"ndcg": {"EASE": 0.3, "ItemKNN": 0.2}, "recall": {"EASE": 0.2, "ItemKNN": 0.3}}
    noise = np.random.default_rng(2).standard_normal((2, 3, 100))

    def value_of(cell, metric, users):
        place = ["EASE", "ItemKNN", "Popularity"].index(cell.algorithm.name)
        mean = means[metric.name].get(cell.algorithm.name, 0.1)
        return mean + 0.01 * noise[int(metric.name == "ndcg"), place, : len(users)]

    _, text = told(asked, plan, value_of)

    assert "Neither the order nor the first is the same" in text.lead
    assert "by tests: EASE and ItemKNN between NDCG@10 and Recall@10" in " ".join(text.more)
    assert "100 % and 100 % of the resamples" in " ".join(text.more)


def test_a_change_of_places_without_tests_is_told_as_none():
    asked = Question(Estimand.ORDER, ("algorithm",), KEY, within=("train_share",))
    plan = study_plan(EASE, KNN, POP, factors=[SHARES], questions=[asked])
    noise = np.random.default_rng(4).standard_normal((2, 100))
    noise -= noise.mean(axis=1, keepdims=True)

    def value_of(cell, metric, users):
        if cell.algorithm.name == "EASE":
            return 0.5 + 0.01 * noise[0]
        is_ahead = (cell.algorithm.name == "ItemKNN") == (cell.levels["train_share"] == 1.0)
        return 0.2 + 0.001 * is_ahead + 0.1 * noise[int(cell.algorithm.name == "ItemKNN")]

    answer, text = told(asked, plan, value_of)

    assert text.lead.startswith("EASE is first under ")
    assert "one is first everywhere in 100 %" in text.lead
    assert any(more.startswith("No change of places is shown") for more in text.more)
    changed = {pair: said for e in answer.of(Statistic.TAU) for pair, said in e.found.items()}
    assert set(changed.values()) == {"no test shows it"}


def test_why_there_is_no_answer_is_told_in_its_place():
    question = Question(Estimand.GROUPS, ("algorithm",), KEY, groups="taste")

    answer, text = told(
        question, study_plan(EASE, KNN, questions=[question]), noisy({"EASE": 0.3, "ItemKNN": 0.2})
    )

    assert not answer.estimates
    assert text.lead == "This cannot be answered: no groups by taste are known."
    assert text.cautions == ()


def test_what_is_not_of_the_same_candidates_is_told_without_a_test():
    question = Question(Estimand.DIFFERENCE, ("train_share",), KEY)
    plan = study_plan(EASE, factors=[Factor("train_share", (0.5, 1.0))], questions=[question])
    blocks = list(dict.fromkeys(c.block.name for c in cells_of(plan)))
    parts = {b: part_of(range(50), candidates=range(9 + i)) for i, b in enumerate(blocks)}
    noise = np.random.default_rng(0).standard_normal((2, 50))

    def value_of(cell, metric, users):
        is_whole = cell.levels["train_share"] == 1.0
        return 0.2 + 0.1 * noise[int(is_whole)]

    text = answer_text(answer_to(question, study_values(plan, value_of, 50, parts=parts)))

    assert "No difference is seen between" in text.lead
    assert "no test" in text.lead
    assert "told apart" not in text.lead

"""Designs that sin in their cells; and the check that finds it."""

from dataclasses import replace
from functools import cache

import pytest
from designed import EASE, FACTORIZATION, NEIGHBOURS, POPULARITY, REPEATED, designed, study
from sins import FAIL, WARN, Sins

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    Level,
    Question,
)
from agent_core.evidence.independence import Dependent, Independence

RATED = DataRules((DataRule(DataRuleKind.LOWEST_RATING, 3.0),))


@cache
def of_two_data():
    data = Level(DataRules(), "all"), Level(RATED, "from 3")
    return designed(study(
        FACTORIZATION, EASE, POPULARITY, factors=(Factor("data", ("all", "from 3")),),
        data=data, seeds=(0, 1),
    ))  # fmt: skip


@cache
def of_shares():
    shares = Factor("train_share", (0.5, 1.0))
    return designed(study(EASE, POPULARITY, factors=(shares,)))


@cache
def of_sizes():
    variants = [
        Algorithm(f"ItemKNN {n}", "ItemKNNScorer", {"max_nbrs": n}, base="ItemKNN",
                  levels={"max_nbrs": n})
        for n in (5, 10, 20)
    ]  # fmt: skip
    asked = Question(Estimand.RESPONSE, ("max_nbrs",), ("ndcg@10",))
    sizes = Factor("max_nbrs", (5, 10, 20), of=("ItemKNN",))
    return designed(study(*variants, POPULARITY, factors=(sizes,), question=asked))


@cache
def of_a_choice():
    made = of_sizes()
    asked = Question(Estimand.CHOICE, ("max_nbrs",), ("ndcg@10",))
    return replace(made, plan=replace(made.plan, questions=(asked,)))


@cache
def of_two_splits():
    seeds = Factor("split_seed", (42, 43), REPEATED)
    algorithms = FACTORIZATION, NEIGHBOURS, EASE, POPULARITY
    return designed(study(*algorithms, factors=(seeds,), seeds=(0, 1)))


def fresh(make):
    """Return a function that copies a study, which tests change."""

    def copied():
        made = make()
        own = {name: dict(getattr(made, name)) for name in ("lists", "splits", "records")}
        return replace(made, **own, run={**made.run})

    return copied


data, shares, sizes, splits, choice = (
    Sins(base=fresh(make))
    for make in (of_two_data, of_shares, of_sizes, of_two_splits, of_a_choice)
)


def lists_of(made, first, second):
    """Give one run the lists of another."""
    made.lists[second] = made.lists[first]
    made.measure()


sin = sizes


@sin("levels_took_effect", FAIL, what="max_nbrs", found="5", planned="20")
def a_level_that_one_cell_was_not_trained_with(made):
    made.version = 2
    made.records["ItemKNN 20", "0", "none"] = {"config": {"max_nbrs": 5}}


@sin("levels_took_effect", FAIL, algorithm="ItemKNN", levels="5, 10, 20")
def a_setting_that_changes_nothing(made):
    for name in ("ItemKNN 10", "ItemKNN 20"):
        made.lists[name, "0", "none"] = made.lists["ItemKNN 5", "0", "none"]
    made.measure()


@sin("levels_took_effect", WARN, algorithm="ItemKNN", levels="10, 20")
def two_levels_of_three_that_are_the_same(made):
    lists_of(made, ("ItemKNN 10", "0", "none"), ("ItemKNN 20", "0", "none"))


sin = data


@sin("levels_took_effect", FAIL, factor="data", first="all", second="from 3")
def one_data_level_for_both(made):
    lists_of(made, ("EASE", "all", "none"), ("EASE", "from-3", "none"))


@sin("levels_took_effect", FAIL, factor="algorithm", first="EASE", second="Popularity")
def a_baseline_under_the_name_of_a_model(made):
    lists_of(made, ("Popularity", "all", "none"), ("EASE", "all", "none"))


@sin("levels_took_effect", FAIL, what="the block", found="all", planned="from-3")
def a_cell_of_another_block(made):
    made.version = 2
    made.records["EASE", "from-3", "none"] = {"block": "all"}


@sin("cells_complete", WARN, missing=1, cells=8, names="ImplicitMF (fold from-3, seed 1)", whole=1)
def a_cell_left_out(made):
    del made.lists["ImplicitMF", "from-3", "1"]
    made.measure()


@sin("cells_complete", FAIL, missing=1, names="EASE (fold all)")
def a_level_left_out_of_every_repetition(made):
    made.version = 2
    del made.lists["EASE", "all", "none"]
    made.measure()


sin = shares


@sin("levels_took_effect", FAIL, factor="train_share", first=0.5, second=1.0)
def training_that_was_never_thinned(made):
    made.splits["train_share-0-5"] = made.splits["train_share-1-0"]


sin = choice


@sin("chosen_on_validation", FAIL, cells=3)
def a_choice_between_what_only_the_test_tells(made):
    made.version = 2


@sin("chosen_on_validation", FAIL, cells=3)
def the_same_without_cell_folders(made):
    pass


sin = splits


@sin("cells_are_their_own", FAIL, second="EASE (fold split_seed-43)")
def a_repetition_copied_from_another(made):
    lists_of(made, ("EASE", "split_seed-42", "none"), ("EASE", "split_seed-43", "none"))


@sin("cells_are_their_own", FAIL, first="EASE (fold split_seed-42)")
def the_lists_of_another_model_on_another_split(made):
    made.version = 2
    first, second = ("EASE", "split_seed-42", "none"), ("ItemKNN", "split_seed-43", "none")
    made.lists[second] = made.lists[first].sample(frac=1, random_state=1)
    made.measure()


@sin("cells_independent", FAIL, cells=3, of=8)
def results_that_depend_on_what_ran_before(made):
    made.independence = Independence(3, 8, (Dependent("a", ("b", "c"), repeats=True),))


@sin("cells_independent", WARN, cell="a", before="b")
def a_script_that_is_not_deterministic(made):
    made.independence = Independence(3, 8, (Dependent("a", ("b",), repeats=False),))


@sin("seeds_set_apart", FAIL, first="split_seed-42", second="split_seed-43")
def split_seeds_that_split_alike(made):
    made.splits["split_seed-43"] = made.splits["split_seed-42"]
    made.measure()


@sin("seeds_set_apart", FAIL, algorithm="ImplicitMF", fold="split_seed-42", seeds="1")
def a_model_seed_that_splits_anew(made):
    made.version = 2
    lists_of(made, ("ImplicitMF", "split_seed-43", "1"), ("ImplicitMF", "split_seed-42", "1"))


@sin("seeds_set_apart", FAIL, run="ImplicitMF (fold split_seed-42, seed 1)", count=77)
def a_cell_that_was_tested_on_other_sizes(made):
    made.version = 2
    made.records["ImplicitMF", "split_seed-42", "1"] = {"test_rows": 77}


@pytest.mark.parametrize(
    "case", [*sizes.cases, *data.cases, *shares.cases, *splits.cases, *choice.cases]
)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)


@pytest.mark.parametrize("make", [of_two_data, of_shares, of_sizes, of_two_splits])
@pytest.mark.parametrize("version", [1, 2])
def test_an_honest_design_has_nothing_against_it(tmp_path, make, version):
    made = fresh(make)()
    made.version = version

    found = made.findings(tmp_path)

    assert [(n, c.reason) for n, c in found.items() if c.finding is FAIL] == []

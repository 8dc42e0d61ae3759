"""Honest studies of two and three factors, odd but right, against which nothing is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from designed import (
    EASE,
    FACTORIZATION,
    LEAVE_ONE_OUT,
    NEIGHBOURS,
    POPULARITY,
    REPEATED,
    Designed,
    designed,
    scored,
    study,
)
from studies import ITEMS, USERS, interactions
from tiers import each_of

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    Finding,
    Level,
    Question,
    SplitKind,
    SplitRules,
)

FAIL, WARN = Finding.FAIL, Finding.WARN
SPLITS_ROOM = {
    "split_from_data", "no_test_in_train", "filters_as_planned", "split_as_planned",
    "held_out_at_random", "folds_as_planned", "lists_exclude_train", "temporal_leak",
}  # fmt: skip
STUDIES = {}


def honest(make):
    STUDIES[make.__name__] = make
    return make


def level(rules, name):
    return Level(rules, name)


@honest
def a_data_level_that_takes_nothing_away():
    core = DataRules((DataRule(DataRuleKind.CORE, 2.0),))
    data = Level(DataRules(), "all"), Level(core, "2-core")
    return designed(study(EASE, POPULARITY, factors=(Factor("data", ("all", "2-core")),),
                          data=data), scores=by_data)  # fmt: skip


def by_data(cell, train, test):
    """Score by what is trained on, whatever its level is called."""
    block = replace(cell.block, name=str(len(train)))
    return scored(replace(cell, block=block), train, test)


@honest
def random_and_newest_interactions():
    kinds = Factor("split", ("random", "last"))
    last = Level(SplitRules(SplitKind.LEAVE_LAST), "last")
    return designed(study(FACTORIZATION, EASE, POPULARITY, factors=(kinds,), seeds=(0, 1),
                          splits=(Level(LEAVE_ONE_OUT, "random"), last)))  # fmt: skip


@honest
def shares_of_training_on_two_splits():
    kinds, shares = Factor("split", ("one", "fifth")), Factor("train_share", (0.1, 0.5, 1.0))
    fifth = Level(SplitRules(SplitKind.USER_FRACTION, holdout=0.2), "fifth")
    return designed(study(EASE, POPULARITY, factors=(kinds, shares),
                          splits=(Level(LEAVE_ONE_OUT, "one"), fifth)))  # fmt: skip


@honest
def profiles_of_few_and_of_all():
    sizes = Factor("profile_size", (1, 3, "all"))
    return designed(study(NEIGHBOURS, EASE, POPULARITY, factors=(sizes,)))


@honest
def seeds_of_models_within_seeds_of_splits():
    seeds = Factor("split_seed", (1, 2, 3), REPEATED)
    asked = Question(Estimand.SPREAD_RATIO, ("model_seed", "split_seed"), ("ndcg@10",))
    return designed(study(FACTORIZATION, POPULARITY, factors=(seeds,), seeds=(0, 1),
                          question=asked))  # fmt: skip


@honest
def neighbours_beyond_what_there_are():
    counts = (5, 40, 80)
    variants = [
        Algorithm(f"ItemKNN {n}", "ItemKNNScorer", {"max_nbrs": n}, base="ItemKNN",
                  levels={"max_nbrs": n})
        for n in counts
    ]  # fmt: skip
    asked = Question(Estimand.RESPONSE, ("max_nbrs",), ("ndcg@10",))
    factors = (Factor("max_nbrs", counts, of=("ItemKNN",)), Factor("split_seed", (1, 2), REPEATED))
    return designed(study(*variants, POPULARITY, factors=factors, question=asked),
                    scores=by_neighbours)  # fmt: skip


def by_neighbours(cell, train, test):
    """Score alike from 40 neighbours on, as many as there are."""
    if cell.algorithm.config.get("max_nbrs") != 80:
        return scored(cell, train, test)
    return scored(replace(cell, algorithm=replace(cell.algorithm, name="ItemKNN 40")), train, test)


@honest
def a_random_model_that_knows_nobody_it_is_asked_for():
    unseen = SplitRules(SplitKind.USER_FRACTION, holdout=0.2, in_training=False, test_users=30)
    seeds = Factor("split_seed", (1, 2), REPEATED)
    return designed(study(FACTORIZATION, POPULARITY, factors=(seeds,), seeds=(0, 1, 2),
                          splits=(Level(unseen),)), scores=by_fallback)  # fmt: skip


def by_fallback(cell, train, test):
    """Score users without training by popularity."""
    fallback = replace(cell, algorithm=POPULARITY, seed=None)
    popular, own = scored(fallback, train, test), scored(cell, train, test)
    is_known = np.isin(np.arange(1, USERS + 1), train["user_id"])
    return np.where(is_known[:, None], own, popular)


@honest
def lists_that_are_ranked_anew():
    levels = ("none", "diverse")
    variants = [
        replace(EASE, name=f"EASE {name}", base="EASE", levels={"rerank": name}) for name in levels
    ]
    factors = Factor("rerank", levels, of=("EASE",)), Factor("split_seed", (1, 2), REPEATED)
    return designed(study(*variants, POPULARITY, factors=factors))


@honest
def folds_of_two_variants():
    folds = SplitRules(SplitKind.CROSSFOLD_RECORDS, folds=3)
    rated = DataRules((DataRule(DataRuleKind.LOWEST_RATING, 2.0),))
    data = Level(DataRules(), "all"), Level(rated, "from 2")
    factors = Factor("data", ("all", "from 2")), Factor("fold", (0, 1, 2), REPEATED)
    return designed(study(EASE, POPULARITY, factors=factors, data=data, splits=(Level(folds),)))


@honest
def long_lists_that_nearly_always_hit():
    split = SplitRules(SplitKind.USER_FRACTION, holdout=0.5)
    seeds = Factor("split_seed", (1, 2), REPEATED)
    data = interactions(np.random.default_rng(3))
    return designed(study(EASE, POPULARITY, factors=(seeds,), splits=(Level(split),)), data=data)


@pytest.mark.parametrize("name", each_of(STUDIES, 2))
def test_nothing_binding_is_said_against_an_honest_design(tmp_path, name):
    made = STUDIES[name]()
    made.version = 2

    found = made.findings(tmp_path)

    assert [(n, c.reason) for n, c in found.items() if c.finding is FAIL and c.is_binding] == []
    rest = {n: c.reason for n, c in found.items() if c.finding is FAIL and n not in SPLITS_ROOM}
    assert rest == {}
    assert found["values_in_range"].finding is Finding.PASS, found["values_in_range"].reason


def test_the_lists_of_a_fallback_are_no_copies(tmp_path):
    made = STUDIES["a_random_model_that_knows_nobody_it_is_asked_for"]()
    first, second = (made.lists["ImplicitMF", "split_seed-1", s] for s in "01")

    found = made.findings(tmp_path)

    assert first["item_id"].equals(second["item_id"])
    assert found["repetitions_repeat"].finding is not FAIL
    assert found["seeds_as_planned"].finding is not FAIL


def test_levels_beyond_what_there_is_are_told(tmp_path):
    found = STUDIES["neighbours_beyond_what_there_are"]().findings(tmp_path)

    assert found["levels_took_effect"].finding is WARN
    assert found["levels_took_effect"].values["levels"] == "40, 80"
    assert ITEMS == 40


def test_a_study_that_only_counts_trains_nothing(tmp_path):
    core = DataRules((DataRule(DataRuleKind.CORE, 5.0),))
    data = Level(DataRules(), "all"), Level(core, "5-core")
    asked = Question(Estimand.COUNTS, ("data",))
    plan = study(factors=(Factor("data", ("all", "5-core")),), data=data, question=asked)
    made = Designed(plan, interactions(np.random.default_rng(7)), files={"counts.csv": b"n\n1\n"})

    found = made.findings(tmp_path)

    assert [(n, c.reason) for n, c in found.items() if c.finding is FAIL] == []
    assert found["contract_parses"].finding is Finding.PASS
    assert found["recomputation_agrees"].finding is Finding.NOT_APPLICABLE


def test_one_seed_a_fold_is_no_repetition(tmp_path):
    seeds = Factor("split_seed", (1, 2), REPEATED)
    made = designed(study(FACTORIZATION, POPULARITY, factors=(seeds,), seeds=(0, 1)))
    for fold, other in (("split_seed-1", "1"), ("split_seed-2", "0")):
        del made.lists["ImplicitMF", fold, other]
    made.measure()

    found = made.findings(tmp_path)

    assert found["repetitions_repeat"].finding is Finding.NOT_APPLICABLE
    assert found["cells_complete"].finding is WARN
    assert (found["cells_complete"].values["whole"], found["cells_complete"].values["of"]) == (
        2,
        4,
    )


def test_lists_that_never_hit_in_sparse_data_are_no_sign(tmp_path):
    made = designed(study(EASE, NEIGHBOURS))
    train, test = (list(part) for part in made.splits["0"])
    rare = np.arange(len(test)) + 1000
    made.data.loc[test, "item_id"] = rare
    made.measure()

    found = made.findings(tmp_path)["no_test_in_train"]

    assert len(train) == 660
    assert found.finding is WARN
    assert (found.values["known"], found.values["expected"]) == (0, 0)


@pytest.mark.parametrize("version", [1, 2])
def test_users_whose_share_rounds_to_nothing_convict_nobody(tmp_path, version):
    made = designed(study(FACTORIZATION, POPULARITY, seeds=(0, 1)))
    few = made.data.iloc[made.splits["0"][1]].query("user_id > 50").index
    train, test = made.splits["0"]
    made.splits["0"] = sorted([*train, *few]), [row for row in test if row not in few]
    made.measure()
    users = made.per_user
    nobody = users[users["user_id"] == "1"].assign(value=0.0)
    more = [nobody.assign(user_id=str(u)) for u in range(51, 61)]
    made.per_user = pd.concat([users, *more], ignore_index=True)
    for row in made.rows:
        row.update(value=row["value"] * 50 / 60, n=60)
    made.version = version

    found = made.findings(tmp_path)

    convicted = {n for n, c in found.items() if c.finding is FAIL and c.is_binding}
    assert convicted - SPLITS_ROOM == set()
    assert found["users_dropped"].finding is WARN
    assert "without a tested item" in found["users_dropped"].reason


def test_combinations_that_the_design_leaves_out_are_not_missing(tmp_path):
    kinds = Factor("split", ("random", "last"))
    last = Level(SplitRules(SplitKind.LEAVE_LAST), "last")
    plan = study(EASE, NEIGHBOURS, POPULARITY, factors=(kinds,),
                 splits=(Level(LEAVE_ONE_OUT, "random"), last))  # fmt: skip
    left_out = (
        {"algorithm": "EASE", "split": "last"},
        {"algorithm": "ItemKNN", "split": "random"},
    )
    made = designed(replace(plan, excluded=left_out))

    found = made.findings(tmp_path)

    assert found["cells_complete"].finding is Finding.PASS
    assert found["same_test_users"].finding is Finding.PASS


def test_baselines_are_compared_within_each_level(tmp_path):
    made = STUDIES["shares_of_training_on_two_splits"]()
    run = "EASE", "one.train_share-0-1", "none"
    tested = made.data.iloc[made.splits[run[1]][1]][["user_id", "item_id"]]
    lists = made.lists[run].merge(tested, how="left", indicator="side")
    made.lists[run] = lists[lists["side"] == "left_only"].drop(columns="side")
    made.measure()

    found = made.findings(tmp_path)["beats_baseline"]

    assert found.finding is WARN
    assert found.values["place"] == "one, train_share 0.1"
    assert found.values["count"] == 1
    assert (found.values["pairs"], found.values["cells"], found.values["of"]) == (6, 12, 12)

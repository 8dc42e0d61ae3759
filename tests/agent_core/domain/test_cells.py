"""What a design comes to: blocks that nest, cells in the order that gives answers early."""

from __future__ import annotations

import json
from dataclasses import replace

from builders import plan_of

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Factor,
    FactorRole,
    Level,
    SplitKind,
    SplitRules,
    Study,
    blocks_of,
    cells_of,
    study_of,
    with_design,
)
from agent_core.domain.cells import design_record

CORE = Level(DataRules((DataRule(DataRuleKind.CORE, 5),)), "5-core")
WHOLE = Level(DataRules(), "all data")
EASE = Algorithm("EASE", "EASEScorer", {"regularization": 200.0})
REPEATED = FactorRole.REPEATED


def designed(**changes):
    """Return a plan of two algorithms, two variants of the data and two seeds."""
    plan = plan_of()
    factors = (
        Factor("algorithm", ("ImplicitMF", "Popularity")),
        Factor("data", ("all data", "5-core")),
        Factor("model_seed", (0, 1), REPEATED, ("ImplicitMF",)),
    )
    given = {"factors": factors, "data_levels": (WHOLE, CORE), "seeds": (0, 1)}
    return replace(plan, **(given | changes))


def test_a_factor_has_levels_only_where_it_applies():
    cells = cells_of(designed())

    assert len(cells) == 2 * 2 + 2
    seeded = {c.levels.get("model_seed") for c in cells if c.algorithm.name == "Popularity"}
    assert seeded == {None}
    assert all(set(c.levels) >= {"algorithm", "data"} for c in cells)


def test_all_that_is_compared_comes_before_the_second_repetition():
    seeds = [c.levels.get("model_seed", 0) for c in cells_of(designed())]

    assert seeds == sorted(seeds)


def test_each_variant_of_the_data_has_its_own_rules_and_name():
    blocks = {b.name: b for b in blocks_of(designed())}

    assert set(blocks) == {"all-data", "5-core"}
    assert blocks["all-data"].data.rules == ()
    assert blocks["5-core"].data.rules == CORE.rules.rules


def test_folds_belong_to_the_split_that_has_them():
    folds = SplitRules(SplitKind.CROSSFOLD_USERS, folds=3)
    newest = SplitRules(SplitKind.LEAVE_LAST)
    plan = designed(
        factors=(Factor("split", ("folds", "newest")), Factor("fold", (0, 1, 2), REPEATED)),
        split_levels=(Level(folds, "folds"), Level(newest, "newest")),
        data_levels=(WHOLE,),
    )

    blocks = blocks_of(plan)

    assert [b.name for b in blocks] == ["folds.0", "folds.1", "folds.2", "newest"]
    assert {b.split.kind for b in blocks if "fold" in b.levels} == {SplitKind.CROSSFOLD_USERS}


def test_thinned_training_and_small_profiles_are_blocks_of_their_own():
    plan = designed(
        factors=(Factor("train_share", (0.1, 1.0)), Factor("profile_size", (5, "all"))),
        data_levels=(WHOLE,),
    )

    found = {(b.train_share, b.profile_size) for b in blocks_of(plan)}

    assert found == {(0.1, 5), (0.1, None), (1.0, 5), (1.0, None)}
    assert len({b.name for b in blocks_of(plan)}) == 4


def test_ids_are_of_what_is_done_and_not_of_names():
    plan = designed()
    renamed = replace(
        plan,
        algorithms=tuple(replace(a, name=f"my {a.name}", base=a.name) for a in plan.algorithms),
    )
    other = replace(plan, algorithms=(EASE, *plan.algorithms[1:]))

    ids = {c.id for c in cells_of(plan)}

    assert len(ids) == len(cells_of(plan))
    assert ids == {c.id for c in cells_of(renamed)}
    assert ids - {c.id for c in cells_of(other)} != set()


def test_excluded_combinations_are_no_cells():
    plan = designed(excluded=({"algorithm": "ImplicitMF", "data": "5-core"},))

    assert {(c.levels["algorithm"], c.levels["data"]) for c in cells_of(plan)} == {
        ("ImplicitMF", "all data"),
        ("Popularity", "all data"),
        ("Popularity", "5-core"),
    }


def test_a_single_split_is_named_as_before():
    plan = with_design(plan_of())

    assert [b.name for b in blocks_of(plan)] == ["0"]
    assert len(cells_of(plan)) == 3 + 1


def test_the_record_for_scripts_is_json_with_every_cell():
    plan = designed()
    record = json.loads(json.dumps(design_record(plan, ())))

    assert [c["id"] for c in record["cells"]] == [c.id for c in cells_of(plan)]
    assert {c["block"] for c in record["cells"]} == set(record["blocks"])


def test_a_study_of_the_data_alone_has_blocks_and_no_cells():
    record = design_record(designed(algorithms=()), ())

    assert record["cells"] == []
    assert [block["levels"] for block in record["blocks"].values()] == [
        {"data": "all data"},
        {"data": "5-core"},
    ]


def test_what_a_grid_decides_is_another_cell_than_the_level_that_is_chosen():
    grid = replace(EASE, name="EASE 200", base="EASE", levels={"regularization": 200.0})
    waiting = replace(grid, name="EASE chosen", levels={"regularization": "chosen"})

    cells = cells_of(designed(algorithms=(grid, waiting)))

    assert len({c.id for c in cells}) == len(cells) == 4


def test_families_are_designs_and_designs_tell_their_family():
    for study in (Study.SEED_VARIANCE, Study.COMPARISON):
        plan = with_design(plan_of(study=study))
        assert study_of(plan) is study
    swept = tuple(
        replace(EASE, name=f"EASE regularization={v}", config={"regularization": v})
        for v in (10.0, 100.0)
    )
    plan = with_design(
        replace(plan_of(study=Study.SWEEP), swept="regularization", algorithms=swept, seeds=(0,))
    )
    assert study_of(plan) is Study.SWEEP
    assert [f.name for f in plan.factors] == ["regularization"]
    assert plan.factors[0].levels == (10.0, 100.0)
    assert {c.levels["regularization"] for c in cells_of(plan)} == {10.0, 100.0}

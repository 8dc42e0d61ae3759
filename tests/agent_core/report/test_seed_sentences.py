"""What is said of seeds comes from runs that differ in the seed alone."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
from builders import plan_of
from results import NDCG, comparison_evidence, evidence_of, inputs_of

from agent_core.domain import Level, Order, ReportDraft, SplitKind, SplitRules
from agent_core.evidence.cells import Cells
from agent_core.report.caveats import alerts, split_limits
from agent_core.report.headline import headline
from agent_core.report.writer import write_report
from agent_core.statistics.facts import collect_facts

FOLDS = SplitRules(SplitKind.CROSSFOLD_USERS, folds=5)


def runs_over_folds(seeds):
    rng = np.random.default_rng(1)
    base = rng.beta(1, 4, 100)
    return {
        ("ImplicitMF", str(f), str(s)): base + 0.05 * f + rng.normal(0, 0.01)
        for f in range(5)
        for s in seeds
    }


def test_the_gap_of_two_single_runs_is_that_within_a_fold():
    plan = replace(plan_of(), seeds=tuple(range(20)), split_levels=(Level(FOLDS),))
    runs = runs_over_folds(plan.seeds)

    facts = collect_facts(evidence_of(plan, runs))

    found = facts.summary(NDCG, "ImplicitMF")
    means = {(f, s): np.mean(v) for (_, f, s), v in runs.items()}
    pairs = [
        abs(means[str(f), str(a)] - means[str(f), str(b)])
        for f in range(5)
        for a, b in itertools.combinations(plan.seeds, 2)
    ]
    assert 0.02 < np.mean(np.array(pairs) > found.gap) < 0.09
    assert found.gap > 1.8 * 1.96 * np.sqrt(2) * found.sd
    told = headline(plan, facts)
    assert "over 20 seeds (each over 5 folds)" in told
    assert "Two single runs of ImplicitMF on the same fold differ by more than 0.0" in told


def test_one_seed_in_several_folds_tells_nothing_of_the_seed():
    plan = replace(plan_of(), seeds=(0,), split_levels=(Level(FOLDS),))
    facts = collect_facts(evidence_of(plan, runs_over_folds((0,))))

    told = headline(plan, facts)

    assert "The seed moves" not in told
    assert "Two single runs" not in told
    assert "ImplicitMF has one seed in 5 folds" in told
    assert "ndcg@10|ImplicitMF|gap" not in facts.values


def confounded():
    plan = replace(plan_of(), seeds=(0, 1, 2))
    rng = np.random.default_rng(1)
    runs = {("ImplicitMF", str(s), str(s)): rng.beta(1, 4, 60) + 0.05 * s for s in range(3)}
    return evidence_of(plan, runs)


def test_seeds_with_a_split_each_are_not_told_as_an_effect_of_the_seed():
    evidence = confounded()
    facts = collect_facts(evidence)
    inputs = inputs_of(evidence)

    told = headline(evidence.plan, facts)

    assert told.startswith("**Seed and split cannot be told apart:** each seed of ImplicitMF has")
    assert "The seed moves" not in told
    assert "gap" not in {k.split("|")[2] for k in facts.values}
    found = facts.summary(NDCG, "ImplicitMF")
    assert found.user_interval.held == "3 splits, each with a seed of its own"
    assert "was **not** measured" not in " ".join(split_limits(inputs, facts))
    assert "cannot be told apart" in " ".join(split_limits(inputs, facts))


def test_no_limit_calls_a_split_fixed_that_changes_with_the_seed(tmp_path):
    fixed = ReportDraft("", limits=("One split; the effect of the split was not measured.",))

    varied = write_report(replace(inputs_of(confounded()), evidence=None), fixed, tmp_path / "a")
    honest = replace(inputs_of(comparison_evidence()), evidence=None)
    told = write_report(honest, fixed, tmp_path / "b")

    assert "was not measured" not in varied.markdown
    assert "One split; the effect of the split was **not** measured." in told.markdown


def test_seeds_of_which_some_share_a_fold_are_told_by_these():
    runs = {("ImplicitMF", "0", s): [0.1 + int(s) / 100] * 9 for s in "012"}
    runs["ImplicitMF", "1", "3"] = [0.9] * 9

    found = collect_facts(evidence_of(plan_of(), runs)).summary(NDCG, "ImplicitMF")

    assert (found.over, found.units, found.folds) == ("seeds", 3, 1)
    assert found.high < 0.2


def test_what_was_saved_decides_whether_the_split_was_varied():
    evidence = comparison_evidence()
    pair = pd.DataFrame({"user_id": ["1"], "item_id": ["2"]})
    one, two = (replace(evidence, test=dict.fromkeys(f, pair)) for f in ("0", "01"))

    told = [split_limits(inputs_of(e), inputs_of(e).facts) for e in (one, two)]

    assert told == [["One split; the effect of the split was **not** measured."], []]


def test_users_whose_newest_is_not_alone_are_counted():
    newest = SplitRules(SplitKind.USER_FRACTION, order=Order.NEWEST)
    plan = replace(comparison_evidence().plan, split_levels=(Level(newest),))
    train = pd.DataFrame({"user_id": [1, 2], "item_id": [1, 1], "timestamp": [5, 5]})
    test = train.assign(item_id=2, timestamp=[5, 6])
    tied = replace(comparison_evidence(plan), train={"0": train}, test={"0": test})
    clear = replace(tied, train={"0": train.assign(timestamp=[4, 5])})

    told = [len(split_limits(inputs_of(e), inputs_of(e).facts)) for e in (tied, clear)]
    (said,) = split_limits(inputs_of(tied), inputs_of(tied).facts)[:1]

    assert told == [2, 1]
    assert said.startswith("For 1 of 2 users")


def test_values_that_nobody_computed_again_and_missing_predictions_stand_in_the_first_lines():
    plan = replace(comparison_evidence().plan, metrics=(replace(NDCG, name="delight"),))
    test = pd.DataFrame({"user_id": ["1"] * 10, "item_id": [str(i) for i in range(10)]})
    half = test.head(5).assign(algorithm="EASE", fold="0", seed="", prediction=3.0, rating=3.0)
    evidence = replace(comparison_evidence(plan), test={"0": test}, predictions=Cells.of(half))

    found = inputs_of(evidence)

    first = "\n".join(alerts(found))
    assert "**DELIGHT@10 is the script's own word:**" in first
    assert "**Not all tested ratings were predicted:** EASE 50%." in first
    assert alerts(inputs_of(comparison_evidence())) == []

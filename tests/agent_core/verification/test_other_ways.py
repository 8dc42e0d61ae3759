"""What a plan leaves open is found out: orders of ties, ranked items where training is thin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from composed_designs import DESIGNS
from designed import EASE, LEAVE_ONE_OUT, NEIGHBOURS, POPULARITY, designed, study
from studies import interactions
from tiers import wide_but
from trials import LIMITS, retrained

from agent_core.data.profile import profile
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Candidates, Factor, Level, Masked, Order, SplitKind, SplitRules
from agent_core.evidence.evidence import read_evidence
from agent_core.evidence.retrained import Pair, Retrained, Way
from agent_core.execution.design_file import write_design
from agent_core.offline.composer import compose
from agent_core.verification.other_ways import OtherWays, affordable, places_of
from agent_core.verification.tie_orders import in_other_order, tied_parts, tied_users
from agent_core.verification.training_orders import training_order_of
from agent_core.verification.training_parts import given_parts
from sandbox.execution import Input, Job
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

PAIR = ["user_id", "item_id"]
SHARES = Factor("train_share", (0.2, 1.0))


def tied(days=4):
    """Return data of which most are of one of few moments."""
    data = interactions(np.random.default_rng(11))
    return data.assign(timestamp=np.random.default_rng(5).integers(0, days, len(data)) + 1_000_000)


def newest(data=None, *algorithms, **rules):
    split = SplitRules(SplitKind.USER_FRACTION, holdout=0.25, order=Order.NEWEST, **rules)
    plan = study(*(algorithms or (EASE, NEIGHBOURS, POPULARITY)), splits=(Level(split),))
    return designed(plan, tied() if data is None else data)


def pairs_of(frame):
    return set(map(tuple, frame[PAIR].to_numpy()))


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_another_order_tests_as_many_of_the_same_time(tmp_path, turn):
    evidence = newest().evidence(tmp_path)
    whole = tied_parts(evidence, "0")

    found = in_other_order(whole, turn)

    before, after = evidence.test["0"], found["test"]
    assert before.groupby("user_id").size().equals(after.groupby("user_id").size())
    times = ("user_id", "timestamp")
    sums = [f[list(times)].sort_values(list(times)).to_numpy() for f in (before, after)]
    assert (sums[0] == sums[1]).all()
    every = pairs_of(before) | pairs_of(evidence.train["0"])
    assert pairs_of(after) | pairs_of(found["train"]) == every
    assert not pairs_of(after) & pairs_of(found["train"])
    assert pairs_of(after) != pairs_of(before)


def test_the_first_other_order_tests_as_many_others_as_there_are(tmp_path):
    evidence = newest().evidence(tmp_path)
    whole = tied_parts(evidence, "0")
    own = whole[whole["is_tied"]].groupby("user_id")["part"]
    counts = own.agg(lambda parts: min((parts == "test").sum(), (parts == "train").sum()))

    new = pairs_of(in_other_order(whole, 0)["test"]) - pairs_of(evidence.test["0"])

    assert len(new) == counts.sum() > 0


def test_where_no_tie_decides_there_is_no_other_order(tmp_path):
    evidence = newest(interactions(np.random.default_rng(11))).evidence(tmp_path)

    assert tied_parts(evidence, "0") is None
    assert list(places_of(evidence)) == []


def test_what_may_not_be_held_out_is_in_no_other_order(tmp_path):
    evidence = newest().evidence(tmp_path)
    whole = tied_parts(evidence, "0")
    rated = replace(evidence.plan.split, lowest_test_rating=4.0)
    blocks = {"0": replace(evidence.blocks["0"], split=rated)}

    strict = tied_parts(replace(evidence, blocks=blocks), "0")

    assert strict.loc[strict["is_tied"], "rating"].min() >= 4.0
    assert 0 < tied_users(strict) < tied_users(whole)


def test_ties_are_told_apart_by_the_times_of_the_plan_alone(tmp_path):
    drawn = designed(study(EASE, POPULARITY), tied())

    assert tied_parts(drawn.evidence(tmp_path), "0") is None


def thinned(tmp_path, **rules):
    split = replace(LEAVE_ONE_OUT, **rules)
    made = designed(study(EASE, POPULARITY, factors=(SHARES,), splits=(Level(split),)))
    return made.evidence(tmp_path)


def test_thinned_training_is_ranked_by_the_full_one_too(tmp_path):
    evidence = thinned(tmp_path)

    (place,) = places_of(evidence)

    assert (place.way, place.fold) == (Way.FULL_TRAINING, "train_share-0-2")
    given = place.parts()
    assert pairs_of(given["masked"]) == pairs_of(evidence.train["train_share-1-0"])
    assert set(given["items"]["item_id"]) == set(evidence.train["train_share-1-0"]["item_id"])
    assert pairs_of(given["train"]) == pairs_of(evidence.train["train_share-0-2"])


def test_what_is_ranked_by_the_full_training_is_ranked_by_its_own_too(tmp_path):
    evidence = thinned(tmp_path, candidates=Candidates.FULL_TRAINING, masked=Masked.FULL_TRAINING)

    (place,) = places_of(evidence)
    asked = given_parts(evidence, "train_share-0-2")

    assert place.way is Way.OWN_TRAINING
    assert set(place.parts()) == {"train", "test"}
    assert pairs_of(asked["masked"]) == pairs_of(evidence.train["train_share-1-0"])
    assert {t.fold for t in training_order_of(evidence).algorithms} == {
        "train_share-0-2", "train_share-1-0",
    }  # fmt: skip


def known(evidence, seconds=1.0, pairs=()):
    order = training_order_of(evidence)
    took = {str(t.number): seconds for t in order.algorithms}
    return OtherWays(evidence, order, order.algorithms, took, Retrained("0", tuple(pairs)))


def test_each_order_of_ties_is_trained_with_all_algorithms_before_the_next(tmp_path):
    evidence = newest().evidence(tmp_path)

    chosen, unknown = affordable(known(evidence), list(places_of(evidence)))

    assert [t.place[-1] for t in chosen] == [str(turn) for turn in (0, 1, 2) for _ in range(3)]
    assert {t.name for t in chosen[:3]} == {"EASE", "ItemKNN", "Popularity"}
    assert len({t.number for t in chosen}) == 9
    assert unknown == {}


def test_what_is_too_dear_is_left_out_by_name(tmp_path):
    evidence = newest().evidence(tmp_path)

    chosen, unknown = affordable(known(evidence, seconds=100.0), list(places_of(evidence)))

    assert len(chosen) == 2
    assert "EASE: it would take about 100 s more" in unknown[Way.OTHER_TIES]


def test_what_disagrees_or_is_ranked_anew_is_in_no_other_way(tmp_path):
    anew = replace(EASE, name="EASE diverse", base="EASE", levels={"rerank": "diverse"})
    evidence = newest(None, EASE, anew, NEIGHBOURS, POPULARITY).evidence(tmp_path)
    doubted = Pair("ItemKNN", "ndcg", 10, 0.5, 0.3, 0.01, 1, fold="0")

    chosen, unknown = affordable(known(evidence, pairs=[doubted]), list(places_of(evidence)))

    assert {t.name for t in chosen} == {"EASE", "Popularity"}
    assert "EASE diverse: its lists are ranked anew" in unknown[Way.OTHER_TIES]
    assert "ItemKNN: its delivered values" in unknown[Way.OTHER_TIES]


@pytest.mark.slow
@pytest.mark.wide
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "way", "values"),
    wide_but(
        (("split strategies", Way.OTHER_TIES, 3), ("train share", Way.FULL_TRAINING, 1)),
        "train share",
    ),
)
async def test_the_product_trains_in_other_ways(tmp_path, name, way, values):
    plan = DESIGNS[name]
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path, users=150, items=100, per_user=30)
    whole = pd.read_csv(path, sep="\t")
    time = next(c for c in whole if "time" in c)
    whole[time] = whole[time].rank(pct=True).mul(8).astype(int) * 86_400 + 1_600_000_000
    whole.to_csv(path, sep="\t", index=False)
    data, design = profile(path), tmp_path / "design.json"
    write_design(design, plan, (data,))
    source = compose(plan, data, 0).source
    inputs = Input(path.name, path), Input(design.name, design)
    async with open_sandbox(SandboxSettings(level="auto")) as sandbox:
        execution = await sandbox.execute(Job(source, inputs, LIMITS), tmp_path / "artifacts")
        found = read_evidence(plan, source, execution, (data,), {path.name: path})
        found = await retrained(found, sandbox, tmp_path)

    others = [o for o in found.retrained.others if o.way is way]
    primary = [o for o in others if (o.metric, o.k) == (plan.primary.name, plan.primary.k)]
    algorithms = {o.algorithm for o in primary}
    assert algorithms == {a.name for a in plan.algorithms}
    assert len(primary) >= values * len(algorithms)
    assert found.retrained.unknown == {}
    assert any(o.value != o.delivered for o in primary)
    # It is another way of the same, not another study.
    assert all(abs(o.value - o.delivered) < 0.5 * max(o.value, o.delivered) for o in primary)

"""The product's own training: what it compares, what it leaves out, and a run that it stops."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from builders import node_of
from cases import HONEST, SINS, Case
from composed_designs import DESIGNS
from designed import (
    EASE,
    FACTORIZATION,
    LEAVE_ONE_OUT,
    POPULARITY,
    REPEATED,
    designed,
    study,
)
from labs import ANN, lab_in, run_through, settings
from studies import honest
from tiers import each_of, wide_but
from trials import LIMITS, retrained, synthetic, tried

from agent_core.checks.results.retraining import retraining_agrees
from agent_core.data.profile import profile
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import (
    Candidates,
    Check,
    Factor,
    Finding,
    Level,
    Outcome,
    Packages,
    RunId,
    SplitKind,
    SplitRules,
    Task,
)
from agent_core.domain.events import NodeJudged
from agent_core.evidence.evidence import read_evidence
from agent_core.evidence.retrained import (
    RETRAINED,
    OtherValue,
    Pair,
    Retrained,
    Way,
    read_retrained,
    write_retrained,
)
from agent_core.execution.design_file import write_design
from agent_core.lab.conclusion import Conclusion
from agent_core.offline.composer import compose
from agent_core.offline.researcher import OfflineResearcher
from agent_core.run.view import RunView
from agent_core.settings import ExecSettings
from agent_core.verification.independent_training import (
    closer_training,
    compare_spreads,
    slack_of,
    training_order_of,
)
from sandbox.execution import Input, Job
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings


def pair(delivered, trained, *, slack=0.005, name="ItemKNN", **more):
    return Pair(name, "ndcg", 10, delivered, trained, slack, 1, **more)


@pytest.mark.parametrize(
    ("found", "finding", "words"),
    [
        (pair(0.301, 0.300), Finding.PASS, "delivered 0.301"),
        (pair(0.320, 0.300), Finding.WARN, "ndcg@10 of ItemKNN 0.3, delivered 0.32"),
        (pair(0.500, 0.300), Finding.FAIL, "cannot come from these"),
        (pair(0.100, 0.300), Finding.FAIL, "cannot come from these"),
        (
            pair(0.300, 0.300, delivered_sd=1e-6, trained_sd=0.02, spread_p=1e-9),
            Finding.WARN,
            "not the spread of trainings of their own",
        ),
    ],
)
def test_a_gap_beyond_seeds_and_ties_is_told(tmp_path, found, finding, words):
    evidence = replace(honest().evidence(tmp_path), retrained=Retrained("0", (found,)))

    result = retraining_agrees(evidence)

    assert result.finding is finding
    assert words in result.reason


def test_without_a_training_nothing_is_claimed(tmp_path):
    evidence = honest().evidence(tmp_path)
    nothing = replace(evidence, retrained=Retrained("0", (), {"Own": "is no scorer of LensKit"}))

    assert retraining_agrees(evidence).finding is Finding.NOT_APPLICABLE
    assert "Own (is no scorer" in retraining_agrees(nothing).reason


def test_the_order_names_what_cannot_be_trained(tmp_path):
    made = honest()
    made.run["algorithms"]["ImplicitMF"]["class"] = "MyOwnModel"

    order = training_order_of(made.evidence(tmp_path))

    assert "no scorer of LensKit" in order.left_out["ImplicitMF"]
    assert [t.name for t in order.algorithms] == ["Popularity"]


def test_sampled_candidates_are_not_trained_again(tmp_path):
    made = honest()
    made.run["candidates"] = "100 sampled items"

    order = training_order_of(made.evidence(tmp_path))

    assert order.algorithms == ()
    assert "only sampled items" in order.left_out["Popularity"]


def of_two_splits():
    kinds = Factor("split", ("random", "last"))
    last = Level(SplitRules(SplitKind.LEAVE_LAST), "last")
    variants = (replace(EASE, name="EASE diverse", base="EASE", levels={"rerank": "diverse"}),)
    return designed(study(
        FACTORIZATION, EASE, *variants, POPULARITY, seeds=(0, 1), factors=(kinds,),
        splits=(Level(LEAVE_ONE_OUT, "random"), last),
    ))  # fmt: skip


@pytest.mark.parametrize("version", [1, 2])
def test_every_algorithm_and_every_level_of_the_split_is_trained_again(tmp_path, version):
    order = training_order_of(of_two_splits().evidence(tmp_path, version))

    assert {t.name for t in order.algorithms} == {"ImplicitMF", "EASE", "Popularity"}
    assert {t.fold for t in order.algorithms} == set(order.places) == {"random", "last"}
    assert len(order.algorithms) == 3
    assert order.left_out == {"EASE diverse": "its lists are ranked anew"}
    assert order.of == 10


def test_few_algorithms_are_trained_in_more_folds_than_one(tmp_path):
    shares = Factor("train_share", (0.1, 0.5, 1.0))
    made = designed(study(EASE, factors=(shares,)))

    order = training_order_of(made.evidence(tmp_path))

    assert len({t.fold for t in order.algorithms}) == len(order.algorithms) == 3
    assert len({t.number for t in order.algorithms}) == 3


def test_folds_that_only_repeat_are_not_all_trained_again(tmp_path):
    seeds = Factor("split_seed", (1, 2, 3), REPEATED)
    made = designed(study(EASE, POPULARITY, factors=(seeds,)))

    order = training_order_of(made.evidence(tmp_path))

    assert len(order.places) == 1
    assert len(order.algorithms) == 2


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"candidates": Candidates.SAMPLED, "candidate_count": 5}, "drawn by the script"),
        ({"in_training": False}, "was not saved"),
    ],
)
def test_what_cannot_be_trained_from_what_was_saved_is_said(tmp_path, rules, reason):
    split = replace(LEAVE_ONE_OUT, **rules)
    made = designed(study(EASE, POPULARITY, splits=(Level(split),)))

    order = training_order_of(made.evidence(tmp_path))

    assert order.algorithms == ()
    assert reason in order.left_out["EASE"]


def test_the_slack_grows_with_the_spread_over_seeds():
    calm, wild = np.array([0.30, 0.30, 0.30]), np.array([0.25, 0.30, 0.35])

    assert slack_of(calm, calm) == pytest.approx(0.002 + 0.03 * 0.30)
    assert slack_of(wild, wild) == pytest.approx(4 * 0.05 * (2 / 3) ** 0.5)


def test_copies_with_noise_do_not_scatter_like_trainings():
    trained, copies = np.array([0.25, 0.30, 0.35]), 0.3 + np.array([0, 1e-5, 2e-5])

    assert compare_spreads(copies, trained)[2] < 0.001
    assert compare_spreads(trained + 0.01, trained)[2] == pytest.approx(1.0)
    assert compare_spreads(copies[:2], trained)[2] == 1.0


def test_the_closer_of_two_trainings_counts():
    rated = Retrained("0", (pair(0.3, 0.1), pair(0.2, 0.2, name="EASE")))
    unrated = Retrained("0", (pair(0.3, 0.301),))

    found, better = closer_training(rated, unrated)

    assert found.pairs == (pair(0.3, 0.301), pair(0.2, 0.2, name="EASE"))
    assert better == {("ItemKNN", "")}


def test_it_is_kept_as_a_file(tmp_path):
    other = OtherValue(Way.OTHER_TIES, 1, "EASE", "0", "ndcg", 10, 0.3, 0.28, 1)
    unknown = {Way.FULL_TRAINING: "EASE: it would take about 900 s more"}
    found = Retrained("0", (pair(0.3, 0.301),), {"Own": "why"}, 3, 9, (other,), unknown)

    write_retrained(tmp_path / "retrained.json", found)

    assert read_retrained(tmp_path / "retrained.json") == found
    assert read_retrained(tmp_path / "nothing.json") is None


@pytest.mark.parametrize(
    ("finding", "has_news"),
    [(Finding.NOT_APPLICABLE, True), (Finding.PASS, False), (Finding.FAIL, False)],
)
async def test_a_training_that_was_not_judged_before_a_restart_is_judged(
    tmp_path, finding, has_news
):
    node = node_of(1, value=1.0, checks=(Check("retraining_agrees", finding, "said"),))
    recorder = SimpleNamespace(
        view=RunView(RunId("r1"), nodes=(node,)), place=lambda node: tmp_path
    )
    write_retrained(tmp_path / RETRAINED, Retrained("0", (pair(0.5, 0.3),)))

    conclusion = Conclusion(recorder, Packages("3.11", {}), {})

    assert await conclusion.retrain(SimpleNamespace(node=node.id), None) is has_news


UNRATED = Case(
    "trained without ratings",
    (
        (
            "    data = from_interactions_df(train)\n",
            '    data = from_interactions_df(train[["user_id", "item_id"]])\n',
        ),
    ),
)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_invented_lists_are_found_and_honest_ones_stand(tmp_path):
    material = synthetic(tmp_path)
    plain = next(c for c in HONEST if c.name == "plain")
    invented = next(c for c in SINS if c.check == "retraining_agrees")
    async with open_sandbox(SandboxSettings(level="auto")) as sandbox:
        found = {}
        for number, case in enumerate((plain, UNRATED, invented)):
            folder = tmp_path / str(number)
            folder.mkdir()
            _, findings = await tried(case, material, sandbox, folder, retrains=True)
            found[case.name] = findings["retraining_agrees"].finding

    assert found == {
        plain.name: Finding.PASS,
        UNRATED.name: Finding.PASS,
        invented.name: Finding.FAIL,
    }


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("name", "cells"), wide_but((("unseen users", 3), ("split strategies", 4)), "unseen users")
)
async def test_cells_of_a_design_come_to_what_the_product_trains(tmp_path, name, cells):
    plan = DESIGNS[name]
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path, users=150, items=100, per_user=30)
    data, design = profile(path), tmp_path / "design.json"
    write_design(design, plan, (data,))
    source = compose(plan, data, 0).source
    inputs = Input(path.name, path), Input(design.name, design)
    async with open_sandbox(SandboxSettings(level="auto")) as sandbox:
        execution = await sandbox.execute(Job(source, inputs, LIMITS), tmp_path / "artifacts")
        found = read_evidence(plan, source, execution, (data,), {path.name: path})
        found = await retrained(found, sandbox, tmp_path)

    assert found.problems == ()
    assert found.agreement["agrees"].all()
    assert found.retrained.cells == cells
    assert found.retrained.of == len(found.design)
    assert found.retrained.left_out == {}
    assert retraining_agrees(found).finding is Finding.PASS


class WeakBaseline(OfflineResearcher):
    """Recommends the items in places 21 to 30 as if they were the most popular."""

    async def draft(self, request):
        script = await super().draft(request)
        honest = "shown = recommend(pipeline, users, n_jobs=1).to_df()"
        weak = (
            f"{honest}\n"
            '    if c.algorithm == "Popularity":\n'
            "        shown = recommend(pipeline, users, n=30, n_jobs=1).to_df()\n"
            '        shown = shown[shown["rank"] > 20]\n'
            '        shown = shown.assign(rank=shown["rank"] - 20)'
        )
        source = script.source.replace(honest, weak)
        assert source != script.source
        return replace(script, source=source)


class TwoWeakBaselines(WeakBaseline):
    """Weakens the baseline in each of its drafts, which are not the same script."""

    async def draft(self, request):
        script = await super().draft(request)
        return replace(script, source=f"{script.source}\nDRAFT = {request.index}\n")


async def concluded(tmp_path, researcher, given):
    """Run a comparison to its end; return its view and how scripts were judged."""
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path, users=120, items=80)
    task = Task("Compare ItemKNN with popularity, leave-one-out, NDCG@10.", (path,), ANN, "t:1")
    async with lab_in(tmp_path / "data", researcher, given, preload_after_s=2.0) as lab:
        view = await run_through(lab, task)
        log = await lab.journal.read(view.id)
    return view, [e.event for e in log if isinstance(e.event, NodeJudged)]


@pytest.mark.slow
@pytest.mark.wide
@pytest.mark.timeout(600)
async def test_no_script_is_reported_that_was_not_trained_again(tmp_path):
    given = settings(num_draft_nodes=2, max_iterations=0)

    view, judged = await concluded(tmp_path, TwoWeakBaselines(), given)

    assert [n.score.failed_checks for n in view.nodes] == [("retraining_agrees",)] * 2
    assert len(judged) == 4
    assert view.outcome is Outcome.PARTIAL


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("retraining", each_of([True, False], 2))
async def test_a_weakened_baseline_keeps_a_run_from_being_satisfied(tmp_path, retraining):
    given = settings(max_iterations=0).model_copy(
        update={"execution": ExecSettings(retraining=retraining)}
    )

    view, judged = await concluded(tmp_path, WeakBaseline(), given)

    if not retraining:
        assert view.outcome is Outcome.SATISFIED
        return
    assert view.outcome is Outcome.PARTIAL
    assert view.best.score.failed_checks == ("retraining_agrees",)
    assert [j.score.is_satisfactory for j in judged] == [True, False]
    assert "Not to be relied on: the check `retraining_agrees` failed" in view.report.headline
    assert "of Popularity" in view.report.headline

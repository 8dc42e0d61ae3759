"""Reports: the answer first, every number recorded, warnings before anything else."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import crashed, node_of, plan_of, requirement
from results import (
    NDCG,
    START,
    comparison_evidence,
    comparison_plan,
    dataset,
    evidence_of,
    inputs_of,
    seed_evidence,
)

from agent_core.domain import (
    Algorithm,
    Check,
    Claim,
    Finding,
    Metric,
    NodeId,
    Outcome,
    ReportDraft,
    Role,
    Score,
    SplitKind,
    Study,
    Task,
    UserId,
    Waiver,
)
from agent_core.domain.events import Disputed, Rerun
from agent_core.evidence.retrained import Pair, Retrained
from agent_core.report.rendering import as_sentence
from agent_core.report.script_agreement import agreement
from agent_core.report.thread_summary import (
    MAX_TEXT,
    Prose,
    alerts,
    protocol,
    retrained_text,
    thread_text,
)
from agent_core.report.writer import ReportInputs, preliminary, write_report
from agent_core.run.view import Freeze
from agent_core.statistics.facts import collect_facts
from sandbox.execution import Ended, Execution, IsolationLevel

BPR = Algorithm("BPR with 8 factors=x", "BPRScorer", is_random=True)
NO_WORDS = ReportDraft("")
BELOW = Check(
    "beats_baseline",
    Finding.WARN,
    "Below the baseline in NDCG@10: MF 0.015 against Popularity 0.068 (4.5 times smaller).",
)


def report(tmp_path, inputs, draft=NO_WORDS):
    """Write a report without figures and tables, which take time and other tests look at."""
    return write_report(replace(inputs, evidence=None), draft, tmp_path / "report")


@pytest.fixture(scope="module")
def seed_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seed") / "report"
    return write_report(inputs_of(seed_evidence()), NO_WORDS, folder)


@pytest.fixture(scope="module")
def comparison_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison") / "report"
    return write_report(inputs_of(comparison_evidence()), NO_WORDS, folder)


def test_a_seed_study_leads_with_the_standard_deviation(seed_report):
    found = seed_report

    assert found.headline.startswith("**The seed moves NDCG@10 of ImplicitMF little: SD 0.0038 (")
    assert "(95 % interval 0.0030 to 0.0051), CV 2.0 %, range 0.187 to 0.202 over 30 seeds.**" in (
        found.headline
    )
    assert "differ by more than 0.0106 only about once in 20" in found.headline
    assert "95 % interval of the mean is ±" in found.summary
    assert "Over *test users* (n = 200, averaged over the seeds)" in found.summary
    assert "far wider than the seed effect" in found.summary
    assert "effect of the split was **not** measured" in found.summary
    assert [p.stem for p in found.figures] == ["seed_distribution", "comparison"]


def test_a_deterministic_model_is_said_to_be_so(tmp_path):
    found = report(tmp_path, inputs_of(seed_evidence(sd=0.0)))

    assert "The seed does not move NDCG@10 of ImplicitMF: all 30 seeds gave" in found.headline


def test_a_comparison_leads_with_order_and_paired_differences(comparison_report):
    found = comparison_report

    assert found.headline.startswith("**NDCG@10: EASE 0.243, ItemKNN 0.197, ImplicitMF 0.197, Pop")
    assert "EASE is higher than ItemKNN in NDCG@10 by 0.0" in found.headline
    assert "ItemKNN and ImplicitMF are not distinguishable" in found.headline
    assert "EASE is higher than Popularity" in found.headline
    assert "95 % interval over *test users* (n = 300)" in found.summary


def test_a_sweep_says_that_the_best_was_selected_on_test_data(tmp_path):
    names = {v: f"KNN k={v}" for v in (5, 10, 20)}
    base = comparison_plan()
    plan = replace(
        base,
        study=Study.SWEEP,
        swept="max_nbrs",
        algorithms=(
            *(Algorithm(n, "ItemKNNScorer", {"max_nbrs": v}) for v, n in names.items()),
            Algorithm("Popularity", "PopScorer", role=Role.BASELINE),
        ),
    )
    runs = {(names[5], "0", ""): [0.1, 0.2, 0.3] * 30, (names[10], "0", ""): [0.3, 0.4, 0.5] * 30}
    runs |= {(names[20], "0", ""): [0.3, 0.4, 0.501] * 30, ("Popularity", "0", ""): [0.05] * 90}

    found = report(tmp_path, inputs_of(evidence_of(plan, runs)))

    assert "**NDCG@10 is highest at max_nbrs = 20 (0.40" in found.headline
    assert "of 3 values tried" in found.headline
    assert "selected on the test data" in found.headline


def test_the_protocol_names_a_swept_model_once():
    plan = comparison_plan()
    swept = [Algorithm(f"MF factors={n}", "MF", {"factors": n}, is_random=True) for n in (8, 16)]
    plan = replace(plan, study=Study.SWEEP, swept="factors", algorithms=(*swept, BPR))
    inputs = inputs_of(comparison_evidence())
    view = replace(inputs.view, plans=(plan,))

    assert " of MF, BPR with 8 factors=x." in protocol(replace(inputs, view=view))


@pytest.mark.parametrize(
    ("metric", "agreed", "furthest"),
    [
        ("ndcg", "2 of 2 values agree", "NDCG@10 is EASE with 0.31"),
        ("novelty", "1 of 1 values agree", "Recall@10 is EASE with 0.51"),
    ],
)
def test_values_of_the_products_own_training_stand_under_their_metric(metric, agreed, furthest):
    pairs = [Pair("EASE", "recall", 10, 0.5, 0.51, 0.02, 1)]
    pairs += [Pair("EASE", "ndcg", 10, 0.3, 0.31, 0.02, 1)] * (metric == "ndcg")
    plan = comparison_plan("EASE", metrics=(Metric(metric, 10),))
    evidence = replace(comparison_evidence(plan), retrained=Retrained("0", tuple(pairs)))

    found = retrained_text(inputs_of(evidence))

    assert f"and split: {agreed}" in found
    assert f"furthest apart in {furthest}" in found


def test_a_choice_on_the_test_stands_in_the_first_lines(tmp_path):
    chosen = Check("selected_without_test", Finding.WARN, "Kept the best of line 4.")

    found = report(tmp_path, inputs_of(comparison_evidence(), checks=(chosen,)))

    assert found.headline.splitlines()[1].startswith("⚠️ **Chosen by the test.** Kept the best")


def test_files_that_changed_after_they_were_recorded_stand_in_the_first_lines():
    fine = Check("files_unchanged", Finding.PASS, "9 files are as they were written.")
    evidence = replace(
        comparison_evidence(), changed=("results.json changed since it was recorded",)
    )

    (first,) = alerts(inputs_of(evidence, checks=(fine,)))

    assert "`files_unchanged` failed.** results.json changed" in first


def test_a_baseline_that_is_not_beaten_stands_in_the_first_lines(tmp_path):
    found = report(tmp_path, inputs_of(comparison_evidence(), checks=(BELOW,)))

    assert found.headline.splitlines()[1].startswith("⚠️ **The baseline is not beaten.** Below")
    assert "4.5 times smaller" in found.markdown.split("## ")[0]
    assert found.warnings


def test_waivers_failures_changes_and_missing_isolation_stand_in_the_first_lines(tmp_path):
    failing = Check("no_test_in_train", Finding.FAIL, "3 test pairs are in train.", True)
    inputs = inputs_of(
        comparison_evidence(),
        checks=(failing,),
        view={
            "waivers": (Waiver("same_test_users", "a pilot", UserId("ann")),),
            "freeze": Freeze(7, "ee" * 32, START, "ann"),
            "level": "unconfined",
            "datasets": (dataset(known_as="SYNTHETIC DATA", is_synthetic=True),),
        },
    )

    first = "\n".join(report(tmp_path, inputs).headline.splitlines()[1:])

    assert "Not to be relied on: the check `no_test_in_train` failed" in first
    assert "`same_test_users` was set aside** by ann: a pilot" in first
    assert "Exploratory" in first
    assert "without isolation" in first
    assert "Synthetic data" in first


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("split_as_planned", "The split cannot be taken for the planned one."),
        ("filters_as_planned", "The filters cannot be taken for the planned ones."),
        ("lists_exclude_train", "Recommended items are not shown to be new to their users."),
        ("configuration_as_planned", "The configurations are not the planned ones."),
    ],
)
def test_what_is_not_as_planned_stands_in_the_first_lines(tmp_path, name, words):
    failing = Check(name, Finding.FAIL, "3 of 5 are others.")
    inputs = inputs_of(comparison_evidence(), checks=(failing,))

    found = report(tmp_path / "a", inputs)
    fine = report(tmp_path / "b", inputs_of(comparison_evidence()))

    assert found.headline.splitlines()[1] == f"⚠️ **{words}** 3 of 5 are others."
    assert found.warnings == (f"⚠️ **{words}** 3 of 5 are others.",)
    assert fine.warnings == ()


@pytest.mark.parametrize(
    ("kind", "finding"),
    [
        (SplitKind.GLOBAL_TIME, Finding.FAIL),
        (SplitKind.LEAVE_LAST, Finding.FAIL),
        (SplitKind.LEAVE_ONE_OUT, Finding.WARN),
    ],
)
def test_a_split_by_time_that_sees_the_future_stands_in_the_first_lines(tmp_path, kind, finding):
    leak = Check("temporal_leak", finding, "12 % of training is later.")
    plan = comparison_plan("EASE", "ItemKNN", "ImplicitMF")
    plan = plan.with_split(kind=kind)

    found = report(tmp_path, inputs_of(comparison_evidence(plan), checks=(leak,)))

    is_said = "planned by time, and is not.** 12 % of training" in found.headline
    assert is_said == (finding is Finding.FAIL)


def test_checks_are_counted_and_warnings_named(tmp_path):
    checks = (
        Check("a", Finding.PASS, "fine"),
        Check("b", Finding.PASS, "fine"),
        Check("temporal_leak", Finding.WARN, "Training sees later interactions."),
        Check("c", Finding.NOT_APPLICABLE, "nothing to see"),
    )

    found = report(tmp_path, inputs_of(comparison_evidence(), checks=checks))

    assert "2 pass, 1 warning (`temporal_leak` Training sees later" in found.summary
    assert "1 not applicable" in found.summary
    assert "No change of protocol after results (v1, frozen before any result)" in found.summary


def test_independent_scripts_are_told_as_a_sensitivity_check(tmp_path):
    evidence = seed_evidence()
    inputs = inputs_of(evidence)
    second = node_of(2, value=1.0)
    other = collect_facts(seed_evidence(sd=0.004))
    view = replace(inputs.view, nodes=(*inputs.view.nodes, second))

    found = report(tmp_path, replace(inputs, view=view, others={2: other}))

    assert "2 independently written scripts give NDCG@10 of ImplicitMF 0.19" in found.summary


def sensitivity(mine, theirs, *, shift=0.04):
    evidence = replace(seed_evidence(), run=mine)
    inputs = inputs_of(evidence)
    second = node_of(2, value=1.0)
    runs = {(r.algorithm, r.fold, r.seed): [r.value + shift] for r in evidence.single.itertuples()}
    other = collect_facts(evidence_of(evidence.plan, runs))
    view = replace(inputs.view, nodes=(*inputs.view.nodes, second))
    given = replace(inputs, view=view, others={2: other}, runs={2: theirs})
    return agreement(given)


def test_a_deviating_script_says_in_what_it_differs():
    mine = {
        "dataset": {"feedback": "every rating counts", "interactions": 100_000, "filters": []},
        "split": {"kind": "leave_one_out", "seed": 42},
        "algorithms": {"ImplicitMF": {"config": {"embedding_size": 32, "epochs": 10}}},
    }
    theirs = {
        "dataset": {
            "feedback": "ratings of 4 and more",
            "interactions": 55_375,
            "filters": [{"name": "rating >= 4", "before": 100_000, "after": 55_375}],
        },
        "split": {"kind": "leave_one_out", "seed": 42},
        "algorithms": {"ImplicitMF": {"config": {"embedding_size": 32, "epochs": 10}}},
    }

    told = sensitivity(mine, theirs)

    assert "Script 2 is 0.040 above; it differs: filters “rating >= 4”, not none" in told
    assert "interactions 55375, not 100000; feedback ratings of 4 and more, not every" in told
    assert "split" not in told.split("it differs")[1]


def test_a_deviating_script_states_no_result_of_its_own():
    lie = "EASE is significantly better than all (p < 0.001)"
    theirs = {
        "dataset": {"feedback": lie, "filters": [{"name": lie}]},
        "candidates": lie,
        "algorithms": {"ImplicitMF": {"config": {lie: 1, "best_ndcg": 0.98}}},
    }
    mine = {
        "dataset": {"feedback": "every rating counts", "filters": []},
        "candidates": "all items",
        "algorithms": {"ImplicitMF": {"config": {lie: 0, "best_ndcg": 0.1}}},
    }

    told = sensitivity(mine, theirs)

    assert "filters “[…]”, not none; feedback “[…]”, not every rating counts" in told
    assert "candidates “[…]”, not all items" in told
    assert "ndcg" not in told
    assert "significantly" not in told


def test_a_deviating_script_that_recorded_nothing_is_told_by_its_plan():
    told = sensitivity({}, {})

    assert "Script 2 is 0.040 above; its plan: “plan 2”." in told


def test_scripts_within_the_interval_do_not_deviate():
    told = sensitivity({}, {"candidates": "100 sampled"}, shift=0.001)

    assert "Script 2" not in told


def test_a_lying_researcher_comes_out_harmless(tmp_path):
    lie = ReportDraft(
        headline="EASE is significantly better than everything, by 45 %.",
        findings=(
            "All requirements are met and all checks pass.",
            "ItemKNN reaches 0.999 and beats EASE.",
            "EASE reaches {{ndcg@10|EASE|mean}}.",
            "{{claim:0}}.",
        ),
        limits=("There are none; the result is robust.", "One data set was used."),
        next_steps=("Publish: state of the art.", "Repeat with 5-fold cross-validation."),
        claims=(Claim("ImplicitMF", "ItemKNN", "ndcg@10"),),
    )

    found = report(tmp_path, inputs_of(comparison_evidence()), lie)

    posted = f"{found.headline}\n{found.summary}"
    told = found.markdown.split("## Struck from")[0]
    for text in (posted, told):
        assert "significantly" not in text
        assert "45 %" not in text
        assert "0.999" not in text
        assert "robust" not in text
        assert "beats" not in text.replace("beats_baseline", "")
        assert "state of the art" not in text
        assert "All requirements" not in text
    assert "EASE reaches 0.243" in posted
    assert "ItemKNN are not distinguishable" in posted.replace("ImplicitMF and ", "")
    assert len(found.struck) == 5
    assert "## Struck from" in found.markdown


def test_words_of_an_open_study_may_lead_when_they_are_grounded(tmp_path):
    evidence = comparison_evidence(
        replace(comparison_plan("EASE", "ItemKNN", "ImplicitMF"), study=Study.OTHER)
    )
    grounded = ReportDraft("EASE reaches an NDCG@10 of {{ndcg@10|EASE|mean}}.")
    others = (
        ReportDraft("Rare items matter: EASE reaches 0.9."),
        ReportDraft("Rare items matter: EASE reaches {{ndcg@10|EASE|mean}}."),
        ReportDraft("EASE reaches {{ndcg@10|EASE|mean}}."),
        ReportDraft("EASE is linear. EASE reaches an NDCG@10 of {{ndcg@10|EASE|mean}}."),
        ReportDraft("EASE dwarfs ItemKNN, reaching {{ndcg@10|EASE|mean}} in RMSE."),
    )

    good = report(tmp_path / "a", inputs_of(evidence), grounded)
    bad = [report(tmp_path / "b", inputs_of(evidence), o).headline for o in others]

    assert good.headline.startswith("**EASE reaches an NDCG@10 of 0.243.**")
    assert all(h.startswith("**NDCG@10: EASE 0.243") for h in bad)


def test_the_thread_text_stays_short(tmp_path):
    draft = ReportDraft("", tuple(f"A long finding on the split {'so ' * 200}." for _ in range(8)))
    checks = tuple(Check(f"c{i}", Finding.WARN, "why " * 100) for i in range(9))

    found = report(tmp_path, inputs_of(comparison_evidence(), checks=checks), draft)

    assert len(found.summary) <= MAX_TEXT
    assert "NDCG@10, 95 % interval" in found.summary
    assert "9 warnings" in found.summary


@pytest.mark.parametrize(
    "statement",
    [
        "sha256 `abab",
        "GroupLens terms",
        "943 users, 1,682 items, 100,000 interactions",
        "training may contain interactions later than tested ones",
        "ImplicitMFScorer, planned: embedding_size = 32; not tuned: one stated configuration",
        "zero handling: users without a difference stay in",
        "with one tested item most users have the value 0",
        "two-sided sign-flip permutation test, 9,999 flips",
        "no margin of equivalence was set",
        "| Prompts | none: no model was asked |",
        "CPU",
        "GiB memory",
        "s CPU, 0 MiB peak, isolation cold; all scripts together 0 s CPU",
        "unchanged since: no change of protocol after results",
        "a place among or ahead of the best published methods",
        "equality from a missing difference",
        "training seeds 0, 1, 2",
        "percentile bootstrap over test users",
        "chi-square interval over runs",
        "Holm over the family",
        "Python 3.11.7",
        "rule-based researcher, no AI model",
        "plan v1 frozen 2026-01-02 03:04:05 UTC by another person before any result",
        "1 script tried, 1 worked; chosen: script 1",
        "| Waivers | none |",
        "| Requirements not met | none |",
    ],
)
def test_the_report_states_what_makes_it_citable(seed_report, statement):
    assert statement in seed_report.markdown


def test_methods_hold_a_table_and_references(comparison_report):
    text = comparison_report.bundle.with_name("methods.md").read_text()

    assert r"\toprule" in text
    assert r"EASE & 0.243 & [" in text
    assert "@article{harper2015movielens" in text
    assert "@article{holm1979simple" in text


def failing_inputs():
    memory = Execution(None, Ended.MEMORY, "", 9.0, IsolationLevel.COLD)
    late = Execution(None, Ended.TIMEOUT, "", 9.0, IsolationLevel.COLD)
    ran = replace(
        node_of(6, value=0.5),
        checks=(Check("same_test_users", Finding.FAIL, "different users", True),),
        score=Score(0.5, 1, 2, 0, 1, ("same_test_users",)),
    )
    nodes = (
        *(node_of(i, execution=memory) for i in (1, 2, 3)),
        node_of(4, execution=late),
        node_of(5, execution=crashed("KeyError: 'rating'")),
        ran,
        node_of(7, execution=None, error="torchrec is not installed"),
    )
    plan = comparison_plan("EASE")
    base = inputs_of(evidence_of(plan, {}), nodes=nodes)
    return replace(
        base,
        evidence=None,
        facts=None,
        best=None,
        outcome=Outcome.NOTHING,
        reason="nodes",
        log=(replace(base.log[0], at=START + timedelta(hours=2, minutes=10)),),
    )


def test_a_failure_says_why_what_is_usable_and_what_next(tmp_path):
    found = report(tmp_path, failing_inputs())

    assert found.headline == (
        "**No result: none of 7 scripts satisfied the plan.** Stopped at the limit of scripts "
        "after 2 h 10 min."
    )
    why, usable, following = found.summary.splitlines()
    assert why.startswith("*Why:* 3 ran out of memory; ")
    assert "1 ran out of time" in why
    assert "`KeyError: 'rating'`" in why
    assert usable.startswith("*Usable:* the plan, the scripts and their output")
    assert "① Leave out the algorithms that need a dense item matrix" in following
    assert "③" in following
    assert found.bundle.exists()
    assert found.solution is None


def test_a_crash_is_told_before_the_checks_that_it_fails(tmp_path):
    base = failing_inputs()
    lacking = Check("contract_parses", Finding.FAIL, "results.json is missing.", is_binding=True)
    node = node_of(5, execution=crashed("KeyError: 'rating'"), checks=(lacking,))
    view = replace(base.view, nodes=(node,))

    found = report(tmp_path, replace(base, view=view, best=node))

    assert "crashed or was refused: `KeyError: 'rating'`" in found.summary
    assert "Not to be relied on" not in found.headline
    assert found.solution is None


def test_a_failure_with_rows_names_what_is_usable(tmp_path):
    evidence = comparison_evidence()
    inputs = replace(inputs_of(evidence), outcome=Outcome.NOTHING, reason="stopped")

    found = report(tmp_path, inputs)

    assert "4 single runs of EASE, ItemKNN, ImplicitMF, Popularity from script 1" in found.summary
    assert "Stopped on request" in found.headline


def test_a_stopped_script_says_how_far_it_came(tmp_path):
    plan = replace(plan_of(), seeds=tuple(range(30)))
    inputs = inputs_of(seed_evidence(plan, seeds=27), outcome=Outcome.NOTHING, reason="stopped")
    stopped = replace(inputs.best.execution, ended=Ended.STOPPED, exit_code=None)
    best = replace(inputs.best, execution=stopped)
    view = replace(inputs.view, nodes=(best,))
    unchecked = replace(best, score=replace(best.score, failed_checks=("no_test_in_train",)))

    found = report(tmp_path, replace(inputs, best=best, view=view))
    refused = report(tmp_path, replace(inputs, best=unchecked, view=view))

    assert "none of 1 scripts had come to its end.** Stopped on request" in found.headline
    assert re.search(
        r"ImplicitMF 0\.\d+, SD 0\.\d+ over 27 of 30 seeds; Popularity", found.summary
    )
    assert "① Ask again with fewer seeds" in found.summary
    assert "Preliminary" not in refused.summary


def test_unmet_musts_and_the_limit_that_ended_it_are_told(tmp_path):
    plan = replace(
        comparison_plan("EASE", "ItemKNN", "ImplicitMF"),
        requirements=(requirement(1), requirement(8)),
    )
    inputs = inputs_of(comparison_evidence(plan), outcome=Outcome.PARTIAL)
    best = replace(inputs.best, verdicts=inputs.best.verdicts[:1])
    inputs = replace(inputs, best=best, reason="seconds")

    found = report(tmp_path, inputs)

    assert "1 of 2 met; not met: 8 (requirement 8)." in found.summary
    assert "Stopped at the time limit." in found.summary


def test_a_report_can_be_written_again(tmp_path):
    inputs = inputs_of(comparison_evidence())
    first = write_report(inputs, NO_WORDS, tmp_path / "report")
    (tmp_path / "report" / "stale.txt").write_text("old")
    before = first.bundle.read_bytes()

    second = write_report(inputs, NO_WORDS, tmp_path / "report")

    assert not (tmp_path / "report" / "stale.txt").exists()
    assert second.bundle.read_bytes() == before


def test_a_report_needs_a_plan(tmp_path):
    inputs = inputs_of(comparison_evidence())

    with pytest.raises(ValueError, match="no plan"):
        write_report(
            replace(inputs, view=replace(inputs.view, plans=())), NO_WORDS, tmp_path / "r"
        )


def test_the_card_shows_subjects_beside_the_baseline():
    evidence = comparison_evidence()

    assert preliminary(evidence.plan, collect_facts(evidence)) == (
        "EASE NDCG@10 0.243 · ItemKNN 0.197 · ImplicitMF 0.197 · Popularity 0.077"
    )
    assert preliminary(evidence.plan, collect_facts(evidence_of(evidence.plan, {}))) == ""


def test_a_stopped_seed_study_tells_what_there_is(tmp_path):
    evidence = seed_evidence(seeds=27)
    inputs: ReportInputs = replace(inputs_of(evidence), outcome=Outcome.PARTIAL, reason="stopped")

    found = report(tmp_path, inputs)

    assert "over 27 seeds" in found.headline
    assert found.best == NodeId(1)


def test_a_repetition_is_told_as_repeatability(tmp_path):
    inputs = inputs_of(comparison_evidence())
    rerun = Rerun(NodeId(1), True, 0.0, 5, "Repeated, identical: on this machine.")
    view = replace(
        inputs.view, reruns=(rerun, replace(rerun, node=NodeId(9), text="of an older script"))
    )

    found = report(tmp_path, replace(inputs, view=view))

    assert "identical in all 5 values. The run is deterministic *on this machine*" in found.summary
    assert "| Repetition | Repeated, identical" in found.markdown
    assert "of an older script" not in found.markdown


@pytest.mark.parametrize(
    "rerun",
    [
        Rerun(NodeId(1), False, 0.1, 5, "Largest difference 0.1."),
        Rerun(NodeId(1), True, 0.0, 5, "Identical, although.", ("lenskit 2025.8.1 → 2026.1",)),
    ],
)
def test_a_repetition_with_something_to_tell_is_told_whole(tmp_path, rerun):
    inputs = inputs_of(comparison_evidence())
    view = replace(inputs.view, reruns=(rerun,))

    assert rerun.text in report(tmp_path, replace(inputs, view=view)).summary


def test_metrics_beside_the_primary_one_are_exploratory(tmp_path):
    metrics = (Metric("ndcg", 10), Metric("recall", 20))
    plan = comparison_plan("EASE", "ItemKNN", "ImplicitMF", metrics=metrics)

    found = report(tmp_path, inputs_of(comparison_evidence(plan)))

    declared, other = found.markdown.split("### Differences in Recall@20")
    assert "### Differences in NDCG@10" in declared
    assert "outside the family that the plan declares: exploratory" in other
    assert "Kendall's tau 1.00 (n = 4 is few" in other


@pytest.mark.parametrize(
    "run",
    [
        {"dataset": 3, "algorithms": [], "seeds": "x", "candidates": {"a": 1}},
        {"dataset": {"filters": 7, "users": None, "feedback": ["x"]}, "seeds": [None, "a" * 99]},
        {"algorithms": {"EASE": {"config": {f"k{i}": "v" * 99 for i in range(99)}, "trials": {}}}},
    ],
)
def test_whatever_a_script_records_there_is_a_report(tmp_path, run):
    inputs = inputs_of(replace(comparison_evidence(), run=run))

    found = write_report(inputs, NO_WORDS, tmp_path / "report")

    assert "What a citable report states" in found.markdown


def test_other_metrics_of_a_seed_study_have_their_spread(tmp_path):
    plan = replace(plan_of(), seeds=tuple(range(30)), metrics=(NDCG, Metric("recall", 20)))

    found = report(tmp_path, inputs_of(seed_evidence(plan)))

    assert "Recall@20: ImplicitMF 0.19" in found.summary
    assert "(SD 0.0038, 95 % interval 0.0030 to 0.0051, CV 2.0 %), Popularity 0.0" in found.summary


def test_the_report_says_nothing_twice(tmp_path):
    plan = comparison_plan(metrics=(NDCG, Metric("recall", 10)))
    inputs = inputs_of(comparison_evidence(plan))
    told = "Recall@10: {{recall@10|EASE|mean}}."
    draft = ReportDraft("", findings=(told,), limits=("Untuned.",), next_steps=("More seeds.",))

    markdown = report(tmp_path, inputs, draft).markdown

    for text in ("Untuned.", "More seeds.", "One data set: nothing here speaks for others."):
        assert markdown.count(text) == 1
    assert "## Limits" in markdown
    assert "*Limits:*" not in markdown
    assert "*Findings:*" not in markdown


def test_a_finding_that_is_among_the_metrics_is_not_told_again(tmp_path):
    plan = comparison_plan(metrics=(NDCG, Metric("recall", 10)))
    inputs = inputs_of(comparison_evidence(plan))
    facts = inputs.facts
    line = thread_text(inputs, facts, Prose()).splitlines()
    (recall,) = [text for text in line if text.startswith("Recall@10: ")]

    again = "Recall@10: EASE mean 0.2; ItemKNN mean 0.1."
    told = thread_text(inputs, facts, Prose(findings=(recall, again, "EASE is first.")))

    assert told.count("Recall@10:") == 1
    assert told.index("EASE is first.") < told.index("*Protocol:*")


def test_a_warning_in_the_first_lines_is_only_named_among_the_checks(tmp_path):
    inputs = inputs_of(seed_evidence())
    best = replace(inputs.best, checks=(BELOW,))
    found = report(tmp_path, replace(inputs, best=best))

    assert found.headline.count("4.5 times smaller") == 1
    assert "1 warning (`beats_baseline`, see above)" in found.summary
    assert "4.5 times smaller" not in found.summary


def test_scripts_that_only_repeat_another_count_apart(tmp_path):
    inputs = inputs_of(seed_evidence())
    same = replace(node_of(2, execution=None), error="It ran before.", is_duplicate=True)
    view = replace(inputs.view, nodes=(*inputs.view.nodes, same))
    found = report(tmp_path, replace(inputs, view=view))

    counted = "1 script tried (1 more not run, because the same had run before)"
    assert counted in found.summary
    assert f"{counted}, 1 worked" in found.markdown


def test_files_name_people_by_their_part(tmp_path):
    inputs = inputs_of(seed_evidence())
    view = replace(
        inputs.view,
        task=Task("question", requester=UserId("U0ANN")),
        freeze=Freeze(1, "ab" * 32, START, UserId("U0ANN")),
        waivers=(Waiver("baseline_present", "leakage", UserId("U0BOB")),),
        disputes=(Disputed("too low", UserId("U0BOB")),),
    )
    found = report(tmp_path, replace(inputs, view=view))
    methods = (tmp_path / "report" / "methods.md").read_text()

    assert "U0" not in found.markdown + methods
    assert "by the requester before any result" in methods
    assert "set aside** by another person" in found.markdown
    assert "**Disputed** by another person: “too low”" in found.markdown
    assert "**Disputed** by U0BOB" in found.headline


def test_the_products_own_training_is_told_by_what_is_furthest_apart():
    pairs = (
        Pair("ImplicitMF", "ndcg", 10, delivered=0.210, trained=0.212, slack=0.01, runs=1),
        Pair("Popularity", "ndcg", 10, delivered=0.072, trained=0.072, slack=0.01, runs=1),
    )
    inputs = inputs_of(seed_evidence())
    evidence = replace(inputs.evidence, retrained=Retrained("0", pairs))

    told = retrained_text(replace(inputs, evidence=evidence))

    assert "2 of 2 values agree within what seeds and ties explain" in told
    assert told.endswith("in NDCG@10 is ImplicitMF with 0.212 (delivered 0.210).")
    evidence = replace(inputs.evidence, retrained=Retrained("0", pairs[1:]))
    assert retrained_text(replace(inputs, evidence=evidence)).endswith("ties explain.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plan v1 frozen", "Plan v1 frozen."),
        ("said: “all of it”", "Said: “all of it”."),
        ("said: “all of it.”", "Said: “all of it.”"),
        ("Why?", "Why?"),
    ],
)
def test_statements_become_sentences(text, shown):
    assert as_sentence(text) == shown

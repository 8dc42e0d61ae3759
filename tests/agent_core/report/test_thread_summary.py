"""What stands in the thread: warnings before anything else, then short and whole."""

from dataclasses import replace

import pytest
from builders import plan_of, rated
from reported import report
from results import (
    NDCG,
    START,
    comparison_evidence,
    comparison_plan,
    dataset,
    inputs_of,
    seed_evidence,
)

from agent_core.domain import (
    Algorithm,
    Check,
    Estimand,
    Finding,
    Metric,
    NodeId,
    Question,
    ReportDraft,
    SplitKind,
    Study,
    UserId,
    Waiver,
)
from agent_core.domain.events import Rerun
from agent_core.evidence.retrained import Pair, Retrained
from agent_core.report.caveats import alerts
from agent_core.report.rendering import warns
from agent_core.report.thread_summary import MAX_TEXT, Prose, part_text, thread_text
from agent_core.run.view import Freeze


def part(name, inputs):
    return part_text(name, inputs, inputs.facts)


BPR = Algorithm("BPR with 8 factors=x", "BPRScorer", is_random=True)


BELOW = Check(
    "beats_baseline",
    Finding.WARN,
    "Below the baseline in NDCG@10: MF 0.015 against Popularity 0.068 (4.5 times smaller).",
)


def test_the_protocol_says_what_of_the_data_was_kept():
    plan = rated(comparison_plan("EASE", "ItemKNN"), 4)

    whole, kept = (
        part("protocol", inputs_of(comparison_evidence(p)))
        for p in (comparison_plan("EASE", "ItemKNN"), plan)
    )

    assert "ratings of 4 and more" in kept
    assert "ratings of 4 and more" not in whole


def test_the_protocol_names_a_swept_model_once():
    plan = comparison_plan()
    swept = [Algorithm(f"MF factors={n}", "MF", {"factors": n}, is_random=True) for n in (8, 16)]
    plan = replace(plan, study=Study.SWEEP, swept="factors", algorithms=(*swept, BPR))
    inputs = inputs_of(comparison_evidence())
    view = replace(inputs.view, plans=(plan,))

    assert " of MF, BPR with 8 factors=x." in part("protocol", replace(inputs, view=view))


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

    found = part("retraining", inputs_of(evidence))

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

    assert found.headline.splitlines()[1].startswith("⚠️ **Not above the baseline.** Below")
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


def test_the_thread_text_stays_short(tmp_path):
    draft = ReportDraft("", tuple(f"A long finding on the split {'so ' * 200}." for _ in range(8)))
    checks = tuple(Check(f"c{i}", Finding.WARN, "why " * 100) for i in range(9))

    found = report(tmp_path, inputs_of(comparison_evidence(), checks=checks), draft)

    assert len(found.summary) <= MAX_TEXT
    assert "NDCG@10, 95 % interval" in found.summary
    assert "9 warnings" in found.summary


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


def test_other_metrics_of_a_seed_study_have_their_spread(tmp_path):
    plan = replace(plan_of(), seeds=tuple(range(30)), metrics=(NDCG, Metric("recall", 20)))

    found = report(tmp_path, inputs_of(seed_evidence(plan)))

    assert "Recall@20: ImplicitMF 0.19" in found.summary
    assert "(SD 0.0038, 95 % interval 0.0030 to 0.0051, CV 2.0 %), Popularity 0.0" in found.summary


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
    found = report(tmp_path, inputs_of(comparison_evidence(), checks=(BELOW,)))

    assert found.headline.count("4.5 times smaller") == 1
    assert "1 warning (`beats_baseline`, see above)" in found.summary
    assert "4.5 times smaller" not in found.summary


@pytest.mark.parametrize(
    ("kind", "is_about_it"),
    [(Estimand.ORDER, False), (Estimand.STOPPING, False), (Estimand.SPREAD, True)],
)
def test_a_baseline_stands_among_the_checks_where_no_question_is_about_it(kind, is_about_it):
    plan = replace(plan_of(), questions=(Question(kind, ("algorithm",), ("ndcg@10",)),))

    assert warns(plan, "beats_baseline") is is_about_it


def test_the_products_own_training_is_told_by_what_is_furthest_apart():
    pairs = (
        Pair("ImplicitMF", "ndcg", 10, delivered=0.210, trained=0.212, slack=0.01, runs=1),
        Pair("Popularity", "ndcg", 10, delivered=0.072, trained=0.072, slack=0.01, runs=1),
    )
    inputs = inputs_of(seed_evidence())
    evidence = replace(inputs.evidence, retrained=Retrained("0", pairs))

    told = part("retraining", replace(inputs, evidence=evidence))

    assert "2 of 2 values agree within what ties and the seeds of ImplicitMF explain" in told
    assert told.endswith("in NDCG@10 is ImplicitMF with 0.212 (delivered 0.210).")
    evidence = replace(inputs.evidence, retrained=Retrained("0", pairs[1:]))
    assert part("retraining", replace(inputs, evidence=evidence)).endswith("what ties explain.")

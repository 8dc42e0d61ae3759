"""Reports: every number recorded, nothing said twice."""

from dataclasses import replace

import pytest
from builders import node_of, requirement
from reported import NO_WORDS, report
from results import (
    NDCG,
    START,
    comparison_evidence,
    comparison_plan,
    evidence_of,
    inputs_of,
    seed_evidence,
)

from agent_core.domain import (
    Claim,
    Ending,
    Estimand,
    Metric,
    NodeId,
    Outcome,
    Question,
    ReportDraft,
    Task,
    UserId,
    Waiver,
)
from agent_core.domain.events import Disputed
from agent_core.report import writer
from agent_core.report.writer import ReportInputs, preliminary_text, write_report
from agent_core.run.view import Freeze
from agent_core.statistics.facts import collect_facts


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


def test_unmet_musts_and_the_limit_that_ended_it_are_told(tmp_path):
    plan = replace(
        comparison_plan("EASE", "ItemKNN", "ImplicitMF"),
        requirements=(requirement(1), requirement(8)),
    )
    inputs = inputs_of(comparison_evidence(plan), outcome=Outcome.PARTIAL)
    best = replace(inputs.best, verdicts=inputs.best.verdicts[:1])
    inputs = replace(inputs, best=best, ending=Ending.SECONDS)

    found = report(tmp_path, inputs)

    assert "1 of 2 met; not met: 8 (requirement 8)." in found.summary
    assert "Stopped at the time limit." in found.summary


def test_no_table_of_a_short_report_is_a_header_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "MOST_REPORT", 1)

    lines = report(tmp_path, inputs_of(comparison_evidence())).markdown.splitlines()
    rules = [i for i, line in enumerate(lines) if line.startswith("|---")]

    assert rules
    assert all(lines[i + 1].startswith("|") for i in rules)


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

    assert preliminary_text(evidence.plan, collect_facts(evidence)) == (
        "EASE NDCG@10 0.243 · ItemKNN 0.197 · ImplicitMF 0.197 · Popularity 0.077"
    )
    assert preliminary_text(evidence.plan, collect_facts(evidence_of(evidence.plan, {}))) == ""


def test_a_stopped_seed_study_tells_what_there_is(tmp_path):
    evidence = seed_evidence(seeds=27)
    inputs: ReportInputs = replace(
        inputs_of(evidence), outcome=Outcome.PARTIAL, ending=Ending.STOPPED
    )

    found = report(tmp_path, inputs)

    assert "over 27 seeds" in found.headline
    assert found.best == NodeId(1)


def test_metrics_beside_the_primary_one_are_exploratory(tmp_path):
    metrics = (Metric("ndcg", 10), Metric("recall", 20))
    asked = Question(Estimand.DIFFERENCE, ("algorithm",), ("ndcg@10",))
    plan = comparison_plan("EASE", "ItemKNN", "ImplicitMF", metrics=metrics)
    plan = replace(plan, questions=(asked,))

    found = report(tmp_path, inputs_of(comparison_evidence(plan)))

    assert "## How much do algorithms differ in NDCG@10?" in found.markdown
    other = found.markdown.partition("### Differences in Recall@20")[2]
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

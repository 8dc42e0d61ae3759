"""The headline: the answer comes first."""

import re
from dataclasses import replace

from reported import report
from results import comparison_evidence, comparison_plan, evidence_of, inputs_of, seed_evidence

from agent_core.domain import Algorithm, ReportDraft, Role, Study


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


def test_two_seeds_do_not_tell_how_far_the_seed_moves_anything(tmp_path):
    headline = report(tmp_path, inputs_of(seed_evidence(seeds=2))).headline

    assert "by an amount that 2 seeds leave open" in headline
    (gap,) = re.findall(r"differ by more than ([\d.]+) only", headline)
    limits = re.findall(r"interval ([\d.]+) to ([\d.]+)\)", headline)[0]
    assert all(float(amount) > 0 for amount in (gap, *limits))


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

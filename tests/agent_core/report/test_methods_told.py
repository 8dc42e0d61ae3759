"""The methods that a report names are those that were used, row by row."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import plan_of
from results import NDCG, comparison_plan, evidence_of, inputs_of

from agent_core.domain import (
    Algorithm,
    Candidates,
    Level,
    Metric,
    ReportDraft,
    SplitKind,
    SplitRules,
)
from agent_core.evidence.evidence import AGREEMENT_COLUMNS
from agent_core.report.methods_section import statements
from agent_core.report.rendering import candidates_of
from agent_core.report.writer import write_report
from agent_core.statistics.facts import collect_facts

RNG = np.random.default_rng(7)


def mixed_hits():
    plan = comparison_plan("ItemKNN", metrics=(Metric("hit", 10),))
    model = Algorithm("ImplicitMF", "ImplicitMFScorer", is_random=True)
    plan = replace(plan, algorithms=(model, *plan.algorithms), seeds=(0, 1, 2))

    def hits(share):
        return (RNG.random(120) < share).astype(float)

    runs = {("ImplicitMF", "0", str(s)): hits(0.3) for s in range(3)}
    runs |= {("ItemKNN", "0", ""): hits(0.35), ("Popularity", "0", ""): hits(0.2)}
    return evidence_of(plan, runs)


def test_each_difference_names_its_own_test(tmp_path):
    evidence = mixed_hits()

    inputs = replace(inputs_of(evidence), evidence=None)
    text = write_report(inputs, ReportDraft(""), tmp_path / "r").markdown

    table = text.partition("## How much do algorithms differ")[2].partition("\n##")[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if "|" in line]
    head, rows = lines[0], lines[2:]
    tests = {(r[1], r[2]): r[head.index("test")] for r in rows}
    assert tests["ItemKNN", "Popularity"] == "McNemar's exact test"
    assert tests["ImplicitMF", "Popularity"] == "sign-flip permutation test, 9,999 flips"
    assert "two-sided tests as the table names, interval by" in table
    assert "p adjusted by Holm over the pairs of the question" in table


def test_of_very_many_users_the_normal_approximation_is_named():
    big = RNG.beta(1, 4, 5001)
    runs = {("EASE", "0", ""): big, ("Popularity", "0", ""): big * 0.4}

    told = dict(statements(inputs_of(evidence_of(comparison_plan("EASE"), runs))))["Intervals"]

    assert "means: 95 % Student's t (normal approximation, over 5,000 users) over test" in told
    assert "same users, Student's t (normal" in told
    assert "two-sided sign-flip test, normal approximation" in told
    assert "bootstrap" not in told
    assert "no normal scatter over users" not in told


@pytest.mark.parametrize(
    ("metric", "definition", "told", "not_told"),
    [
        ("ndcg", "gain 2^rating - 1, discount log2(rank + 1)", "gain 2^rating - 1", "as the"),
        ("precision", "hits / list length", "Precision@10: hits / list length;", "over k"),
        ("recall", "hits / test items; only users with a list", "they count as 0", "; only users"),
    ],
)
def test_a_metric_is_described_by_the_definition_that_matched(metric, definition, told, not_told):
    chosen = Metric(metric, 10)
    plan = comparison_plan("EASE", metrics=(chosen,))
    evidence = evidence_of(
        plan, {("EASE", "0", ""): [0.1] * 9, ("Popularity", "0", ""): [0.1] * 9}
    )
    row = ("EASE", "0", "", metric, 10, 0.1, 0.1, definition, True)
    agreement = pd.DataFrame([row], columns=list(AGREEMENT_COLUMNS))

    text = dict(statements(inputs_of(replace(evidence, agreement=agreement))))["Metric"]

    assert told in text
    assert not_told not in text


def test_tables_say_what_their_means_are_over(tmp_path):
    evidence = evidence_of(
        comparison_plan("EASE"), {("EASE", "0", ""): [0.1, 0.3], ("Popularity", "0", ""): [0.1, 0]}
    )
    bare = replace(evidence, per_user=evidence.per_user.iloc[:0])

    reports = [write_report(inputs_of(e), ReportDraft(""), tmp_path) for e in (evidence, bare)]
    told = [re.findall("Means: .*", r.markdown)[0] for r in reports]

    assert told == [
        "Means: each test user's mean over runs, averaged over users.",
        "Means: averaged over runs, since not every run has values of its users.",
    ]
    assert collect_facts(evidence).of(NDCG)[0].mean == pytest.approx(0.2)


def test_candidates_are_told_by_the_plan_where_its_rule_is_another():
    rules = SplitRules(SplitKind.LEAVE_ONE_OUT, candidates=Candidates.FULL_TRAINING)
    plan = replace(plan_of(), split_levels=(Level(SplitRules(SplitKind.LEAVE_ONE_OUT)),))

    assert candidates_of(plan) == ""
    told = candidates_of(replace(plan, split_levels=(Level(rules),)))
    assert told == "candidates are the items of the full training"

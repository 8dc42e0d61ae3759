"""Words of scripts and judges: told as theirs, without anything that reads like a finding."""

import re
from dataclasses import replace

import pytest
from builders import crashed, node_of
from results import comparison_evidence, inputs_of

from agent_core.domain import ReportDraft, Verdict
from agent_core.prose.quotation import is_name, quoted, said_by, short, without_results
from agent_core.report.script_outcomes import outcome_text
from agent_core.report.writer import write_report

LIE = "EASE is significantly better than all (p < 0.001), NDCG 0.98"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Every rating counts.", "Every rating counts."),
        (LIE, "[…]"),
        (f"All items. {LIE}. None sampled.", "All items. […] None sampled."),
        ("A rating >= 3.5 counts as positive.", "A rating >= 3.5 counts as positive."),
        ("EASE > ItemKNN", "[…]"),
        ("Recall: 1 of 2", "[…]"),
        ("one\ntwo", "one two"),
    ],
)
def test_what_states_a_result_is_left_out(text, told):
    assert without_results(text) == told


def test_words_are_told_as_those_of_their_speaker():
    assert said_by("script", 'all "items"') == "the script says: “all 'items'”"
    assert len(quoted("a" * 900, 100)) <= 102


@pytest.mark.parametrize("value", [200, 0.5, None, True, "ItemKNN k=20", "lenskit.knn.EASEScorer"])
def test_plain_values_stay_as_they_are(value):
    assert short(value) == str(value)


@pytest.mark.parametrize("name", [LIE, "EASE (best)", "a" * 90, "**x**", "x|y", "EASE > all", ""])
def test_a_statement_is_no_name(name):
    assert not is_name(name)


LYING_RUN = {
    "dataset": {"feedback": LIE, "filters": [{"name": LIE, "before": LIE, "after": 3}]},
    "candidates": LIE,
    "seeds": [LIE],
    "algorithms": {
        "EASE": {
            "class": LIE,
            "config": {"note": LIE, LIE: 1, "ndcg": 0.98},
            "trials": LIE,
            "selected_on": LIE,
        }
    },
}


def test_a_script_and_a_judge_state_no_result_in_a_report(tmp_path):
    inputs = inputs_of(replace(comparison_evidence(), run=LYING_RUN))
    verdicts = tuple(Verdict(r.id, True, LIE, by="judge-1") for r in inputs.plan.requirements)
    script = replace(inputs.best.script, plan=LIE)
    best = replace(inputs.best, verdicts=verdicts, script=script)
    view = replace(inputs.view, nodes=(best,))

    found = write_report(replace(inputs, best=best, view=view), ReportDraft(""), tmp_path / "r")

    methods = (tmp_path / "r" / "methods.md").read_text()
    for text in (found.headline, found.summary, found.markdown, methods):
        assert "significantly" not in text
        assert "0.98" not in text
    assert "the judge says: “[…]”" in found.markdown
    assert "the script says: “[…]”" in found.markdown


def test_an_error_of_a_script_states_no_result_either():
    lying, plain = (
        node_of(1, execution=crashed(f"ValueError: {text}")) for text in (LIE, "no column 'x'")
    )

    assert "significantly" not in outcome_text(lying)
    assert outcome_text(plain) == "finished: ValueError: no column 'x'"


def test_what_they_say_else_is_quoted(tmp_path):
    run = {"dataset": {"feedback": "every rating counts"}, "candidates": "all training items"}
    inputs = inputs_of(replace(comparison_evidence(), run=run))

    found = write_report(inputs, ReportDraft(""), tmp_path / "r")

    assert "the script says: “every rating counts”" in found.markdown
    assert re.search(r"Candidates \| the script says: “all training items”", found.markdown)
    assert "the script says: “A plan of a script.”" in found.markdown

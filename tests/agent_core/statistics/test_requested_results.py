"""What a plan says is reported is matched with what there is, or named as missing."""

from dataclasses import replace

import pytest
from builders import OK, requirement
from reported import NO_WORDS
from results import comparison_evidence, comparison_plan, facts_of, inputs_of

from agent_core.domain import with_design
from agent_core.report.requested_files import asked_tables, script_tables
from agent_core.report.writer import write_report
from agent_core.statistics.answered import answers_for, is_left_open
from agent_core.statistics.requested_results import matched_requests, missing_requests
from sandbox.execution import Artifact

PIXEL = b"\x89PNG\r\n\x1a\nnothing that anybody opens"


@pytest.fixture(scope="module")
def study():
    plan = with_design(comparison_plan("EASE", "ItemKNN", "ImplicitMF"))
    evidence = comparison_evidence(plan)
    return evidence, facts_of(evidence), answers_for(evidence)


def asked(study, *reported, artifacts=(), run=None):
    """Return the evidence of a study with what it was to report, and what came of each."""
    evidence, facts, answers = study
    found = replace(
        evidence,
        plan=replace(evidence.plan, reported=reported),
        execution=replace(OK, artifacts=tuple(artifacts)),
        run=run or {},
    )
    return found, matched_requests(found, facts, answers)


def saved(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return Artifact(name, path, len(content), "")


def test_what_answers_and_runs_show_is_there(study):
    _, matched = asked(
        study,
        "means and paired differences with intervals",
        "per-run CSV",
        "a figure of NDCG@10 by algorithm",
        "recommendation lists",
    )

    assert missing_requests(matched) == ()
    assert all(m.made for m in matched[:3])


@pytest.mark.parametrize(
    "text",
    [
        "a heat map of Kendall's tau",
        "a figure of Recall@20 by algorithm",
        "a table of users and items left",
        "9 plots",
        "the Pareto front",
    ],
)
def test_what_nobody_made_is_missing_and_leaves_the_run_open(study, text):
    evidence, matched = asked(study, text)

    assert missing_requests(matched) == (text,)
    assert is_left_open(evidence.plan, study[2], matched)
    assert not is_left_open(evidence.plan, study[2])


def test_a_script_that_says_what_a_figure_shows_made_it(study, tmp_path):
    text = "a heat map of Kendall's tau"
    file = saved(tmp_path, "agreement.png", PIXEL)

    _, silent = asked(study, text, artifacts=[file])
    _, told = asked(study, text, artifacts=[file], run={"figures": {"agreement": text}})

    assert missing_requests(silent) == (text,)
    assert [m.name for m in told[0].made] == ["agreement"]


def test_figures_that_were_asked_for_come_first_and_small_tables_are_printed(study, tmp_path):
    table = b"core,users left,items left\n5,900,1300\n10,850,1100\n"
    files = [
        saved(tmp_path, "agreement.pdf", b"for print"),
        saved(tmp_path, "agreement.png", PIXEL),
        saved(tmp_path, "left.csv", table),
        saved(tmp_path, "left.png", PIXEL),
    ]
    run = {"figures": {"agreement": "heat map of Kendall's tau"}}
    evidence, matched = asked(
        study,
        "a heat map of Kendall's tau",
        "a table of users and items left",
        artifacts=files,
        run=run,
    )
    inputs = replace(inputs_of(evidence), evidence=evidence, answers=study[2], requests=matched)

    report = write_report(inputs, NO_WORDS, tmp_path / "report")

    assert report.asked == 1
    assert report.figures[0].read_bytes() == PIXEL
    assert [t.table[0] for t in script_tables(inputs)] == [("core", "users left", "items left")]
    assert "| 5 | 900 | 1,300 |" in report.markdown
    assert "1,300" in report.summary
    figure, block = asked_tables(inputs)
    assert block.count("```") == 2
    assert "heat map of Kendall's tau" in figure
    assert "](figures/script_agreement.png)" in report.markdown


def test_what_a_script_says_in_the_words_of_a_requirement_is_shown(study, tmp_path):
    evidence, *known = study
    drawn = replace(requirement(2), text="A figure: a line for each model seed over the splits.")
    told = replace(evidence, plan=replace(evidence.plan, requirements=(drawn,)))
    files = [saved(tmp_path, n, PIXEL) for n in ("by_seed.png", "other.png")]
    run = {"figures": {"by_seed": "NDCG@10, a line for each model seed over the splits"}}

    _, matched = asked((told, *known), artifacts=files, run=run)

    assert [(m.wanted.text, m.made[0].name) for m in matched] == [(drawn.text, "by_seed")]
    assert missing_requests(matched) == ()


def test_a_table_goes_with_the_requirement_for_one_that_says_most_of_it(study, tmp_path):
    evidence, *known = study
    texts = (
        "Six seeds for each size",
        "The gap, the SD over seeds of each size and how often one seed is wrong, in a table",
    )
    wanted = tuple(replace(requirement(i), text=t) for i, t in enumerate(texts, start=1))
    told = replace(evidence, plan=replace(evidence.plan, requirements=wanted))
    run = {
        "tables": {"gap": "gap against the SD over seeds, how often one seed of each size errs"}
    }

    _, matched = asked((told, *known), artifacts=[saved(tmp_path, "gap.csv", b"a\n1\n")], run=run)

    assert [m.wanted.text for m in matched] == [texts[1]]


def test_what_is_missing_stands_in_the_first_lines(study, tmp_path):
    evidence, matched = asked(study, "the Pareto front")
    inputs = replace(inputs_of(evidence), requests=matched)

    report = write_report(replace(inputs, evidence=None), NO_WORDS, tmp_path / "report")

    assert any("the Pareto front" in line for line in report.warnings)

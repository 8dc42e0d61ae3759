"""Reports without a result: why, what is usable, and what next."""

import re
from dataclasses import replace
from datetime import timedelta

from builders import crashed, node_of, plan_of
from reported import report
from results import (
    START,
    comparison_evidence,
    comparison_plan,
    evidence_of,
    inputs_of,
    seed_evidence,
)

from agent_core.domain import Check, Ending, Finding, Outcome, Score
from agent_core.report.texts import TEXTS
from sandbox.execution import Ended, Execution, IsolationLevel


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
        ending=Ending.NODES,
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
    inputs = replace(inputs_of(evidence), outcome=Outcome.NOTHING, ending=Ending.STOPPED)

    found = report(tmp_path, inputs)

    assert "4 single runs of EASE, ItemKNN, ImplicitMF, Popularity from script 1" in found.summary
    assert "Stopped on request" in found.headline


def test_a_stopped_script_says_how_far_it_came(tmp_path):
    plan = replace(plan_of(), seeds=tuple(range(30)))
    inputs = inputs_of(
        seed_evidence(plan, seeds=27), outcome=Outcome.NOTHING, ending=Ending.STOPPED
    )
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


def test_every_way_to_end_early_is_told_in_words():
    assert set(TEXTS["causes"]) == set(Ended) - {Ended.FINISHED}

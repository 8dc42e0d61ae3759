from dataclasses import replace

from builders import node_of, plan_of, requirement

from agent_core.domain import Check, Finding, Priority, Verdict
from agent_core.evidence.quotes import Exhibits
from agent_core.search.scoring import (
    agree_verdicts,
    carry_over,
    score,
    undecided_requirements,
    unjudged_verdicts,
    verdicts_of_checks,
)


def check(name, finding, *, is_binding=False):
    return Check(name, finding, f"{name} said {finding.value}", is_binding=is_binding)


def test_a_check_decides_the_requirement_that_names_it():
    plan = plan_of(requirement(1, "runs_clean"), requirement(2, "lists_saved"), requirement(3))
    checks = (check("runs_clean", Finding.PASS), check("lists_saved", Finding.FAIL))

    verdicts = verdicts_of_checks(plan, checks)

    assert [(v.requirement, v.is_met) for v in verdicts] == [(1, True), (2, False)]
    assert [r.id for r in undecided_requirements(plan, verdicts)] == [3]


def test_a_check_that_does_not_apply_decides_nothing():
    plan = plan_of(requirement(1, "seeds_as_planned"))
    checks = (check("seeds_as_planned", Finding.NOT_APPLICABLE),)

    assert verdicts_of_checks(plan, checks) == ()
    assert undecided_requirements(plan, ()) == plan.requirements


def test_where_nothing_is_trained_what_is_checked_of_trainings_counts_as_met():
    plan = replace(plan_of(requirement(1, "dataset_loaded")), algorithms=())

    (verdict,) = verdicts_of_checks(plan, (check("dataset_loaded", Finding.NOT_APPLICABLE),))

    assert verdict.is_met
    assert verdict.reason.startswith("not applicable")


def test_the_score_is_computed_from_verdicts():
    plan = plan_of(requirement(1), requirement(2), requirement(3, priority=Priority.NICE))
    verdicts = (Verdict(1, is_met=True, reason=""), Verdict(2, is_met=True, reason=""))

    result = score(plan, (), verdicts)

    assert (result.met, result.total, result.musts_met, result.musts) == (2, 3, 2, 2)
    assert result.is_satisfactory


def test_a_failed_binding_check_keeps_a_node_from_satisfying():
    plan = plan_of(requirement(1))
    verdicts = (Verdict(1, is_met=True, reason=""),)
    leak = check("no_test_in_train", Finding.FAIL, is_binding=True)

    result = score(plan, (leak,), verdicts)

    assert result.value == 1.0
    assert not result.is_satisfactory
    assert result.failed_checks == ("no_test_in_train",)


def test_a_verdict_is_carried_over_as_long_as_its_quote_occurs():
    met = Verdict(1, True, "shown", "fit(seed)", "m")
    lost = Verdict(2, True, "shown", "plot()", "m")
    unmet = Verdict(3, False, "missing", "", "m")
    parent = replace(node_of(4, value=0.5), verdicts=(met, lost, unmet))
    shown = Exhibits("fit(seed)\nsave()", "", {}, ())

    wanted = [requirement(i) for i in (1, 2, 3)]

    kept = carry_over(wanted, [parent], shown, {parent.plan_version: plan_of(*wanted)})

    assert kept == (replace(met, by="m, script 4"),)


def test_a_verdict_on_other_words_is_not_carried_over():
    met = Verdict(1, True, "shown", "fit(seed)", "m")
    node = replace(node_of(4, value=0.5), verdicts=(met,))
    shown = Exhibits("fit(seed)\n", "", {}, ())
    before = plan_of(replace(requirement(1), text="K is 10"))
    wanted = [replace(requirement(1), text="K is 20")]

    assert carry_over(wanted, [node], shown, {node.plan_version: before}) == ()
    assert carry_over(before.requirements, [node], shown, {node.plan_version: before})


def test_a_disagreement_is_not_met_and_is_shown():
    first = Verdict(1, True, "it is there.", "x", "m")

    same = agree_verdicts(first, (Verdict(1, True, "yes", "x", "m"),))
    other = agree_verdicts(first, (Verdict(1, False, "it is not.", "", "m"),))

    assert same is first
    assert not other.is_met
    assert other.reason == "Judged twice, differently. Met: it is there. Not met: it is not."


def test_what_could_not_be_judged_is_not_met():
    plan = plan_of(requirement(1))

    verdicts = unjudged_verdicts(plan.requirements, "no answer")

    assert score(plan, (), verdicts).value == 0.0

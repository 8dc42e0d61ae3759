from random import Random

from builders import crashed, node_of, plan_of, requirement
from hypothesis import given, strategies as st

from agent_core.domain import Check, Finding, Operator, Priority
from agent_core.run.tree import Tree
from agent_core.search.policy import choose, decision_rng, improvement, open_requirements
from agent_core.settings import TreeSearchSettings

PLAN = plan_of()


def settings(**given):
    return TreeSearchSettings(num_draft_nodes=2, **given)


def broken(number, **more):
    return node_of(number, execution=crashed(), value=0.0, **more)


def test_drafts_come_first():
    action = choose(Tree((node_of(1),)), PLAN, settings(), Random(0))

    assert action.operator is Operator.DRAFT


def test_waits_while_drafts_are_in_work():
    tree = Tree((node_of(1), node_of(2)))

    assert choose(tree, PLAN, settings(), Random(0)) is None


def test_waits_for_news_after_a_script_that_had_run_before():
    again = node_of(
        4, parents=(1,), operator=Operator.IMPROVE, error="It ran before.", is_duplicate=True
    )
    busy = node_of(3, parents=(1,), operator=Operator.IMPROVE)
    ended = (node_of(1, value=0.5), node_of(2, value=0.4))

    waiting = choose(Tree((*ended, busy, again)), PLAN, settings(), Random(0))
    going_on = choose(Tree((*ended, again)), PLAN, settings(debug_prob=0), Random(0))

    assert waiting is None
    assert going_on.operator is Operator.IMPROVE


def test_drafts_afresh_when_nothing_is_left_to_mend():
    same = broken(2, parents=(1,), operator=Operator.DEBUG)
    tree = Tree((broken(1), same, broken(3, parents=(2,), operator=Operator.DEBUG)))

    action = choose(tree, PLAN, TreeSearchSettings(num_draft_nodes=1), Random(0))

    assert action.operator is Operator.DRAFT


def test_debugs_when_nothing_works():
    action = choose(Tree((broken(1), broken(2))), PLAN, settings(debug_prob=0), Random(0))

    assert action.operator is Operator.DEBUG


def test_never_debugs_while_something_works_and_debug_prob_is_zero():
    tree = Tree((broken(1), node_of(2, value=0.5)))

    actions = {choose(tree, PLAN, settings(debug_prob=0), Random(s)).operator for s in range(30)}

    assert actions == {Operator.IMPROVE}


def test_improves_the_best_without_exploration():
    tree = Tree((node_of(1, value=0.5), node_of(2, value=0.75)))

    parents = {choose(tree, PLAN, settings(epsilon=0), Random(s)).parents for s in range(30)}

    assert parents == {(2,)}


def test_explores_other_working_nodes_at_full_epsilon():
    tree = Tree((node_of(1, value=0.5), node_of(2, value=0.75)))

    parents = {choose(tree, PLAN, settings(epsilon=1), Random(s)).parents for s in range(30)}

    assert parents == {(1,), (2,)}


def test_aims_at_the_open_requirement_that_was_tried_least():
    plan = plan_of(
        requirement(1), requirement(2, priority=Priority.NICE), requirement(3), requirement(4)
    )
    parent = node_of(1, value=0.5)
    child = node_of(2, value=0.5, parents=(1,), operator=Operator.IMPROVE, aim=3)

    assert [r.id for r in open_requirements(parent, plan)] == [3, 4, 2]
    assert improvement(parent, plan, Tree((parent, child))).aim == 4


def test_a_failed_binding_check_comes_before_any_requirement():
    leak = Check("no_test_in_train", Finding.FAIL, "3 pairs", is_binding=True)
    node = node_of(1, value=0.5, checks=(leak,))

    assert improvement(node, PLAN, Tree((node,))).aim is None


@given(st.integers(), st.integers(0, 1000))
def test_decisions_are_repeatable(seed, decision):
    assert decision_rng(seed, decision).random() == decision_rng(seed, decision).random()


def test_what_is_in_work_is_not_begun_a_second_time():
    plan = plan_of(requirement(1), requirement(2), requirement(3))
    parent = node_of(1, value=0.5)
    begun = [node_of(n, parents=(1,), operator=Operator.IMPROVE, aim=n) for n in (2, 3)]
    other = node_of(4, value=0.25)
    given = TreeSearchSettings(num_draft_nodes=1, epsilon=0)

    second = choose(Tree((parent, begun[0])), plan, given, Random(0))
    waits = choose(Tree((parent, *begun)), plan, given, Random(0))
    beside = choose(Tree((parent, *begun, other)), plan, given, Random(0))

    assert second.aim == 3
    assert waits is None
    assert beside.parents == (4,)

from dataclasses import replace

from builders import OK, crashed, node_of

from agent_core.domain import Operator, Score
from agent_core.run.tree import Tree, best_of, error_signature, next_id


def broken(number, text="ValueError: bad 3", **more):
    return node_of(number, execution=crashed(text), value=0.0, **more)


def test_the_best_node_has_the_highest_score_and_ties_go_to_the_earliest():
    tree = Tree((node_of(1, value=0.5), node_of(2, value=0.75), node_of(3, value=0.75)))

    assert tree.best.id == 2


def test_a_node_without_score_is_still_in_work():
    tree = Tree((node_of(1), node_of(2, value=0.5)))

    assert [n.id for n in tree.in_work] == [1]
    assert [n.id for n in tree.working] == [2]


def satisfying(number, value=1.0):
    return replace(node_of(number, value=value), score=Score(value, 1, 1, 1, 1))


def test_a_winner_is_sure_when_no_node_before_it_is_in_work():
    assert Tree((satisfying(1), node_of(2))).winner.id == 1
    assert Tree((node_of(1), satisfying(2))).winner is None
    assert Tree((satisfying(1, value=0.9), node_of(2))).winner is None


def test_what_fails_a_binding_check_is_not_best_however_much_it_meets():
    failed = replace(node_of(1, value=1.0), score=Score(1.0, 9, 9, 1, 1, ("temporal_leak",)))

    assert best_of([failed, satisfying(2, value=0.5)]).id == 2


def test_what_broke_off_is_taken_only_where_nothing_works():
    partial, whole = broken(1), node_of(2, value=0.1)

    assert best_of([partial]) is None
    assert best_of([partial], may_be_broken=True).id == 1
    assert best_of([partial, whole], may_be_broken=True).id == 2


def test_only_leaves_are_debugged():
    parent = broken(1)
    child = broken(2, "KeyError: 'x'", parents=(1,), operator=Operator.DEBUG)

    assert [n.id for n in Tree((parent, child)).buggy] == [2]


def test_the_same_error_twice_closes_a_chain():
    parent = broken(1, "ValueError: bad 3")
    child = broken(2, "ValueError: bad 17", parents=(1,), operator=Operator.DEBUG)

    assert Tree((parent, child)).buggy == ()


def test_a_chain_has_at_most_three_repairs():
    errors = ["ValueError: a", "KeyError: b", "TypeError: c", "OSError: d"]
    nodes = [broken(1, errors[0])] + [
        broken(i, errors[i - 1], parents=(i - 1,), operator=Operator.DEBUG) for i in (2, 3, 4)
    ]

    assert [n.id for n in Tree(tuple(nodes[:3])).buggy] == [3]
    assert Tree(tuple(nodes)).buggy == ()


def test_signatures_ignore_numbers_and_addresses():
    first = error_signature(broken(1, "ValueError: bad 3 at 0x7f01"))
    second = error_signature(broken(2, "ValueError: bad 9 at 0x7f99"))

    assert first == second != ""
    assert error_signature(node_of(1, execution=OK)) == ""


def test_ids_count_from_one():
    assert next_id(()) == 1
    assert next_id((node_of(4),)) == 5


def test_a_script_that_ran_before_is_not_repaired():
    same = node_of(1, execution=None, error="It ran before.", is_duplicate=True)
    other = node_of(2, execution=None, error="Syntax error in line 3.")

    assert [n.id for n in Tree((same, other)).buggy] == [2]

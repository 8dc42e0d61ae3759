"""What a plan says beside its rules changes no verdict: the two harms of reading words late.

A script that drops half of the users, or the items that the plan keeps, fails whatever words
stand beside; only a rule of the plan, seen before the start, permits it.
"""

from dataclasses import replace

import pytest
from studies import honest

from agent_core.checks.split.filters import filters_as_planned
from agent_core.domain import Finding

USERS, ITEMS = "user_id", "item_id"
IRRELEVANT = (
    (USERS, "Keep the rating column"),
    (USERS, "Results for users with fewer than 15 ratings are shown apart"),
    (ITEMS, "Items with fewer than 15 ratings are harder to recommend"),
)
NEGATED = (
    (USERS, "Do not remove users with fewer than 15 ratings"),
    (USERS, "No users are dropped"),
    (ITEMS, "Do not drop items with fewer than 15 ratings"),
    (ITEMS, "Items with fewer than 15 ratings are kept"),
)
PLANNED = (
    (USERS, "Users who rate everything alike are removed"),
    (USERS, "Only the 30 most active users are used"),
    (ITEMS, "Items with fewer than 15 ratings are removed"),
)


def judged(tmp_path, column, words):
    """Judge a script that drops the rarer half of users or items under these words."""
    made = honest()
    ids = made.data[column]
    is_gone = ids.map(ids.value_counts()) < 15 if column == ITEMS else ids > 30
    gone = set(made.data.index[is_gone])
    assert gone
    for fold, parts in made.splits.items():
        made.splits[fold] = tuple([n for n in part if n not in gone] for part in parts)
    made.run["dataset"]["filters"] = [
        {"name": "clean", "before": len(made.data), "after": len(made.data) - len(gone)}
    ]
    made.plan = replace(made.plan, assumptions=(words,))
    return filters_as_planned(made.evidence(tmp_path))


@pytest.mark.parametrize(("column", "words"), [*IRRELEVANT, *NEGATED])
def test_words_that_plan_no_removal_excuse_none(tmp_path, column, words):
    assert judged(tmp_path, column, words).finding is Finding.FAIL


@pytest.mark.parametrize(("column", "words"), PLANNED)
def test_a_removal_that_the_plan_has_is_none_to_blame(tmp_path, column, words):
    assert judged(tmp_path, column, words).finding in (Finding.PASS, Finding.WARN)


@pytest.mark.parametrize(("column", "words"), [*IRRELEVANT, *NEGATED])
def test_words_that_plan_no_removal_blame_nobody_who_keeps_all(tmp_path, column, words):
    made = honest()
    made.plan = replace(made.plan, assumptions=(words,))

    assert filters_as_planned(made.evidence(tmp_path)).finding is Finding.PASS

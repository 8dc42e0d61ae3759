"""What may be missing of the data, and what may not be there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import rated
from studies import honest

from agent_core.checks.split.filters import filters_as_planned, unexplained_by_cold_start
from agent_core.domain import Finding, SplitKind
from agent_core.evidence.cells import RowsOf


def without(made, chosen):
    """Take interactions out of the split."""
    gone = set(np.flatnonzero(chosen))
    for fold, parts in made.splits.items():
        made.splits[fold] = tuple([n for n in part if n not in gone] for part in parts)
    return made


def found(made, tmp_path, *words, lowest=None):
    plan = replace(made.plan, assumptions=words)
    made.plan = plan if lowest is None else rated(plan, lowest)
    return filters_as_planned(made.evidence(tmp_path))


def test_a_planned_filter_that_was_not_applied_is_told(tmp_path):
    result = found(honest(), tmp_path, "Items with fewer than 20 ratings are removed")

    assert result.finding is Finding.WARN
    assert result.values.items() >= {"what": "items", "planned": 20}.items()


def test_a_filter_that_cannot_be_applied_is_not_missed(tmp_path):
    made = honest()
    made.plan = replace(made.plan, unmapped=("5-core is a filter that I cannot apply",))

    assert found(made, tmp_path, "The 5-core").finding is Finding.PASS


def test_a_threshold_in_words_that_was_not_applied_is_told(tmp_path):
    result = found(honest(), tmp_path, "Ratings of at least 4 count as positive")

    assert result.finding is Finding.FAIL
    assert result.values["planned"] == 4


def test_users_of_a_validation_part_do_not_count_as_kept(tmp_path):
    made = honest()
    hard = made.data["user_id"].to_numpy() > 30
    last = hard & ~made.data["user_id"].duplicated(keep="last").to_numpy()
    without(made, hard)
    made.splits["validation"] = (np.flatnonzero(hard & ~last), np.flatnonzero(last))

    result = found(made, tmp_path)

    assert result.finding is Finding.FAIL
    assert result.values.items() >= {"users": 30, "of_users": 60}.items()


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("Bots are removed from the data", Finding.WARN),
        ("The 30 most active users", Finding.WARN),
        ("Every rating counts", Finding.FAIL),
        ("Intervals from a bootstrap sample of users", Finding.FAIL),
    ],
)
def test_words_without_numbers_leave_what_is_missing_to_readers(tmp_path, words, finding):
    made = without(honest(), honest().data["user_id"].to_numpy() > 30)
    made.run["dataset"]["filters"] = [{"name": "clean", "before": 720, "after": 360}]

    assert found(made, tmp_path, words).finding is finding


@pytest.mark.parametrize(
    ("name", "after", "finding"),
    [
        ("min_score=14", 720, Finding.PASS),
        ("item_core50", 720, Finding.PASS),
        ("all_users", 60, Finding.PASS),
        ("core50", 720, Finding.FAIL),
        ("everything", 600, Finding.FAIL),
    ],
)
def test_claimed_filters_are_compared_with_what_their_names_mean(tmp_path, name, after, finding):
    made = honest()
    made.run["dataset"]["filters"] = [{"name": name, "before": 720, "after": after}]

    assert found(made, tmp_path).finding is finding


def test_another_core_than_the_planned_one_is_a_fault(tmp_path):
    made = honest()
    made.run["dataset"]["filters"] = [{"name": "core3", "before": 720, "after": 720}]

    result = found(made, tmp_path, "Users with at least 5 ratings")

    assert result.finding is Finding.FAIL
    assert result.values == {"claimed": "core3", "planned": "5"}


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ((), Finding.FAIL),
        (("Ratings of at least 4 are relevant",), Finding.FAIL),
        (("Only ratings of at least 4 are held out",), Finding.PASS),
    ],
)
def test_low_ratings_stay_in_training_where_words_limit_the_test(tmp_path, words, finding):
    made = honest()
    rated = made.data["rating"].to_numpy()
    rated[[int(n) for n in made.splits["0"][1]]] = 5
    made.data["rating"] = rated

    assert found(made, tmp_path, *words, lowest=4.0).finding is finding


def test_only_as_much_is_new_to_training_as_a_draw_makes_so():
    """One in five of 40 items with one interaction is held out: 8 on average."""
    rows = [(u, 1000 + u) for u in range(40)]
    rows += [(u, i) for u in range(40) for i in range(10)]
    data = pd.DataFrame(rows, columns=["user_id", "item_id"])
    tested = len(data) // 5
    is_rare = data["item_id"] >= 1000

    for count, left in ((8, 0), (40, 40)):
        missing = data[is_rare].head(count)
        drawn = RowsOf(data, data.drop(missing.index).index.to_numpy(dtype=np.int32))
        whole = RowsOf(data, data.index.to_numpy(dtype=np.int32))
        rest, doubt = unexplained_by_cold_start(missing, drawn, whole, tested)
        assert len(rest) == left
        assert bool(doubt) is (left == 0)


def test_a_declared_part_to_choose_on_need_not_be_saved(tmp_path):
    made = honest()
    chosen = made.data.groupby("user_id").cumcount().to_numpy() == 0
    without(made, chosen)
    for described in made.run["algorithms"].values():
        described["selected_on"] = "validation"
    made.plan = made.plan.with_split(kind=SplitKind.LEAVE_ONE_OUT)

    result = found(made, tmp_path)

    assert result.finding is Finding.WARN
    assert result.values["filters"] == "a validation part that was not saved"

"""A finding keeps the values that its reason tells, and the log keeps them too."""

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from agent_core.checks.result import Detail, each, each_row, failed, warned
from agent_core.domain import Check, Finding

OLD = {"name": "runs_clean", "finding": "pass", "reason": "Exit status 0."}


def test_a_finding_has_the_values_of_all_its_details_the_first_of_a_name_counts():
    details = [
        Detail("{users} of {of}", users=3, of=9),
        Detail("{users} in {fold}", users=4, fold="a"),
    ]

    found = failed(f"Missing: {'; '.join(details)}.", details)

    assert found.reason == "Missing: 3 of 9; 4 in a."
    assert found.values == {"users": 3, "of": 9, "fold": "a"}


def test_a_template_lists_details_and_names_with_the_values_of_each():
    found = warned(
        "{counts:1}; of {names}.",
        counts=each("{fold}: {users}", fold="ab", users=np.array([3, 4])),
        names=list("vwxyz"),
    )

    assert found.reason == "a: 3 and 1 more; of v, w, x, y and 1 more."
    told = {"fold": "a", "users": 3, "fold_2": "b", "users_2": 4, "names": "v, w, x, y, z"}
    assert found.values == told


def test_rows_of_results_are_named_by_metric_and_run():
    row = {"metric": "ndcg", "k": 10, "algorithm": "A", "fold": "0", "seed": "", "value": 0.5}

    (found,) = each_row("{metric} of {run} is {value}", pd.DataFrame([row]))

    assert found == "ndcg@10 of A (fold 0) is 0.5"
    assert found.values == {"metric": "ndcg@10", "run": "A (fold 0)", "value": 0.5}


def test_joined_details_keep_the_values_of_both_and_braces_of_a_script():
    joined = Detail("fold {fold}: ", fold="{x}") + Detail("{share:.0%}", share=0.5) + " {y}"

    assert joined == "fold {x}: 50% {y}"
    assert joined.values == {"fold": "{x}", "share": 0.5}


def test_values_come_back_from_the_log_whatever_they_were():
    told = Detail("{a} {b} {c}", a=np.int64(3), b=float("nan"), c=np.float64(0.5))
    known, check = TypeAdapter(Check), Check("x", Finding.FAIL, told, values=told.values)

    assert known.validate_json(known.dump_json(check)) == check
    assert check.values == {"a": 3, "b": "nan", "c": 0.5}
    assert isinstance(check.values["a"], int)


def test_a_check_of_an_old_log_has_no_values():
    assert TypeAdapter(Check).validate_python(OLD).values == {}

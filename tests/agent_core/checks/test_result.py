"""A finding keeps the values that its reason tells, and the log keeps them too."""

import numpy as np
from pydantic import TypeAdapter

from agent_core.checks.result import Detail, failed
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

"""What a repetition says: identical or by how much, under which conditions, and no more."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from builders import OK, crashed, node_of
from results import comparison_evidence

from agent_core.domain import Environment, NodeId
from agent_core.domain.events import NodeExecuted
from agent_core.evidence.evidence import AGREEMENT_COLUMNS, ROW_COLUMNS
from agent_core.execution.machine import machine, memory, processor
from agent_core.run.journal import adapter, encode
from agent_core.verification.rerun_comparison import compare
from sandbox.execution import IsolationLevel

THEN = Environment("3.11.7", {"lenskit": "2025.8.1", "numpy": "2.4.6", "zlib": "1"}, "a, 2 CPUs")


def rows(*values, metric="ndcg", k=10, seeds=True):
    frame = pd.DataFrame(
        [
            {"metric": metric, "k": k, "value": v, "algorithm": "MF", "fold": "0",
             "seed": str(i) if seeds else "", "aggregate": False}
            for i, v in enumerate(values)
        ],
        columns=list(ROW_COLUMNS),
    )  # fmt: skip
    return frame.astype({"k": "Int64"})


NUMERICS = {"kernel": "openblas Haswell, torch AVX2", "threads": 1}


def repeated(old, new, *, then=THEN, now=THEN, execution=OK, agreement=None, by=NUMERICS):
    evidence = replace(comparison_evidence(), run={"numerics": NUMERICS})
    node = replace(node_of(1, value=1.0), environment=then)
    table = pd.DataFrame(columns=list(AGREEMENT_COLUMNS)) if agreement is None else agreement
    second = replace(evidence, rows=new, agreement=table, run={"numerics": by} if by else {})
    return compare(node, execution, replace(evidence, rows=old), second, now)


def agreement(*agrees):
    lines = [("MF", "0", str(i), "ndcg", 10, 0.1, 0.1, "d", a) for i, a in enumerate(agrees)]
    return pd.DataFrame(lines, columns=list(AGREEMENT_COLUMNS))


def test_an_identical_repetition_says_under_which_conditions():
    found = repeated(rows(0.1, 0.2, 0.3), rows(0.1, 0.2, 0.3), agreement=agreement(True, True))

    assert found.text == (
        "**Repeated, identical.** Largest difference 0 in 3 values (relative tolerance 1e-9). "
        "Same script, data, 3 seeds, packages, in a clean sandbox. Both used the same kernel "
        "(openblas Haswell, torch AVX2, 1 thread). This shows that the run is deterministic "
        "*on this machine*, not that the method is right. Recomputed from the saved lists: "
        "2 of 2 values agree."
    )
    assert (found.is_identical, found.largest_difference, found.compared) == (True, 0.0, 3)


def test_the_largest_difference_is_told_per_metric():
    old = pd.concat([rows(0.1, 0.2), rows(0.5, 0.6, metric="rmse", k=None)])
    new = pd.concat([rows(0.1, 0.21), rows(0.5, 0.6004, metric="rmse", k=None)])

    found = repeated(old, new)

    assert (
        "**Repeated, not identical:** 2 of 4 values differ (relative tolerance 1e-9)" in found.text
    )
    assert "largest difference per metric: NDCG@10 0.01, RMSE 0.0004." in found.text
    assert "how far the run repeats *on this machine*" in found.text
    assert "deterministic" not in found.text
    assert (found.is_identical, found.largest_difference) == (False, pytest.approx(0.01))


def test_what_is_within_the_tolerance_is_identical():
    found = repeated(rows(0.1, 0.2), rows(0.1, 0.2 + 1e-10))

    assert found.is_identical
    assert "Largest difference 1e-10 in 2 values" in found.text


@pytest.mark.parametrize(
    ("value", "gap", "is_identical"),
    [(2e6, 1e-4, True), (2e6, 1e-1, False), (1e-4, 1e-11, False), (0.0, 1e-17, True)],
)
def test_the_tolerance_is_a_share_of_the_value(value, gap, is_identical):
    assert repeated(rows(value), rows(value + gap)).is_identical is is_identical


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ({"kernel": "openblas SkylakeX", "threads": 2},
         "The first used openblas Haswell, torch AVX2, 1 thread, this one openblas SkylakeX, "
         "2 threads: another kernel or number of threads moves the last digits."),
        (None, "this one a kernel that was not recorded."),
    ],
)  # fmt: skip
def test_another_kernel_is_named(by, told):
    assert told in repeated(rows(0.5), rows(0.50003), by=by).text


def test_rows_of_one_execution_only_are_named():
    found = repeated(rows(0.1, 0.2, 0.3), pd.concat([rows(0.1, 0.2), rows(0.5, metric="map")]))

    assert not found.is_identical
    assert "the 2 values that came again are the same" in found.text
    assert "1 missing this time (NDCG@10 of MF fold 0 seed 2)" in found.text
    assert "1 new (MAP@10 of MF fold 0 seed 0)" in found.text


def test_many_missing_rows_are_counted():
    found = repeated(rows(*range(9)), rows(0.0))

    assert "8 missing this time (" in found.text
    assert " and 4 more)" in found.text


def test_no_number_in_both_is_the_same_and_in_one_is_not():
    both = repeated(rows(0.1, math.nan), rows(0.1, math.nan))
    one = repeated(rows(0.1, math.nan), rows(0.1, 0.2))

    assert both.is_identical
    assert not one.is_identical
    assert "NDCG@10 no number in one of them" in one.text
    assert one.largest_difference == 0.0


def test_repeated_rows_are_compared_in_their_order():
    twice = pd.concat([rows(0.1), rows(0.2)])

    found = repeated(twice, twice)

    assert (found.is_identical, found.compared) == (True, 2)


def test_nothing_delivered_is_not_called_identical():
    found = repeated(rows(), rows())

    assert not found.is_identical
    assert "there are no values to compare" in found.text


def test_changed_packages_are_named_and_not_called_the_same():
    now = replace(THEN, python="3.12.1", packages={**THEN.packages, "lenskit": "2026.1"})

    found = repeated(rows(0.1), rows(0.2), now=now)

    assert (
        "Changed since: Python 3.11.7 → 3.12.1, lenskit 2025.8.1 → 2026.1; differences may come "
        "from that." in found.text
    )
    assert "Same script, data, in a clean sandbox." in found.text


def test_packages_that_were_not_recorded_are_not_called_the_same():
    found = repeated(rows(0.1), rows(0.1), then=Environment())

    assert "The packages of the first execution were not recorded." in found.text
    assert "packages, in a clean" not in found.text


def test_another_machine_is_said():
    found = repeated(rows(0.1), rows(0.1), now=replace(THEN, machine="b, 64 CPUs"))

    assert "The first execution was on another machine (a, 2 CPUs)." in found.text


def test_a_repetition_that_fails_says_what_changed():
    now = replace(THEN, packages={**THEN.packages, "numpy": "3.0"})

    found = repeated(rows(0.1), rows(0.1), now=now, execution=crashed())

    assert found.text.startswith("**Not repeated:** the script came to no clean end this time")
    assert "numpy 2.4.6 → 3.0" in found.text
    assert not found.is_identical


def test_a_run_without_isolation_is_not_called_a_clean_sandbox():
    bare = replace(OK, level=IsolationLevel.UNCONFINED)

    assert "clean sandbox" not in repeated(rows(0.1), rows(0.1), execution=bare).text


def test_the_environment_is_stored_with_the_execution():
    kind, body = encode(NodeExecuted(NodeId(1), OK, THEN))

    assert adapter(kind).validate_json(body).environment == THEN


def test_events_from_before_stay_readable():
    _, body = encode(NodeExecuted(NodeId(1), OK))
    old = body.replace(',"environment":{"python":"","packages":{},"machine":""}', "")

    assert old != body
    assert adapter("NodeExecuted").validate_json(old).environment == Environment()


def test_the_machine_is_described_from_what_the_kernel_says():
    assert processor("processor : 0\nmodel name : AMD  EPYC 7763\n") == "AMD EPYC 7763"
    assert memory("MemTotal:       16384000 kB\n") == "15.6 GiB memory"
    assert (processor(""), memory("")) == ("", "")
    assert "CPU" in machine()

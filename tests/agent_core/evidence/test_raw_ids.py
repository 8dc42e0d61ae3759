"""Ids are those of the table, whatever a script's own reading of the file has made of them."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from scripts_with_ids import NAME, split_file

from agent_core.checks.split.filters import filters_as_planned
from agent_core.checks.split.origins import split_from_data
from agent_core.domain import Finding
from agent_core.evidence.raw_ids import meaning_of, read_otherwise

ODD_IDS = ("007", "7", "7.0", "1e1", "10", "NA", "null", "nan", "None", "0x1F", "u 1", "a,b", "-0")


CHECKS = (split_from_data, filters_as_planned)


def by_helper(labbook):
    return labbook.load(NAME)


def by_pandas(_):
    return pd.read_csv(NAME)


def write(folder, users, items=("i1", "i2", "i3")):
    lines = [f'"{user}",{item}' for user in users for item in items]
    (folder / NAME).write_text("\n".join(["user_id,item_id", *lines]) + "\n")


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        (["7", "8"], ["007", "008"], {"7": "007", "8": "008"}),
        (["7", "u1", ""], ["7", "u1", "NA"], {"7": "7", "u1": "u1", "": "NA"}),
        (["7.0", "nan"], ["7", "NA"], {"7.0": "7", "nan": "NA"}),
        (["10", "7"], ["1e1", "7"], {"10": "1e1", "7": "7"}),
        (["7", "8"], ["7", "8", "NA"], {}),
        (["x", "y"], ["007", "008"], {}),
    ],
)
def test_a_form_that_one_id_takes_stands_for_it(written, known, meant):
    assert meaning_of(written, known, is_number=False).ids == meant


def test_forms_that_several_ids_take_are_told():
    found = meaning_of(["7", "8"], ["007", "7", "7.0", "008"], is_number=False)

    assert found.ids == {"8": "008"}
    assert found.merged == {"7": ("007", "7", "7.0")}


@pytest.mark.parametrize(
    ("written", "known"),
    [("7.0", "7"), ("9007199254740992", "9007199254740993"), ("1e+16", "10000000000000000")],
)
def test_whole_numbers_are_known_as_floats_and_as_texts_of_floats(written, known):
    assert meaning_of([written], [known, "5"], is_number=True).ids == {written: known}


def test_words_for_missing_values_are_those_of_pandas():
    told = read_otherwise(ODD_IDS, ODD_IDS)

    assert told == dict.fromkeys(("NA", "None", "nan", "null"), "")


def listed(evidence):
    return {user for table in evidence.lists.values() for user in table["user_id"]}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    users=st.lists(
        st.sampled_from(ODD_IDS)
        | st.integers(0, 10**12).map(str)
        | st.text("abXYZ019.e-", min_size=1, max_size=6),
        min_size=4,
        max_size=12,
        unique=True,
    ),
)
def test_ids_come_back_or_their_loss_is_explained(users, monkeypatch):
    with tempfile.TemporaryDirectory() as place, monkeypatch.context() as patch:
        folder = Path(place)
        write(folder, users)
        by_rows = split_file(folder, by_helper, patch)
        known = {*by_rows.ids.texts(by_rows.interactions["user_id"])}
        alone = split_file(folder, by_pandas, patch)

    assert known == {*users}
    assert split_from_data(by_rows).finding is Finding.PASS
    assert listed(by_rows) <= {*by_rows.test["0"]["user_id"]}
    parts = pd.concat([alone.train["0"], alone.test["0"]])
    faults = [f for c in CHECKS if (f := c(alone)).finding is Finding.FAIL]
    if faults:
        assert any("labbook.load" in f.reason for f in faults)
    else:
        assert {*alone.ids.texts(parts["user_id"])} == {*users}
        assert listed(alone) <= {*alone.test["0"]["user_id"]}


def test_merged_users_are_told_with_cause_and_remedy(tmp_path, monkeypatch):
    write(tmp_path, ["007", "7", "8", "012", "NA", "null"])

    found = split_from_data(split_file(tmp_path, by_pandas, monkeypatch))

    assert found.finding is Finding.FAIL
    assert {k: found.values[k] for k in ("what", "several", "one")} == {
        "what": "users",
        "several": 4,
        "one": 2,
    }
    assert "labbook.load" in found.reason


def test_users_that_pandas_takes_for_missing_are_named(tmp_path, monkeypatch):
    write(tmp_path, ["u1", "u2", "u3", "NA"], items=[f"i{n}" for n in range(20)])

    evidence = split_file(tmp_path, lambda _: pd.read_csv(NAME).dropna(), monkeypatch)

    found = filters_as_planned(evidence)
    assert found.finding is Finding.FAIL
    assert "NA" in found.reason
    assert "labbook.load" in found.reason


def test_whole_numbers_as_floats_are_the_same_users(tmp_path, monkeypatch):
    write(tmp_path, ["7", "8", "9", "10"], items=["1", "2", "3"])

    evidence = split_file(tmp_path, lambda _: pd.read_csv(NAME).astype("float32"), monkeypatch)

    assert evidence.origins["0"].pairs == 0
    assert split_from_data(evidence).finding is Finding.PASS

"""Tables that are read again each time are those that stay in memory."""

import asyncio
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import honest

from agent_core.checks.registry import run_checks
from agent_core.data.profile import profile
from agent_core.errors import AgentError, BadDataset
from agent_core.evidence import cells, evidence as evidence_room
from agent_core.evidence.cells import Cells, FoldParts, Room, RowsOf
from agent_core.evidence.evidence import Delivery, look_through
from agent_core.evidence.id_codes import NO_ID, IdCodes, are_among, are_repeated, pair_keys
from agent_core.execution.own_process import call_in_process
from agent_core.search.judging import check_delivery
from agent_core.statistics.facts import collect_facts


def leaking(made):
    train, test = made.splits["0"]
    made.splits["0"] = ([*train, *test[:5]], test)


def copied(made):
    for seed in ("1", "2"):
        made.lists["ImplicitMF", "0", seed] = made.lists["ImplicitMF", "0", "0"]


@pytest.mark.parametrize("change", [lambda made: None, leaking, copied])
def test_checks_find_the_same_whether_tables_stay_or_are_read_again(tmp_path, monkeypatch, change):
    made = honest()
    change(made)
    for name in ("kept", "again"):
        (tmp_path / name).mkdir()
    kept = made.evidence(tmp_path / "kept")
    monkeypatch.setattr(cells.Room, "take", lambda self, lines: False)

    again = made.evidence(tmp_path / "again")

    assert all(s.kept is None for sources in again.lists.sources.values() for s in sources)
    assert isinstance(again.train.parts["0"], RowsOf)
    assert run_checks(again) == run_checks(kept)
    assert collect_facts(again).values == collect_facts(kept).values


def delivery_of(evidence, files=None):
    known = {
        "data.csv": next(a.path for a in evidence.execution.artifacts).parents[1] / "data.csv"
    }
    return Delivery(
        evidence.plan, evidence.source, evidence.execution, evidence.datasets, files or known
    )


def test_large_results_are_looked_through_in_a_process_of_its_own(tmp_path, monkeypatch):
    delivery, called = delivery_of(honest().evidence(tmp_path)), []
    here = asyncio.run(look_through(check_delivery, delivery, ()))
    monkeypatch.setattr(evidence_room, "LARGE_ROWS", 10)
    monkeypatch.setattr(
        evidence_room, "call_in_process", lambda *a: called.append(a) or call_in_process(*a)
    )

    there = asyncio.run(look_through(check_delivery, delivery, ()))

    assert len(called) == 1
    assert here == there


def test_what_goes_wrong_in_a_process_of_its_own_is_said(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()

    with pytest.raises(BadDataset, match=r"empty\.csv"):
        asyncio.run(call_in_process(profile, empty))
    with pytest.raises(AgentError, match="broke off"):
        asyncio.run(call_in_process(os._exit, 9))


def test_ids_of_one_text_have_one_number_in_all_tables():
    ids = IdCodes()

    numbers, texts = ids.encode(pd.Series([7, 8, 7])), ids.encode(pd.Series(["8", " 7", "007"]))
    mixed = ids.encode(pd.Series(["8", None], dtype="category"))

    assert numbers[0] == numbers[2] == texts[1]
    assert numbers[1] == texts[0] == mixed[0]
    assert texts[2] not in set(numbers)
    assert mixed[1] == NO_ID
    assert list(ids.texts(texts)) == ["8", "7", "007"]
    assert list(ids.categories(texts)) == ["8", "7", "007"]


def test_pairs_have_one_number_each():
    pairs = pd.DataFrame({"user_id": [1, 2, 1], "item_id": [2, 1, 2]}, dtype=np.int32)

    keys = pair_keys(pairs)

    assert keys[0] == keys[2]
    assert keys[0] != keys[1]


def test_repeated_keys_are_those_that_pandas_finds():
    for keys in (np.array([3, 1, 2]), np.array([3, 1, 3, 2, 1, 3]), np.array([], dtype=np.int64)):
        for keep in ("first", "last"):
            assert list(are_repeated(keys, keep)) == list(pd.Series(keys).duplicated(keep=keep))


def test_keys_are_among_known_ones():
    keys = np.array([5, 1, 9])

    assert list(are_among(keys, np.array([1, 5, 7]))) == [True, True, False]
    assert not are_among(keys, np.array([], dtype=np.int64)).any()


def test_files_of_one_name_are_one_cell():
    frame = pd.DataFrame({"user_id": [1, 2], "algorithm": "A", "fold": ["", "0"], "seed": "1"})

    both = Cells.of(frame).rename(lambda run: (run[0], run[1] or "0", run[2]))

    assert list(both) == [("A", "0", "1")]
    assert both.lines == 2
    assert list(both["A", "0", "1"]["user_id"]) == [1, 2]
    assert not both.select(lambda run: run[1] == "1")


def test_parts_are_looked_up_where_there_is_no_room_for_them():
    data = pd.DataFrame({"user_id": [5, 6, 7], "item_id": [1, 2, 3]}, dtype=np.int32)
    parts = FoldParts(Room(2))
    for fold, rows in (("a", [0, 2]), ("b", [2, 1])):
        parts.add(fold, RowsOf(data, np.array(rows, dtype=np.int32)))

    assert [type(p) for p in parts.parts.values()] == [pd.DataFrame, RowsOf]
    assert list(parts["b"]["user_id"]) == [7, 6]
    assert list(parts.select({"b"})) == ["b"]


def test_a_delivery_is_large_by_its_data_or_by_its_tables(tmp_path):
    delivery = delivery_of(honest().evidence(tmp_path))
    data = tuple(replace(d, rows=2_000_000) for d in delivery.datasets)
    artifacts = tuple(replace(a, size=1 << 30) for a in delivery.execution.artifacts)
    execution = replace(delivery.execution, artifacts=artifacts)

    assert not delivery.is_large
    assert replace(delivery, datasets=data).is_large
    assert replace(delivery, execution=execution).is_large

"""Where renamed interactions come from is told by what renaming leaves as it is."""

import numpy as np
import pandas as pd
import pytest

from agent_core.data.parquet_reader import PAIR
from agent_core.evidence.id_codes import IdCodes
from agent_core.evidence.split_origin import differences, has_times_of, trace_parts


def dense(rng, users=100, items=40, each=28):
    frame = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(users), each).astype(str),
            "item_id": np.concatenate(
                [rng.choice(items, each, replace=False) for _ in range(users)]
            ).astype(str),
        }
    )
    return frame.assign(timestamp=rng.integers(0, 10**6, len(frame)) // 500)


def factorized(frame):
    return frame.assign(**{c: pd.factorize(frame[c])[0].astype(str) for c in frame.columns[:2]})


def origin_of(frame, data):
    ids = IdCodes()
    frame, data = (f.assign(**{c: ids.encode(f[c]) for c in PAIR}) for f in (frame, data))
    parts = {"train": {"0": frame.iloc[10:]}, "test": {"0": frame.iloc[:10]}}
    return trace_parts(parts, data, ids)


def test_other_ids_are_known_in_dense_data_where_most_pairs_are_there_by_chance():
    data = dense(np.random.default_rng(3)).sample(frac=1, random_state=2, ignore_index=True)

    _, origins = origin_of(factorized(data), data)

    assert origins["0"].is_renamed
    assert not origins["0"].faults


def test_own_ids_are_known_in_dense_data():
    data = dense(np.random.default_rng(3))

    _, origins = origin_of(data, data)

    assert not origins["0"].is_renamed
    assert not origins["0"].unknown


def test_a_part_of_the_data_has_no_item_more_often():
    data = dense(np.random.default_rng(3))
    part = data.iloc[5:]
    swapped = part.assign(item_id=part["item_id"].where(part.index % 9 > 0, "1"))
    swapped = swapped.drop_duplicates(["user_id", "item_id"])

    assert list(differences(part, data)) == []
    assert "per item" in " ".join(differences(swapped, data))


@pytest.mark.parametrize(
    "scale", [lambda t: (t - t.min()) / 997.0, lambda t: t.rank(method="dense")]
)
def test_rescaled_times_are_those_of_the_dataset(scale):
    data = dense(np.random.default_rng(3))
    renamed = factorized(data).assign(timestamp=scale(data["timestamp"]))

    told, _ = origin_of(renamed, data)

    assert has_times_of(renamed, data)
    assert "timestamp" in told["train"]["0"]
    assert "timestamp" in told["test"]["0"]


def test_times_of_its_own_are_not():
    rng = np.random.default_rng(3)
    data = dense(rng)
    invented = data.assign(timestamp=rng.integers(0, 2000, len(data)))
    distinct = data.assign(timestamp=np.arange(len(data)))

    assert not has_times_of(invented, data)
    assert not has_times_of(distinct.assign(timestamp=distinct["timestamp"] ** 2), distinct)
    assert has_times_of(distinct.assign(timestamp=distinct["timestamp"] / 7), distinct)

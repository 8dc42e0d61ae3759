"""Frames as scripts have them are taken, and their interactions found again in the dataset."""

import pandas as pd
import pytest
from scripts_with_ids import NAME, split_file

from agent_core.checks.split.origins import split_from_data
from agent_core.domain import Finding

HEADER = "CustomerID,StockCode,InvoiceDate"
LINES = [
    f"{u:03},{'AB'[i % 2]}{i},2011-12-{1 + i:02} 08:00:0{u}" for u in range(8) for i in range(9)
]
BASE = 1_322_726_400
"""1 December 2011, 8 o'clock."""


def write(folder, header=HEADER, lines=LINES):
    (folder / NAME).write_text("\n".join([header, *lines]) + "\n")


def as_in_file(frame):
    names = {"user_id": "CustomerID", "item_id": "StockCode", "timestamp": "InvoiceDate"}
    return frame.rename(columns=names)


FRAMES = {
    "columns of the file": as_in_file,
    "video_id": lambda f: f.rename(columns={"item_id": "video_id"}),
    "article_id": lambda f: f.rename(columns={"item_id": "article_id", "user_id": "uid"}),
    "an index by name": lambda f: f.set_index("user_id"),
    "an index by the file's names": lambda f: as_in_file(f).set_index(["CustomerID", "StockCode"]),
    "seconds": lambda f: f.assign(
        timestamp=f["timestamp"].astype("datetime64[s]").astype("int64")
    ),
    "float seconds": lambda f: f.assign(timestamp=f["timestamp"].map(pd.Timestamp.timestamp)),
    "milliseconds": lambda f: f.assign(
        timestamp=f["timestamp"].astype("datetime64[ms]").astype(int)
    ),
    "a zone": lambda f: f.assign(
        timestamp=f["timestamp"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    ),
    "texts": lambda f: f.assign(timestamp=f["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f")),
    "categories": lambda f: f.astype({"user_id": "category", "item_id": "category"}),
}


@pytest.mark.parametrize("form", FRAMES.values(), ids=FRAMES.keys())
def test_any_form_of_a_frame_is_taken(tmp_path, monkeypatch, form):
    write(tmp_path)

    evidence = split_file(tmp_path, lambda lab: lab.load(NAME), monkeypatch, form)

    assert split_from_data(evidence).finding is Finding.PASS
    assert len(evidence.origins["0"].kept) == len(LINES)


@pytest.mark.parametrize("form", ["float seconds", "milliseconds", "a zone", "texts"])
def test_two_interactions_of_one_second_are_told_apart(tmp_path, monkeypatch, form):
    lines = [
        f"u{u},i{i},2011-12-01T08:00:0{i}.{ms}"
        for u in range(6)
        for i in range(6)
        for ms in (750, 250)
    ]
    write(tmp_path, lines=lines)

    def last_of_each(lab):
        return (
            lab.load(NAME)
            .sort_values("timestamp")
            .drop_duplicates(["user_id", "item_id"], keep="last")
        )

    evidence = split_file(tmp_path, last_of_each, monkeypatch, FRAMES[form])

    assert {*evidence.origins["0"].kept} == {*range(0, len(lines), 2)}

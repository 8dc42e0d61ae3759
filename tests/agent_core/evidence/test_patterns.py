"""What the patterns of delivered files must match, and what they must not."""

import pytest

from agent_core.evidence.file_hashes import CONTRACT, LINE
from agent_core.evidence.result_files import (
    HALF_WRITTEN,
    LABEL,
    PAIRS,
    ROW_NUMBERS,
    UNSAFE,
)
from agent_core.evidence.run_tables import RUN_FILE

WHOLE = {
    CONTRACT: (
        ["results.json", "run.json", "labbook.sha256", "per_user.parquet", "per_user/0.parquet",
         "lists/EASE/0-1.parquet", "split/0.test.parquet", "table.csv", "plot.png"],
        ["notes.txt", "cache/model.bin", "figures/plot.png", "results.json.bak", "split/"],
    ),
    LINE: (
        [f"{'0' * 64}  results.json", f"{'af' * 32}  lists/My model/0-1.parquet"],
        [f"{'0' * 63}  results.json", f"{'0' * 64} results.json", f"{'G' * 64}  results.json"],
    ),
    ROW_NUMBERS: (
        ["split/0.train_rows.csv", "split/5-core.test_rows.csv"],
        ["split/0.valid_rows.csv", "split/a/0.test_rows.csv", "split/0.test.parquet"],
    ),
    PAIRS: (
        ["split/0.train.parquet", "split/a.b.test.parquet"],
        ["split/0.valid.parquet", "split/0.test_rows.csv", "split/.test.parquets"],
    ),
    RUN_FILE: (
        ["lists/EASE/0-42.parquet", "predictions/My model/a-b-none.parquet"],
        ["lists/EASE/0.parquet", "lists/0-42.parquet", "split/EASE/0-42.parquet"],
    ),
    LABEL: (
        ["ndcg", "NDCG@10", " Hit @ 5 ", "f1", "MAP.x-y"],
        ["", "@10", "10", "ndcg@", "ndcg@1234567", "ndcg@10@20", "-"],
    ),
}  # fmt: skip
PARTS = {
    HALF_WRITTEN: (
        ["results.json.123.tmp", "lists/EASE/0-1.parquet.77.tmp", "plot.9.tmp.png"],
        ["results.json", "a.tmp", "a.12.tmp/b.csv", "model.12.temporary"],
    ),
    UNSAFE: (
        ["a/b", "a\\b", "a:b", "naïve", "a\n"],
        ["ItemKNN (k=20)", "MF [8, 16]", "a+b@c-d_e.f"],
    ),
}


@pytest.mark.parametrize("pattern", WHOLE, ids=lambda p: p.pattern[:20])
def test_whole_names_are_told_apart(pattern):
    matches, spares = WHOLE[pattern]

    assert [t for t in matches if not pattern.fullmatch(t)] == []
    assert [t for t in spares if pattern.fullmatch(t)] == []


@pytest.mark.parametrize("pattern", PARTS, ids=lambda p: p.pattern[:20])
def test_parts_of_names_are_found(pattern):
    matches, spares = PARTS[pattern]

    assert [t for t in matches if not pattern.search(t)] == []
    assert [t for t in spares if pattern.search(t)] == []

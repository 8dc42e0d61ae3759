"""Evidence of whatever a script left: honest, by hand, broken or hostile."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from studies import USERS, honest

from agent_core.checks.registry import RULES, run_checks
from agent_core.checks.results.sampled_lists import place_of
from agent_core.data import parquet_reader
from agent_core.data.parquet_reader import Problems, read_table
from agent_core.domain import Finding
from agent_core.evidence.evidence import ROW_COLUMNS, read_evidence
from agent_core.evidence.result_files import metric_of, result_rows
from agent_core.statistics.facts import collect_facts
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel


def test_an_honest_study_is_read_whole(tmp_path):
    evidence = honest().evidence(tmp_path)

    assert evidence.problems == ()
    assert len(evidence.rows) == 12
    assert {seed for _, _, seed in evidence.lists} == {"", "0", "1", "2"}
    assert len(evidence.test["0"]) == USERS
    assert evidence.agreement["agrees"].all()
    assert len(evidence.recomputed) == 12 * USERS
    assert set(evidence.train["0"]) == {"user_id", "item_id", "rating", "timestamp"}


def test_recomputed_values_are_those_of_the_script(tmp_path):
    evidence = honest().evidence(tmp_path)
    keys = ["algorithm", "fold", "seed", "user_id", "metric", "k"]

    both = evidence.recomputed.merge(evidence.per_user, on=keys, suffixes=("", "_claimed"))

    assert len(both) == len(evidence.per_user)
    assert np.allclose(both["value"], both["value_claimed"])


def test_a_test_user_without_a_list_counts_as_zero(tmp_path):
    made = honest()
    key = ("ImplicitMF", "0", "1")
    made.lists[key] = made.lists[key].query("user_id != 4")
    made.measure()

    evidence = made.evidence(tmp_path)

    assert evidence.agreement["agrees"].all()
    (user,) = evidence.ids.encode(pd.Series(["4"]))
    own = evidence.recomputed.query(f"seed == '1' and user_id == {user}")
    assert own["value"].eq(0).all()
    assert len(own) == 3


def test_averages_over_users_with_lists_only_agree_and_are_named_so(tmp_path):
    made = honest()
    key = ("ImplicitMF", "0", "1")
    lucky = made.per_user.query("algorithm == 'ImplicitMF' and seed == 1 and metric == 'hit'")
    kept = set(lucky.query("value > 0")["user_id"].astype(int))
    made.lists[key] = made.lists[key][made.lists[key]["user_id"].isin(kept)]
    made.rows = [r for r in made.rows if r["metric"] == "hit" and r.get("seed") == 1]
    made.rows[0] |= {"value": 1.0, "n": len(kept)}
    made.per_user = None

    evidence = made.evidence(tmp_path)
    found = {c.name: c for c in run_checks(evidence)}
    summary = collect_facts(evidence).summaries[0]

    assert "only users with a list" in found["recomputation_agrees"].reason
    assert found["users_dropped"].finding is Finding.FAIL
    assert (summary.mean, summary.users) == (pytest.approx(len(kept) / 60), 60)
    assert summary.low == pytest.approx(summary.mean)


def test_split_files_by_hand_need_no_header(tmp_path):
    made = honest()
    train, test = made.splits.pop("0")
    made.files = {
        "split/0.train_rows.csv": "\n".join(map(str, train)).encode(),
        "split/0.test_rows.csv": "\n".join(map(str, test)).encode(),
    }

    evidence = made.evidence(tmp_path)

    assert evidence.problems == ()
    assert len(evidence.train["0"]) == len(train)


def test_a_split_without_any_interaction_is_read(tmp_path):
    made = honest()
    del made.splits["0"]
    nothing = made.data.iloc[:0][["user_id", "item_id"]].to_parquet()
    made.files = {"split/0.train.parquet": nothing, "split/0.test.parquet": nothing}

    evidence = made.evidence(tmp_path)

    assert (evidence.origins["0"].pairs, evidence.origins["0"].is_renamed) == (0, False)
    assert not len(evidence.test["0"])


def test_derived_splits_are_tables(tmp_path):
    made = honest()
    parts = made.splits.pop("0")
    for name, numbers in zip(("train", "test"), parts, strict=True):
        frame = made.data.iloc[numbers].astype({"user_id": float})
        frame.to_parquet(tmp_path / f"{name}.parquet")
        made.files[f"split/0.{name}.parquet"] = (tmp_path / f"{name}.parquet").read_bytes()

    evidence = made.evidence(tmp_path)

    assert evidence.agreement["agrees"].all()
    assert evidence.ids.texts(evidence.test["0"]["user_id"])[0] == "1"


def test_ids_are_the_same_however_they_were_written(tmp_path):
    made = honest()
    frame = made.lists["Popularity", "0", "none"]
    made.lists["Popularity", "0", "none"] = frame.astype({"user_id": float, "item_id": str})

    assert made.evidence(tmp_path).agreement["agrees"].all()


def test_lists_of_sampled_users_are_compared_with_their_per_user_values(tmp_path):
    made = honest()
    made.run["list_sample"] = 20
    drawn = sorted(range(1, USERS + 1), key=lambda u: place_of(str(u)))[:20]
    for key, frame in made.lists.items():
        made.lists[key] = frame[frame["user_id"].isin(drawn)]

    evidence = made.evidence(tmp_path)

    assert evidence.agreement["agrees"].all()
    assert evidence.recomputed["user_id"].nunique() == 20
    assert run_checks(evidence)[0].finding is Finding.PASS


def test_a_false_number_hides_behind_no_sample(tmp_path):
    made = honest()
    made.run["list_sample"] = 20
    drawn = sorted(range(1, USERS + 1), key=lambda u: place_of(str(u)))[:20]
    for key, frame in made.lists.items():
        made.lists[key] = frame[frame["user_id"].isin(drawn)]
    made.change("ImplicitMF", 1, value=0.9)

    assert made.findings(tmp_path)["recomputation_agrees"].finding is Finding.FAIL


def test_parts_of_per_user_values_count_once(tmp_path):
    made = honest()
    half = made.per_user.iloc[:300]
    half.to_parquet(tmp_path / "part.parquet")
    made.files["per_user/1-00001.parquet"] = (tmp_path / "part.parquet").read_bytes()

    assert len(made.evidence(tmp_path).per_user) == 720


def test_true_ratings_come_from_the_data_not_from_the_script(tmp_path):
    made = honest()
    test = made.data.iloc[made.splits["0"][1]][["user_id", "item_id", "rating"]]
    kind = test.assign(prediction=3.0, rating=3.0)
    made.predictions["Bias", "0", "none"] = kind
    made.rows = [{"metric": "rmse", "value": 0.0, "algorithm": "Bias", "fold": "0", "n": USERS}]

    evidence = made.evidence(tmp_path)

    assert not evidence.agreement["agrees"].any()
    truth = float(((test["rating"] - 3) ** 2).mean() ** 0.5)
    assert evidence.agreement["computed"].iloc[0] == pytest.approx(truth)


@pytest.mark.parametrize(
    ("label", "k", "expected"),
    [
        ("NDCG@10", None, ("ndcg", 10)),
        ("RecipRank@5", None, ("mrr", 5)),
        ("Hit Rate", 3, ("hit", 3)),
        ("AveragePrecision@20", None, ("map", 20)),
        ("gradedNDCG@10", None, ("gradedndcg", 10)),
        ("RMSE", None, ("rmse", None)),
    ],
)
def test_metrics_have_one_name(label, k, expected):
    assert metric_of(label, k) == expected


# -- broken and hostile


def artifacts_in(folder: Path):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return tuple(Artifact(str(p.relative_to(folder)), p, p.stat().st_size) for p in files)


def read(folder, made=None):
    made = made or honest()
    execution = Execution(
        0, Ended.FINISHED, "", 1.0, IsolationLevel.COLD, artifacts=artifacts_in(folder)
    )
    evidence = read_evidence(made.plan, made.source, execution, (), {})
    return evidence, run_checks(evidence)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["ndcg", "NDCG@10", "ImplicitMF", "0", 10**400, -(10**400), 2**70]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
FIELDS = st.sampled_from([*ROW_COLUMNS, "surprise"])
RUN_FIELDS = st.sampled_from(["dataset", "split", "algorithms", "seeds", "list_sample", "study"])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.dictionaries(FIELDS, JSON, max_size=8) | JSON, max_size=5),
    run=st.dictionaries(RUN_FIELDS, JSON, max_size=6) | JSON,
)
def test_no_json_breaks_reading_or_checking(rows, run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "results.json").write_text(json.dumps({"rows": rows}))
    (folder / "run.json").write_text(json.dumps(run))

    _, checks = read(folder)

    assert len(checks) == len(RULES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[1, 2]",
        "{" * 100_000,
        "[" * 100_000,
        '{"rows": {"a": 1}}',
        '{"rows": [NaN, Infinity, -Infinity]}',
        '{"rows": [{"metric": "ndcg", "value": Infinity, "k": 10}]}',
        '{"rows": [{"metric": "ndcg", "value": ' + "9" * 5000 + "}]}",
        "\x00\x01",
    ],
)
def test_a_broken_results_file_is_a_problem(text, tmp_path):
    (tmp_path / "results.json").write_text(text)
    (tmp_path / "run.json").write_text("{}")

    evidence, checks = read(tmp_path)

    found = {c.name: c.finding for c in checks}
    assert Finding.FAIL in (found["contract_parses"], found["values_in_range"])
    assert all(len(p) < 400 for p in evidence.problems)


def test_bytes_that_are_no_text_are_a_problem(tmp_path):
    (tmp_path / "results.json").write_bytes(b"\xff\xfe{}")

    assert "not valid JSON" in " ".join(read(tmp_path)[0].problems)


def table_problem(table, tmp_path, required=("user_id", "item_id")):
    path = tmp_path / "t.parquet"
    pq.write_table(table, path)
    problems = Problems()
    frame = read_table("t.parquet", path, required, ("score",), problems)
    return frame, " ".join(problems.found)


def test_a_table_of_too_many_rows_is_not_unpacked(tmp_path):
    ones = pa.array(np.zeros(parquet_reader.MAX_CELLS // 2 + 1, dtype=np.int8))

    frame, problem = table_problem(pa.table({"user_id": ones, "item_id": ones}), tmp_path)

    assert frame is None
    assert "more than are read" in problem


def test_all_tables_together_are_bounded(tmp_path):
    problems = Problems(cells=1000)
    table = pa.table({"user_id": list(range(300)), "item_id": list(range(300))})
    pq.write_table(table, tmp_path / "t.parquet")

    read_both = [
        read_table("t", tmp_path / "t.parquet", ("user_id", "item_id"), (), problems)
        for _ in range(2)
    ]

    assert read_both[0] is not None
    assert read_both[1] is None


def test_long_text_repeated_is_not_unpacked(tmp_path):
    codes = pa.array(np.zeros(20_000, dtype=np.int32))
    bomb = pa.DictionaryArray.from_arrays(codes, pa.array(["x" * 1_000_000]))
    table = pa.table({"user_id": bomb, "item_id": bomb})

    frame, problem = table_problem(table, tmp_path)

    assert frame is None
    assert "characters" in problem


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1], [2]]),
        pa.array([{"a": 1}, {"a": 2}]),
        pa.array([b"a", b"b"]),
    ],
    ids=["lists", "objects", "bytes"],
)
def test_nested_columns_are_refused(column, tmp_path):
    frame, problem = table_problem(pa.table({"user_id": column, "item_id": column}), tmp_path)

    assert frame is None
    assert "no plain values" in problem


def test_missing_columns_are_named(tmp_path):
    frame, problem = table_problem(pa.table({"user_id": [1]}), tmp_path)

    assert frame is None
    assert "lacks the columns item_id" in problem


@pytest.mark.parametrize(
    "ranks",
    [
        [0, 1, 2],
        [-5, 1, 1],
        [float("nan"), 1, 2],
        [float("inf"), 1, 2],
        [1.5, 2.5, 1e300],
        [2**62, 1, 2],
        ["1", "2", "3"],
    ],
    ids=str,
)
def test_odd_ranks_are_found(ranks, tmp_path):
    made = honest()
    frame = pd.DataFrame({"user_id": [1, 1, 1], "item_id": [101, 102, 103], "rank": ranks})
    made.lists["ImplicitMF", "0", "1"] = frame

    found = made.findings(tmp_path)

    failed = {n for n, c in found.items() if c.is_binding and c.finding is Finding.FAIL}
    assert failed & {"values_in_range", "contract_parses", "recomputation_agrees"}


@pytest.mark.parametrize(
    "text", ["x,y\na,b\n", "row\n1.5\n", "row\n-3\n", "row\n99999999999999999999\n", ""]
)
def test_odd_row_numbers_are_problems(text, tmp_path):
    made = honest()
    made.splits = {"0": made.splits["0"]}
    made.files["split/1.test_rows.csv"] = text.encode()

    evidence = made.evidence(tmp_path)

    assert "1" not in evidence.test or not len(evidence.test["1"]) or text == "row\n1.5\n"


def test_an_empty_folder_fails_without_raising(tmp_path):
    evidence, checks = read(tmp_path)

    assert evidence.problems[0] == "results.json is missing"
    assert {c.name for c in checks if c.finding is Finding.PASS} <= {
        "runs_clean", "no_pseudo_replication", "typed_in_numbers", "metric_from_random",
        "swallowed_exceptions",
    }  # fmt: skip


def test_problems_are_bounded():
    problems = Problems()

    result_rows({"rows": [3] * 1000}, ROW_COLUMNS, problems)

    assert len(problems.found) == parquet_reader.MAX_PROBLEMS


def test_what_was_being_written_when_the_script_was_killed_is_passed_over(tmp_path):
    made = honest()
    made.files = {"lists/ImplicitMF/0-1.7.tmp.parquet": b"PAR1", "results.7.tmp.json": b"{"}

    assert made.evidence(tmp_path).problems == ()

"""Datasets that came in parts are one table; by its recipes the helper comes to the same rows."""

import gzip
import random
import warnings
import zipfile

import pandas as pd
import pytest

from agent_core.data.file_groups import group_files
from agent_core.data.given_files import RECIPES, table_name, write_recipes
from agent_core.data.profile import profile
from agent_core.domain import PartName
from agent_core.errors import BadDataset
from sandbox import labbook

PICK = random.Random(5)
RATINGS = [
    (u, i, PICK.randint(1, 5), 978_300_000 + 1000 * u + i)
    for u in range(1, 40)
    for i in PICK.sample(range(1, 80), 9)
]
PICK.shuffle(RATINGS)


def text(rows, separator="\t", header=""):
    return header + "".join(separator.join(map(str, r)) + "\n" for r in rows)


def read_parts(folder, files, words=""):
    """Write files, group and read them; return the dataset and its table."""
    paths = {n: folder / n for n in files}
    for n, content in files.items():
        paths[n].write_bytes(content if isinstance(content, bytes) else content.encode())
    (group,) = group_files(paths, words).groups
    name = group.source.file
    table = folder / table_name(name)
    dataset = profile(paths[name], name, words, table, parts=group.parts)
    write_recipes(folder / RECIPES, [dataset])
    return dataset, pd.read_parquet(table)


def read_outside(dataset, folder, monkeypatch):
    """Return all rows as the helper reads them outside the product, without the table."""
    monkeypatch.chdir(folder)
    (folder / table_name(dataset.name)).unlink()
    return labbook._whole(labbook.Path(dataset.name))


def assert_same(one, two):
    told = [c for c in one if c.startswith("given_")]
    one, two = (f.assign(**{c: f[c].astype(object).where(f[c].notna(), "") for c in told})
                for f in (one, two))  # fmt: skip
    for column in ("user_id", "item_id"):
        one[column], two[column] = one[column].astype(str), two[column].astype(str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        pd.testing.assert_frame_equal(one, two, check_dtype=False)


def counts(dataset):
    return [(p.fold, p.name.value, p.rows) for p in dataset.parts]


FOLDS = {
    f"u{n + 1}.{end}": text(rows)
    for n in range(3)
    for end, rows in (
        ("base", RATINGS[: 100 * n] + RATINGS[100 * (n + 1) :]),
        ("test", RATINGS[100 * n : 100 * (n + 1)]),
    )
}


def test_a_pair_is_one_table_with_the_training_rows_first(tmp_path, monkeypatch):
    files = {n: c for n, c in FOLDS.items() if n.startswith("u1")}
    dataset, table = read_parts(tmp_path, files)

    assert dataset.name == "u1.base"
    assert {*dataset.files} == {"u1.base", "u1.test"}
    assert counts(dataset) == [(0, "train", 251), (0, "test", 100)]
    assert list(table["given_0"]) == ["train"] * 251 + ["test"] * 100
    pairs = [*zip(table["user_id"], table["item_id"], strict=True)]
    assert pairs == [r[:2] for r in (*RATINGS[100:], *RATINGS[:100])]
    assert_same(table, read_outside(dataset, tmp_path, monkeypatch))


def test_folds_of_one_dataset_have_each_row_once(tmp_path, monkeypatch):
    dataset, table = read_parts(tmp_path, FOLDS)

    assert dataset.given_folds == 3
    assert dataset.rows == len(RATINGS)
    assert not dataset.duplicates
    for n in range(3):
        assert {*table.index[table[f"given_{n}"] == "test"]} == {
            table.index[(table["user_id"] == u) & (table["item_id"] == i)][0]
            for u, i, _, _ in RATINGS[100 * n : 100 * (n + 1)]
        }
    assert_same(table, read_outside(dataset, tmp_path, monkeypatch))


def test_the_helper_gives_the_parts_with_row_numbers(tmp_path, monkeypatch):
    files = {n: text([r[:3] for r in rows], ",", "user_id,item_id,rating\n")
             for n, rows in (("train.csv", RATINGS[:200]), ("valid.csv", RATINGS[200:250]),
                             ("test.csv", RATINGS[250:]))}  # fmt: skip
    dataset, _ = read_parts(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    whole, parts = labbook.load(dataset.name), labbook.given(dataset.name)

    assert list(whole) == ["user_id", "item_id", "rating"]
    assert {p: len(f) for p, f in parts.items()} == {"train": 200, "validation": 50, "test": 101}
    for frame in parts.values():
        pd.testing.assert_frame_equal(frame, whole.loc[frame.index])
    assert labbook.given_folds() == 1
    with pytest.raises(ValueError, match="no fold 1"):
        labbook.given(dataset.name, 1)


def test_what_parts_share_is_counted(tmp_path):
    files = {
        "train.csv": text([(1, 1), (1, 2), (2, 1), (2, 3)], ",", "user,item\n"),
        "test.csv": text([(1, 2), (1, 3), (3, 1), (2, 9)], ",", "user,item\n"),
    }
    dataset, _ = read_parts(tmp_path, files)
    test = next(p for p in dataset.parts if p.name is PartName.TEST)

    assert (test.rows, test.users, test.items) == (4, 3, 4)
    assert (test.known_users, test.known_items, test.shared_pairs) == (2, 3, 1)
    assert any("1 of its pairs" in n for n in dataset.notes)


def test_ids_are_text_in_all_parts_where_one_has_text(tmp_path, monkeypatch):
    files = {
        "train.csv": text([(1, 10), (2, 20), (2, 10)], ",", "user_id,item_id\n"),
        "test.csv": text([("1", "x7"), ("007", 20)], ",", "user_id,item_id\n"),
    }
    dataset, table = read_parts(tmp_path, files)

    assert [*table["user_id"]] == ["1", "2", "2", "1", "007"]
    assert [*table["item_id"]] == ["10", "20", "10", "x7", "20"]
    assert_same(table, read_outside(dataset, tmp_path, monkeypatch))


def test_dates_are_read_alike_in_all_parts(tmp_path, monkeypatch):
    header = "user_id,item_id,date\n"
    early = [(u, i, f"0{1 + i}/0{1 + u}/2014") for u in range(1, 6) for i in range(1, 8)]
    late = [(u, 20 + u, f"{20 + u}/09/2014") for u in range(1, 6)]
    files = {"train.csv": text(early, ",", header), "test.csv": text(late, ",", header)}
    dataset, table = read_parts(tmp_path, files)

    assert dataset.recipe.time_format == "%d/%m/%Y"
    assert table["timestamp"].iloc[0] == pd.Timestamp("2014-02-02")
    assert table["timestamp"].iloc[-1] == pd.Timestamp("2014-09-25")
    assert_same(table, read_outside(dataset, tmp_path, monkeypatch))


def test_lists_of_one_length_are_read_as_those_of_the_other_part(tmp_path, monkeypatch):
    trained = [(u, *PICK.sample(range(90), 2 + u % 5)) for u in range(30)]
    tested = [(u, *PICK.sample(range(90, 120), 3)) for u in range(30)]
    files = {"train.txt": text(trained, " "), "test.txt": text(tested, " ")}
    dataset, table = read_parts(tmp_path, files)

    assert dataset.rows == sum(len(r) - 1 for r in trained) + 90
    assert [*table["item_id"].tail(3).astype(int)] == [*tested[-1][1:]]
    assert_same(table, read_outside(dataset, tmp_path, monkeypatch))


def test_parts_in_an_archive_and_packed_ones_are_read(tmp_path, monkeypatch):
    path = tmp_path / "ml.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in FOLDS.items():
            archive.writestr(f"ml/{name}", content)
    (group,) = group_files({"ml.zip": path}).groups
    table = tmp_path / table_name("ml.zip")
    dataset = profile(path, "ml.zip", "", table, parts=group.parts)
    write_recipes(tmp_path / RECIPES, [dataset])

    assert dataset.given_folds == 3
    assert {*dataset.files} == {"ml.zip"}
    assert_same(pd.read_parquet(table), read_outside(dataset, tmp_path, monkeypatch))

    packed = {n + ".gz": gzip.compress(c.encode()) for n, c in FOLDS.items() if n < "u2"}
    (tmp_path / "gz").mkdir()
    dataset, found = read_parts(tmp_path / "gz", packed)
    assert len(found) == len(RATINGS)
    assert_same(found, read_outside(dataset, tmp_path / "gz", monkeypatch))


def test_a_test_without_ratings_is_said(tmp_path, monkeypatch):
    files = {
        "train.csv": text([r[:3] for r in RATINGS[:300]], ",", "user_id,item_id,rating\n"),
        "test.csv": text([r[:2] for r in RATINGS[300:]], ",", "user_id,item_id\n"),
    }
    dataset, table = read_parts(tmp_path, files)

    assert table["rating"].isna().sum() == len(RATINGS) - 300
    assert any("test.csv has no rating" in d for d in dataset.doubts)
    assert_same(table, read_outside(dataset, tmp_path, monkeypatch))


def test_a_part_that_cannot_be_read_is_named(tmp_path):
    files = {
        "train.csv": text([r[:3] for r in RATINGS], ",", "user_id,item_id,rating\n"),
        "test.csv": "user_id,item_id,rating\n1,2,good\n2,3,bad\n3,4,bad\n",
    }
    with pytest.raises(BadDataset, match=r"test\.csv"):
        read_parts(tmp_path, files)


def test_folds_of_other_data_are_asked_about(tmp_path):
    other = [(u + 500, i, r, t) for u, i, r, t in RATINGS]
    files = FOLDS | {"u2.base": text(other[100:]), "u2.test": text(other[:100])}
    dataset, _ = read_parts(tmp_path, files)

    assert any("u2.base" in d and "not among those of the first fold" in d for d in dataset.doubts)


def test_a_part_that_is_not_there_is_named(tmp_path, monkeypatch):
    dataset, _ = read_parts(tmp_path, FOLDS)
    (tmp_path / "u2.test").unlink()

    with pytest.raises(ValueError, match=r"u2\.test"):
        read_outside(dataset, tmp_path, monkeypatch)


@pytest.mark.parametrize("names", [("a_1.tsv", "a_2.tsv"), ("2019-Oct.tsv", "2019-Nov.tsv")])
def test_files_that_only_numbers_tell_apart_are_pieces_of_one_dataset(
    tmp_path, monkeypatch, names
):
    dataset, table = read_parts(
        tmp_path, dict(zip(names, (text(RATINGS[:200]), text(RATINGS[200:])), strict=True))
    )

    assert [p.rows for p in dataset.pieces] == [200, len(RATINGS) - 200]
    assert dataset.parts == ()
    assert [*zip(table["user_id"], table["item_id"], strict=True)] == [r[:2] for r in RATINGS]
    assert_same(table, read_outside(dataset, tmp_path, monkeypatch))
    assert labbook.given_folds(dataset.name) == 0


def test_pieces_are_datasets_of_their_own_where_somebody_says_so(tmp_path):
    files = {"a_1.tsv": text(RATINGS[:200]), "a_2.tsv": text(RATINGS[200:])}
    paths = {n: tmp_path / n for n in files}
    for name, content in files.items():
        paths[name].write_text(content)

    for words, groups in (
        ("", 1),
        ("They are separate datasets.", 2),
        ("Does the order hold on a_1.tsv and a_2.tsv?", 2),
        ("Concatenate the files a_1.tsv and a_2.tsv.", 1),
    ):
        found = group_files(paths, words)
        assert len(found.groups) == groups, words
    assert not found.doubts
    assert group_files(paths).doubts[0].options[1] == "they are separate datasets"


def test_further_columns_of_parts_come_with_their_rows(tmp_path, monkeypatch):
    header = "user_id\titem_id\trating\ttimestamp"
    extra = [(*r, f"d{r[1] % 3}") for r in RATINGS]
    files = {
        "train.tsv": text(extra[:200], header=f"{header}\tdevice\n"),
        "test.tsv": text(RATINGS[200:], header=f"{header}\n"),
    }
    dataset, _ = read_parts(tmp_path, files)
    monkeypatch.chdir(tmp_path)

    frame = labbook.load(dataset.name, columns=["device"])

    assert list(frame["device"][:200]) == [r[-1] for r in extra[:200]]
    assert frame["device"][200:].isna().all()
    assert list(frame["item_id"]) == [r[1] for r in RATINGS]
    with pytest.raises(ValueError, match="has no column nothing"):
        labbook.load(dataset.name, columns=["nothing"])

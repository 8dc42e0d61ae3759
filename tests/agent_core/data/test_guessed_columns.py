"""Columns that names and places do not tell: taken right, or asked about."""

import random

import pandas as pd
import pytest
from read_files import read_file, read_path

PICK = random.Random(9)
PAIRS = [(u, i) for u in range(1, 31) for i in PICK.sample(range(1, 61), 8)]
SECOND = 1_400_000_000


def lines(form, header=""):
    return header + "".join(form(u, i, n) + "\n" for n, (u, i) in enumerate(PAIRS))


def test_of_shown_news_those_that_were_clicked_count(tmp_path):
    content = lines(
        lambda u, i, n: f"{n}\tU{u}\t11/13/2019 9:05:{n % 60:02d} AM\tN90 N91\tN{i + 100}-0 N{i}-1"
    )

    read = read_file(tmp_path, content, "behaviors.tsv")
    whole = read_file(tmp_path, content, "behaviors.tsv", "All events count.")

    assert read.pairs() == [(f"U{u}", f"N{i}") for u, i in PAIRS]
    assert whole.dataset.rows == 2 * len(PAIRS)
    assert read.dataset.questions[0].options[1] == "all events count"


@pytest.mark.parametrize("form", ["u{u}\tv{i} v{i}0", "u{u},v{i};v{i}0{more},o{u}"])
def test_codes_in_one_field_are_several_items(tmp_path, form):
    read = read_file(
        tmp_path, lines(lambda u, i, n: form.format(u=u, i=i, more=";v7" * (n % 3))), "pairs.txt"
    )

    assert read.pairs()[:2] == [(f"u{PAIRS[0][0]}", f"v{PAIRS[0][1]}{end}") for end in ("", "0")]


def test_other_columns_that_could_be_the_item_are_asked_about(tmp_path):
    content = lines(lambda u, i, n: f"{u + 900}\t{i % 25}\t{i + 500}\t{SECOND + n}")

    read = read_file(tmp_path, content, "LEs.txt")

    assert "column 3 (column_3) is the item" in read.dataset.questions[0].options


def test_what_is_one_for_each_item_is_no_rating(tmp_path):
    content = lines(lambda u, i, n: f"{u},{i},{i % 7 + 1},{n % 5 + 1},2005-01-0{n % 9 + 1}")

    read = read_file(tmp_path, content, "movie-ratings.txt")

    assert list(read.table["rating"][:5]) == [1, 2, 3, 4, 5]


def test_codes_under_the_name_of_a_time_are_none(tmp_path):
    content = lines(
        lambda u, i, n: f"{u};{i};{n % 5 + 1};{n % 4 + 1}", "userID;itemID;rating;time\n"
    )

    dataset = read_file(tmp_path, content).dataset

    assert dataset.timestamp_column is None
    assert "column 4 (time) is the time" in dataset.questions[0].options


def test_parts_of_dates_in_columns_of_their_own_are_told(tmp_path):
    header = "userID\tmovieID\trating\tdate_day\tdate_month\tdate_year\n"
    content = lines(lambda u, i, n: f"{u}\t{i}\t{n % 5 + 1}\t{n % 28 + 1}\t3\t2006", header)

    dataset = read_file(tmp_path, content).dataset

    assert dataset.timestamp_column is None
    assert "date_day, date_month, date_year" in dataset.doubts[0]


def test_seconds_before_anybody_rated_online_only_order(tmp_path):
    rows = [(u, i, 300_000_000 + n) for n, (u, i) in enumerate(PAIRS)]
    path = tmp_path / "listens.parquet"
    pd.DataFrame(rows, columns=["uid", "item_id", "timestamp"]).to_parquet(path)

    read = read_path(path)

    assert read.table["timestamp"].iloc[0] == 300_000_000
    assert read.dataset.questions[0].options[0] == "the times only order"


@pytest.mark.parametrize("zero", ["0", "0.0"])
def test_marks_of_a_published_file_count_however_they_are_written(tmp_path, zero):
    header = "user_id,recipe_id,date,rating\n"
    content = lines(lambda u, i, n: f"{u},{i},2005-01-01,{n % 6 or zero}", header)

    table = read_file(tmp_path, content).table

    assert table["rating"].isna().sum() == len(PAIRS[::6])


def test_events_of_one_column_are_asked_about_once(tmp_path):
    header = "user_id,item_id,behavior_type,user_geohash,item_category,time\n"
    content = lines(lambda u, i, n: f"{u},{i},{n % 4 + 1},,{i % 9},2014-12-06 0{n % 9}", header)

    dataset = read_file(tmp_path, content, "train_user.csv").dataset

    (asked,) = dataset.questions
    assert asked.options[0] == "all events count"
    assert len(asked.options) == 5
    assert len(dataset.doubts) == 1

import gzip
import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agent_core.data.profile import profile
from agent_core.data.synthetic import write_catalogue
from agent_core.errors import BadDataset

DATA = Path(os.environ.get("AUTORECLAB_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
ROWS = [("ann", "i1", 5), ("ann", "i2", 3), ("bob", "i1", 4), ("bob", "i3", 1)]


def movielens(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"MovieLens is not in {DATA}; set AUTORECLAB_TEST_DATA")
    return path


def written(tmp_path, content, name="ratings.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def lines(separator, header=("user_id", "item_id", "rating"), rows=ROWS):
    table = [header, *rows] if header else rows
    return "".join(separator.join(map(str, row)) + "\n" for row in table)


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|", "::", " "])
@pytest.mark.parametrize("header", [("user_id", "item_id", "rating"), None])
def test_separators_and_headers_are_found(tmp_path, separator, header):
    found = profile(written(tmp_path, lines(separator, header)))

    assert found.separator == separator
    assert found.has_header is (header is not None)
    assert (found.users, found.items, found.rows) == (2, 3, 4)
    assert found.rating_values == (1, 3, 4, 5)


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("userId,movieId,rating,timestamp", ("userId", "movieId", "rating", "timestamp")),
        ("User-ID,ISBN,Book-Rating,when", ("User-ID", "ISBN", "Book-Rating", "when")),
        ("customer_no,product_key,stars,date", ("customer_no", "product_key", "stars", "date")),
        ("when,rating,item,user", ("user", "item", "rating", None)),
        ("reviewerID,asin,overall,unixReviewTime", None),
        ("reader,book,score,ts", ("reader", "book", "score", "ts")),
    ],
)
def test_columns_are_known_by_their_usual_names(tmp_path, header, roles):
    names = header.split(",")
    roles = roles or tuple(names)
    rows = [("1", "10", "5", "964982703"), ("2", "11", "3", "964982800")]

    found = profile(written(tmp_path, lines(",", names, rows)))

    columns = (found.user_column, found.item_column, found.rating_column, found.timestamp_column)
    assert columns == roles


def test_words_without_a_header_are_known_by_repetition(tmp_path):
    found = profile(written(tmp_path, "ann,tea\nann,milk\nbob,tea\n"))

    assert (found.has_header, found.rows) == (False, 3)


def test_a_third_column_of_times_is_no_rating(tmp_path):
    found = profile(written(tmp_path, "1,5,964982703\n2,6,964982800\n1,6,964982900\n"))

    assert found.rating_column is None
    assert found.first_time == "2000-07-30"


@pytest.mark.parametrize(
    "date", ["2024-03-01", "2024-03-01T10:00:00Z", "03/01/2024", "1709251200000"]
)
def test_dates_are_read_in_their_usual_forms(tmp_path, date):
    found = profile(written(tmp_path, f"user,item,date\na,x,{date}\nb,y,{date}\n"))

    assert found.first_time == "2024-03-01"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    content = "\ufeff" + lines(",").replace("\n", "\r\n")

    assert profile(written(tmp_path, content)).user_column == "user_id"


def test_names_in_latin_1_are_read(tmp_path):
    content = lines(",", rows=[("Zoë", "é", 5), ("Jan", "b", 4), *ROWS])

    assert profile(written(tmp_path, content, encoding="latin-1")).rows == 6


def test_quoted_fields_are_read(tmp_path):
    content = '"User-ID";"ISBN";"Book-Rating"\n"1";"034;5X";"0"\n"2";"0345";"5"\n'

    found = profile(written(tmp_path, content))

    assert (found.items, found.rating_values) == (2, (5,))
    assert "1 interactions have no rating" in found.notes


def test_repeated_pairs_are_counted_and_said(tmp_path):
    found = profile(written(tmp_path, lines(",", rows=[*ROWS, ROWS[0]])))

    assert found.duplicates == 1
    assert any("repeat" in n for n in found.notes)


def test_the_task_may_say_which_column_holds_what(tmp_path):
    path = written(
        tmp_path,
        lines(",", ("who", "what", "liked", "score"), [("a", "x", 5, 0.5), ("b", "y", 4, 0.1)]),
    )
    task = "The user column is who, items are in column what, and ratings are in column 'liked'."

    found = profile(path, task=task)

    assert (found.user_column, found.item_column, found.rating_column) == ("who", "what", "liked")


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("ratings are in column raiting", r"no column 'raiting'.*nearest is rating"),
        ("Use column stars as the rating", r"no column 'stars'.*user_id, item_id, rating"),
        ("the user column is called usr_id", r"nearest is user_id"),
    ],
)
def test_a_column_that_is_not_there_names_the_nearest(tmp_path, task, message):
    with pytest.raises(BadDataset, match=message):
        profile(written(tmp_path, lines(",")), task=task)


@pytest.mark.parametrize(
    "task",
    [
        "the rating column of the file",
        "use the user column from u.data and NDCG@10",
        "is there a timestamp column in it?",
        "how do ratings in column-wise normalisation matter",
    ],
)
def test_ordinary_words_beside_column_name_none(tmp_path, task):
    assert profile(written(tmp_path, lines(",")), task=task).rating_column == "rating"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n  \n", "blank lines"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "PNG image"),
        (b"PK\x03\x04" + bytes(99), "damaged ZIP archive"),
        (gzip.compress(b"1,2,3\n" * 999, mtime=0)[:-9], "damaged"),
        (b"PAR1" + bytes(99), "cannot be read"),
        (b"1,2\x00,3\n", "binary"),
        (bytes(range(128, 256)) * 40, "binary or in an unknown encoding"),
        ("user,item\n1,2\n".encode("utf-16"), "has 1 user"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b'{"user": 1}', "no column for an item"),
        (b"just some words\n", "has 1 user"),
        (b"12\n13\n14\n", "no table"),
        (b"user_id,item_id,rating\n", "no rows"),
        (
            b"title,genre\nHeat,crime\nRonin,crime\nAlien,horror\nJaws,horror\n",
            "no column for a user and an item",
        ),
        (b"user_id,item_id\n7,1\n7,2\n", "has 1 user"),
        (b"user_id,item_id\n7,\n,2\n8,\n", "no line is left with a user and an item"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path, content, message):
    with pytest.raises(BadDataset, match=message):
        profile(written(tmp_path, content))


def test_what_is_no_rating_is_counted_with_its_first_line(tmp_path):
    rows = [*ROWS, ("eve", "i1", "NR"), ("eve", "i2", "NR")]

    with pytest.raises(BadDataset, match=r"2 values.*\(33.3%\).*'NR'.*line 6") as caught:
        profile(written(tmp_path, lines(",", rows=rows)))
    assert "drop the NR rows" in str(caught.value)


@pytest.mark.parametrize("broken", ["ann,i9", "ann,i9,5,964982703,yes"])
def test_the_first_line_of_another_width_is_named(tmp_path, broken):
    content = lines(",") + broken + "\n" + lines(",", None)

    with pytest.raises(BadDataset, match=r"line 6 has \d fields where 3 are expected.*1 such"):
        profile(written(tmp_path, content))


def test_a_file_over_the_limit_is_refused(tmp_path):
    with pytest.raises(BadDataset, match="the limit is"):
        profile(written(tmp_path, lines(",")), max_bytes=10)


def test_the_hash_is_that_of_the_file(tmp_path):
    path = written(tmp_path, lines(","))

    assert profile(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_name_given_to_it_is_used(tmp_path):
    assert profile(written(tmp_path, lines(",")), "their ratings.csv").name == "their ratings.csv"


def test_movielens_100k_is_known():
    found = profile(movielens("ml-100k/u.data"))

    assert found.known_as == "MovieLens 100K"
    assert (found.users, found.items, found.rows) == (943, 1682, 100_000)
    assert (found.first_time, found.last_time) == ("1997-09-20", "1998-04-22")
    assert found.min_user_interactions == 20
    assert round(found.density, 3) == 0.063


def test_movielens_latest_small_is_known():
    found = profile(movielens("ml-latest-small/ratings.csv"))

    assert found.known_as == "MovieLens latest small"
    assert found.item_column == "movieId"
    assert (found.users, found.rows) == (671, 100_004)


def test_a_table_of_films_is_no_table_of_interactions():
    with pytest.raises(BadDataset, match="no column for a user"):
        profile(movielens("ml-latest-small/movies.csv"))


def test_the_catalogue_is_known_as_synthetic_and_always_the_same(tmp_path):
    first, second = tmp_path / "a.tsv", tmp_path / "b.tsv"
    write_catalogue(first)
    write_catalogue(second)

    found = profile(first)

    assert first.read_bytes() == second.read_bytes()
    assert found.known_as == "SYNTHETIC DATA"
    assert found.is_synthetic
    assert found.users == 400
    assert found.rating_values == (1, 2, 3, 4, 5)
    assert found.min_user_interactions >= 10
    assert found.first_time.startswith("2023")


def test_the_catalogue_has_a_long_tail(tmp_path):
    path = tmp_path / "catalogue.tsv"
    write_catalogue(path)

    counts = pd.read_csv(path, sep="\t")["item_id"].value_counts()

    assert counts.head(len(counts) // 10).sum() > 0.25 * counts.sum()
    assert counts.median() < counts.mean()


@pytest.mark.slow
@pytest.mark.wide
def test_a_hundred_megabytes_are_profiled_soon(tmp_path):
    rng = np.random.default_rng(1)
    count = 4_000_000
    frame = pd.DataFrame(
        {
            "userId": rng.integers(1, 60_000, count),
            "movieId": rng.integers(1, 20_000, count),
            "rating": rng.integers(1, 6, count),
            "timestamp": rng.integers(900_000_000, 950_000_000, count),
        }
    )
    path = tmp_path / "large.csv"
    frame.to_csv(path, index=False)
    began = time.process_time()

    assert profile(path).rows == count
    assert time.process_time() - began < 30

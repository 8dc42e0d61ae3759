"""Files as researchers have them: each is read right, or asked about, by product and helper."""

import gzip
import io
import random
import zipfile

import pandas as pd
import pytest
from read_files import read_file

from agent_core.data.plain_file import HEAD
from agent_core.errors import BadDataset

PAIRS = [(u, i) for u in range(1, 31) for i in random.Random(u).sample(range(1, 60), 5 + u % 3)]
DAY = 86_400


def lines(make, pairs=PAIRS, header=""):
    """Return a line for each pair."""
    rng = random.Random(3)
    return header + "".join(f"{make(u, i, rng)}\n" for u, i in pairs)


def roles(read):
    found = read.dataset
    return (found.user_column, found.item_column, found.rating_column, found.timestamp_column)


def texts(pairs=PAIRS, user="{}", item="{}"):
    return [(user.format(u), item.format(i)) for u, i in pairs]


# -- ids -----------------------------------------------------------------------------------


def test_ids_are_texts_that_nothing_merges_or_leaves_out(tmp_path):
    odd = ["NA", "null", "nan", "None", "007", "7", "7.0", "1e1", "10", "10e0", "-", "TRUE", "+7"]

    read = read_file(tmp_path, "user,item\n" + "".join(f"{o},i{n}\n" for n, o in enumerate(odd)))

    assert list(read.table["user_id"]) == odd
    assert read.dataset.users == len(odd)


def test_whole_numbers_are_numbers(tmp_path):
    read = read_file(tmp_path, lines(lambda u, i, r: f"{u},{i}", header="user,item\n"))

    assert (read.dataset.recipe.is_user_number, read.dataset.recipe.is_item_number) == (True, True)
    assert read.pairs() == texts()


def test_one_leading_zero_far_below_makes_all_ids_text(tmp_path):
    pairs = [*PAIRS, ("007", "1")]
    read = read_file(tmp_path, lines(lambda u, i, r: f"{u},{i}", pairs, "user,item\n"))

    assert read.dataset.recipe.is_user_number is False
    assert read.pairs()[-1] == ("007", "1")


def test_lines_without_user_or_item_are_left_out_and_counted(tmp_path):
    content = lines(lambda u, i, r: f"{u},{i}", header="user,item\n") + ",5\n,6\n3,\n"

    read = read_file(tmp_path, content)

    assert read.dataset.rows == len(PAIRS)
    assert [n.split()[0] for n in read.dataset.notes if "left out" in n] == ["2", "1"]


# -- quotation marks and lines --------------------------------------------------------------


def test_half_a_quotation_mark_eats_no_line(tmp_path):
    content = lines(
        lambda u, i, r: f"{u}\t{i}\t{chr(34) + 'half open' if (u, i) == PAIRS[40] else 't'}",
        header="user\titem\ttitle\n",
    )

    assert read_file(tmp_path, content, "x.tsv").pairs() == texts()


def test_two_half_quotation_marks_eat_no_line(tmp_path):
    marked = {PAIRS[10], PAIRS[50]}
    content = lines(
        lambda u, i, r: f"{u}\t{i}\t{chr(34) + 'x' if (u, i) in marked else 't'}",
        header="user\titem\ttitle\n",
    )

    assert read_file(tmp_path, content, "x.tsv").pairs() == texts()


def test_quoted_fields_may_hold_separators_marks_and_line_breaks(tmp_path):
    content = "user,item,title\n" + "".join(f'{u},{i},"a, ""b""\nand c"\n' for u, i in PAIRS)

    assert read_file(tmp_path, content).pairs() == texts()


def test_a_few_lines_of_another_width_are_left_out_and_named(tmp_path):
    many = PAIRS * 2
    content = lines(lambda u, i, r: f"{u},{i},5", many, "user,item,rating\n") + "1,2\n3\n"

    read = read_file(tmp_path, content)

    assert read.dataset.rows == len(many)
    assert any(f"line {len(many) + 2:,}, {len(many) + 3:,}" in n for n in read.dataset.notes)


def test_many_lines_of_another_width_are_refused_with_the_first(tmp_path):
    content = "user,item,rating\n1,2,3\n1,3\n2,2,3\n2,4\n3,3,3\n"

    with pytest.raises(BadDataset, match="line 3 has 2 fields where 3 are expected"):
        read_file(tmp_path, content)


def test_a_line_that_names_the_separator_and_comments_are_no_data(tmp_path):
    assert read_file(tmp_path, "sep=;\n" + lines(lambda u, i, r: f"{u};{i};4")).pairs() == texts()
    commented = "% bip weighted\n% 210 30 60\n" + lines(lambda u, i, r: f"{u} {i} 4")
    assert read_file(tmp_path, commented, "out.konect").pairs() == texts()


# -- headers ---------------------------------------------------------------------------------


def test_a_first_line_like_the_others_is_kept(tmp_path):
    assert read_file(tmp_path, lines(lambda u, i, r: f"u{u},i{i}")).pairs() == texts(
        user="u{}", item="i{}"
    )


def test_words_above_other_things_are_a_header(tmp_path):
    read = read_file(
        tmp_path,
        lines(lambda u, i, r: f"p{u},t{i}", header="who,what\n"),
        words="the user column is who and the item column is what",
    )

    assert roles(read)[:2] == ("who", "what")


def test_typed_names_of_atomic_files_are_read(tmp_path):
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    content = lines(lambda u, i, r: f"{u}\t{i}\t{r.randint(1, 5)}\t{10**9 + u}", header=header)

    assert roles(read_file(tmp_path, content, "ml-100k.inter")) == (
        "user_id", "item_id", "rating", "timestamp",
    )  # fmt: skip


def test_no_header_is_taken_from_words(tmp_path):
    content = "user,item\n" + lines(lambda u, i, r: f"{u},{i}")

    assert read_file(tmp_path, content, words="there is no header").dataset.rows == len(PAIRS) + 1


# -- times -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (lambda s: str(s), "s"),
        (lambda s: f"{s}.0", "s"),
        (lambda s: str(s * 1000), "ms"),
        (lambda s: str(s * 10**6), "us"),
        (lambda s: str(s * 10**9), "ns"),
        (lambda s: pd.Timestamp(s, unit="s").strftime("%Y%m%d"), "%Y%m%d"),
        (lambda s: pd.Timestamp(s, unit="s").strftime("%Y-%m-%d"), "iso"),
        (lambda s: pd.Timestamp(s, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ"), "iso"),
        (lambda s: pd.Timestamp(s, unit="s").strftime("%Y-%m-%d %H:%M:%S+00:00"), "iso"),
        (lambda s: pd.Timestamp(s, unit="s").strftime("%d.%m.%Y %H:%M"), "%d.%m.%Y %H:%M"),
        (lambda s: pd.Timestamp(s, unit="s").strftime("%b %d, %Y"), "%b %d, %Y"),
    ],
)
def test_times_of_all_units_are_moments(tmp_path, make, form):
    start = 1_400_000_000
    content = lines(
        lambda u, i, r: f"{u}\t{i}\t{make(start + u * DAY)}", header="user\titem\ttime\n"
    )

    read = read_file(tmp_path, content)

    assert read.dataset.recipe.time_format == form
    found = read.table["timestamp"].dt.date.tolist()
    assert found == [pd.Timestamp(start + u * DAY, unit="s").date() for u, _ in PAIRS]


def test_a_part_over_twelve_decides_for_all_dates(tmp_path):
    rng = random.Random(1)
    days = [f"{rng.randint(1, 12):02d}/{rng.randint(1, 12):02d}/2014 10:00" for _ in PAIRS]
    days[-1] = "13/05/2014 17:07"
    rows = zip(PAIRS, days, strict=True)

    read = read_file(
        tmp_path, "user,item,time\n" + "".join(f"{u},{i},{d}\n" for (u, i), d in rows)
    )

    assert read.table["timestamp"].iloc[-1] == pd.Timestamp("2014-05-13 17:07")
    assert list(read.table["timestamp"].dt.day) == [int(d[:2]) for d in days]
    assert read.dataset.doubts == ()


def test_dates_that_can_be_read_both_ways_follow_the_order_of_the_file_and_are_asked(tmp_path):
    moments = [
        pd.Timestamp("2014-01-01") + pd.DateOffset(months=n // 12, days=n % 12) for n in range(144)
    ]
    rows = zip((PAIRS * 2)[:144], moments, strict=True)
    content = "user,item,time\n" + "".join(f"{u},{i},{m:%d/%m/%Y}\n" for (u, i), m in rows)

    read = read_file(tmp_path, content)

    assert list(read.table["timestamp"]) == moments
    assert any("%d/%m/%Y" in d for d in read.dataset.doubts)


def test_empty_and_zero_times_stay_open(tmp_path):
    content = lines(
        lambda u, i, r: f"{u},{i},{'' if u == 3 else 0 if u == 4 else 1_400_000_000 + i}",
        header="user,item,time\n",
    )

    read = read_file(tmp_path, content)

    is_open = read.table["timestamp"].isna()
    assert set(read.table.loc[is_open, "user_id"]) == {"3", "4"}
    assert read.dataset.first_time == "2014-05-13"


def test_numbers_that_are_no_moments_still_order(tmp_path):
    content = lines(lambda u, i, r: f"{u},{i},{i}", header="user,item,timestamp\n")

    read = read_file(tmp_path, content)

    assert read.dataset.recipe.time_format == "order"
    assert any("only order" in n for n in read.dataset.notes)


# -- roles by content -----------------------------------------------------------------------


def test_a_column_of_times_is_no_item(tmp_path):
    content = lines(lambda u, i, r: f"u{u},2014-05-{u % 28 + 1:02d}T10:00:00Z,i{i},c{i % 7}")

    read = read_file(tmp_path, content)

    assert read.pairs() == texts(user="u{}", item="i{}")
    assert any("column 3" in d for d in read.dataset.doubts)


def test_latitude_and_longitude_are_no_items(tmp_path):
    content = lines(
        lambda u, i, r: (
            f"{u}\t2010-10-{u % 28 + 1:02d}T10:00:00Z\t{30 + i / 1e4:.6f}"
            f"\t{-97 - i / 1e4:.6f}\t{i}"
        )
    )

    assert read_file(tmp_path, content, "checkins.txt").pairs() == texts()


def test_a_row_number_is_no_user(tmp_path):
    content = "".join(f"{n},{u},{i},4\n" for n, (u, i) in enumerate(PAIRS))

    assert read_file(tmp_path, content).pairs() == texts()


def test_columns_in_words_are_taken(tmp_path):
    content = lines(lambda u, i, r: f"{u},2014-05-01,1.5,2.5,{i}")

    for words in (
        "columns: user, time, lat, lon, item",
        "The fifth column is the item",
        "use column 5 as the item",
    ):
        assert read_file(tmp_path, content, words=words).pairs() == texts()


# -- ratings --------------------------------------------------------------------------------


@pytest.mark.parametrize(("mark", "low", "high"), [(99, -10, 10), (-1, 1, 10)])
def test_a_mark_for_not_rated_is_asked_and_left_out_of_ratings(tmp_path, mark, low, high):
    content = lines(
        lambda u, i, r: f"{u},{i},{mark if i % 9 == 0 else r.randint(low, high)}",
        header="user,item,rating\n",
    )

    read = read_file(tmp_path, content)

    assert read.dataset.rows == len(PAIRS)
    assert read.table["rating"].max() <= high
    assert read.table["rating"].min() >= low
    assert any(f"{mark} among" in d for d in read.dataset.doubts)


def test_ratings_that_are_no_numbers_are_refused_and_words_remedy_it(tmp_path):
    content = lines(
        lambda u, i, r: f"{u},{i},{'NR' if i % 9 == 0 else 4}", header="user,item,rating\n"
    )

    with pytest.raises(BadDataset, match="drop the NR rows"):
        read_file(tmp_path, content)
    dropped = read_file(tmp_path, content, words="please drop the NR rows")
    unrated = read_file(tmp_path, content, words="NR means not rated")

    assert dropped.dataset.rows == sum(i % 9 != 0 for _, i in PAIRS)
    assert unrated.table["rating"].isna().sum() == sum(i % 9 == 0 for _, i in PAIRS)


def test_decimal_commas_are_read(tmp_path):
    content = lines(lambda u, i, r: f"{u};{i};{i % 5},5", header="user;item;rating\n")

    assert list(read_file(tmp_path, content).table["rating"]) == [i % 5 + 0.5 for _, i in PAIRS]


def test_events_are_told_and_chosen_by_words(tmp_path):
    kinds = ("view", "addtocart", "transaction")
    content = lines(
        lambda u, i, r: f"{1433221332117 + u},{u},{kinds[i % 3]},{i},",
        header="timestamp,visitorid,event,itemid,transactionid\n",
    )

    whole = read_file(tmp_path, content)
    bought = read_file(tmp_path, content, words="Use purchases only and compare ...")

    assert any("view" in d and "transaction" in d for d in whole.dataset.doubts)
    assert bought.pairs() == texts([(u, i) for u, i in PAIRS if i % 3 == 2])


# -- layouts --------------------------------------------------------------------------------


def test_a_user_and_the_users_items_a_line(tmp_path):
    users = dict.fromkeys(u for u, _ in PAIRS)
    content = "".join(f"{u} {' '.join(str(i) for v, i in PAIRS if v == u)}\n" for u in users)

    assert read_file(tmp_path, content, "train.txt").pairs() == texts()


def test_a_matrix_with_a_mark_for_not_rated(tmp_path):
    rng = random.Random(2)
    cells = [
        [rng.choice(["99", f"{rng.uniform(-10, 10):.2f}"]) for _ in range(60)] for _ in range(40)
    ]
    content = "".join(",".join([str(sum(c != "99" for c in row)), *row]) + "\n" for row in cells)

    read = read_file(tmp_path, content, "jester.csv")

    known = [float(c) for row in cells for c in row if c != "99"]
    assert list(read.table["rating"]) == known
    assert (read.dataset.users, read.dataset.items) == (40, 60)


def test_items_with_their_users_below(tmp_path):
    items = sorted({i for _, i in PAIRS})
    content = "".join(
        f"{i}:\n" + "".join(f"{u},4,2005-09-06\n" for u, j in PAIRS if j == i) for i in items
    )

    read = read_file(tmp_path, content, "combined_data_1.txt")

    assert set(read.pairs()) == set(texts())
    assert read.dataset.first_time == "2005-09-06"


def test_libfm_lines(tmp_path):
    content = lines(lambda u, i, r: f"4 {u}:1 {i + 100}:1")

    assert read_file(tmp_path, content, "x.libfm").pairs() == texts(
        [(u, i + 100) for u, i in PAIRS]
    )


@pytest.mark.parametrize("is_array", [True, False])
def test_objects(tmp_path, is_array):
    made = [
        f'{{"user_id": "A{u}", "parent_asin": "B{i}", "asin": "C{i}", "rating": 4.0, '
        f'"timestamp": {1588615855070 + u}, "images": []}}'
        for u, i in PAIRS
    ]
    content = "[" + ",\n".join(made) + "]" if is_array else "\n".join(made)

    assert read_file(tmp_path, content, "x.json").pairs() == texts(user="A{}", item="B{}")


def test_objects_as_python_writes_them(tmp_path):
    content = lines(
        lambda u, i, r: (
            f"{{'reviewerID': 'A{u}', 'asin': '00{i}', 'overall': 4.0, "
            f"'helpful': [0, 0], 'unixReviewTime': {1252800000 + u}}}"
        )
    )

    assert read_file(tmp_path, content, "reviews.json").pairs() == texts(user="A{}", item="00{}")


# -- packed ---------------------------------------------------------------------------------

TABLE = lines(lambda u, i, r: f"{u}::{i}::4::{10**9 + u}")


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return packed.getvalue()


def zstd(content):
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(content)
        out.flush()
        return sink.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TABLE.encode()),
        zipped(**{"ml-1m__ratings.dat": TABLE, "ml-1m__README": "hello"}),
        TABLE.encode("utf-16"),
        TABLE.replace("\n", "\r\n").encode(),
    ],
)
def test_packed_files_are_read_whatever_their_name(tmp_path, content):
    assert read_file(tmp_path, content, "ratings.csv").pairs() == texts()


def test_text_that_is_called_packed_is_read(tmp_path):
    assert read_file(tmp_path, TABLE, "ratings.dat.gz").pairs() == texts()


def test_parquet_keeps_ids_as_they_are(tmp_path):
    frame = pd.DataFrame(texts(user="0{}"), columns=["user_id", "item_id"])
    frame["item_id"] = frame["item_id"].astype("int64")
    frame["rating"] = 4.5
    frame["timestamp"] = pd.Timestamp("2020-01-01 10:00")
    target = io.BytesIO()
    frame.to_parquet(target)

    read = read_file(tmp_path, target.getvalue(), "ratings.parquet")

    assert read.pairs() == texts(user="0{}")
    assert set(read.table["timestamp"]) == {pd.Timestamp("2020-01-01 10:00")}


# -- what names and lines do not say at once --------------------------------------------------


def test_tables_as_r_writes_them_have_row_names(tmp_path):
    header = '"user" "item" "rating"\n'
    content = "".join(f'"{n}" "u{u}" {i} 4\n' for n, (u, i) in enumerate(PAIRS, start=1))

    read = read_file(tmp_path, header + content, "r.txt")

    assert read.pairs() == texts(user="u{}")
    assert roles(read) == ("user", "item", "rating", None)


def test_comments_between_lines_and_a_title_above_are_left_out_and_said(tmp_path):
    body = lines(lambda u, i, r: f"{u},{i},4").splitlines(keepends=True)
    body.insert(20, "# second week\n")

    read = read_file(tmp_path, "Exported in March\n\nuser,item,rating\n" + "".join(body))

    assert read.pairs() == texts()
    assert any("Exported in March" in d for d in read.dataset.doubts)
    assert any("1 lines have another number of fields" in n for n in read.dataset.notes)


def test_a_matrix_with_names_is_told(tmp_path):
    content = "student,Logic,Optics,Ethics,Algebra\n" + "".join(
        f"s{n},{1 + n % 5},{'' if n % 3 else 1 + n % 4},{1 + n % 2},{5 - n % 5}\n"
        for n in range(12)
    )

    read = read_file(tmp_path, content)

    assert read.dataset.users == 12
    assert {i for _, i in read.pairs()} == {"Logic", "Optics", "Ethics", "Algebra"}
    assert any("Logic" in d for d in read.dataset.doubts)


def test_a_line_that_counts_its_items_is_a_user(tmp_path):
    users = dict.fromkeys(u for u, _ in PAIRS)
    owned = [[i for v, i in PAIRS if v == u] for u in users]
    content = "".join(f"{len(o)} {' '.join(map(str, o))}\n" for o in owned)

    read = read_file(tmp_path, content, "users.dat")

    assert read.pairs() == [(str(n), str(i)) for n, o in enumerate(owned) for i in o]


@pytest.mark.parametrize(
    "items", ['[{{"item_id": {0}, "n": 1}}, {{"item_id": {1}, "n": 2}}]', "[{0}, {1}]"]
)
def test_lists_in_objects_are_unfolded(tmp_path, items):
    content = "".join(
        f'{{"user_id": {u}, "items": {items.format(u + 100, u + 200)}}}\n' for u in range(30)
    )

    read = read_file(tmp_path, content, "baskets.jsonl")

    assert read.pairs() == [(str(u), str(u + n)) for u in range(30) for n in (100, 200)]


def test_pairs_and_lists_of_ids_are_no_users_and_items(tmp_path):
    content = lines(lambda u, i, r: f"({u},{i})\t{i} {i + 1} {i + 2}")

    with pytest.raises(BadDataset, match="no column for a user"):
        read_file(tmp_path, content, "test.negative")


def test_of_two_columns_with_names_of_items_the_choice_is_said(tmp_path):
    content = lines(
        lambda u, i, r: f"{u},a{i % 7},{i},{10**9 + u}", header="user,artist,track,time\n"
    )

    read = read_file(tmp_path, content)

    assert roles(read)[1] == "track"
    assert any("track" in d and "not artist" in d for d in read.dataset.doubts)


@pytest.mark.parametrize("name", ["birthdate", "release_date", "registered"])
def test_times_of_something_else_are_no_times_of_interactions(tmp_path, name):
    content = lines(
        lambda u, i, r: f"{u},{i},4,19{50 + u}-01-01", header=f"user,item,rating,{name}\n"
    )

    assert roles(read_file(tmp_path, content))[3] is None


@pytest.mark.parametrize(
    ("written", "values"),
    [("13/20", {13.0}), ("80%", {80.0}), ('"1,204"', {1204.0}), ("4 stars", {4.0})],
)
def test_ratings_with_something_behind_or_between_are_numbers(tmp_path, written, values):
    content = lines(lambda u, i, r: f"{u},{i},{written}", header="user,item,rating\n")

    assert set(read_file(tmp_path, content).table["rating"]) == values


@pytest.mark.parametrize("orient", ["columns", "split", "values"])
def test_a_document_of_which_the_first_characters_are_none_is_read_whole(tmp_path, orient):
    pairs = [(100_000 + u, 500_000 + i) for u, i in PAIRS * 95]
    frame = pd.DataFrame(pairs, columns=["user_id", "item_id"])

    read = read_file(tmp_path, frame.to_json(orient=orient), "data.json")

    assert (tmp_path / "data.json").stat().st_size > HEAD
    assert read.pairs() == [(str(u), str(i)) for u, i in pairs]

"""Files of items and users are joined by their ids, told where they are not, the same outside."""

import gzip
import io
import json
import random

import pandas as pd
import pytest
from side_data import read_sides

from agent_core.domain.side_table import SideKind

PICK = random.Random(5)
USERS, ITEMS = range(1, 61), range(1, 101)
PAIRS = [(u, i) for u in USERS for i in PICK.sample(ITEMS, 12)]
RATED = "userId,movieId,rating,timestamp\n" + "".join(
    f"{u},{i},{1 + (u * i) % 5},{978_300_000 + 90 * u + i}\n" for u, i in PAIRS
)
GENRES = ["Action", "Comedy", "Drama", "War"]


def pairs(user="{}", item="{}", header="user_id,item_id\n", sep=","):
    return header + "".join(f"{user.format(u)}{sep}{item.format(i)}\n" for u, i in PAIRS)


def clicked(count):
    return " ".join(f"N{i}" for i in PICK.sample(ITEMS, count))


def packed(frame, **options):
    out = io.BytesIO()
    frame.to_parquet(out, **options)
    return out.getvalue()


FLAGS = "|".join("0" * 18)
PUBLISHED = {
    "movies.csv": (
        ("ratings.csv", RATED),
        "movieId,title,genres\n"
        + "".join(f'{i},"Film, The {i} (1990)",{"|".join(GENRES[: 1 + i % 3])}\n' for i in ITEMS),
        "item",
        {"title": "str", "genres": "list"},
    ),
    "u.item": (
        ("u.data", "".join(f"{u}\t{i}\t3\t{881250949 + u}\n" for u, i in PAIRS)),
        "".join(
            f"{i}|Caf\xe9 {i} (1995)|01-Jan-1995||http://x/{i}|{i % 2}|{FLAGS}\n" for i in ITEMS
        ).encode("latin-1"),
        "item",
        {"title": "str", "release_date": "str", "unknown": "int", "Western": "int"},
    ),
    "u.user": (
        ("u.data", "".join(f"{u}\t{i}\t3\t{881250949 + u}\n" for u, i in PAIRS)),
        "".join(f"{u}|{20 + u % 9}|M|writer|{'0' if u % 2 else 'T'}{8000 + u}\n" for u in USERS),
        "user",
        {"age": "int", "gender": "str", "occupation": "str", "zip_code": "str"},
    ),
    "movies.dat": (
        ("ratings.dat", "".join(f"{u}::{i}::3::978300760\n" for u, i in PAIRS)),
        "".join(f"{i}::Film {i} (1995)::Drama|War\n" for i in ITEMS),
        "item",
        {"title": "str", "genres": "list"},
    ),
    "users.dat": (
        ("ratings.dat", "".join(f"{u}::{i}::3::978300760\n" for u, i in PAIRS)),
        "".join(f"{u}::F::25::4::55117\n" for u in USERS),
        "user",
        {"gender": "str", "age": "int", "zip_code": "int"},
    ),
    "ml.item": (
        ("ml.inter", pairs(header="user_id:token\titem_id:token\n", sep="\t")),
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        + "".join(f"{i}\tThe Film {i}\t1995\tDrama War\n" for i in ITEMS),
        "item",
        {"movie_title": "list", "release_year": "int", "class": "list"},
    ),
    "ml.user": (
        ("ml.inter", pairs(header="user_id:token\titem_id:token\n", sep="\t")),
        "user_id:token\tage:token\tgender:token\tweight:float\n"
        + "".join(f"{u}\t{20 + u % 5}\tF\t{u / 7:.3f}\n" for u in USERS),
        "user",
        {"age": "int", "gender": "str", "weight": "float"},
    ),
    "item_categories.csv": (
        (
            "small_matrix.csv",
            "user_id,video_id,play_duration,watch_ratio,timestamp\n"
            + "".join(f"{u},{i},8000,{i / 50},1593878903.4\n" for u, i in PAIRS),
        ),
        "video_id,feat\n" + "".join(f'{i},"[{i % 30}, {i % 7}]"\n' for i in ITEMS),
        "item",
        {"feat": "list"},
    ),
    "articles.csv": (
        (
            "transactions_train.csv",
            "t_dat,customer_id,article_id,price,sales_channel_id\n"
            + "".join(f"2018-09-20,c{u:08x},0{108775000 + i},0.05,2\n" for u, i in PAIRS),
        ),
        "article_id,product_code,prod_name,department_no,detail_desc\n"
        + "".join(f'0{108775000 + i},{108775},Strap top,1676,"Jersey top, {i}"\n' for i in ITEMS),
        "item",
        {"product_code": "int", "prod_name": "str", "department_no": "int", "detail_desc": "str"},
    ),
    "yelp_academic_dataset_business.json": (
        (
            "review.json",
            "".join(
                json.dumps(
                    {
                        "review_id": f"r{n}",
                        "user_id": f"u{u}",
                        "business_id": f"b{i}",
                        "stars": 4.0,
                    }
                )
                + "\n"
                for n, (u, i) in enumerate(PAIRS)
            ),
        ),
        "".join(
            json.dumps(
                {
                    "business_id": f"b{i}",
                    "name": f"Caf\xe9 {i}",
                    "latitude": 33.5 + i,
                    "attributes": {"WiFi": "u'free'"} if i % 2 else None,
                    "categories": "Mexican, Burgers" if i % 3 else None,
                }
            )
            + "\n"
            for i in ITEMS
        ),
        "item",
        {"name": "str", "latitude": "float", "attributes.WiFi": "str", "categories": "list"},
    ),
    "goodreads_books.json.gz": (
        (
            "goodreads_interactions.csv",
            "user_id,book_id,is_read,rating,is_reviewed\n"
            + "".join(f"{u},{i},1,{1 + i % 5},0\n" for u, i in PAIRS),
        ),
        gzip.compress(
            "".join(
                json.dumps(
                    {
                        "book_id": str(i),
                        "title": f"Book {i}",
                        "authors": [{"author_id": str(i % 9), "role": ""}],
                        "popular_shelves": [{"count": "5", "name": "fiction"}],
                        "num_pages": "",
                    }
                )
                + "\n"
                for i in ITEMS
            ).encode()
        ),
        "item",
        {"title": "str", "authors": "list", "num_pages": "str"},
    ),
    "steam_games.json": (
        (
            "steam.csv",
            "username,product_id,hours,date\n"
            + "".join(f"p{u},{i},{i}.5,2017-01-02\n" for u, i in PAIRS),
        ),
        "".join(
            f"{{u'id': u'{i}', u'genres': [u'Action', u'Indie'], u'price': 4.99}}\n" for i in ITEMS
        ),
        "item",
        {"genres": "list", "price": "float"},
    ),
    "news.tsv": (
        (
            "behaviors.tsv",
            "".join(
                f"{n}\tU{u}\t11/11/2019 9:05:58 AM\t{clicked(30)}\tN9-1\n"
                for n, u in enumerate(USERS)
            ),
        ),
        "".join(
            f'N{i}\tsports\tsoccer\tSay "no" {i}\tText.\thttps://x/{i}\t[{{"Label": "X"}}]\t[]\n'
            for i in ITEMS
        ),
        "item",
        {"category": "str", "title": "str", "title_entities": "list"},
    ),
    "meta_Books.jsonl": (
        (
            "Books.csv",
            "user_id,parent_asin,rating,timestamp\n"
            + "".join(f"A{u}X,B0{i:08d},5.0,1593878903000\n" for u, i in PAIRS),
        ),
        "".join(
            json.dumps(
                {
                    "main_category": "Books",
                    "title": f"T {i}",
                    "price": 9.5 if i % 2 else None,
                    "categories": [["Books", "Fiction"], ["War"]],
                    "images": [{"large": "x"}],
                    "parent_asin": f"B0{i:08d}",
                }
            )
            + "\n"
            for i in range(1, 150)
        ),
        "item",
        {"title": "str", "price": "float", "categories": "list"},
    ),
    "BX-Books.csv": (
        (
            "BX-Book-Ratings.csv",
            '"User-ID";"ISBN";"Book-Rating"\n'
            + "".join(f'"{u}";"0{i:08d}X";"{i % 11}"\n' for u, i in PAIRS),
        ),
        (
            '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication"\n'
            + "".join(f'"0{i:08d}X";"Tr\xe4ume; {i}";"Mann";"1990"\n' for i in ITEMS)
        ).encode("latin-1"),
        "item",
        {"Book-Title": "str", "Year-Of-Publication": "int"},
    ),
    "BX-Users.csv": (
        (
            "BX-Book-Ratings.csv",
            '"User-ID";"ISBN";"Book-Rating"\n'
            + "".join(f'"{u}";"0{i:08d}X";"{i % 11}"\n' for u, i in PAIRS),
        ),
        '"User-ID";"Location";"Age"\n'
        + "".join(f'"{u}";"nyc, new york, usa";{"NULL" if u % 2 else 18}\n' for u in USERS),
        "user",
        {"Location": "str"},
    ),
    "items.parquet": (
        ("clicks.csv", pairs(user="u{}")),
        packed(
            pd.DataFrame(
                {
                    "item_id": [*ITEMS],
                    "tags": [["a", f"b{i}"] for i in ITEMS],
                    "price": [i / 4 for i in ITEMS],
                }
            )
        ),
        "item",
        {"tags": "list", "price": "float"},
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_files_are_joined_with_their_columns(tmp_path, monkeypatch, name):
    interactions, content, of, kinds = PUBLISHED[name]

    read = read_sides(tmp_path, monkeypatch, interactions, {name: content})

    side = read.found[name].table
    assert side, read.found[name].reason
    assert (side.of, side.share) == (of, 1.0)
    found = {c.name: str(c.kind) for c in side.columns}
    assert {c: found.get(c) for c in kinds} == kinds
    assert read.found[name].doubts == ()
    known = read.dataset.users if of == "user" else read.dataset.items
    assert side.matched == known
    assert all(bool(c.examples) == (of == "item") for c in side.columns if c.distinct)


def test_lists_have_their_entries(tmp_path, monkeypatch):
    interactions, content, _, _ = PUBLISHED["meta_Books.jsonl"]
    read = read_sides(tmp_path, monkeypatch, interactions, {"meta_Books.jsonl": content})
    features = read.features["item"]

    assert features.loc["B000000007", "categories"] == ["Books", "Fiction", "War"]
    assert json.loads(features.loc["B000000007", "images"][0]) == {"large": "x"}
    assert features["price"].isna().sum() == 74
    assert (read.column("categories").kind, read.column("categories").distinct) == ("list", 3)


def test_of_objects_with_very_many_keys_those_on_top_are_taken(tmp_path, monkeypatch):
    interactions, _, _, _ = PUBLISHED["meta_Books.jsonl"]
    entries = [
        {
            "parent_asin": f"B0{i:08d}",
            "title": f"T{i}",
            "details": {f"k{i}{n}": "x" for n in "abcd"},
        }
        for i in ITEMS
    ]  # fmt: skip
    content = "".join(json.dumps(e) + "\n" for e in entries)

    read = read_sides(tmp_path, monkeypatch, interactions, {"meta.jsonl": content})

    side = read.found["meta.jsonl"].table
    assert [c.name for c in side.columns] == ["title"]
    assert side.notes == ("400 keys inside objects are left out",)


def test_text_in_utf_16_is_read(tmp_path, monkeypatch):
    table = "movieId;title\n" + "".join(f"{i};Café {i}\n" for i in ITEMS)

    read = read_sides(
        tmp_path, monkeypatch, ("ratings.csv", RATED), {"movies.csv": table.encode("utf-16")}
    )

    assert read.features["item"].loc[9, "title"] == "Café 9"


def test_latin_text_and_quotation_marks_stay(tmp_path, monkeypatch):
    interactions, content, _, _ = PUBLISHED["u.item"]
    read = read_sides(tmp_path, monkeypatch, interactions, {"u.item": content})
    assert read.features["item"].loc[3, "title"] == "Café 3 (1995)"

    interactions, content, _, _ = PUBLISHED["news.tsv"]
    read = read_sides(tmp_path, monkeypatch, interactions, {"news.tsv": content})
    assert read.features["item"].loc["N7", "title"] == 'Say "no" 7'


@pytest.mark.parametrize(
    ("item", "is_number", "found"), [("{}", True, 100), ("{:03d}", False, 0), ("i{}", False, 0)]
)
def test_ids_match_as_the_dataset_has_them(tmp_path, monkeypatch, item, is_number, found):
    table = "item_id,name\n" + "".join(f"{i:04d},n{i}\n" for i in ITEMS)

    read = read_sides(tmp_path, monkeypatch, ("a.csv", pairs(item=item)), {"items.csv": table})

    assert read.dataset.recipe.is_item_number is is_number
    side = read.found["items.csv"].table
    assert (side.matched if side else 0) == found


def test_a_table_of_few_items_is_told_and_joined_where_it_is_named(tmp_path, monkeypatch):
    table = "item_id,name\n" + "".join(f"{i},n{i}\n" for i in range(1, 31))
    interactions = ("a.csv", pairs(user="u{}"))

    read = read_sides(tmp_path, monkeypatch, interactions, {"some.csv": table})
    assert read.found["some.csv"].table is None
    assert "30.0% of the items" in read.found["some.csv"].reason

    words = "Group items by name of some.csv."
    read = read_sides(tmp_path, monkeypatch, interactions, {"some.csv": table}, words)
    assert read.found["some.csv"].table.matched == 30
    assert "30.0%" in read.found["some.csv"].doubts[0]


def test_numbers_that_match_by_chance_are_asked_about(tmp_path, monkeypatch):
    table = "code,label\n" + "".join(f"{n},l{n}\n" for n in range(1, 61))

    read = read_sides(tmp_path, monkeypatch, ("a.csv", pairs()), {"codes.csv": table})

    assert read.found["codes.csv"].table.of == "user"
    assert "no name says so" in read.found["codes.csv"].doubts[0]


@pytest.mark.parametrize(
    "content",
    [
        "userId,movieId,tag\n" + "".join(f"{u},{i},fun\n" for u, i in PAIRS),
        "name,label\n" + "".join(f"x{n},l{n}\n" for n in range(60)),
        "just some prose\nwithout any table\n",
        "",
        b"\x00\x01\x02binary",
    ],
)
def test_what_is_no_side_data_says_so_in_one_sentence(tmp_path, monkeypatch, content):
    read = read_sides(tmp_path, monkeypatch, ("ratings.csv", RATED), {"x.csv": content})

    assert read.found["x.csv"].table is None
    assert read.found["x.csv"].reason.startswith("x.csv ")


def test_a_column_named_as_the_ids_are_is_told_by_its_file(tmp_path, monkeypatch):
    table = "user_id_csv,user_id\n" + "".join(f"{u},{u:032x}\n" for u in USERS)

    read = read_sides(tmp_path, monkeypatch, ("a.csv", pairs()), {"user_id_map.csv": table})

    assert [c.name for c in read.found["user_id_map.csv"].table.columns] == [
        "user_id (user_id_map.csv)"
    ]
    assert read.features["user"].loc[10, "user_id (user_id_map.csv)"].endswith("a")


def test_small_numbers_of_something_else_are_not_worth_a_question(tmp_path, monkeypatch):
    table = "tagId,tag\n" + "".join(f"{n},t{n}\n" for n in range(1, 13))

    read = read_sides(tmp_path, monkeypatch, ("ratings.csv", RATED), {"tags.csv": table})

    assert (read.found["tags.csv"].table, read.found["tags.csv"].share) == (None, 0)


def test_repeated_ids_and_lines_without_one_are_counted(tmp_path, monkeypatch):
    table = "movieId,title\n" + "".join(f"{i},t{i}\n" for i in ITEMS) + "7,again\n,none\n"

    read = read_sides(tmp_path, monkeypatch, ("ratings.csv", RATED), {"movies.csv": table})

    side = read.found["movies.csv"].table
    assert (side.rows, read.features["item"].loc[7, "title"]) == (100, "t7")
    assert side.notes[0].startswith("2 lines")


def test_two_files_of_items_are_one_frame(tmp_path, monkeypatch):
    movies = "movieId,title\n" + "".join(f"{i},t{i}\n" for i in ITEMS)
    links = "movieId,imdbId,title\n" + "".join(f"{i},0{i},o{i}\n" for i in range(1, 90))

    read = read_sides(
        tmp_path, monkeypatch, ("ratings.csv", RATED), {"movies.csv": movies, "links.csv": links}
    )

    features = read.features["item"]
    assert list(features) == ["title", "imdbId", "title (links.csv)"]
    assert (features.loc[5, "imdbId"], features["imdbId"].isna().sum()) == ("05", 11)


def test_columns_of_the_interactions_file_itself_are_side_data(tmp_path, monkeypatch):
    rows = [
        (f"A{i:03d}", f"Thing {i}" if u % 30 else "typo", u, "UK" if u % 3 else "FR", u * i % 4)
        for u, i in PAIRS
    ]
    content = "code,Description,CustomerID,Country,Quantity\n" + "".join(
        ",".join(map(str, r)) + "\n" for r in rows
    )
    words = "The item is in column code."

    read = read_sides(tmp_path, monkeypatch, ("sales.csv", content), {}, words)

    own = {s.of.value: [c.name for c in s.columns] for s in read.dataset.sides if s.is_own}
    assert own == {"item": ["Description"], "user": ["Country"]}
    assert read.features["item"].loc["A003", "Description"] == "Thing 3"
    assert read.features["user"].loc[3, "Country"] == "FR"
    assert read.column("Country", "user").kind == SideKind.STR


@pytest.mark.parametrize("is_array", [False, True])
def test_keys_that_only_late_objects_have_are_columns(tmp_path, monkeypatch, is_array):
    filler = "x" * 4_000
    late = {"tags": ["a", "b"], "more": {"late": 0.5}}
    items = [{"movieId": i, "text": filler, **(late if i > 95 else {})} for i in ITEMS]
    text = json.dumps(items) if is_array else "".join(json.dumps(o) + "\n" for o in items)

    read = read_sides(tmp_path, monkeypatch, ("ratings.csv", RATED), {"items.json": text})

    assert {c.name: c.kind for c in read.dataset.sides[0].columns} == {
        "text": "str", "tags": "list", "more.late": "float"
    }  # fmt: skip
    assert read.column("tags").missing == 95

"""The data card has all that is known of a dataset, and no row of it."""

import io
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from read_files import read_file

from agent_core.data import known_files
from agent_core.data.data_card import data_card
from agent_core.data.description import as_values, description_lines, read_text
from agent_core.data.given_files import RECIPES, write_recipes
from agent_core.data.own_columns import _lambda
from agent_core.lab.dataset_choice import read_files
from agent_core.model.prompting import piece
from sandbox import labbook

NAMES = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SALES = NAMES + "".join(
    f"{'C' if n % 40 == 7 else ''}{n},S{n % 23:03d}A,Thing {n % 23},{1 + n % 3},"
    f"13/{1 + n % 12}/2011 10:00,2.5,{100 + n % 31},{'FR' if n % 31 < 9 else 'UK'}\n"
    for n in range(700)
)  # fmt: skip
MOVIES = {
    "ml/ratings.csv": "userId,movieId,rating,timestamp\n"
    + "".join(f"{n % 40},{n * 7 % 90},{1 + n % 5},{978300000 + n}\n" for n in range(900)),
    "ml/movies.csv": "movieId,title,genres\n"
    + "".join(f"{i},Film {i},{'Drama|War' if i % 2 else 'War'}\n" for i in range(90)),
    "ml/people.csv": "userId,age\n" + "".join(f"{u},{20 + u}\n" for u in range(40)),
    "ml/genome.csv": "movieId,tag,relevance\n"
    + "".join(f"{i},{t},0.{t}\n" for i in range(90) for t in range(3)),
}


@pytest.fixture
def archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "ml.zip", "w") as packed:
        for name, content in MOVIES.items():
            packed.writestr(name, content)
    return tmp_path / "ml.zip"


def section(card, title):
    return card.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_the_card_says_how_a_file_was_read(tmp_path):
    dataset = read_file(tmp_path, SALES, "sales.csv", "only purchases").dataset
    card = data_card(dataset)

    reading = section(card, "How it was read")
    for told in ("`CustomerID`", "`StockCode`", "%d/%m/%Y %H:%M", "cancellations", "ids are text"):
        assert told in reading
    assert dataset.sha256 in section(card, "Source")
    assert "CC BY 4.0" in section(card, "Source")
    counts = section(card, "Counts")
    assert f"| {dataset.rows:,} |" in counts
    assert f"{dataset.first_time} to {dataset.last_time}" in counts
    assert "`Description`" in section(card, "Side data").replace("Description:", "`Description`")


def test_histograms_count_everything_once(tmp_path):
    content = "user,item,rating\n" + "".join(
        f"{u},{i},{u * i % 37 / 4}\n" for u in range(1, 30) for i in range(1, 2 + u % 9)
    )
    dataset = read_file(tmp_path, content).dataset
    bars = dataset.histograms

    assert sum(n for _, n in bars.ratings) == dataset.rows
    assert len(bars.ratings) <= 20
    assert sum(n for _, n in bars.per_user) == dataset.users
    assert sum(n for _, n in bars.per_item) == dataset.items
    per_user = pd.read_csv(io.StringIO(content)).groupby("user").size()
    assert dict(bars.per_user)["4 to 7"] == int(per_user.between(4, 7).sum())


async def test_an_archive_has_its_side_data_and_says_what_is_not_used(archive, monkeypatch):
    (dataset,) = await read_files({"ml.zip": archive}, archive.parent, "compare EASE and ItemKNN")

    assert {(s.name, s.of.value) for s in dataset.sides} == {
        ("movies.csv", "item"),
        ("people.csv", "user"),
    }
    assert dataset.unused == ("ml/genome.csv",)
    (note,) = (n for n in (*dataset.notes, *dataset.doubts) if "not used" in n)
    assert "genome.csv" in note
    assert "movies.csv" not in note
    monkeypatch.chdir(archive.parent)
    assert list(labbook.features().loc[3, "genres"]) == ["Drama", "War"]
    assert labbook.features(of="user").loc[3, "age"] == 23
    with pytest.raises(ValueError, match="no side data of actors"):
        labbook.features(of="actor")


async def test_people_see_and_models_read_side_data_without_values_of_users(archive):
    (dataset,) = await read_files({"ml.zip": archive}, archive.parent, "compare EASE and ItemKNN")
    told = piece("data", (dataset,))
    shown = "\n".join([read_text(dataset), *description_lines(dataset), data_card(dataset)])

    for text in (told, shown, str(as_values(dataset))):
        assert all(c in text for c in ("genres", "title", "age", "Film 0"))
    users = next(s for s in dataset.sides if s.of == "user")
    assert all(c.examples == () and c.distinct for c in users.columns)
    assert "labbook.features('ml.zip', of='user')" in told


def test_further_columns_have_the_same_row_numbers(tmp_path, monkeypatch):
    read = read_file(tmp_path, SALES, "sales.csv", "only purchases")
    write_recipes(tmp_path / RECIPES, [replace(read.dataset, sides=())])
    monkeypatch.chdir(tmp_path)

    frame = labbook.load("sales.csv", columns=["Quantity", "Description", "InvoiceNo"])

    raw = pd.read_csv(io.StringIO(SALES), dtype={"InvoiceNo": str})
    kept = raw[~raw["InvoiceNo"].str.startswith("C")].reset_index(drop=True)
    assert list(frame["Quantity"]) == list(kept["Quantity"])
    assert list(frame["item_id"]) == list(kept["StockCode"])
    assert list(frame["Description"]) == list(kept["Description"])
    with pytest.raises(ValueError, match="Colour"):
        labbook.load("sales.csv", columns=["Colour"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("aabbccdd", 1.0),  # the id tells all
        ("abababab", 0.0),  # it tells nothing
        ("aaaaaaaa", 0.0),  # there is nothing to tell
        ("aabbcccd", 0.8),  # of five errors it leaves one
    ],
)
def test_lambda_is_the_share_of_errors_that_an_id_saves(values, expected, monkeypatch):
    monkeypatch.setattr("agent_core.data.own_columns.FEWEST_IDS", 1)
    rows = ", ".join(f"('{k}', '{v}')" for k, v in zip("11223344", values, strict=True))
    with duckdb.connect() as opened:
        opened.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {rows}) x(k, v)")
        assert _lambda(opened, "t", "k", "v") == pytest.approx(expected)


def test_licences_and_citations_are_whole_texts():
    tables = tomllib.loads(
        Path(known_files.__file__).with_suffix(".toml").read_text(encoding="utf-8")
    )
    assert sum("cite" in t for t in tables.values()) > 20
    for table in tables.values():
        assert all(len(table.get(k, "long enough")) >= 8 for k in ("cite", "licence"))


def test_of_very_many_columns_of_side_data_the_first_are_shown(tmp_path):
    dataset = read_file(tmp_path, SALES, "sales.csv").dataset
    side = dataset.sides[0]
    wide = replace(side, columns=tuple(replace(side.columns[0], name=f"f{n}") for n in range(40)))

    shown = description_lines(replace(dataset, sides=(wide,)))

    assert sum(line.strip().startswith("f") and ":" in line for line in shown) == 12
    assert any("28 more columns" in line for line in shown)

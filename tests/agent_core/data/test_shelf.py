"""Datasets by name: stored once, held against their hashes, found in what people write."""

import pytest
from read_files import read_file

from agent_core.data.shelf import add_to_shelf, open_shelf, take_named
from agent_core.errors import BadDataset

CONTENT = "user,item,rating\n" + "".join(f"{u},{i},{1 + u % 5}\n" for u in range(9) for i in "abc")


@pytest.fixture
def shelf(tmp_path):
    """A shelf with two datasets."""
    folder = tmp_path / "shelf"
    for name in ("ml-latest-small", "venues"):
        read = read_file(tmp_path, CONTENT, f"{name}.csv")
        words = "no header" if name == "venues" else ""
        path = tmp_path / f"{name}.csv"
        add_to_shelf(open_shelf(folder), name, [path], [read.dataset], "CC BY 4.0", words)
    return open_shelf(folder)


@pytest.mark.parametrize(
    ("text", "has_files", "names"),
    [
        ("Compare EASE and item kNN on ml-latest-small.", False, ["ml-latest-small.csv"]),
        ("use the dataset venues from the shelf", False, ["venues.csv"]),
        ("use the dataset venues from the shelf", True, ["venues.csv"]),
        ("On ml-latest-small and on Venues", False, ["ml-latest-small.csv", "venues.csv"]),
        ("Compare them on ml-latest-small too", True, []),
        ("Compare them on ml-latest", False, []),
        ("Compare them on venues.csv", False, []),
        ("Compare them on the data from the shelf", False, []),
    ],
)
def test_a_dataset_is_taken_by_its_name(shelf, text, has_files, names):
    taken = take_named(shelf, text, has_files=has_files)

    assert sorted(p.name for p in taken.files) == names
    assert taken.words == ("no header" if "venues.csv" in names else "")


def test_an_unknown_name_is_answered_with_those_there_are(shelf):
    with pytest.raises(BadDataset, match=r"'netflix'.*ml-latest-small, venues"):
        take_named(shelf, "use the dataset netflix from the shelf", has_files=False)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p.write_text(CONTENT + "9,d,1\n"), "has changed"),
        (lambda p: p.unlink(), "is missing"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_not_used(shelf, spoil, said):
    spoil(shelf.folder / "venues" / "venues.csv")

    with pytest.raises(BadDataset, match=rf"venues\.csv .*{said}"):
        take_named(shelf, "on venues", has_files=False)
    assert take_named(shelf, "on ml-latest-small", has_files=False).files


def test_a_card_says_what_is_in_it_and_under_which_licence(shelf):
    card = shelf.card(shelf.find("venues"))

    for part in ("9 users, 3 items, 27 interactions", "CC BY 4.0", "read as: no header"):
        assert part in card


@pytest.mark.parametrize(("name", "said"), [("a b", "is no name"), ("Venues", "already")])
def test_a_name_that_cannot_be_one_is_refused(shelf, tmp_path, name, said):
    read = read_file(tmp_path, CONTENT, "other.csv")

    with pytest.raises(BadDataset, match=said):
        add_to_shelf(shelf, name, [tmp_path / "other.csv"], [read.dataset])
    assert {i.name for i in open_shelf(shelf.folder).items} == {"ml-latest-small", "venues"}

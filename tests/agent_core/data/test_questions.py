"""What changes results is asked: each option, said, reads the file that way and asks no more."""

import random

import pytest
from read_files import read_file
from tiers import each_of

PICK = random.Random(4)
PAIRS = [(u, i) for u in range(1, 25) for i in PICK.sample(range(100, 160), 6)]
TIME = 1_500_000_000


def lines(make, header=""):
    return header + "".join(f"{make(u, i)}\n" for u, i in PAIRS)


def moment(u, i):
    return f"0{1 + i % 9}/0{1 + u % 9}/2014"


FILES = {
    "venue": lines(lambda u, i: f"{u},2014-05-{1 + i % 28:02d}T10:00:00,40.7{i}1,-73.9{u}2,v{i}"),
    "grade first": lines(lambda u, i: f"{i % 5} {u} {i}"),
    "two items": lines(lambda u, i: f"{u},{i},a{i % 7}", "user,track,artist\n"),
    "unknown names": lines(lambda u, i: f"{u},x{i},{1 + i % 5}", "worker,riddle,fun\n"),
    "two scores": lines(
        lambda u, i: f"{u},{i},{1 + i % 5},{1 + u % 5}", "user,item,my_score,all_score\n"
    ),
    "two times": lines(lambda u, i: f"{u},{i},{TIME + i},{TIME + u}", "user,item,opened,closed\n"),
    "99 among 1 to 5": lines(lambda u, i: f"{u},{i},{99 if i < 105 else 1 + i % 5}", "u,i,r\n"),
    "0 among 1 to 5": lines(lambda u, i: f"{u},{i},{0 if i < 105 else 1 + i % 5}.0", "u,i,r\n"),
    "dates": lines(lambda u, i: f"{u},{i},{moment(u, i)}", "user,item,date\n"),
    "events": lines(lambda u, i: f"{u},{i},{('view', 'buy')[i % 2]}", "user,item,event\n"),
    "units": lines(lambda u, i: f"{u},{i},{(TIME + i) * 1000 ** (u % 2)}", "user,item,ts\n"),
    "numbered": lines(lambda u, i: f"{u},{i},{1 + i % 5}", "0,1,2\n"),
}


def told(dataset):
    return [q.text for q in dataset.questions]


@pytest.mark.parametrize("name", each_of(FILES, 3))
def test_every_option_reads_the_file_that_way_and_is_asked_no_more(tmp_path, name):
    guessed = read_file(tmp_path, FILES[name]).dataset

    for question in guessed.questions:
        assert question.text in guessed.doubts
        for place, option in enumerate(question.options):
            decided = read_file(tmp_path, FILES[name], words=option).dataset
            assert question.text not in told(decided), option
            is_same = decided.recipe.roles == guessed.recipe.roles and decided.table_sha256
            if place == question.default:
                assert is_same == guessed.table_sha256, option
    assert guessed.questions


def test_the_last_word_counts(tmp_path):
    said = (
        "column 1 is the user, column 2 is the rating\n\nno, column 1 is the rating and 2 is not"
    )

    dataset = read_file(tmp_path, FILES["grade first"], words=said).dataset

    assert dataset.recipe.columns.index(dataset.recipe.rating) == 0


@pytest.mark.parametrize(
    ("name", "words", "rows"),
    [
        ("99 among 1 to 5", "99 means not rated", "all"),
        ("99 among 1 to 5", "drop the 99 rows", "fewer"),
        ("0 among 1 to 5", "drop the 0 rows", "fewer"),
        ("0 among 1 to 5", "a 0 stands for no rating", "all"),
    ],
)
def test_a_mark_is_found_however_the_file_writes_it(tmp_path, name, words, rows):
    dataset = read_file(tmp_path, FILES[name], words=words).dataset

    assert dataset.rating_values == (1, 2, 3, 4, 5)
    assert (dataset.rows == len(PAIRS)) == (rows == "all")


def test_what_is_said_to_be_a_rating_stays_one(tmp_path):
    dataset = read_file(tmp_path, FILES["99 among 1 to 5"], words="99 is a rating").dataset

    assert dataset.rating_values[-1] == 99


def test_days_stand_where_people_say(tmp_path):
    first = read_file(tmp_path, FILES["dates"], words="dates are day first").dataset
    second = read_file(tmp_path, FILES["dates"], words="US dates").dataset

    assert [d.recipe.time_format for d in (first, second)] == ["%d/%m/%Y", "%m/%d/%Y"]


def test_a_column_is_named_by_a_word_only_where_it_is_there(tmp_path):
    words = "the item is riddle, the rating is none of your business"

    dataset = read_file(tmp_path, FILES["unknown names"], words=words).dataset

    assert (dataset.item_column, dataset.rating_column) == ("riddle", "fun")


def test_the_last_column_is_found_by_its_place(tmp_path):
    words = "the last column is the item"

    assert read_file(tmp_path, FILES["venue"], words=words).dataset.items > 30

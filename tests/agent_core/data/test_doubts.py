"""What may be read otherwise is said: a guess is never silent."""

import random

import pytest
from read_files import read_file

PICK = random.Random(4)
PAIRS = [(u, i) for u in range(1, 25) for i in PICK.sample(range(100, 160), 6)]
TIME = 1_500_000_000


def lines(make, header=""):
    return header + "".join(f"{make(u, i)}\n" for u, i in PAIRS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lines(lambda u, i: f"{i % 5} {u} {i}"), "column 1 (column_1) is taken as a user"),
        (lines(lambda u, i: f"{i % 2},{u},{i},{TIME + i}"), "is taken as a user"),
        (lines(lambda u, i: f"m{i},u{u},4"), "column 1 (column_1) is taken as an item"),
        (lines(lambda u, i: f"{u},{i},{1 + i % 5}", "0,1,2\n"), "may number the columns"),
        (
            lines(lambda u, i: f"{u},{i},{(TIME + i) * 1000 ** (u % 2)}", "user,item,ts\n"),
            "mix units",
        ),
        (
            lines(
                lambda u, i: f"{u},{i},2020-01-{1 + i % 28:02d},10:{u:02d}:00",
                "user,item,date,time\n",
            ),
            "date has the days; time is not used",
        ),
        (
            lines(
                lambda u, i: f"{u},{i},{1 + i % 5},{1 + (u + i) % 5}",
                "user,item,my_score,all_score\n",
            ),
            "could be ratings",
        ),
        (
            lines(
                lambda u, i: f"{u},{i},{1 + u * i % 5},{1 + (u + i) % 5}", "user,item,food,bed\n"
            ),
            "food, bed could be ratings",
        ),
        (lines(lambda u, i: f"{u},x{i},{1 + i % 5}", "worker,riddle,fun\n"), "riddle"),
        (
            "user,item\n" + "".join(f"p{n % 9},order {n}\n" for n in range(30)),
            "no item of",
        ),
    ],
)
def test_a_guess_is_said(tmp_path, content, said):
    doubts = read_file(tmp_path, content).dataset.doubts

    assert any(said in d for d in doubts), doubts


def test_what_is_usual_is_not_doubted(tmp_path):
    plain = lines(lambda u, i: f"{u}\t{i}\t{1 + i % 5}\t{TIME + i}")
    named = lines(
        lambda u, i: f"{u},{i},{1 + i % 5},{TIME + i}", "user_id,movie_id,rating,timestamp\n"
    )

    assert [read_file(tmp_path, c).dataset.doubts for c in (plain, named)] == [(), ()]


def test_a_column_that_a_task_names_and_a_file_lacks_is_told(tmp_path):
    content = lines(lambda u, i: f"{u},{i},{1 + i % 5}", "user,item,rating\n")

    def doubts(words):
        return read_file(tmp_path, content, "r.csv", words).dataset.doubts

    assert any("customer_no" in d for d in doubts("the user is in customer_no"))
    assert doubts("the users are in Germany") == ()

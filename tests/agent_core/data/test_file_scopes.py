"""What is said of one of several files is said of that file alone."""

import pytest

from agent_core.data.file_scopes import with_scopes, without_scopes, words_of_file

NAMES = ("films.csv", "books.csv")
SAID = {
    "in books.csv dates are day first": "books.csv: dates are day first",
    "The dates of `books.csv` are day first. Add EASE.": (
        "books.csv: The dates are day first. Add EASE."
    ),
    "books.csv: dates are day first": "books.csv: dates are day first",
    "In books.csv, 99 means not rated": "books.csv: 99 means not rated",
    "dates are day first": "dates are day first",
    "use books.csv": "use books.csv",
    "films.csv and books.csv have no header": "films.csv and books.csv have no header",
}


@pytest.mark.parametrize("text", SAID)
def test_a_sentence_about_one_file_begins_with_its_name(text):
    assert with_scopes(text, NAMES) == SAID[text]


def test_each_file_has_its_own_words_and_those_of_all():
    text = (
        "Compare films.csv and books.csv. films.csv: no header; "
        "books.csv: 99 means not rated\nAll."
    )

    films, books = (words_of_file(text, [n], {*NAMES} - {n}) for n in NAMES)

    assert films == "Compare films.csv and books.csv. films.csv: no header; All."
    assert books == "Compare films.csv and books.csv. books.csv: 99 means not rated\nAll."


def test_the_file_that_words_are_about_is_no_file_that_is_asked_for():
    assert without_scopes("books.csv: no header; films.csv: ask", NAMES) == "no header; ask"

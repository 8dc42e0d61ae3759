"""Numbers written as words, and as digits."""

import pytest

from agent_core.prose.number_words import NUMBER_WORDS, number_of, with_digits


@pytest.mark.parametrize(("word", "value"), NUMBER_WORDS.items())
def test_a_word_has_one_value_in_any_case(word, value):
    assert number_of(word.upper()) == value


@pytest.mark.parametrize(("digits", "value"), [("3", 3), ("100,000", 100_000), ("0.25", 0.25)])
def test_digits_have_theirs(digits, value):
    assert number_of(digits) == value


def test_words_become_digits_where_they_are_sure_to_be_numbers():
    told = with_digits("Twenty ratings, one of them in a network of ten")

    assert told == "20 ratings, one of them in a network of 10"

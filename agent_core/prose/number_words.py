"""Numbers written as words: one table for all who read them."""

from __future__ import annotations

import re

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
)
NUMBER_WORDS = {word: value for value, word in enumerate(_SMALL.split(" "))}
NUMBER_WORDS |= {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70}
NUMBER_WORDS |= {"eighty": 80, "ninety": 90, "hundred": 100}
SEVERAL = {word: n for word, n in NUMBER_WORDS.items() if n > 1}
"""Without `zero` and `one`, which are mostly no numbers: "one of the models"."""
_ORDINAL = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ORDINALS = {word: place for place, word in enumerate(_ORDINAL.split(" "), start=1)}
_WORD = re.compile(rf"\b(?:{'|'.join(SEVERAL)})\b", re.IGNORECASE)


def number_of(text: str) -> float:
    """Return the value of digits or of a number word.

    Examples
    --------
    >>> number_of("Thirty"), number_of("1,682")
    (30.0, 1682.0)
    """
    word = text.lower()
    return float(NUMBER_WORDS[word]) if word in NUMBER_WORDS else float(word.replace(",", ""))


def with_digits(text: str) -> str:
    """Return a text with digits in place of the words from two on.

    Examples
    --------
    >>> with_digits("Five folds of one split")
    '5 folds of one split'
    """
    return _WORD.sub(lambda m: str(SEVERAL[m[0].lower()]), text)

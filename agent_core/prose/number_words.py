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
_ONES = "|".join(_SMALL.split(" ")[1:10])
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_BELOW_HUNDRED = rf"(?:(?:{_TENS})(?:[- ](?:{_ONES}))?|{'|'.join(_SMALL.split(' ')[:0:-1])})"
_HUNDREDS = rf"(?:(?:an?|{_ONES}|ten|twelve|fifteen|\d{{1,3}}) hundred(?: and {_BELOW_HUNDRED})?)"
COMPOUND = (
    rf"(?:(?:an?|{_BELOW_HUNDRED}|{_HUNDREDS}) thousand(?: (?:and )?(?:{_HUNDREDS}))?"
    rf"|{_HUNDREDS}|(?:{_TENS})[- ](?:{_ONES}))"
)
"""Numbers of several words: `twenty-five`, `two hundred`, `three thousand`."""
_COMPOUND = re.compile(rf"\b{COMPOUND}\b", re.IGNORECASE)


def number_of(text: str) -> float:
    """Return the value of digits or of a number word.

    Examples
    --------
    >>> number_of("Thirty"), number_of("1,682"), number_of("two hundred")
    (30.0, 1682.0, 200.0)
    """
    word = text.lower()
    if _COMPOUND.fullmatch(word):
        return float(_compound_value(word))
    return float(NUMBER_WORDS[word]) if word in NUMBER_WORDS else float(word.replace(",", ""))


def with_digits(text: str) -> str:
    """Return a text with digits in place of the words from two on.

    Examples
    --------
    >>> with_digits("Five folds of one split")
    '5 folds of one split'
    >>> with_digits("a hundred and twenty-five users, three thousand items")
    '125 users, 3000 items'
    """
    text = _COMPOUND.sub(lambda m: str(_compound_value(m[0])), text)
    return _WORD.sub(lambda m: str(SEVERAL[m[0].lower()]), text)


def _compound_value(text: str) -> int:
    """Return the value of a number of several words."""
    total = part = 0
    for word in re.findall(r"[a-z]+|\d+", text.lower()):
        if word == "hundred":
            part = max(1, part) * 100
        elif word == "thousand":
            total, part = total + max(1, part) * 1000, 0
        else:
            part += int(word) if word.isdigit() else NUMBER_WORDS.get(word, 0)
    return total + part

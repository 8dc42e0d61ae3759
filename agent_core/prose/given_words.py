"""What people say of a split that comes with the data: that it is used, and which file is what."""

from __future__ import annotations

import re
from pathlib import Path

from agent_core.domain import PartName
from agent_core.prose.patterns import read_patterns

PATTERNS = read_patterns(Path(__file__).with_name("given_patterns.toml"))
WORDS = {
    PartName.TRAIN: PATTERNS["train_word"],
    PartName.VALIDATION: PATTERNS["validation_word"],
    PartName.TEST: PATTERNS["test_word"],
}
LINKS = frozenset(("for", "as", "is", "the", "a", "our", "my", "being", "used", "to", "be"))
"""Stand between a file and what it is for."""
REACH = 6
"""Words between what a file is for and the file."""
MARKS = "\"'`\u201c\u201d\u2018\u2019()[]{}<>*"


def says_given(text: str) -> bool:
    """Whether a text asks for the split that comes with the data."""
    plain = PATTERNS["given_ignored"].sub(" ; ", text)
    return bool(PATTERNS["given_split"].search(plain)) or _names_both(text)


def parts_said(text: str) -> dict[str, PartName]:
    """Return what files are for, as a text says: each name in small letters to its part."""
    spaced = re.sub(r"([,;!?]|\.(?=\s|$))", r" \1 ", re.sub(r"[:=]", " ", text))
    words = [w for w in (word.strip(MARKS) for word in spaced.split()) if w]
    found: dict[str, PartName] = {}
    for place, word in enumerate(words):
        if PATTERNS["file"].search(word):
            part = _part_behind(words[place + 1 :]) or _part_before(words[:place])
            if part:
                found.setdefault(word.lower(), part)
    return found


def _names_both(text: str) -> bool:
    return {PartName.TRAIN, PartName.TEST} <= {*parts_said(text).values()}


def _part_behind(words: list[str]) -> PartName | None:
    """Return what a file is for, said behind it: `u1.base is the training set`."""
    for word in words:
        if word.lower() not in LINKS:
            return _part_of(word)
    return None


def _part_before(words: list[str]) -> PartName | None:
    """Return what a file is for, said before it: `train on u1.base`."""
    near = (_part_of(word) for word in reversed(words[-REACH:]))
    return next((part for part in near if part), None)


def _part_of(word: str) -> PartName | None:
    return next((part for part, pattern in WORDS.items() if pattern.search(word)), None)

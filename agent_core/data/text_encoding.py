"""In which encoding a text is: by marks, zero bytes, and by which letters make words."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator

from agent_core.data.columns import role_of

UTF8 = "utf-8-sig"
WESTERN = ("cp1252", "latin-1")
OTHERS = ("gb18030", "big5", "cp932", "cp949", "euc_jp", "cp1251", "cp1250", "cp1253", "koi8-r")
COMMON = {
    "gb18030": (0xB0, 0xD7),
    "big5": (0xA4, 0xC6),
    "cp932": (0x81, 0x97),
    "cp949": (0xB0, 0xC8),
    "euc_jp": (0xA4, 0xCF),
}
"""First bytes of the characters that texts are mostly made of."""
MAX_CONTROL = 0.01
"""Share of control characters up to which bytes that are no UTF-8 are text."""
LEAST = (0.5, 0.0)
"""Share of the letters in words that another encoding, or a western one, must have."""
CUT = 4
"""Bytes of a character that may be cut at the end of what is seen."""
SEEN = 1 << 16
ZEROS = 0.4
FEWEST_BYTES = 4
WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
"""A word with a letter beyond a to z."""


def encodings_of(start: bytes) -> Iterator[str]:
    """Yield the encodings that a text may be in, the likeliest first."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield "utf-16"
        return
    wide = _wide_encoding(start)
    if wide:
        yield wide
        return
    yield UTF8
    yield from other_encodings(start)


def other_encodings(seen: bytes) -> Iterator[str]:
    """Yield the encodings of a text that is no UTF-8, the likeliest first; of bytes none."""
    control = sum(b < 9 or 13 < b < 32 for b in seen[:SEEN]) / max(1, len(seen[:SEEN]))
    if control < MAX_CONTROL:
        scores = {e: _score(seen[:SEEN], e) for e in (*WESTERN, *OTHERS)}
        able = [
            e for e, (names, share) in scores.items() if names > 0 or share >= LEAST[e in WESTERN]
        ]
        yield from sorted(able, key=lambda e: scores[e], reverse=True)


def is_sure(head: str, encoding: str) -> bool:
    """Whether an encoding is marked, usual, or gives names of columns that are known."""
    is_usual = encoding.startswith("utf") or encoding in WESTERN
    return is_usual or _known_names(head) > 0


def _wide_encoding(start: bytes) -> str:
    """Return the encoding of two bytes a character that zero bytes show; empty: none."""
    if len(start) < FEWEST_BYTES:
        return ""
    shares = [start[n::2].count(0) / len(start[n::2]) for n in (0, 1)]
    if shares[0] < MAX_CONTROL < ZEROS < shares[1]:
        return "utf-16-le"
    return "utf-16-be" if shares[1] < MAX_CONTROL < ZEROS < shares[0] else ""


def _score(seen: bytes, encoding: str) -> tuple[int, float]:
    """Return how many columns have known names under an encoding, and how much makes words."""
    text = _decoded(seen, encoding) or ""
    if sum(map(_is_control, text)) >= MAX_CONTROL * len(text):
        return (-1, -1.0)
    letters = [(len(w), _is_word(w, encoding)) for w in WORD.findall(text)]
    total = sum(count for count, _ in letters)
    good = sum(count * share for count, share in letters)
    return _known_names(text), good / total if total else 0.0


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) == "Cc" and letter not in "\t\r\n"


def _decoded(seen: bytes, encoding: str) -> str | None:
    for cut in range(CUT):
        try:
            return seen[: len(seen) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _known_names(text: str) -> int:
    """Return how many fields of the first line are names of columns beyond a to z."""
    first = next((x for x in text.splitlines() if x.strip()), "")
    fields = re.split(r"[\t,;|]|::", first)
    return sum(not f.isascii() and role_of(f.strip(' "')) is not None for f in fields)


def _is_word(word: str, encoding: str) -> float:
    """Return how much a word looks like one of the languages of an encoding."""
    if encoding in COMMON:
        low, high = COMMON[encoding]
        others = [c.encode(encoding, errors="replace") for c in word if not c.isascii()]
        return sum(len(c) == 2 and low <= c[0] <= high for c in others) / len(others)
    scripts = {unicodedata.name(c, "?").split()[0] for c in word}
    if len(scripts) > 1:
        return 0.0
    if scripts == {"LATIN"}:
        return float(2 * sum(c.isascii() for c in word) >= len(word))
    return 1.0 if word.islower() or word.istitle() else 0.5 * word.isupper()

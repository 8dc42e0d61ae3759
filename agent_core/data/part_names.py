"""What names of files say of a given split: which part a file is, and of which fold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent_core.domain import PartName
from agent_core.prose.text_tables import read_table

_TABLE = read_table(Path(__file__).with_suffix(".toml"))
_FORMS = frozenset(_TABLE["forms"])
_ENDS = "|".join(_TABLE["ends"])
_WORDS = {
    part: re.compile(rf"(?:{'|'.join(_TABLE[part.value])})(?:{_ENDS})?(\d{{0,2}})")
    for part in PartName
}
_SHARD = re.compile(r"[-_.](\d{2,6})[-_]of[-_]\d{2,6}", re.IGNORECASE)
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BREAK = re.compile(r"[^A-Za-z0-9]+")
_NUMBERED = re.compile(r"(.*?)(\d{1,2})")
_LETTERED = re.compile(r"([a-z])([a-h])")
NUMBERED, LETTERED = "#", "*"
"""Stand for what tells folds apart: their number, or their letter as in `ua` and `ub`."""


@dataclass(frozen=True, slots=True, order=True)
class PartFile:
    """What the path of a file says."""

    key: tuple[str, ...]
    """Its words without that of the part: files of one split have the same."""
    part: PartName | None = None
    shard: int = 0
    """Its place among the files of one part."""


def part_file(path: str) -> PartFile:
    """Return what a path says; the part is None where no word of it names one."""
    shard = _SHARD.search(path)
    folders = PurePosixPath(_SHARD.sub("", path).replace("\\", "/"))
    words = [_words_of(p) for p in folders.parts]
    words[-1] = _without_forms(words[-1])
    for place in reversed(range(len(words))):
        named = [(n, p) for n, w in enumerate(words[place]) if (p := _part_of(w))]
        if len(named) == 1:
            (at, (part, number)) = named[0]
            words[place] = [
                *words[place][:at],
                *([number] * bool(number)),
                *words[place][at + 1 :],
            ]
            return PartFile(_key(words), part, int(shard[1]) if shard else 0)
        if named:
            break
    return PartFile(_key(words), None, int(shard[1]) if shard else 0)


def folds_in(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """Return keys together that differ in one number or letter only, in their order."""
    ordered = sorted(keys, key=_in_order)
    shared = Counter(mask for key in ordered for mask in _masks(key))
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for key in ordered:
        best = max(_masks(key), key=lambda m: shared[m], default=key)
        found.setdefault(best if shared[best] > 1 else key, []).append(key)
    return found


def base_of(key: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is left of a key without numbers and letters of folds."""
    bare = key
    for place, word in enumerate(key):
        match = _NUMBERED.fullmatch(word) or _LETTERED.fullmatch(word)
        kept = match[1] if match else word.rstrip(NUMBERED + LETTERED)
        bare = (*bare[:place], kept, *bare[place + 1 :])
    return tuple(word for word in bare if word)


def _words_of(name: str) -> list[str]:
    return [w.lower() for w in _BREAK.split(_CASE.sub(" ", name)) if w]


def _without_forms(words: list[str]) -> list[str]:
    """Return the words of a name without its endings."""
    while len(words) > 1 and words[-1] in _FORMS:
        words = words[:-1]
    return words


def _part_of(word: str) -> tuple[PartName, str] | None:
    for part, pattern in _WORDS.items():
        if match := pattern.fullmatch(word):
            return part, match[1]
    return None


def _key(words: list[list[str]]) -> tuple[str, ...]:
    return tuple(w for part in words for w in part)


def _masks(key: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return a key with the number or letter of one word left open, each in turn."""
    found = []
    for place, word in enumerate(key):
        for pattern, mark in ((_NUMBERED, NUMBERED), (_LETTERED, LETTERED)):
            if match := pattern.fullmatch(word):
                found.append((*key[:place], f"{match[1]}{mark}", *key[place + 1 :]))
    return found


def _in_order(key: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Order numbers by what they are: `u2` before `u10`."""
    split = (re.fullmatch(r"(.*?)(\d*)", word) for word in key)
    return tuple((m[1], int(m[2] or -1)) for m in split if m)

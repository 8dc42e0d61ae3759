"""Lists of levels that a text names: seeds, shares of training, profiles, hyperparameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from agent_core.domain import Factor, FactorRole, LevelValue
from agent_core.domain.cells import WHOLE
from agent_core.offline.catalogue import BY_NAME, HYPERPARAMETERS, PARAMETERS
from agent_core.offline.designs.entities import algorithms_in
from agent_core.offline.designs.quantities import Role, quantities_of, seen_by
from agent_core.offline.designs.text import Sentence, blotted
from agent_core.offline.designs.words import PATTERNS, found, number_in, says

Span = tuple[int, int]
MAX_LEVELS = 60
MOST_SEEDS = 1001
"""More are as good as this many: a plan never has so many."""
A_PAIR = 2
"""Seeds that are mostly just what is compared: `between 2 runs`."""
NO_RERANK = "none"
_JOINER = re.compile(r"[\s,/&+]*(?:(?:and|or|vs\.?|versus|as well as|plus|with)\b[\s,]*)?", re.I)


def split_seeds_of(text: str) -> tuple[tuple[int, ...], list[Span]]:
    """Return the seeds of a split that is drawn several times, and where they stand."""
    if several := _listed("split_seeds", text) or _ranged("split_seed_range", text):
        return several
    return _counted("split_count", text)


def model_seeds_of(text: str) -> tuple[tuple[int, ...], list[Span]]:
    """Return the seeds of trainings that are repeated, and where they stand."""
    if several := _listed("model_seeds", text) or _ranged("model_seed_range", text):
        return several
    counted = _counted("seed_count", text)
    return counted if counted[0] else _numbered(text)


def shares_of(text: str) -> tuple[tuple[float, ...], list[Span]]:
    """Return the shares of the training part that are compared, and where they stand."""
    match = found("train_shares", text)
    if match is None:
        return _of_role(Role.TRAINING, text)
    listed = next(g for g in match.groups() if g)
    parts = PATTERNS["one_share"].compiled.finditer(listed)
    shares = [_share(m[0]) if re.match(r"[\d.]", m[0]) else 1.0 for m in parts]
    group = next(i for i, g in enumerate(match.groups(), 1) if g)
    start, end = match.span(group)
    for listed_in in quantities_of(Sentence(text, text)):  # the list may go on behind
        if listed_in.start < end < listed_in.end:
            shares, end = [*shares, *([1.0] * listed_in.has_none)], listed_in.end
    unique = tuple(dict.fromkeys(s for s in shares if 0 < s <= 1))
    return (unique, [(start, end)]) if len(unique) > 1 else ((), [])


def profiles_of(text: str) -> tuple[tuple[LevelValue, ...], list[Span]]:
    """Return the numbers of interactions that test users keep, and where they stand."""
    match = found("profile_sizes", text) or found("profile_given", text)
    if match is None:
        return _of_role(Role.PROFILE, text)
    listed = next(g for g in match.groups() if g)
    sizes: list[LevelValue] = [int(float(n)) for n in re.findall(r"\d+", listed)]
    sizes += [WHOLE] * (says("whole_share", listed) or says("whole_profile", text))
    group = next(i for i, g in enumerate(match.groups(), 1) if g)
    return tuple(dict.fromkeys(sizes)), [match.span(group)]


def _of_role(role: Role, text: str) -> tuple[tuple[Any, ...], list[Span]]:
    """Return the levels of the first list that is of a role by the words around it."""
    for listed in quantities_of(Sentence(text, text)):
        if listed.role is role and len(listed.values) + listed.has_none > 1:
            if role is Role.PROFILE:
                levels = (*map(_whole, listed.values), *([WHOLE] * listed.has_none))
                return levels, [(listed.start, listed.end)]
            scale = 100 if max(listed.values) > 1 else 1
            shares = (round(v / scale, 6) for v in listed.values)
            found = dict.fromkeys((*shares, *([1.0] * listed.has_none)))
            return tuple(found), [(listed.start, listed.end)]
    return (), []


def reranks_of(text: str) -> tuple[tuple[LevelValue, ...], list[Span]]:
    """Return what is done to lists of algorithms: names or weights, and where they stand."""
    if not says("rerank", text) and not says("rerank_names", text):
        return (), []
    text = PATTERNS["parenthesis"].compiled.sub(lambda m: " " * len(m[0]), text)
    match = found("rerank_levels", text)
    if match:
        listed = next(g for g in match.groups() if g)
        return tuple(dict.fromkeys(map(float, re.findall(r"\d*\.?\d+", listed)))), [match.span()]
    names = [m[0] for m in PATTERNS["rerank_names"].compiled.finditer(text)]
    return (NO_RERANK, *dict.fromkeys(names)) if names else (), []


def grids_of(sentence: Sentence, named: Sequence[str]) -> tuple[tuple[Factor, ...], list[Span]]:
    """Return the hyperparameters that get several values, and where these stand.

    Parameters
    ----------
    sentence
        A sentence.
    named
        The algorithms of the whole text.
    """
    text = sentence.text
    settings = (q for q in quantities_of(sentence) if q.role is Role.SETTING)
    listed = [q for q in settings if len(q.values) > 1 and not q.is_range]
    spans = [(q.start, q.end) for q in listed]
    rest = blotted(seen_by(text, (Role.SETTING,)), spans)
    found = [(q.start, q.end, q.name, tuple(map(_whole, q.values))) for q in listed]
    factors = []
    for start, end, name, values in (*found, *_value_lists(rest)):
        of = _owners(name, text, start, named)
        spans.append((start, end))
        factors.append(Factor(name, values, FactorRole.COMPARED, of))
    return tuple(factors), spans


def joined_before(text: str, place: int) -> tuple[str, ...]:
    """Return the algorithms that are listed together right before a place."""
    before = [m for m in algorithms_in(text) if m.start < place]
    run: list[str] = []
    for number, mention in enumerate(before):
        is_joined = number and _JOINER.fullmatch(text[before[number - 1].end : mention.start])
        run = [*run, mention.name] if is_joined else [mention.name]
    return tuple(run)


def owners_of(name: str, named: Sequence[str]) -> tuple[str, ...]:
    """Return the named algorithms that have a hyperparameter, else the one it is usual of."""
    own = tuple(n for n in named if _has(n, name))
    return own or (HYPERPARAMETERS[name].algorithm,)


def _listed(name: str, text: str) -> tuple[tuple[int, ...], list[Span]] | None:
    match = found(name, text)
    if match is None:
        return None
    return tuple(dict.fromkeys(map(int, re.findall(r"\d+", match[1])))), [match.span()]


def _ranged(name: str, text: str) -> tuple[tuple[int, ...], list[Span]] | None:
    match = found(name, text)
    if match is None or int(match[2]) <= int(match[1]):
        return None
    return tuple(range(int(match[1]), int(match[2]) + 1)), [match.span()]


def _counted(name: str, text: str) -> tuple[tuple[int, ...], list[Span]]:
    """Return as many seeds as a text says; only the number is used up by it."""
    count = number_in(name, text)
    matches = PATTERNS[name].compiled.finditer(text)
    spans = [m.span(next(i for i, g in enumerate(m.groups(), 1) if g)) for m in matches]
    return (tuple(range(min(count, MOST_SEEDS))), spans) if count and count > 1 else ((), [])


def _numbered(text: str) -> tuple[tuple[int, ...], list[Span]]:
    """Return as many seeds as a number of them says, whatever stands before it."""
    for one in quantities_of(Sentence(text, text)):
        is_counted = one.role is Role.SEED and not says("times", text[one.end :])
        if is_counted and len(one.values) == 1 and one.values[0] > A_PAIR:
            return tuple(range(min(int(one.values[0]), MOST_SEEDS))), [(one.start, one.end)]
    return (), []


def _share(text: str) -> float:
    number = float(text.rstrip("%"))
    return round(number / 100, 6) if text.endswith("%") else number


def _value_lists(text: str) -> Iterator[tuple[int, int, str, tuple[LevelValue, ...]]]:
    """Yield the lists of values beside names of hyperparameters, the nearest first."""
    places = sorted(
        ((m.start(), m.end(), n) for n in PARAMETERS for m in _name(n).finditer(text)),
        key=lambda p: (p[0], -p[1]),
    )
    taken: list[Span] = []
    for is_before in (True, False):
        for start, end, name in places:
            match = _beside(text, start, end, is_before=is_before)
            other = PATTERNS["two_values"].match(text[end:]) if is_before else None
            if match is None and other:
                match = re.search(r"(\d+(?:\.\d+)?)\s+$", text[:start])
            if match is None or (is_before and _is_of_another(text[: match.start()], name)):
                continue
            span = match.start(1), end
            if not is_before:
                span = start, end + match.end(1)
            if not is_before and _is_unit_of_another(text[span[1] :], name):
                continue
            between = [p for p in places if span[0] < p[0] < span[1] and p[:2] != (start, end)]
            if between or any(a < span[1] and span[0] < b for a, b in taken):
                continue
            said = match[1] + (f", {other[1]}" if other else "")
            values = tuple(dict.fromkeys(map(_number, re.findall(r"\d[\d.e-]*", said))))
            if 1 < len(values) <= MAX_LEVELS:
                taken.append(span)
                yield *span, name, values


def _beside(text: str, start: int, end: int, *, is_before: bool) -> re.Match[str] | None:
    if is_before:
        return PATTERNS["listed_before"].search(text[:start])
    return PATTERNS["listed_after"].match(text[end:])


def _is_of_another(before: str, name: str) -> bool:
    """Whether a list begins with the value of another quantity: `rate 0.002 and 30 epochs`."""
    others = "|".join(names for other, names in PARAMETERS.items() if other != name)
    return re.search(rf"\b(?:{others})\W*(?:of|to|is)?\W*$", before, re.IGNORECASE) is not None


def _is_unit_of_another(after: str, name: str) -> bool:
    """Whether a list ends with the value of another quantity: `rate 0.002 and 30 epochs`."""
    others = "|".join(names for other, names in PARAMETERS.items() if other != name)
    words = rf"\s*(?:latent\s+|nearest\s+)?(?:seeds|runs|folds|times|%|(?:{others})\b)"
    return re.match(words, after, re.IGNORECASE) is not None


@cache
def _name(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{PARAMETERS[name]})(?![\w-])", re.IGNORECASE)


def _number(text: str) -> int | float:
    return _whole(float(text.rstrip(".")))


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _owners(name: str, text: str, place: int, named: Sequence[str]) -> tuple[str, ...]:
    """Return the algorithms that a list of values is of: those right before, else all that can."""
    own = [n for n in joined_before(text, place) if _has(n, name)]
    return tuple(dict.fromkeys(own)) or owners_of(name, named)


def _has(algorithm: str, parameter: str) -> bool:
    return algorithm in BY_NAME and BY_NAME[algorithm].takes(parameter)

"""Algorithms and metrics that a text names, with where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from agent_core.domain import Metric
from agent_core.domain.metric import KINDS, USUAL_CUTOFF, kind_of_metric
from agent_core.offline.catalogue import ALGORITHMS, word
from agent_core.offline.designs.quantities import Role, seen_by
from agent_core.offline.designs.text import PATTERNS as TEXTS, REMEMBERED, blotted
from agent_core.offline.designs.words import PATTERNS

LATER = ("precision", "map", "hit", "coverage", "popularity", "overlap")
"""Metrics whose words are part of others' names."""
WEAK = ("ImplicitMF", "FunkSVD", "Popularity", "Bias", "Random")
"""Algorithms whose words are part of others' names."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that a text names."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Cuts:
    """A list of cut-offs in a text."""

    start: int
    end: int
    values: tuple[int, ...]
    is_of_all: bool
    """Whether it says by itself that it is of all metrics before it: `each @5 and @10`."""


@lru_cache(REMEMBERED)
def metrics_in(text: str) -> tuple[Mention, ...]:
    """Return the metrics that a text names, in order."""
    return _mentions(text, _metric_words())


@lru_cache(REMEMBERED)
def algorithms_in(text: str) -> tuple[Mention, ...]:
    """Return the algorithms that a text names, in order; what names a metric names none."""
    spans = [(m.start, m.end) for m in metrics_in(text)]
    spans += [m.span() for m in PATTERNS["no_algorithm"].compiled.finditer(text)]
    return _mentions(blotted(text, spans), _algorithm_words())


@lru_cache(REMEMBERED)
def cuts_in(text: str) -> tuple[Cuts, ...]:
    """Return the lists of cut-offs that a text names."""
    return tuple(
        Cuts(m.start(), m.end(), _numbers(m[0]), TEXTS["each"].search(m[0]) is not None)
        for m in PATTERNS["cuts"].compiled.finditer(seen_by(text, (Role.CUT,)))
    )


def measures_in(text: str) -> tuple[Metric, ...]:
    """Return the metrics that a text names with the cut-offs that it gives them.

    A cut-off right behind a metric is its own and that of the metrics listed with it that have
    none; others take the next one that follows. A metric without any has none here.
    """
    found: list[Metric] = []
    waiting: list[str] = []
    leading: tuple[int, ...] = ()
    last: list[str] = []
    marks: list[Mention | Cuts] = [*metrics_in(text), *cuts_in(text)]
    for mark in sorted(marks, key=lambda m: m.start):
        if isinstance(mark, Mention):
            waiting.append(mark.name)
            continue
        names = list(dict.fromkeys(waiting)) or last
        leading = leading or (() if names else mark.values)
        found += [Metric(n, k) for n in names for k in (mark.values if has_lists(n) else (None,))]
        last, waiting = names, []
    found += [Metric(n, k) for n in waiting for k in (leading if has_lists(n) else ()) or (None,)]
    return tuple(dict.fromkeys(found))


def has_lists(name: str) -> bool:
    """Whether a metric is of lists, so that it has a cut-off."""
    kind = kind_of_metric(name)
    return not (kind.is_rating or kind.is_cost)


def with_cuts(found: Iterable[Metric], said: Iterable[Metric]) -> tuple[Metric, ...]:
    """Return metrics with a cut-off each: those said of the same metric, else of any, else 10."""
    known = [m for m in said if m.k]
    cuts: dict[str, list[int]] = {}
    for m in known:
        cuts.setdefault(m.name, []).append(m.k or USUAL_CUTOFF)
    every = list(dict.fromkeys(m.k for m in known if m.k)) or [USUAL_CUTOFF]
    full = [
        Metric(m.name, k)
        for m in found
        for k in ([m.k] if m.k or not has_lists(m.name) else cuts.get(m.name, every[:1]))
    ]
    return tuple(dict.fromkeys(full))


def _mentions(text: str, words: Iterable[tuple[str, re.Pattern[str]]]) -> tuple[Mention, ...]:
    found: list[Mention] = []
    for name, pattern in words:
        matches = list(pattern.finditer(text))
        found += [Mention(m.start(), m.end(), name) for m in matches]
        text = blotted(text, [m.span() for m in matches])
    return tuple(sorted(found, key=lambda m: m.start))


@cache
def _metric_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    kinds = sorted((k for k in KINDS if k.spoken), key=lambda k: k.name in LATER)
    return tuple((k.name, re.compile(_metric_word(k.name, k.spoken))) for k in kinds)


def _metric_word(name: str, spoken: str) -> str:
    """Return the pattern of a metric; a small `hit` or `map` alone is an ordinary word."""
    more = {"hit": r"|HIT|[Hh]it(?=\s?@)", "map": "", "memory": r"|RAM\b"}.get(name, "")
    blind = spoken.replace("map|", r"map(?=\s?@)|(?-i:MAP)|") if name == "map" else spoken
    return rf"(?<![\w-])(?:(?i:{blind}){more})(?=@|\b)(?!-)"


@cache
def _algorithm_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    ordered = sorted(ALGORITHMS, key=lambda a: a.name in WEAK)
    return tuple((a.name, word(a.names)) for a in ordered)


def _numbers(text: str) -> tuple[int, ...]:
    found = (int(n) for n in re.findall(r"\d+", text))
    return tuple(dict.fromkeys(n for n in found if 1 <= n <= 1000))

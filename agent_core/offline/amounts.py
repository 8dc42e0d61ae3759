"""Reads numbers of a text: cut-offs, repetitions, margins, hyperparameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agent_core.offline.catalogue import HYPERPARAMETERS, METRICS, PARAMETERS, word
from agent_core.prose.number_words import number_of
from agent_core.prose.patterns import read_patterns
from agent_core.prose.text_tables import read_table

PATTERNS = read_patterns(Path(__file__).with_name("amount_patterns.toml"))
MASK = "\u00a7"
MAX_SWEPT = 12
MOST_LISTED = 63
"""Values that a list may add to its first; nobody sweeps more."""
UNCLEAR_MARGIN = "is no equivalence margin in units of the metric (say for example 0.01)"
Outside = tuple[tuple[str, str], ...]
_TABLE = read_table(Path(__file__).with_name("parameter_forms.toml"))
_VALUE = re.compile(_TABLE["value"])


def blotted_text(text: str, spans: list[tuple[int, int]]) -> str:
    """Return a text whose spans are blotted out, so that nothing is read twice."""
    for start, end in spans:
        text = text[:start] + MASK * (end - start) + text[end:]
    return text


# -- metrics ---------------------------------------------------------------------------------


def metric_spans(text: str) -> list[tuple[int, int, str]]:
    """Return where metrics are named, in their order: start, end, name."""
    found: list[tuple[int, int, str]] = []
    rest = text
    for name in sorted(METRICS, key=lambda n: n == "precision"):
        for match in word(METRICS[name] + r"(?=@|\b)").finditer(rest):
            if not _is_ordinary(name, match[0], text):
                found.append((match.start(), match.end(), name))
                rest = blotted_text(rest, [(match.start(), match.end())])
    return sorted(found)


def cuts_of(text: str) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
    """Return all cut-offs that are named, and those of single metrics where they differ.

    A cut-off right behind a metric is its own; a metric without one shares those that follow.
    """
    metrics = metric_spans(text)
    every: list[int] = []
    own: dict[str, list[int]] = {}
    open_names: list[str] = []
    last = 0
    for match in PATTERNS["cut"].compiled.finditer(text):
        is_clock = (
            match[0].lower().startswith("at") and not metrics and " k" not in match[0].lower()
        )
        if is_clock or PATTERNS["clock"].match(text[match.end() :]):
            continue
        values = [int(n) for n in re.findall(r"\d+", match[1]) if 1 <= int(n) <= 1000]
        every += values
        before = [m for m in metrics if last <= m[0] < match.start()]
        names = list(dict.fromkeys([*open_names, *(name for _, _, name in before)]))
        is_near = bool(before) and len(text[before[-1][1] : match.start()].strip(" ,(=:")) <= 1
        if is_near:
            for name in names:
                own.setdefault(name, []).extend(values)
            open_names = []
        elif names and not before and own:
            for name in list(own)[-1:]:
                own[name].extend(values)
        else:
            open_names = names
        last = match.start()
    unique = tuple(dict.fromkeys(every))
    kept = {name: tuple(dict.fromkeys(v)) for name, v in own.items()}
    is_shared = all(set(v) == set(unique) for v in kept.values())
    return unique, {} if is_shared else kept


# -- protocol --------------------------------------------------------------------------------


def seeds_of(text: str) -> tuple[int | None, int]:
    """Return how many repetitions are wished (None: not said), and the first seed."""
    span = PATTERNS["seed_range"].search(text)
    if span and int(span[2]) > int(span[1]):
        return int(span[2]) - int(span[1]) + 1, int(span[1])
    count = PATTERNS["seed_count"].search(text)
    if count:
        return int(number_of(count[1] or count[2])), 0
    single = PATTERNS["one_seed"].search(text)
    return (1, int(single[1])) if single else (None, 0)


def margin_of(text: str) -> tuple[float | None, list[tuple[int, int]], Outside]:
    """Return an equivalence margin, where it stands, and what was given as one but is none."""
    match = PATTERNS["margin"].search(text)
    if match is None:
        return None, [], ()
    value, span = float(match[1]), (match.start(1), match.end())
    if match[2] or value <= 0:
        return None, [span], ((match[0].strip(), UNCLEAR_MARGIN),)
    return value, [span], ()


# -- hyperparameters -------------------------------------------------------------------------


def parameters_of(text: str) -> dict[str, Any]:
    """Return hyperparameters given one value each."""
    found: dict[str, Any] = {}
    for name in PARAMETERS:
        before, after = (_forms(name)[form].search(text) for form in ("before", "after"))
        is_set = after and re.search(r"=|:|\bof\b|\bto\b|\bis\b", after[0])
        match = after if is_set else before or after
        if match:
            value = float(match[1])
            found[name] = int(value) if value.is_integer() and "reg" not in name else value
    near = PATTERNS["neighbours"].search(text)
    if near and "max_nbrs" not in found:
        found["max_nbrs"] = int(near[1])
    return found


def swept_parameter(text: str) -> tuple[str | None, tuple[float, ...], list[tuple[int, int]]]:
    """Return the hyperparameter that is given several values, these, and where they stand."""
    cuts = PATTERNS["cut"].compiled.finditer(text)
    cut = [m.span() for m in cuts if not _is_neighbours(text, m)]
    rest = blotted_text(text, [*cut, *((a, b) for a, b, _ in metric_spans(text))])
    for name in PARAMETERS:
        found = _listed_values(rest, name) or _range_values(rest, name)
        if found:
            return name, found[0][:MAX_SWEPT], found[1]
    for name in PARAMETERS:
        if _forms(name)["wish"].search(rest) and name not in parameters_of(rest):
            return name, HYPERPARAMETERS[name].sweep, []
    return None, (), []


@cache
def _forms(name: str) -> Mapping[str, re.Pattern[str]]:
    """Return the patterns by which a hyperparameter is given values."""
    value = _TABLE["value"]
    pieces = {
        "NAMES": PARAMETERS[name],
        "OTHERS": "|".join(names for other, names in PARAMETERS.items() if other != name),
        # Bounded, so that a thousand numbers are not read again from each of them.
        "VALUES": f"{value}(?:{_TABLE['join']}{value}){{1,{MOST_LISTED}}}",
        "VALUE": value,
        "JOIN": _TABLE["join"],
        "INTENT": PATTERNS["intent"].expression,
    }
    piece = re.compile("|".join(pieces))
    filled = {k: piece.sub(lambda m: pieces[m[0]], form) for k, form in _TABLE["forms"].items()}
    return {k: re.compile(form, re.IGNORECASE) for k, form in filled.items()}


def _is_ordinary(name: str, matched: str, text: str) -> bool:
    """Whether a bare `hit` or `map` is an ordinary word."""
    if name == "hit" and matched.lower() == "hit":
        return not re.search(r"\bhit ?@", text, re.IGNORECASE)
    return name == "map" and matched == "map"


def _is_neighbours(text: str, cut: re.Match[str]) -> bool:
    """Whether `k = 10, 20` speaks of neighbours and not of list lengths."""
    before, after = text[max(0, cut.start() - 30) : cut.start()], text[cut.end() :][:20]
    is_near = re.match(r"\s*(?:nearest )?neighbou?rs", after, re.I)
    is_k = re.match(r"\bk\b", cut[0], re.I)
    return bool(is_k and (is_near or PATTERNS["before_neighbours"].search(before)))


def _listed_values(text: str, name: str) -> tuple[tuple[float, ...], list[tuple[int, int]]] | None:
    """Return values listed beside a hyperparameter, or one each beside its repeated name."""
    forms = _forms(name)
    lists = [forms["listed_after"], forms["listed_before"]]
    lists += [PATTERNS["neighbour_list"].compiled] if name == "max_nbrs" else []
    for match in (m for form in lists if (m := form.search(text))):
        values = tuple(dict.fromkeys(map(float, _VALUE.findall(match[1]))))
        if len(values) >= 2 and not _is_of_another(text, name, match):
            return values, [match.span()]
    single = list(forms["single"].finditer(text))
    values = tuple(dict.fromkeys(float(m[1]) for m in single))
    return (values, [m.span() for m in single]) if len(values) >= 2 else None


def _is_of_another(text: str, name: str, match: re.Match[str]) -> bool:
    """Whether a list of values mixes in one of another quantity: `rate 0.002 and 30 epochs`."""
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() :]
    forms = _forms(name)
    return bool(forms["other_after"].match(after) or forms["other_before"].search(before))


def _range_values(text: str, name: str) -> tuple[tuple[float, ...], list[tuple[int, int]]] | None:
    """Return the values of a range: `from 8 to 128`, `between 1 and 1000`, `in steps of 10`."""
    forms = _forms(name)
    match = forms["range"].search(text) if forms["named"].search(text) else None
    if match and _is_of_another(text, name, match):
        return None
    match = match or forms["direct_range"].search(text)
    if not match or float(match[2]) <= float(match[1]):
        return None
    step = PATTERNS["step"].search(text)
    low, high = float(match[1]), float(match[2])
    return _walk(low, high, float(step[1]) if step else None, name), [match.span()]


def _walk(low: float, high: float, step: float | None, name: str) -> tuple[float, ...]:
    """Return the values of a range: by its step, else doubling or by decades, the end included."""
    if step:
        count = int((high - low) / step + 1e-9)
        return tuple(low + step * i for i in range(min(count, MAX_SWEPT - 1) + 1))
    factor = 2.0 if HYPERPARAMETERS[name].grows else 10.0
    values = [max(low, 1e-6)]
    while values[-1] * factor < high * 0.999 and len(values) < MAX_SWEPT - 1:
        values.append(values[-1] * factor)
    return (*(float(f"{v:.6g}") for v in values), high)

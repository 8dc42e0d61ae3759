"""Reads numbers of a text: cut-offs, repetitions, folds, shares, thresholds, hyperparameters."""

from __future__ import annotations

import re
from typing import Any

from agent_core.domain import SplitKind
from agent_core.offline.catalogue import HYPERPARAMETERS, METRICS, PARAMETERS, word
from agent_core.prose.number_words import SEVERAL, number_of

NUMBER = rf"(\d+|{'|'.join(SEVERAL)})"
VALUE = r"\d+(?:\.\d+)?(?:e-?\d+)?"
JOIN = r"\s*(?:,?\s*(?:and|or|vs\.?|versus|&)|,|/)\s*"
VALUES = rf"{VALUE}(?:{JOIN}{VALUE})+"
MASK = "\u00a7"
UNITS = r"(?!\s*-?\s*(?:folds?\b|seeds?\b|runs\b|times\b|repetitions\b|%|percent|epochs|factors))"
CUTS = rf"(\d{{1,5}}\b{UNITS}(?:{JOIN}@?\s*\d{{1,5}}\b{UNITS})*)"
CUT = re.compile(
    rf"(?:@\s*(?:k\s*=\s*)?|\bat\s+(?:k\s*=\s*|rank\s+)?|\btop[- ]?|\bcut-?offs?\s*(?:of|=|to)?\s*"
    rf"|\bk\s*(?:=|to|of)\s*|\blists? (?:of|with)\s+){CUTS}",
    re.IGNORECASE,
)
MAX_SWEPT = 12
INTENT = (
    r"(?:sweep|effects?|influences?|impact|affect\w*|depend\w*|vary|varying|role|matter|sensitiv\w+"
    r"|chang\w+|try|trying|different|tun(?:e|ed|ing)|choos\w+|range|best|optimal|how many)"
)


def masked(text: str, spans: list[tuple[int, int]]) -> str:
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
                rest = masked(rest, [(match.start(), match.end())])
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
    for match in CUT.finditer(text):
        is_clock = (
            match[0].lower().startswith("at") and not metrics and " k" not in match[0].lower()
        )
        if is_clock or re.match(r"\s*(?:am|pm|o'clock|h)\b|:\d", text[match.end() :], re.I):
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
    span = re.search(r"\bseeds?\s+(\d+)\s*(?:to|-|\u2013|through|\.\.)\s*(\d+)", text, re.I)
    if span and int(span[2]) > int(span[1]):
        return int(span[2]) - int(span[1]) + 1, int(span[1])
    pattern = (
        rf"\b{NUMBER}\s+(?:(?!fold|factor|epoch|algorithm|metric)[a-z]+\s+){{0,2}}?"
        r"(?:seeds|runs|repetitions|repeats|times|trainings|random initiali[sz]ations)\b"
        r"(?! (?:\w+er|more|worse|as|the|a)\b)"
    )
    match = re.search(pattern, text, re.IGNORECASE)
    match = match or re.search(rf"\bseeds\s*(?:=|:|to)\s*{NUMBER}\b", text, re.IGNORECASE)
    if match:
        return int(number_of(match[1])), 0
    single = re.search(r"\bseed\s*(?:=|:|of|is)?\s*(\d{1,9})\b", text, re.IGNORECASE)
    return (1, int(single[1])) if single else (None, 0)


def folds_of(text: str) -> int | None:
    """Return the folds of a cross-validation."""
    match = re.search(rf"\b{NUMBER}[- ]?folds?\b", text, re.IGNORECASE)
    if match:
        return int(number_of(match[1]))
    return 5 if re.search(r"cross[- ]?validat|\bk-fold\b", text, re.IGNORECASE) else None


SPLITS = (
    (
        SplitKind.LEAVE_LAST,
        r"leave[- ]?(?:the )?(?:last|latest|newest)(?: (?:item|interaction|one))?(?:[- ]out)?"
        r"|(?:last|latest|newest|most recent) (?:item|interaction|rating)",
    ),
    (SplitKind.LEAVE_ONE_OUT, r"leave[- ]?one[- ]?(?:item[- ]?)?out|\bloo(?:cv)?\b"),
    (
        SplitKind.GLOBAL_TIME,
        r"temporal(?:ly)?|global time|time[- ](?:based|aware|ordered)|chronological(?:ly)?|by time"
        r"|time split|split (?:by|on|at a) (?:time|date)",
    ),
)
TIMED = (SplitKind.GLOBAL_TIME, SplitKind.LEAVE_LAST)
SHARES = (
    r"\bhold(?:ing)?[- ]?(?:s )?out\s+(?:a )?(?:random )?(\d{1,2})\s*(?:%|percent)",
    r"\b(\d{1,2})\s*(?:%|percent)\s*(?:for )?(?:test|hold|held|of (?:each|every|the) user)",
    r"\btest(?:[ _-](?:set|size|share|fraction))*\s*(?:of|=|:|is)?\s*(\d{1,2})\s*(?:%|percent)",
    r"\btest(?:[ _-](?:set|size|share|fraction))*\s*(?:of|=|:|is)?\s*(0?\.\d+)",
)


OF_EACH = (
    r"(?:per|by|within|(?:of|for|from|in) (?:each|every|a|any|all)(?: (?:the|test|tested))*) "
    r"?users?\b|(?:each|every|a|the) users?(?:'s|s'|\b)|user[- ]?(?:wise|based)|per[- ]user"
)
IN_TIME = r"(?:temporal|chronological|time[- ](?:based|aware|ordered))(?:ly)?"
NEWEST = (
    r"(?:last|latest|newest|most recent)\s+(?P<share>\d{1,2})\s*(?:%|percent\b)"
    rf"(?P<each>[^.;,]{{0,40}}?(?:{OF_EACH}))?"
)
NEWEST_OF_EACH = (
    rf"(?:{OF_EACH})[^.;]{{0,30}}?\b(?:last|latest|newest|most recent)\s+\d{{1,2}}\s*"
    r"(?:%|percent\b)"
    rf"|\b{IN_TIME}\s+(?:[\w/%-]+\s+){{0,3}}?(?:{OF_EACH})"
    rf"|(?:{OF_EACH})[\s,]+(?:[\w/%-]+\s+)?{IN_TIME}\b"
)


def newest_of(text: str) -> tuple[SplitKind, float | None] | None:
    """Return the split that holds out a newest share: of each user, or of all interactions."""
    match = re.search(rf"\b{NEWEST}", text, re.IGNORECASE)
    share = int(match["share"]) / 100 if match else _share_of(text)
    if re.search(rf"\b(?:{NEWEST_OF_EACH})", text, re.IGNORECASE) or (match and match["each"]):
        return SplitKind.USER_FRACTION, share
    return (SplitKind.GLOBAL_TIME, share) if match else None


def split_of(text: str) -> tuple[SplitKind | None, float | None]:
    """Return the hold-out protocol and the held-out share."""
    newest = newest_of(text)
    if newest:
        return newest
    share = _share_of(text)
    for kind, pattern in SPLITS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind, share if kind is SplitKind.GLOBAL_TIME else None
    return (SplitKind.USER_FRACTION, share) if share else (None, None)


def split_kinds(text: str) -> tuple[SplitKind, ...]:
    """Return all hold-out protocols that are named."""
    named = tuple(k for k, p in SPLITS if re.search(p, text, re.IGNORECASE))
    newest = newest_of(text)
    if newest:
        return tuple(dict.fromkeys([newest[0], *(k for k in named if k not in TIMED)]))
    # A share beside a cut in time is its own.
    is_own = SplitKind.GLOBAL_TIME in named or _share_of(text) is None
    return named if is_own else (*named, SplitKind.USER_FRACTION)


RATINGS = (
    rf"\brat(?:ings?|ed)\s+(?:of\s+|with\s+)?(?:at least\s+|>=\s*|≥\s*|from\s+)({VALUE})\b"
    r"(?!\s*(?:to\b|-|\u2013|movies|items|films|users|interactions|times|products|books|songs))",
    rf"\bratings?\s+of\s+({VALUE})\s*(?:and|or|\+|stars?)",
    rf"\b({VALUE})\s*(?:stars?\s*)?(?:and|or)\s+(?:more|above|higher|up(?:wards)?|better)"
    r"(?!\s+(?:interactions|items|ratings|users|events|seeds|runs|films|movies))",
    rf"(?:>=|≥)\s*({VALUE})",
    rf"\b({VALUE})\+\s*(?:stars?|ratings?)",
    rf"\bat least ({VALUE}) stars?",
    rf"\bthreshold\s+(?:of\s+|=\s*|at\s+|to\s+)?({VALUE})",
    rf"\bbinari[sz]\w*\s+(?:\w+\s+)?at\s+({VALUE})",
    rf"\b({VALUE})\s*(?:and|or)\s*5\s*stars?",
)
ABOVE = rf"\b(?:ratings?|rated)\s+(?:above|over|greater than|higher than|>)\s*({VALUE})"


def min_rating_of(text: str) -> tuple[float | None, bool]:
    """Return the rating from which an interaction counts, and whether it itself does not."""
    for pattern in RATINGS:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            return float(match[1]), False
    match = re.search(ABOVE, text, re.IGNORECASE)
    return (float(match[1]), True) if match else (None, False)


EQUIVALENCE = re.compile(r"\b(?:equivalen\w*|non-?inferior\w*|tost)\b", re.IGNORECASE)
MARGIN = re.compile(
    rf"(?:\bmargin\s*(?:of|=|:|is|to|at)?|\bequivalen\w*\b[^.?;\d]{{0,60}}?"
    rf"(?:\bwithin|\bup to|\bby at most|±|\+/?-))\s*(?:±|\+/?-)?\s*"
    rf"(?P<value>\.\d+|{VALUE})(?![\d.]*\d)(?P<unit>\s*(?:%|percent\b|per ?cent\b|points?\b))?"
    r"(?!\s*-?\s*(?:folds?|seeds?|runs|times|repetitions|users|items)\b)",
    re.IGNORECASE,
)
UNCLEAR_MARGIN = "is no equivalence margin in units of the metric (say for example 0.01)"
Outside = tuple[tuple[str, str], ...]


def margin_of(text: str) -> tuple[float | None, list[tuple[int, int]], Outside]:
    """Return an equivalence margin, where it stands, and what was given as one but is none."""
    match = MARGIN.search(text)
    if match is None:
        return None, [], ()
    value, span = float(match["value"]), (match.start("value"), match.end())
    if match["unit"] or value <= 0:
        return None, [span], ((match[0].strip(), UNCLEAR_MARGIN),)
    return value, [span], ()


# -- hyperparameters -------------------------------------------------------------------------


def parameters_of(text: str) -> dict[str, Any]:
    """Return hyperparameters given one value each."""
    found: dict[str, Any] = {}
    for name, names in PARAMETERS.items():
        before = re.search(
            rf"(?<![\w.])({VALUE})\s+(?:{names})\b(?!\s*(?:=|:|of|to|is)\s*\d)", text, re.I
        )
        after = re.search(
            rf"\b(?:{names})\s*(?:=|:|of|to|is)?\s*({VALUE})\b(?!{JOIN}\d|\s*(?:seeds|folds))",
            text,
            re.IGNORECASE,
        )
        match = after if after and re.search(r"=|:|\bof\b|\bto\b|\bis\b", after[0]) else before
        match = match or after
        if match:
            value = float(match[1])
            found[name] = int(value) if value.is_integer() and "reg" not in name else value
    near = re.search(r"\bk-?nn\b[\s,(]*(?:with\s+)?k\s*=\s*(\d+)\b(?!\s*,)", text, re.I)
    if near and "max_nbrs" not in found:
        found["max_nbrs"] = int(near[1])
    return found


def swept_parameter(text: str) -> tuple[str | None, tuple[float, ...], list[tuple[int, int]]]:
    """Return the hyperparameter that is given several values, these, and where they stand."""
    cut = [m.span() for m in CUT.finditer(text) if not _is_neighbours(text, m)]
    rest = masked(text, [*cut, *((a, b) for a, b, _ in metric_spans(text))])
    for name, names in PARAMETERS.items():
        found = _listed(rest, name, names) or _ranged(rest, name, names)
        if found:
            return name, found[0][:MAX_SWEPT], found[1]
    for name, names in PARAMETERS.items():
        wish = (
            rf"\b{INTENT}\b[^.?]{{0,40}}\b(?:{names})\b|\b(?:{names})\b[^.?]{{0,30}}\b{INTENT}\b"
        )
        if re.search(wish, rest, re.IGNORECASE) and name not in parameters_of(rest):
            return name, HYPERPARAMETERS[name].sweep, []
    return None, (), []


def _is_ordinary(name: str, matched: str, text: str) -> bool:
    """Whether a bare `hit` or `map` is an ordinary word."""
    if name == "hit" and matched.lower() == "hit":
        return not re.search(r"\bhit ?@", text, re.IGNORECASE)
    return name == "map" and matched == "map"


def _share_of(text: str) -> float | None:
    """Return the held-out share, 0 to 1."""
    parts = re.search(r"\b([5-9]\d)\s*%?\s*(?:/|:|-)\s*([1-4]?\d)\b ?%?", text)
    if parts and int(parts[1]) + int(parts[2]) == 100:
        return int(parts[2]) / 100
    for pattern in SHARES:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            value = float(match[1])
            share = value if value < 1 else value / 100
            return share if 0.01 <= share <= 0.9 else None
    return None


def _is_neighbours(text: str, cut: re.Match[str]) -> bool:
    """Whether `k = 10, 20` speaks of neighbours and not of list lengths."""
    is_k = re.match(r"\bk\b", cut[0], re.IGNORECASE) is not None
    before, after = text[max(0, cut.start() - 30) : cut.start()], text[cut.end() :][:20]
    return is_k and bool(
        re.match(r"\s*(?:nearest )?neighbou?rs", after, re.I)
        or re.search(r"k-?nn\W*(?:with|of|for|,|\()?\s*$", before, re.I)
    )


def _listed(
    text: str, name: str, names: str
) -> tuple[tuple[float, ...], list[tuple[int, int]]] | None:
    """Return values listed beside a hyperparameter, or one each beside its repeated name."""
    patterns = [
        rf"\b(?:{names})\b[^.;?{MASK}]{{0,40}}?({VALUES})",
        rf"({VALUES})\s+(?:latent |nearest )?(?:{names})\b",
    ]
    if name == "max_nbrs":
        patterns.append(rf"k-?nn\b[^.;?{MASK}]{{0,12}}?\bk\s*(?:=|:|in|of)\s*[\[({{]?({VALUES})")
    for pattern in patterns:
        match = re.search(pattern, text, re.IGNORECASE)
        if match and not _is_of_another(text, name, match):
            values = tuple(dict.fromkeys(float(v) for v in re.findall(VALUE, match[1])))
            if len(values) >= 2:
                return values, [match.span()]
    single = list(re.finditer(rf"(?<![\w.])({VALUE})\s+(?:{names})\b", text, re.IGNORECASE))
    values = tuple(dict.fromkeys(float(m[1]) for m in single))
    return (values, [m.span() for m in single]) if len(values) >= 2 else None


def _is_of_another(text: str, name: str, match: re.Match[str]) -> bool:
    """Whether a list of values mixes in one of another quantity: `rate 0.002 and 30 epochs`."""
    others = "|".join(names for other, names in PARAMETERS.items() if other != name)
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() :]
    return bool(
        re.match(rf"\s*(?:seeds|runs|folds|times|%|(?:{others})\b)", after, re.IGNORECASE)
        or re.search(rf"\b(?:{others})\W*(?:of|to|is)?\W*$", before, re.IGNORECASE)
    )


def _ranged(
    text: str, name: str, names: str
) -> tuple[tuple[float, ...], list[tuple[int, int]]] | None:
    """Return the values of a range: `from 8 to 128`, `between 1 and 1000`, `in steps of 10`."""
    if not re.search(rf"\b(?:{names})\b", text, re.IGNORECASE):
        return None
    match = re.search(
        rf"\b(?:from|between|try|range|in|with|\b(?:{names}))\s*(?:of|:|\(|\[)?\s*({VALUE})\s*"
        rf"(?:to|\u2013|-|\.\.\.?|and|up to)\s*({VALUE})\b(?!\s*(?:seeds|folds|%))",
        text,
        re.IGNORECASE,
    )
    if match and _is_of_another(text, name, match):
        return None
    direct = rf"\b({VALUE})\s*(?:to|\u2013|-)\s*({VALUE})\s+(?:latent |nearest )?(?:{names})\b"
    match = match or re.search(direct, text, re.IGNORECASE)
    if not match or float(match[2]) <= float(match[1]):
        return None
    step = re.search(rf"\bsteps? of ({VALUE})", text, re.IGNORECASE)
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

"""Every number, name and condition of a task is used by its plan, or is named as not answered."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent_core.domain import (
    Dataset,
    Estimand,
    FactorKind,
    Plan,
    Unanswered,
    with_design,
)
from agent_core.domain.cells import level_names
from agent_core.domain.metric import KINDS, usual_name
from agent_core.prose.text_tables import read_table
from agent_core.rules.plan_conditions import CARRIED_OUT
from agent_core.rules.plan_facts import LEVEL, SETTING, SHARES, Facts, facts_of
from agent_core.rules.said_numbers import Listing, listings_of

_TABLE = read_table(Path(__file__).with_name("accounting.toml"))
MOST_TEXT = 20_000
"""Characters of a task that are accounted for; what is longer is no task."""
AROUND = 40
"""Characters beside a number in which it is said what it counts."""
LONGEST = 140
"""Characters of a clause; a longer one is told by its part around what is not used."""
CLOSE = 1e-9
ABOUT = {"profile": 0.1}
"""Roles whose numbers people round: `about 50k users`."""
MMR = "MMR"
YEAR = 4
"""Digits of a year."""
_END = re.compile(r"(?<!\bmin)(?<!\bmax)(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bal)[.!?;]\s+|\n+")
_COMMA = re.compile(r"[,:]\s|\s-\s")
_BRACKETS = re.compile(r"\([^()\n]*\)|\[[^\[\]\n]*\]|\{[^{}\n]*\}")
_WITH_CUT = re.compile(r"(?:([A-Za-z][\w-]*)\s)?\s*([A-Za-z][\w-]*)\s?@\s?$")
_SIGNIFICANCE = re.compile(r"\s*(?:significance|level)\b")
_ALPHA = re.compile(
    r"\b(?:alpha|significan(?:ce|t|tly)|level|p)(?:[- ](?:level|values?))?"
    r"(?: of| at| below| under)?(?: the)?\s*[=<]?\s*$",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(r"\b(?:and|or|vs|versus|times|by|x)\b", re.IGNORECASE)
A_LIST = 2
"""Numbers from which on a part of a list is one of its own."""
_INTERVAL = re.compile(r"\s*(?:confidence|credible)?[- ]?(?:intervals?|CIs?)\b")
_STEP = re.compile(
    r"\d%?,?\s*(?:(?:in|by|with)\s+)?(?:steps?|increments?) (?:of|by)\s*$|\bpowers of\s*$",
    re.IGNORECASE,
)
"""Before the step of a range, whose numbers are levels."""
_LABEL = re.compile(r"\([1-9]\)")
_CITED = re.compile(r"(?:\(|\bet al\.?,? \(?|\b[A-Z][\w-]+ \()(?:19|20)\d\d[a-z]?\)?")
"""The year of a publication: `Abdollahpouri et al. (2019)`."""
_PLAIN = re.compile(r"[\d.]+(?:\s*(?:,|and|or|to|-)\s*[\d.]+)+")


@dataclass(frozen=True, slots=True)
class _Cue:
    """What the words beside a number say that it counts."""

    roles: tuple[str, ...]
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    is_whole: bool = False
    """Whether it counts whole things only."""
    is_year: bool = False
    is_compared: bool = False
    """Whether two of them may be just what is compared: `between two runs`."""

    def fits(self, text: str, listing: Listing) -> bool:
        """Whether the words beside some numbers say so."""
        return self.fits_before(text, listing) or self.fits_behind(text, listing)

    def fits_before(self, text: str, listing: Listing) -> bool:
        """Whether the words before some numbers say so."""
        before = text[max(0, listing.start - AROUND) : listing.start]
        found = self.before is not None and self.before.search(before)
        return bool(found) and self._can_count(listing)

    def fits_behind(self, text: str, listing: Listing) -> bool:
        """Whether the words behind some numbers say so."""
        after = text[listing.end : listing.end + AROUND]
        found = self.after is not None and self.after.search(after)
        return bool(found) and self._can_count(listing)

    def _can_count(self, listing: Listing) -> bool:
        if self.is_whole and any(v != int(v) for v in listing.values):
            return False
        return not self.is_year or all(
            len(f"{v:g}") == YEAR and 1900 < v < 2100 for v in listing.values
        )


@dataclass(frozen=True, slots=True)
class _Ask:
    """Words that ask a question, and the kinds that answer it."""

    kinds: tuple[Estimand, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Unused:
    """Something of a task that no field of the plan uses."""

    start: int
    end: int
    what: str
    is_ask: bool = False
    """Whether it asks a question."""


def unaccounted(
    text: str,
    plan: Plan,
    datasets: Sequence[Dataset] = (),
    known: Sequence[str] = (),
    others: Sequence[Plan] = (),
    spared: Sequence[tuple[int, int]] = (),
) -> tuple[Unanswered, ...]:
    """Return what of a task no field of its plan uses, in the task's own words.

    Parameters
    ----------
    text
        The task, or a reply to a plan.
    plan
        The plan that should use all of it.
    datasets
        What it runs on: their counts, names and ratings may be told in the text.
    known
        Clauses that need no place in the plan, beside those that it says are unanswered.
    others
        Plans that may use a part of it instead: what a reply takes away is in the one before.
    spared
        Where the text speaks of other things than the plan, such as its files.
    """
    text = text[:MOST_TEXT]
    named = (*(u.clause for u in plan.unanswered), *known)
    spared = [*spared, *(span for clause in named for span in _spans(clause, text))]
    unused_by = [set(_unused(text, p, datasets)) for p in (plan, *others)]
    found = (
        unused
        for unused in set.intersection(*unused_by)
        if not any(start <= unused.start < end for start, end in spared)
    )
    told: dict[str, list[_Unused]] = {}
    clauses = Clauses.of(text)
    for unused in sorted(found, key=lambda u: u.start):
        told.setdefault(clauses.around(unused.start, unused.end), []).append(unused)
    answers_any = any(_is_asked(ask, plan) for ask in _ASKS if ask.pattern.search(text))
    return tuple(
        Unanswered(
            clause,
            f"the plan has no place for {', '.join(dict.fromkeys(u.what for u in unused))}",
            is_main=any(u.is_ask for u in unused) and not answers_any,
        )
        for clause, unused in told.items()
    )


@dataclass(frozen=True, slots=True)
class Clauses:
    """Where the sentences of a text end, and their parts."""

    text: str
    sentences: tuple[int, ...]
    parts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Clauses:
        """Return the clauses of a text."""
        sentences = [0, *(m.end() for m in _END.finditer(text)), len(text)]
        inside = [m.span() for m in _BRACKETS.finditer(text)]
        commas = (m.end() for m in _COMMA.finditer(text))
        parts = {*sentences, *(c for c in commas if not any(a < c < b for a, b in inside))}
        return cls(text, tuple(sentences), tuple(sorted(parts)))

    def around(self, start: int, end: int) -> str:
        """Return the sentence around a place, of a long one the part."""
        first, last = _bounds(self.sentences, start, end)
        if last - first > LONGEST:
            first, last = _bounds(self.parts, start, end)
        return " ".join(self.text[first:last].split()).strip(" ,;:.!-")


def _bounds(cuts: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Return the cuts just before and just behind a place."""
    return cuts[bisect_right(cuts, start) - 1], cuts[min(bisect_left(cuts, end), len(cuts) - 1)]


def _unused(text: str, plan: Plan, datasets: Sequence[Dataset]) -> Iterator[_Unused]:
    plan = with_design(plan)
    facts = facts_of(plan, datasets)
    yield from _unused_numbers(text, plan, facts)
    yield from _unused_names(text, plan, datasets)
    moot = {"repeated"} if datasets and not any(d.duplicates for d in datasets) else set()
    yield from _unused_conditions(text, plan, moot)
    for ask in _ASKS:
        if not _is_asked(ask, plan):
            for found in ask.pattern.finditer(text):
                yield _Unused(*found.span(), f"“{found[0].strip()}”", is_ask=True)


def _unused_numbers(text: str, plan: Plan, facts: Facts) -> Iterator[_Unused]:
    cited = [m.span() for m in _CITED.finditer(text)]
    for listing in listings_of(text):
        if any(start <= listing.start < end for start, end in cited):
            continue
        if not _is_label(text, listing) and not _is_used(text, listing, plan, facts):
            yield _Unused(listing.start, listing.end, text[listing.start : listing.end].strip())


def _is_used(text: str, listing: Listing, plan: Plan, facts: Facts) -> bool:
    """Whether the plan has a field for some numbers."""
    if _is_level(text, listing) or _STEP.search(text[: listing.start][-AROUND:]):
        return True
    if listing.is_share and not _is_cut(text, listing):
        return listing.is_weak or _is_in(listing, facts, _share_roles(facts))
    cue = _cue_of(text, listing)
    is_pair = any(c.is_compared and c.fits(text, listing) for c in _CUES)
    if listing.is_weak and (cue is None or is_pair or listing.values == (1.0,)):
        return True
    if cue is None:
        parts = _parts_of(text, listing)
        is_settings = _is_settings(listing, facts)
        return is_settings or all(_is_in(part, facts, tuple(facts)) for part in parts)
    if "cut" in cue.roles and not _has_metric(text, listing, plan):
        return False
    is_upwards = "rating" in cue.roles and _is_upwards(text, listing, facts)
    return is_upwards or _is_in(listing, facts, cue.roles)


def _cue_of(text: str, listing: Listing) -> _Cue | None:
    """Return what the words beside some numbers say that they count: those behind tell it first.

    What stands before may be of something else: `the lists of two seeds`.
    """
    behind = () if _is_cut(text, listing) else (c for c in _CUES if c.fits_behind(text, listing))
    found = next(iter(behind), None)
    return found or next((c for c in _CUES if c.fits_before(text, listing)), None)


def _parts_of(text: str, listing: Listing) -> tuple[Listing, ...]:
    """Return the lists of which some numbers look like one: `32, 64 and 5, 10 epochs`."""
    amounts = listing.amounts
    for place in range(A_LIST, len(amounts) - A_LIST + 1):
        gap = text[amounts[place - 1].end : amounts[place].start]
        if not listing.is_range and _ALTERNATIVE.search(gap):
            rest = _parts_of(text, replace(listing, amounts=amounts[place:]))
            return (replace(listing, amounts=amounts[:place]), *rest)
    return (listing,)


def _is_label(text: str, listing: Listing) -> bool:
    """Whether it is a mark that is spoken of again: `(1) ... (2) ... than in (1)`."""
    mark = text[listing.start - 1 : listing.end + 1]
    return _LABEL.fullmatch(mark) is not None and text.count("(1)") > 0 and text.count(mark) > 0


def _is_cut(text: str, listing: Listing) -> bool:
    return text[max(0, listing.start - 1) : listing.start] == "@"


def _is_level(text: str, listing: Listing) -> bool:
    """Whether it is the level that tests and intervals have anyway."""
    before = text[max(0, listing.start - AROUND) : listing.start]
    after = text[listing.end : listing.end + AROUND]
    value = listing.values[-1]
    if math.isclose(value, LEVEL):
        return bool(_ALPHA.search(before) or _SIGNIFICANCE.match(after))
    return math.isclose(value, 1 - LEVEL) and _INTERVAL.match(after) is not None


def _is_upwards(text: str, listing: Listing, facts: Facts) -> bool:
    """Whether some ratings are all from the lowest that counts on: `4 and 5 stars`."""
    is_plain = _PLAIN.fullmatch(text[listing.start : listing.end]) is not None
    low, high = listing.values[0], listing.values[-1]
    highest = max(facts.get("rating_range", ()), default=math.nan)
    return is_plain and _has(facts.get("rating", frozenset()), low) and high == highest


def _share_roles(facts: Facts) -> tuple[str, ...]:
    """Return the roles whose numbers may be told as shares, settings of algorithms among them."""
    return tuple(r for r in facts if r in SHARES or r in ("told", "rerank"))


def _is_in(listing: Listing, facts: Facts, roles: Sequence[str]) -> bool:
    """Whether one role has all numbers of a list; of a range its ends, or as many."""
    count = listing.values[-1] - listing.values[0] + 1 if listing.is_range else math.nan
    return any(
        all(_has(facts[role], value, ABOUT.get(role, CLOSE)) for value in listing.values)
        or _has(facts[role], count)
        for role in roles
        if role in facts
    )


def _is_settings(listing: Listing, facts: Facts) -> bool:
    """Whether some numbers are settings of algorithms: `learning rate 0.002 and 30 epochs`."""
    settings = [values for role, values in facts.items() if role.startswith(SETTING)]
    return all(any(_has(values, value) for values in settings) for value in listing.values)


def _has(values: frozenset[float], value: float, about: float = CLOSE) -> bool:
    return any(math.isclose(value, known, rel_tol=about, abs_tol=CLOSE) for known in values)


def _has_metric(text: str, listing: Listing, plan: Plan) -> bool:
    """Whether the metric before a cut-off is measured at it; True where none is named there."""
    named = _WITH_CUT.search(text[max(0, listing.start - AROUND) : listing.start])
    if named is None:
        return True
    planned = {(_metric_name(m.name), m.k) for m in (*plan.metrics, *plan.validated)}
    written = (named[2], " ".join(filter(None, named.groups())))
    spoken = {k.name for k in KINDS for w in written if k.spoken and _says(k.spoken, w)}
    names = {_metric_name(name) for name in (*written, *spoken)}
    is_known = bool(spoken) or any(name in names for name, _ in planned)
    return not is_known or any((name, int(listing.values[0])) in planned for name in names)


def _metric_name(written: str) -> str:
    """Return a metric's name without marks: `item coverage` and `item_coverage` are one."""
    return _plain(usual_name(written))


def _unused_names(text: str, plan: Plan, datasets: Sequence[Dataset]) -> Iterator[_Unused]:
    """Yield the algorithms, re-rankings, metrics and datasets that are named and not planned."""
    planned = " ".join(map(_plain, _names_of(plan)))
    for pattern, meant in _NAMES:
        if not (meant and re.search(meant, planned)):
            yield from (_Unused(*found.span(), found[0]) for found in pattern.finditer(text))
    yield from _unused_metrics(text, plan)
    used = {str(n) for n in (*plan.datasets, *level_names(plan, FactorKind.DATASET))}
    for dataset in datasets:
        stem = re.escape(dataset.name.split(".")[0])
        for found in re.finditer(rf"(?<![\w-]){stem}(?![\w-])", text, re.IGNORECASE):
            if dataset.name not in used:
                yield _Unused(*found.span(), found[0])


def _unused_metrics(text: str, plan: Plan) -> Iterator[_Unused]:
    """Yield the metrics that are named and not measured, but as a part of another's name."""
    planned = {m.name for m in (*plan.metrics, *plan.validated)}
    whole = [span for name in planned for span in _spans(name.replace("_", " "), text)]
    measured = set(map(_metric_name, planned))
    grouped = " ".join(q.groups.lower() for q in plan.questions)
    for name, pattern in _METRICS.items():
        if _metric_name(name) in measured:
            continue
        for found in pattern.finditer(text):
            is_part = any(start <= found.start() < end for start, end in whole)
            is_part = is_part or found[0].lower() in grouped  # what users or items are grouped by
            if (
                not is_part and text[max(0, found.start() - 3) : found.start()] != "at "
            ):  # when it is, not how long
                yield _Unused(*found.span(), found[0])


def _names_of(plan: Plan) -> Iterator[str]:
    for algorithm in plan.algorithms:
        yield f"{algorithm.name}{algorithm.base}{algorithm.kind}"
    rerank = plan.factor(FactorKind.RERANK)
    levels = rerank.levels if rerank else ()
    yield from map(str, levels)
    if any(isinstance(level, int | float) for level in levels):
        yield MMR  # numbers are its strengths


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _unused_conditions(text: str, plan: Plan, moot: Container[str]) -> Iterator[_Unused]:
    """Yield the conditions that nothing carries out, but those that change nothing in the data."""
    for name, pattern in _CONDITIONS.items():
        if name not in moot and not CARRIED_OUT[name](plan):
            for found in pattern.finditer(text):
                yield _Unused(found.start(), found.end(), f"“{found[0]}”")


def _is_asked(ask: _Ask, plan: Plan) -> bool:
    """Whether a plan has a question of a kind, or leaves it to the script."""
    own = (Estimand.SCRIPTS_OWN,)
    return any(q.kind in (*ask.kinds, *own) for q in with_design(plan).questions)


def _spans(clause: str, text: str) -> list[tuple[int, int]]:
    """Return where a clause stands in a text, whatever the spaces between its words."""
    words = r"\s+".join(map(re.escape, clause.split()))
    return [m.span() for m in re.finditer(words, text, re.IGNORECASE)] if words else []


def _says(pattern: str, words: str) -> bool:
    return re.fullmatch(pattern, words, re.IGNORECASE) is not None


def _compiled(expression: str | None) -> re.Pattern[str] | None:
    return re.compile(expression, re.IGNORECASE) if expression else None


def _cue(written: Mapping[str, Any]) -> _Cue:
    before, after = (_compiled(written.get(side)) for side in ("before", "after"))
    flags = (bool(written.get(flag)) for flag in ("whole", "years", "compares"))
    return _Cue(tuple(written["roles"]), before, after, *flags)


_CUES = tuple(map(_cue, _TABLE["cues"]))
_ASKS = tuple(
    _Ask(tuple(map(Estimand, ask["kinds"])), re.compile(ask["words"], re.IGNORECASE))
    for ask in _TABLE["asks"]
)
_CONDITIONS = {name: re.compile(p, re.IGNORECASE) for name, p in _TABLE["conditions"].items()}
_NAMES = tuple(
    (re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", flags), meant)
    for table, flags in (("called", re.IGNORECASE), ("named", re.NOFLAG))
    for pattern, meant in _TABLE[table].items()
)
_METRICS = {
    kind.name: re.compile(rf"(?<![\w-])(?:{kind.spoken})(?![\w-])", re.IGNORECASE)
    for kind in KINDS
    if kind.spoken
}

"""Whether every reference of a sentence stands beside its own metric, algorithm and statistic."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent_core.domain import Levels
from agent_core.grounding.plan_names import Kind, Names, is_algorithm, is_metric

REFERENCE_MARK = "\ue000"
TOKEN = re.compile(rf"{REFERENCE_MARK}|[A-Za-z]+(?:'[a-z]+)?|[^\sA-Za-z]")
AFTER = ("in", "of", "for", "on", "by", "(")
JOINING = ("and", "to", ",", "-", "(", ")", "[", "]")
STATISTICS = (
    ("interval", r"interval|intervals|ci"),
    ("sd", r"sd|deviation|spread"),
    ("cv", r"cv|variation"),
    ("mean", r"mean|means|average|averages"),
    ("range", r"range"),
    ("min", r"minimum|lowest"),
    ("max", r"maximum|highest"),
)
MEANT = {
    "mean": ("mean",),
    "sd": ("sd",),
    "cv": ("cv",),
    "min": ("min",),
    "max": ("max",),
    "range": ("range", "min", "max"),
    "interval": ("ci_low", "ci_high", "run_low", "run_high", "sd_low", "sd_high"),
}
COUNTED = {
    "n": ("runs", "seeds", "run", "folds"),
    "n_users": ("users", "test", "tested"),
    "count": ("users", "items", "interactions"),
}
NOUNS = re.compile(
    r"(?:user|test|tested|training|run|seed|fold|item|interaction|list|time|point|percent|"
    r"configuration|algorithm)s?"
)
ODD = re.compile(r"(?:seed|run|user|configuration|protocol|split|data|set|coefficient|subject)s?")
MOVING = ("moves", "moved", "varies", "varied")
MOVES = ("sd", "cv", "range")


@dataclass(slots=True)
class Reference:
    """A value in a sentence."""

    metric: str
    algorithm: str
    statistic: str
    base: str = ""
    """What the references of its numbers begin with."""
    levels: Levels = field(default_factory=dict)
    """Of factors other than the algorithm, where an answer tells it within these."""
    over: str = ""
    """What its interval, or it itself, is over."""
    is_named: bool = False
    """Whether one of several spreads is meant, which only what it is over tells apart."""
    names: dict[Kind, bool] = field(default_factory=dict)
    """Whether its metric and its algorithm are named in the sentence."""
    is_labelled: bool = False
    """Whether the words say which statistic it is."""
    is_paired: bool = False

    @property
    def is_count(self) -> bool:
        """Whether it is a number of runs or users."""
        return self.statistic in COUNTED


@dataclass(frozen=True, slots=True)
class Item:
    """A reference, a name, a statistic or another word of a sentence."""

    kind: str
    """`reference`, `statistic`, `word` or a kind of names."""
    text: str = ""
    reference: Reference | None = None


def items_of(text: str, references: Sequence[Reference], names: Names) -> list[Item]:
    """Return the items of a sentence whose references are marks."""
    left = iter(references)
    items: list[Item] = []
    at = 0
    for found in [*names.found(text), None]:
        plain = text[at : found.start if found else len(text)]
        for token in TOKEN.findall(plain):
            if token == REFERENCE_MARK:
                items.append(Item("reference", "", next(left)))
            else:
                items.append(_word_of(token))
        if found:
            items.append(Item(found.kind.value, found.name))
            at = found.end
    return items


def trouble(items: list[Item]) -> str:
    """Say which reference does not stand beside what it is; note what the others lack."""
    for kind, is_same in ((Kind.ALGORITHM, _own_algorithm), (Kind.METRIC, _own_metric)):
        if not _settled(items, kind, is_same):
            noun = "algorithm" if kind is Kind.ALGORITHM else "metric"
            return f"a value beside another {noun} than its own"
    return _pairs_trouble(items) or _statistic_trouble(items) or _nouns_trouble(items)


def _word_of(token: str) -> Item:
    """Return a word, or the statistic that it names."""
    small = token.lower()
    for statistic, pattern in STATISTICS:
        if re.fullmatch(pattern, small):
            return Item("statistic", statistic)
    return Item("word", small)


def _own_algorithm(reference: Reference, name: str) -> bool:
    """Whether a name is that of a reference's algorithm."""
    return is_algorithm(name, reference.algorithm)


def _own_metric(reference: Reference, name: str) -> bool:
    """Whether a name is that of a reference's metric."""
    return is_metric(name, reference.metric)


def _settled(items: list[Item], kind: Kind, is_own: Callable[[Reference, str], bool]) -> bool:
    """Give each reference the name that stands before it, or directly behind; False on a clash."""
    names: list[str] = []
    group: list[Reference] = []
    last: Reference | None = None
    for at, item in enumerate(items):
        if item.reference is not None:
            behind = _names_behind(items, at, kind)
            last = item.reference
            if behind:
                item.reference.names[kind] = True
                if not all(is_own(item.reference, n) for n in behind):
                    return False
            else:
                group.append(item.reference)
        elif item.kind == kind.value and not _is_behind(items, at):
            if group:
                if not _given(names, group, kind, is_own):
                    return False
                names, group = [], []
            names += [item.text] if item.text not in names else []
    if names and not group:
        return last is not None and all(is_own(last, n) for n in names)
    return _given(names, group, kind, is_own)


def _given(
    names: Sequence[str],
    group: Sequence[Reference],
    kind: Kind,
    is_own: Callable[[Reference, str], bool],
) -> bool:
    """Whether the references after some names are theirs: of the one, or each of its own."""
    for reference in group:
        reference.names[kind] = bool(names)
    if len(names) < 2:
        return all(is_own(r, n) for r in group for n in names)
    return len(names) == len(group) and all(map(is_own, group, names))


def _names_behind(items: Sequence[Item], at: int, kind: Kind) -> list[str]:
    """Return the names that follow a reference directly, as in `... in NDCG@10`."""
    return [i.text for i in _tail(items, at) if i.kind == kind.value]


def _tail(items: Sequence[Item], at: int) -> list[Item]:
    """Return the names that directly follow a reference, each after a small word."""
    found: list[Item] = []
    for small, name in zip(items[at + 1 :: 2], items[at + 2 :: 2], strict=False):
        is_name = name.kind in (Kind.ALGORITHM.value, Kind.METRIC.value)
        if small.kind != "word" or small.text not in AFTER or not is_name:
            break
        found.append(name)
    return found


def _is_behind(items: Sequence[Item], at: int) -> bool:
    """Whether a name directly follows a reference."""
    starts = (i for i in range(at - 1, -1, -1) if items[i].reference is not None)
    start = next(starts, None)
    return start is not None and any(i is items[at] for i in _tail(items, start))


def _pairs_trouble(items: Sequence[Item]) -> str:
    """Say where the ends of an interval are not those of one interval."""
    places = [i for i, item in enumerate(items) if item.reference is not None]
    for place, following in zip(places, [*places[1:], None], strict=True):
        first = items[place].reference
        assert first is not None
        second = items[following].reference if following is not None else None
        between = [i.text for i in items[place + 1 : following]]
        is_joined = bool(between) and all(t in JOINING for t in between)
        if second and is_joined and _are_ends(first, second):
            first.is_paired = second.is_paired = True
        before = items[place - 1].text if place else ""
        if not first.is_paired and (_is_end(first) or before in ("between", "from")):
            return "ends that are not those of one interval"
    return ""


def _are_ends(first: Reference, second: Reference) -> bool:
    """Whether two values are the ends of one interval or range."""
    if (first.metric, first.algorithm) != (second.metric, second.algorithm):
        return False
    low = first.statistic.removesuffix("_low")
    is_range = (first.statistic, second.statistic) == ("min", "max")
    return is_range or (low != first.statistic and second.statistic == f"{low}_high")


def _statistic_trouble(items: Sequence[Item]) -> str:
    """Say which value stands under another statistic; note those that the words name."""
    said: list[str] = []
    group: list[Reference] = []
    earlier = "mean"
    for item in items:
        if item.kind == "statistic":
            if group:
                earlier = _base_of(group[-1])
                said, group = [], []
            said.append(item.text)
        elif item.reference is not None and not item.reference.is_count:
            group.append(item.reference)
            if not _is_meant(said, group):
                return "a value under the name of another statistic"
            if _is_end(item.reference) and said == ["interval"]:
                item.reference.is_labelled = _base_of(item.reference) == earlier
    return ""


def _is_end(reference: Reference) -> bool:
    """Whether a value is an end of an interval."""
    return reference.statistic.endswith(("_low", "_high"))


def _base_of(reference: Reference) -> str:
    """Return the statistic that a value, or the interval that it ends, is of."""
    base = reference.statistic.partition("_")[0]
    return {"ci": "mean"}.get(base, base)


def _is_meant(said: Sequence[str], group: Sequence[Reference]) -> bool:
    """Whether the newest of some values may stand after the statistics said before them."""
    new, before = group[-1], group[:-1]
    meant = {s for name in said for s in MEANT[name]}
    new.is_labelled = new.statistic in meant or (not said and new.statistic == "mean")
    if _is_end(new):
        others = set(said) - {"interval", "range"}
        return not others or _base_of(new) in others
    if new.is_paired:
        new.is_labelled = new.is_labelled or not said
        return new.is_labelled
    if len(said) > 1 and "interval" not in said:
        at = len(before)
        return at < len(said) and new.statistic in MEANT[said[at]]
    return new.is_labelled or not said or bool(before)


def _nouns_trouble(items: Sequence[Item]) -> str:
    """Say which word around a value, a statistic or a verb does not fit it."""
    for at, item in enumerate(items):
        if item.reference is not None:
            reason = _neighbour_trouble(items, at, item.reference)
        elif item.kind == "statistic":
            reason = _extreme_trouble(items, at)
        else:
            reason = _amount_trouble(items, at)
        if reason:
            return reason
    return ""


def _neighbour_trouble(items: Sequence[Item], at: int, reference: Reference) -> str:
    """Say which word beside a value makes another thing of it."""
    before = [i.text for i in items[max(0, at - 2) : at]]
    following = items[at + 1].text if at + 1 < len(items) else ""
    allowed = COUNTED.get(reference.statistic, ())
    reference.is_labelled |= following in allowed
    if before[-1:] == ["over"] and not reference.is_count:
        return "“over” before a value that counts nothing"
    if before[-1:] == ["of"] and ODD.fullmatch(before[0]):
        return f"“{before[0]}” before a value that is none"
    if reference.statistic == "count" and following in allowed and following != reference.metric:
        return f"“{following}” behind a number of {reference.metric}"
    if NOUNS.fullmatch(following) and following not in allowed:
        return f"“{following}” behind a value that does not count them"
    return ""


def _extreme_trouble(items: Sequence[Item], at: int) -> str:
    """Say where a lowest or highest run may be read as the one of all algorithms."""
    before = items[at - 1].text if at else ""
    following = items[at + 1].text if at + 1 < len(items) else ""
    is_own = before in ("a", "its") or following in ("run", "seed")
    is_extreme = items[at].text in ("min", "max")
    return "" if is_own or not is_extreme else "an extreme that may be one of all algorithms"


def _amount_trouble(items: Sequence[Item], at: int) -> str:
    """Say where something moves by a value that is no spread."""
    word, rest = items[at].text, items[at + 1 :]
    if word in MOVING and not _is_spread(rest):
        return f"“{word}” before a value that is no spread"
    if word == "by":
        first = next((i for i in rest if i.text not in ("a", "an", "its", "the")), items[at])
        is_by = first.kind == Kind.ALGORITHM.value
        if not is_by and not (first.kind == "statistic" and first.text in MOVES):
            return "“by” before a value that is no spread"
    return ""


def _is_spread(items: Sequence[Item]) -> bool:
    """Whether the next value tells how much something varies."""
    following = next((i.reference for i in items if i.reference is not None), None)
    return following is not None and (following.statistic in MOVES or following.is_paired)

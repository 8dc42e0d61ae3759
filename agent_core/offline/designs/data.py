"""Data rules that a text names, as levels: lists of cores, thresholds, samples, and none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from agent_core.domain import DataRule, DataRuleKind, DataRules, Keep, Level, Of
from agent_core.offline.designs.quantities import Quantity, Role, quantities_of, without_ratios
from agent_core.offline.designs.text import Sentence, blotted
from agent_core.offline.designs.words import PATTERNS, found, says
from agent_core.rules import data_words

CANONICAL = (
    DataRuleKind.REPEATED_PAIRS,
    DataRuleKind.LOWEST_RATING,
    DataRuleKind.TIME_WINDOW,
    DataRuleKind.SAMPLE,
    DataRuleKind.FEWEST,
    DataRuleKind.CORE,
    DataRuleKind.OTHER,
)
"""The order in which rules apply where a text names none."""
MOST_PIECES = 12
"""Parts of a sentence; more are no list of data levels."""
MOST_STARS = 10
FEW = 100
"""Fewer interactions than these are those of a user, not a sample of all."""
CLOSE = 10
"""Characters before a core in which it says of whom it is: `user 5-core`."""
NOTHING_ELSE = "no other level was named, so the data without it is compared with "
ALL = "all"
"""The name of the level without a rule that others have."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Rules of one kind that a text names, one a level."""

    place: int
    rules: tuple[DataRule, ...]
    has_none: bool = False
    """Whether a level has none of them."""
    is_assumed: bool = False
    """Whether that is so because the effect of a single rule is asked."""

    @property
    def key(self) -> tuple[DataRuleKind, Of]:
        """What they are about; others of the same are further alternatives."""
        return self.rules[0].kind, self.rules[0].of


@dataclass(frozen=True, slots=True)
class DataReading:
    """The data levels of a text, and what was used of each sentence."""

    levels: tuple[Level[DataRules], ...] = ()
    used: tuple[str, ...] = ()
    """The sentences that name a rule."""
    assumed: tuple[str, ...] = ()
    """What is compared without being named."""


def data_of(sentences: Sequence[Sentence]) -> DataReading:
    """Return the data levels that sentences name; empty where they name no rule."""
    for sentence in sentences:
        if len(listed := list(_enumerated(sentence))) > 1:
            return DataReading(tuple(listed), (sentence.said,))
    groups: dict[tuple[DataRuleKind, Of], Alternatives] = {}
    used = []
    for number, sentence in enumerate(sentences):
        named = list(_alternatives(sentence))
        used += [sentence.said] * bool(named)
        if not named and groups and says("none_apart", sentence.text):
            last = next((k for k in reversed(groups) if len(groups[k].rules) > 1), None)
            if last:
                groups[last] = replace(groups[last], has_none=True)
        is_of_training = says("of_training", sentence.text)
        for one in named:
            one = replace(one, place=1000 * number + one.place)
            one = _of_training(one) if is_of_training else one
            known = groups.get(one.key)
            groups[one.key] = _joined(known, one) if known else one
    has_order = any(says("in_order", s.text) for s in sentences if s.said in used)
    ordered = sorted(groups.values(), key=lambda g: _turn(g, has_order=has_order))
    assumed = (f"{NOTHING_ELSE}{level_name(g.rules)}" for g in ordered if g.is_assumed)
    return DataReading(tuple(_levels(ordered)) if ordered else (), tuple(used), tuple(assumed))


def _enumerated(sentence: Sentence) -> Iterator[Level[DataRules]]:
    """Yield the levels that a sentence lists whole: `raw, ratings >= 4, ratings >= 4 + 5-core`."""
    pieces = PATTERNS["list_gap"].compiled.split(without_ratios(sentence.text))
    if not 1 < len(pieces) <= MOST_PIECES:
        return
    read = [[r for a in _alternatives(Sentence(p, p)) for r in a.rules] for p in pieces]
    kinds = [{r.kind for r in rules} for rules in read]
    is_nested = any(one < other for one in kinds if one for other in kinds)
    if not is_nested and not _are_set_apart(sentence.text, read):
        return  # no level has the rules of another one and more
    for piece, rules in zip(pieces, read, strict=True):
        if rules or says("no_rule", f"{piece},"):
            ordered = sorted(rules, key=lambda r: CANONICAL.index(r.kind))
            yield Level(DataRules(tuple(ordered)), level_name(ordered))


def _are_set_apart(text: str, read: Sequence[Sequence[DataRule]]) -> bool:
    """Whether pieces parted by `versus` have rules of different kinds or sides."""
    pieces = PATTERNS["versus"].compiled.split(without_ratios(text))
    told = [{(r.kind, r.of) for r in rules} for rules in read if rules]
    return len(pieces) == len(read) > 2 and len(told) > 1 and len({*map(frozenset, told)}) > 1


def level_name(rules: Iterable[DataRule]) -> str:
    """Return the short name of a level of data rules."""
    return " ".join(map(_rule_name, rules)) or ALL


def _levels(groups: Sequence[Alternatives]) -> Iterator[Level[DataRules]]:
    """Yield the product of alternatives; a level is named by what varies."""
    options = [(*((None,) if g.has_none else ()), *g.rules) for g in groups]
    varied = [len(o) > 1 for o in options]
    for chosen in product(*options):
        rules = tuple(r for r in chosen if r)
        named = [r for r, is_varied in zip(chosen, varied, strict=True) if is_varied and r]
        yield Level(DataRules(rules), level_name(named) if any(varied) else "")


def _joined(one: Alternatives, other: Alternatives) -> Alternatives:
    known = {(r.amount, r.is_above, r.first, r.last): r for r in (*other.rules, *one.rules)}
    order = [(r.amount, r.is_above, r.first, r.last) for r in (*one.rules, *other.rules)]
    rules = tuple(known[k] for k in dict.fromkeys(order))
    has_none = one.has_none or other.has_none
    return Alternatives(one.place, rules, has_none, one.is_assumed and other.is_assumed)


def _of_training(group: Alternatives) -> Alternatives:
    """Return rules that count or draw, as ones of training only."""
    if group.rules[0].kind in (DataRuleKind.REPEATED_PAIRS, DataRuleKind.TIME_WINDOW):
        return group
    if group.rules[0].kind is DataRuleKind.LOWEST_RATING and len(group.rules) == 1:
        return group
    rules = tuple(replace(r, is_training_only=True) for r in group.rules)
    return replace(group, rules=rules)


def _turn(group: Alternatives, *, has_order: bool) -> tuple[int, int]:
    kind = group.rules[0].kind
    is_first = kind is DataRuleKind.REPEATED_PAIRS
    return (int(not is_first) if has_order else CANONICAL.index(kind)), group.place


def _alternatives(sentence: Sentence) -> Iterator[Alternatives]:
    """Yield what a sentence names: lists first, then single rules in the rest of it."""
    text = without_ratios(sentence.text)
    sentence = replace(sentence, text=text)
    has_none = says("no_rule", text)
    spans: list[tuple[int, int]] = []
    for one, span in _lists(sentence):
        yield replace(one, has_none=has_none or one.has_none)
        spans.append(span)
    rest = blotted(text, spans)
    for one, span in _own(rest):
        yield one
        spans.append(span)
    rest = blotted(text, spans)
    read = _read_rules(rest)
    by_key: dict[tuple[DataRuleKind, Of], list[DataRule]] = {}
    for rule in read:
        by_key.setdefault((rule.kind, rule.of), []).append(rule)
    for rules in by_key.values():
        place = max(0, text.find(_number_text(rules[0])))
        is_filter = rules[0].kind not in (DataRuleKind.REPEATED_PAIRS, DataRuleKind.SAMPLE)
        yield Alternatives(place, tuple(rules), has_none and is_filter and not spans)


def _lists(sentence: Sentence) -> Iterator[tuple[Alternatives, tuple[int, int]]]:
    """Yield lists of amounts of one kind of rule, each with where it stands."""
    text = sentence.text
    for quantity in quantities_of(sentence):
        is_list = len(quantity.values) + quantity.has_none > 1 and not quantity.is_range
        is_effect = len(quantity.values) == 1 and _is_of_effect(quantity, text)
        if (is_list or is_effect) and (rules := _listed(quantity, text)):
            span = quantity.start, quantity.end
            has_none = quantity.has_none or is_effect or len(rules) < len(quantity.values)
            yield Alternatives(quantity.start, rules, has_none, is_effect), span
            text = blotted(text, [span])
    match = found("rating_list", text)
    if match and len(stars := [n for n in _amounts(_group(match)) if n <= 10]) > 1:
        is_above = re.search(r"above|over|>(?!=)", match[0]) is not None
        kind = DataRuleKind.LOWEST_RATING
        rules = tuple(DataRule(kind, n, is_above=is_above, text=match[0]) for n in stars)
        yield Alternatives(match.start(), rules), match.span()
        text = blotted(text, [match.span()])
    if (match := found("fewest_list", text)) and says("counted", text[match.end() :]):
        yield _fewest(text, match), match.span()
    match = found("sample_list", text)
    is_drawn = match is not None and ("%" in match[1] or says("sampling", text))
    if match and _of(match[2]) is Of.INTERACTIONS and "%" not in match[1]:
        is_drawn = is_drawn and min(_amounts(match[1])) >= FEW
    if match and is_drawn and not _is_core(match, text):
        sizes = tuple(_size(n) for n in re.findall(r"\d+%?", match[1]))
        kind, of = DataRuleKind.SAMPLE, _of(match[2])
        rules = tuple(DataRule(kind, n, of, text=match[0]) for n in sizes if n != 1)
        yield Alternatives(match.start(), rules, has_none=1 in sizes), match.span()


def _listed(quantity: Quantity, text: str) -> tuple[DataRule, ...]:
    """Return the rules of a list of cores or of lowest ratings; none of another list."""
    said = text[quantity.start : quantity.end]
    if quantity.role is Role.CORE:
        beside = text[max(0, quantity.start - CLOSE) : quantity.start]
        behind = re.split(r"[,;.?]", text[quantity.end : quantity.end + 4 * CLOSE])[0]
        of = _side(beside) or _side(behind) or Of.BOTH
        return tuple(DataRule(DataRuleKind.CORE, n, of, text=said) for n in quantity.values)
    if quantity.role in (Role.SHARE, Role.PERSON):
        return _samples(quantity, text)
    if quantity.role is Role.RATING and max(quantity.values) <= MOST_STARS:
        marked = zip(quantity.values, quantity.is_strict, strict=False)
        kind = DataRuleKind.LOWEST_RATING
        return tuple(DataRule(kind, n, is_above=above, text=said) for n, above in marked)
    return ()


def _samples(quantity: Quantity, text: str) -> tuple[DataRule, ...]:
    """Return the rules of a list of numbers or shares of users, items or interactions."""
    said = text[quantity.start : quantity.end]
    match = PATTERNS["sampled_of"].match(text[quantity.end :])
    word = match[1] if match else next(iter(re.findall(r"\w+$", said)), "")
    if match is None and not (says("of_people", word) or says("of_things", word)):
        return ()
    is_share = quantity.role is Role.SHARE
    if not is_share and not quantity.has_none and not says("sampling", text):
        return ()
    sizes = (round(n / 100, 6) if is_share else n for n in quantity.values)
    kind, of = DataRuleKind.SAMPLE, _of(word)
    return tuple(DataRule(kind, n, of, text=said) for n in sizes if n != 1 or not is_share)


def _is_of_effect(quantity: Quantity, text: str) -> bool:
    """Whether a text asks what a single rule changes, so that the data without it is a level."""
    for match in PATTERNS["effect_of_rule"].compiled.finditer(text):
        if match.start() <= quantity.start < match.end():
            return True
    return False


def _own(text: str) -> Iterator[tuple[Alternatives, tuple[int, int]]]:
    """Yield single rules in forms of their own: repeated pairs, windows of years, samples."""
    if says("repeats", text) and (keep := _kept(text)):
        rule = DataRule(DataRuleKind.REPEATED_PAIRS, keep=keep, text=text)
        match = found("kept_first", text) or found("kept_last", text) or found("repeats", text)
        yield Alternatives(0, (rule,)), match.span() if match else (0, 0)
    if match := found("window_of", text):
        years = [g for g in match.groups() if g]
        rule = DataRule(
            DataRuleKind.TIME_WINDOW, first=f"{years[0]}-01-01", last=f"{years[1]}-12-31",
            text=match[0],
        )  # fmt: skip
        yield Alternatives(match.start(), (rule,)), match.span()
    match = found("rating_one", text)
    if match and says("of_ratings", text):
        rule = DataRule(DataRuleKind.LOWEST_RATING, float(match[1]), text=match[0])
        yield Alternatives(match.start(), (rule,)), match.span()
    if match := found("sample_one", text):
        size, of = (g for g in match.groups() if g)
        rule = DataRule(DataRuleKind.SAMPLE, _size(size), _of(of), text=match[0])
        yield Alternatives(match.start(), (rule,)), match.span()


def _kept(text: str) -> Keep | None:
    if says("kept_all", text):
        return Keep.ALL
    if says("kept_first", text):
        return Keep.FIRST
    if says("kept_last", text):
        return Keep.LAST
    return Keep.FIRST if says("once_only", text) else None


def _read_rules(text: str) -> tuple[DataRule, ...]:
    """Return the single rules of a sentence, without what is read in forms of their own."""
    rules = data_words.data_rules([PATTERNS["reason"].sub(" ", text)])
    pieces = [r for piece in re.split(r"[,;:]\s", text) for r in data_words.data_rules([piece])]
    samples = {r.amount for r in pieces if r.kind is DataRuleKind.SAMPLE} - {1.0}
    # A part of the data, and what draws it, stand in one piece of a sentence.
    return tuple(
        r
        for r in rules
        if r.kind is not DataRuleKind.OTHER
        and (r.kind is not DataRuleKind.SAMPLE or r.amount in samples)
    )


def _fewest(text: str, match: re.Match[str]) -> Alternatives:
    """Return a list of the fewest interactions that users or items must have."""
    around = text[max(0, match.start() - 80) : match.end() + 60]
    left = found("left_alone", around)
    side = _side(blotted(around, [left.span()] if left else []))
    of = Of.BOTH if side is None else side
    rules = tuple(DataRule(DataRuleKind.FEWEST, n, of, text=match[0]) for n in _amounts(match[2]))
    return Alternatives(match.start(), rules)


def _side(text: str) -> Of | None:
    """Return whether words are of users, of items or of both; None where of neither."""
    people, things = says("of_people", text), says("of_things", text)
    if people is things:
        return Of.BOTH if people else None
    return Of.USERS if people else Of.ITEMS


def _of(word: str) -> Of:
    if says("of_people", word):
        return Of.USERS
    return Of.ITEMS if says("of_things", word) else Of.INTERACTIONS


def _is_core(match: re.Match[str], text: str) -> bool:
    return PATTERNS["core_list"].match(text[match.start() :]) is not None


def _amounts(text: str) -> tuple[float, ...]:
    found = (float(n) for n in re.findall(r"\d+(?:\.\d+)?", text))
    return tuple(dict.fromkeys(found))


def _size(text: str) -> float:
    return round(float(text[:-1]) / 100, 6) if text.endswith("%") else float(text)


def _group(match: re.Match[str]) -> str:
    return max((g for g in match.groups() if g), key=len)


def _number_text(rule: DataRule) -> str:
    return f"{rule.amount:g}" if rule.amount is not None else rule.first[:4] or "\0"


def _rule_name(rule: DataRule) -> str:
    amount = f"{rule.amount:g}" if rule.amount is not None else ""
    match rule.kind:
        case DataRuleKind.CORE:
            return f"{amount}-core" + ("" if rule.of is Of.BOTH else f" of {rule.of.value}")
        case DataRuleKind.LOWEST_RATING:
            return f"ratings {'above' if rule.is_above else 'from'} {amount}"
        case DataRuleKind.FEWEST:
            return f"{rule.of.value} from {amount}"
        case DataRuleKind.SAMPLE:
            size = f"{rule.amount:.0%}" if rule.amount and rule.amount < 1 else amount
            return f"{size} {rule.of.value}"
        case DataRuleKind.TIME_WINDOW:
            return "-".join(filter(None, (rule.first[:4], rule.last[:4])))
        case DataRuleKind.REPEATED_PAIRS:
            return f"{rule.keep.value} of pairs"
        case DataRuleKind.OTHER:
            return rule.text[:20]

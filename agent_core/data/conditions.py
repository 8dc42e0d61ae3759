"""Which lines people want kept or left out by a column that has no role: `is_click is 1`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent_core.data.columns import is_named_for, names_event, names_opinion, names_split, role_of
from agent_core.data.file_words import EVENT_WORDS
from agent_core.data.mark_words import DROP_VERBS
from agent_core.domain.recipe import Drop, When

CLAUSE_END = r"[;\n]|[.!?](?=\s|$)"
OTHERS = r"(?:the\s+)?(?:others?|rest|remainder|(?:every|any)thing\s+else|all\s+else)\b"
LEAVE_OUT = re.compile(
    rf"\b(?:{DROP_VERBS}|forget|throw\w*|left\s+out"
    rf"|(?:must|should|can)\s+go|without)\b(?!\s+(?:out\s+)?{OTHERS})",
    re.IGNORECASE,
)
KEEP = re.compile(
    r"\b(?:only|keep|kept|count|use|take|train|when|where|if|restrict\w*|filter\w*)\b",
    re.IGNORECASE,
)
SIGNS = {
    When.BELOW: r"at\s+least|no\s+less\s+than|not\s+below|>=|≥|from",
    When.ABOVE: r"at\s+most|no\s+more\s+than|not\s+above|<=|≤|up\s+to",
    When.AT_MOST: r"more\s+than|greater\s+than|higher\s+than|above|over|>",
    When.AT_LEAST: r"less\s+than|lower\s+than|smaller\s+than|below|under|<",
}
"""The rule that leaves out what is not so."""
CONTRARY = {
    When.BELOW: When.AT_LEAST,
    When.AT_LEAST: When.BELOW,
    When.ABOVE: When.AT_MOST,
    When.AT_MOST: When.ABOVE,
    When.IS: When.IS_NOT,
    When.IS_NOT: When.IS,
}
EQUAL = (When.IS, When.IS_NOT)
SIGN = "|".join(f"(?P<{when}>{said})" for when, said in SIGNS.items())
MORE = r"(?P<more>(?:or|and)\s+(?:more|better|higher|above|up))"
LESS = r"(?P<less>or\s+(?:less|lower|below))"
VALUE = r"['\"]?(?P<value>-?\d+(?:\.\d+)?|[A-Za-z]\w*)['\"]?(?!\w)"
CONDITION = re.compile(
    r"\W{0,3}(?:(?:is|are|was|has|equals?|of|being|values?)\s+|[=:]+\s*)*"
    rf"(?:(?:{SIGN})\s*)?{VALUE}\s*(?:{MORE}|{LESS})?",
    re.IGNORECASE,
)
LINES_WHERE = re.compile(
    r"\b(?:rows|lines|entries|records|interactions|those|ones|column)\s+"
    r"(?:(?:where|whose|with|of|that\s+have|in\s+which)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
"""What stands before the name of a column."""
MOST_OPINIONS, MOST_KINDS, MOST_NAMED = 6, 20, 6
NEGATIVE = re.compile(r"\bnegative\s+(\w+)", re.IGNORECASE)
CODED = re.compile(r"['\"]?(-?\d+)['\"]?\s*(?:=|:|is|means|stands\s+for)\s*(?:an?\s+)?([A-Za-z]+)")


@dataclass(slots=True)
class Conditions:
    """What a text asks of columns without a role."""

    drops: list[Drop] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Columns of which it speaks, nobody knows what."""


def conditions_in(
    text: str, values: Mapping[str, Sequence[str]], taken: Sequence[str], event: str
) -> Conditions:
    """Return the rules on columns that a text names.

    Parameters
    ----------
    text
        What people say.
    values
        Columns to their first values.
    taken
        Columns that have a role; what is said of them is read elsewhere.
    event
        The events that count, a key of `EVENT_WORDS`; empty: nobody said it.
    """
    found = Conditions()
    for column in values:
        if column in taken or role_of(column) or not _is_named(column, text, values[column]):
            continue
        drop = _of_codes(column, text, values[column], event) or _of_clauses(column, text, values)
        if drop:
            found.drops.append(drop)
        elif _asks(column, text):
            found.unread.append(column)
    found.drops += _of_negative(text, values, taken)
    return found


def condition_spans(text: str, columns: Collection[str]) -> list[tuple[int, int]]:
    """Return where a text keeps or leaves out lines by columns without a role.

    Parameters
    ----------
    text
        What people say.
    columns
        The names of these columns.
    """
    named = [c for c in columns if not role_of(c) and _is_named(c, text)]
    spans = []
    for start, clause in _placed_clauses(text):
        is_asked = LEAVE_OUT.search(clause) or KEEP.search(clause)
        has_column = any(_column_pattern(c).search(clause) for c in named)
        is_negative = any(
            is_named_for(c, m[1]) for m in NEGATIVE.finditer(clause) for c in columns
        )
        if (is_asked and has_column) or is_negative:
            spans.append((start, start + len(clause)))
    return spans


def event_flags(values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the events that columns of 0 and 1 are named for, and these: `is_click`."""
    found: dict[str, str] = {}
    for column, seen in values.items():
        parts = [p for p in re.split(r"[\W_]+", column.lower()) if p not in ("is", "has", "was")]
        is_flag = {v for v in seen if v} == {"0", "1"} and len(parts) == 1
        events = [
            e for e, w in EVENT_WORDS.items() if is_flag and re.fullmatch(f"{w}(?:ed)?", parts[0])
        ]
        found |= {e: column for e in events if e not in found}
    return found


def unused_kinds(
    values: Mapping[str, Sequence[str]], taken: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield columns that tell lines apart and are not used, with what they say.

    These are opinions in words (`up`, `down`), kinds of events, and parts of a split.
    """
    for column, seen in values.items():
        kinds = [*dict.fromkeys(v for v in seen if v)]
        if column in taken or not 1 < len(kinds) <= MOST_KINDS:
            continue
        is_told = not any(map(str.isdigit, kinds))
        is_opinion = is_told and len(kinds) <= MOST_OPINIONS and names_opinion(column)
        if is_opinion or names_event(column) or names_split(column):
            yield column, ", ".join(sorted(kinds)[:MOST_NAMED])


def events_left_out(text: str, events: Sequence[str]) -> tuple[str, ...]:
    """Return the events of a log that a text leaves out: `drop views and carts`."""
    behind = [c[m.end() :] for _, c in _placed_clauses(text) for m in LEAVE_OUT.finditer(c)]
    kinds = {
        k for k, w in EVENT_WORDS.items() for b in behind if re.search(rf"\b(?:{w})\b", b, re.I)
    }
    return tuple(e for e in events if any(re.search(EVENT_WORDS[k], e, re.I) for k in kinds))


def _is_named(column: str, text: str, seen: Sequence[str] = ()) -> bool:
    """Whether a text means a column by its name, which may be an ordinary word.

    It does beside a number, one of the column's values, or `rows where`.
    """
    if re.search(r"[_\d.]|[a-z][A-Z]", column):
        return bool(_column_pattern(column).search(text))
    for found in _column_pattern(column).finditer(text):
        said = CONDITION.match(text, found.end())
        if said and (
            not said["value"].isalpha()
            or _spelled(said["value"], seen, is_equal=True)
            or LINES_WHERE.search(text[: found.start()])
        ):
            return True
    return False


def _of_clauses(column: str, text: str, values: Mapping[str, Sequence[str]]) -> Drop | None:
    """Return the rule that a clause gives, which keeps or leaves out."""
    for clause, match in _clauses(column, text):
        leaves, keeps = LEAVE_OUT.search(clause), KEEP.search(clause)
        if not match or not (leaves or keeps):
            continue
        when = _when(match)
        if when not in EQUAL and match["value"][-1].isalpha():
            continue
        when = CONTRARY[when] if leaves else when
        spelled = _spelled(match["value"], values[column], is_equal=when in EQUAL)
        if spelled:
            return Drop(column, when, spelled, f"“{column} {match[0].strip()}”, as asked")
    return None


def _clauses(column: str, text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield clauses that name a column, with what they say of its values."""
    for _, clause in _placed_clauses(text):
        for found in _column_pattern(column).finditer(clause):
            yield clause, CONDITION.match(clause, found.end())


def _placed_clauses(text: str) -> Iterator[tuple[int, str]]:
    """Yield the clauses of a text, each with its place."""
    start = 0
    for end in re.finditer(rf"{CLAUSE_END}|$", text):
        yield start, text[start : end.start()]
        start = end.end()


def _column_pattern(column: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(column)}(?!\w)", re.IGNORECASE)


def _when(match: re.Match[str]) -> When:
    """Return the rule that leaves out what does not meet a condition."""
    if match["more"]:
        return When.BELOW
    if match["less"]:
        return When.ABOVE
    return next((when for when in SIGNS if match[when]), When.IS_NOT)


def _spelled(value: str, seen: Sequence[str], *, is_equal: bool) -> tuple[str, ...]:
    """Return a value as the column writes it; nothing where it does not."""
    if not is_equal:
        return (value,)
    return tuple(dict.fromkeys(v for v in seen if _plain(v) == _plain(value)))


def _plain(value: str) -> object:
    try:
        return float(value)
    except ValueError:
        return value.lower()


def _of_codes(column: str, text: str, seen: Sequence[str], event: str) -> Drop | None:
    """Return the rule of codes whose meaning is told: `act_ID 1 = buy, 0 = click`, buys only."""
    words = EVENT_WORDS.get(event, "")
    codes = [m[1] for m in CODED.finditer(text) if words and re.fullmatch(words, m[2], re.I)]
    kept = _spelled(codes[0], seen, is_equal=True) if len({*codes}) == 1 else ()
    return Drop(column, When.IS_NOT, kept, f"only {column} {codes[0]} counts") if kept else None


def _of_negative(
    text: str, values: Mapping[str, Sequence[str]], taken: Sequence[str]
) -> Iterator[Drop]:
    """Yield the rules that leave out negative numbers: `negative quantities are returns`."""
    for _, clause in _placed_clauses(text):
        for match in NEGATIVE.finditer(clause):
            named = [c for c in values if c not in taken and is_named_for(c, match[1])]
            if len(named) == 1 and LEAVE_OUT.search(clause):
                yield Drop(named[0], When.BELOW, ("0",), f"“{match[0]}”, as asked")


def _asks(column: str, text: str) -> bool:
    """Whether a clause that names a column asks for something to be kept or left out."""
    return any(LEAVE_OUT.search(c) or KEEP.search(c) for c, _ in _clauses(column, text))

"""What a task or a reply says of its files: columns, header, what is not rated, which events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from agent_core.data.mark_words import ONLY_RATED, QUOTES, SAID_OF_VALUES, marks_of
from agent_core.domain.recipe import Layout, Recipe
from agent_core.prose.number_words import ORDINALS

SAID = {
    "user_id": r"users?(?:[ _-]?ids?)?|customers?|readers?|listeners?|visitors?|reviewers?"
    r"|members?|persons?|students?|players?",
    "item_id": r"items?(?:[ _-]?ids?)?|movies?|films?|products?|books?|artists?|songs?|tracks?"
    r"|places?|venues?|pois?|articles?|games?|courses?|recipes?|videos?",
    "rating": r"ratings?|scores?|stars|grades?|marks?|play ?counts?|plays|counts?|weights?",
    "timestamp": r"time ?stamps?|times?|dates?",
}
"""How people name what a column holds."""
ROLE = "|".join(f"(?P<{role}>{said})" for role, said in SAID.items())
ROLE = rf"(?:(?:the|an?|my|our)\s+)?(?:{ROLE})\b"
NAME = rf"[{QUOTES}]?(?<![\w.-])(?P<name>[A-Za-z_](?:[\w.-]{{0,60}}\w)?)(?![\w-])[{QUOTES}]?"
"""Begins and ends where a word does, and is short: a long text must not take long."""
LONGEST = 20_000
"""Characters of a text that are read."""
COLUMN = r"(?:column|col|field)s?"
FILLERS = frozenset(
    (
        *("is", "are", "named", "called", "not", "missing", "there", "the", "a", "an"),
        *("used", "taken", "treated", "read", "st", "nd", "rd", "th"),
        *("of", "in", "and", "or", "with", "for", "to", "no", "column", "col", "columns", "first"),
    )
)
ORDINAL = rf"(?P<ordinal>{'|'.join(ORDINALS)}|last|\d{{1,3}}(?:st|nd|rd|th))"
PLACE = (
    rf"(?:(?:the\s+)?{ORDINAL}\s+(?:{COLUMN}|one)\b|\b{COLUMN}\s*(?:number\s+|no\.?\s*)?"
    r"(?P<digits>\d{1,3})\b(?:\s*\([^()\n]*\))?)"
)
BARE_PLACE = rf"(?:{PLACE}|the\s+{ORDINAL.replace('ordinal', 'bare')}(?=\s*(?:[.,;\n]|and\b|$)))"
IS = r"(?:is|are|holds?|has|contains?|stands?\s+for|as|means|=|:)"
IN = r"(?:is|are|stands?|lies?)"
ROLES_OF_PLACES = (
    rf"{PLACE}\s*(?:{IS}\s*)?{ROLE}",
    rf"(?P<ordinal>\b\d{{1,3}}(?:st|nd|rd|th))\s+{IS}\s*{ROLE}",
    rf"\b{ROLE}\s+{COLUMN}\s*(?:is|=|:)\s*(?P<digits>\d{{1,3}})\b",
    rf"\b{ROLE}\s*(?:{IN}\s+in\s+|in\s+|{IS}\s*)?{BARE_PLACE}",
)
ROLES_OF_NAMES = (
    rf"\b{ROLE}\s+{IN}\s+in\s+(?:the\s+)?{COLUMN}\s+{NAME}",
    rf"\b{ROLE}\s+{IN}\s+in\s+(?:the\s+)?{NAME}\s+{COLUMN}\b",
    rf"\b{COLUMN}\s+{NAME}\s+{IS}\s+{ROLE}",
    rf"\b{ROLE}\s+{COLUMN}\s*(?:is\s+(?:named|called)|is|=|:|named|called)\s*{NAME}",
    rf"\b{ROLE}\s+{COLUMN}\s+(?=[{QUOTES}]){NAME}",
    rf"\buse\s+(?:the\s+)?{COLUMN}\s+{NAME}\s+(?:as|for)\s+{ROLE}",
)
ROLES_OF_LIKELY_NAMES = (
    rf"{NAME}\s+(?:(?:should\s+be|is|are)\s+(?:used|taken|treated|read)\s+)?as\s+{ROLE}",
    rf"\b(?:use|take|read)\s+{NAME}\s+for\s+{ROLE}",
    rf"\b{ROLE}\s*(?:(?:is|are)\s+(?:actually\s+|really\s+)?(?:in\s+)?|should\s+be\s+|in\s+|[=:]\s*)"
    rf"{NAME}",
    rf"{NAME}\s+(?:is|holds|has|should\s+be)\s+{ROLE}",
)
"""Any word may stand there; it counts where a column is named so."""
NO_ROLE = (
    rf"\b(?:there\s+(?:is|are)|(?:it|they|the\s+(?:file|data))\s+ha(?:s|ve))\s+no\s+"
    rf"(?:(?:real|actual|explicit)\s+)?{ROLE}",
    rf"\bignore\s+{ROLE}\s+{COLUMN}\b",
    rf"(?:{PLACE}|\b{NAME})\s+(?:is|are)\s+(?:not\s+an?|no)\s+{ROLE}",
)
LIST = re.compile(
    rf"\b(?:{COLUMN}(?:\s+(?:in\s+)?order)?\s*(?:are\s*:?|is\s*:?|[:=])|it(?:'s|\u2019s|\s+is))\s*([^\n.]+)",
    re.IGNORECASE,
)
LISTED_NAME = re.compile(
    rf"[{QUOTES}]?([A-Za-z_][\w-]*(?: (?!and\b)[\w-]+)?)[{QUOTES}]?(?=\s*(?:[,;|]|and\b|$))"
)
HEADERLESS = (
    r"(?:\b(?:no|without(?:\s+an?)?|lacks?\s+an?)|n(?:o|'|\u2019)t\s+(?:have\s+)?an?)\s+header\b"
    r"(?:\s+(?:line|row))?|\bheader-?less\b|\bheader\s+(?:(?:line|row)\s+)?is\s+missing\b|\bfirst\s+(?:line|row)\s+is\s+(?:already\s+)?data"
)
WITH_HEADER = (
    r"\bfirst\s+(?:line|row)\s+(?:is|holds|has|contains|gives)\s+(?:the\s+|an?\s+)?"
    r"(?:header|column names|names)|\bheader\s+is\s+(?:in\s+)?the\s+first\s+(?:line|row)"
    r"|\b(?:does\s+have|there\s+is|has|with)\s+an?\s+header\b"
)
EVENT_WORDS = {
    "purchase": r"purchases?|buys?|bought|orders?|transactions?|sales?",
    "click": r"clicks?",
    "view": r"(?:page\s*)?views?",
    "cart": r"add[- ]to[- ]carts?|carts?",
    "favourite": r"favou?rites?|favs?",
    "play": r"plays?|listens?",
    "like": r"likes?",
}
EVENT = "|".join(f"(?P<{event}>{words})" for event, words in EVENT_WORDS.items())
RETURNS = r"cancel\w*|returns|returned|refund\w*"
NO_RETURNS = (
    r"\b(?:no|without|drop\w*|remov\w+|skip\w*|ignor\w+|leav\w+\s+out|exclud\w+|discard\w*|omit\w*)"
    rf"\s+(?:(?!only\b|but\b)\w+\s+){{0,3}}?(?:{RETURNS})\b(?:\s+(?:orders|purchases))?",
    rf"\b(?:{RETURNS})(?:\s+\w+){{0,2}}?\s+(?:are|is|get|go)\s+(?:\w+\s+)?"
    r"(?:dropped|removed|skipped|ignored|left\s+out|excluded|discarded|omitted|out)\b",
)
"""Where a text leaves cancelled and returned orders out."""
ONLY = (
    r"\b(?:only|just|nothing\s+but)\s+(?:(?:want|need|count|use|keep|take|consider|care\s+about"
    rf"|look\s+at|interested\s+in|the|on|completed|real|actual)\s+)*(?:{EVENT})(?:\s+events?)?\b",
    rf"\b(?:{EVENT})(?:\s+events?)?\s+only\b",
    r"\b(?:restrict|limit|filter)\s+(?:(?:it|them|the\s+data)\s+)?to\s+"
    rf"(?:{EVENT})(?:\s+events?)?\b",
    rf"\b(?:keep|use|take)\s+(?:only\s+)?(?:the\s+)?(?:{EVENT})\s+events?\b",
)
ALL_EVENTS = r"\b(?:all|every)\s+(?:of\s+)?(?:the\s+)?events?\s+counts?\b"
ONLY_ORDER = r"\btimes?\s+only\s+orders?\b"
DAY_FIRST = (
    r"\bdays?\s+(?:is\s+|are\s+|comes?\s+)?(?:first|before)\b|\b(?:dd?[/.-]mm?|day[/.-]month)\b"
    r"|\beuropean\s+(?:dates|format|style)"
)
MONTH_FIRST = (
    r"\bmonths?\s+(?:is\s+|are\s+|comes?\s+)?(?:first|before)\b|\b(?:mm?[/.-]dd?|month[/.-]day)\b"
    r"|\b(?:us|american)\s+dates"
)
TOGETHER = (
    r"\b(?:they|these|those|both|files|pieces|slices|all\s+of\s+(?:it|them))\b[^.;\n]{0,30}?"
    r"\b(?:one|a\s+single|the\s+same)\s+data\s?set\b"
    r"|\b(?:concatenate|merge|join|combine|append)\w*\s+(?:all\s+)?(?:the\s+|these\s+|both\s+)?"
    r"(?:two\s+|three\s+)?(?:files|pieces|slices|parts)\b"
)
APART = (
    r"\b(?:separate|different|distinct|several|(?:two|three|four|five)(?:\s+\w+)?)\s+data\s?sets\b"
)
"""Where a text says whether files of one form are one dataset."""
FILE_NAME = (
    rf"[{QUOTES}]?(?<![\w.+-])(?P<file>[\w.+-]{{1,80}}\."
    rf"[A-Za-z]\w{{0,7}}(?:\.gz|\.zst)?)[{QUOTES}]?"
)
FILE = (
    rf"\b(?:use|read|take|open)\s+(?:only\s+)?(?:the\s+)?(?:file\s+)?{FILE_NAME}",
    rf"\b(?:interactions|ratings|data|events)\s+(?:is|are)\s+in\s+(?:the\s+file\s+)?{FILE_NAME}",
)
SEVERAL_A_LINE = (
    Layout.LISTS, Layout.WIDE, Layout.BLOCKS, Layout.RELATIONS, Layout.RECORDS, Layout.LIBFM,
)  # fmt: skip
"""Layouts that a part of a dataset need not show by itself."""


@dataclass(frozen=True, slots=True)
class FileWords:
    """What people say of a file; empty where nothing is said. What is said last counts."""

    listed: tuple[str, ...] = ()
    """Names of all columns in their order."""
    named: dict[str, str] = field(default_factory=dict)
    """Role to the name of its column."""
    likely: dict[str, str] = field(default_factory=dict)
    """Role to a word that may be the name of its column."""
    placed: dict[str, int] = field(default_factory=dict)
    """Role to the place of its column, from 0; -1: the last."""
    none: frozenset[str] = frozenset()
    """Roles that no column has."""
    has_header: bool | None = None
    not_rated: tuple[str, ...] = ()
    """Values of the rating that mean that there is none."""
    rated: tuple[str, ...] = ()
    """Values of the rating that look as if they meant that, and are ratings."""
    dropped: tuple[str, ...] = ()
    """Values of the rating whose lines are left out."""
    only_rated: bool = False
    """Whether lines without a rating are left out."""
    event: str = ""
    """A key of `EVENT_WORDS`: the only events that count; `all`: all do."""
    refuses_returns: bool = False
    """Whether cancelled and returned orders are left out."""
    only_order: bool = False
    """Whether times only order interactions."""
    day_first: bool | None = None
    """How dates of numbers are read."""
    is_together: bool | None = None
    """Whether files of one form are one dataset."""
    file: str = ""
    """The file that is to be read."""
    text: str = ""
    tokens: frozenset[str] = frozenset()
    """All words, in which files may be named."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where it says something of files."""
    guesses: tuple[tuple[int, int, str], ...] = ()
    """Those of them that say something only where a column is named so, with the name."""
    like: Recipe | None = None
    """How another part of the same dataset is read."""

    def read_like(self, recipe: Recipe, *, has_header: bool) -> FileWords:
        """Return the words by which a file is read as another part of its dataset."""
        open_marks = tuple(m for m in recipe.missing if m and m not in self.not_rated)
        places = {r: recipe.columns.index(c) for r, c in recipe.roles.items()}
        is_odd = recipe.layout in SEVERAL_A_LINE
        return replace(
            self,
            has_header=None if is_odd else has_header,
            likely={},
            named=dict(recipe.roles) if has_header and not is_odd else {},
            placed={} if has_header or is_odd else places,
            not_rated=(*self.not_rated, *open_marks),
            like=recipe,
        )

    def mentions(self, file: str) -> bool:
        """Whether a file is named, with its folder or without."""
        plain = file.replace("\\", "/").lower()
        base = plain.rpartition("/")[2]
        return plain in self.tokens or ("." in base and base in self.tokens)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said of files."""
        said = FileWords(
            text=self.text, tokens=self.tokens, spans=self.spans, guesses=self.guesses
        )
        return self == said

    @property
    def rest(self) -> str:
        """The text without what it says of files."""
        read = self.text[:LONGEST]
        kept = [c for n, c in enumerate(read) if not any(a <= n < b for a, b in self.spans)]
        return " ".join("".join(kept).split())


def file_words(text: str) -> FileWords:
    """Return what a text says of the files that come with it."""
    if not text.strip():
        return FileWords()
    reading = _Reading(text[:LONGEST])
    values, listed = reading.values(), reading.listed()
    has_header = reading.choice(WITH_HEADER, HEADERLESS)
    day_first = reading.choice(DAY_FIRST, MONTH_FIRST)
    is_together = reading.choice(TOGETHER, APART)
    events, returns = reading.found(*ONLY, ALL_EVENTS), reading.found(*NO_RETURNS)
    only_order, files = bool(reading.found(ONLY_ORDER)), reading.found(*FILE)
    only_rated = bool(reading.found(*ONLY_RATED))
    roles = reading.roles()
    return FileWords(
        listed=listed,
        named={r: str(c) for r, (kind, c) in roles.items() if kind == "named"},
        likely={r: str(c) for r, (kind, c) in roles.items() if kind == "likely"},
        placed={r: int(c) for r, (kind, c) in roles.items() if kind == "placed"},
        none=frozenset(r for r, (kind, _) in roles.items() if kind == "none"),
        has_header=has_header,
        not_rated=_of_kind(values, "not_rated"),
        rated=_of_kind(values, "rated"),
        dropped=_of_kind(values, "dropped"),
        only_rated=only_rated,
        event=_group(events[-1], EVENT_WORDS, "all") if events else "",
        refuses_returns=bool(returns),
        only_order=only_order,
        day_first=day_first,
        is_together=is_together,
        file=files[-1]["file"] if files else "",
        text=text,
        tokens=frozenset(t.strip(f"{QUOTES}.,;:()!?*").lower() for t in text.split()),
        spans=tuple(reading.spans),
        guesses=tuple(reading.guesses),
    )


@dataclass(slots=True)
class _Reading:
    """A text in which statements are looked for; where they stand is kept."""

    text: str
    spans: list[tuple[int, int]] = field(default_factory=list)
    guesses: list[tuple[int, int, str]] = field(default_factory=list)

    def found(self, *patterns: str) -> list[re.Match[str]]:
        """Return all that some patterns find, in the order of the text."""
        matches = [m for p in patterns for m in re.finditer(p, self.text, re.IGNORECASE)]
        self.spans += [m.span() for m in matches]
        return sorted(matches, key=lambda m: m.start())

    def choice(self, one: str, other: str) -> bool | None:
        """Return whether the one is said last, or the other; None: neither."""
        said = [(m.start(), True) for m in self.found(one)]
        said += [(m.start(), False) for m in self.found(other)]
        return max(said)[1] if said else None

    def roles(self) -> dict[str, tuple[str, str | int]]:
        """Return for each role what was said last of its column; looked for after all else."""
        said: list[tuple[re.Match[str], str, str | int]] = []
        said += [(m, "named", m["name"]) for m in self.names(*ROLES_OF_NAMES)]
        read = [*self.spans]
        none = (m for m in self.found(*NO_ROLE) if not _overlaps(m.span(), read))
        said += [(m, "none", "") for m in none]
        said += [(m, "placed", _place(m)) for m in self.found(*ROLES_OF_PLACES)]
        likely = self.names(*ROLES_OF_LIKELY_NAMES)
        self.guesses += [(*m.span(), m["name"]) for m in likely]
        said += [(m, "likely", m["name"]) for m in likely]
        result: dict[str, tuple[str, str | int]] = {}
        for match, kind, column in sorted(said, key=lambda s: s[0].start()):
            # A column has one role: the one that is said last.
            others = {r: c for r, c in result.items() if c != (kind, column) or kind == "none"}
            result = others | {_group(match, SAID): (kind, column)}
        return result

    def names(self, *patterns: str) -> list[re.Match[str]]:
        """Return where columns are named, outside of what is said besides."""
        matches = [m for p in patterns for m in re.finditer(p, self.text, re.IGNORECASE)]
        named = [m for m in matches if m["name"].lower() not in FILLERS]
        free = [m for m in named if not _overlaps(m.span(), self.spans)]
        self.spans += [m.span() for m in free]
        return free

    def values(self) -> dict[str, str]:
        """Return for each value of a rating what was said last of it."""
        said = [(m, kind) for kind, patterns in SAID_OF_VALUES for m in self.found(*patterns)]
        return {
            value: kind
            for match, kind in sorted(said, key=lambda s: s[0].start())
            for value in marks_of(match)
        }

    def listed(self) -> tuple[str, ...]:
        """Return the names of all columns, where they are listed."""
        for match in reversed([*LIST.finditer(self.text)]):
            names, end = _names_in(match[1])
            if len(names) >= (3 if match[0].lower().startswith("it") else 2):
                self.spans.append((match.start(), match.start(1) + end))
                return names
        return ()


def _overlaps(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _group(match: re.Match[str], names: dict[str, str], other: str = "") -> str:
    """Return which of some named groups has matched."""
    found = match.groupdict()
    return next((name for name in names if found.get(name)), other)


def _of_kind(values: dict[str, str], kind: str) -> tuple[str, ...]:
    return tuple(value for value, said in values.items() if said == kind)


def _names_in(text: str) -> tuple[tuple[str, ...], int]:
    """Return the names that a list begins with, up to the first part that is none, and its end."""
    mark = next(iter(re.findall(r"[,;|]", text)), "and")
    between = re.compile(rf"\s*(?:{re.escape(mark)}\s*(?:and\b)?|\band\b)\s*")
    names: list[str] = []
    end = at = len(text) - len(text.lstrip())
    while match := LISTED_NAME.match(text, at):
        names.append(match[1])
        end = match.end()
        following = between.match(text, end)
        if following is None:
            break
        at = following.end()
    return tuple(names), end


def _place(match: re.Match[str]) -> int:
    """Return a place from 0, by an ordinal or a number; -1: the last."""
    groups = match.groupdict()
    text = (groups.get("ordinal") or groups.get("bare") or groups.get("digits") or "").lower()
    if text == "last":
        return -1
    return ORDINALS[text] - 1 if text in ORDINALS else int(re.sub(r"\D", "", text)) - 1

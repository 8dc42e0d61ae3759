"""What a task or a reply says of its files: columns, header, what is not rated, which events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agent_core.prose.number_words import ORDINALS

SAID = {
    "user_id": r"users?(?:[ _-]?ids?)?|customers?|readers?|listeners?|visitors?|reviewers?",
    "item_id": r"items?(?:[ _-]?ids?)?|movies?|films?|products?|books?|artists?|songs?|tracks?"
    r"|places?|venues?|pois?",
    "rating": r"ratings?|scores?|stars|grades?|play ?counts?|plays|counts?|weights?",
    "timestamp": r"time ?stamps?|times?|dates?",
}
"""How people name what a column holds."""
QUOTES = "\"'`\u201c\u201d\u2018\u2019"
COLUMN = rf"[{QUOTES}]?([A-Za-z_][\w.-]*)[{QUOTES}]?"
FILLERS = frozenset(
    (
        *("is", "are", "named", "called", "not", "missing", "there", "the", "a", "an"),
        *("of", "in", "and", "or", "with", "for", "to"),
    )
)
ORDINAL = rf"{'|'.join(ORDINALS)}|\d{{1,3}}(?:st|nd|rd|th)"
PLACE = rf"(?:the\s+)?(?:({ORDINAL})\s+column|column\s+(?:number\s+|no\.?\s*)?(\d{{1,3}}))"
HEADERLESS = re.compile(
    r"\b(?:no|without(?:\s+an?)?|lacks?\s+an?|has\s+no|there\s+is\s+no|not?\s+have\s+an?)\s+header",
    re.IGNORECASE,
)
WITH_HEADER = re.compile(
    r"\bfirst\s+(?:line|row)\s+(?:is|holds|has)\s+(?:the\s+|an?\s+)?(?:header|column names|names)",
    re.IGNORECASE,
)
LISTED = re.compile(r"\bcolumns?(?:\s+are)?\s*[:=]\s*([^\n.;]+)", re.IGNORECASE)
VALUE = rf"[{QUOTES}]?(-?[\w.]+?)[{QUOTES}]?"
NOT_RATED = re.compile(
    rf"{VALUE}\s+(?:means|is|stands\s+for|=)\s+(?:not\s+rated|unrated|no\s+rating|missing"
    r"|unknown|not\s+(?:yet\s+)?seen)\b",
    re.IGNORECASE,
)
DROPPED = re.compile(
    rf"\b(?:drop|remove|skip|ignore|leave\s+out|without|exclude)\s+(?:all\s+|the\s+)*{VALUE}"
    r"\s+(?:rows|lines|entries|values|ratings)\b",
    re.IGNORECASE,
)
EVENT_WORDS = {
    "purchase": r"purchases?|buys?|bought|orders?|transactions?|sales?",
    "click": r"clicks?",
    "view": r"(?:page\s*)?views?",
    "cart": r"add[- ]to[- ]carts?|carts?",
    "favourite": r"favou?rites?|favs?",
    "play": r"plays?|listens?",
}
ONLY = (
    r"\b(?:only|just|nothing\s+but)\s+(?:the\s+|on\s+)?(?:{0})(?:\s+events?)?\b",
    r"\b(?:{0})(?:\s+events?)?\s+only\b",
    r"\b(?:keep|use|take)\s+(?:only\s+)?(?:the\s+)?(?:{0})\s+events?\b",
)


@dataclass(frozen=True, slots=True)
class FileWords:
    """What people say of a file; empty where nothing is said."""

    listed: tuple[str, ...] = ()
    """Names of all columns in their order."""
    named: dict[str, str] = field(default_factory=dict)
    """Role to the name of its column."""
    placed: dict[str, int] = field(default_factory=dict)
    """Role to the place of its column, from 0."""
    has_header: bool | None = None
    not_rated: tuple[str, ...] = ()
    """Values of the rating that mean that there is none."""
    dropped: tuple[str, ...] = ()
    """Values of the rating whose lines are left out."""
    event: str = ""
    """A key of `EVENT_WORDS`: the only events that count."""
    tokens: frozenset[str] = frozenset()
    """All words, in which files may be named."""

    def mentions(self, file: str) -> bool:
        """Whether a file is named, with its folder or without."""
        plain = file.replace("\\", "/").lower()
        base = plain.rpartition("/")[2]
        return plain in self.tokens or ("." in base and base in self.tokens)


def file_words(text: str) -> FileWords:
    """Return what a text says of the files that come with it."""
    listed = LISTED.search(text)
    names = re.split(r"\s*,\s*|\s+and\s+", listed[1].strip()) if listed else []
    is_list = len(names) > 1 and all(re.fullmatch(r"[A-Za-z_][\w -]{0,30}", n) for n in names)
    without, with_one = HEADERLESS.search(text), WITH_HEADER.search(text)
    return FileWords(
        listed=tuple(names) if is_list else (),
        named=_named(text),
        placed=_placed(text),
        has_header=False if without else True if with_one else None,
        not_rated=tuple(dict.fromkeys(m[1] for m in NOT_RATED.finditer(text))),
        dropped=tuple(dict.fromkeys(m[1] for m in DROPPED.finditer(text))),
        event=next((e for e, w in EVENT_WORDS.items() if _is_only(w, text)), ""),
        tokens=frozenset(t.strip(f"{QUOTES}.,;:()!?*").lower() for t in text.split()),
    )


def _is_only(words: str, text: str) -> bool:
    return any(re.search(p.format(words), text, re.IGNORECASE) for p in ONLY)


def _named(text: str) -> dict[str, str]:
    """Return the columns that a text names for a role, e.g. `ratings are in column score`."""
    found: dict[str, str] = {}
    for role, said in SAID.items():
        patterns = (
            rf"\b(?:{said})\s+(?:is|are|stands?|lies?)\s+in\s+(?:the\s+)?column\s+{COLUMN}",
            rf"\b(?:{said})\s+(?:is|are|stands?|lies?)\s+in\s+(?:the\s+)?{COLUMN}\s+column",
            rf"\bcolumn\s+{COLUMN}\s+(?:is|holds|has|contains|are|as)\s+(?:the\s+)?(?:{said})\b",
            rf"\b(?:{said})\s+column\s*(?:is\s+(?:named|called)|is|=|:|named|called)\s*{COLUMN}",
            rf"\b(?:{said})\s+column\s+[{QUOTES}]([A-Za-z_][\w.-]*)[{QUOTES}]",
            rf"\buse\s+(?:the\s+)?(?:column\s+)?{COLUMN}\s+as\s+(?:the\s+)?(?:{said})\b",
        )
        for pattern in patterns:
            match = re.search(pattern, text, re.IGNORECASE)
            if match and match[1].lower().rstrip(".") not in FILLERS:
                found[role] = match[1].rstrip(".")
                break
    return found


def _placed(text: str) -> dict[str, int]:
    """Return the places that a text gives to roles, e.g. `the fifth column is the item`."""
    found: dict[str, int] = {}
    for role, said in SAID.items():
        patterns = (
            rf"\b{PLACE}\s+(?:is|holds|has|contains|as)\s+(?:the\s+)?(?:{said})\b",
            rf"\b(?:{said})\s+(?:is|are|stands?|lies?)\s+(?:in\s+)?{PLACE}",
            rf"\buse\s+{PLACE}\s+as\s+(?:the\s+)?(?:{said})\b",
        )
        match = next((m for p in patterns if (m := re.search(p, text, re.IGNORECASE))), None)
        if match:
            found[role] = _place(match[1], match[2])
    return found


def _place(word: str | None, digits: str | None) -> int:
    """Return a place from 0, by an ordinal or a number."""
    if digits:
        return int(digits) - 1
    text = (word or "").lower()
    return ORDINALS[text] - 1 if text in ORDINALS else int(re.sub(r"\D", "", text)) - 1

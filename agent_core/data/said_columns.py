"""Lists of columns in what people say, and which of them they want recommended."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

from agent_core.data.columns import ENDINGS, hinted_role, is_named_for, role_of
from agent_core.data.file_words import SAID

NAME = r"[A-Za-z_]\w*(?:[ -]\w+){0,2}"
WHOLE_NAME = re.compile(NAME)
CLAUSE_END = r"[:;\n()]|[.!?](?=\s|$)"
BETWEEN = (r",", r"\|", r"\t", r"/", r"->|→")
BEHIND = re.compile(
    rf"({NAME}?)\s+(?:in\s+(?:this|that)\s+order|without|with\s+no)\b.*", re.DOTALL
)
"""A last name and what is said behind it."""
QUOTED = re.compile(r"['\"`]([A-Za-z_]\w*(?: [A-Za-z_]\w*)+)['\"`]")
IN_ORDER = re.compile(r"\bfirst\b(.*\bthen\b.*)", re.IGNORECASE | re.DOTALL)
FEW_NAMES = 3
ALSO_TOLD = {"user_id": r"people|who", "item_id": r"things?|what", "timestamp": r"when"}
TOLD = {r: rf"{said}|{ALSO_TOLD[r]}" if r in ALSO_TOLD else said for r, said in SAID.items()}
"""How parts of a sentence name what a column holds."""
WANTED = re.compile(
    r"\b(?:recommend|suggest|predict|rank)(?:ed|ing|s)?\s+(?:(?:the|which|new|next|is|are|to|users|people)"
    r"\s+)*([a-z]{3,})",
    re.IGNORECASE,
)

PREDICTED = re.compile(
    r"\bpredict(?:ed|ing|s)?\s+((?:(?!from\b|by\b|using\b|with\b|for\b|based\b|of\b)[\w-]+\s*){1,8})",
    re.IGNORECASE,
)


def listed_columns(text: str, widths: Collection[int]) -> tuple[str, ...]:
    """Return the names that a text lists for as many columns; nothing where it lists none."""
    widths = {w for w in widths if w > 1}
    if not widths:
        return ()
    for names in _lists_in(text):
        if len(names) in widths and len({*names}) == len(names) and _names_roles(names):
            return tuple(names)
    return _told_in_order(text, widths)


def wanted_item(text: str, columns: Sequence[str]) -> str:
    """Return the one column that is named for what people want recommended; empty: none is."""
    nouns = [m[1].lower() for m in WANTED.finditer(text)]
    for noun in nouns:
        found = [c for c in columns if is_named_for(c, noun) and role_of(noun) != "user_id"]
        ids = [c for c in found if re.search(rf"[\W_]?(?:{ENDINGS})$", c, re.IGNORECASE)]
        found = ids if len(found) > 1 else found
        if len(found) == 1:
            return found[0]
    return ""


def wanted_rating(text: str, columns: Sequence[str]) -> str:
    """Return the one column that is named in what people want predicted; empty: none is."""
    said = " ".join(m[1].lower() for m in PREDICTED.finditer(text))
    found = [c for c in columns if re.search(rf"(?<!\w){re.escape(c.lower())}(?!\w)", said)]
    return found[0] if len(found) == 1 else ""


def _lists_in(text: str) -> Iterator[list[str]]:
    """Yield lists of names: parted by marks, or by blanks in quotation marks."""
    for quoted in QUOTED.finditer(text):
        yield quoted[1].split()
    for clause in re.split(CLAUSE_END, text):
        for between in BETWEEN:
            parts = [p.strip(" '\"`\u201c\u201d") for p in re.split(between, clause)]
            known = [*takewhile(WHOLE_NAME.fullmatch, parts)]
            # Behind a part that is no name none is read, so that long texts take no longer.
            for end in range(min(len(known) + 1, len(parts)), 1, -1):
                last = BEHIND.sub(r"\1", parts[end - 1])
                if WHOLE_NAME.fullmatch(last):
                    yield [*known[: end - 1], last]
                    break


def _names_roles(names: Sequence[str]) -> bool:
    """Whether a list has the user and another role, or is a long one."""
    roles = {role_of(n) or hinted_role(n) for n in names} - {None}
    return "user_id" in roles and (len(roles) > 1 or len(names) > FEW_NAMES)


def _told_in_order(text: str, widths: Collection[int]) -> tuple[str, ...]:
    """Return roles that a sentence tells in the order of the columns: first this, then that."""
    for clause in re.split(CLAUSE_END, text):
        match = IN_ORDER.search(clause)
        if not match:
            continue
        parts = re.split(r",?\s*\bthen\b|,|\band\b", match[1])
        found = [_told_role(p) for p in parts if p.strip()]
        is_whole = len(found) in widths and len({*found}) == len(found)
        if is_whole and {"user_id", "item_id"} <= {*found}:
            return tuple(found)
    return ()


def _told_role(part: str) -> str:
    """Return the one role that a part of a sentence names; without one the part itself."""
    named = [r for r, words in TOLD.items() if re.search(rf"\b(?:{words})\b", part, re.IGNORECASE)]
    return named[0] if len(named) == 1 else part.strip()

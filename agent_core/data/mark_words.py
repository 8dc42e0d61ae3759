"""What people say of values of a rating: that they are none, and which lines are left out."""

from __future__ import annotations

import re

QUOTES = "\"'`\u201c\u201d\u2018\u2019"
MARK = (
    rf"(?:[{QUOTES}][^{QUOTES}]{{1,20}}[{QUOTES}]|-?\d+(?:\.\d+)?|n/a|nan|null|(?-i:[A-Z]{{1,5}})"
    r"|zero(?:e?s)?\b|dash(?:es)?\b|empty\b|blanks?\b)"
)
SPOKEN_MARKS = {"zero": "0", "dash": "-", "empty": "", "blank": ""}
"""A value that is a mark: a number, capitals, or in quotation marks."""
MARKS = rf"(?P<marks>{MARK}(?:\s*(?:,|and|or)\s*(?:a\s+)?{MARK}){{0,8}})"
UNRATED = (
    r"(?:(?:simply|just|implicit,?|i\.e\.,?|an?)\s+)*(?:not\s+rated|unrated|no\s+rating"
    r"|implicit(?:\s+(?:feedback|interactions?|ratings?))?|missing(?:\s+(?:ratings?|values?))?|unknown|not\s+(?:yet\s+)?seen|nothing\s+(?:was\s+)?rated"
    r"|that\s+(?:the|an?)\s+\w+\s+was\s+not\s+(?:rated|seen)"
    r"|(?:that\s+)?(?:they\s+|people\s+|somebody\s+|the\s+users?\s+)?(?:have|has|had|did|do)"
    r"(?:\s+not|n't)\s+(?:yet\s+)?(?:seen|rated?|watched|read|answered?)(?:\s+it)?)\b"
)
TAKEN = r"(?:(?:should|must|can)\s+be\s+(?:treated|read|taken|counted)\s+)?"
NOT_RATED = (
    rf"{MARKS}(?:\s+in\s+[\w-]{{1,40}})?\s*(?:means?|is|are|stands?\s+for|=|{TAKEN}as|:)\s*{UNRATED}",
    rf"\brating\s+of\s+{MARKS}\s+(?:means?|stands?\s+for)\s+(?:that\s+)?(?:it\s+was\s+)?{UNRATED}",
    rf"{MARKS}\s+(?:is|are)\s+(?:not\s+an?|no)\s+(?:real\s+|true\s+)?ratings?\b",
    rf"\b(?:drop|skip|ignore)\s+(?:all\s+)?(?:the\s+)?{MARKS}'?s?,\s+they\s+are\s+{UNRATED}",
)
RATED = rf"{MARKS}\s+(?:is|are)\s+(?:really\s+)?(?:an?\s+)?(?:real\s+|true\s+)?ratings?\b"
DROP_VERBS = r"drop|remove|skip|ignore|leave\s+out|exclude|delete|discard|omit"
DROP = rf"\b(?:{DROP_VERBS})\b"
LINES = r"(?:rows|lines|entries|records)"
DROPPED = (
    rf"{DROP}\s+(?:all\s+|the\s+)*(?P<marks>{MARK}|[\w.-]+)\s+{LINES}\b",
    rf"{DROP}\s+(?:all\s+|the\s+)*{LINES}\s+(?:that\s+are\s+)?rated\s+(?:as\s+)?{MARKS}",
    rf"{DROP}\s+(?:all\s+)?the\s+{MARKS}\s+(?:values|ratings)\b",
    rf"{DROP}\s+(?:all\s+|the\s+)*{LINES}\s+(?:with|where|whose|of)\s+(?:the\s+|an?\s+)?"
    rf"(?:ratings?|scores?|stars)\s+(?:is\s+|of\s+|=\s*)?{MARKS}",
    rf"\b{LINES}\s+(?:with|where|whose)\s+(?:the\s+|an?\s+)?(?:ratings?|scores?|stars)\s+"
    rf"(?:is\s+|of\s+|=\s*)?{MARKS}\s+(?:should|must|can|have to)\s+be\s+"
    r"(?:dropped|removed|skipped|ignored|left out|excluded|deleted)",
)
NO_MARKS = frozenset(
    (
        *("duplicate", "duplicated", "repeated", "first", "last", "empty", "same", "other", "bad"),
        *("invalid", "old", "new", "these", "those", "such", "remaining", "all"),
    )
)
"""Words before `rows` that are no value of a rating."""
THOSE = r"(?:those|these|them|such|both|all\s+of\s+(?:them|these|those))"
LEFT_OUT = (
    rf"(?:{DROP}\s+{THOSE}\s+{LINES}\b|\bleave\s+{THOSE}\s+(?:{LINES}\s+)?out\b(?!\s+of)"
    rf"|\b(?:drop|remove|exclude|delete|discard)\s+{THOSE}(?=\s*(?:[.,;!\n]|$))"
    r"|\bno\s+interactions?\b)"
)
"""That lines of marks which were just named are left out."""
BEHIND = r"[^.;\n]{0,60}?(?:[.;]\s[^.;\n]{0,30}?)?"
NO_LINES = rf"{NOT_RATED[0]}{BEHIND}{LEFT_OUT}"
CODE = rf"({MARK})\s+(?:is|means|stands\s+for|=)\s+[{QUOTES}][^{QUOTES}\n]{{1,30}}[{QUOTES}]"
CODES = (
    rf"(?P<codes>(?:{CODE.replace('(', '(?:', 1)}(?:\s*[,;.]|\s+and\b)?\s*){{1,6}})"
    r"(?:but\s+)?(?:(?:neither|none|it)(?:\s+of\s+(?:them|these|those))?\s+(?:is|are)\s+(?:not\s+)?"
    r"|(?:both|they|these)\s+are\s+(?:no|not)\s+)(?:an?\s+)?(?:real\s+)?ratings?\b"
)
"""Marks with what each says, none of which is a rating."""
_GATE = r"(?:(?:want|need|use|keep|count|take|look\s+at|the|with|have)\s+)*"
ONLY_RATED = (
    rf"\b(?:only|just)\s+{_GATE}explicit\s+(?:ratings?|feedback|scores?)\b",
    r"\bexplicit\s+(?:ratings?|feedback|scores?)\s+only\b",
)
"""That only lines with a rating count."""
SAID_OF_VALUES = (
    ("rated", (RATED,)),
    ("dropped", DROPPED),
    ("not_rated", (*NOT_RATED, CODES)),
    ("dropped", (NO_LINES, rf"{CODES}{BEHIND}{LEFT_OUT}")),
)
"""What may be said of values, the weaker first where several are found at one place."""


def marks_of(match: re.Match[str]) -> list[str]:
    """Return the values that a statement is about."""
    if codes := match.groupdict().get("codes"):
        return [m[1].strip(QUOTES) for m in re.finditer(CODE, codes, re.IGNORECASE)]
    parts = re.split(r"\s*(?:,|\band\b|\bor\b)\s*(?:a\s+)?", match["marks"])
    plain = (p.strip(f"{QUOTES} ") for p in parts)
    kept = [p for p in plain if p and (len(parts) > 1 or p.lower() not in NO_MARKS)]
    return [
        SPOKEN_MARKS.get(re.sub(r"(?<=zero)e?s$|(?<=dash)es$|(?<=blank)s$", "", p.lower()), p)
        for p in kept
    ]

"""Free text of scripts and judges, told as theirs; what states a result is left out."""

from __future__ import annotations

import re
from typing import Any

from agent_core.prose.clipping import on_one_line
from agent_core.prose.result_words import COMPARING, STRONG
from agent_core.prose.sentences import sentences

FIGURES = re.compile(
    r"\d[.,]\d|[%‰]|\bp\s*[<=>≤≥]|\bper ?cent\b|[≪≫≈]|[<>](?!=?\s*\d)|"
    r"\b(?:ndcg|recall|precision|mrr|map|hit(?: rate)?|rmse|mae|coverage)(?:@\d+)?"
    r"\s*(?:[:=]|is|of)",
    re.IGNORECASE,
)
RULE = re.compile(
    r"\b(?:ratings?|interactions?|users?|items?)\s*(?:with |of |from |is |are |at )?"
    r"(?:>=|<=|[<>≥≤=]|least|above|below|under|over|from|of)\s*\d+(?:\.\d+)?",
    re.IGNORECASE,
)
"""A rule of a filter, whose number is no result."""
MEASURES = re.compile(r"ndcg|recall|precision|\bmrr|\bmap\b|hit|rmse|mae|coverage|score|accuracy")
NAME = re.compile(r"[\w][\w .=+@/(),:-]{0,59}")
LEFT_OUT = "[…]"


def without_results(text: str, most: int = 300) -> str:
    """Return a text on one line, with a mark where a sentence states a result."""
    parts = sentences(text, at_semicolons=True)
    kept = " ".join(LEFT_OUT if _states_result(p) else p for p in parts)
    one_mark = re.sub(rf"(?:{re.escape(LEFT_OUT)} ?)+", f"{LEFT_OUT} ", kept)
    return on_one_line(one_mark, most)


def quoted(text: Any, most: int = 300) -> str:
    """Return a text in quotation marks, its own ones changed, without what states a result."""
    inner = re.sub(r"[“”\"]", "'", without_results(str(text), most))
    return f"“{inner}”"


def said_by(who: str, text: Any, most: int = 300) -> str:
    """Return the words of a script or judge as theirs."""
    return f"the {who} says: {quoted(text, most)}"


def short(value: Any, most: int = 40) -> str:
    """Return a value that a script recorded: plain numbers and names as they are, else quoted."""
    if value is None or isinstance(value, bool | int | float):
        return str(value)[:most]
    text = str(value)
    return text if len(text) <= most and is_name(text) else quoted(text, most)


def is_name(text: str) -> bool:
    """Whether a text can only be read as a name."""
    return NAME.fullmatch(text) is not None and not _states_result(text)


def is_measure(key: str) -> bool:
    """Whether a key of a configuration names a result."""
    return MEASURES.search(key.lower()) is not None


def _states_result(text: str) -> bool:
    """Whether words could be read as a finding: strong or comparing ones, figures."""
    rest = RULE.sub("", text)
    return any(p.search(rest) for p in (STRONG, COMPARING, FIGURES))

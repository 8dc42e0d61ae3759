"""Free text of scripts and judges, told as theirs; what states a result is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent_core.domain.metric import SPOKEN
from agent_core.prose.clipping import on_one_line
from agent_core.prose.patterns import read_patterns
from agent_core.prose.sentences import sentences

RESULTS = read_patterns(Path(__file__).with_name("result_patterns.toml"))
FIGURE = re.compile(rf"\b(?:{SPOKEN})(?:@\d+)?\s*(?:[:=]|is|of)", re.IGNORECASE)
"""A metric that is given a value."""
MEASURES = re.compile(rf"(?<![a-z])(?:{SPOKEN})|score|accuracy")
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
    rest = RESULTS["rule of a filter"].sub("", text)
    told = (RESULTS["strong"], RESULTS["comparing"], RESULTS["figures"], FIGURE)
    return any(pattern.search(rest) for pattern in told)

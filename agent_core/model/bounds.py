"""Whatever a script prints, a prompt stays small: heads and tails, tracebacks, no rows."""

from __future__ import annotations

import re

NUMERIC = re.compile(r"^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$")
SEPARATORS = re.compile(r"[\s,;|]+|::")
TRACEBACK = "Traceback (most recent call last)"
MIN_ROW_INTEGERS = 3
MAX_LINE = 400
OUTPUT, SOURCE, TASK, REFERENCE = 6000, 40_000, 6000, 6000
"""Characters of one piece of a prompt, at most."""


def clip(text: str, most: int) -> str:
    """Keep head and tail of a text, and say how much is left out between them."""
    if len(text) <= most:
        return text
    head = most // 3
    tail = most - head
    left_out = len(text) - head - tail
    return f"{text[:head]}\n[... {left_out:,} characters left out ...]\n{text[-tail:]}"


def shown_output(text: str, *, share_rows: bool, most: int = OUTPUT) -> str:
    """Return what a prompt shows of a script's output: bounded, without rows of the data."""
    text = clip(text, 20 * most)
    lines = [_clip_line(one) for one in text.splitlines()]
    kept = lines if share_rows else _without_rows(lines)
    return clip("\n".join(kept), most)


def shown_failure(text: str, *, share_rows: bool) -> str:
    """Return the last traceback of an output with some of what came before it."""
    place = text.rfind(TRACEBACK)
    if place < 0:
        return shown_output(text, share_rows=share_rows)
    before = shown_output(text[:place], share_rows=share_rows, most=OUTPUT // 4)
    trace = shown_output(text[place:], share_rows=share_rows, most=OUTPUT * 3 // 4)
    return f"{before}\n{trace}".strip()


def _clip_line(text: str) -> str:
    """Keep head and tail of an overlong line."""
    if len(text) <= MAX_LINE:
        return text
    half = MAX_LINE // 2
    return f"{text[:half]}[...]{text[-half:]}"


def _without_rows(lines: list[str]) -> list[str]:
    """Leave out lines that look like interactions: ids, a rating, a time, and nothing else."""
    kept: list[str] = []
    dropped = 0
    for one in [*lines, ""]:
        if _is_row(one):
            dropped += 1
            continue
        if dropped:
            kept.append(f"[{dropped} lines of data left out]")
            dropped = 0
        kept.append(one)
    return kept[:-1]


def _is_row(text: str) -> bool:
    """Whether a line holds numbers only, several of them whole."""
    parts: list[str] = [p for p in SEPARATORS.split(text.strip()) if p]
    if len(parts) < MIN_ROW_INTEGERS or not all(NUMERIC.match(p) for p in parts):
        return False
    return sum(p.isdigit() for p in parts) >= MIN_ROW_INTEGERS

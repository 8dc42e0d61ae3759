"""Texts that are too long for their place end in an ellipsis."""

from __future__ import annotations

ELLIPSIS = "…"
WORTH_KEEPING = 0.5
"""Share of the room that a text fills at least, where it ends before a word that does not fit."""


def clipped(text: str, most: int) -> str:
    """Return a text of at most `most` characters, an ellipsis in place of what is missing.

    It ends between words, where that does not cost much of it.

    Examples
    --------
    >>> clipped("one two three", 9), clipped("NDCG@10 of implicit factors", 18)
    ('one two…', 'NDCG@10 of…')
    """
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    end = -1 if text[most - 1].isspace() else kept.rfind(" ")
    return (kept[:end] if end >= WORTH_KEEPING * most else kept).rstrip() + ELLIPSIS


def on_one_line(text: str, most: int = 300) -> str:
    r"""Return a text without line breaks and double spaces, clipped.

    Examples
    --------
    >>> on_one_line("one\n two three", 9)
    'one two…'
    """
    return clipped(" ".join(text.split()), most)

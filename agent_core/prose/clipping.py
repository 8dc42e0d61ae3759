"""Texts that are too long for their place end in an ellipsis."""

from __future__ import annotations

ELLIPSIS = "…"


def clipped(text: str, most: int) -> str:
    """Return a text of at most `most` characters, an ellipsis in place of what is missing.

    Examples
    --------
    >>> clipped("one two three", 9)
    'one two…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + ELLIPSIS


def on_one_line(text: str, most: int = 300) -> str:
    r"""Return a text without line breaks and double spaces, clipped.

    Examples
    --------
    >>> on_one_line("one\n two three", 9)
    'one two…'
    """
    return clipped(" ".join(text.split()), most)

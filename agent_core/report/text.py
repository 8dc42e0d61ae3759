"""Text of a report on one line."""

from __future__ import annotations

CLIPPED = 260


def clip(text: str, most: int = CLIPPED) -> str:
    """Return a text on one line, shortened."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"

"""What people write for metrics, as patterns."""

from __future__ import annotations

import re
from functools import cache

from agent_core.domain.metric import KINDS


@cache
def spoken_metrics(end: str = "(?![A-Za-z])") -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each metric that people have words for, with the pattern of these.

    `end`: what follows the words, as a pattern.
    """
    return tuple(
        (k.name, re.compile(rf"(?<![A-Za-z])(?:{k.spoken}){end}", re.IGNORECASE))
        for k in KINDS
        if k.spoken
    )

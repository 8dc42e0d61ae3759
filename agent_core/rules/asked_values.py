"""Values that a question asks for and that no run recorded: another measure, cut-off or group."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent_core.domain import Metric, Plan
from agent_core.domain.metric import BY_NAME
from agent_core.prose.patterns import Pattern, read_patterns
from agent_core.rules.metric_words import spoken_metrics

CUT = r"(?:\s?@\s?|\s(?:at|of the first|in the top)\s)(\d{1,4})\b"


@dataclass(frozen=True, slots=True)
class AskedValues:
    """What a question asks beside what the plan has."""

    metrics: tuple[Metric, ...] = ()
    """That it names; none: the primary one."""
    fewest: int | None = None
    """Interactions that the users whom it asks about have at least."""
    most: int | None = None
    groups: str = ""
    """What users are grouped by, where it asks for groups of them."""
    is_comparison: bool = False

    def is_beyond(self, plan: Plan) -> bool:
        """Whether it asks for what the plan did not measure."""
        return bool(self.is_of_users or set(self.metrics) - set(plan.metrics))

    @property
    def is_of_users(self) -> bool:
        """Whether it is about some users only, or about groups of them."""
        return bool(self.fewest is not None or self.most is not None or self.groups)


def asked_values(question: str, plan: Plan) -> AskedValues:
    """Read what a question asks for: measures with their cut-offs, and users.

    Examples
    --------
    `Recall@5 of users with under 50 ratings?`
    """
    found = _patterns()
    fewest, most = (_bound(name, question) for name in ("fewest", "most"))
    has_groups = fewest is None and most is None and found["groups"].search(question)
    return AskedValues(
        tuple(dict.fromkeys(_metrics_in(question, plan))),
        fewest,
        most,
        "popular share of users" if has_groups and _is_taste(has_groups[0]) else
        "activity of users" if has_groups else "",
        found["compares"].search(question) is not None,
    )  # fmt: skip


def _metrics_in(text: str, plan: Plan) -> Iterator[Metric]:
    """Yield the metrics that a text names; one without a cut-off has that of the plan."""
    for name, spoken in spoken_metrics(rf"(?:{CUT}|(?![A-Za-z@]))"):
        for match in spoken.finditer(text):
            known = [m for m in plan.metrics if m.name == name]
            cut = int(match[1]) if match[1] else None
            if cut is None and known:
                yield known[0]
            elif cut is None and BY_NAME[name].needs_k:
                yield Metric(name, plan.primary.k or plan.list_length)
            else:
                yield Metric(name, cut)


def _bound(name: str, text: str) -> int | None:
    """Return the number of interactions that users have at least, or at most."""
    match = _patterns()[name].search(text)
    if match is None:
        return None
    number = int(next(v for v in match.groups() if v).replace(",", ""))
    if not _patterns()["excluded"].search(match[0]):
        return number
    return number + 1 if name == "fewest" else number - 1


def _is_taste(words: str) -> bool:
    return re.search(r"niche|mainstream|blockbuster", words, re.IGNORECASE) is not None


@cache
def _patterns() -> dict[str, Pattern]:
    return read_patterns(Path(__file__).with_name("asked_value_patterns.toml"))

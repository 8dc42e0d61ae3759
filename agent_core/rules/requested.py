"""What a plan says is reported, or a task asks to see: read into its form and what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from agent_core.domain import FactorRole, Plan
from agent_core.prose.number_words import SEVERAL
from agent_core.prose.patterns import Pattern, read_patterns
from agent_core.rules.design_words import factor_words
from agent_core.rules.metric_words import spoken_metrics

DRAWINGS = ("heat_map", "scatter", "distributions", "curves")
"""Ways to draw that tasks ask for by name."""
STATISTICS = (
    "mean", "difference", "ratio", "sd", "tau", "count", "chosen_test", "stop", "undominated",
    "interaction", "first_within",
)  # fmt: skip
"""Patterns of what is shown, by the names of statistics."""
_LONGEST = 120
_ARTICLES = ("the", "a", "an")
_OF_DATA = " data"
"""Ends the names of factors of which people leave it out: `share of the training`."""
_NUMBER = re.compile(rf"\b(\d{{1,2}}|{'|'.join(SEVERAL)}) (?=(?:[\w-]+ )?\w+s\b)", re.IGNORECASE)


class Form(StrEnum):
    """What something that is reported is."""

    FIGURE = "figure"
    TABLE = "table"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a text says that something shows."""

    metrics: frozenset[str] = frozenset()
    """Names of metrics, at any cut-off."""
    factors: frozenset[str] = frozenset()
    """Compared factors of the plan."""
    statistics: frozenset[str] = frozenset()
    drawings: frozenset[str] = frozenset()

    def holds(self, wanted: Shown) -> bool:
        """Whether all that is wanted is shown; a way to draw counts where both name one."""
        is_drawn_so = not (self.drawings and wanted.drawings) or bool(
            self.drawings & wanted.drawings
        )
        return is_drawn_so and all(
            getattr(wanted, part) <= getattr(self, part)
            for part in ("metrics", "factors", "statistics")
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recognised."""
        return not (self.metrics or self.factors or self.statistics or self.drawings)


@dataclass(frozen=True, slots=True)
class Requested:
    """Something that is to be reported."""

    text: str
    form: Form
    shown: Shown
    count: int = 1
    """How many: `2 plots`."""


def requested_of(plan: Plan) -> tuple[Requested, ...]:
    """Return what a plan says is reported."""
    return tuple(requested(text, plan) for text in dict.fromkeys(plan.reported))


def requested(text: str, plan: Plan) -> Requested:
    """Read one thing that is to be reported."""
    found = _patterns()
    form = next((f for f in (Form.FIGURE, Form.TABLE) if found[f.value].search(text)), Form.VALUE)
    number = _NUMBER.search(text) if form is not Form.VALUE else None
    words = number[1].lower() if number else "1"
    count = int(words) if words.isdecimal() else SEVERAL[words]
    return Requested(text, form, shown_by(text, plan), count)


def asked_items(text: str) -> tuple[str, ...]:
    """Return the figures and tables that a task asks to see, in its own words."""
    found = _patterns()
    plain = found["verbal"].sub("", " ".join(text.split()))
    items = (m[0].strip(" ,") for m in found["asked"].compiled.finditer(plain))
    return tuple(dict.fromkeys(i for i in items if len(i) <= _LONGEST and _is_noun(i)))


def shown_by(text: str, plan: Plan) -> Shown:
    """Read what a text says that something shows."""
    found = _patterns()
    return Shown(
        frozenset(name for name, spoken in spoken_metrics() if spoken.search(text)),
        frozenset(_factors_in(text, plan)),
        frozenset(name for name in STATISTICS if found[name].search(text)),
        frozenset(name for name in DRAWINGS if found[name].search(text)),
    )


def _is_noun(item: str) -> bool:
    """Whether a request is no bare verb: `Plot`, before what is to be drawn."""
    return " " in item or item.endswith("s")


def _factors_in(text: str, plan: Plan) -> Iterator[str]:
    """Yield the compared factors that a text names; repetitions are in whatever is shown."""
    small = _plain(text)
    for factor in plan.factors:
        told = (*factor_words(factor.name), factor.name)
        names = {_plain(name).removesuffix(_OF_DATA) for name in told}
        if factor.role is FactorRole.COMPARED and any(name in small for name in names):
            yield factor.name


def _plain(text: str) -> str:
    """Return a text in small letters, without articles and signs between words."""
    return " ".join(w for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in _ARTICLES)


@cache
def _patterns() -> dict[str, Pattern]:
    return read_patterns(Path(__file__).with_name("requested_patterns.toml"))

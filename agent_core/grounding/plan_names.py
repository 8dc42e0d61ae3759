"""Names that the plan gives: algorithms, metrics, data and hyperparameters, found in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from agent_core.domain import Dataset, Metric, Plan
from agent_core.rules.algorithm_names import WORDINGS, Wordings

SUSPECT = re.compile(
    r"\b(?:better|best|worse|worst|higher|lower|highest|lowest|beats?|wins?|winner|first|top|"
    r"superior|signific\w*|equal\w*|leads?|ahead|out-?perform\w*|strong\w*)\b|[<>=]{1,2}\s*\D",
    re.IGNORECASE,
)
LONGEST = 60
SHORTEST = 7
"""Letters of a name in small letters that is no common word."""


class Kind(StrEnum):
    """What a name stands for; the value is the character that takes its place."""

    ALGORITHM = "\ue010"
    METRIC = "\ue011"
    DATA = "\ue012"
    OTHER = "\ue013"


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a text."""

    start: int
    end: int
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """Finds the names of a plan, the longest first."""

    kinds: dict[str, Kind]
    pattern: re.Pattern[str]
    keys: re.Pattern[str]
    """Names of hyperparameters."""
    said: tuple[tuple[re.Pattern[str], str], ...] = ()
    """What else people call an algorithm, with its name in the plan."""

    @classmethod
    def of(cls, plan: Plan, datasets: Sequence[Dataset] = ()) -> Names:
        """Collect the names; one that says how good something is counts for nothing."""
        kinds: dict[str, Kind] = {}
        for algorithm in plan.algorithms:
            base = algorithm.name.split(" ")[0]
            for name in (algorithm.name, base, algorithm.kind, *_lower_case(base)):
                kinds.setdefault(name, Kind.ALGORITHM)
        for metric in (*plan.metrics, *plan.validated):
            kinds |= dict.fromkeys(_metric_names(metric), Kind.METRIC)
        data = [*plan.datasets, *(d.known_as for d in datasets if d.known_as)]
        kinds |= dict.fromkeys(data, Kind.DATA)
        known = {n: k for n, k in kinds.items() if n and len(n) <= LONGEST}
        known = {n: k for n, k in known.items() if not SUSPECT.search(n.replace("=", " "))}
        longest = sorted(known, key=len, reverse=True)
        every = "|".join(map(re.escape, longest)) or r"(?!)"
        keys = {key for a in plan.algorithms for key in a.config if key.isidentifier()}
        written = "|".join(sorted(map(re.escape, keys), key=len, reverse=True)) or r"(?!)"
        hyperparameters = re.compile(rf"\b(?:{written})\b", re.IGNORECASE)
        pattern = re.compile(rf"(?<![\w.])(?:{every})(?![\w@]|\.\d)")
        return cls(known, pattern, hyperparameters, tuple(_wordings(plan)))

    def canonical(self, text: str) -> str:
        """Return a text in which algorithms have the names of the plan.

        Examples
        --------
        >>> Names.of(plan).canonical("User kNN and iALS")  # doctest: +SKIP
        'UserKNN and ImplicitMF'
        """
        for pattern, name in self.said:
            text = pattern.sub(partial(_renamed, name), text)
        return text

    def found(self, text: str) -> list[Found]:
        """Return the names of a text in order."""
        return [
            Found(m.start(), m.end(), self.kinds[m[0]], m[0]) for m in self.pattern.finditer(text)
        ]

    def masked(self, text: str, *but: Kind) -> str:
        """Return a text with one character in place of each name, those of some kinds left."""
        return self.pattern.sub(
            lambda m: m[0] if self.kinds[m[0]] in but else self.kinds[m[0]].value, text
        )

    def without_keys(self, text: str) -> str:
        """Return a text with a mark for each hyperparameter."""
        return self.keys.sub(Kind.OTHER.value, text)

    def algorithms(self, text: str) -> set[str]:
        """Return the algorithms that a text names, in small letters."""
        return {f.name.lower() for f in self.found(text) if f.kind is Kind.ALGORITHM}


def is_algorithm(name: str, algorithm: str) -> bool:
    """Whether a name stands for an algorithm, or for the family that it is a variant of."""
    said, full = name.lower(), algorithm.lower()
    return said == full or full.startswith(f"{said} ")


def is_metric(name: str, key: str) -> bool:
    """Whether a name stands for a metric; without a cut-off it does for any."""
    base, _, cut = key.partition("@")
    written = _metric_names(Metric(base, int(cut) if cut.isdigit() else None))
    return name.lower() in {key, base, *map(str.lower, written)}


def _wordings(plan: Plan) -> Iterator[tuple[re.Pattern[str], str]]:
    """Yield what people call the algorithms of a plan, where one family alone is of its class."""
    families: dict[str, set[str]] = {}
    for algorithm in plan.algorithms:
        families.setdefault(algorithm.kind, set()).add(algorithm.family)
    for kind, names in families.items():
        said = WORDINGS.get(kind, Wordings()).names
        if said and len(names) == 1:
            pattern = rf"(?<![\w-])(?:{'|'.join(said)})(?![\w+]|-\w)"
            yield re.compile(pattern, re.IGNORECASE), next(iter(names))


def _renamed(name: str, found: re.Match[str]) -> str:
    """Return the name of an algorithm, what was said where it may be a common word."""
    said = found[0]
    is_word = said.isalpha() and said.islower() and len(said) < SHORTEST
    return said if is_word or said.lower() == name.lower() else name


def _lower_case(name: str) -> tuple[str, ...]:
    """Return a name in small letters where that is no common word."""
    return (name.lower(),) if len(name) >= SHORTEST and name.isalpha() else ()


def _metric_names(metric: Metric) -> tuple[str, ...]:
    """Return the ways to write a metric."""
    bare = metric.label.partition("@")[0]
    small = (f"n{name[1:]}" for name in (metric.label, bare))
    return (metric.label, metric.key, bare, bare.lower(), bare.upper(), *small)

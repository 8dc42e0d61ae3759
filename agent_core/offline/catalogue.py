"""What the rule-based researcher knows: algorithms, metrics, hyperparameters, and their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_core.domain.metric import KINDS
from agent_core.lenskit.scorers import SCORERS, Scorer
from agent_core.prose.patterns import read_patterns
from agent_core.prose.text_tables import read_table
from agent_core.rules.algorithm_names import WORDINGS

RANDOM = "CustomRandom"
"""Items at random: no scorer of LensKit is that, so the script has its class."""
OWN_SCORERS = {RANDOM: Scorer(RANDOM, "", (), f"{RANDOM}()", is_random=True)}


@dataclass(frozen=True, slots=True)
class Known:
    """An algorithm of LensKit at a sensible configuration that was not tuned on test data."""

    name: str
    kind: str
    names: str
    """Pattern of what people call it."""
    config: Mapping[str, Any] = field(default_factory=dict)
    rater: str = ""
    """Kind of the rater that people call so, too, and that no script is composed of."""

    @property
    def scorer(self) -> Scorer:
        """What its class is: one of LensKit, or a line of code of the script's own."""
        return SCORERS[self.kind] if self.kind in SCORERS else OWN_SCORERS[self.kind]

    def takes(self, parameter: str) -> bool:
        """Whether its class has a hyperparameter."""
        return parameter in self.scorer.parameters


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """A setting that people name."""

    names: str
    """Pattern of what people call it."""
    limits: tuple[float, float]
    """Sane values, both ends included."""
    algorithm: str
    """The algorithm to sweep it of where none is named."""
    sweep: tuple[float, ...]
    """The values that are tried where none are named."""
    title: str
    grows: bool = False
    """Whether a range is walked by doubling, not by decades."""


def word(pattern: str) -> re.Pattern[str]:
    """Compile a pattern that matches whole words, plain or as LensKit's class."""
    return re.compile(rf"(?<![\w-])(?:{pattern})(?:scorer)?(?![\w+])", re.IGNORECASE)


def _with_pattern(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the table with its names as one pattern and its lists as tuples."""
    lists = {k: tuple(v) for k, v in row.items() if isinstance(v, list)}
    names = "|".join(row["names"]) if "names" in row else WORDINGS[row["kind"]].expression
    return {**row, **lists, "names": names}


_TABLE = read_table(Path(__file__).with_suffix(".toml"))
ALGORITHMS = tuple(Known(**_with_pattern(row)) for row in _TABLE["algorithms"])
BY_NAME = {known.name: known for known in ALGORITHMS}
BY_KIND = {known.kind: known for known in ALGORITHMS}
HYPERPARAMETERS = {
    name: Hyperparameter(**_with_pattern(row)) for name, row in _TABLE["parameters"].items()
}
PARAMETERS = {name: known.names for name, known in HYPERPARAMETERS.items()}
COMPOSED = ("ndcg", "recall", "precision", "hit", "mrr", "map", "rmse", "mae", "coverage")
"""Metrics that composed scripts compute."""
METRICS: Mapping[str, str] = {k.name: k.spoken for k in KINDS if k.name in COMPOSED}
"""Metrics that offline plans may have, each with the pattern of what people call it."""
_SELECTIONS = read_patterns(Path(__file__).with_name("selection_patterns.toml"))
OUTSIDE = {"|".join(row["names"]): row["reason"] for row in _TABLE["outside"]} | {
    _SELECTIONS[name].expression: reason for name, reason in _TABLE["selections"].items()
}
"""Wishes beyond the grammar, and why."""
BEYOND = {"|".join(row["names"]): row["study"] for row in _TABLE["beyond"]}
"""Questions of another kind of study, which none of the known ones would answer."""

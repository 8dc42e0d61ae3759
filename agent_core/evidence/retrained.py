"""What the product's own training of a script's algorithms came to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

RETRAINED = "retrained.json"
GROSS_SHARE = 0.2
"""Share of the trained value from which a gap is no matter of versions, ties or luck: of 40
scripts written to get through it fails 22, of 30 honest runs none (ADR 8)."""
GROSS = 0.01
"""And the least gap of that sort: a fifth of an NDCG of 0.02 is a tie or two."""
UNLIKELY = 0.001
"""p from which the spread over seeds is not that of trainings of their own: of a thousand honest
metrics one is doubted."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A delivered value beside the one of the product's own training, both means over seeds."""

    algorithm: str
    metric: str
    k: int | None
    delivered: float
    trained: float
    slack: float
    """Gap that seeds and ties explain."""
    runs: int
    """Trainings of the product."""
    delivered_sd: float = 0.0
    """Over the script's seeds; 0 with fewer than three."""
    trained_sd: float = 0.0
    spread_p: float = 1.0
    """Two-sided p of the F test of both variances; 1 with too few seeds."""
    fold: str = ""
    """Where it was trained."""

    @property
    def gap(self) -> float:
        """How far they are apart."""
        return abs(self.delivered - self.trained)

    @property
    def agrees(self) -> bool:
        """Whether seeds and ties explain the gap."""
        return self.gap <= self.slack

    @property
    def scatters_alike(self) -> bool:
        """Whether the script's seeds can scatter as those of the product do."""
        return self.spread_p >= UNLIKELY

    @property
    def is_gross(self) -> bool:
        """Whether the delivered value cannot come from what was recorded."""
        return self.gap > max(2 * self.slack, GROSS, GROSS_SHARE * abs(self.trained))


class Way(StrEnum):
    """What else could have been done where the rules of a plan leave it open, or decide it."""

    OTHER_TIES = "other_ties"
    """Others of the interactions of one time are tested."""
    FULL_TRAINING = "full_training"
    """Ranked and masked are the items of the training before it was thinned."""
    OWN_TRAINING = "own_training"
    """Ranked and masked are the items of the thinned training."""


@dataclass(frozen=True, slots=True)
class OtherValue:
    """A delivered value beside what the product's own training comes to in another way."""

    way: Way
    turn: int
    """Which of several, from 0 on."""
    algorithm: str
    fold: str
    metric: str
    k: int | None
    delivered: float
    """Mean over the same seeds as `value`, where these were delivered."""
    value: float
    runs: int


@dataclass(frozen=True, slots=True)
class Retrained:
    """What was trained again, and what could not be."""

    fold: str
    """The folds, by commas."""
    pairs: tuple[Pair, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Algorithm to the reason."""
    cells: int = 0
    """Delivered runs that were trained again."""
    of: int = 0
    """Delivered runs; 0 where they were not counted."""
    others: tuple[OtherValue, ...] = ()
    """What comes of other ways."""
    unknown: Mapping[Way, str] = field(default_factory=dict)
    """Ways of which it was not, or not wholly, found out what comes of them, with the reason."""


def write_retrained(path: Path, retrained: Retrained) -> None:
    """Write it as JSON, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(retrained), indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_retrained(path: Path) -> Retrained | None:
    """Read it; None where there is none."""
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    pairs = tuple(Pair(**pair) for pair in content["pairs"])
    counts = {name: content.get(name, 0) for name in ("cells", "of")}
    others = (OtherValue(**{**o, "way": Way(o["way"])}) for o in content.get("others", ()))
    unknown = {Way(way): why for way, why in content.get("unknown", {}).items()}
    told = {**counts, "others": tuple(others), "unknown": unknown}
    return Retrained(content["fold"], pairs, content["left_out"], **told)

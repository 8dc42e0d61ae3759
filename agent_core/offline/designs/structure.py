"""The factors and measures of a design, as its questions see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent_core.domain import (
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    LevelValue,
    Metric,
)
from agent_core.domain.metric import KINDS

OF_PAIRS = tuple(kind.name for kind in KINDS if kind.is_of_pairs)
ALGORITHM = FactorKind.ALGORITHM.value
SEEDS = (FactorKind.MODEL_SEED, FactorKind.SPLIT_SEED, FactorKind.FOLD)
SIDE = (Estimand.COST, Estimand.COUNTS, Estimand.LEVEL, Estimand.GROUPS, Estimand.FALSE_ALARMS)
"""Questions that are asked beside a main one."""
OF_COSTS = (Estimand.RESPONSE, Estimand.DIFFERENCE, Estimand.LEVEL)
"""Questions that are ones of cost where a clause names nothing but time and memory."""
ORDERED_KINDS = (
    FactorKind.HYPERPARAMETER, FactorKind.TRAIN_SHARE, FactorKind.PROFILE_SIZE, FactorKind.DATA,
    FactorKind.RERANK,
)  # fmt: skip
REPEATED_WORDS = {
    FactorKind.FOLD.value: r"folds?",
    FactorKind.SPLIT_SEED.value: (
        r"splits?|hold-?outs?|draws?|partitions?|repetitions?|repeats?|cut"
    ),
    FactorKind.MODEL_SEED.value: (
        r"seeds?|init(?:s|iali\w+)?|(?:random\s+)?starts?|trainings?|runs?|model|retrain\w*"
    ),
}
"""What people call the levels of a repeated factor."""
COMPARED_WORDS = {
    FactorKind.SPLIT.value: r"split\w*|protocols?|hold-?outs?|evaluations?|strateg(?:y|ies)",
    FactorKind.DATA.value: r"k?-?cores?|filter\w*|thresholds?|preprocessing|samples?|pruning",
    FactorKind.DATASET.value: r"data\s?sets?|domains?|files?",
    FactorKind.TRAIN_SHARE.value: r"train(?:ing)?\s+(?:data|shares?|sizes?|parts?|sets?)|shares?",
    FactorKind.PROFILE_SIZE.value: r"profiles?(?:\s+sizes?)?|histor(?:y|ies)",
    FactorKind.RERANK.value: r"re-?rank\w*|lambdas?|strengths?",
}
"""What people call a compared factor beside the algorithm."""


@dataclass(frozen=True, slots=True)
class Structure:
    """The factors and measures that questions are asked of."""

    algorithms: tuple[str, ...]
    """All that are named, one of them or several."""
    factors: tuple[Factor, ...]
    metrics: tuple[Metric, ...]
    has_validation: bool = False
    labels: Mapping[str, LevelValue] = field(default_factory=dict)
    """Letters by which the text calls levels of the split."""
    said: tuple[str, ...] = ()
    """The sentences of the text, in usual form."""

    @property
    def repeated(self) -> tuple[str, ...]:
        """The factors whose levels are a sample."""
        return tuple(f.name for f in self.factors if f.role is FactorRole.REPEATED)

    @property
    def others(self) -> tuple[Factor, ...]:
        """The compared factors beside the algorithm."""
        compared = (f for f in self.factors if f.role is FactorRole.COMPARED)
        return tuple(f for f in compared if f.kind is not FactorKind.ALGORITHM)

    @property
    def ordered(self) -> tuple[Factor, ...]:
        """The compared factors whose levels a measure can follow."""
        return tuple(f for f in self.others if f.kind in ORDERED_KINDS)

    @property
    def follows(self) -> bool:
        """Whether a measure can follow levels that all of them are tested at."""
        return bool(self.ordered) and not self.has_validation

    @property
    def has_several(self) -> bool:
        """Whether algorithms are compared."""
        return any(f.kind is FactorKind.ALGORITHM for f in self.factors)

    def has(self, kind: FactorKind) -> bool:
        """Whether there is a factor of a kind."""
        return any(f.kind is kind for f in self.factors)

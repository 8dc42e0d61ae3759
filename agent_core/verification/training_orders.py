"""What the product trains itself: which algorithms, in which folds, from which seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent_core.checks.results.metrics import sampled_candidates
from agent_core.data.parquet_reader import RUN
from agent_core.domain import Algorithm, Candidates, FactorKind
from agent_core.domain.metric import RATING
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.lenskit.scorers import SCORERS
from agent_core.measures import metrics
from agent_core.verification.sampled_cells import sampled_cells
from agent_core.verification.training_parts import why_not_in

SEEDS = 3
"""Trainings of an algorithm that draws random numbers: the fewest whose spread can be compared."""
RERANK = FactorKind.RERANK.value
NO_RERANK = "none"


@dataclass(frozen=True, slots=True)
class Training:
    """One algorithm to train."""

    number: int
    place: str
    """Which parts it is given: of the fold, or of the fold in another way."""
    fold: str
    name: str
    kind: str
    module: str
    config: Mapping[str, Any]
    seeds: tuple[int | None, ...]
    lists: bool
    predictions: bool
    rated: bool = True
    """Whether the training data have their ratings."""
    names_all: bool = False
    """Whether training knows the names of all who are tested, also without rows of theirs."""


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What is trained, in which places."""

    places: tuple[str, ...]
    length: int
    """Of the lists."""
    algorithms: tuple[Training, ...]
    left_out: Mapping[str, str]
    """Algorithm to the reason."""
    of: int = 0
    """Delivered runs."""


def training_order_of(evidence: Evidence) -> TrainingOrder | None:
    """Return what the product can train itself; None where no split was saved."""
    delivered = set(evidence.single["fold"])
    if not set(evidence.train) & set(evidence.test) & delivered:
        return None
    planned = {a.name: a for a in evidence.plan.algorithms}
    reasons = {name: why_left_out(evidence, a) for name, a in planned.items()}
    picks = sampled_cells(evidence, [n for n, reason in reasons.items() if not reason])
    left_out = {n: reason for n, reason in reasons.items() if reason}
    chosen: list[Training] = []
    for name, fold in picks:
        if reason := why_not_in(evidence, fold):
            left_out.setdefault(name, reason)
        else:
            chosen.append(training_of(evidence, len(chosen), planned[name], fold))
    trained = {t.name for t in chosen}
    # What only lists on the part that is chosen by is no result.
    chosen_by = set(evidence.validated["algorithm"]) - set(evidence.single["algorithm"])
    silent = [n for n in planned if n not in {*trained, *left_out, *chosen_by}]
    left_out |= dict.fromkeys(silent, "it has no results in a fold that can be trained again")
    return TrainingOrder(
        tuple(dict.fromkeys(t.fold for t in chosen)),
        list_length(evidence),
        tuple(chosen),
        {n: reason for n, reason in left_out.items() if n not in trained},
        len(evidence.single[RUN].drop_duplicates()),
    )


def list_length(evidence: Evidence) -> int:
    """Return how long lists must be for all that was measured."""
    lengths = [
        evidence.plan.list_length,
        *(int(k) for k in evidence.single["k"].dropna().unique()),
    ]
    return min(max(lengths), metrics.LONGEST)


def why_left_out(evidence: Evidence, algorithm: Algorithm) -> str:
    """Say why an algorithm cannot be trained again; empty where it can."""
    is_ruled = any(b.split.candidates is Candidates.SAMPLED for b in evidence.blocks.values())
    if not is_ruled and sampled_candidates(evidence):
        return "only sampled items were ranked"
    if algorithm.levels.get(RERANK, NO_RERANK) != NO_RERANK:
        return "its lists are ranked anew"
    said = recorded_algorithms(evidence.run).get(algorithm.name, {})
    if str(said.get("class")) not in SCORERS:
        return f"{said.get('class') or algorithm.kind} is no scorer of LensKit"
    return "" if isinstance(said.get("config"), dict) else "its configuration was not recorded"


def training_of(evidence: Evidence, number: int, algorithm: Algorithm, fold: str) -> Training:
    """Return how an algorithm is trained again; a random one with the first recorded seeds."""
    rows = evidence.single
    rows = rows[(rows["fold"] == fold) & (rows["algorithm"] == algorithm.name)]
    records = (said for run, said in evidence.records.items() if run[:2] == (algorithm.name, fold))
    said = next(records, recorded_algorithms(evidence.run)[algorithm.name])
    scorer = SCORERS[str(said["class"])]
    known = [int(s) for s in rows["seed"].unique() if str(s).isdecimal()][:SEEDS]
    fresh = [s for s in range(SEEDS) if s not in known]
    seeds = (*known, *fresh)[:SEEDS] if scorer.is_random else (None,)
    rates = rows["metric"].isin(RATING)
    return Training(
        number, fold, fold, algorithm.name, scorer.kind, scorer.module, said["config"],
        tuple(seeds), bool((~rates).any()), bool(rates.any()),
    )  # fmt: skip


def delivered_seeds(evidence: Evidence, training: Training) -> list[str]:
    """Return the delivered seeds that a training is of: those it has, else all."""
    rows = evidence.single
    own = rows[(rows["fold"] == training.fold) & (rows["algorithm"] == training.name)]
    named = {str(s) for s in training.seeds if s is not None}
    seeds = [str(s) for s in own["seed"].unique()]
    return [s for s in seeds if s in named] or seeds

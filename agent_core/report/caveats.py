"""What readers must know of numbers: whose word they are, over what, and what did not vary."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.evidence.predicted_ratings import ENOUGH, shares
from agent_core.measures.metrics import KNOWN
from agent_core.report.report_inputs import ReportInputs
from agent_core.statistics.facts import Facts
from agent_core.statistics.repetition_units import CONFOUNDED

SPLIT_EFFECT = "effect of the split"
"""What the product says itself, from the test sets that were saved."""


def own_word(inputs: ReportInputs) -> list[str]:
    """Say that nobody but the script vouches for the primary metric, where that is so."""
    primary = inputs.plan.primary
    if primary.name in KNOWN or not inputs.has_results:
        return []
    return [
        f"**{primary.label} is the script's own word:** the product has no definition of it and "
        "computed none of its values again."
    ]


def unpredicted_text(inputs: ReportInputs) -> list[str]:
    """Say which algorithm predicted so few of the tested ratings that its error is of others."""
    if inputs.evidence is None:
        return []
    least: dict[str, float] = {}
    for (algorithm, _, _), share in shares(inputs.evidence).items():
        least[algorithm] = min(share, least.get(algorithm, 1.0))
    short = [f"{name} {share:.0%}" for name, share in least.items() if share < ENOUGH]
    if not short:
        return []
    return [
        f"**Not all tested ratings were predicted:** {', '.join(short[:4])}. Errors are over the "
        "predicted ones, which may be the easier ones."
    ]


def split_limits(inputs: ReportInputs, facts: Facts) -> list[str]:
    """Say what of the split was not varied, mixed with the seed, or left out of the means."""
    found = []
    mixed = _mixed_algorithms(inputs, facts)
    if mixed:
        found.append(
            f"Each seed of {', '.join(mixed[:4])} has a split of its own: what comes of the seed "
            "and what of the split cannot be told apart."
        )
    elif _splits(inputs) == 1:
        found.append("One split; the effect of the split was **not** measured.")
    if facts.left_out:
        folds = ", ".join(facts.left_out[:6])
        found.append(
            f"Folds left out of all means, because not every compared algorithm has them: {folds}."
        )
    return found


def known_limits(inputs: ReportInputs, facts: Facts, limits: Sequence[str]) -> tuple[str, ...]:
    """Return a researcher's limits without those that say of a varied split that it was fixed."""
    is_varied = _splits(inputs) > 1 or bool(_mixed_algorithms(inputs, facts))
    return tuple(t for t in limits if not (is_varied and SPLIT_EFFECT in t))


def _mixed_algorithms(inputs: ReportInputs, facts: Facts) -> list[str]:
    """Return the algorithms of which each seed has a split of its own."""
    return [s.algorithm for s in facts.of(inputs.plan.primary) if s.over == CONFOUNDED]


def _splits(inputs: ReportInputs) -> int:
    """Return how many test sets were saved; the planned number where none was."""
    saved = len(inputs.evidence.test) if inputs.evidence else 0
    return saved or inputs.plan.split.folds

"""Whether the delivered values are those of the recorded algorithms, trained by the product."""

from __future__ import annotations

from collections.abc import Iterable

from agent_core.checks.result import Result, failed, label, not_applicable, passed, some, warned
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.retrained import Pair, Retrained


def retraining_agrees(evidence: Evidence) -> Result:
    """Compare the delivered values with those of the product's own training."""
    retrained = evidence.retrained
    if retrained is None:
        return not_applicable("The product has not trained these algorithms itself.")
    if not retrained.pairs:
        return not_applicable(f"Nothing could be trained again: {_left_out_text(retrained)}.")
    gross = [p for p in retrained.pairs if p.is_gross]
    if gross:
        return failed(
            "Trained by the product from the recorded class, configuration and split: "
            f"{some(map(_pair_text, gross))}. The delivered values cannot come from these."
        )
    doubts = [_pair_text(p) for p in retrained.pairs if not p.agrees]
    doubts += [_spread_text(p) for p in retrained.pairs if not p.scatters_alike]
    if doubts:
        return warned(
            "Trained by the product from the recorded class, configuration and split: "
            f"{some(doubts)}."
        )
    return passed(_confirmed_text(evidence, retrained))


def _pair_text(pair: Pair) -> str:
    """Name a delivered and a trained value."""
    name = label(pair.metric, pair.k if pair.k is not None else float("nan"))
    return f"{name} of {pair.algorithm} {pair.trained:.4g}, delivered {pair.delivered:.4g}"


def _spread_text(pair: Pair) -> str:
    """Name two spreads over seeds that cannot be of the same sort."""
    name = label(pair.metric, pair.k if pair.k is not None else float("nan"))
    return (
        f"SD over seeds of {name} of {pair.algorithm} {pair.trained_sd:.2g}, delivered "
        f"{pair.delivered_sd:.2g}: not the spread of trainings of their own"
    )


def _confirmed_text(evidence: Evidence, retrained: Retrained) -> str:
    """Say what was trained again, with the primary metric, and what was not."""
    primary = evidence.plan.primary
    shown = [p for p in retrained.pairs if (p.metric, p.k) == (primary.name, primary.k)]
    told = some(map(_pair_text, shown or retrained.pairs), 6)
    others = f" Not trained again: {_left_out_text(retrained)}." if retrained.left_out else ""
    return (
        f"Trained by the product itself on the saved split (fold {retrained.fold}), all "
        f"{len(retrained.pairs)} values within what seeds and ties explain: {told}.{others}"
    )


def _left_out_text(retrained: Retrained) -> str:
    """Name what was not trained again, with the reasons."""
    reasons: Iterable[str] = (f"{name} ({why})" for name, why in retrained.left_out.items())
    return some(reasons)

"""Whether the delivered values are those of the recorded algorithms, trained by the product."""

from __future__ import annotations

from agent_core.checks.result import Detail, Result, failed, not_applicable, passed, warned
from agent_core.domain import Metric
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.retrained import Pair, Retrained


def retraining_agrees(evidence: Evidence) -> Result:
    """Compare the delivered values with those of the product's own training."""
    retrained = evidence.retrained
    if retrained is None:
        return not_applicable("The product has not trained these algorithms itself.")
    if not retrained.pairs:
        told = "Nothing could be trained again: {algorithms}."
        return not_applicable(told, algorithms=_left_out(retrained))
    told = "Trained by the product from the recorded class, configuration and split: {pairs}."
    if gross := [_pair_text(p) for p in retrained.pairs if p.is_gross]:
        return failed(f"{told} The delivered values cannot come from these.", pairs=gross)
    doubts = [_pair_text(p) for p in retrained.pairs if not p.agrees]
    doubts += [_spread_text(p) for p in retrained.pairs if not p.scatters_alike]
    if doubts:
        return warned(told, pairs=doubts)
    return passed(_confirmed_text(evidence, retrained))


def _pair_text(pair: Pair) -> Detail:
    """Name a delivered and a trained value."""
    told = "{metric} of {algorithm} {trained:.4g}, delivered {delivered:.4g}"
    return Detail(told, **_names_of(pair), trained=pair.trained, delivered=pair.delivered)


def _spread_text(pair: Pair) -> Detail:
    """Name two spreads over seeds that cannot be of the same sort."""
    told = (
        "SD over seeds of {metric} of {algorithm} {trained:.2g}, delivered {delivered:.2g}: not "
        "the spread of trainings of their own"
    )
    return Detail(told, **_names_of(pair), trained=pair.trained_sd, delivered=pair.delivered_sd)


def _names_of(pair: Pair) -> dict[str, str]:
    """Return what a pair is of."""
    return {"metric": Metric(pair.metric, pair.k).key, "algorithm": pair.algorithm}


def _confirmed_text(evidence: Evidence, retrained: Retrained) -> Detail:
    """Say what was trained again, with the primary metric, and what was not."""
    primary = evidence.plan.primary
    shown = [p for p in retrained.pairs if (p.metric, p.k) == (primary.name, primary.k)]
    told = Detail(
        "Trained by the product itself on the saved split (fold {fold}), all {count} values "
        "within what seeds and ties explain: {pairs:6}.",
        fold=retrained.fold,
        count=len(retrained.pairs),
        pairs=map(_pair_text, shown or retrained.pairs),
    )
    if left_out := _left_out(retrained):
        told += Detail(" Not trained again: {left_out}.", left_out=left_out)
    return told


def _left_out(retrained: Retrained) -> list[str]:
    """Name what was not trained again, with the reasons."""
    return [f"{name} ({why})" for name, why in retrained.left_out.items()]

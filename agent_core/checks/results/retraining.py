"""Whether the delivered values are those of the recorded algorithms, trained by the product."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from agent_core.checks.result import Detail, Result, failed, not_applicable, passed, some, warned
from agent_core.data.parquet_reader import RUN
from agent_core.domain import Metric, Plan
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.retrained import Pair, Retrained


def retraining_agrees(evidence: Evidence) -> Result:
    """Compare the delivered values with those of the product's own training."""
    retrained = evidence.retrained
    if retrained is None:
        return not_applicable("The product has not trained these algorithms itself.")
    if not retrained.pairs:
        told = "Nothing could be trained again: {algorithms}."
        return not_applicable(told, algorithms=_left_out(evidence, retrained))
    told = "Trained by the product from the recorded class, configuration and split: {pairs}."
    if gross := [_pair_text(p) for p in retrained.pairs if p.is_gross]:
        told += " The delivered values cannot come from these.{lonely}"
        return failed(told, pairs=gross, lonely=_lonely_users(evidence, retrained))
    doubts = [_pair_text(p) for p in retrained.pairs if not p.agrees]
    doubts += [_spread_text(p) for p in retrained.pairs if not p.scatters_alike]
    if doubts:
        more = {"lonely": _lonely_users(evidence, retrained), "rest": _rest(evidence, retrained)}
        return warned(told + "{lonely}{rest}", pairs=doubts, **more)
    return passed(_confirmed_text(evidence, retrained))


def what_explains(plan: Plan, pairs: Iterable[Pair]) -> str:
    """Return what makes two trainings differ: ties, and seeds of what draws random numbers."""
    names = dict.fromkeys(p.algorithm for p in pairs)
    drawing = [a.name for a in plan.algorithms if a.is_random and a.name in names]
    if not drawing:
        return "ties"
    is_all = len(drawing) == len(names)
    return "seeds and ties" if is_all else f"ties and the seeds of {some(drawing)}"


def share_without_training(evidence: Evidence, fold: str) -> float:
    """Return the share of the tested users who have no training rows; 0 where none was saved."""
    if fold not in evidence.train or fold not in evidence.test:
        return 0.0
    users = evidence.test[fold]["user_id"].unique()
    return float(1 - np.isin(users, evidence.train[fold]["user_id"].unique()).mean())


def _lonely_users(evidence: Evidence, retrained: Retrained) -> Detail:
    """Say how many of those who are tested have no training rows, where some have none."""
    folds = {p.fold or retrained.fold for p in retrained.pairs}
    worst = max((share_without_training(evidence, f) for f in folds), default=0.0)
    told = (
        " {lonely:.1%} of the tested users have no training rows: they have lists where training "
        "knows their names, as after a splitter, and none where it does not."
    )
    return Detail(told, lonely=worst) if worst else Detail("")


def _pair_text(pair: Pair) -> Detail:
    """Name a delivered and a trained value."""
    told = "{metric} of {algorithm} {trained:.4g}, delivered {delivered:.4g}"
    found = Detail(told, **_names_of(pair), trained=pair.trained, delivered=pair.delivered)
    return found + Detail(" (fold {fold})", fold=pair.fold) if pair.fold else found


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
        "Trained by the product itself on the saved split ({looked_at}), all {count} values "
        "within what {reasons} explain: {pairs:6}.",
        reasons=what_explains(evidence.plan, retrained.pairs),
        looked_at=_looked_at(retrained),
        count=len(retrained.pairs),
        pairs=map(_pair_text, shown or retrained.pairs),
    )
    return told + _rest(evidence, retrained)


def _looked_at(retrained: Retrained) -> Detail:
    """Say how much of what was delivered was trained again."""
    told = Detail("fold {fold}", fold=retrained.fold)
    if not retrained.of:
        return told
    return Detail("{cells} of {of} cells, ", cells=retrained.cells, of=retrained.of) + told


def _rest(evidence: Evidence, retrained: Retrained) -> Detail:
    """Name what was not trained again, where there is any."""
    left_out = _left_out(evidence, retrained)
    return Detail(" Not trained again: {left_out}.", left_out=left_out) if left_out else Detail("")


def _left_out(evidence: Evidence, retrained: Retrained) -> list[Detail]:
    """Name what was not trained again, with the reasons and the number of delivered runs."""
    runs = evidence.single[RUN].drop_duplicates()["algorithm"].value_counts()
    return [
        Detail(
            "{name} ({why}; {cells} cell{s})",
            name=name, why=why, cells=(count := int(runs.get(name, 0))), s="s" * (count != 1),
        )
        for name, why in retrained.left_out.items()
    ]  # fmt: skip

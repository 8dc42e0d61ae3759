"""Which cells the product trains again: every algorithm, and every level of data and split."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain.cell_samples import fewest_covering
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.views import compared_places
from agent_core.verification.training_parts import why_not_in

Pick = tuple[str, str]
"""Algorithm and fold."""


def sampled_cells(evidence: Evidence, names: Sequence[str]) -> tuple[Pick, ...]:
    """Return algorithms with the folds in which they are trained again.

    Each algorithm is there once, and each compared level of data and split; of folds that only
    repeat any will do. Folds in which nothing can be trained again are taken where there are no
    others.

    Parameters
    ----------
    evidence
        What the script delivered.
    names
        The algorithms that can be trained again.
    """
    single = evidence.single
    has = {n: set(single.loc[single["algorithm"] == n, "fold"]) for n in names}
    saved = set(evidence.train) & set(evidence.test)
    ready = [f for f in sorted(saved) if any(f in own for own in has.values())]
    ready = [f for f in ready if not why_not_in(evidence, f)] or ready
    cover = _covering(evidence, ready)
    found: list[Pick] = []
    for number, name in enumerate(n for n in names if has[n] & set(ready)):
        turned = [*cover[number % len(cover) :], *cover, *ready] if cover else ready
        found.append((name, next(f for f in turned if f in has[name])))
    for fold in cover:
        if fold not in {f for _, f in found}:
            found.append((next(n for n in reversed(names) if fold in has[n]), fold))
    return tuple(found)


def _covering(evidence: Evidence, folds: Sequence[str]) -> list[str]:
    """Return folds that have each compared level of data and split together, few of them."""
    levels: dict[str, set[tuple[str, str]]] = {fold: set() for fold in folds}
    for place, own in compared_places(evidence).items():
        for fold in own:
            if fold in levels:
                levels[fold] = {(name, str(level)) for name, level in place}
    return fewest_covering(levels) or list(folds[:1])

"""Whether the saved split is made of the interactions of the dataset."""

from __future__ import annotations

from agent_core.checks.result import Detail, Result, failed, not_applicable, passed, some, warned
from agent_core.checks.split.variants import is_variant
from agent_core.evidence.evidence import Evidence


def split_from_data(evidence: Evidence) -> Result:
    """Check that the saved interactions are those of the dataset.

    It binds: a tested pair that nobody ever had can be chosen so that a model finds it. Variants
    of the data may add some, which readers are told; of several datasets only one is looked at.
    """
    if not evidence.test:
        return failed("No split was saved, so that it cannot be checked.")
    if not evidence.origins:
        return not_applicable("The dataset cannot be read here.")
    told = "{pairs:,} of {of:,} pairs of fold {fold} are not in the dataset"
    strange = {
        fold: Detail(told, pairs=o.unknown, of=o.pairs, fold=fold)
        for fold, o in evidence.origins.items()
        if o.unknown
    }
    strange |= {
        f: Detail("fold {fold} has {faults}", fold=f, faults=some(o.faults))
        for f, o in evidence.origins.items()
        if o.faults
    }
    is_one = len(evidence.datasets) < 2
    if is_one and any(not is_variant(evidence, fold) for fold in strange):
        return failed(f"Not the data: {some(strange.values())}.", strange.values())
    if strange:
        return warned(
            f"Not all of it is data as given: {some(strange.values())}.", strange.values()
        )
    renamed = [fold for fold, origin in evidence.origins.items() if origin.is_renamed]
    if renamed:
        return warned(
            f"Users and items have other ids than in the dataset (fold {some(renamed)}): the "
            "pairs could not be found there; their counts contradict nothing."
        )
    total = sum(len(rows) for o in evidence.origins.values() for rows in o.rows.values())
    return passed(f"All {total:,} saved interactions are in the dataset.")

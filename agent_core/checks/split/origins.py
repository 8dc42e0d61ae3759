"""Whether the saved split is made of the interactions of the dataset."""

from __future__ import annotations

from collections.abc import Iterator

from agent_core.checks.result import Detail, Result, failed, not_applicable, passed, some, warned
from agent_core.checks.split.variants import is_variant
from agent_core.evidence.evidence import Evidence

UNKNOWN = "{pairs:,} of {of:,} pairs of fold {fold} are not in the dataset"


OWN_READING = (
    "The script read the ids of {what} from the file in its own way: {several:,} {what} became "
    "{one:,} (e.g. {examples}). `labbook.load` reads them as they are: use it, or read ids as "
    "text, without words for missing values."
)


def split_from_data(evidence: Evidence) -> Result:
    """Check that the saved interactions are those of the dataset.

    It binds: a tested pair that nobody ever had can be chosen so that a model finds it. Variants
    of the data may add some, which readers are told; of several datasets only one is looked at.
    """
    if not evidence.test:
        return failed("No split was saved, so that it cannot be checked.")
    if not evidence.origins:
        return not_applicable("The dataset cannot be read here.")
    strange = {
        fold: Detail("fold {fold} has {faults}", fold=fold, faults=origin.faults)
        if origin.faults
        else Detail(UNKNOWN, pairs=origin.unknown, of=origin.pairs, fold=fold)
        for fold, origin in evidence.origins.items()
        if origin.faults or origin.unknown
    }
    is_one = len(evidence.datasets) < 2
    read = list(_own_readings(evidence))
    if strange and read:
        return failed("{why} {faults}.", why=read[0], faults=strange.values())
    if is_one and any(not is_variant(evidence, fold) for fold in strange):
        return failed("Not the data: {faults}.", faults=strange.values())
    if strange:
        return warned("Not all of it is data as given: {faults}.", faults=strange.values())
    renamed = [fold for fold, origin in evidence.origins.items() if origin.is_renamed]
    if renamed:
        told = (
            "Users and items have other ids than in the dataset (fold {folds}): the pairs could "
            "not be found there; their counts contradict nothing."
        )
        return warned(told, folds=renamed)
    total = sum(len(rows) for o in evidence.origins.values() for rows in o.rows.values())
    return passed(
        "All {interactions:,} saved interactions are in the dataset.", interactions=total
    )


def _own_readings(evidence: Evidence) -> Iterator[Detail]:
    """Say which users and items a script's own reading of the file has made one."""
    for column, what in (("user_id", "users"), ("item_id", "items")):
        merged = {
            text: own
            for origin in evidence.origins.values()
            if column in origin.meanings
            for text, own in origin.meanings[column].merged.items()
        }
        if merged:
            told = [f"{some(own)} as {text or 'missing'}" for text, own in merged.items()]
            several = sum(map(len, merged.values()))
            named = {"what": what, "several": several, "one": len(merged), "examples": told}
            yield Detail(OWN_READING, **named)

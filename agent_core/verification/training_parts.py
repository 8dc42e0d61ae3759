"""What one training of the product is given: the parts of a fold, and which items it ranks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent_core.data.drawn_candidates import drawn_candidates
from agent_core.data.interactions import Interactions
from agent_core.data.parquet_reader import PAIR
from agent_core.domain import Block, Candidates, Masked
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.full_training import full_training, needs_full_training
from agent_core.evidence.id_codes import are_among

GivenParts = Mapping[str, pd.DataFrame]
"""`train`, `test`, and where they are asked for `query`, what unseen users keep; `items` that are
ranked; `candidates`, the pairs that are; `masked`, the pairs that never are."""
APART = ("test", "validation", "query", "validation_query")


def why_not_in(evidence: Evidence, fold: str) -> str:
    """Say why nothing can be trained again in a fold; empty where it can."""
    block = evidence.blocks.get(fold)
    if block is None:
        return ""
    if not block.split.in_training and fold not in evidence.query:
        return "what its test users keep was not saved"
    if needs_full_training(block) and full_training(evidence, fold) is None:
        return "the training before it was thinned is not known"
    if block.split.candidates is Candidates.SAMPLED and _candidates(evidence, block, fold) is None:
        return "the items that were ranked were drawn by the script"
    return ""


def given_parts(evidence: Evidence, fold: str) -> GivenParts:
    """Return what a training of a fold is given, as its rules ask."""
    found = {"train": training_part(evidence, fold), "test": evidence.test[fold]}
    block = evidence.blocks.get(fold)
    if block is None:
        return found
    if not block.split.in_training:
        found["query"] = evidence.query[fold]
    if block.split.masked is Masked.NOTHING:
        found["masked"] = found["train"].iloc[:0]
    if needs_full_training(block):
        return found | full_ranking(evidence, fold)
    if block.split.candidates is Candidates.SAMPLED:
        candidates = _candidates(evidence, block, fold)
        assert candidates is not None, "why_not_in said that they are known"
        found["candidates"] = candidates
    return found


def training_part(evidence: Evidence, fold: str) -> pd.DataFrame:
    """Return what models of a fold are trained on in the end."""
    part = evidence.train[fold]
    kept = evidence.validation.get(fold)
    if kept is None or not evidence.split_of(fold).trains_on_validation:
        return part
    return pd.concat([part, kept], ignore_index=True)


def full_ranking(
    evidence: Evidence, fold: str, *, ranks: bool | None = None, masks: bool | None = None
) -> dict[str, pd.DataFrame]:
    """Return the items and the mask of the training before it was thinned.

    Parameters
    ----------
    evidence
        What a script delivered.
    fold
        A fold of thinned training.
    ranks, masks
        Whether its items are ranked, and its pairs masked; None: as the rules say.
    """
    full, split = full_training(evidence, fold), evidence.split_of(fold)
    if full is None:
        return {}
    ranks = split.candidates is Candidates.FULL_TRAINING if ranks is None else ranks
    masks = split.masked is Masked.FULL_TRAINING if masks is None else masks
    found = {"items": full.train[["item_id"]].drop_duplicates()} if ranks else {}
    return found | ({"masked": full.known} if masks else {})


def _candidates(evidence: Evidence, block: Block, fold: str) -> pd.DataFrame | None:
    """Return the pairs that the rule draws; None where lists have others."""
    key = "drawn candidates", fold
    if key not in evidence.memory:
        drawn = _drawn(evidence, block, fold)
        evidence.memory[key] = drawn if _list_only(evidence, drawn, fold) else None
    found: pd.DataFrame | None = evidence.memory[key]
    return found


def _drawn(evidence: Evidence, block: Block, fold: str) -> pd.DataFrame:
    """Return the pairs that the rule of a block draws, from the parts that were saved."""
    full = full_training(evidence, fold)
    train = evidence.train[fold] if full is None else full.train
    apart = [getattr(evidence, name).get(fold) for name in APART]
    frames = [train, *(part for part in apart if part is not None)]
    whole = pd.concat([f[list(PAIR)] for f in frames], ignore_index=True)
    data = Interactions.of(whole, evidence.ids.texts)
    rows, first = data.rows, len(train)
    tested = rows[first : first + len(evidence.test[fold])]
    count = block.split.candidate_count or 0
    users, items = drawn_candidates(data, rows[:first], tested, count, block.split.seed)
    return pd.DataFrame(
        {
            "user_id": whole["user_id"].to_numpy()[users],
            "item_id": whole["item_id"].to_numpy()[items],
        }
    )


def _list_only(evidence: Evidence, drawn: pd.DataFrame, fold: str) -> bool:
    """Whether the lists of a fold have no other pairs than these."""
    keys, runs = np.sort(_keys(drawn)), (run for run in evidence.lists if run[1] == fold)
    return all(bool(are_among(_keys(evidence.lists[run]), keys).all()) for run in runs)


def _keys(pairs: pd.DataFrame) -> NDArray[np.int64]:
    users, items = (pairs[c].to_numpy(dtype=np.int64) for c in PAIR)
    return np.asarray(users << 32 | items)

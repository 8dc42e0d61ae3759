"""What a script says that filters left, beside what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from agent_core.checks.result import Detail
from agent_core.checks.split.split_kinds import Fold
from agent_core.checks.split.variants import PATTERNS, is_to_choose_on, is_variant, may_lose
from agent_core.data.parquet_reader import PAIR
from agent_core.evidence.evidence import Evidence
from agent_core.prose.quotation import short

COUNT_SLACK = 0.01
"""Users without a partner in training and the like may be fewer than a filter left."""
CORE = PATTERNS["core"]


def described_data(evidence: Evidence) -> dict[str, Any]:
    """Return what run.json says of the dataset."""
    described = evidence.run.get("dataset")
    return described if isinstance(described, dict) else {}


def claimed_filters(evidence: Evidence) -> list[dict[str, object]]:
    """Return the filters that run.json names."""
    found = described_data(evidence).get("filters")
    return [f for f in found if isinstance(f, dict)] if isinstance(found, list) else []


def false_claims(evidence: Evidence, fold: Fold) -> Iterator[Detail]:
    """Compare the claimed filters with the interactions that are there.

    Of several data levels each has filters of its own, and a fold lacks what is kept apart.
    """
    data = pd.concat([part[PAIR] for part in fold[1:]], ignore_index=True)
    split = evidence.split_of(fold[0])
    if len(evidence.plan.data_levels) > 1 or split.has_validation or not split.in_training:
        return
    planned = evidence.data_of(fold[0]).counts
    apart = sum(len(t) for f, t in evidence.test.items() if is_to_choose_on(evidence, f))
    smallest = int(data["user_id"].value_counts(sort=False).min()) if len(data) else 0
    claims = claimed_filters(evidence)
    for name in (str(claim.get("name", "")) for claim in claims):
        least = _core_in(name)
        if smallest < least and not apart:
            told = "{claimed} is claimed, but a user has {least} interactions (fewer than {core})"
            yield Detail(told, claimed=short(name), least=smallest, core=least)
        if least and planned and least not in planned and not is_variant(evidence, fold[0]):
            told = "{claimed} is claimed, the plan has {planned}"
            yield Detail(told, claimed=short(name), planned=sorted(planned))
    after = claims[-1].get("after") if claims else None
    # Some scripts count users or items there.
    if not isinstance(after, int) or after in (data[c].nunique() for c in PAIR):
        return
    is_short = len(data) + apart < after * (1 - COUNT_SLACK)
    if len(data) > after or (is_short and not may_lose(evidence, fold[0])):
        told = "{after:,} interactions are claimed after filters; the split has {kept:,}"
        yield Detail(told, after=after, kept=len(data))


def _core_in(name: str) -> int:
    """Return the fewest interactions of a user that a filter's name promises; 0 for none."""
    found = None if "item" in name.lower() else CORE.search(name)
    return int(next(filter(None, found.groups()))) if found else 0

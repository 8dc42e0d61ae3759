"""What a plan itself excuses: leaks in a study of leaks, folds that are variants of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_core.domain import SplitKind, Study
from agent_core.evidence.evidence import Evidence
from agent_core.prose.patterns import read_patterns
from agent_core.prose.text_tables import read_table

PATTERNS = read_patterns(Path(__file__).with_name("fold_patterns.toml"))
CLEAN = PATTERNS["clean"]
_TABLE = read_table(Path(__file__).with_name("split_names.toml"))
KINDS = {kind.value: kind for kind in SplitKind}
KINDS |= {name: SplitKind(kind) for kind, names in _TABLE.items() for name in names}
"""Kinds of splits by the names that scripts give them."""


def is_meant_to_leak(evidence: Evidence, fold: str) -> bool:
    """Whether a fold may hold its test in a study of leaks; not one that is called clean."""
    return evidence.plan.split.is_leak_study and not CLEAN.search(fold)


def described_split(evidence: Evidence, fold: str) -> Mapping[str, Any]:
    """Return what run.json says of the split of one fold."""
    split = evidence.run.get("split")
    parts = split.get("parts") if isinstance(split, dict) else None
    found = parts.get(fold) if isinstance(parts, dict) else None
    return found if isinstance(found, dict) else {}


def is_variant(evidence: Evidence, fold: str) -> bool:
    """Whether a fold may differ from the planned split: a variant that the study compares.

    Only studies outside the known families have them. A variant has a name (`5-core`, `last`), not
    a number, or the script says that it is of another kind.
    """
    if evidence.plan.study is not Study.OTHER:
        return False
    kind = _declared_kind(evidence, fold)
    is_numbered = fold.isdigit() or not fold
    return not is_numbered or kind not in (None, evidence.plan.split.kind)


def kind_of(evidence: Evidence, fold: str) -> SplitKind | None:
    """Return the kind of split that a fold must have; None for a variant that does not say."""
    if is_variant(evidence, fold) or evidence.plan.split.kind is SplitKind.OTHER:
        return _declared_kind(evidence, fold)
    return evidence.plan.split.kind


def _declared_kind(evidence: Evidence, fold: str) -> SplitKind | None:
    """Return the kind that the script says a fold has; None where it says none that is known."""
    said = described_split(evidence, fold).get("kind")
    name = re.sub(r"[\s-]+", "_", str(said or "").strip().lower())
    return KINDS.get(name)

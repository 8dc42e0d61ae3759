"""What a plan itself excuses: leaks in a study of leaks, folds that are variants of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_core.checks.split.blocks import has_variants
from agent_core.domain import SplitKind, Study
from agent_core.evidence.evidence import Evidence
from agent_core.prose.patterns import read_patterns
from agent_core.prose.text_tables import read_table

PATTERNS = read_patterns(Path(__file__).with_name("fold_patterns.toml"))
CLEAN, TO_CHOOSE_ON = PATTERNS["clean"], PATTERNS["to_choose_on"]
_TABLE = read_table(Path(__file__).with_name("split_names.toml"))
KINDS = {kind.value: kind for kind in SplitKind}
KINDS |= {name: SplitKind(kind) for kind, names in _TABLE.items() for name in names}
"""Kinds of splits by the names that scripts give them."""


def is_meant_to_leak(evidence: Evidence, fold: str) -> bool:
    """Whether a fold may hold its test in a study of leaks; not one that is called clean."""
    return evidence.split_of(fold).is_leak_study and not CLEAN.search(fold)


def studies_leaks(evidence: Evidence) -> bool:
    """Whether leaks are what the plan studies, in one of its splits at least."""
    return any(level.rules.is_leak_study for level in evidence.plan.split_levels)


def described_split(evidence: Evidence, fold: str) -> Mapping[str, Any]:
    """Return what run.json says of the split of one fold."""
    split = evidence.run.get("split")
    parts = split.get("parts") if isinstance(split, dict) else None
    found = parts.get(fold) if isinstance(parts, dict) else None
    return found if isinstance(found, dict) else {}


def is_variant(evidence: Evidence, fold: str) -> bool:
    """Whether a fold may differ from the planned split: a variant that the study compares.

    A block of the design is none: it has rules of its own. Else only studies outside the known
    families have them. A variant has a name (`5-core`, `last`), not a number, or the script says
    that it is of another kind.
    """
    is_block = fold in evidence.blocks and has_variants(evidence)
    if is_block or evidence.plan.study is not Study.OTHER:
        return False
    kind = _declared_kind(evidence, fold)
    is_numbered = fold.isdigit() or not fold
    return not is_numbered or kind not in (None, evidence.plan.split.kind)


def kind_of(evidence: Evidence, fold: str) -> SplitKind | None:
    """Return the kind of split that a fold must have; None for a variant that does not say."""
    planned = evidence.split_of(fold).kind
    if is_variant(evidence, fold) or planned is SplitKind.OTHER:
        return _declared_kind(evidence, fold)
    return planned


def may_lose(evidence: Evidence, fold: str) -> bool:
    """Whether a fold may hold fewer interactions than the filters left.

    A cut in time leaves out users who come later; a variant is a part by its nature.
    """
    return is_variant(evidence, fold) or kind_of(evidence, fold) is SplitKind.GLOBAL_TIME


def is_to_choose_on(evidence: Evidence, fold: str) -> bool:
    """Whether a fold is called validation and nothing was measured on it."""
    return bool(TO_CHOOSE_ON.search(fold)) and fold not in set(evidence.rows["fold"])


def _declared_kind(evidence: Evidence, fold: str) -> SplitKind | None:
    """Return the kind that the script says a fold has; None where it says none that is known."""
    said = described_split(evidence, fold).get("kind")
    name = re.sub(r"[\s-]+", "_", str(said or "").strip().lower())
    return KINDS.get(name)

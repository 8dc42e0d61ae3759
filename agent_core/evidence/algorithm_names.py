"""Under which name a plan knows an algorithm that a script calls otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from agent_core.domain import Plan
from agent_core.evidence.result_files import table_of


def planned_names(plan: Plan, found: Iterable[str], run: Mapping[str, Any]) -> dict[str, str]:
    """Return found names with the planned ones that they stand for.

    Names that differ in case and punctuation only are the same. Of what is left, an algorithm is
    the only planned one of its class that has no results.
    """
    names = dict.fromkeys(name for name in found if name)
    missing = [a for a in plan.algorithms if a.name not in names]
    strange = [n for n in names if n not in {a.name for a in plan.algorithms}]
    by_name = _names_in_pairs(
        {n: bare_name(n) for n in strange}, {a.name: bare_name(a.name) for a in missing}
    )
    left = [n for n in strange if n not in by_name]
    described = table_of(run, "algorithms")
    kinds = {n: str(table_of(described, n).get("class") or "") for n in left}
    open_ones = {a.name: a.kind for a in missing if a.name not in by_name.values()}
    return by_name | _names_in_pairs({n: k for n, k in kinds.items() if k}, open_ones)


def renamed_run(run: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """Return run.json with planned names."""
    described = table_of(run, "algorithms")
    if not names or not described:
        return run
    return {**run, "algorithms": {names.get(n, n): d for n, d in described.items()}}


def _names_in_pairs(found: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the names whose key stands once on each side."""
    once = [{k for k, n in Counter(side.values()).items() if n == 1} for side in (found, wanted)]
    owners = {key: name for name, key in wanted.items() if key in once[1]}
    return {n: owners[key] for n, key in found.items() if key in once[0] and key in owners}


def bare_name(name: str) -> str:
    """Return a name without case and punctuation; a decimal point stays."""
    return re.sub(r"[^a-z0-9.]|\.(?!\d)", "", name.lower())

"""The design of a plan as the file that a script finds beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from agent_core.domain import Dataset, Plan
from agent_core.domain.cells import design_record

DESIGN = "design.json"


def write_design(path: Path, plan: Plan, datasets: Sequence[Dataset]) -> None:
    """Write cells, blocks and rules of a plan, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    record = design_record(plan, datasets)
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(path)

"""What cells came to that were made alone, beside what they came to behind others."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

INDEPENDENCE = "independence.json"


@dataclass(frozen=True, slots=True)
class Dependent:
    """A cell whose results are others when nothing ran before it in its process."""

    cell: str
    after: tuple[str, ...]
    """What had run before it, in this order."""
    repeats: bool
    """Whether the same order gave the same results once more."""


@dataclass(frozen=True, slots=True)
class Independence:
    """What was looked at, and what of it was otherwise."""

    cells: int
    """Cells that others had run before, and that were made alone."""
    of: int
    """Cells of the script."""
    dependent: tuple[Dependent, ...] = ()


def write_independence(path: Path, found: Independence) -> None:
    """Write it as JSON, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_independence(path: Path) -> Independence | None:
    """Read it; None where there is none."""
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    dependent = (Dependent(**{**d, "after": tuple(d["after"])}) for d in content["dependent"])
    return Independence(content["cells"], content["of"], tuple(dependent))

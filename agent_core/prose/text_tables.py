"""Tables of texts that stand in TOML files beside the code."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def read_table(path: Path) -> dict[str, Any]:
    """Return the tables and values of a TOML file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))

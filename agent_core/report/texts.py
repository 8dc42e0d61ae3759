"""What a report says in fixed words, as the table beside this module has it."""

from __future__ import annotations

from pathlib import Path

from agent_core.prose.text_tables import read_table

TEXTS = read_table(Path(__file__).with_suffix(".toml"))

"""What the files of a report hold, as the table of forms beside this module has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent_core.prose.text_tables import read_table

FORMS = read_table(Path(__file__).with_suffix(".toml"))


def fill_form(name: str, value: object, **more: Any) -> dict[str, Any]:
    """Return a form by its name, filled with the fields of a value and with `more`."""
    filled: dict[str, Any] = _filled(FORMS[name], value)
    return filled | more


def _filled(form: Any, value: object) -> Any:
    """Return what a form makes of a value: a path its field, a table a table, a list a list."""
    if isinstance(form, str):
        return _field(value, form)
    if isinstance(form, list):
        path, each = form
        return [_filled(each, v) for v in _field(value, path)]
    return {name: _filled(part, value) for name, part in form.items()}


def _field(value: Any, path: str) -> Any:
    """Return what a path of names leads to; None where a step on the way is missing."""
    if not path:
        return None
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return value

"""Texts of the rule-based researcher: scripts from parts, sentences from what a plan has."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    found = Environment(
        loader=PackageLoader("agent_core.offline", "parts"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    found.filters["pyrepr"] = repr
    return found


def sentence(template: str, **values: Any) -> str:
    """Return a sentence on one line; empty where its condition does not hold."""
    return " ".join(environment().from_string(template).render(values).split())

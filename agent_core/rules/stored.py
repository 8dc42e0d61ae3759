"""Opens plans of logs that were written before data and split had typed rules."""

from __future__ import annotations

from typing import Any

from agent_core.domain import DataRuleKind, Order

OLD_KEYS = frozenset({"split", "algorithms", "metrics", "requirements"})
"""Keys of the JSON of a plan that has its rules as they were before levels."""


def is_without_levels(body: Any) -> bool:
    """Whether JSON is that of a plan whose rules are partly in its words."""
    return (
        isinstance(body, dict) and isinstance(body.get("split"), dict) and body.keys() >= OLD_KEYS
    )


def with_levels(body: Any) -> Any:
    """Return JSON in which every old plan has its split and lowest rating as levels of rules."""
    if isinstance(body, list):
        return [with_levels(v) for v in body]
    if not isinstance(body, dict):
        return body
    return (
        _rules_as_levels(body)
        if is_without_levels(body)
        else {k: with_levels(v) for k, v in body.items()}
    )


def _rules_as_levels(body: dict[str, Any]) -> dict[str, Any]:
    split, lowest = dict(body["split"]), body.get("min_rating")
    if split.pop("is_newest", False):
        split["order"] = Order.NEWEST.value
    rules = [{"kind": DataRuleKind.LOWEST_RATING.value, "amount": lowest}]
    rest = {k: v for k, v in body.items() if k not in ("split", "min_rating")}
    data = {"rules": rules if lowest is not None else []}
    return rest | {"data_levels": [{"rules": data}], "split_levels": [{"rules": split}]}

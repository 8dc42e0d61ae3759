"""Interactive elements of messages and views: finding them, filling them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.workspace.errors import ApiError
from bot.workspace.rules import Json

CHOICES = frozenset({"static_select", "radio_buttons", "overflow"})
MANY_CHOICES = frozenset({"multi_static_select", "checkboxes"})
INITIAL = ("initial_value", "initial_option", "initial_options", "initial_date", "initial_user")


def elements_of(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield every interactive element with the block that holds it."""
    for block in blocks:
        if block.get("type") in {"actions", "context_actions"}:
            for item in block.get("elements") or []:
                yield block, item
        for key in ("accessory", "element"):
            if isinstance(block.get(key), dict):
                yield block, block[key]


def find_element(
    blocks: Sequence[Json], action_id: str, value: str | None = None
) -> tuple[Json, Json]:
    """Return the element with an action id, and its block."""
    for block, item in elements_of(blocks):
        if item.get("action_id") == action_id and value in (None, item.get("value")):
            return block, item
    known = sorted({str(item.get("action_id")) for _, item in elements_of(blocks)})
    raise ApiError("no_such_action", detail=f"{action_id} is not among {known}")


def action_of(block: Json, item: Json, chosen: object, at: str) -> Json:
    """Return the action that pressing or choosing makes."""
    made: Json = {
        "type": item["type"],
        "action_id": item["action_id"],
        "block_id": block["block_id"],
        "action_ts": at,
    }
    if item["type"] == "button":
        shown = {"text": item["text"]}
        return made | shown | ({"value": item["value"]} if "value" in item else {})
    return made | {
        key: value for key, value in _element_state(item, chosen).items() if key != "type"
    }


def view_values(view: Json, given: Mapping[str, Any]) -> Json:
    """Return the state values of a view; `given` is keyed by block id or action id."""
    state: Json = {}
    for block, item in elements_of(view["blocks"]):
        if item["type"] in {"button", "overflow", "image"}:
            continue
        fallback = given.get(item["action_id"], _first_value(item))
        entered = given.get(block["block_id"], fallback)
        state.setdefault(block["block_id"], {})[item["action_id"]] = _element_state(item, entered)
    return state


def input_complaints(view: Json, state: Json) -> dict[str, str]:
    """Return the complaints that Slack's own client makes before it sends anything."""
    errors = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        item = block["element"]
        entered = next(
            v for k, v in state[block["block_id"]][item["action_id"]].items() if k != "type"
        )
        if not entered and not block.get("optional"):
            errors[block["block_id"]] = "Please complete this required field."
        most = item.get("max_length", 3000)
        if isinstance(entered, str) and len(entered) > most:
            errors[block["block_id"]] = f"At most {most} characters."
    return errors


def _element_state(item: Json, given: Any) -> Json:
    """Return the state of an element in which `given` was entered or chosen."""
    kind = item["type"]
    if kind in CHOICES:
        return {"type": kind, "selected_option": _option(item, given)}
    if kind in MANY_CHOICES:
        chosen = [_option(item, value) for value in given or []]
        return {"type": kind, "selected_options": [option for option in chosen if option]}
    if kind == "datepicker":
        return {"type": kind, "selected_date": given}
    if kind == "timepicker":
        return {"type": kind, "selected_time": given}
    if kind == "users_select":
        return {"type": kind, "selected_user": given}
    if kind in {"conversations_select", "channels_select"}:
        return {"type": kind, f"selected_{kind.split('_')[0][:-1]}": given}
    return {"type": kind, "value": given if given not in ("", None) else None}


def _option(item: Json, value: object) -> Json | None:
    groups = item.get("option_groups") or []
    options = item.get("options") or [option for group in groups for option in group["options"]]
    return next((option for option in options if option["value"] == value), None)


def _first_value(item: Json) -> Any:
    """Return what stands in an element before anybody touches it."""
    for key in INITIAL:
        value = item.get(key)
        if isinstance(value, list):
            return [option["value"] for option in value]
        if isinstance(value, dict):
            return value["value"]
        if value is not None:
            return value
    return None

"""A structured answer found in what a model said, and read as the class that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agent_core.model.answer_fault import AnswerFault, answer_fault_of

P = TypeVar("P", bound=BaseModel)

FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
MAX_STARTS = 40


def read_as(form: type[P], text: str) -> P:
    """Read an answer as `form`, with or without prose and fences around it.

    Raises
    ------
    AnswerFault
        When there is no JSON object, or it has another shape: where, and what was expected.
    """
    found = _objects_in(text)
    if not found:
        raise AnswerFault("the answer holds no JSON object", is_formless=True)
    faults = []
    for value in found:
        try:
            return form.model_validate(_without_wrapper(value, form))
        except ValidationError as error:
            faults.append(answer_fault_of(error))
    raise min(faults, key=lambda c: len(c.faults))


def json_object(text: str) -> dict[str, Any] | None:
    """Read a text as one JSON object; None when it is not."""
    try:
        value = with_texts(json.loads(text, strict=False), _cleaned)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def with_texts(value: Any, changed: Callable[[str], str]) -> Any:
    """Return a JSON value with each of its texts changed."""
    if isinstance(value, str):
        return changed(value)
    if isinstance(value, list):
        return [with_texts(part, changed) for part in value]
    if isinstance(value, dict):
        return {key: with_texts(part, changed) for key, part in value.items()}
    return value


def _objects_in(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a text, the whole text first, then the longest."""
    text = THINKING.sub("", text).strip()
    whole = json_object(text)
    if whole is not None:
        return [whole]
    within = [json_object(block) for block in FENCED.findall(text)]
    found = [value for value in within if value is not None]
    return found or _embedded_objects(text)


def _cleaned(text: str) -> str:
    """Drop characters that no file or message can hold."""
    return UNPRINTABLE.sub("", text)


def _embedded_objects(text: str) -> list[dict[str, Any]]:
    """Return the objects that stand somewhere in a text, the longest first."""
    decoder = json.JSONDecoder(strict=False)
    found: list[tuple[int, dict[str, Any]]] = []
    place, tries = text.find("{"), 0
    while place >= 0 and tries < MAX_STARTS:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, place)
            value = with_texts(value, _cleaned)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            if isinstance(value, dict):
                found.append((end - place, value))
        place = text.find("{", end)
    return [value for _, value in sorted(found, key=lambda pair: -pair[0])]


def _without_wrapper(value: dict[str, Any], form: type[BaseModel]) -> dict[str, Any]:
    """Take an object out of a wrapper with one key, such as `{"answer": {...}}`."""
    if len(value) == 1:
        inner = next(iter(value.values()))
        known = set(form.model_fields)
        if isinstance(inner, dict) and not known & set(value) and known & set(inner):
            return inner
    return value

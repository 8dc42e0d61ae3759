"""What the forms of answers are made of, and the schemas that are sent of them."""

from __future__ import annotations

import types
from functools import partial
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict

from agent_core.prose.clipping import on_one_line

MAX_TEXT, MAX_TEXTS, MAX_NAMES, MAX_NOTES = 600, 20, 200, 100


def _on_lines(values: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return the texts that say something, each on one line."""
    return tuple(on_one_line(v, MAX_TEXT) for v in values if v.strip())[:most]


def _lines(most: int) -> AfterValidator:
    """Return what puts texts on lines."""
    return AfterValidator(partial(_on_lines, most=most))


def line(most: int) -> AfterValidator:
    """Return what clips a text."""
    return AfterValidator(partial(on_one_line, most=most))


Line = Annotated[str, line(MAX_TEXT)]
Name = Annotated[str, line(60), "name"]
Short = Annotated[str, line(200)]
Lines = Annotated[tuple[str, ...], _lines(MAX_TEXTS)]
"""Sentences: a text in place of a list is one of them."""
Notes = Annotated[tuple[str, ...], _lines(MAX_NOTES)]
"""As lines, those of the product among them."""
Names = Annotated[tuple[str, ...], _lines(MAX_NAMES), "names"]
"""Names: a text in place of a list has commas between them."""


class AnswerPart(BaseModel):
    """A part of an answer; keys that were not asked for are ignored."""

    model_config = ConfigDict(
        extra="ignore", allow_inf_nan=False, serialize_by_alias=True, validate_by_name=True
    )
    settled: ClassVar[frozenset[str]] = frozenset()
    """Fields of which the plan says what is taken in their place."""
    chosen: ClassVar[frozenset[str]] = frozenset()
    """Fields whose default is a choice, to be said also where few fields are given."""
    is_whole: ClassVar[bool] = False
    """Whether every field that is left out is said."""

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Return JSON in the form that this part has, where models know another."""
        return value

    def fields(self) -> dict[str, Any]:
        """Return the values by the names that the domain has for them."""
        return self.model_dump(by_alias=False)


def part_in(annotation: Any) -> type[AnswerPart] | None:
    """Return the class of the parts that a field holds, one or a list of them."""
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation if issubclass(annotation, AnswerPart) else None
    return next(filter(None, map(part_in, get_args(annotation))), None)


def is_list(annotation: Any) -> bool:
    """Whether a field holds several values."""
    return get_origin(annotation) in (list, tuple)


def types_in(annotation: Any) -> tuple[Any, ...]:
    """Return the types of the single values that a field may have."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return types_in(get_args(annotation)[0])
    if origin in (Union, types.UnionType, list, tuple):
        return tuple(t for a in get_args(annotation) if a is not ... for t in types_in(a))
    return (annotation,)


def strict_schema(form: type[BaseModel]) -> dict[str, Any]:
    """Return a class as a strict JSON schema: all keys required, none added, no defaults.

    Each part stands where it is used: that is shorter, and no server has to follow references.
    """
    schema = form.model_json_schema()
    return _tightened(schema, schema.pop("$defs", {}))


def depth(schema: dict[str, Any]) -> int:
    """Return how many objects and lists an answer in this form has within each other."""
    within = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    within += [schema["items"]] if "items" in schema else []
    deepest = max(map(depth, within), default=0)
    return deepest + ("properties" in schema or "items" in schema)


def _tightened(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    """Tighten one schema and all schemas inside it."""
    if "$ref" in schema:
        told = {k: v for k, v in schema.items() if k == "description"}
        part = parts[schema["$ref"].rpartition("/")[2]]
        return _tightened({k: v for k, v in part.items() if k != "description"} | told, parts)
    result = {k: v for k, v in schema.items() if k not in ("default", "title")}
    if "properties" in result:
        own = result["properties"].items()
        result["properties"] = {name: _tightened(part, parts) for name, part in own}
    if "anyOf" in result:
        result |= _alternatives([_tightened(part, parts) for part in result.pop("anyOf")])
    if "items" in result:
        result["items"] = _tightened(result["items"], parts)
    if result.get("type") == "object":
        result.pop("description", None)
        result["additionalProperties"] = False
        result["required"] = list(result.get("properties", {}))
    return result


def _alternatives(options: list[dict[str, Any]]) -> dict[str, Any]:
    """Write alternatives in short where they differ in their type only."""
    kinds = [one["type"] for one in options if one.keys() == {"type"}]
    if len(kinds) < len(options):
        return {"anyOf": options}
    return {"type": [k for k in kinds if k != "integer" or "number" not in kinds]}

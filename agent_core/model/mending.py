"""Answers of weak models mended field by field: what is valid stays, the rest is said.

A field that cannot be read has its default; one that is misspelt is read as what it is like. What
a plan takes where its defaults depend on the study (`settled`) is said by whoever settles it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from agent_core.model.answer_part import AnswerPart, is_list, part_in, types_in
from agent_core.model.likeness import is_same, nearest
from agent_core.prose.clipping import clipped
from agent_core.prose.text_tables import read_table

TABLE = read_table(Path(__file__).with_suffix(".toml"))
PLACES: Mapping[str, str] = TABLE["places"]
"""Field of parts to what one of them is called."""
FIELDS: Mapping[str, str] = TABLE["fields"]
"""Field to its name in sentences, where that is another."""
YES, NO = frozenset({"yes", "true", "1", "on", "y"}), frozenset({"no", "false", "0", "off", "n"})
NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
LARGEST = 1e15
MAX_GIVEN, MAX_PARTS = 60, 200
MOST = 0.66
"""Share of its fields from which on a part is a whole one, which leaves others out by mistake."""
MISSING: Any = object()
"""In place of a value that cannot be had."""


def mended(form: type[AnswerPart], value: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a form that can be read, and what was mended, in sentences."""
    notes: list[str] = []
    return _part(form, value, "", notes), notes


def number_in(text: str) -> float | None:
    """Return the number that a text is, a percentage as its share; None where it is none.

    Examples
    --------
    >>> number_in("20 %"), number_in("about 5 items"), number_in("many")
    (0.2, 5, None)
    """
    found = NUMBER.findall(text)
    if len(found) != 1:
        return None
    number = float(found[0].replace(",", ".")) / (100 if "%" in text else 1)
    if not math.isfinite(number) or abs(number) > LARGEST:
        return None
    return int(number) if number.is_integer() and "." not in found[0] else number


def shown(value: Any) -> str:
    """Return a value as sentences have it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", (), []):
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return clipped(" ".join(text.split()), MAX_GIVEN)


def _part(
    form: type[AnswerPart], value: Mapping[str, Any], place: str, notes: list[str]
) -> dict[str, Any]:
    """Return the usable fields of one part."""
    given = _by_field(form, form.prepared(value), place, notes)
    result = {}
    for name, one in given.items():
        found = _usable(form, name, one, place, notes)
        if found is not MISSING:
            result[name] = found
            continue
        default = "" if name in form.settled else f"; {_default(form, name)} is taken"
        notes.append(f"{_told(place, name)}: “{shown(one)}” cannot be used{default}.")
    _say_missing(form, given, place, notes)
    return result


def _by_field(form: type[AnswerPart], value: Any, place: str, notes: list[str]) -> dict[str, Any]:
    """Return values by field; a key that no field has goes to the missing one that it is like."""
    keys = {field.alias or name: name for name, field in form.model_fields.items()}
    keys.pop("repairs", None)
    names = keys | {name: name for name in keys.values()}
    known = {names[k]: v for k, v in value.items() if k in names}
    for key in (k for k in value if k not in names):
        like = nearest(str(key), (k for k, name in keys.items() if name not in known))
        if like is not None:
            known[keys[like]] = value[key]
            if not is_same(str(key), like):
                notes.append(f"{_told(place, keys[like])}: read from “{shown(str(key))}”.")
    return {
        name: one for name, one in known.items() if one is not None or _may_be_null(form, name)
    }


def _say_missing(
    form: type[AnswerPart], given: Mapping[str, Any], place: str, notes: list[str]
) -> None:
    """Say which defaults are taken where a whole answer leaves fields out."""
    fields = [n for n in form.model_fields if n not in form.settled and n != "repairs"]
    missing = [n for n in fields if n not in given]
    is_whole = form.is_whole or len(given) > len(form.model_fields) * MOST
    told = missing if is_whole else [n for n in missing if n in form.chosen]
    taken = [f"{FIELDS.get(n, n.replace('_', ' '))} ({_default(form, n)})" for n in told]
    if taken:
        start = f"{place}: not" if place else "Not"
        notes.append(f"{start} given, so the default is taken: {', '.join(taken)}.")


def _usable(form: type[AnswerPart], name: str, value: Any, place: str, notes: list[str]) -> Any:
    """Return a value that a field takes, as near to the given one as can be."""
    field = form.model_fields[name]
    part = part_in(field.annotation)
    if value is None:
        return None
    if part is not None and is_list(field.annotation):
        return _parts(part, value, name, place, notes)
    if part is not None:
        told, whole = PLACES.get(name, name), part.prepared(value)
        return _part(part, whole, told, notes) if isinstance(whole, dict) else MISSING
    for one, is_guess in _readings(field, value):
        try:
            _adapter(form, name).validate_python(one)
        except ValidationError:
            continue
        if is_guess:
            notes.append(f"{_told(place, name)}: “{shown(value)}” is read as {shown(one)}.")
        return one
    return MISSING


@cache
def _adapter(form: type[AnswerPart], name: str) -> TypeAdapter[Any]:
    """Return what validates a field."""
    field = form.model_fields[name]
    whole: Any = field.annotation
    for more in field.metadata:
        whole = Annotated[whole, more]
    return TypeAdapter(whole)


def _parts(form: type[AnswerPart], value: Any, name: str, place: str, notes: list[str]) -> Any:
    """Return a list of parts; one that is none is left out."""
    kept = []
    listed = _listed(value)
    if not isinstance(value, list | tuple):
        notes.append(f"{_told(place, name)}: given as no list, and read as {len(listed)}.")
    for number, one in enumerate(listed[:MAX_PARTS], 1):
        whole = form.prepared(one)
        label = f"{PLACES.get(name, name)} {_label(whole, number)}"
        if isinstance(whole, dict) and whole:
            kept.append(_part(form, whole, label, notes))
        else:
            notes.append(f"{label}: “{shown(one)}” cannot be used and is left out.")
    return kept


def _listed(value: Any) -> list[Any]:
    """Return several values of one that may hold them: as a list, or by their names."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict) and value and all(isinstance(v, dict) for v in value.values()):
        return [{"name": name, **one} for name, one in value.items()]
    return [value]


def _label(part: Any, number: int) -> str:
    """Return what tells a part from its fellows."""
    names = (part.get(key) for key in ("name", "level")) if isinstance(part, dict) else ()
    name = next((n for n in names if isinstance(n, str) and n.strip()), "")
    return f"“{shown(name)}”" if name else str(number)


def _readings(field: FieldInfo, value: Any) -> Iterator[tuple[Any, bool]]:
    """Yield what a value may mean, the likeliest first, and whether that is a guess."""
    kinds = types_in(field.annotation)
    if is_list(field.annotation):
        yield from _lists(value, kinds, "names" in field.metadata)
        return
    is_text = kinds[:1] == (str,) and kinds[1:] in ((), (NoneType,))
    if is_text and isinstance(value, bool | int | float):
        # A number may be the name of a level; it is no sentence.
        if "name" in field.metadata and not isinstance(value, bool) and _is_sane(value):
            yield f"{value}", True
        return
    yield from _singles(value, kinds)


def _lists(value: Any, kinds: tuple[Any, ...], are_names: bool) -> Iterator[tuple[Any, bool]]:
    """Yield lists; a text in place of one has its parts between commas where these are names."""
    is_other = not isinstance(value, list | tuple)
    if isinstance(value, dict):
        value = list(value.values()) if len(value) == 1 else list(value)
    if isinstance(value, str) and (are_names or str not in kinds or len(kinds) > 1):
        value = [part.strip() for part in re.split(r"[,;\n]", value)]
    values = value if isinstance(value, list | tuple) else [value]
    kept = [next((one for one, _ in _singles(v, kinds)), MISSING) for v in values]
    if kept and all(one is MISSING for one in kept):
        return
    is_guess = any(one is MISSING for one in kept)
    yield [one for one in kept if one is not MISSING], is_guess or is_other


def _singles(value: Any, kinds: tuple[Any, ...]) -> Iterator[tuple[Any, bool]]:
    """Yield readings of one value."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Enum):
            yield from _of_enum(value, kind)
    if bool in kinds:
        yield from _of_flag(value)
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and {int, float} & {*kinds} and math.isfinite(value) and abs(value) <= LARGEST:
        whole = int in kinds and float(value).is_integer() and float not in kinds
        yield (int(value), False) if whole else (value, float not in kinds)
    elif isinstance(value, str) and {int, float} & {*kinds} and str not in kinds:
        number = number_in(value)
        is_plain = NUMBER.fullmatch(value.strip().rstrip("% ")) is not None
        if number is not None:
            yield number, not is_plain
    if str in kinds:
        yield from _of_text(value)


def _of_text(value: Any) -> Iterator[tuple[Any, bool]]:
    """Yield a text; several values are put into one."""
    if isinstance(value, str):
        yield value, False
    elif isinstance(value, bool | int | float) and _is_sane(value):
        yield (str(value).lower() if isinstance(value, bool) else f"{value}"), False
    elif isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        yield "; ".join(value), False
    elif isinstance(value, dict) and len(value) == 1:
        yield from _of_text(next(iter(value.values())))


def _of_enum(value: Any, kind: type[Enum]) -> Iterator[tuple[Any, bool]]:
    options = [str(one.value) for one in kind]
    text = str(value).rpartition(".")[2] if isinstance(value, str) else ""
    found = nearest(text, options)
    if found is not None:
        yield found, not is_same(text, found)


def _of_flag(value: Any) -> Iterator[tuple[Any, bool]]:
    text = str(value).strip().lower()
    if isinstance(value, bool | str | int) and text in YES | NO:
        yield text in YES, False


def _is_sane(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= LARGEST


def _may_be_null(form: type[AnswerPart], name: str) -> bool:
    """Whether null is a value of a field, not the want of one."""
    field = form.model_fields[name]
    return (
        field.default is None
        and NoneType in types_in(field.annotation)
        and (name not in form.settled)
    )


def _default(form: type[AnswerPart], name: str) -> str:
    return shown(form.model_fields[name].get_default(call_default_factory=True))


def _told(place: str, name: str) -> str:
    """Return where something stands, for sentences."""
    field = FIELDS.get(name, name.replace("_", " "))
    return f"{place}, {field}" if place else field[:1].upper() + field[1:]

"""JSON: objects one a line, in an array, or in one document with a list inside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from agent_core.data.columns import by_place, numbered_names, role_of
from agent_core.data.helper import labbook
from agent_core.data.lines import Dialect
from agent_core.data.plain_file import MAX_DOCUMENT, PlainFile
from agent_core.domain.recipe import Layout, Recipe
from agent_core.errors import BadDataset

SEEN_OBJECTS = 2_000
MOST_KEYS = 2_000
"""Of all objects of a file, those inside others counted."""
DOCUMENT = re.compile(r"\{|\[\s*\[")
"""What documents begin with that have to be seen whole; of lists of objects the first tell."""
KEY = re.compile(r'\s*,?\s*"((?:[^"\\\\]|\\\\.)*)"\s*:\s*')


def objects_form(head: str, name: str, *, is_table: bool = False) -> Dialect:
    """Return the form of a text that begins as JSON does.

    Raises
    ------
    BadDataset
        When no objects are found.
    """
    try:
        return _form(head, name, is_table=is_table)
    except RecursionError as error:
        raise BadDataset(f"{name} is JSON of too many levels, not a list of objects.") from error


def document_text(plain: PlainFile) -> str:
    """Return what the form of a text is read from: its first lines, or all of one document."""
    head = plain.head.lstrip("\ufeff \r\n")
    is_whole = len(plain.head) >= plain.characters or plain.characters > MAX_DOCUMENT
    if is_whole or not DOCUMENT.match(head) or _is_json(head.split("\n", 1)[0]):
        return plain.head
    return plain.path.read_text(encoding="utf-8-sig")


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def keys_of(path: Path, recipe: Recipe) -> tuple[str, ...]:
    """Return where values lie in any object of a file, the first lines' first."""
    found: dict[str, None] = dict.fromkeys(recipe.columns)
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for entry in _entries(lines, recipe):
            # Objects of which each has keys of its own hold ids there, which are no columns.
            is_full = len(found) > MOST_KEYS
            keys = _paths(entry, has_lists=True)
            found |= dict.fromkeys(k for k in keys if not (is_full and "." in k))
    return tuple(found)


def _entries(lines: Iterable[str], recipe: Recipe) -> Iterator[Any]:
    """Yield the objects of a file, one that cannot be read left out."""
    inner = recipe.inner.split("/") if recipe.inner else []
    if recipe.layout is Layout.JSON_LINES:
        found = (_parsed(line) for line in lines if _is_object(line))
        yield from (u for e in found if e is not None for u in labbook._unfolded(e, inner))
    else:
        document = _whole_document("".join(lines)) or []
        for entry in document if isinstance(document, list) else [document]:
            yield from labbook._unfolded(entry, inner)


def _form(head: str, name: str, *, is_table: bool) -> Dialect:
    document = None if is_table else _whole_document(head)
    found_form = _document_form(document) if document is not None else None
    if found_form:
        return found_form
    first = head.split("\n", 1)[0]
    found: Sequence[object]
    path: tuple[str, ...] = ()
    deep = () if is_table else _path_to_objects(document)
    if len(deep) > 1:
        found, layout, path = [document], Layout.JSON_ARRAY, deep
    elif head.startswith("["):
        found, layout = _first_objects(head), Layout.JSON_ARRAY
    elif _is_object(first) and _parsed(first) is not None:
        layout = Layout.JSON_LINES
        lines = (_parsed(x) for x in head.split("\n")[:SEEN_OBJECTS] if _is_object(x))
        found = [entry for entry in lines if entry is not None]
    else:
        key, found = _list_inside(head)
        layout, path = Layout.JSON_ARRAY, (key,)
    if not found:
        raise BadDataset(f"{name} is JSON without a list of objects. Attach one object a line.")
    inner = "" if is_table or deep[1:] else _inner_of(found)
    path = (*path, *((inner,) if inner else ()))
    recipe = Recipe(layout, delimiter="", inner="/".join(path), keeps_lists=is_table)
    inside = [*deep] if deep[1:] else [inner] if inner else []
    unfolded = [u for e in found for u in labbook._unfolded(e, inside)][:SEEN_OBJECTS]
    keys = dict.fromkeys(k for e in unfolded for k in _paths(e, has_lists=is_table))
    if not keys:
        raise BadDataset(f"{name} is JSON without a list of objects. Attach one object a line.")
    recipe = replace(recipe, columns=tuple(keys))
    rows = labbook._objects(unfolded, {**recipe.as_json(), "inner": ""})
    return Dialect(recipe, tuple(map(tuple, rows)), has_header=True)


def _whole_document(head: str) -> Any:
    """Return a document that is wholly in the first characters, or its lists one a line."""
    try:
        return labbook._document(head)
    except ValueError:
        return None


def _path_to_objects(document: Any) -> tuple[str, ...]:
    """Return the keys under which objects inside others hold a list of objects."""
    inside = document if isinstance(document, dict) else {}
    lists = (k for k, v in inside.items() if isinstance(v, list) and v and isinstance(v[0], dict))
    if (nearest := next(lists, None)) is not None:
        return (nearest,)
    below = ((k, *_path_to_objects(v)) for k, v in inside.items() if isinstance(v, dict))
    return next((path for path in below if len(path) > 1), ())


def _document_form(document: Any) -> Dialect | None:
    """Return the form of a document that holds no objects of one interaction each."""
    rows, key = _rows_in(document)
    if rows:
        names = document["columns"] if key and "columns" in document else ()
        return _of_rows(rows, key, tuple(map(str, names)))
    if not isinstance(document, dict) or not document:
        return None
    values = [*document.values()]
    same = all(len(v) == len(values[0]) for v in values if isinstance(v, dict | list))
    is_flat = all(isinstance(v, dict | list) and _has_plain(v) for v in values)
    if not is_flat:
        return None
    if same and {"user_id", "item_id"} <= {role_of(k) for k in document}:
        recipe = Recipe(Layout.JSON_COLUMNS, delimiter="", columns=tuple(document))
        return _of_document(document, recipe, has_header=True)
    width = 3 if isinstance(values[0], dict) else 2
    columns = ("user_id", "item_id", "rating")[:width]
    recipe = Recipe(Layout.JSON_MAP, delimiter="", columns=columns)
    doubts = ("each key of the document is taken as a user, what is below it as items",)
    return replace(_of_document(document, recipe, has_header=True), doubts=doubts)


def _rows_in(document: Any) -> tuple[list[Any], str]:
    """Return the lists of a document that are an interaction each, and their key; else none."""
    inside = document.items() if isinstance(document, dict) else [("", document)]
    for key, rows in inside:
        if isinstance(rows, list) and rows and all(isinstance(r, list) for r in rows):
            width = len(rows[0])
            if width > 1 and all(len(r) == width and _has_plain(r) for r in rows):
                return rows, key
    return [], ""


def _of_rows(rows: list[Any], key: str, names: tuple[str, ...]) -> Dialect:
    """Return the form of lists; without names their first may give them."""
    width = len(rows[0])
    has_names = len(names) == width
    columns = numbered_names(names) if has_names else by_place(width)
    recipe = Recipe(Layout.JSON_ROWS, delimiter="", inner=key, columns=columns)
    return _of_document({key: rows} if key else rows, recipe, has_header=has_names)


def _of_document(document: Any, recipe: Recipe, *, has_header: bool) -> Dialect:
    found = labbook.document_rows(document, recipe.as_json())
    first = islice(found, SEEN_OBJECTS)
    rows = tuple(tuple(map(labbook._plain_text, row)) for row in first)
    return Dialect(recipe, rows, has_header=has_header)


def _has_plain(values: Any) -> bool:
    """Whether a list or an object holds no others."""
    inside = values.values() if isinstance(values, dict) else values
    return not any(isinstance(v, dict | list) for v in inside)


def _is_object(line: str) -> bool:
    return line.lstrip().startswith("{") and line.rstrip().endswith("}")


def _parsed(line: str) -> object | None:
    """Return the object of a line; None where it is none."""
    try:
        found: object = labbook._object(line)
    except (ValueError, SyntaxError, RecursionError):
        return None
    return found


def _first_objects(head: str) -> list[object]:
    """Return the objects at the start of an array that may be cut."""
    decoder, at = json.JSONDecoder(), 1
    found: list[object] = []
    while (start := head.find("{", at)) >= 0 and len(found) < SEEN_OBJECTS:
        try:
            entry, at = decoder.raw_decode(head, start)
        except ValueError:
            break
        found.append(entry)
    return found


def _list_inside(head: str) -> tuple[str, list[object]]:
    """Return the first list of objects of a document, and its key; the text may be cut."""
    decoder, at = json.JSONDecoder(), 1
    while key := KEY.match(head, at):
        if head.startswith("[", key.end()):
            found = _first_objects(head[key.end() :])
            if found:
                return key[1], found
        try:
            _, at = decoder.raw_decode(head, key.end())
        except ValueError:
            break
    return "", []


def _inner_of(entries: Sequence[object]) -> str:
    """Return the key of the list that holds what objects met; empty where each is one meeting."""
    whole = [e for e in entries if isinstance(e, dict)]
    roles = {role_of(k.rpartition(".")[2]) for e in whole for k in _paths(e)}
    if {"user_id", "item_id"} <= roles:
        return ""
    lists = {k: v for e in whole for k, v in e.items() if isinstance(v, list) and v}
    of_objects = [k for k, v in lists.items() if isinstance(v[0], dict)]
    of_items = [k for k, v in lists.items() if _is_plain(v[0]) and role_of(k) == "item_id"]
    telling = [k for k in of_objects if any(role_of(i) == "item_id" for i in lists[k][0])]
    chosen = telling or of_items or of_objects
    return chosen[0] if len(chosen) == 1 else ""


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int)


def _paths(entry: object, before: str = "", *, has_lists: bool = False) -> Iterator[str]:
    """Yield where plain values, or lists too, lie in an object."""
    for key, value in entry.items() if isinstance(entry, dict) else ():
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{key}.", has_lists=has_lists)
        elif has_lists or not isinstance(value, list):
            yield f"{before}{key}"

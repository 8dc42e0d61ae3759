"""Paths of a run as they are logged: relative to the data folder, which may move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

E = TypeVar("E")
DATA_FOLDER = "@data"
"""Stands for the data folder at the beginning of a path that is logged."""
RUNS = "runs"


def portable(event: E, root: Path) -> E:
    """Return an event whose paths inside of the data folder do not name it."""
    changed: E = _with_paths(event, partial(_without_root, root=root))
    return changed


def placed(event: E, root: Path) -> E:
    """Return a logged event with paths as they are in the data folder now.

    Older logs name the folder as it was: what lies below a run's folder is looked for here.
    """
    changed: E = _with_paths(event, partial(_below_root, root=root))
    return changed


def _without_root(path: Path, root: Path) -> Path:
    return Path(DATA_FOLDER, path.relative_to(root)) if path.is_relative_to(root) else path


def _below_root(path: Path, root: Path) -> Path:
    if path.parts[:1] == (DATA_FOLDER,):
        return root.joinpath(*path.parts[1:])
    if path.is_absolute() and RUNS in path.parts and not path.exists():
        last = len(path.parts) - 1 - path.parts[::-1].index(RUNS)
        is_here = len(path.parts) > last + 1 and (root / RUNS / path.parts[last + 1]).is_dir()
        return root.joinpath(*path.parts[last:]) if is_here else path
    return path


def _with_paths(value: Any, change: Callable[[Path], Path]) -> Any:
    """Return a value in which every path is changed."""
    if isinstance(value, Path):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_with_paths(v, change) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {n: _with_paths(getattr(value, n), change) for n in _path_fields(type(value))}
        return replace(value, **changed) if changed else value
    return value


@cache
def _path_fields(kind: type) -> tuple[str, ...]:
    """Return the fields of a dataclass that are paths or hold some."""
    hints = get_type_hints(kind)
    return tuple(f.name for f in fields(kind) if f.init and _holds_path(hints[f.name], ()))


def _holds_path(hint: Any, seen: tuple[Any, ...]) -> bool:
    """Whether a type is a path or consists of such."""
    if hint is Path or hint in seen:
        return hint is Path
    is_own = isinstance(hint, type) and is_dataclass(hint)
    inner = tuple(get_type_hints(hint).values()) if is_own else get_args(hint)
    return any(_holds_path(one, (*seen, hint)) for one in inner)

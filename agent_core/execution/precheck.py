"""What can be said of a script before it costs a slot: does it parse, is it new."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from agent_core.domain import Packages
from agent_core.execution.syntax_trees import imported_modules, parse

ALWAYS_THERE = frozenset({"labbook", "__future__"})
"""Modules beside the script."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a script is not run."""

    reason: str
    is_duplicate: bool = False
    """Whether it ran before."""


def tree_hash(source: str) -> str:
    """Return a hash of the syntax tree; equal for scripts that differ in layout or comments only.

    Raises
    ------
    SyntaxError
        When `source` does not parse.
    """
    return hashlib.sha256(ast.dump(parse(source)).encode()).hexdigest()


def precheck(source: str, packages: Packages, seen: Collection[str] = ()) -> Refusal | None:
    """Return why `source` need not be run, or None.

    Parameters
    ----------
    source
        The script.
    packages
        What experiments may import; `modules` names the top-level modules that exist.
    seen
        Hashes (`tree_hash`) of the scripts that ran already.
    """
    try:
        found = tree_hash(source)
    except SyntaxError as error:
        return Refusal(f"SyntaxError: {error.msg} (line {error.lineno})")
    except (ValueError, RecursionError, MemoryError) as error:
        return Refusal(f"{type(error).__name__}: the script cannot be parsed: {error}")
    if found in seen:
        reason = "Duplicate: the same script (apart from layout and comments) ran before."
        return Refusal(reason, is_duplicate=True)
    missing = (
        sorted(
            imported_modules(parse(source), with_guarded=False) - packages.modules - ALWAYS_THERE
        )
        if packages.modules
        else []
    )
    if missing:
        names = ", ".join(missing)
        return Refusal(
            f"ModuleNotFoundError: not installed in the experiments' environment: {names}"
        )
    return None

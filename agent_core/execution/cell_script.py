"""What of a script can be split: whether it iterates over its cells, and which stay together."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from agent_core.domain.cells import Cell
from agent_core.execution.syntax_trees import parse

Unit = tuple[str, ...]
"""Ids of cells that are made in one process."""


def together_in(source: str) -> tuple[str, ...] | None:
    """Return the factors whose cells a script keeps in one process; None: it runs in one piece.

    Examples
    --------
    >>> together_in("import labbook; list(labbook.cells())")
    ()
    >>> together_in("import labbook as b; list(b.cells(together=('fold',)))")
    ('fold',)
    >>> together_in("print('labbook.cells()')")
    """
    try:
        tree = parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = {_factors_of(call) for call in _calls_of_cells(tree)}
    return found.pop() if len(found) == 1 else None


def units_of(cells: Sequence[Cell], together: Sequence[str]) -> tuple[Unit, ...]:
    """Return the cells in units that cannot be parted, in the order of the design."""
    found: dict[object, list[str]] = {}
    for cell in cells:
        alike = frozenset((n, v) for n, v in cell.levels.items() if n not in together)
        found.setdefault(alike if together else cell.id, []).append(cell.id)
    return tuple(map(tuple, found.values()))


def _calls_of_cells(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls of `labbook.cells`, by whatever names it is imported."""
    modules, functions = _names_of_labbook(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in functions:
            yield node
        if isinstance(called, ast.Attribute) and called.attr == "cells":
            named = called.value.id if isinstance(called.value, ast.Name) else ""
            if named in modules:
                yield node


def _names_of_labbook(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the names of the helper, and of its function, in a script."""
    modules, functions = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name for a in node.names if a.name == "labbook"}
        if isinstance(node, ast.ImportFrom) and node.module == "labbook":
            functions |= {a.asname or a.name for a in node.names if a.name == "cells"}
    return modules, functions


def _factors_of(call: ast.Call) -> tuple[str, ...] | None:
    """Return what a call keeps together; None where it is not written out."""
    given = [*call.args, *(k.value for k in call.keywords)]
    try:
        return tuple(str(name) for node in given for name in ast.literal_eval(node))
    except (ValueError, TypeError):
        return None

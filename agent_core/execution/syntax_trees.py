"""Syntax trees of scripts, made by one thread at a time, and what they import."""

from __future__ import annotations

import ast
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TURN = threading.Lock()
ATTEMPTS = 20
"""A disturbance is over with the other tree; each attempt begins with a count of its own."""


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a script.

    Raises
    ------
        SyntaxError, ValueError, RecursionError, MemoryError: It is no Python, or too deep.

    """
    return undisturbed(lambda: ast.parse(source))


def undisturbed(make: Callable[[], T]) -> T:
    """Return what a function makes that builds syntax trees, itself or in a library.

    CPython 3.11 counts the depth of a tree for all threads together: two that build trees at the
    same time fail now and then with "AST constructor recursion depth mismatch"
    (python/cpython#106905). Checks of several scripts run in threads, so there is one turn at a
    time; libraries build trees outside of it (`numpy.load` for a header, a first import of
    matplotlib), so what they disturbed is made again.
    """
    with TURN:
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(SystemError):
                return make()
        return make()


def imported_modules(tree: ast.Module, *, with_guarded: bool = True) -> frozenset[str]:
    """Return the top-level modules that a script imports.

    Parameters
    ----------
    tree
        Its syntax tree.
    with_guarded
        Whether imports within try blocks count.
    """
    tries = () if with_guarded else (n for n in ast.walk(tree) if isinstance(n, ast.Try))
    spared = {id(child) for node in tries for child in ast.walk(node)}
    return frozenset(
        name for node in ast.walk(tree) if id(node) not in spared for name in _names_of(node)
    )


def _names_of(node: ast.AST) -> list[str]:
    """Return the top-level modules that one statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []

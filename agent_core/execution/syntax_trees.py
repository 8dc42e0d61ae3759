"""Syntax trees of scripts, made by one thread at a time, and what they import."""

from __future__ import annotations

import ast
import threading

TURN = threading.Lock()


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a script.

    CPython 3.11 counts the depth of a tree for all threads together: two that build trees at the
    same time fail now and then with "AST constructor recursion depth mismatch"
    (python/cpython#106905). Checks of several scripts run in threads.

    Raises
    ------
        SyntaxError, ValueError, RecursionError, MemoryError: It is no Python, or too deep.

    """
    with TURN:
        return ast.parse(source)


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

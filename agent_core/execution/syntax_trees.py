"""Syntax trees of scripts, made by one thread at a time."""

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

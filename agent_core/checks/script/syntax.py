"""Reading a script's syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeVar

from agent_core.execution.syntax_trees import parse

Node = TypeVar("Node", bound=ast.AST)


def syntax_tree(source: str) -> ast.Module:
    """Return the syntax tree; an empty one of what is no Python."""
    try:
        return parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def nodes_of_kind(tree: ast.AST, kind: type[Node]) -> Iterator[Node]:
    """Yield the nodes of one kind."""
    return (node for node in ast.walk(tree) if isinstance(node, kind))


def last_name(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    return called_name(call).rpartition(".")[2]


def called_name(call: ast.Call) -> str:
    """Return the dotted name of what is called; empty where it has none."""
    return dotted_name(call.func)


def dotted_name(node: ast.AST) -> str:
    """Return `a.b.c` of a chain of attributes; calls and subscripts in it are skipped."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted_name(node.value)
        return f"{inner}.{node.attr}" if inner else node.attr
    if isinstance(node, ast.Call):
        return dotted_name(node.func)
    return dotted_name(node.value) if isinstance(node, ast.Subscript) else ""


def scopes(tree: ast.Module) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Yield module and functions, each with the nodes of its own body, nested ones left out."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for scope in (tree, *(n for n in ast.walk(tree) if isinstance(n, functions))):
        yield scope, tuple(own_nodes(scope))


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below a scope without descending into functions."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))

"""Under which names a script holds the cells of its design."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agent_core.checks.script.syntax import called_name, nodes_of_kind

MANY = frozenset({"labbook.cells", "labbook.design", "cells"})
ONE = frozenset({"labbook.cell", "cell"})


def cell_names(tree: ast.AST) -> frozenset[str]:
    """Return the names of cells: of loops, of `with`, and of the functions that take them."""
    found, more = set[str](), {*_made(tree)}
    while more:
        found |= more
        more = {*_given(tree, found)} - found
    return frozenset(found)


def _made(tree: ast.AST) -> Iterator[str]:
    """Yield the names that take what the helper gives."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.For(target=ast.Name(id=name), iter=ast.Call() as call)
                | ast.comprehension(target=ast.Name(id=name), iter=ast.Call() as call)
            ) if called_name(call) in MANY:
                yield name
            case (
                ast.withitem(context_expr=ast.Call() as call, optional_vars=ast.Name(id=name))
                | ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call)
            ) if called_name(call) in ONE:
                yield name


def _given(tree: ast.AST, cells: set[str]) -> Iterator[str]:
    """Yield the parameters of the script's functions that are given cells."""
    functions = {f.name: f for f in nodes_of_kind(tree, ast.FunctionDef)}
    for call in nodes_of_kind(tree, ast.Call):
        function = functions.get(called_name(call))
        if function is None:
            continue
        for parameter, value in zip(function.args.args, call.args, strict=False):
            if isinstance(value, ast.Name) and value.id in cells:
                yield parameter.arg
        yield from (
            k.arg
            for k in call.keywords
            if k.arg and isinstance(k.value, ast.Name) and k.value.id in cells
        )

"""Reading a script's syntax tree: what is called, what is set, and what a body holds itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeVar

from agent_core.execution.syntax_trees import parse

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def syntax_tree(source: str) -> ast.Module:
    """Return the syntax tree; an empty one of what is no Python."""
    try:
        return parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def nodes_of_kind(tree: ast.AST, kind: type[Node]) -> Iterator[Node]:
    """Yield the nodes of one kind."""
    return (node for node in ast.walk(tree) if isinstance(node, kind))


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below a scope without descending into functions."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def last_name(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    return called_name(call).rpartition(".")[2]


def called_name(call: ast.Call) -> str:
    """Return the dotted name of what is called; empty where it has none."""
    return dotted_name(call.func)


def dotted_name(node: ast.AST) -> str:
    """Return `a.b.c` of a chain of attributes; calls and subscripts in it are skipped."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            return f"{dotted_name(inner)}.{name}".lstrip(".")
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return dotted_name(inner)
    return ""


def names_in(node: ast.AST) -> set[str]:
    """Return the names that are used or set anywhere in a node."""
    return {n.id for n in nodes_of_kind(node, ast.Name)}


def arguments_of(call: ast.Call) -> list[ast.expr]:
    """Return all that a call is given, by place and by name."""
    return [*call.args, *(k.value for k in call.keywords)]


def named_argument(call: ast.Call, name: str) -> list[ast.expr]:
    """Return the argument of a name, or none."""
    return [k.value for k in call.keywords if k.arg == name]


def text_keys(node: ast.Dict) -> dict[str, ast.expr]:
    """Return the values of a literal dict by those of its keys that are text."""
    pairs = zip(node.keys, node.values, strict=True)
    constants = ((k.value, v) for k, v in pairs if isinstance(k, ast.Constant))
    return {key: value for key, value in constants if isinstance(key, str)}


def targets_of(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what a node itself sets, each with its value; of loops with what they go over."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield target, value
        case (
            ast.For(target=target, iter=value)
            | ast.AsyncFor(target=target, iter=value)
            | ast.comprehension(target=target, iter=value)
        ):
            yield target, value
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield target, value


def paired_names(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Pair the names of a target with their parts of a value."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        for inner, part in zip(target.elts, parts_for(target, value), strict=True):
            yield from paired_names(inner, part)


def parts_for(target: ast.Tuple | ast.List, value: ast.expr) -> list[ast.expr]:
    """Return a value for each part of a target: its own, or the whole where they do not match."""
    parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    return parts if len(parts) == len(target.elts) else [value] * len(target.elts)

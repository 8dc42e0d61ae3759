"""Models that a script makes and never delivers anything of, such as one that warms up."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.syntax import (
    arguments_of,
    last_name,
    names_in,
    nodes_of_kind,
    targets_of,
)
from agent_core.lenskit.scorers import SCORERS

HARMLESS = names_of("harmless") | frozenset(SCORERS)
QUIET = names_of("quiet")
NESTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


def undelivered_calls(tree: ast.Module) -> frozenset[int]:
    """Return the calls (`id`) of classes of which nothing leaves the function they are made in.

    What is returned, delivered, kept in a container or an attribute, handed to a function that is
    not known, or used by a function inside may be delivered; so may what shares a name with it.
    """
    own = frozenset(f.name for f in nodes_of_kind(tree, ast.FunctionDef))
    found: set[int] = set()
    bodies = [tree.body, *(f.body for f in nodes_of_kind(tree, ast.FunctionDef))]
    for body in bodies:
        nodes = [n for statement in body for n in _nodes_of(statement)]
        shared = _names_elsewhere(nodes)
        for call in nodes:
            if isinstance(call, ast.Call) and last_name(call)[:1].isupper():
                names = _names_reached(call, nodes)
                leaves = any(_is_leaving(n, call, names, HARMLESS - own) for n in nodes)
                found |= set() if leaves or names & shared else {id(call)}
    return frozenset(found)


def _nodes_of(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and what is in it; functions and classes inside are not entered."""
    yield statement
    if not isinstance(statement, NESTED):
        for child in ast.iter_child_nodes(statement):
            yield from _nodes_of(child)


def _names_elsewhere(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Return the names that functions inside use, or that belong to a scope outside."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, NESTED):
            found |= names_in(node)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found |= set(node.names)
    return frozenset(found)


def _names_reached(call: ast.Call, nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Return the names that hold something of what a call makes."""
    names: frozenset[str] = frozenset()
    while True:
        found = {
            name
            for node in nodes
            for target, value in targets_of(node)
            if _touches(value, call, names)
            for name in names_in(target)
        }
        if found <= names:
            return names
        names |= found


def _touches(node: ast.AST | None, call: ast.Call, names: frozenset[str]) -> bool:
    """Whether a call, or a name that holds something of it, is in an expression."""
    return node is not None and any(
        n is call or (isinstance(n, ast.Name) and n.id in names) for n in ast.walk(node)
    )


def _is_leaving(
    node: ast.AST, call: ast.Call, names: frozenset[str], harmless: frozenset[str]
) -> bool:
    """Whether something of what a call makes leaves its function by a node."""
    match node:
        case ast.Return(value=value) | ast.Yield(value=value) | ast.YieldFrom(value=value):
            return _touches(value, call, names)
        case ast.Call(func=func):
            is_given = any(_touches(a, call, names) for a in arguments_of(node))
            writes = last_name(node) not in QUIET and _touches(func, call, names)
            return last_name(node) not in harmless and (is_given or writes)
    return any(
        _touches(value, call, names)
        for target, value in targets_of(node)
        if any(isinstance(t, ast.Attribute | ast.Subscript) for t in ast.walk(target))
    )

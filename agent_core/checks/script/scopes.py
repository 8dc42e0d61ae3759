"""The scopes of a script, each with what its names are set to: made once, read by many checks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.syntax import (
    Function,
    called_name,
    last_name,
    nodes_of_kind,
    own_nodes,
    paired_names,
    syntax_tree,
    targets_of,
)

MAX_STEPS = 8
"""Names and calls that are followed from an expression, for what goes round in a circle has to
end; behind more of them a value is neither typed in, nor drawn, nor a whole file."""
ROUNDING = names_of("rounding")


@dataclass(frozen=True, slots=True)
class Scope:
    """A function, or the module: its own nodes, and what its names are set to."""

    node: ast.Module | Function
    nodes: Sequence[ast.AST]
    """Those of its body; functions inside are left out."""
    values: Mapping[str, Sequence[ast.expr]]
    """Those of the module are seen inside."""
    returns: Mapping[str, Sequence[ast.expr]]
    """What the functions of the script return."""

    @property
    def name(self) -> str:
        """The function's name; empty for the module."""
        return getattr(self.node, "name", "")

    @property
    def parameters(self) -> list[str]:
        """The parameters that are given by place."""
        return [] if isinstance(self.node, ast.Module) else [a.arg for a in self.node.args.args]

    @property
    def calls(self) -> list[ast.Call]:
        """The calls in its body."""
        return [n for n in self.nodes if isinstance(n, ast.Call)]

    def parts(self, expression: ast.expr) -> Sequence[ast.expr]:
        """Return what an expression is directly made of, names followed to their values."""
        match expression:
            case ast.Name(id=name):
                return self.values.get(name, ())
            case ast.BinOp(left=left, right=right):
                return [left, right]
            case ast.IfExp(body=body, orelse=other):
                return [body, other]
            case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
                return [inner]
            case ast.Call() if called_name(expression) in self.returns:
                return self.returns[called_name(expression)]
            case ast.Call(args=args) if last_name(expression) in ROUNDING:
                return args
        return ()


@lru_cache(maxsize=8)
def scopes_of(source: str) -> tuple[Scope, ...]:
    """Return module and functions of a source; the checks of one script share them."""
    tree = syntax_tree(source)
    returns = {
        f.name: [n.value for n in own_nodes(f) if isinstance(n, ast.Return) and n.value]
        for f in nodes_of_kind(tree, ast.FunctionDef)
    }
    module = _scope(tree, {}, returns)
    functions = (n for n in ast.walk(tree) if isinstance(n, Function))
    return (module, *(_scope(f, module.values, returns) for f in functions))


def assignments(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Yield names with the expressions that they are set to; loop targets with what is looped."""
    for node in nodes:
        for target, value in targets_of(node):
            if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
                yield from _bound_by_loop(target, value)
            elif not isinstance(node, ast.withitem):
                yield from paired_names(target, value)


def _scope(
    node: ast.Module | Function,
    outer: Mapping[str, Sequence[ast.expr]],
    returns: Mapping[str, Sequence[ast.expr]],
) -> Scope:
    """Read one scope; a parameter hides the name outside."""
    nodes = tuple(own_nodes(node))
    given = None if isinstance(node, ast.Module) else node.args
    hiding = (*given.posonlyargs, *given.args, *given.kwonlyargs) if given else ()
    values = {name: list(found) for name, found in outer.items()}
    for parameter in hiding:
        values.pop(parameter.arg, None)
    for name, value in assignments(nodes):
        values.setdefault(name, []).append(value)
    return Scope(node, nodes, values, returns)


def _bound_by_loop(target: ast.expr, looped: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Pair loop targets with literal elements; `items()` of a literal with its values."""
    source = _container_of(looped) or looped
    if isinstance(target, ast.Tuple) and isinstance(source, ast.List | ast.Tuple):
        for element in source.elts:
            yield from paired_names(target, element)
    elif isinstance(target, ast.Tuple) and source is not looped:
        yield from paired_names(target.elts[-1], source)
    else:
        yield from paired_names(target, source)


def _container_of(looped: ast.expr) -> ast.expr | None:
    """Return `x` of `x.items()` or `x.values()`."""
    match looped:
        case ast.Call(func=ast.Attribute(value=container, attr="items" | "values")):
            return container
    return None

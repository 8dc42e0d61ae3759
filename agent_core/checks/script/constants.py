"""What names and conditions of a source come to in a full run, as far as the source itself says.

In a pilot, a short trial whose results do not count, the helper and an environment variable say
so; a full run is what is looked at.
"""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.syntax import (
    called_name,
    dotted_name,
    nodes_of_kind,
    paired_names,
    targets_of,
)

PILOT = "AUTORECLAB_PILOT"
"""Set in pilots only."""
UNKNOWN = object()
"""Stands for what the source alone does not say."""
MAX_STEPS = 12
"""Names and parts that are followed; what takes more stays unknown, and both branches count."""
CASTS: Mapping[str, Callable[[Any], Any]] = {"bool": bool, "int": int, "str": str, "float": float}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
}
CHANGING = names_of("changing")
REBOUND = names_of("rebound")


@dataclass(frozen=True, slots=True)
class Constants:
    """The names of a source that are set once, each with what it is set to."""

    names: dict[str, ast.expr]

    @classmethod
    def of(cls, tree: ast.Module, idle: frozenset[int] = frozenset()) -> Constants:
        """Collect them; a name that is set anywhere else too, in whichever scope, is not one.

        `idle`: the nodes (`id`) that a full run leaves out.
        """
        if any(called_name(c) in REBOUND for c in nodes_of_kind(tree, ast.Call)):
            return cls({})
        nodes = [n for n in ast.walk(tree) if id(n) not in idle]
        counts = Counter(name for node in nodes for name in _bindings(node))
        return cls({n: v for node in nodes for n, v in _pairs(node) if counts[n] == 1})

    @classmethod
    def of_full_run(cls, tree: ast.Module) -> tuple[Constants, frozenset[int]]:
        """Collect them, what only pilots set left aside; and the nodes that only pilots run."""
        idle = frozenset(map(id, _never_run(tree, cls.of(tree))))
        known = cls.of(tree, idle)
        return known, idle | frozenset(map(id, _never_run(tree, known)))

    def followed(self, node: ast.expr, steps: int = MAX_STEPS) -> ast.expr:
        """Return the expression that another one comes to: names and known choices resolved."""
        match node:
            case ast.Name(id=name) if steps and name in self.names:
                return self.followed(self.names[name], steps - 1)
            case ast.IfExp(body=body, orelse=other) if steps:
                test = self.value(node.test, steps - 1)
                if test is not UNKNOWN:
                    return self.followed(body if test else other, steps - 1)
        return node

    def value(self, node: ast.expr, steps: int = MAX_STEPS) -> Any:
        """Return what an expression comes to in a full run, or `UNKNOWN`."""
        if not steps:
            return UNKNOWN
        match node := self.followed(node, steps):
            case ast.Constant(value=value):
                return value
            case ast.Subscript(value=whole, slice=key) if _is_environment(whole):
                return "" if self.value(key, steps - 1) == PILOT else UNKNOWN
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                found = self.value(inner, steps - 1)
                return UNKNOWN if found is UNKNOWN else not found
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.BoolOp():
                return self._value_of_all(node, steps)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._comparison(op, left, right, steps)
            case ast.Call():
                return self._value_of_call(node, steps)
        return UNKNOWN

    def _value_of_all(self, node: ast.BoolOp, steps: int) -> Any:
        """Return what `and` or `or` comes to; one side can be enough."""
        is_or = isinstance(node.op, ast.Or)
        values = [self.value(v, steps - 1) for v in node.values]
        is_known = UNKNOWN not in values
        deciding = [v for v in values if v is not UNKNOWN and bool(v) is is_or]
        if deciding:
            # Its truth is sure; which of several values it is matters to no condition.
            return deciding[0] if is_known else is_or
        return values[-1] if is_known else UNKNOWN

    def _comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr, steps: int) -> Any:
        """Return what a comparison comes to; the environment of a full run lacks `PILOT`."""
        if isinstance(op, ast.In | ast.NotIn) and _is_environment(right):
            return isinstance(op, ast.NotIn) if self.value(left, steps - 1) == PILOT else UNKNOWN
        sides = [self.value(left, steps - 1), self._members(right, steps - 1)]
        compare = COMPARISONS.get(type(op))
        return UNKNOWN if compare is None else _result_of(compare, sides)

    def _members(self, node: ast.expr, steps: int) -> Any:
        """Return the values of a container written in place, which nothing can have changed."""
        if not isinstance(node, ast.Tuple | ast.List | ast.Set):
            return self.value(node, steps)
        values = [self.value(part, steps) for part in node.elts]
        return UNKNOWN if UNKNOWN in values else tuple(values)

    def _value_of_call(self, call: ast.Call, steps: int) -> Any:
        """Return what a call comes to: of the helper, the environment, or a plain type."""
        name = called_name(call)
        last = name.rpartition(".")[2]
        if last == "is_pilot" and not call.args:
            return False
        given = [self.value(a, steps - 1) for a in call.args]
        if (name.endswith("environ.get") or last == "getenv") and given[:1] == [PILOT]:
            return given[1] if len(given) > 1 else None
        return _result_of(CASTS[name], given) if name in CASTS and len(given) == 1 else UNKNOWN


def _result_of(function: Callable[..., Any], given: list[Any]) -> Any:
    """Return what a function makes of known values, where it takes them."""
    if UNKNOWN in given:
        return UNKNOWN
    try:
        return function(*given)
    except (TypeError, ValueError):
        return UNKNOWN


def _is_environment(node: ast.expr) -> bool:
    """Whether an expression is the environment of the process."""
    return dotted_name(node).rpartition(".")[2] == "environ" and not isinstance(node, ast.Call)


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a statement sets, each with its own value."""
    for target, whole in targets_of(node) if isinstance(node, ast.Assign | ast.AnnAssign) else ():
        for name, value in paired_names(target, whole):
            if isinstance(target, ast.Name) or value is not whole:
                yield name, value


def _bindings(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself sets, or whose container it changes."""
    match node:
        case (
            ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del())
            | ast.arg(arg=name)
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
        ):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in CHANGING:
            yield name


def _never_run(tree: ast.Module, known: Constants) -> Iterator[ast.AST]:
    """Yield what a full run leaves out: branches whose condition only holds in a pilot."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.If | ast.IfExp):
            continue
        if (test := known.value(node.test)) is UNKNOWN:
            continue
        idle = node.orelse if test else node.body
        for inner in idle if isinstance(idle, list) else [idle]:
            yield from ast.walk(inner)

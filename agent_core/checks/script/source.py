"""What the source alone gives away: typed-in numbers, random results, swallowed errors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from agent_core.checks.result import Result, not_applicable, passed, some, warned
from agent_core.checks.script.syntax import (
    called_name,
    dotted_name,
    last_name,
    nodes_of_kind,
    own_nodes,
    scopes,
    syntax_tree,
)
from agent_core.evidence.evidence import Evidence

BROAD = frozenset({"Exception", "BaseException"})
ROUNDING = frozenset(
    {"float", "int", "round", "float64", "float32", "array", "abs", "mean", "list"}
)
"""Calls that leave a number what it was."""
DRAWS = frozenset(
    {
        "random", "rand", "randn", "uniform", "normal", "gauss", "integers", "randint", "beta",
        "standard_normal", "triangular", "betavariate", "normalvariate", "random_sample", "choice",
    }
)  # fmt: skip
MAX_STEPS = 8


@dataclass(slots=True)
class Flow:
    """Where the names of a scope get their values, and what functions return."""

    values: dict[str, list[ast.expr]] = field(default_factory=dict)
    returns: dict[str, list[ast.expr]] = field(default_factory=dict)

    def sources(self, expression: ast.expr, steps: int = MAX_STEPS) -> Iterator[ast.expr]:
        """Yield what an expression is made of, names followed to their values."""
        yield expression
        if not steps:
            return
        for inner in self.parts(expression):
            yield from self.sources(inner, steps - 1)

    def parts(self, expression: ast.expr) -> list[ast.expr]:
        """Return what an expression is directly made of."""
        match expression:
            case ast.Name(id=name):
                return self.values.get(name, [])
            case ast.BinOp(left=left, right=right):
                return [left, right]
            case ast.UnaryOp(operand=operand):
                return [operand]
            case ast.IfExp(body=body, orelse=other):
                return [body, other]
            case ast.Subscript(value=value):
                return [value]
            case ast.Call() as call if called_name(call) in self.returns:
                return self.returns[called_name(call)]
            case ast.Call() as call if last_name(call) in ROUNDING:
                return list(call.args)
        return []

    def is_typed(self, expression: ast.expr, steps: int = MAX_STEPS) -> bool:
        """Whether an expression comes to nothing but numbers in the source."""
        if not steps:
            return False
        match expression:
            case ast.Constant(value=value):
                return isinstance(value, int | float) and not isinstance(value, bool)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return bool(elements) and all(self.is_typed(e, steps - 1) for e in elements)
            case ast.Dict(values=elements):
                return bool(elements) and all(self.is_typed(e, steps - 1) for e in elements)
        parts = self.parts(expression)
        return bool(parts) and all(self.is_typed(p, steps - 1) for p in parts)

    def is_drawn(self, expression: ast.expr) -> bool:
        """Whether a random draw goes into an expression directly."""
        return any(isinstance(e, ast.Call) and is_draw(e) for e in self.sources(expression))


def is_draw(call: ast.Call) -> bool:
    """Whether a call draws random numbers."""
    parts = called_name(call).split(".")
    roots = set(parts[:-1])
    is_generator = any("rng" in r or "random" in r or "generator" in r for r in roots)
    return parts[-1] in DRAWS and (is_generator or parts[-1] in ("random", "gauss", "randn"))


def flows(tree: ast.Module) -> Iterator[tuple[Flow, tuple[ast.AST, ...]]]:
    """Yield the flow of values of each scope, with its nodes; module values are seen inside."""
    returns = {
        f.name: [n.value for n in own_nodes(f) if isinstance(n, ast.Return) and n.value]
        for f in nodes_of_kind(tree, ast.FunctionDef)
    }
    outer: dict[str, list[ast.expr]] = {}
    for scope, nodes in scopes(tree):
        values = {name: list(found) for name, found in outer.items()}
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            for argument in (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs):
                values.pop(argument.arg, None)
        for name, value in assignments(nodes):
            values.setdefault(name, []).append(value)
        outer = outer or values
        yield Flow(values, returns), nodes


def assignments(nodes: tuple[ast.AST, ...]) -> Iterator[tuple[str, ast.expr]]:
    """Yield names with the expressions that they are set to; loop targets with what is looped."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from targets_with_values(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
            yield from targets_with_values(node.target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            yield from _bound_by_loop(node.target, node.iter)


def targets_with_values(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Pair the names of a target with their parts of a value."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        for index, inner in enumerate(target.elts):
            is_paired = len(parts) == len(target.elts)
            yield from targets_with_values(inner, parts[index] if is_paired else value)


def typed_in_numbers(evidence: Evidence) -> Result:
    """Look for metric values that stand in the source instead of being computed."""
    tree = syntax_tree(evidence.source)
    lines = _delivered_lines(tree, Flow.is_typed)
    if lines:
        return warned(f"Values of metrics are typed into the source: {_lines_text(lines)}.")
    if not _delivered_lines(tree, lambda _flow, _value: True):
        return not_applicable("The source shows no place where values are delivered.")
    return passed("No value that is delivered is a number typed into the source.")


def metric_from_random(evidence: Evidence) -> Result:
    """Look for metric values that are drawn instead of measured."""
    lines = _delivered_lines(syntax_tree(evidence.source), Flow.is_drawn)
    if lines:
        return warned(f"Random numbers go into delivered values: {_lines_text(lines)}.")
    return passed("No delivered value is a random draw.")


def swallowed_exceptions(evidence: Evidence) -> Result:
    """Look for errors that are caught broadly and passed over."""
    tree = syntax_tree(evidence.source)
    raised = _raised_names(tree)
    lines = [
        h.lineno
        for h in nodes_of_kind(tree, ast.ExceptHandler)
        if _is_swallowing(h) and not _kept_names(h) & raised
    ]
    lines += [
        c.lineno
        for c in nodes_of_kind(tree, ast.Call)
        if called_name(c).endswith("suppress") and any(dotted_name(a) in BROAD for a in c.args)
    ]
    if lines:
        return warned(f"Errors are caught broadly and passed over: {_lines_text(lines)}.")
    return passed("No error is passed over.")


def _bound_by_loop(target: ast.expr, looped: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Pair loop targets with literal elements; `items()` of a literal with its values."""
    source = _container_of(looped) or looped
    if isinstance(target, ast.Tuple) and isinstance(source, ast.List | ast.Tuple):
        for element in source.elts:
            yield from targets_with_values(target, element)
    elif isinstance(target, ast.Tuple) and source is not looped:
        yield from targets_with_values(target.elts[-1], source)
    else:
        yield from targets_with_values(target, source)


def _container_of(looped: ast.expr) -> ast.expr | None:
    """Return `x` of `x.items()` or `x.values()`."""
    if isinstance(looped, ast.Call) and isinstance(looped.func, ast.Attribute):
        return looped.func.value if looped.func.attr in ("items", "values") else None
    return None


def _row_names(tree: ast.Module) -> frozenset[str]:
    """Return under which names the helper's `row` is called; not a `row` of another use."""
    own = [f for f in nodes_of_kind(tree, ast.FunctionDef) if f.name == "row"]
    delivers = [
        c for f in own for c in nodes_of_kind(f, ast.Call) if called_name(c) == "labbook.row"
    ]
    return frozenset({"labbook.row"} if own and not delivers else {"labbook.row", "row"})


def _claimed_values(
    nodes: tuple[ast.AST, ...], names: frozenset[str] = frozenset({"labbook.row", "row"})
) -> Iterator[ast.expr]:
    """Yield the expressions that are delivered as values of metrics."""
    for node in nodes:
        if isinstance(node, ast.Call) and called_name(node) in names:
            named = [k.value for k in node.keywords if k.arg == "value"]
            yield from named or node.args[1:2]
        elif isinstance(node, ast.Dict):
            keys = {k.value: v for k, v in zip(node.keys, node.values, strict=True)
                    if isinstance(k, ast.Constant)}  # fmt: skip
            if "metric" in keys and "value" in keys:
                yield keys["value"]


def _delivered_lines(tree: ast.Module, is_so: Callable[[Flow, ast.expr], bool]) -> list[int]:
    """Return the lines of the delivered values that are so."""
    names = _row_names(tree)
    return [
        value.lineno
        for flow, nodes in flows(tree)
        for value in _claimed_values(nodes, names)
        if is_so(flow, value)
    ]


def _lines_text(lines: list[int]) -> str:
    """List line numbers."""
    unique = sorted(set(lines))
    return f"line{'s' if len(unique) > 1 else ''} {some(unique)}"


def _is_swallowing(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches everything and does not raise or end the script."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    is_broad = any(kind is None or dotted_name(kind).rpartition(".")[2] in BROAD for kind in kinds)
    ends = any(
        isinstance(n, ast.Raise)
        or (isinstance(n, ast.Call) and called_name(n) in ("sys.exit", "exit", "os._exit"))
        for statement in handler.body
        for n in ast.walk(statement)
    )
    return is_broad and not ends


def _kept_names(handler: ast.ExceptHandler) -> set[str]:
    """Return the names in which a handler keeps its error: by a call of theirs, or set."""
    found = set()
    for statement in handler.body:
        for node in ast.walk(statement):
            uses = {n.id for n in nodes_of_kind(node, ast.Name)} if handler.name else set()
            if handler.name not in uses:
                continue
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.add(dotted_name(node.func.value))
            if isinstance(node, ast.Assign):
                found |= {dotted_name(target) for target in node.targets}
    return found - {"", "labbook", "logging", "log", "logger"}


def _raised_names(tree: ast.Module) -> set[str]:
    """Return the names that an error is raised with, or raised where they hold something."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc:
            found |= {n.id for n in nodes_of_kind(node.exc, ast.Name)}
        if isinstance(node, ast.If) and any(isinstance(s, ast.Raise) for s in node.body):
            found |= {n.id for n in nodes_of_kind(node.test, ast.Name)}
    return found

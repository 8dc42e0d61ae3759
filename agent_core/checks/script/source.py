"""What the source alone gives away: typed-in numbers, random results, swallowed errors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from agent_core.checks.result import Result, not_applicable, passed, warned
from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.cell_names import cell_names
from agent_core.checks.script.scopes import MAX_STEPS, Scope, scopes_of
from agent_core.checks.script.syntax import (
    called_name,
    dotted_name,
    named_argument,
    names_in,
    nodes_of_kind,
    syntax_tree,
    text_keys,
)
from agent_core.evidence.evidence import Evidence

BROAD = names_of("broad")
DRAWS = names_of("draws")


def is_draw(call: ast.Call) -> bool:
    """Whether a call draws random numbers."""
    parts = called_name(call).split(".")
    is_generator = any("rng" in r or "random" in r or "generator" in r for r in parts[:-1])
    return parts[-1] in DRAWS and (is_generator or parts[-1] in ("random", "gauss", "randn"))


def typed_in_numbers(evidence: Evidence) -> Result:
    """Look for metric values that stand in the source instead of being computed."""
    if lines := _delivered_lines(evidence.source, _is_typed):
        return _warned_of_lines("Values of metrics are typed into the source", lines)
    if not _delivered_lines(evidence.source, lambda _scope, _value: True):
        return not_applicable("The source shows no place where values are delivered.")
    return passed("No value that is delivered is a number typed into the source.")


def metric_from_random(evidence: Evidence) -> Result:
    """Look for metric values that are drawn instead of measured."""
    if lines := _delivered_lines(evidence.source, _is_drawn):
        return _warned_of_lines("Random numbers go into delivered values", lines)
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
        return _warned_of_lines("Errors are caught broadly and passed over", lines)
    return passed("No error is passed over.")


def _is_typed(scope: Scope, expression: ast.expr, steps: int = MAX_STEPS) -> bool:
    """Whether an expression comes to nothing but numbers in the source."""
    match expression:
        case ast.Constant(value=value):
            return bool(steps) and isinstance(value, int | float) and not isinstance(value, bool)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            pass
        case _:
            parts = list(scope.parts(expression))
    return bool(steps and parts) and all(_is_typed(scope, p, steps - 1) for p in parts)


def _is_drawn(scope: Scope, expression: ast.expr, steps: int = MAX_STEPS) -> bool:
    """Whether a random draw goes into an expression directly."""
    if isinstance(expression, ast.Call) and is_draw(expression):
        return True
    return bool(steps) and any(_is_drawn(scope, p, steps - 1) for p in scope.parts(expression))


def _row_names(tree: ast.AST) -> frozenset[str]:
    """Return under which names the helper's `row` is called; not a `row` of another use."""
    own = [f for f in nodes_of_kind(tree, ast.FunctionDef) if f.name == "row"]
    calls = (called_name(c) for f in own for c in nodes_of_kind(f, ast.Call))
    is_other = bool(own) and "labbook.row" not in calls
    names = {"labbook.row"} if is_other else {"labbook.row", "row"}
    return frozenset(names | {f"{cell}.row" for cell in cell_names(tree)})


def _claimed_values(nodes: Iterable[ast.AST], names: frozenset[str]) -> Iterator[ast.expr]:
    """Yield the expressions that are delivered as values of metrics."""
    for node in nodes:
        if isinstance(node, ast.Call) and called_name(node) in names:
            yield from named_argument(node, "value") or node.args[1:2]
        elif (
            isinstance(node, ast.Dict) and {"metric", "value"} <= (keys := text_keys(node)).keys()
        ):
            yield keys["value"]


def _delivered_lines(source: str, is_so: Callable[[Scope, ast.expr], bool]) -> list[int]:
    """Return the lines of the delivered values that are so."""
    scopes = scopes_of(source)
    names = _row_names(scopes[0].node)
    return [
        value.lineno
        for scope in scopes
        for value in _claimed_values(scope.nodes, names)
        if is_so(scope, value)
    ]


def _warned_of_lines(what: str, lines: Iterable[int]) -> Result:
    """Warn of what stands in some lines."""
    unique = sorted(set(lines))
    place = "line {lines}" if len(unique) == 1 else "lines {lines}"
    return warned(f"{what}: {place}.", lines=unique)


def _is_swallowing(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches everything and does not raise or end the script."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    is_broad = any(kind is None or dotted_name(kind).rpartition(".")[2] in BROAD for kind in kinds)
    return is_broad and not any(_ends_script(n) for n in _nodes_of_body(handler))


def _ends_script(node: ast.AST) -> bool:
    """Whether a node raises an error or ends the script."""
    is_exit = isinstance(node, ast.Call) and called_name(node) in ("sys.exit", "exit", "os._exit")
    return is_exit or isinstance(node, ast.Raise)


def _nodes_of_body(handler: ast.ExceptHandler) -> Iterator[ast.AST]:
    """Yield all nodes of what a handler does."""
    return (node for statement in handler.body for node in ast.walk(statement))


def _kept_names(handler: ast.ExceptHandler) -> set[str]:
    """Return the names in which a handler keeps its error: by a call of theirs, or set."""
    found = set()
    for node in _nodes_of_body(handler):
        if handler.name not in names_in(node):
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
            found |= names_in(node.exc)
        if isinstance(node, ast.If) and any(isinstance(s, ast.Raise) for s in node.body):
            found |= names_in(node.test)
    return found

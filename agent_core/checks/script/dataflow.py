"""Follows a script's source: which models are made of candidates, scored on the test, chosen."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Mapping, Sequence

from agent_core.checks.script.expression_tags import ExpressionTags, TooLong
from agent_core.checks.script.syntax import own_nodes, targets_of
from agent_core.checks.script.value_tags import (
    NOT_TEST,
    NOTHING,
    TEST,
    TaggedValue,
    TagScope,
    either_value,
    made_of_values,
    tested_expressions,
)

MAX_DEPTH = 8
"""Calls inside calls that are followed; a deeper one comes to all that it is given, so that a
function that calls itself ends."""


class Tracer(ExpressionTags):
    """Follows statements in the order in which they run; loops twice, both sides of a branch."""

    def __init__(self, tree: ast.Module, kinds: Iterable[str]) -> None:
        super().__init__(tree, kinds)
        self.tested: dict[ast.FunctionDef, frozenset[str]] = {}
        """What each function saves as test."""
        self.depth = 0

    def follow(self, statements: Sequence[ast.stmt]) -> None:
        """Follow statements; behind `if score <= best: continue` the rest is chosen."""
        before = self.choosing
        for statement in statements:
            self.steps += 1
            self._follow_one(statement)
            if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Continue):
                self.choosing |= self.value(statement.test).of("compared")
        self.choosing = before

    def follow_body(
        self,
        function: ast.FunctionDef,
        given: Sequence[TaggedValue],
        named: Mapping[str, TaggedValue],
    ) -> TaggedValue:
        """Follow the body of a function with these arguments to what it returns."""
        if self.depth >= MAX_DEPTH:
            return made_of_values([*given, *named.values()])
        if function not in self.tested:
            self.tested[function] = tested_expressions(own_nodes(function))
        inner = TagScope(self.scope, self.tested[function])
        inner.names = _argument_values(function.args, given, named)
        outer, choosing = self.scope, self.choosing
        self.scope, self.choosing, self.depth = inner, frozenset(), self.depth + 1
        self.follow(function.body)
        self.scope, self.choosing, self.depth = outer, choosing, self.depth - 1
        return either_value(inner.returned) if inner.returned else NOTHING

    def _follow_one(self, node: ast.stmt) -> None:
        """Follow one statement."""
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._set(node)
            case ast.With(items=items, body=body):
                for item in items:
                    found = self.value(item.context_expr)
                    if item.optional_vars:
                        self.bind(item.optional_vars, found)
                self.follow(body)
            case ast.For() | ast.While():
                self._follow_loop(node)
            case ast.If():
                self._follow_branches(node)
            case ast.Try(body=body, handlers=handlers, orelse=other, finalbody=final):
                self.follow([*body, *(s for h in handlers for s in h.body), *other, *final])
            case ast.Return(value=ast.expr() as value):
                self.scope.returned.append(self.value(value))
            case ast.Expr(value=value):
                self.value(value)

    def _set(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        """Set the names of an assignment."""
        for target, value in targets_of(node):
            is_added = isinstance(node, ast.AugAssign)
            self.bind(target, self.whole([target, value]) if is_added else self.value(value))

    def _follow_loop(self, node: ast.For | ast.While) -> None:
        """Follow a loop twice: what the first turn sets, the second one reads."""
        if isinstance(node, ast.For):
            self.bind(node.target, self.candidate(node.iter), is_loop=True)
        else:
            self.value(node.test)
        self.follow(node.body)
        self.follow([*node.body, *node.orelse])

    def _follow_branches(self, node: ast.If) -> None:
        """Follow both sides; what is set where a score is better than another is chosen."""
        before, names = self.choosing, dict(self.scope.names)
        self.choosing |= self.value(node.test).of("compared")
        self.follow(node.body)
        self.choosing = before
        after, self.scope.names = self.scope.names, names
        self.follow(node.orelse)
        for name, value in after.items():
            old = self.scope.names.get(name, value)
            self.scope.names[name] = either_value([old, value])


def chosen_on_test(tree: ast.Module, kinds: Iterable[str]) -> list[tuple[str, int]]:
    """Return the classes, with a line, of which the best configuration on the test was kept."""
    chosen: set[str] = set()
    with contextlib.suppress(TooLong, RecursionError):
        tracer = Tracer(tree, kinds)
        chosen = tracer.chosen
        tracer.follow(tree.body)
    places = (c.rpartition(":") for c in chosen)
    return sorted((name, int(line)) for name, _, line in places)


def _argument_values(
    parameters: ast.arguments, given: Sequence[TaggedValue], named: Mapping[str, TaggedValue]
) -> dict[str, TaggedValue]:
    """Return what the parameters of a function hold in a call."""
    places = [a.arg for a in (*parameters.posonlyargs, *parameters.args)]
    others = (*parameters.kwonlyargs, parameters.vararg, parameters.kwarg)
    values = dict.fromkeys((*places, *(o.arg for o in others if o)), NOTHING)
    for name, value in (*zip(places, given, strict=False), *named.items()):
        values[name] = value.without(TEST) if NOT_TEST.search(name) else value
    return values

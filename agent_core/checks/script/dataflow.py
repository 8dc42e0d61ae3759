"""Follows a script's source: which models are made of candidates, scored on the test, chosen."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Sequence

from agent_core.checks.script.source import is_draw
from agent_core.checks.script.syntax import (
    called_name,
    dotted_name,
    last_name,
    nodes_of_kind,
    own_nodes,
)
from agent_core.checks.script.value_tags import (
    LOOP,
    NO_CANDIDATE,
    NOT_TEST,
    NOTHING,
    TEST,
    TaggedValue,
    TagScope,
    either_value,
    is_harmless,
    is_seed,
    made_of_values,
    tags_of_kind,
    tested_expressions,
)

PICKING = frozenset(
    {"max", "min", "argmax", "argmin", "nanargmax", "nanargmin", "idxmax", "idxmin"}
)
ORDERING = frozenset({"sorted", "sort", "sort_values", "argsort", "nlargest", "nsmallest"})
FIRST = frozenset({"head", "first", "next", "pop", "tail"})
GROWING = frozenset({"append", "extend", "add", "update", "insert", "setdefault", "appendleft"})
DELIVERING = frozenset({"algorithm", "lists", "row", "per_user", "predictions"})
SILENT = frozenset({"len", "print", "range", "isinstance", "type", "id", "seeds", "is_pilot"})
MAX_DEPTH = 8
MAX_STEPS = 60_000
MAX_PARTS = 20


class TooLong(Exception):
    """The source takes more steps to follow than it is worth."""


class Tracer:
    """Follows statements in the order in which they run; loops twice, both sides of a branch."""

    def __init__(self, tree: ast.Module, kinds: Iterable[str]) -> None:
        self.kinds = frozenset(kinds)
        self.functions = {f.name: f for f in nodes_of_kind(tree, ast.FunctionDef)}
        self.scope = TagScope(None, tested_expressions(own_nodes(tree)))
        self.tested: dict[ast.FunctionDef, frozenset[str]] = {}
        """What each function saves as test."""
        self.chosen: set[str] = set()
        """Models chosen by their score on the test and then used: class and line."""
        self.choosing: frozenset[str] = frozenset()
        self.depth = 0
        self.steps = 0

    # -- statements

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Follow statements; behind `if score <= best: continue` the rest is chosen."""
        before = self.choosing
        for statement in statements:
            self.statement(statement)
            if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Continue):
                self.choosing |= self.value(statement.test).of("compared")
        self.choosing = before

    def statement(self, node: ast.stmt) -> None:
        """Follow one statement."""
        self.steps += 1
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.With():
                self.setting(node)
            case ast.For(target=target, iter=looped, body=body, orelse=other):
                self.bind(target, self.candidate(looped), is_loop=True)
                self.block(body)
                self.block([*body, *other])
            case ast.While(test=test, body=body):
                self.value(test)
                self.block(body)
                self.block(body)
            case ast.If():
                self.branch(node)
            case ast.Try(body=body, handlers=handlers, orelse=other, finalbody=final):
                self.block([*body, *(s for h in handlers for s in h.body), *other, *final])
            case ast.Return(value=ast.expr() as value):
                self.scope.returned.append(self.value(value))
            case ast.Expr(value=value):
                self.value(value)

    def setting(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.With) -> None:
        """Follow a statement that sets names."""
        match node:
            case ast.Assign(targets=targets, value=value):
                found = self.value(value)
                for target in targets:
                    self.bind(target, found)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.bind(target, self.value(value))
            case ast.AugAssign(target=target, value=value):
                self.bind(target, made_of_values([self.value(target), self.value(value)]))
            case ast.With(items=items, body=body):
                for item in items:
                    found = self.value(item.context_expr)
                    if item.optional_vars:
                        self.bind(item.optional_vars, found)
                self.block(body)

    def branch(self, node: ast.If) -> None:
        """Follow both sides; what is set where a score is better than another is chosen."""
        before, names = self.choosing, dict(self.scope.names)
        self.choosing |= self.value(node.test).of("compared")
        self.block(node.body)
        self.choosing = before
        after, self.scope.names = self.scope.names, names
        self.block(node.orelse)
        for name, value in after.items():
            old = self.scope.names.get(name)
            self.scope.names[name] = value if old is None else either_value([old, value])

    def bind(self, target: ast.expr, value: TaggedValue, *, is_loop: bool = False) -> None:
        """Set a target."""
        match target:
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                is_paired = len(value.parts) == len(targets)
                for index, inner in enumerate(targets):
                    part = value.parts[index] if is_paired else TaggedValue(value.tags)
                    self.bind(inner, part, is_loop=is_loop)
            case ast.Name(id=name):
                found = value.without(TEST) if NOT_TEST.search(name) else value
                if is_loop and not NO_CANDIDATE.search(name):
                    found = found.with_tags([LOOP])
                self.scope.names[name] = found.with_tags(tags_of_kind("chosen", self.choosing))
            case ast.Subscript() | ast.Attribute():
                root = dotted_name(target).partition(".")[0]
                old = self.scope.find(root) or NOTHING
                self.scope.names[root] = made_of_values([old, value])
            case ast.Starred(value=inner):
                self.bind(inner, TaggedValue(value.tags), is_loop=is_loop)

    def candidate(self, looped: ast.expr) -> TaggedValue:
        """Return what a loop takes from what it goes over."""
        match looped:
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                whole = self.value(looped)
                return either_value(map(self.value, elements)).with_tags(whole.tags)
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
                return self.tuple_of([NOTHING, self.candidate(inner)])
            case ast.Call(func=ast.Name(id="zip"), args=several):
                return self.tuple_of([self.candidate(a) for a in several])
            case ast.Call() if called_name(looped) in self.functions:
                return self.value(looped)
        return TaggedValue(self.value(looped).tags)

    def tuple_of(self, parts: Sequence[TaggedValue]) -> TaggedValue:
        """Return a tuple."""
        kept = parts if len(parts) <= MAX_PARTS else []
        flat = (TaggedValue(p.tags, tuple(TaggedValue(q.tags) for q in p.parts)) for p in kept)
        return TaggedValue(made_of_values(parts).tags, tuple(flat))

    # -- expressions

    def value(self, node: ast.expr | None) -> TaggedValue:
        """Return what is known of an expression."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooLong
        if node is None:
            return NOTHING
        found = self.plain(node)
        is_place = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        if is_place and self.scope.tested and ast.unparse(node) in self.scope.tested:
            return found.with_tags([TEST])
        return found

    def plain(self, node: ast.expr) -> TaggedValue:
        """Return what is known of an expression, whether or not it is saved as test."""
        match node:
            case ast.Name(id=name):
                return self.scope.find(name) or NOTHING
            case ast.Attribute(value=inner, attr=name):
                found = self.value(inner)
                return found.without(TEST) if is_harmless(name) else TaggedValue(found.tags)
            case ast.Subscript():
                return self.item(node)
            case ast.Call():
                return self.call(node)
            case ast.Compare():
                return self.comparison(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self.comprehension(node)
            case ast.Lambda():
                return NOTHING
        return self.made(node)

    def made(self, node: ast.expr) -> TaggedValue:
        """Return what is known of an expression that puts others together."""
        match node:
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                found = self.tuple_of([self.value(e) for e in elements])
                return found.with_tags(self.several(node))
            case ast.Dict(keys=keys, values=values):
                found = made_of_values([*map(self.value, keys), *map(self.value, values)])
                return found.with_tags(self.several(node))
            case ast.IfExp(test=test, body=body, orelse=other):
                found = either_value([self.value(body), self.value(other)])
                return found.with_tags(tags_of_kind("chosen", self.value(test).of("compared")))
            case ast.NamedExpr(target=target, value=inner):
                found = self.value(inner)
                self.bind(target, found)
                return found
            case ast.Yield(value=inner):
                self.scope.returned.append(self.value(inner))
                return NOTHING
        inner_nodes = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
        return made_of_values([self.value(n) for n in inner_nodes])

    def several(self, node: ast.expr) -> frozenset[str]:
        """Return the models of which a literal holds several configurations."""
        made: dict[str, list[ast.Call]] = {}
        for call in nodes_of_kind(node, ast.Call):
            if self.is_model(call):
                made.setdefault(_model_name(call), []).append(call)
        lists = {k: v for k, v in made.items() if len({ast.unparse(c) for c in v}) > 1}
        return tags_of_kind("model", (f"{k}:{v[0].lineno}" for k, v in lists.items()))

    def item(self, node: ast.Subscript) -> TaggedValue:
        """Return an element; the first ones of what was sorted by score are chosen."""
        found, place = self.value(node.value), self.value(node.slice)
        match node.slice:
            case ast.Constant(value=int(index)) if index < len(found.parts):
                return found.parts[index]
            case ast.Constant(value=str(key)) if is_harmless(key):
                found = found.without(TEST)
        carried = frozenset(t for t in place.tags if t == LOOP or t.startswith("chosen:"))
        is_first = isinstance(node.slice, ast.Constant | ast.Slice | ast.UnaryOp)
        first = found.of("sorted") if is_first and not _is_text(node.slice) else frozenset()
        return TaggedValue(found.tags | carried | tags_of_kind("chosen", first))

    def comparison(self, node: ast.Compare) -> TaggedValue:
        """Return a comparison; of scores with anything but a number it can choose."""
        sides = [node.left, *node.comparators]
        found = made_of_values([self.value(s) for s in sides])
        is_order = any(isinstance(o, ast.Gt | ast.Lt | ast.GtE | ast.LtE) for o in node.ops)
        is_fixed = any(isinstance(s, ast.Constant | ast.UnaryOp) for s in sides)
        scored = found.scored if is_order and not is_fixed else frozenset()
        return found.with_tags(tags_of_kind("compared", scored))

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> TaggedValue:
        """Return what a comprehension collects."""
        outer, self.scope = self.scope, TagScope(self.scope, self.scope.tested)
        try:
            for generator in node.generators:
                self.bind(generator.target, self.candidate(generator.iter), is_loop=True)
            made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            found = [self.value(n) for n in made]
        finally:
            self.scope = outer
        return (
            either_value(found).without(LOOP)
            if len(found) == 1
            else made_of_values(found).without(LOOP)
        )

    # -- calls

    def call(self, node: ast.Call) -> TaggedValue:
        """Return what a call comes to."""
        name = last_name(node)
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else NOTHING
        if called_name(node) in self.functions:
            return self.followed(self.functions[called_name(node)], node)
        if name in PICKING or name in ORDERING:
            return self.selection(node, name, receiver)
        given = [self.value(a) for a in node.args] + [self.value(k.value) for k in node.keywords]
        found = made_of_values([receiver, *given])
        if self.is_model(node):
            return self.model(node, found)
        if name in DELIVERING and called_name(node) in (name, f"labbook.{name}"):
            self.chosen |= found.of("chosen")
            return NOTHING
        if name == "map" and node.args and dotted_name(node.args[0]) in self.functions:
            function = self.functions[dotted_name(node.args[0])]
            element = made_of_values(given[1:]).with_tags([LOOP])
            return self.applied(function, [element] * (len(node.args) - 1), {})
        return self.other_call(node, name, found)

    def other_call(self, node: ast.Call, name: str, found: TaggedValue) -> TaggedValue:
        """Return what a call of something unknown comes to: all that goes in."""
        if name in SILENT:
            return NOTHING
        if is_draw(node):
            return found.with_tags([LOOP])
        if name in FIRST:
            return found.with_tags(tags_of_kind("chosen", found.of("sorted")))
        if name == "recommend" or is_harmless(name) or name == "keys":
            return found.without(TEST)
        if name in GROWING and isinstance(node.func, ast.Attribute):
            self.bind(ast.Subscript(node.func.value, ast.Constant(0)), found)
        return found

    def is_model(self, call: ast.Call) -> bool:
        """Whether a call makes a model or its configuration."""
        name = last_name(call)
        return name in self.kinds or (name[:1].isupper() and name.endswith(("Scorer", "Config")))

    def model(self, call: ast.Call, found: TaggedValue) -> TaggedValue:
        """Return a model: of a candidate, or of what was chosen, which is noted."""
        self.chosen |= found.of("chosen")
        given = [*call.args, *(k.value for k in call.keywords if not is_seed(k.arg))]
        if not any(LOOP in self.value(a).tags for a in given):
            return found
        return found.with_tags(tags_of_kind("model", [f"{_model_name(call)}:{call.lineno}"]))

    def selection(self, node: ast.Call, name: str, receiver: TaggedValue) -> TaggedValue:
        """Return the best of some, or all in order."""
        given = [self.value(a) for a in node.args]
        keys = [self.key(k.value, [receiver, *given]) for k in node.keywords]
        whole = made_of_values([receiver, *given, *keys])
        kind = "chosen" if name in PICKING else "sorted"
        found = whole.with_tags(tags_of_kind(kind, whole.scored))
        if name == "sort" and isinstance(node.func, ast.Attribute):
            self.bind(ast.Subscript(node.func.value, ast.Constant(0)), found)
        return found

    def key(self, function: ast.expr, candidates: Sequence[TaggedValue]) -> TaggedValue:
        """Return what a function says of each candidate."""
        element = made_of_values(candidates).with_tags([LOOP])
        if isinstance(function, ast.Lambda):
            outer, self.scope = self.scope, TagScope(self.scope, self.scope.tested)
            self.scope.names.update({a.arg: element for a in function.args.args})
            try:
                return self.value(function.body)
            finally:
                self.scope = outer
        if dotted_name(function) in self.functions:
            return self.applied(self.functions[dotted_name(function)], [element], {})
        return self.value(function)

    def followed(self, function: ast.FunctionDef, call: ast.Call) -> TaggedValue:
        """Follow a call of a function of the script."""
        positional = [self.value(a) for a in call.args if not isinstance(a, ast.Starred)]
        for argument in call.args:
            if isinstance(argument, ast.Starred):
                positional += self.value(argument.value).parts
        named = {k.arg: self.value(k.value) for k in call.keywords if k.arg}
        return self.applied(function, positional, named)

    def applied(
        self,
        function: ast.FunctionDef,
        given: Sequence[TaggedValue],
        named: dict[str, TaggedValue],
    ) -> TaggedValue:
        """Follow the body of a function with these arguments."""
        if self.depth >= MAX_DEPTH:
            return made_of_values([*given, *named.values()])
        parameters = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        if function not in self.tested:
            self.tested[function] = tested_expressions(own_nodes(function))
        inner = TagScope(self.scope, self.tested[function])
        others = (*function.args.kwonlyargs, function.args.vararg, function.args.kwarg)
        inner.names = dict.fromkeys((*parameters, *(o.arg for o in others if o)), NOTHING)
        for name, value in (*zip(parameters, given, strict=False), *named.items()):
            inner.names[name] = value.without(TEST) if NOT_TEST.search(name) else value
        outer, choosing = self.scope, self.choosing
        self.scope, self.choosing, self.depth = inner, frozenset(), self.depth + 1
        try:
            self.block(function.body)
        finally:
            self.scope, self.choosing, self.depth = outer, choosing, self.depth - 1
        return either_value(inner.returned) if inner.returned else NOTHING


def chosen_on_test(tree: ast.Module, kinds: Iterable[str]) -> list[tuple[str, int]]:
    """Return the classes, with a line, of which the best configuration on the test was kept."""
    chosen: set[str] = set()
    with contextlib.suppress(TooLong, RecursionError):
        tracer = Tracer(tree, kinds)
        chosen = tracer.chosen
        tracer.block(tree.body)
    places = (c.rpartition(":") for c in chosen)
    return sorted((name, int(line)) for name, _, line in places)


def _is_text(node: ast.expr) -> bool:
    """Whether an expression is a text."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _model_name(call: ast.Call) -> str:
    """Return the class that a call makes or configures."""
    return last_name(call).replace("Config", "Scorer")

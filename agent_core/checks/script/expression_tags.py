"""What the expressions of a script hold: tested items, candidates, scores, what was chosen."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.cell_names import cell_names
from agent_core.checks.script.source import is_draw
from agent_core.checks.script.syntax import (
    arguments_of,
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
    PLACES,
    TEST,
    TaggedValue,
    TagScope,
    either_value,
    is_harmless,
    is_seed,
    made_of_values,
    tested_expressions,
)

PICKING, ORDERING, FIRST = names_of("picking"), names_of("ordering"), names_of("first")
GROWING, SILENT = names_of("growing"), names_of("silent")
DELIVERING, OF_CELL = names_of("delivering"), names_of("delivering_of_cell")
MAX_STEPS = 60_000
"""Expressions and statements after which a script is no longer followed: calls of calls grow
without end, and what was chosen until then counts."""
MAX_PARTS = 20
"""Longer tuples are known as a whole only: they are data, not a score beside its candidate."""
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class TooLong(Exception):
    """The source takes more steps to follow than it is worth."""


class ExpressionTags(ABC):
    """Follows expressions from within statements; `scope` is what the names hold by then."""

    def __init__(self, tree: ast.Module, kinds: Iterable[str]) -> None:
        self.kinds = frozenset(kinds)
        self.functions = {f.name: f for f in nodes_of_kind(tree, ast.FunctionDef)}
        self.cells = cell_names(tree)
        self.scope = TagScope(None, tested_expressions(own_nodes(tree)))
        self.chosen: set[str] = set()
        """Models chosen by their score on the test and then used: class and line."""
        self.choosing: frozenset[str] = frozenset()
        self.steps = 0

    @abstractmethod
    def follow_body(
        self,
        function: ast.FunctionDef,
        given: Sequence[TaggedValue],
        named: Mapping[str, TaggedValue],
    ) -> TaggedValue:
        """Follow the body of a function with these arguments to what it returns."""

    def value(self, node: ast.expr | None) -> TaggedValue:
        """Return what is known of an expression."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooLong
        if node is None:
            return NOTHING
        found = self._untested_value(node)
        if (
            isinstance(node, PLACES)
            and self.scope.tested
            and ast.unparse(node) in self.scope.tested
        ):
            return found.with_tags([TEST])
        return found

    def whole(self, nodes: Iterable[ast.expr | None]) -> TaggedValue:
        """Return a value that is made of some expressions."""
        return made_of_values([self.value(n) for n in nodes])

    def bind(self, target: ast.expr, value: TaggedValue, *, is_loop: bool = False) -> None:
        """Set a target."""
        match target:
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                is_paired = len(value.parts) == len(targets)
                parts = value.parts if is_paired else [TaggedValue(value.tags)] * len(targets)
                for inner, part in zip(targets, parts, strict=True):
                    self.bind(inner, part, is_loop=is_loop)
            case ast.Name(id=name):
                found = value.without(TEST) if NOT_TEST.search(name) else value
                if is_loop and not NO_CANDIDATE.search(name):
                    found = found.with_tags([LOOP])
                self.scope.names[name] = found.with_kind("chosen", self.choosing)
            case ast.Subscript() | ast.Attribute():
                self._add_to(target, value)
            case ast.Starred(value=inner):
                self.bind(inner, TaggedValue(value.tags), is_loop=is_loop)

    def candidate(self, looped: ast.expr) -> TaggedValue:
        """Return what a loop takes from what it goes over."""
        match looped:
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                whole = self.value(looped)
                return either_value(map(self.value, elements)).with_tags(whole.tags)
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
                return _tuple_of([NOTHING, self.candidate(inner)])
            case ast.Call(func=ast.Name(id="zip"), args=several):
                return _tuple_of([self.candidate(a) for a in several])
            case ast.Call() if called_name(looped) in self.functions:
                return self.value(looped)
        return TaggedValue(self.value(looped).tags)

    def _add_to(self, container: ast.expr, value: TaggedValue) -> None:
        """Put a value into what the root of an expression holds."""
        root = dotted_name(container).partition(".")[0]
        self.scope.names[root] = made_of_values([self.scope.find(root), value])

    def _untested_value(self, node: ast.expr) -> TaggedValue:
        """Return what is known of an expression, whether or not it is saved as test."""
        match node:
            case ast.Name(id=name):
                return self.scope.find(name)
            case ast.Attribute(value=inner, attr=name):
                found = self.value(inner)
                return found.without(TEST) if is_harmless(name) else TaggedValue(found.tags)
            case ast.Subscript():
                return self._element(node)
            case ast.Call():
                return self._result_of_call(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._collection(node)
            case ast.Lambda():
                return NOTHING
        return self._composed_value(node)

    def _composed_value(self, node: ast.expr) -> TaggedValue:
        """Return what is known of an expression that puts others together."""
        match node:
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                found = _tuple_of([self.value(e) for e in elements])
                return found.with_kind("model", self._several_models(node))
            case ast.Dict(keys=keys, values=values):
                return self.whole([*keys, *values]).with_kind("model", self._several_models(node))
            case ast.IfExp(test=test, body=body, orelse=other):
                found = either_value([self.value(body), self.value(other)])
                return found.with_kind("chosen", self.value(test).of("compared"))
            case ast.NamedExpr(target=target, value=inner):
                found = self.value(inner)
                self.bind(target, found)
                return found
            case ast.Yield(value=inner):
                self.scope.returned.append(self.value(inner))
                return NOTHING
        return self.whole(n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr))

    def _several_models(self, node: ast.expr) -> Iterable[str]:
        """Return the models of which a literal holds several configurations."""
        made: dict[str, list[ast.Call]] = {}
        for call in filter(self._is_model, nodes_of_kind(node, ast.Call)):
            made.setdefault(_model_name(call), []).append(call)
        several = (v for v in made.values() if len({ast.unparse(c) for c in v}) > 1)
        return [_place_of(calls[0]) for calls in several]

    def _element(self, node: ast.Subscript) -> TaggedValue:
        """Return an element; the first ones of what was sorted by score are chosen."""
        found, place = self.value(node.value), self.value(node.slice)
        is_first = isinstance(node.slice, ast.Constant | ast.Slice | ast.UnaryOp)
        match node.slice:
            case ast.Constant(value=int(index)) if index < len(found.parts):
                return found.parts[index]
            case ast.Constant(value=str(key)):
                is_first = False
                found = found.without(TEST) if is_harmless(key) else found
        carried = frozenset(t for t in place.tags if t == LOOP or t.startswith("chosen:"))
        first = found.of("sorted") if is_first else ()
        return TaggedValue(found.tags | carried).with_kind("chosen", first)

    def _comparison(self, node: ast.Compare) -> TaggedValue:
        """Return a comparison; of scores with anything but a number it can choose."""
        sides = [node.left, *node.comparators]
        found = self.whole(sides)
        is_order = any(isinstance(o, ast.Gt | ast.Lt | ast.GtE | ast.LtE) for o in node.ops)
        is_fixed = any(isinstance(s, ast.Constant | ast.UnaryOp) for s in sides)
        return found.with_kind("compared", found.scored if is_order and not is_fixed else ())

    def _collection(self, node: Comprehension) -> TaggedValue:
        """Return what a comprehension collects."""
        outer, self.scope = self.scope, self.scope.inner()
        for generator in node.generators:
            self.bind(generator.target, self.candidate(generator.iter), is_loop=True)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        found = self.whole(made) if len(made) > 1 else self.value(made[0])
        self.scope = outer
        return found.without(LOOP)

    def _result_of_call(self, node: ast.Call) -> TaggedValue:
        """Return what a call comes to."""
        name, called = last_name(node), called_name(node)
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else NOTHING
        if called in self.functions:
            return self._result_of_own(self.functions[called], node)
        if name in PICKING or name in ORDERING:
            return self._selection(node, name, receiver)
        given = [self.value(a) for a in arguments_of(node)]
        found = made_of_values([receiver, *given])
        if self._is_model(node):
            return self._model(node, found)
        if self._delivers(node):
            self.chosen |= found.of("chosen")
            return NOTHING
        function = self._own_function(node.args[0]) if name == "map" and node.args else None
        if function:
            element = made_of_values(given[1:]).with_tags([LOOP])
            return self.follow_body(function, [element] * (len(node.args) - 1), {})
        return self._unknown_result(node, name, found)

    def _delivers(self, node: ast.Call) -> bool:
        """Whether a call delivers results, by the helper or by a cell."""
        name, called = last_name(node), called_name(node)
        if name in OF_CELL and called.rpartition(".")[0] in self.cells:
            return True
        return name in DELIVERING and called in (name, f"labbook.{name}")

    def _unknown_result(self, node: ast.Call, name: str, found: TaggedValue) -> TaggedValue:
        """Return what a call of something unknown comes to: all that goes in."""
        if name in SILENT:
            return NOTHING
        if is_draw(node):
            return found.with_tags([LOOP])
        if name in FIRST:
            return found.with_kind("chosen", found.of("sorted"))
        if name in ("recommend", "keys") or is_harmless(name):
            return found.without(TEST)
        if name in GROWING and isinstance(node.func, ast.Attribute):
            self._add_to(node.func.value, found)
        return found

    def _result_of_own(self, function: ast.FunctionDef, call: ast.Call) -> TaggedValue:
        """Follow a call of a function of the script."""
        positional = [self.value(a) for a in call.args if not isinstance(a, ast.Starred)]
        for argument in call.args:
            if isinstance(argument, ast.Starred):
                positional += self.value(argument.value).parts
        named = {k.arg: self.value(k.value) for k in call.keywords if k.arg}
        return self.follow_body(function, positional, named)

    def _own_function(self, node: ast.expr) -> ast.FunctionDef | None:
        """Return the function of the script that an expression names."""
        return self.functions.get(dotted_name(node))

    def _is_model(self, call: ast.Call) -> bool:
        """Whether a call makes a model or its configuration."""
        name = last_name(call)
        return name in self.kinds or (name[:1].isupper() and name.endswith(("Scorer", "Config")))

    def _model(self, call: ast.Call, found: TaggedValue) -> TaggedValue:
        """Return a model: of a candidate, or of what was chosen, which is noted."""
        self.chosen |= found.of("chosen")
        given = [*call.args, *(k.value for k in call.keywords if not is_seed(k.arg))]
        is_candidate = any(LOOP in self.value(a).tags for a in given)
        return found.with_kind("model", [_place_of(call)] if is_candidate else ())

    def _selection(self, node: ast.Call, name: str, receiver: TaggedValue) -> TaggedValue:
        """Return the best of some, or all in order."""
        given = [self.value(a) for a in node.args]
        keys = [self._key(k.value, [receiver, *given]) for k in node.keywords]
        whole = made_of_values([receiver, *given, *keys])
        found = whole.with_kind("chosen" if name in PICKING else "sorted", whole.scored)
        if name == "sort" and isinstance(node.func, ast.Attribute):
            self._add_to(node.func.value, found)
        return found

    def _key(self, function: ast.expr, candidates: Sequence[TaggedValue]) -> TaggedValue:
        """Return what a function says of each candidate."""
        element = made_of_values(candidates).with_tags([LOOP])
        if own := self._own_function(function):
            return self.follow_body(own, [element], {})
        if not isinstance(function, ast.Lambda):
            return self.value(function)
        outer, self.scope = self.scope, self.scope.inner()
        self.scope.names.update({a.arg: element for a in function.args.args})
        found = self.value(function.body)
        self.scope = outer
        return found


def _tuple_of(parts: Sequence[TaggedValue]) -> TaggedValue:
    """Return a tuple."""
    kept = parts if len(parts) <= MAX_PARTS else []
    flat = (TaggedValue(p.tags, tuple(TaggedValue(q.tags) for q in p.parts)) for p in kept)
    return TaggedValue(made_of_values(parts).tags, tuple(flat))


def _model_name(call: ast.Call) -> str:
    """Return the class that a call makes or configures."""
    return last_name(call).replace("Config", "Scorer")


def _place_of(call: ast.Call) -> str:
    """Return the class that a call makes, with its line."""
    return f"{_model_name(call)}:{call.lineno}"

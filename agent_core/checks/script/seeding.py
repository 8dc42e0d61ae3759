"""Whether the seeds of a script reach what it trains, as far as its source shows."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.syntax import (
    arguments_of,
    last_name,
    named_argument,
    names_in,
    nodes_of_kind,
    syntax_tree,
    targets_of,
    text_keys,
)

TRAINING = names_of("training")
OPTIONS = names_of("options")
GLOBAL = names_of("global")
GENERATORS = names_of("generators")
CONVERSIONS = names_of("conversions")
SPLITTING = names_of("splitting")
DATA = names_of("data")
OPEN = (ast.Lambda, ast.Await, ast.comprehension, ast.Attribute, ast.Yield, ast.NamedExpr)
"""What may be something else each time."""
NAMES = frozenset(dir(builtins))
MAX_STEPS = 6
"""Names that are followed to what they stand for; behind more of them a seed may come from
anywhere, which is in favour of the script."""


@dataclass(slots=True)
class NameValues:
    """What the names of a script can stand for; what loops, callers and others set is open."""

    values: dict[str, list[ast.expr]] = field(default_factory=dict)
    is_open: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tree: ast.Module) -> NameValues:
        """Collect the names of a whole script; scopes are not told apart."""
        found = cls()
        for node in ast.walk(tree):
            match node:
                case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                    found.is_open.add(name)
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    found.is_open |= set(names)
            is_plain = isinstance(node, ast.Assign | ast.AnnAssign)
            for target, value in targets_of(node):
                found.put(target, value if is_plain else None)
        return found

    def put(self, target: ast.expr, value: ast.expr | None) -> None:
        """Note that a name is set to a value, or to something open."""
        if isinstance(target, ast.Name) and value is not None:
            self.values.setdefault(target.id, []).append(value)
        else:
            self.is_open |= names_in(target)

    def is_fixed(self, value: ast.expr, steps: int = MAX_STEPS, *, is_named: bool = False) -> bool:
        """Whether an expression is the same each time: made of what stands in the source only."""
        if not steps:
            return False
        calls = list(nodes_of_kind(value, ast.Call))
        parts = {id(n) for c in calls for n in ast.walk(c.func)}
        if not all(_is_plain(c, is_named=is_named) for c in calls):
            return False
        rest = [n for n in ast.walk(value) if id(n) not in parts]
        if any(isinstance(n, OPEN) for n in rest):
            return False
        return all(self.is_fixed_name(n.id, steps) for n in rest if isinstance(n, ast.Name))

    def is_fixed_name(self, name: str, steps: int) -> bool:
        """Whether a name only stands for fixed values."""
        if name in self.is_open:
            return False
        known = self.values.get(name, [])
        if not known:
            return name in NAMES
        return all(self.is_fixed(v, steps - 1, is_named=True) for v in known)


def seeds_reach(source: str) -> tuple[bool, int]:
    """Return whether anything that varies reaches a training, and the line of the first one.

    The line is 0 where the source shows no training.
    """
    tree = syntax_tree(source)
    names = NameValues.of(tree)
    lines = [c.lineno for c in nodes_of_kind(tree, ast.Call) if last_name(c) in TRAINING]
    reaches = any(not names.is_fixed(v) for node in ast.walk(tree) for v in _training_inputs(node))
    return reaches, min(lines, default=0)


def _is_plain(call: ast.Call, *, is_named: bool) -> bool:
    """Whether a call makes the same of the same; a generator with a name goes on drawing."""
    name = last_name(call)
    return name in OPTIONS | CONVERSIONS or (name in GENERATORS and not is_named)


def _training_inputs(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a node gives to a training, its options or the generator it draws from."""
    match node:
        case ast.Call():
            yield from _given_by_call(node)
        case ast.Dict():
            yield from (value for key, value in text_keys(node).items() if key == "rng")
        case ast.Assign(targets=targets, value=value):
            if any(isinstance(t, ast.Attribute) and t.attr == "rng" for t in targets):
                yield value


def _given_by_call(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call gives to a training; the data come first in one."""
    name = last_name(call)
    if name in TRAINING:
        yield from call.args[1:] if isinstance(call.func, ast.Attribute) else call.args
        yield from (k.value for k in call.keywords if k.arg not in DATA)
    elif name in OPTIONS | GLOBAL:
        yield from arguments_of(call)
    elif name not in SPLITTING:
        yield from named_argument(call, "rng")

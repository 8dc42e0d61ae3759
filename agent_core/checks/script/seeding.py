"""Whether the seeds of a script reach what it trains, as far as its source shows."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent_core.checks.script.syntax import last_name, nodes_of_kind, syntax_tree

TRAINING = frozenset({"train", "fit"})
OPTIONS = frozenset({"TrainingOptions"})
GLOBAL = frozenset({"set_global_rng", "init_global_rng", "init_rng"})
"""What LensKit draws from where a training is given nothing."""
GENERATORS = frozenset({"default_rng", "RandomState", "Random", "Generator", "SeedSequence"})
CONVERSIONS = frozenset({"int", "str", "float", "abs", "dict", "list", "tuple", "hash", "len"})
SPLITTING = frozenset(
    {
        "SampleN", "SampleFrac", "sample_users", "sample_records", "crossfold_users",
        "crossfold_records", "LastN", "LastFrac", "sample", "train_test_split", "choice",
    }
)  # fmt: skip
"""What takes a generator and trains nothing."""
DATA = frozenset({"data", "dataset"})
OPEN = (ast.Lambda, ast.Await, ast.comprehension, ast.Attribute, ast.Yield, ast.NamedExpr)
"""What may be something else each time."""
NAMES = frozenset(dir(builtins))
MAX_STEPS = 6


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
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        found.put(target, value)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    found.put(target, value)
                case ast.For(target=target) | ast.AsyncFor(target=target):
                    found.put(target, None)
                case ast.comprehension(target=target) | ast.NamedExpr(target=target):
                    found.put(target, None)
                case (
                    ast.AugAssign(target=target) | ast.withitem(optional_vars=ast.expr() as target)
                ):
                    found.put(target, None)
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    found.is_open |= set(names)
        return found

    def put(self, target: ast.expr, value: ast.expr | None) -> None:
        """Note that a name is set to a value, or to something open."""
        if isinstance(target, ast.Name) and value is not None:
            self.values.setdefault(target.id, []).append(value)
        else:
            self.is_open |= {n.id for n in nodes_of_kind(target, ast.Name)}

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
    if isinstance(node, ast.Call):
        yield from _given_by_call(node)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "rng":
                yield value
    elif isinstance(node, ast.Assign) and any(_is_generator_of(t) for t in node.targets):
        yield node.value


def _is_generator_of(target: ast.expr) -> bool:
    """Whether a target is the `rng` of something, such as options."""
    return isinstance(target, ast.Attribute) and target.attr == "rng"


def _given_by_call(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call gives to a training; the data come first in one."""
    name = last_name(call)
    if name in TRAINING:
        yield from call.args[1:] if isinstance(call.func, ast.Attribute) else call.args
        yield from (k.value for k in call.keywords if k.arg not in DATA)
    elif name in OPTIONS | GLOBAL:
        yield from (*call.args, *(k.value for k in call.keywords))
    elif name not in SPLITTING:
        yield from (k.value for k in call.keywords if k.arg == "rng")

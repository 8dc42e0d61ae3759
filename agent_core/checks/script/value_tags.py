"""What is known of the values in a script while its source is followed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.syntax import named_argument, names_in, parts_for, targets_of
from agent_core.prose.patterns import read_patterns

TEST = "test"
"""Holds tested interactions."""
LOOP = "loop"
"""Takes another value with each turn of a loop: a candidate."""
PATTERNS = read_patterns(Path(__file__).with_name("script_patterns.toml"))
NOT_TEST, NO_CANDIDATE = PATTERNS["not_test"], PATTERNS["no_candidate"]
USERS = names_of("users")
SPLIT_ARGUMENT = 2
"""Where `labbook.split` takes the test, behind fold and training."""
PLACES = ast.Name | ast.Attribute | ast.Subscript


@dataclass(frozen=True, slots=True)
class TaggedValue:
    """The tags of a value, and its parts where it is a tuple.

    A tag is `test`, `loop`, or one with the class and line it is about: `model:EASEScorer:7` was
    made with a candidate; `compared`, `sorted` and `chosen` followed from its score on the test.
    """

    tags: frozenset[str] = frozenset()
    parts: tuple[TaggedValue, ...] = ()

    def with_tags(self, more: Iterable[str]) -> TaggedValue:
        """Return the value with more tags, in its parts too."""
        added = frozenset(more)
        if not added:
            return self
        return TaggedValue(self.tags | added, tuple(p.with_tags(added) for p in self.parts))

    def with_kind(self, kind: str, about: Iterable[str]) -> TaggedValue:
        """Return the value with tags of a kind about some models."""
        return self.with_tags(f"{kind}:{a}" for a in about)

    def without(self, tag: str) -> TaggedValue:
        """Return the value without a tag, in its parts too."""
        return TaggedValue(self.tags - {tag}, tuple(p.without(tag) for p in self.parts))

    def of(self, kind: str) -> frozenset[str]:
        """Return what a kind of tag is about: `EASEScorer:7`."""
        return frozenset(t.partition(":")[2] for t in self.tags if t.startswith(f"{kind}:"))

    @property
    def scored(self) -> frozenset[str]:
        """The models whose score on the test it is; empty where it is none."""
        return self.of("model") if TEST in self.tags else frozenset()


NOTHING = TaggedValue()


def either_value(values: Iterable[TaggedValue]) -> TaggedValue:
    """Return a value that may be any of some; parts stay where all have as many."""
    known = list(values)
    tags = frozenset().union(*(v.tags for v in known))
    counts = {len(v.parts) for v in known}
    if len(counts) != 1 or counts == {0}:
        return TaggedValue(tags)
    return TaggedValue(
        tags, tuple(either_value(ps) for ps in zip(*(v.parts for v in known), strict=True))
    )


def made_of_values(values: Iterable[TaggedValue]) -> TaggedValue:
    """Return a value that is made of some."""
    return TaggedValue(frozenset().union(*(v.tags for v in values)))


@dataclass(slots=True)
class TagScope:
    """The names of a function while it is followed."""

    parent: TagScope | None
    tested: frozenset[str]
    """Expressions that are saved as test in this function."""
    names: dict[str, TaggedValue] = field(default_factory=dict)
    returned: list[TaggedValue] = field(default_factory=list)

    def find(self, name: str) -> TaggedValue:
        """Return what a name holds, here or outside."""
        if name in self.names or self.parent is None:
            return self.names.get(name, NOTHING)
        return self.parent.find(name)

    def inner(self) -> TagScope:
        """Return a scope inside, of a comprehension or a lambda."""
        return TagScope(self, self.tested)


def tested_expressions(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the expressions that a function saves as test, other than for validation.

    A name that is set to different things is left out: it may be the validation part by then.
    """
    body = list(nodes)
    found = {t for c in body if isinstance(c, ast.Call) for t in _saved_as_test(c)}
    pairs = [p for n in body if isinstance(n, ast.Assign) for p in _pairs_of(n)]
    fresh = [t for t, v in pairs if t in found and t not in names_in(v)]
    found -= {t for t in fresh if fresh.count(t) > 1}
    return frozenset(found | {v.id for t, v in pairs if t in found and isinstance(v, ast.Name)})


def is_harmless(name: str) -> bool:
    """Whether a part of the test is called something that gives no tested item away."""
    return name in USERS or bool(NOT_TEST.search(name))


def is_seed(name: str | None) -> bool:
    """Whether an argument is a seed."""
    return name is not None and any(word in name for word in ("seed", "rng", "random_state"))


def _saved_as_test(call: ast.Call) -> list[str]:
    """Return the test part of a call that saves a split; empty of other calls."""
    if ast.unparse(call.func) not in ("labbook.split", "split"):
        return []
    places = call.args[SPLIT_ARGUMENT : SPLIT_ARGUMENT + 1]
    parts = named_argument(call, "test") or places
    texts = [ast.unparse(p) for p in parts if isinstance(p, PLACES)]
    fold = ast.unparse(call.args[0]) if call.args else ""
    return [t for t in texts if not NOT_TEST.search(t) and not NOT_TEST.search(fold)]


def _pairs_of(statement: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """Yield targets with their values; of tuples one by one where they match."""
    for target, value in targets_of(statement):
        if isinstance(target, ast.Tuple | ast.List):
            yield from zip(map(ast.unparse, target.elts), parts_for(target, value), strict=True)
        else:
            yield ast.unparse(target), value

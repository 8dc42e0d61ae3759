"""Values of hyperparameters that stand in the source, against the recorded configurations."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent_core.checks.result import some
from agent_core.checks.syntax import called_name, dotted, parsed, walked
from agent_core.evidence import Evidence, algorithms_of

SAME_NAMES = {
    "features": "embedding_size",
    "factors": "embedding_size",
    "embedding_dim": "embedding_size",
    "k": "max_nbrs",
    "nnbrs": "max_nbrs",
}
ALIASES = frozenset({"features", "k", "nnbrs"})
"""Other names that LensKit takes itself."""
UNTRACKED = frozenset({"preset"})
"""Arguments that set others and do not stay in the configuration."""
ANY = ""
"""Class of what is set on a configuration, whoever has it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A hyperparameter that the source sets."""

    kind: str
    """The class, or `ANY`."""
    name: str
    value: ast.expr
    line: int
    call: str = ""


def settings(source: str) -> Iterator[Setting]:
    """Yield what the source sets outside of pilots: arguments, dicts of them, and attributes."""
    tree = parsed(source)
    pilot = set(map(id, pilot_nodes(tree)))
    dicts = constant_dicts(tree, pilot)
    for node in ast.walk(tree):
        if id(node) in pilot:
            continue
        if isinstance(node, ast.Call):
            yield from arguments(node, dicts)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and is_config(target.value):
                    yield Setting(ANY, target.attr, node.value, node.lineno)


def arguments(node: ast.Call, dicts: Mapping[str, ast.expr]) -> Iterator[Setting]:
    """Yield what a call sets by name."""
    call = called_name(node)
    kind = call.rpartition(".")[2]
    if call == "setattr" and len(node.args) == 3 and is_config(node.args[0]):
        told = node.args[1]
        if isinstance(told, ast.Constant):
            yield Setting(ANY, str(told.value), node.args[2], node.lineno)
        return
    for keyword in node.keywords:
        if keyword.arg:
            yield Setting(kind, keyword.arg, keyword.value, node.lineno, call)
            continue
        given = keyword.value
        known = dicts.get(given.id) if isinstance(given, ast.Name) else given
        for name, value in entries(known):
            yield Setting(kind, name, value, node.lineno, call)


def is_config(node: ast.expr) -> bool:
    """Whether an expression is the configuration of something."""
    return dotted(node).rpartition(".")[2] in ("config", "_config")


def entries(node: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    """Yield the text keys of a literal dict, or of `dict(...)`, with their values."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(node, ast.Call) and called_name(node) == "dict":
        yield from ((k.arg, k.value) for k in node.keywords if k.arg)


def constant_dicts(tree: ast.Module, pilot: set[int]) -> dict[str, ast.expr]:
    """Return the names that are set once, to a dict, and not changed."""
    found: dict[str, list[ast.expr]] = {}
    changed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and id(node) not in pilot:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed.add(dotted(node))
        if isinstance(node, ast.Call) and called_name(node).endswith((".update", ".pop")):
            changed.add(called_name(node).rpartition(".")[0])
    return {n: v[0] for n, v in found.items() if len(v) == 1 and n not in changed}


def pilot_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs in a pilot only: a short trial, whose results do not count."""
    names = {
        target.id
        for node in walked(tree, ast.Assign)
        if pilot_side(node.value, frozenset()) > 0
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp):
            side = pilot_side(node.test, frozenset(names))
            chosen = node.body if side > 0 else node.orelse if side < 0 else []
            for inner in chosen if isinstance(chosen, list) else [chosen]:
                yield from ast.walk(inner)


def pilot_side(test: ast.expr, names: frozenset[str]) -> int:
    """Return 1 where a condition holds in pilots only, -1 where it fails only there, else 0."""
    match test:
        case ast.Call() if called_name(test).rpartition(".")[2] == "is_pilot":
            return 1
        case ast.Name(id=name) if name in names:
            return 1
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return -pilot_side(inner, names)
        case ast.BoolOp(op=ast.And(), values=values):
            return 1 if any(pilot_side(v, names) > 0 for v in values) else 0
    return 0


def ignored_arguments(evidence: Evidence) -> Iterator[str]:
    """Name arguments in the source that the resolved configuration of their class lacks."""
    keys: dict[str, set[str]] = {}
    for described in algorithms_of(evidence.run).values():
        config = described.get("config")
        if isinstance(config, dict) and config:
            keys.setdefault(str(described.get("class")), set()).update(map(str, config))
    for found in settings(evidence.source):
        known = keys.get(found.kind)
        if known is not None and found.name not in known | ALIASES | UNTRACKED:
            yield (
                f"line {found.line}: {found.call} has no hyperparameter {found.name!r}, it was "
                "ignored"
            )


def other_values(evidence: Evidence) -> Iterator[str]:
    """Name values in the source that no recorded configuration of their class has.

    A class that was tuned may be made with values that were not chosen.
    """
    recorded: dict[str, list[dict[str, Any]]] = {ANY: []}
    tuned = set()
    for described in algorithms_of(evidence.run).values():
        config, kind = described.get("config"), str(described.get("class"))
        if isinstance(config, dict) and config:
            recorded.setdefault(kind, []).append(config)
            recorded[ANY].append(config)
        if trials_of(described):
            tuned |= {kind, ANY}
    for found in settings(evidence.source):
        name = SAME_NAMES.get(found.name, found.name)
        known = [c[name] for c in recorded.get(found.kind, ()) if name in c]
        if found.kind in tuned or not known or not isinstance(found.value, ast.Constant):
            continue
        value = found.value.value
        if value is not None and not any(is_same(k, value) for k in known):
            listed = some(repr(k) for k in known)
            yield f"line {found.line} sets {name} = {value!r}, recorded is {listed}"


def is_same(found: Any, planned: Any) -> bool:
    """Whether two configuration values mean the same."""
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (found, planned)]
    if all(numbers):
        return abs(float(found) - float(planned)) <= 1e-9 * max(1.0, abs(float(planned)))
    if isinstance(found, dict) and numbers[1] and found:
        return all(is_same(v, planned) for v in found.values())
    return bool(found == planned) or str(found) == str(planned)


def trials_of(described: Mapping[str, Any]) -> int:
    """Return the configurations tried; 0 where that is not a number."""
    trials = described.get("trials")
    return trials if isinstance(trials, int) and not isinstance(trials, bool) else 0

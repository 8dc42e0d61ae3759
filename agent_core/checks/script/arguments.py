"""Values of hyperparameters that stand in the source, against the recorded configurations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent_core.checks.result import some
from agent_core.checks.script.constants import UNKNOWN, Constants
from agent_core.checks.script.syntax import called_name, dotted_name, scopes, syntax_tree
from agent_core.checks.script.unreported_settings import undelivered_calls
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.lenskit.scorers import SCORERS

SAME_NAMES = {
    "features": "embedding_size",
    "factors": "embedding_size",
    "embedding_dim": "embedding_size",
    "k": "max_nbrs",
    "nnbrs": "max_nbrs",
}
ALIASES = frozenset({"features", "k", "nnbrs"})
"""Other names that LensKit takes itself."""
UNTRACKED = frozenset({"preset", "config"})
"""Arguments that set others and do not stay in the configuration."""
ANY = ""
"""Class of what is set on a configuration, whoever has it."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """A hyperparameter that the source sets."""

    kind: str
    """The class, or `ANY`."""
    name: str
    value: Any
    """`UNKNOWN` where the source alone does not say."""
    line: int
    call: str = ""
    owner: str = ""
    """Whose configuration it is set on; empty for arguments."""
    is_relative: bool = False
    """Whether it is what it was before, changed."""
    is_delivered: bool = True
    """Whether anything of what is made with it may be delivered."""


def ignored_arguments(evidence: Evidence) -> Iterator[str]:
    """Name arguments in the source that LensKit's class lacks.

    What a class of the script's own takes, the product cannot know.
    """
    keys: dict[str, set[str]] = {}
    for described in recorded_algorithms(evidence.run).values():
        config, kind = described.get("config"), str(described.get("class"))
        if isinstance(config, dict) and config and kind in SCORERS:
            keys.setdefault(kind, set(SCORERS[kind].parameters)).update(map(str, config))
    for found in _settings(evidence.source):
        known = keys.get(found.kind)
        if known is not None and found.name not in known | ALIASES | UNTRACKED:
            yield (
                f"line {found.line}: {found.call} has no hyperparameter {found.name!r}, it was "
                "ignored"
            )


def other_values(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield values in the source that no recorded configuration of their class has, by class.

    A class that was tuned may be made with values that were not chosen.
    """
    recorded = Recorded.of(evidence)
    for found in _settings(evidence.source):
        values = recorded.values(found.kind, found.name)
        is_plain = isinstance(found.value, int | float | str)
        if found.kind in recorded.tuned or not values or not is_plain or not found.is_delivered:
            continue
        if not any(is_same(v, found.value) for v in values):
            yield found.kind, _setting_text(found, values)


def late_changes(evidence: Evidence) -> Iterator[tuple[bool, str]]:
    """Yield what is changed of a configuration after it was recorded, and whether it surely is.

    Recorded and changed under the same name, in one function: what was recorded is not in force.
    """
    recorded = Recorded.of(evidence)
    lines = {f.line: f for f in _settings(evidence.source) if f.owner}
    for _, nodes in scopes(syntax_tree(evidence.source)):
        last = _recordings(nodes)
        for line in {n.lineno for n in nodes if isinstance(n, ast.stmt) and n.lineno in lines}:
            found = lines[line]
            if line <= last.get(found.owner, line):
                continue
            values = recorded.values(ANY, found.name)
            if found.value is UNKNOWN or not values:
                yield found.is_relative, f"line {line} sets {found.name} after it was recorded"
            elif not any(is_same(v, found.value) for v in values):
                yield True, _setting_text(found, values)
            elif not all(is_same(v, found.value) for v in values):
                yield False, f"{_setting_text(found, values)}, before that line"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recorded configurations by class; `ANY` has all of them."""

    configs: Mapping[str, Sequence[Mapping[str, Any]]]
    tuned: frozenset[str]
    """Classes of which several configurations were tried."""

    @classmethod
    def of(cls, evidence: Evidence) -> Recorded:
        """Collect them."""
        configs: dict[str, list[Mapping[str, Any]]] = {ANY: []}
        tuned = set()
        for described in recorded_algorithms(evidence.run).values():
            config, kind = described.get("config"), str(described.get("class"))
            if isinstance(config, dict) and config:
                configs.setdefault(kind, []).append(config)
                configs[ANY].append(config)
            if trials_of(described):
                tuned |= {kind, ANY}
        return cls(configs, frozenset(tuned))

    def values(self, kind: str, name: str) -> list[Any]:
        """Return the recorded values of a hyperparameter."""
        key = SAME_NAMES.get(name, name)
        return [c[key] for c in self.configs.get(kind, ()) if key in c]


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


def _settings(source: str) -> Iterator[SetValue]:
    """Yield what the source sets outside of pilots: arguments, dicts of them, and attributes."""
    tree = syntax_tree(source)
    known, idle = Constants.of_full_run(tree)
    unused = undelivered_calls(tree)
    for node in ast.walk(tree):
        if id(node) in idle:
            continue
        if isinstance(node, ast.Call):
            for found in _arguments(node, known):
                yield replace(found, is_delivered=id(node) not in unused)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _attributes(target, known.value(node.value))
        if isinstance(node, ast.AugAssign):
            for found in _attributes(node.target, UNKNOWN):
                yield replace(found, is_relative=True)


def _attributes(target: ast.expr, value: Any) -> Iterator[SetValue]:
    """Yield what is set on a configuration."""
    if isinstance(target, ast.Attribute) and _is_config(target.value):
        yield SetValue(ANY, target.attr, value, target.lineno, owner=_owner_of(target.value))


def _arguments(node: ast.Call, known: Constants) -> Iterator[SetValue]:
    """Yield what a call sets by name; a configuration's arguments are those of its scorer."""
    call = called_name(node)
    kind = re.sub("Config$", "Scorer", call.rpartition(".")[2])
    if call == "setattr" and len(node.args) == 3 and _is_config(node.args[0]):
        told = known.value(node.args[1])
        if isinstance(told, str):
            value, owner = known.value(node.args[2]), _owner_of(node.args[0])
            yield SetValue(ANY, told, value, node.lineno, owner=owner)
        return
    for keyword in node.keywords:
        if keyword.arg:
            yield SetValue(kind, keyword.arg, known.value(keyword.value), node.lineno, call)
            continue
        for name, value in _entries(known.followed(keyword.value)):
            yield SetValue(kind, name, known.value(value), node.lineno, call)


def _is_config(node: ast.expr) -> bool:
    """Whether an expression is the configuration of something."""
    return dotted_name(node).rpartition(".")[2] in ("config", "_config")


def _owner_of(node: ast.expr) -> str:
    """Return whose configuration an expression is."""
    return dotted_name(node).rpartition(".")[0]


def _entries(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the text keys of a literal dict, or of `dict(...)`, with their values."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(node, ast.Call) and called_name(node) == "dict":
        yield from ((k.arg, k.value) for k in node.keywords if k.arg)


def _recordings(nodes: Iterable[ast.AST]) -> dict[str, int]:
    """Return the names that are recorded as algorithms, each with the last line that does so."""
    found: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Call) and called_name(node) in ("labbook.algorithm", "algorithm"):
            given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "scorer")]
            for name in filter(None, map(dotted_name, given)):
                found[name] = max(found.get(name, 0), node.lineno)
    return found


def _setting_text(found: SetValue, values: Iterable[Any]) -> str:
    """Say what a line sets, and what is recorded."""
    name, listed = SAME_NAMES.get(found.name, found.name), some(repr(v) for v in values)
    return f"line {found.line} sets {name} = {found.value!r}, recorded is {listed}"

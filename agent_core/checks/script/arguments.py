"""Values of hyperparameters that stand in the source, against the recorded configurations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent_core.checks.result import Detail
from agent_core.checks.script.cell_names import cell_names
from agent_core.checks.script.constants import UNKNOWN, Constants
from agent_core.checks.script.scopes import scopes_of
from agent_core.checks.script.syntax import (
    called_name,
    dotted_name,
    named_argument,
    syntax_tree,
    text_keys,
)
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
SAME = 1e-9
"""Relative difference up to which two numbers are one: no step of a hyperparameter is so small."""
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


def ignored_arguments(evidence: Evidence) -> Iterator[Detail]:
    """Name arguments in the source that LensKit's class lacks.

    What a class of the script's own takes, the product cannot know.
    """
    recorded = Recorded.of(evidence)
    for found in _settings(evidence.source):
        known = recorded.parameters(found.kind)
        if known and found.name not in known | ALIASES | UNTRACKED:
            told = "line {line}: {call} has no hyperparameter {argument!r}, it was ignored"
            yield Detail(told, line=found.line, call=found.call, argument=found.name)


def other_values(evidence: Evidence) -> Iterator[tuple[str, Detail]]:
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


def late_changes(evidence: Evidence) -> Iterator[tuple[bool, Detail]]:
    """Yield what is changed of a configuration after it was recorded, and whether it surely is.

    Recorded and changed under the same name, in one function: what was recorded is not in force.
    """
    recorded = Recorded.of(evidence)
    changes = {f.line: f for f in _settings(evidence.source) if f.owner}
    cells = cell_names(syntax_tree(evidence.source))
    for scope in scopes_of(evidence.source):
        last = _recordings(scope.calls, cells)
        lines = {n.lineno for n in scope.nodes if isinstance(n, ast.stmt)}
        for line in sorted(lines & changes.keys()):
            found = changes[line]
            if line > last.get(found.owner, line):
                yield from _late_change(found, recorded.values(ANY, found.name))


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

    def parameters(self, kind: str) -> frozenset[str]:
        """Return what a recorded class of LensKit takes; nothing of others."""
        if kind not in self.configs or kind not in SCORERS:
            return frozenset()
        recorded = (str(key) for config in self.configs[kind] for key in config)
        return frozenset((*SCORERS[kind].parameters, *recorded))


def is_same(found: Any, planned: Any) -> bool:
    """Whether two configuration values mean the same."""
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (found, planned)]
    if all(numbers):
        return abs(float(found) - float(planned)) <= SAME * max(1.0, abs(float(planned)))
    if isinstance(found, dict) and numbers[1] and found:
        return all(is_same(v, planned) for v in found.values())
    return bool(found == planned) or str(found) == str(planned)


def trials_of(described: Mapping[str, Any]) -> int:
    """Return the configurations tried; 0 where that is not a number."""
    trials = described.get("trials")
    return trials if isinstance(trials, int) and not isinstance(trials, bool) else 0


def _late_change(found: SetValue, values: Sequence[Any]) -> Iterator[tuple[bool, Detail]]:
    """Yield a change of what was recorded, unless all that is recorded has it."""
    alike = [is_same(v, found.value) for v in values]
    if found.value is UNKNOWN or not values:
        told = "line {line} sets {argument} after it was recorded"
        yield found.is_relative, Detail(told, line=found.line, argument=found.name)
    elif not any(alike):
        yield True, _setting_text(found, values)
    elif not all(alike):
        yield False, _setting_text(found, values) + ", before that line"


def _settings(source: str) -> Iterator[SetValue]:
    """Yield what the source sets outside of pilots: arguments, dicts of them, and attributes."""
    tree = syntax_tree(source)
    known, idle = Constants.of_full_run(tree)
    unused = undelivered_calls(tree)
    for node in ast.walk(tree):
        if id(node) in idle:
            continue
        match node:
            case ast.Call():
                is_delivered = id(node) not in unused
                yield from (replace(f, is_delivered=is_delivered) for f in _given(node, known))
            case ast.Assign(targets=targets, value=value):
                yield from (f for t in targets for f in _attributes(t, known.value(value)))
            case ast.AugAssign(target=target):
                yield from (replace(f, is_relative=True) for f in _attributes(target, UNKNOWN))


def _attributes(target: ast.expr, value: Any) -> Iterator[SetValue]:
    """Yield what is set on a configuration."""
    if isinstance(target, ast.Attribute) and _is_config(target.value):
        yield SetValue(ANY, target.attr, value, target.lineno, owner=_owner_of(target.value))


def _given(node: ast.Call, known: Constants) -> Iterator[SetValue]:
    """Yield what a call sets by name; a configuration's arguments are those of its scorer."""
    call = called_name(node)
    if call == "setattr" and len(node.args) == 3 and _is_config(node.args[0]):
        name, value = map(known.value, node.args[1:])
        if isinstance(name, str):
            yield SetValue(ANY, name, value, node.lineno, owner=_owner_of(node.args[0]))
        return
    kind = re.sub("Config$", "Scorer", call.rpartition(".")[2])
    for keyword in node.keywords:
        named = {keyword.arg: keyword.value} if keyword.arg else {}
        for name, given in (named or _entries(known.followed(keyword.value))).items():
            yield SetValue(kind, name, known.value(given), node.lineno, call)


def _is_config(node: ast.expr) -> bool:
    """Whether an expression is the configuration of something."""
    return dotted_name(node).rpartition(".")[2] in ("config", "_config")


def _owner_of(node: ast.expr) -> str:
    """Return whose configuration an expression is."""
    return dotted_name(node).rpartition(".")[0]


def _entries(node: ast.expr) -> dict[str, ast.expr]:
    """Return the text keys of a literal dict, or of `dict(...)`, with their values."""
    if isinstance(node, ast.Dict):
        return text_keys(node)
    if isinstance(node, ast.Call) and called_name(node) == "dict":
        return {k.arg: k.value for k in node.keywords if k.arg}
    return {}


def _recordings(calls: Iterable[ast.Call], cells: frozenset[str]) -> dict[str, int]:
    """Return the names that are recorded as algorithms, each with the last line that does so."""
    places = {"labbook.algorithm": 1, "algorithm": 1, **{f"{cell}.model": 0 for cell in cells}}
    found: dict[str, int] = {}
    for call in calls:
        place = places.get(called_name(call))
        if place is None:
            continue
        given = (*call.args[place : place + 1], *named_argument(call, "scorer"))
        for name in map(dotted_name, given):
            found[name] = max(found.get(name, 0), call.lineno)
    return found


def _setting_text(found: SetValue, values: Iterable[Any]) -> Detail:
    """Say what a line sets, and what is recorded."""
    told = "line {line} sets {argument} = {value}, recorded is {recorded}"
    name, recorded = SAME_NAMES.get(found.name, found.name), map(repr, values)
    return Detail(told, line=found.line, argument=name, value=repr(found.value), recorded=recorded)

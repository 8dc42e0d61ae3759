"""Whether the source trains on data that hold the test."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent_core.checks.source import MAX_STEPS, assignments, flows, last_name
from agent_core.checks.syntax import called_name, parsed, scopes

SPLITTERS = frozenset(
    {
        "crossfold_users", "crossfold_records", "sample_users", "sample_records",
        "split_global_time", "split_temporal_fraction",
    }
)  # fmt: skip
READERS = frozenset({"read_csv", "read_table", "read_parquet", "load_movielens", "read_feather"})
KEEPING = frozenset(
    {
        "rename", "astype", "sort_values", "reset_index", "copy", "assign", "drop_duplicates",
        "set_axis", "dropna", "convert_dtypes",
    }
)  # fmt: skip
"""Methods of a frame that leave its interactions in it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A function, or the module: what its names are set to, its parameters and calls."""

    name: str
    values: Mapping[str, Sequence[ast.expr]]
    parameters: tuple[str, ...]
    nodes: tuple[ast.AST, ...]

    @property
    def calls(self) -> list[ast.Call]:
        """The calls in its body."""
        return [n for n in self.nodes if isinstance(n, ast.Call)]


def scopes_of(source: str) -> list[Scope]:
    """Return module and functions of a source."""
    tree = parsed(source)
    found = []
    for (flow, nodes), (node, _) in zip(flows(tree), scopes(tree), strict=True):
        name = ""
        parameters: tuple[str, ...] = ()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name, parameters = node.name, tuple(a.arg for a in node.args.args)
        found.append(Scope(name, flow.values, parameters, nodes))
    return found


def trained_on_everything(source: str) -> str:
    """Say where data that hold the test are trained on; empty where they are not."""
    everywhere = scopes_of(source)
    for scope in everywhere:
        fault = split_and_trained(scope) or read_and_trained(scope, everywhere)
        if fault:
            return fault
    return ""


def split_and_trained(scope: Scope) -> str:
    """Say where a name is trained on that a splitter of the same scope divides."""
    calls = [c for c in scope.calls if c.args]
    named = [(c, c.args[0].id) for c in calls if isinstance(c.args[0], ast.Name)]
    divided = {name: c.lineno for c, name in named if last_name(c) in SPLITTERS}
    rebound = {name for name, value in assignments(scope.nodes) if is_part_of_split(value)}
    for call, name in named:
        if last_name(call) == "train" and name in divided and name not in rebound:
            line = divided[name]
            return f"Line {call.lineno} trains on `{name}`, test included: line {line} splits it."
    return ""


def is_part_of_split(value: ast.expr) -> bool:
    """Whether an expression is the training part of something."""
    return isinstance(value, ast.Attribute) and value.attr == "train"


def read_and_trained(scope: Scope, everywhere: Sequence[Scope]) -> str:
    """Say where the whole file, as it was read, is trained on."""
    for call in scope.calls:
        is_training = last_name(call) == "train" and bool(call.args)
        if is_training and is_whole(call.args[0], scope, everywhere):
            text = ast.unparse(call.args[0])[:60]
            return f"Line {call.lineno} trains on `{text}`: all that was read, test included."
    return ""


def is_whole(
    value: ast.expr, scope: Scope, everywhere: Sequence[Scope], steps: int = MAX_STEPS
) -> bool:
    """Whether an expression is a data file as read, none of its rows left out."""
    if not steps:
        return False
    if isinstance(value, ast.Name):
        known = scope.values.get(value.id, ())
        if known:
            return all(is_whole(v, scope, everywhere, steps - 1) for v in known)
        return any(
            is_whole(given, caller, everywhere, steps - 1)
            for caller in everywhere
            for given in given_to(value.id, scope, caller)
        )
    if not isinstance(value, ast.Call):
        return False
    if last_name(value) in READERS:
        return True
    if last_name(value) == "from_interactions_df" and value.args:
        return is_whole(value.args[0], scope, everywhere, steps - 1)
    method = value.func
    if isinstance(method, ast.Attribute) and method.attr in KEEPING:
        return is_whole(method.value, scope, everywhere, steps - 1)
    return False


def given_to(parameter: str, function: Scope, caller: Scope) -> Iterator[ast.expr]:
    """Yield what a caller hands to a parameter of a function."""
    if parameter not in function.parameters:
        return
    place = function.parameters.index(parameter)
    for call in caller.calls:
        if function.name and called_name(call) == function.name:
            yield from (k.value for k in call.keywords if k.arg == parameter)
            yield from call.args[place : place + 1]

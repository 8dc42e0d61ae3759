"""Whether the source trains on data that hold the test."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent_core.checks.script.source import MAX_STEPS, assignments, flows
from agent_core.checks.script.syntax import (
    called_name,
    last_name,
    nodes_of_kind,
    scopes,
    syntax_tree,
)

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


WRITERS = frozenset({"to_csv", "to_parquet", "to_feather", "to_pickle"})


@dataclass(frozen=True, slots=True)
class ScriptScope:
    """A function, or the module: what its names are set to, its parameters and calls."""

    name: str
    values: Mapping[str, Sequence[ast.expr]]
    parameters: tuple[str, ...]
    nodes: tuple[ast.AST, ...]
    node: ast.AST
    """The function itself, with those inside it."""

    @property
    def calls(self) -> list[ast.Call]:
        """The calls in its body."""
        return [n for n in self.nodes if isinstance(n, ast.Call)]


@dataclass(frozen=True, slots=True)
class Program:
    """A source: its scopes, and the names of the data files."""

    scopes: Sequence[ScriptScope]
    files: frozenset[str]
    """Empty where they are not known."""

    def written(self, name: str) -> list[tuple[ast.expr, ScriptScope]]:
        """Return what the source writes to a file, with the scope."""
        return [
            (call.func.value, scope)
            for scope in self.scopes
            for call in scope.calls
            if isinstance(call.func, ast.Attribute)
            and call.func.attr in WRITERS
            and _file_of(call, scope) == name
        ]

    def reads_several(self) -> bool:
        """Whether several of the data files are read, or one whose name is not plain."""
        names = {
            _file_of(call, scope)
            for scope in self.scopes
            for call in scope.calls
            if last_name(call) in READERS
        }
        return "" in names or len(names & self.files) > 1


def trained_on_everything(source: str, files: Iterable[str] = ()) -> str:
    """Say where data that hold the test are trained on; empty where they are not.

    A model that is neither used nor delivered, such as the popularity in a figure, may be.
    """
    program = Program(_scopes_of(source), frozenset(files))
    for scope in program.scopes:
        fault = _split_and_trained(scope, program) or _read_and_trained(scope, program)
        if fault:
            return fault
    return ""


def _scopes_of(source: str) -> list[ScriptScope]:
    """Return module and functions of a source."""
    tree = syntax_tree(source)
    found = []
    for (flow, nodes), (node, _) in zip(flows(tree), scopes(tree), strict=True):
        name = ""
        parameters: tuple[str, ...] = ()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name, parameters = node.name, tuple(a.arg for a in node.args.args)
        found.append(ScriptScope(name, flow.values, parameters, nodes, node))
    return found


def _split_and_trained(scope: ScriptScope, program: Program) -> str:
    """Say where a name is trained on that a splitter of the same scope divides."""
    calls = [c for c in scope.calls if c.args]
    named = [(c, c.args[0].id) for c in calls if isinstance(c.args[0], ast.Name)]
    divided = {name: c.lineno for c, name in named if last_name(c) in SPLITTERS}
    rebound = {name for name, value in assignments(scope.nodes) if _is_part_of_split(value)}
    for call, name in named:
        is_training = last_name(call) == "train" and not _is_unused(call, scope, program)
        if is_training and name in divided and name not in rebound:
            line = divided[name]
            return f"Line {call.lineno} trains on `{name}`, test included: line {line} splits it."
    return ""


def _is_unused(call: ast.Call, scope: ScriptScope, program: Program) -> bool:
    """Whether what is trained is made here and then only looked at."""
    model = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(model, ast.Call):
        return called_name(model)[:1].isupper()
    if not isinstance(model, ast.Name):
        return False
    made = [value for name, value in assignments(scope.nodes) if name == model.id]
    if not made or not all(isinstance(m, ast.Call) and called_name(m)[:1].isupper() for m in made):
        return False
    called = {id(c.func) for c in nodes_of_kind(scope.node, ast.Call)}
    harmless = {id(model)}
    for node in ast.walk(scope.node):
        if isinstance(node, ast.Attribute) and id(node) not in called:
            harmless.add(id(node.value))
        if isinstance(node, ast.Return) and node.value and _is_dropped(scope.name, program):
            harmless.add(id(node.value))
    uses = [n for n in nodes_of_kind(scope.node, ast.Name) if n.id == model.id]
    return all(isinstance(n.ctx, ast.Store) or id(n) in harmless for n in uses)


def _is_dropped(function: str, program: Program) -> bool:
    """Whether what a function returns is never taken."""
    whole = program.scopes[0].node
    calls = {id(c) for c in nodes_of_kind(whole, ast.Call) if called_name(c) == function}
    bare = {id(e.value) for e in nodes_of_kind(whole, ast.Expr)}
    names = [n for n in nodes_of_kind(whole, ast.Name) if n.id == function]
    return bool(function) and calls <= bare and len(names) == len(calls)


def _is_part_of_split(value: ast.expr) -> bool:
    """Whether an expression is the training part of something."""
    return isinstance(value, ast.Attribute) and value.attr == "train"


def _read_and_trained(scope: ScriptScope, program: Program) -> str:
    """Say where the whole file, as it was read, is trained on."""
    for call in scope.calls:
        is_training = last_name(call) == "train" and bool(call.args)
        if not is_training or _is_unused(call, scope, program):
            continue
        if _is_whole(call.args[0], scope, program):
            text = ast.unparse(call.args[0])[:60]
            return f"Line {call.lineno} trains on `{text}`: all that was read, test included."
    return ""


def _is_whole(
    value: ast.expr, scope: ScriptScope, program: Program, steps: int = MAX_STEPS
) -> bool:
    """Whether an expression is a data file as read, none of its rows left out."""
    if not steps:
        return False
    if isinstance(value, ast.Name):
        known = scope.values.get(value.id, ())
        if known:
            return all(_is_whole(v, scope, program, steps - 1) for v in known)
        return any(
            _is_whole(given, caller, program, steps - 1)
            for caller in program.scopes
            for given in _given_to(value.id, scope, caller)
        )
    if not isinstance(value, ast.Call):
        return False
    if last_name(value) in READERS:
        return _is_data_file(value, scope, program, steps)
    if last_name(value) == "from_interactions_df" and value.args:
        return _is_whole(value.args[0], scope, program, steps - 1)
    method = value.func
    if isinstance(method, ast.Attribute) and method.attr in KEEPING:
        return _is_whole(method.value, scope, program, steps - 1)
    return False


def _is_data_file(call: ast.Call, scope: ScriptScope, program: Program, steps: int) -> bool:
    """Whether a data file is read: a given one, or one to which the source wrote all of it.

    Where the source reads several given files, one of them is not all of the data.
    """
    name = _file_of(call, scope)
    written = program.written(name) if name else []
    if written:
        return any(_is_whole(v, s, program, steps - 1) for v, s in written)
    if len(program.files) > 1 and program.reads_several():
        return False
    return not name or not program.files or name in program.files


def _file_of(call: ast.Call, scope: ScriptScope) -> str:
    """Return the name of the file that a call reads or writes; empty where it is not plain."""
    given = call.args[0] if call.args else None
    if isinstance(given, ast.Name):
        known = scope.values.get(given.id, ())
        given = known[0] if len(known) == 1 else None
    match given:
        case ast.Constant(value=str(path)):
            return PurePosixPath(path).name
    return ""


def _given_to(parameter: str, function: ScriptScope, caller: ScriptScope) -> Iterator[ast.expr]:
    """Yield what a caller hands to a parameter of a function."""
    if parameter not in function.parameters:
        return
    place = function.parameters.index(parameter)
    for call in caller.calls:
        if function.name and called_name(call) == function.name:
            yield from (k.value for k in call.keywords if k.arg == parameter)
            yield from call.args[place : place + 1]

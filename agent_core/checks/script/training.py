"""Whether the source trains on data that hold the test."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent_core.checks.result import Detail
from agent_core.checks.script.call_names import names_of
from agent_core.checks.script.scopes import MAX_STEPS, Scope, assignments, scopes_of
from agent_core.checks.script.syntax import called_name, last_name, named_argument, nodes_of_kind

SPLITTERS = names_of("splitters")
READERS = names_of("readers")
WRITERS = names_of("writers")
KEEPING = names_of("keeping")
SHOWN = 60
"""Characters of an expression in a reason: what a line of the thread holds beside the words."""


@dataclass(frozen=True, slots=True)
class Program:
    """A source: its scopes, and the names of the data files."""

    scopes: Sequence[Scope]
    files: frozenset[str]
    """Empty where they are not known."""

    @property
    def calls(self) -> Iterator[tuple[ast.Call, Scope]]:
        """All calls, each with its scope."""
        return ((call, scope) for scope in self.scopes for call in scope.calls)

    def frames_written(self, name: str) -> list[tuple[ast.expr, Scope]]:
        """Return what the source writes to a file, with the scope."""
        return [
            (call.func.value, scope)
            for call, scope in self.calls
            if isinstance(call.func, ast.Attribute)
            and call.func.attr in WRITERS
            and _file_of(call, scope) == name
        ]

    def reads_several(self) -> bool:
        """Whether several of the data files are read, or one whose name is not plain."""
        names = {_file_of(call, scope) for call, scope in self.calls if last_name(call) in READERS}
        return "" in names or len(names & self.files) > 1


def trained_on_everything(source: str, files: Iterable[str] = ()) -> str:
    """Say where data that hold the test are trained on; empty where they are not.

    A model that is neither used nor delivered, such as the popularity in a figure, may be.
    """
    program = Program(scopes_of(source), frozenset(files))
    for scope in program.scopes:
        fault = _split_and_trained(scope, program) or _read_and_trained(scope, program)
        if fault:
            return fault
    return ""


def _split_and_trained(scope: Scope, program: Program) -> str:
    """Say where a name is trained on that a splitter of the same scope divides."""
    rebound = {name for name, value in assignments(scope.nodes) if _is_part_of_split(value)}
    lines = {_first_name(c): c.lineno for c in scope.calls if last_name(c) in SPLITTERS}
    for call in _trainings(scope, program):
        name = _first_name(call)
        if name in lines.keys() - rebound - {""}:
            told = "Line {line} trains on `{data}`, test included: line {split_line} splits it."
            return Detail(told, line=call.lineno, data=name, split_line=lines[name])
    return ""


def _read_and_trained(scope: Scope, program: Program) -> str:
    """Say where the whole file, as it was read, is trained on."""
    for call in _trainings(scope, program):
        if _is_whole(call.args[0], scope, program):
            told = "Line {line} trains on `{data}`: all that was read, test included."
            return Detail(told, line=call.lineno, data=ast.unparse(call.args[0])[:SHOWN])
    return ""


def _trainings(scope: Scope, program: Program) -> Iterator[ast.Call]:
    """Yield the calls of a scope that train what is used or delivered."""
    for call in scope.calls:
        if last_name(call) == "train" and call.args and not _is_unused(call, scope, program):
            yield call


def _first_name(call: ast.Call) -> str:
    """Return the name that a call is given first; empty where that is something else."""
    first = call.args[0] if call.args else None
    return first.id if isinstance(first, ast.Name) else ""


def _is_unused(call: ast.Call, scope: Scope, program: Program) -> bool:
    """Whether what is trained is made here and then only looked at."""
    model = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(model, ast.Name):
        return _is_construction(model)
    made = [value for name, value in assignments(scope.nodes) if name == model.id]
    if not made or not all(map(_is_construction, made)):
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


def _is_construction(value: ast.expr | None) -> bool:
    """Whether an expression makes something of a class."""
    return isinstance(value, ast.Call) and called_name(value)[:1].isupper()


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


def _is_whole(value: ast.expr, scope: Scope, program: Program, steps: int = MAX_STEPS) -> bool:
    """Whether an expression is a data file as read, none of its rows left out."""
    if not steps:
        return False
    match value:
        case ast.Name(id=name) if known := scope.values.get(name):
            return all(_is_whole(v, scope, program, steps - 1) for v in known)
        case ast.Name(id=name):
            given = ((g, s) for s in program.scopes for g in _given_to(name, scope, s))
            return any(_is_whole(g, caller, program, steps - 1) for g, caller in given)
        case ast.Call() if last_name(value) in READERS:
            return _is_data_file(value, scope, program, steps)
        case ast.Call(args=[first, *_]) if last_name(value) == "from_interactions_df":
            return _is_whole(first, scope, program, steps - 1)
        case ast.Call(func=ast.Attribute(value=frame, attr=method)) if method in KEEPING:
            return _is_whole(frame, scope, program, steps - 1)
    return False


def _is_data_file(call: ast.Call, scope: Scope, program: Program, steps: int) -> bool:
    """Whether a data file is read: a given one, or one to which the source wrote all of it.

    Where the source reads several given files, one of them is not all of the data.
    """
    name = _file_of(call, scope)
    written = program.frames_written(name) if name else []
    if written:
        return any(_is_whole(v, s, program, steps - 1) for v, s in written)
    if len(program.files) > 1 and program.reads_several():
        return False
    return not name or not program.files or name in program.files


def _file_of(call: ast.Call, scope: Scope) -> str:
    """Return the name of the file that a call reads or writes; empty where it is not plain."""
    given = call.args[0] if call.args else None
    if isinstance(given, ast.Name):
        known = scope.values.get(given.id, ())
        given = known[0] if len(known) == 1 else None
    match given:
        case ast.Constant(value=str(path)):
            return PurePosixPath(path).name
    return ""


def _given_to(parameter: str, function: Scope, caller: Scope) -> Iterator[ast.expr]:
    """Yield what a caller hands to a parameter of a function."""
    if parameter not in function.parameters:
        return
    place = function.parameters.index(parameter)
    for call in caller.calls:
        if function.name and called_name(call) == function.name:
            yield from named_argument(call, parameter)
            yield from call.args[place : place + 1]

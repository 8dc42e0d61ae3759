"""Whether the source trains on data that hold the test."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from agent_core.checks.source import assignments, flows, last_name
from agent_core.checks.syntax import parsed

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
Values = Mapping[str, Sequence[ast.expr]]


def trained_on_everything(source: str) -> str:
    """Say where data that hold the test are trained on; empty where they are not."""
    for flow, nodes in flows(parsed(source)):
        calls = [n for n in nodes if isinstance(n, ast.Call) and n.args]
        fault = split_and_trained(calls, nodes) or read_and_trained(calls, flow.values)
        if fault:
            return fault
    return ""


def split_and_trained(calls: Sequence[ast.Call], nodes: tuple[ast.AST, ...]) -> str:
    """Say where a name is trained on that a splitter of the same scope divides."""
    named = [(c, c.args[0].id) for c in calls if isinstance(c.args[0], ast.Name)]
    divided = {name: c.lineno for c, name in named if last_name(c) in SPLITTERS}
    rebound = {name for name, value in assignments(nodes) if is_part_of_split(value)}
    for call, name in named:
        if last_name(call) == "train" and name in divided and name not in rebound:
            line = divided[name]
            return f"Line {call.lineno} trains on `{name}`, test included: line {line} splits it."
    return ""


def is_part_of_split(value: ast.expr) -> bool:
    """Whether an expression is the training part of something."""
    return isinstance(value, ast.Attribute) and value.attr == "train"


def read_and_trained(calls: Sequence[ast.Call], values: Values) -> str:
    """Say where the whole file, as it was read, is trained on."""
    for call in calls:
        if last_name(call) == "train" and is_whole(call.args[0], values):
            text = ast.unparse(call.args[0])[:60]
            return f"Line {call.lineno} trains on `{text}`: all that was read, test included."
    return ""


def is_whole(value: ast.expr, values: Values, steps: int = 8) -> bool:
    """Whether an expression is a data file as read, none of its rows left out."""
    if not steps:
        return False
    if isinstance(value, ast.Name):
        known = values.get(value.id, ())
        return bool(known) and all(is_whole(v, values, steps - 1) for v in known)
    if not isinstance(value, ast.Call):
        return False
    if last_name(value) in READERS:
        return True
    if last_name(value) == "from_interactions_df" and value.args:
        return is_whole(value.args[0], values, steps - 1)
    method = value.func
    if isinstance(method, ast.Attribute) and method.attr in KEEPING:
        return is_whole(method.value, values, steps - 1)
    return False

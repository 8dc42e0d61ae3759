"""The schemas of the contract's second version describe what scripts deliver."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from laid_designs import lay, run_cells

from agent_core.domain.rules import DataRule, DataRuleKind, SplitKind, SplitRules

ROOT = Path(__file__).parents[2] / "docs/contract2"
KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}


def schema(name):
    return json.loads((ROOT / f"{name}.schema.json").read_text())


def faults(value, described, place="$"):
    """Yield where a value is not as described; what is not described is a fault too."""
    kinds = described.get("type", list(KINDS))
    allowed = [KINDS[k] for k in ([kinds] if isinstance(kinds, str) else kinds)]
    if not any(isinstance(value, kind) for kind in allowed):
        yield f"{place}: {value!r} is no {kinds}"
    if "enum" in described and value not in described["enum"]:
        yield f"{place}: {value!r} is none of {described['enum']}"
    if "const" in described and value != described["const"]:
        yield f"{place}: {value!r}"
    if "pattern" in described and not re.search(described["pattern"], value):
        yield f"{place}: {value!r} does not look like {described['pattern']}"
    if isinstance(value, dict) and (
        "properties" in described or "additionalProperties" in described
    ):
        known, more = described.get("properties", {}), described.get("additionalProperties")
        yield from (
            f"{place}: no {name}" for name in set(described.get("required", ())) - set(value)
        )
        for name, entry in value.items():
            inside = known.get(name, more)
            if inside is None:
                yield f"{place}: {name} is not described"
            else:
                yield from faults(entry, inside, f"{place}.{name}")
    if isinstance(value, list) and "items" in described:
        for number, entry in enumerate(value):
            yield from faults(entry, described["items"], f"{place}[{number}]")


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    lay(folder)
    run_cells(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("design", "design.json"),
        ("cell", "cells/*/cell.json"),
        ("rows", "cells/*/rows.json"),
        ("block", "split/*.json"),
        ("results", "results.json"),
    ],
)
def test_what_is_delivered_is_as_described(delivered, name, files):
    paths = list(delivered.glob(files))

    assert paths
    for path in paths:
        assert list(faults(json.loads(path.read_text()), schema(name))) == []


def test_all_rules_are_described():
    block = schema("design")["properties"]["blocks"]["additionalProperties"]["properties"]
    data, split = block["data"]["items"]["properties"], block["split"]["properties"]

    assert set(data) == {f.name for f in fields(DataRule)}
    assert set(split) == {f.name for f in fields(SplitRules)}
    assert set(data["kind"]["enum"]) == set(DataRuleKind)
    assert set(split["kind"]["enum"]) == set(SplitKind)


def test_the_files_are_those_of_the_readme(delivered):
    text = (ROOT / "README.md").read_text()

    cells = {p.name for p in delivered.glob("cells/*/*")}
    splits = {p.name.removeprefix(p.name.split(".")[0]) for p in delivered.glob("split/*")}
    derived = {p.name for p in delivered.glob("*.*") if p.suffix in (".json", ".parquet")}
    derived -= {"design.json"}
    assert [name for name in cells | splits | derived if f"{name}`" not in text] == []

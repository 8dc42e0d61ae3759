"""The documents about checks, metrics and contract say what the code does."""

import json
from pathlib import Path

from cases import HONEST, SINS
from studies import honest

from agent_core.checks.registry import RULES
from agent_core.evidence.evidence import ROW_COLUMNS
from agent_core.measures.metrics import RANKING

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/checks.md").read_text(encoding="utf-8")


def schema(name):
    return json.loads((ROOT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8"))


def test_every_check_is_described_with_its_weight():
    for rule in RULES:
        binding = "yes" if rule.is_binding else ""
        assert f"| `{rule.name}` | {rule.subject} | {binding} |" in TEXT


def test_every_definition_is_named():
    for metric, definitions in RANKING.items():
        for definition in definitions:
            assert f"| {metric} | {definition} |" in TEXT


def test_schemas_have_the_fields_that_are_read():
    row = schema("results")["properties"]["rows"]["items"]

    assert set(row["properties"]) == set(ROW_COLUMNS)
    assert set(honest().rows[0]) <= set(row["properties"])
    assert set(honest().run) <= set(schema("run")["properties"])


def test_every_script_is_listed_for_readers():
    text = (ROOT / "tests/README.md").read_text(encoding="utf-8")

    sins = [f"* {c.name} (`{c.check}`)" for c in sorted(SINS, key=lambda c: c.is_subtle)]
    listed = [line for line in text.splitlines() if line.startswith("* ")]
    scripts = [line for line in listed if not line.startswith("* `")]
    assert scripts == [*sins, *(f"* {c.name}" for c in HONEST)]

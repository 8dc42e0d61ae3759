"""No long pattern of the rooms that read scripts and splits is without examples.

Those in tables have examples, which `tests/agent_core/prose/test_patterns.py` runs for all rooms.
"""

import ast
from pathlib import Path

import pytest

import agent_core.checks
from agent_core.prose.patterns import read_patterns

ROOMS = [Path(agent_core.checks.__file__).parent / name for name in ("script", "split")]
TABLES = [path for room in ROOMS for path in sorted(room.glob("*_patterns.toml"))]
MODULES = [path for room in ROOMS for path in sorted(room.glob("*.py"))]
SHORT = 12
"""Characters of a pattern that is read at a glance: `[\\s-]+`, `Config$`."""
READING = frozenset(
    {"compile", "search", "match", "fullmatch", "sub", "findall", "finditer", "split"}
)


def long_patterns(source):
    """Return the long patterns that a module writes out itself."""
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and n.args]
    reads = [c for c in calls if ast.unparse(c.func) in {f"re.{name}" for name in READING}]
    return [t for t in (ast.unparse(c.args[0]) for c in reads) if len(t) > SHORT]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{p.parent.name}.{p.stem}")
def test_long_patterns_stand_in_tables(path):
    assert long_patterns(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.stem)
def test_every_pattern_has_several_examples_of_both_sorts(path):
    few = {n for n, p in read_patterns(path).items() if min(len(p.matches), len(p.spares)) < 3}

    assert few == set()


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('P = re.compile(r"val(?:id)?|dev|tune")', 1),
        ('re.search(r"a very long pattern", text)', 1),
        ('re.sub(r"[\\s-]+", "_", text)', 0),
        ('text.split("a very long text that is none")', 0),
    ],
)
def test_a_long_pattern_outside_of_tables_is_found(source, count):
    assert len(long_patterns(source)) == count


def test_there_are_tables():
    assert len(TABLES) == 2

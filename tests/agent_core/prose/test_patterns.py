"""Every pattern of the core matches its own examples and spares those near by."""

from importlib import import_module
from pathlib import Path

import pytest

import agent_core
from agent_core.prose.patterns import Pattern, read_patterns

SOUND = Pattern(r"\bbest\b", matches=("the best",), spares=("at bestow",))


def patterns_in(value):
    """Yield the patterns of a value of a module: one, or several in a container."""
    if isinstance(value, Pattern):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from patterns_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from patterns_in(one)


def patterns_of_the_core():
    """Return the patterns of modules and of TOML files; templates of scripts are not imported."""
    root = Path(agent_core.__file__).parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        if "prose.patterns" in path.read_text(encoding="utf-8"):
            module = ".".join(path.relative_to(root.parent).with_suffix("").parts)
            for name, value in vars(import_module(module)).items():
                found |= {f"{module}.{name}.{i}": p for i, p in enumerate(patterns_in(value))}
    for path in sorted(root.rglob("*_patterns.toml")):
        found |= {f"{path.stem}.{name}": p for name, p in read_patterns(path).items()}
    return [pytest.param(pattern, id=name) for name, pattern in found.items()]


@pytest.mark.parametrize("pattern", [SOUND, *patterns_of_the_core()])
def test_a_pattern_takes_its_examples_as_they_say(pattern):
    assert pattern.matches
    assert pattern.spares
    assert pattern.wrong_examples() == ()


def test_a_wrong_example_is_found():
    unsound = Pattern(r"\bbest\b", matches=("better",), spares=("the best",))

    assert unsound.wrong_examples() == ("better", "the best")

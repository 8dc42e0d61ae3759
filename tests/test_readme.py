"""The README is true: commands exist, settings are valid, the tree is the tree there is."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.settings import Settings, load_settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
AUTORECLAB = [sys.executable, "-m", "bot"]


def run(*arguments):
    return subprocess.run(
        [*AUTORECLAB, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def keys_missing(model, shown):
    """Return the keys of a settings model that a table does not show."""
    found = set()
    for name, part in model.model_fields.items():
        if name not in shown:
            found.add(name)
        elif hasattr(part.annotation, "model_fields"):
            found |= {f"{name}.{k}" for k in keys_missing(part.annotation, shown[name])}
    return found


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\| `autoreclab ([a-z]+)", README))))
def test_each_command_exists_and_explains_itself(command):
    shown = run(command, "--help")

    assert shown.returncode == 0, shown.stderr
    assert "Usage" in shown.stdout


def test_help_loads_no_library_of_the_work():
    named = [
        "pandas",
        "numpy",
        "lenskit",
        "duckdb",
        "slack_bolt",
        "aiohttp",
        "openai",
        "pyarrow",
        "matplotlib",
    ]
    code = "import bot.cli, sys; sys.exit(' '.join(sorted(set(sys.argv[1:]) & set(sys.modules))))"

    shown = subprocess.run(
        [sys.executable, "-c", code, *named], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert shown.stderr.strip() == ""


def test_each_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)) <= targets


def test_the_settings_file_shows_every_table_with_its_defaults():
    shown = tomllib.loads((ROOT / "config.toml").read_text())

    loaded = load_settings(ROOT / "config.toml")

    assert set(shown) == set(Settings.model_fields)
    assert keys_missing(Settings, shown) == {"agent.judge", "agent.report"}  # as agent.code
    assert loaded == load_settings(Path("/dev/null"))


def test_the_layout_names_folders_that_are_there():
    layout = README.partition("## Layout")[2].partition("```")[2].partition("```")[0]

    folders = re.findall(r"^(\w+)/", layout, re.MULTILINE)

    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)


@pytest.mark.parametrize("package", ["agent_core", "bot"])
def test_the_layout_names_every_room(package):
    below = re.split(r"^\w", README.partition(f"\n{package}/")[2], flags=re.MULTILINE)[0]
    shown = re.findall(r"^  (\w+)/ +\S", below, re.MULTILINE)

    assert sorted(shown) == sorted(p.parent.name for p in (ROOT / package).glob("*/__init__.py"))


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_each_link_leads_somewhere(link):
    assert (ROOT / link).exists()

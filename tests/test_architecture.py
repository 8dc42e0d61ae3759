"""The rooms of the core are few, and the documents lead to modules that are there."""

import ast
import re

import pytest
from architecture import ROOT, floors, root_modules

MAX_FLOORS = 10
MAX_ROOT_MODULES = 5
MAX_STOPS = 12
CORE = ROOT / "agent_core"
GUIDE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PLACE = r"`((?:agent_core|bot|sandbox|storage|tests)/[\w./-]*)`"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
JOURNEYS = (
    "A mention becomes a plan",
    "An output becomes a verdict and then a number",
    "A reply refines the plan",
)
ADDED = (
    "a metric", "a check", "a split kind", "a data rule", "a Slack button", "a sandbox limit",
    "a command of the terminal", "a kind of question, a factor",
    "a condition that a task may state", "an algorithm",
    "a way of saying in tasks (offline)", "a slash command", "a published file",
    "a field of the plan",
    "a figure", "an event", "a statistic", "an answer to a kind of question", "a sentence rule",
)  # fmt: skip


def section_of(title):
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def names_in(path):
    """Return what a module defines: its names, and the methods of its classes."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        found |= {t.id for t in targets if isinstance(t, ast.Name)}
        if name := getattr(node, "name", None):
            found |= {
                name,
                *(f"{name}.{getattr(m, 'name', '')}" for m in getattr(node, "body", ())),
            }
    return found


def test_core_stands_on_few_floors():
    found = floors(CORE)

    assert len(found) <= MAX_FLOORS, found
    assert found[1] == ["domain", "errors"]
    assert found[max(found)] == ["lab"]


def test_few_modules_lie_at_the_root_of_the_core():
    assert len(root_modules(CORE)) <= MAX_ROOT_MODULES


def test_floors_count_imports_in_functions_and_for_types(tmp_path):
    rooms = tmp_path / "rooms"
    (rooms / "attic").mkdir(parents=True)
    (rooms / "attic" / "box.py").write_text("def f():\n    from rooms import hall\n")
    (rooms / "hall.py").write_text("if TYPE_CHECKING:\n    import rooms.cellar\n")
    (rooms / "cellar.py").write_text("import json\n")

    assert floors(rooms) == {1: ["cellar"], 2: ["hall"], 3: ["attic"]}
    assert root_modules(rooms) == ["cellar", "hall"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.stem)
def test_documents_name_places_that_are_there(document):
    named = re.findall(PLACE, document.read_text(encoding="utf-8"))

    assert [place for place in named if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("title", JOURNEYS)
def test_a_journey_has_few_stops_each_at_a_module(title):
    stops = re.findall(r"^(\d+)\. (.*)", section_of(title), re.MULTILINE)

    assert [int(number) for number, _ in stops] == list(range(1, len(stops) + 1))
    assert 1 < len(stops) <= MAX_STOPS
    places = [re.match(PLACE, text) for _, text in stops]
    assert all(place and place[1].endswith(".py") for place in places)


def test_the_guide_names_what_its_modules_define():
    named = re.findall(rf"{PLACE}\s+`([A-Za-z_][\w.]*)`", GUIDE)

    assert len(named) > len(JOURNEYS) * 10
    assert [f"{p} {name}" for p, name in named if name not in names_in(ROOT / p)] == []


def test_the_guide_tells_where_to_add_what_is_added_often():
    rows = re.findall(r"^\| (an? [^|]+?) \| (.+?) \| (.+) \|$", section_of("Where to add"), re.M)

    assert tuple(what for what, _, _ in rows) == ADDED
    assert all(re.search(PLACE, begin) for _, begin, _ in rows)

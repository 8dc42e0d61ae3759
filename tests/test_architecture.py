"""The rooms of the core: few floors, few modules at its root."""

from architecture import ROOT, floors, root_modules

MAX_FLOORS = 10
MAX_ROOT_MODULES = 5
CORE = ROOT / "agent_core"


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

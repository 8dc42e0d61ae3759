"""What services that died have left is removed, and nothing of those that live."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox import ownership, workspace
from sandbox.execution import Job

MAKE = """
import tempfile
from sandbox import ownership, workspace
print(ownership.make_owned(workspace.make_folder), flush=True)
input()
"""


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    # What is removed is looked for in the temporary folder: never in that of the machine.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_folder_is_removed_once_its_process_has_died_and_not_before():
    with subprocess.Popen(
        [sys.executable, "-c", MAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        folder = Path(other.stdout.readline().strip())

        workspace.remove_stale()
        assert folder.is_dir()

        other.kill()
    workspace.remove_stale()
    assert not folder.exists()


def test_a_living_service_is_safe_whatever_number_its_folder_bears(places):
    """In another namespace of processes its number is anybody's, or nobody's."""
    folder = ownership.make_owned(lambda: _named(places / f"{workspace.PREFIX}4194304-abc"))

    workspace.remove_stale()
    assert folder.is_dir()

    ownership.disown(folder)
    workspace.remove_stale()
    assert not folder.exists()


def test_what_is_removed_between_its_making_and_its_lock_is_made_again(places):
    made = []

    def make():
        folder = _named(places / f"{workspace.PREFIX}1-{len(made)}")
        if not made:
            shutil.rmtree(folder)
        made.append(folder)
        return folder

    assert ownership.make_owned(make) == made[1]
    assert made[1].is_dir()


def test_a_folder_that_vanishes_before_it_is_looked_at_is_nobodys_to_remove(places):
    with ownership.taken_over(places / f"{workspace.PREFIX}1-gone") as is_ours:
        assert not is_ours


def test_a_workspace_is_given_up_with_its_folder():
    space = workspace.create(Job(""), None)
    assert space.root in ownership._held

    workspace.remove(space)

    assert space.root not in ownership._held
    assert not space.root.exists()


def _named(folder):
    folder.mkdir()
    return folder

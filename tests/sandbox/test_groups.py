"""Control groups: what the kernel holds an execution to, and that none is left."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benches import QUICK, Bench

from sandbox.execution import Ended, IsolationLevel, Limits
from sandbox.groups import Group, entering, find_place, group_folder_of, kill_all
from sandbox.local import LocalSandbox
from sandbox.packages import find_python, read_packages
from sandbox.warm import open_warm

TIGHT = Limits(memory_mib=64, disk_mib=1, processes=20)
UNIFIED = Path("/sys/fs/cgroup/unified")
HYBRID = "33 31 0:30 /docker/ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"
UNIFIED_LINE = "41 31 0:38 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"


@pytest.fixture(scope="module")
def place():
    found = find_place()
    if found is None:
        pytest.skip("this service may make no control groups here")
    return found


@pytest.fixture
def group(place):
    made = place.group(TIGHT)
    yield made
    made.remove()


def run_in(group, source):
    return subprocess.run(
        entering(group, [sys.executable, "-c", source]), capture_output=True, check=False
    )


def test_the_kernel_ends_what_takes_too_much_memory(group):
    hog = "kept = [bytearray(50_000_000) for _ in range(40)]"

    assert run_in(group, hog).returncode == -9
    assert group.oom_kills >= 1
    assert group.refused_forks == 0


def test_memory_of_many_processes_counts_together(group):
    hogs = """
import os
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        kept = bytearray(120_000_000)
        os.read(0, 1)
        os._exit(0)
    children.append(child)
for child in children: os.waitpid(child, 0)
"""
    reader, writer = os.pipe()
    process = subprocess.Popen(entering(group, [sys.executable, "-c", hogs]), stdin=reader)
    os.close(reader)
    try:
        while group.oom_kills == 0 and process.poll() is None:
            os.sched_yield()
        assert group.oom_kills >= 1
    finally:
        os.close(writer)
        group.remove()
        process.wait()


def test_the_kernel_refuses_too_many_processes(group):
    forks = "import os\nwhile os.fork(): pass\nos.read(0, 1)"

    run_in(group, forks)

    assert group.refused_forks >= 1
    assert group.oom_kills == 0


def test_what_is_left_in_a_group_dies_with_it(place):
    group = place.group(TIGHT)
    process = subprocess.Popen(entering(group, ["sleep", "600"]), start_new_session=True)
    while str(process.pid) not in Path(group.entrances[0]).read_text().split():
        os.sched_yield()

    group.remove()

    assert process.wait(10) == -9
    assert not any(folder.exists() for folder in group.folders)


def test_groups_of_a_service_that_died_are_removed(place):
    left = [folder / "autoreclab-group-1-0a0a0a0a-1" for folder in place.folders]
    for folder in left:
        folder.mkdir()

    place.remove_stale()

    assert not any(folder.exists() for folder in left)


async def test_a_script_that_may_start_nothing_more_ended_for_that(place, tmp_path):
    source = "import os\nfor _ in range(30):\n    if os.fork() == 0: os.read(0, 1), os._exit(0)\n"
    packages = read_packages(find_python())
    limits = replace(QUICK, processes=15)

    cold = LocalSandbox(packages, IsolationLevel.COLD, 1, place)
    executions = [await Bench(cold, tmp_path / "cold").run(source, limits=limits)]
    async with open_warm(packages, 1, (), place) as warm:
        executions.append(await Bench(warm, tmp_path / "warm").run(source, limits=limits))

    assert [e.ended for e in executions] == [Ended.PROCESSES] * 2
    assert not [n for n in place.names() if f"-{os.getpid()}-" in n.name]


@pytest.mark.skipif(not os.access(UNIFIED, os.W_OK), reason="no groups of version 2 beside 1")
def test_groups_of_version_2_are_entered_and_killed_at_once():
    folder = UNIFIED / f"autoreclab-test-{os.getpid()}"
    folder.mkdir()
    group = Group((folder,))
    processes = [subprocess.Popen(entering(group, ["sleep", "600"])) for _ in range(5)]
    while len((folder / "cgroup.procs").read_text().split()) < 5:
        os.sched_yield()

    kill_all(folder)

    assert [p.wait(10) for p in processes] == [-9] * 5
    group.remove()
    assert not folder.exists()


def test_the_own_group_is_found_below_a_mount_that_shows_a_part():
    mounts = [HYBRID.split(), UNIFIED_LINE.split()]

    assert group_folder_of("memory", "/docker/ab/x", mounts) == Path("/sys/fs/cgroup/memory/x")
    assert group_folder_of("memory", "/elsewhere", mounts) is None
    assert group_folder_of("pids", "/docker/ab", mounts) is None
    assert group_folder_of("", "/system.slice/a.service", mounts) == Path(
        "/sys/fs/cgroup/system.slice/a.service"
    )

"""What the warm level adds: zygotes that come, go and are replaced."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benches import QUICK, Bench
from patience import PATIENCE_S

from sandbox.execution import Ended, Job, Limits
from sandbox.nest import GIVE_UP_AFTER
from sandbox.packages import find_python, read_packages
from sandbox.warm import open_warm, zygotes_for
from sandbox.zygotes import GROWTH_KIB

LIBRARY = "colorsys"
IS_WARM = f"import sys\nprint('{LIBRARY}' in sys.modules)"


@pytest.fixture(scope="module")
def packages():
    return read_packages(find_python())


@pytest.fixture
async def warm(packages, tmp_path):
    async with open_warm(packages, 2, (LIBRARY, "no_such_library")) as sandbox:
        yield Bench(sandbox, tmp_path / "out")


async def test_libraries_are_there_once_they_have_been_imported(warm):
    before = await warm.run(IS_WARM)
    await warm.sandbox.warm_up()
    after = await warm.run(IS_WARM)

    assert (before.output, after.output) == ("False\n", "True\n")


async def test_the_zygote_has_one_thread_and_its_memory_is_known(warm):
    zygote = await warm.sandbox.light.zygote()
    light = warm.sandbox.standing
    await warm.sandbox.warm_up()
    both = warm.sandbox.standing

    assert zygote.ready.result()["threads"] == 1
    assert (light.interpreters, both.interpreters) == (1, 2)
    assert 1 < light.memory_mib < both.memory_mib < 200
    assert str(both).endswith(" MiB in 2 warm interpreters, limits held by the watchdog")


async def test_a_zygote_that_died_is_replaced_without_losing_the_request(warm):
    zygote = await warm.sandbox.light.zygote()
    zygote.popen.send_signal(signal.SIGKILL)
    zygote.popen.wait()

    execution = await warm.run("print('still served')")

    assert execution.output == "still served\n"


async def test_a_script_that_had_said_nothing_when_its_zygote_died_begins_again(warm):
    zygote = await warm.sandbox.light.zygote()
    silent = asyncio.create_task(warm.run("import time\ntime.sleep(0.6)\nprint('served')"))

    said = await warm.run("print('x')\nimport time\ntime.sleep(60)", tell=lambda _: kill(zygote))

    assert said.ended is Ended.LOST
    assert (await silent).output == "served\n"


def kill(zygote):
    zygote.popen.send_signal(signal.SIGKILL)


async def test_libraries_come_back_after_their_zygote_died(warm):
    await warm.sandbox.warm_up()
    for zygote in warm.sandbox.full.zygotes:
        zygote.popen.send_signal(signal.SIGKILL)
        zygote.popen.wait()

    served = await warm.run("print('still served')")
    await asyncio.gather(*(z.ready for z in warm.sandbox.full.zygotes))

    assert served.is_ok
    assert (await warm.run(IS_WARM)).output == "True\n"


async def test_a_library_that_ends_its_zygote_is_not_imported_for_ever(lab, tmp_path):
    (site,) = lab.glob("lib/python*/site-packages")
    (site / "deadly.py").write_text("import os\nos._exit(1)")

    async with open_warm(read_packages(lab / "bin/python"), 1, ("deadly",)) as sandbox:
        await sandbox.warm_up()
        bench = Bench(sandbox, tmp_path / "out")
        for _ in range(6):
            assert (await bench.run("print('served')")).is_ok
            await asyncio.gather(*(z.ready for z in sandbox.full.zygotes), return_exceptions=True)

        assert sandbox.full.failures == GIVE_UP_AFTER


LAMED = {"cannot start processes": "--nproc=3:3", "cannot confine": "--fsize=1000:1000"}


@pytest.mark.parametrize("how", LAMED)
async def test_a_poisoned_zygote_is_replaced_without_losing_the_request(warm, how):
    light = warm.sandbox.light
    healthy = light.command
    light.renew()
    light.command = lambda: ["prlimit", LAMED[how], *healthy()]
    light.start()
    light.command = healthy
    (lamed,) = light.zygotes

    execution = await warm.run("print('still served')")

    assert execution.output == "still served\n"
    assert lamed not in light.zygotes


async def test_a_zygote_that_has_grown_is_replaced(warm):
    grown = await warm.sandbox.light.zygote()
    grown.memory_kib += 2 * GROWTH_KIB

    assert (await warm.run("print('served')")).is_ok
    assert grown not in warm.sandbox.light.zygotes


def test_large_machines_have_several_zygotes():
    cores = len(os.sched_getaffinity(0))

    assert [zygotes_for(slots) for slots in (1, 8, 9)] == [1, 1, 2]
    assert zygotes_for(1024) == max(2, cores)


async def test_a_script_whose_zygote_died_is_lost_and_keeps_what_it_had_written(warm):
    zygote = await warm.sandbox.light.zygote()
    source = "open('rows.csv', 'w').write('27')\nprint('begun')\nimport time\ntime.sleep(60)"

    def kill(_):
        zygote.popen.send_signal(signal.SIGKILL)

    execution = await warm.run(source, tell=kill)

    assert (execution.ended, execution.exit_code) == (Ended.LOST, None)
    assert [a.name for a in execution.artifacts] == ["rows.csv"]
    assert (await warm.run("print('next')")).is_ok


@pytest.fixture
def lab(tmp_path):
    home = tmp_path / "lab"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    return home


async def test_a_script_of_a_zygote_that_hangs_can_be_stopped(warm):
    begun = asyncio.Event()
    zygote = await warm.sandbox.light.zygote()
    running = asyncio.create_task(
        warm.run("print('x')\nimport time\ntime.sleep(60)", tell=lambda _: begun.set())
    )
    await asyncio.wait_for(begun.wait(), PATIENCE_S)
    (process,) = zygote.running.values()
    hung = parent_of(process.watched_pids()[0])

    os.kill(hung, signal.SIGSTOP)
    running.cancel()
    await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), PATIENCE_S)

    os.kill(hung, signal.SIGCONT)
    assert (await warm.run("print('next')")).is_ok


def parent_of(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])


async def test_new_packages_are_seen_by_the_next_script(tmp_path, lab):
    (site,) = lab.glob("lib/python*/site-packages")

    async with open_warm(read_packages(lab / "bin/python"), 1, ()) as sandbox:
        bench = Bench(sandbox, tmp_path / "out")
        before = await bench.run("import added")
        (site / "added.py").write_text("")
        (site / "added-1.0.dist-info").mkdir()
        (site / "added-1.0.dist-info/METADATA").write_text("Name: added\nVersion: 1.0\n")
        after = await bench.run("import added")

        assert (before.exit_code, after.exit_code) == (1, 0)
        assert sandbox.packages.versions["added"] == "1.0"


async def test_nothing_of_the_zygote_is_left_in_the_script(warm):
    source = """
import os, sys
names = [n for n in sys.modules if n.startswith('sandbox')]
for folder in ('/zygote/code/sandbox', '/zygote/inputs', '/zygote/work'):
    try:
        names += os.listdir(folder)
    except OSError: pass
print(names)
import sandbox
"""
    execution = await warm.run(source)

    assert execution.output.startswith("[]\n")
    assert "ModuleNotFoundError" in execution.output


async def test_a_stop_takes_less_than_300_ms(warm):
    begun = asyncio.Event()
    source = "import os, time\nfor _ in range(5): os.fork()\nprint('x')\ntime.sleep(60)"
    limits = Limits(timeout_s=30, processes=1000)
    running = asyncio.create_task(warm.run(source, limits=limits, tell=lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), PATIENCE_S)

    before = time.monotonic()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert time.monotonic() - before < 0.3


async def test_a_stop_of_scripts_that_wait_to_start_takes_less_than_300_ms(warm, tmp_path):
    (tmp_path / "out").mkdir()
    begun = asyncio.Event()
    job = Job("print('x', flush=True)\nimport time\ntime.sleep(60)", limits=QUICK)
    running = [
        asyncio.create_task(warm.sandbox.execute(job, tmp_path / "out", lambda _: begun.set()))
        for _ in range(20)
    ]
    await asyncio.wait_for(begun.wait(), PATIENCE_S)
    (zygote,) = warm.sandbox.light.zygotes

    before = time.monotonic()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    took_s = time.monotonic() - before

    await zygote.idle()
    assert took_s < 0.3
    assert not zygote.load


async def test_a_request_that_is_cancelled_at_any_moment_leaves_nothing(warm, tmp_path):
    await warm.run("")
    descriptors = count_descriptors()
    (tmp_path / "out").mkdir(exist_ok=True)

    for steps in range(12):
        job = Job("import time\ntime.sleep(60)", limits=QUICK)
        running = asyncio.create_task(warm.sandbox.execute(job, tmp_path / "out"))
        await asyncio.sleep(steps * 0.002)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert (await warm.run("print('next')")).is_ok
    await (await warm.sandbox.light.zygote()).idle()
    assert count_descriptors() == descriptors
    assert [p.name for p in warm.sandbox.folder.iterdir() if p.is_dir()] == ["kept"]


def count_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_many_scripts_at_once_are_all_served(warm):
    executions = await asyncio.gather(*(warm.run(f"print({i})") for i in range(30)))

    assert [e.output for e in executions] == [f"{i}\n" for i in range(30)]

"""What every level of the sandbox does."""

import asyncio
import hashlib
import time
from dataclasses import replace

import pytest
from benches import QUICK
from patience import PATIENCE_S

from sandbox.errors import SandboxError
from sandbox.execution import Ended, Job

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_script_runs_to_its_end(bench):
    execution = await bench.run("print('hello')")

    assert execution.is_ok
    assert execution.output == "hello\n"
    assert execution.level == bench.sandbox.level


async def test_a_failing_script_is_a_result(bench):
    execution = await bench.run("raise ValueError('no such column')")

    assert (execution.exit_code, execution.ended) == (1, Ended.FINISHED)
    assert "ValueError: no such column" in execution.output


async def test_an_exit_status_is_kept(bench):
    assert (await bench.run("raise SystemExit(3)")).exit_code == 3


async def test_a_signal_is_told_from_a_status(bench):
    execution = await bench.run("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")

    assert (execution.ended, execution.signal, execution.exit_code) == (Ended.SIGNAL, 11, None)


async def test_inputs_lie_under_their_own_names(bench, tmp_path):
    data = tmp_path / "ratings.csv"
    data.write_text("1,2,3\n")

    execution = await bench.run("print(open('ratings.csv').read())", inputs=[data])

    assert "1,2,3" in execution.output
    assert execution.artifacts == ()


async def test_an_input_that_only_its_owner_may_read_is_readable_inside(bench, tmp_path):
    data = tmp_path / "private.csv"
    data.write_text("secret rows")
    data.chmod(0o600)

    assert (
        "secret rows"
        in (await bench.run("print(open('private.csv').read())", inputs=[data])).output
    )


async def test_a_missing_input_is_an_error_of_the_machinery(bench, tmp_path):
    with pytest.raises(SandboxError, match="not there"):
        await bench.run("", inputs=[tmp_path / "gone.csv"])


async def test_lines_stream_while_the_script_runs(bench):
    first = asyncio.get_running_loop().create_future()

    def tell(line):
        if not first.done():
            first.set_result(line)

    running = asyncio.create_task(
        bench.run("import time\nprint('first', flush=True)\ntime.sleep(60)", tell=tell)
    )
    line = await asyncio.wait_for(first, PATIENCE_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert line == "first"


async def test_progress_bars_are_folded_and_odd_bytes_survive(bench):
    lines = []
    source = r"import sys; sys.stdout.buffer.write(b'10%\r50%\r100%\nbad \xff byte\nno end')"

    execution = await bench.run(source, tell=lines.append)

    assert lines == ["100%", "bad \ufffd byte", "no end"]
    assert execution.output == "100%\nbad \ufffd byte\nno end"


async def test_artifacts_are_collected_with_their_folders(bench):
    source = """
import pathlib
pathlib.Path('lists/ALS').mkdir(parents=True)
pathlib.Path('lists/ALS/0-1.csv').write_text('x')
pathlib.Path('results.json').write_text('{}')
"""
    execution = await bench.run(source)

    assert [a.name for a in execution.artifacts] == ["lists/ALS/0-1.csv", "results.json"]
    assert execution.artifacts[1].path.read_text() == "{}"
    assert execution.artifacts[1].sha256 == hashlib.sha256(b"{}").hexdigest()


async def test_artifacts_of_a_stopped_script_are_kept(bench):
    source = "open('rows.csv', 'w').write('27 rows')\nimport time\ntime.sleep(60)"

    execution = await bench.run(source, limits=replace(QUICK, timeout_s=1.5))

    assert execution.ended is Ended.TIMEOUT
    assert [a.path.read_text() for a in execution.artifacts] == ["27 rows"]


async def test_a_stop_keeps_what_a_script_has_left(bench, tmp_path):
    stop = asyncio.Event()
    source = "open('rows.csv', 'w').write('27 rows')\nprint('x', flush=True)\nwhile True: pass"

    execution = await bench.sandbox.execute(
        Job(source, limits=QUICK), tmp_path / "out", lambda _: stop.set(), stop
    )

    assert execution.ended is Ended.STOPPED
    assert [a.path.read_text() for a in execution.artifacts] == ["27 rows"]


async def test_links_and_unsafe_names_are_left_behind(bench):
    source = """
import os
os.symlink('/etc/passwd', 'link.csv')
open('first.csv', 'w').write('x')
os.link('first.csv', 'second.csv')
open('bad\\nname.csv', 'w').write('x')
os.mkfifo('pipe.csv')
open('good.csv', 'w').write('x')
"""
    execution = await bench.run(source)

    assert [a.name for a in execution.artifacts] == ["good.csv"]
    assert len(execution.skipped) >= 4


async def test_a_script_goes_on_with_what_an_earlier_one_left(bench, tmp_path):
    (tmp_path / "earlier" / "cells" / "a1").mkdir(parents=True)
    (tmp_path / "earlier" / "cells" / "a1" / "rows.json").write_text("[1]")
    source = """
from pathlib import Path
there = Path('cells/a1/rows.json')
print(there.read_text())
there.write_text('[2]')
Path('cells/b2').mkdir()
Path('cells/b2/rows.json').write_text('[3]')
"""

    execution = await bench.run(source, earlier=tmp_path / "earlier")

    assert execution.output == "[1]\n"
    left = {a.name: a.path.read_text() for a in execution.artifacts}
    assert left == {"cells/a1/rows.json": "[2]", "cells/b2/rows.json": "[3]"}
    assert (tmp_path / "earlier" / "cells" / "a1" / "rows.json").read_text() == "[1]"


async def test_artifacts_are_bounded_in_number_and_size(bench):
    source = """
for i in range(4): open(f'{i}.csv', 'w').write('x')
open('0.bin', 'wb').write(b'0' * 2_000_000)
"""
    limits = replace(QUICK, artifacts=3, artifacts_mib=1)

    execution = await bench.run(source, limits=limits)

    assert len(execution.artifacts) == 3
    assert all(a.size == 1 and a.path.read_text() == "x" for a in execution.artifacts)
    assert sorted(reason.partition(": ")[2] for reason in execution.skipped)[-1] in (
        "more than 1 MiB together",
        "more than 3 files",
    )
    assert len(execution.skipped) == 2


async def test_output_is_bounded_and_its_end_is_kept(bench):
    source = "for i in range(200_000): print('line', i)\nprint('the end')"

    execution = await bench.run(source)

    assert len(execution.output) < 400_000
    assert "left out" in execution.output
    assert execution.output.endswith("the end\n")


async def test_a_flood_of_output_is_ended(bench):
    execution = await bench.run("while True: print('x' * 10_000)")

    assert execution.ended is Ended.OUTPUT


async def test_too_much_memory_is_ended(bench):
    source = "kept = []\nwhile True: kept.append(bytearray(20_000_000))"

    execution = await bench.run(source, limits=replace(QUICK, memory_mib=256))

    assert execution.ended is Ended.MEMORY
    assert execution.peak_memory_mib > 200


async def test_too_much_cpu_is_ended(bench):
    execution = await bench.run("while True: pass", limits=replace(QUICK, cpu_s=1.0))

    assert execution.ended is Ended.CPU


async def test_a_script_gets_its_arguments_and_its_own_folder(bench):
    source = "import os, sys, labbook\nprint(sys.argv[1:], __name__, os.path.basename(__file__))"

    execution = await bench.run(source, arguments=("--folds", "5"))

    assert "['--folds', '5'] __main__ script.py" in execution.output


async def test_a_traceback_shows_the_script_alone(bench):
    execution = await bench.run("def fit():\n    raise KeyError('user')\n\nfit()\n")

    assert execution.output.count("File ") == 2
    assert "line 4, in <module>" in execution.output


async def test_figures_meant_for_a_window_are_drawn_into_files(bench):
    source = """
import matplotlib
matplotlib.use("TkAgg")
import matplotlib.pyplot as plt
plt.switch_backend("QtAgg")
plt.plot([1, 2])
plt.savefig("figure.png")
"""
    execution = await bench.run(source)

    assert execution.is_ok
    assert [a.name for a in execution.artifacts] == ["figure.png"]
    assert "needs a screen" in execution.output


async def test_a_message_as_exit_status_is_printed(bench):
    execution = await bench.run("import sys\nsys.exit('no ratings left')")

    assert (execution.exit_code, execution.output) == (1, "no ratings left\n")


async def test_handlers_run_and_open_files_are_written_at_the_end(bench):
    source = """
import atexit
atexit.register(lambda: print('handler'))
kept = open('rows.csv', 'w')
kept.write('27 rows')
print('body')
"""
    execution = await bench.run(source)

    assert execution.output == "body\nhandler\n"
    assert [a.path.read_text() for a in execution.artifacts] == ["27 rows"]


async def test_workers_of_every_kind_run(bench):
    source = """
import multiprocessing, subprocess, sys, threading
from concurrent.futures import ProcessPoolExecutor

def double(x):
    return 2 * x

if __name__ == '__main__':
    for method in ('fork', 'spawn'):
        with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
            print(method, list(pool.map(double, range(3))))
    print(subprocess.run([sys.executable, '-c', 'print(4)'], capture_output=True).stdout)
    thread = threading.Thread(target=print, args=('thread',))
    thread.start()
    thread.join()
"""
    execution = await bench.run(source)

    assert execution.is_ok, execution.output
    assert "fork [0, 2, 4]" in execution.output
    assert "spawn [0, 2, 4]" in execution.output
    assert "b'4\\n'" in execution.output


async def test_global_random_streams_differ_between_runs(bench):
    source = "import random\nprint(random.random())"

    first, second = await bench.run(source), await bench.run(source)

    assert first.output != second.output


async def test_a_stop_takes_less_than_300_ms_and_leaves_nothing(bench, tmp_path):
    begun = asyncio.Event()
    source = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    time.sleep(71.5)
print('begun', flush=True)
time.sleep(71.5)
"""
    running = asyncio.create_task(bench.run(source, tell=lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), PATIENCE_S)

    before = time.monotonic()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert time.monotonic() - before < 0.3


async def test_no_secret_of_the_service_is_in_the_environment(bench):
    execution = await bench.run("import os\nprint(sorted(os.environ))", environment={"EXTRA": "1"})

    assert "EXTRA" in execution.output
    assert "OPENAI" not in execution.output
    assert "SLACK" not in execution.output


async def test_the_product_cannot_be_imported(bench):
    execution = await bench.run("import agent_core")

    assert "ModuleNotFoundError" in execution.output

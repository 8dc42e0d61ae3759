"""Runs a script as the main program of a process that is forked where its libraries are loaded.

A process that starts anew spends most of its time on importing pandas and compiling the helper.
"""

import atexit
import marshal
import multiprocessing
import os
import runpy
import sys
import threading
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path

HELPER = "labbook"


def run_script(folder, helper, environment, limit_s):
    """Run `script.py` in its folder; return its status (negative: a signal) and its texts."""
    printed = [folder.with_name(f"{folder.name}.{kind}") for kind in ("out", "err")]
    for path in printed:
        path.write_text("")
    given = (str(folder), _compiled(helper), environment, list(map(str, printed)))
    process = _forked().Process(target=_be_script, args=given)
    process.start()
    process.join(limit_s)
    if process.exitcode is None:
        process.kill()
        process.join()
    texts = [path.read_text() for path in printed]
    for path in printed:
        path.unlink()
    return process.exitcode, *texts


@cache
def _forked():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pandas", "pyarrow.parquet", "pyarrow.csv"])
    return context


@cache
def _compiled(helper):
    source = helper.read_bytes()
    return source, marshal.dumps(compile(source, f"{HELPER}.py", "exec"))


class _Known(SourceFileLoader):
    """Loads the helper as it was compiled, unless the file has been changed."""

    compiled = (b"", b"")

    def get_code(self, fullname):
        source, code = self.compiled
        if Path(self.path).read_bytes() == source:
            return marshal.loads(code)
        return super().get_code(fullname)


class _Finder:
    def __init__(self, folder):
        self.path = Path(folder, f"{HELPER}.py")

    def find_spec(self, name, _path=None, _target=None):
        if name != HELPER or not self.path.exists():
            return None
        return spec_from_file_location(name, self.path, loader=_Known(name, str(self.path)))


def _be_script(folder, compiled, environment, printed):
    _Known.compiled = compiled
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(printed, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["script.py"]
    sys.path.insert(0, folder)
    sys.meta_path.insert(0, _Finder(folder))
    status = _status_of_main()
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.exit(status)


def _status_of_main():
    try:
        runpy.run_path("script.py", run_name="__main__")
    except SystemExit as error:
        return error.code
    except BaseException:  # noqa: BLE001 -- as the interpreter does
        sys.excepthook(*sys.exc_info())
        return 1
    return 0

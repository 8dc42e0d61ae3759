"""Runs the script in the forked interpreter as `python script.py` would."""

from __future__ import annotations

import atexit
import builtins
import gc
import io
import logging
import os
import random
import sys
import threading
import time
import traceback
import types
import weakref
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path

from sandbox.inside.request import JOB, SOURCES


def settle(environment: dict[str, str], arguments: Sequence[str]) -> None:
    """Make the inherited interpreter look freshly started."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(JOB)
    sys.argv = [f"{JOB}/script.py", *arguments]
    sys.path[:] = [JOB, *(p for p in sys.path if p not in (SOURCES, ""))]
    forget_sandbox()
    _forget_exit_handlers()
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    _use_threads(environment)


def forget_sandbox() -> None:
    """Drop the sandbox's own modules: the script is not to see them."""
    for name in [n for n in sys.modules if n.partition(".")[0] == "sandbox"]:
        del sys.modules[name]


def run(path: str) -> int:
    """Run the script as `__main__` and return its exit status."""
    module = types.ModuleType("__main__")
    loader = SourceFileLoader("__main__", path)
    vars(module).update(__file__=path, __builtins__=builtins, __loader__=loader, __cached__=None)
    sys.modules["__main__"] = module
    status = 0
    try:
        exec(compile(Path(path).read_bytes(), path, "exec", dont_inherit=True), vars(module))
    except SystemExit as ended:
        status = _status_of(ended)
    except BaseException as error:  # noqa: BLE001  whatever a script raises is its result
        _show(error)
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
    return _finish(module, status)


def _forget_exit_handlers() -> None:
    """Drop what imported libraries registered; it touches much memory and cleans nothing here."""
    atexit._clear()
    atexit.register(logging.shutdown)
    atexit.register(weakref.finalize._exitfunc)  # type: ignore[attr-defined]
    if "multiprocessing.util" in sys.modules:
        atexit.register(sys.modules["multiprocessing.util"]._exit_function)


def _use_threads(environment: dict[str, str]) -> None:
    """Give the libraries more than the one thread they were loaded with, if that is asked for."""
    count = environment.get("OMP_NUM_THREADS", "1")
    if count == "1" or not count.isdigit():
        return
    if "threadpoolctl" in sys.modules:
        sys.modules["threadpoolctl"].threadpool_limits(int(count))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(int(count))


def _show(error: BaseException) -> None:
    """Print the traceback without this module's own frame, through the script's own hook."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    try:
        sys.excepthook(type(error), error.with_traceback(trace), trace)
    except BaseException:  # noqa: BLE001  a hook of the script may be broken too
        traceback.print_exception(error)


def _status_of(ended: SystemExit) -> int:
    """Return the status that `sys.exit` was given; see sys.exit in the library reference."""
    if ended.code is None:
        return 0
    if isinstance(ended.code, int):
        return ended.code & 0xFF
    sys.stderr.write(f"{ended.code}\n")
    return 1


def _finish(module: types.ModuleType, status: int) -> int:
    """Do what an interpreter does at its end: threads, handlers, finalizers, open files."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        vars(module).clear()
        gc.collect()
        _flush_files()
    except BaseException as error:  # noqa: BLE001  the script's handlers may raise anything
        traceback.print_exception(error)
    return status


def _flush_files() -> None:
    """Write out files that somebody still holds open; `isinstance` would wake lazy objects."""
    for item in gc.get_objects():
        if issubclass(type(item), io.TextIOWrapper | io.BufferedWriter) and not item.closed:
            try:
                item.flush()
            except (OSError, ValueError):
                continue

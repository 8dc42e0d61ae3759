"""Calls in a process of their own: the memory that large results take ends with it."""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from agent_core.errors import AgentError

P = ParamSpec("P")
T = TypeVar("T")
GIVES_BACK = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
"""Has glibc give tables of more than 1 MiB back to the system when they are not needed."""
MEMORY_BYTES = 12 << 30
"""Of address space: three times what 25 million interactions take."""


async def call_in_process(function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Return what a function of a module returns, called in another process.

    Raises
    ------
    AgentError
        When the function raises one, or the process broke off: its trouble is in the log.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **GIVES_BACK},
    )
    try:
        out, _ = await process.communicate(pickle.dumps((function, args, named)))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise AgentError(
            f"Looking through the results broke off (status {process.returncode}), probably for "
            "want of memory. Free some, or attach a sample of the data."
        )
    returned, error = pickle.loads(out)
    if error is not None:
        raise error
    result: T = returned
    return result


def main() -> None:
    """Call what standard input names; write what it returns or raises to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    function, args, named = pickle.load(sys.stdin.buffer)
    try:
        answer = pickle.dumps((function(*args, **named), None))
    except AgentError as error:
        answer = pickle.dumps((None, error))
    answers.write(answer)


if __name__ == "__main__":
    main()

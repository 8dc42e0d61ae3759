"""`autoreclab exec`: one script through the sandbox."""

from __future__ import annotations

import asyncio
import codecs
import io
import json
import math
import re
import shutil
import signal
import tempfile
import tokenize
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from bot.commands.data import files_in
from bot.settings import Settings
from sandbox.errors import SandboxError
from sandbox.execution import Ended, Execution, Input, Job
from sandbox.opening import open_sandbox

TIMED_OUT = 124
"""As `timeout` of coreutils has it."""
KILLED_BY = 128
"""Plus the signal, as shells have it."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What editors write at the beginning of files, and the encodings."""
DECLARED = re.compile(r"^([ \t\f]*#.*?coding[:=][ \t]*)[-\w.]+")
"""A declared encoding, as in PEP 263."""


@dataclass(frozen=True, slots=True)
class ScriptOrder:
    """What the command line asks for."""

    path: Path
    data: tuple[Path, ...]
    timeout_s: float | None
    out: Path | None
    json: bool
    keeps_going: bool = False
    """Whether the exit status says nothing of the script."""


def execute_script(script: ScriptOrder, settings: Settings) -> int:
    """Run one script; return its own status, or what a shell says of one that was killed."""
    files = files_in(script.data)
    try:
        source = source_of(script.path)
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        typer.echo(f"{script.path} cannot be read as text: {error}", err=True)
        return 2
    try:
        execution = asyncio.run(_execute(replace(script, data=files), source, settings))
    except SandboxError as error:
        typer.echo(str(error), err=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if script.keeps_going else status_of(execution)


def source_of(path: Path) -> str:
    """Return the text of a script in whatever encoding it declares or begins with.

    Raises
    ------
    SyntaxError, UnicodeDecodeError
        When it declares none and is not UTF-8.
    """
    content = path.read_bytes()
    marked = next((name for mark, name in MARKS if content.startswith(mark)), None)
    encoding = marked or tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    text = io.TextIOWrapper(io.BytesIO(content), encoding).read()
    head, tail = text.splitlines(keepends=True)[:2], text.splitlines(keepends=True)[2:]
    # The sandbox writes UTF-8: what is declared must say so too.
    return "".join([*(DECLARED.sub(r"\1utf-8", one) for one in head), *tail])


def status_of(execution: Execution) -> int:
    """Return the exit status of an execution as shells have it."""
    if execution.ended is Ended.FINISHED:
        return execution.exit_code or 0
    if execution.ended is Ended.TIMEOUT:
        return TIMED_OUT
    if execution.ended is Ended.SIGNAL and execution.signal:
        return KILLED_BY + execution.signal
    return KILLED_BY + signal.SIGKILL


async def _execute(script: ScriptOrder, source: str, settings: Settings) -> Execution:
    """Execute, stream the output, copy the artifacts, print what came of it."""
    limits = settings.sandbox.limits(script.timeout_s or settings.exec.timeout)
    inputs = tuple(Input(p.name, p.resolve()) for p in script.data)

    def tell(line: str) -> None:
        typer.echo(json.dumps({"event": "output", "line": line}) if script.json else line)

    # One script gains nothing from libraries imported ahead.
    once = settings.sandbox.model_copy(update={"preload_after_s": math.inf})
    with tempfile.TemporaryDirectory(prefix="autoreclab-") as collected:
        async with open_sandbox(once) as sandbox:
            job = Job(source, inputs, limits)
            execution = await sandbox.execute(job, Path(collected), tell)
        if script.out is not None:
            await asyncio.to_thread(_copy_artifacts, execution, script.out)
    typer.echo(_last_line(execution, script))
    return execution


def _copy_artifacts(execution: Execution, out: Path) -> None:
    """Copy what the script left to the folder that was asked for."""
    out.mkdir(parents=True, exist_ok=True)
    for artifact in execution.artifacts:
        target = out / artifact.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(artifact.path, target)


def _last_line(execution: Execution, script: ScriptOrder) -> str:
    """Return the outcome: one JSON object for machines, one sentence for people."""
    if script.json:
        return json.dumps(
            {
                "exit_code": execution.exit_code,
                "ended": execution.ended.value,
                "signal": execution.signal,
                "level": execution.level.value,
                "output": execution.output,
                "duration_s": round(execution.duration_s, 3),
                "cpu_s": round(execution.cpu_s, 3),
                "peak_memory_mib": round(execution.peak_memory_mib, 1),
                "artifacts": [a.name for a in execution.artifacts],
                "skipped": list(execution.skipped),
            }
        )
    where = f" in {script.out}" if script.out else " (give --out to keep them)"
    files = f"{len(execution.artifacts)} files{where}" if execution.artifacts else "no files"
    return (
        f"[{execution.ended.value}, exit {execution.exit_code}, {execution.duration_s:.1f} s, "
        f"{execution.peak_memory_mib:.0f} MiB, {files}, isolation: {execution.level.value}]"
    )

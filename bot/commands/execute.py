"""`autoreclab exec`: one script through the sandbox."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from bot.commands.data import files_in
from bot.settings import Settings
from sandbox.errors import SandboxError
from sandbox.execution import Execution, Input, Job
from sandbox.opening import open_sandbox


@dataclass(frozen=True, slots=True)
class ScriptOrder:
    """What the command line asks for."""

    path: Path
    data: tuple[Path, ...]
    timeout_s: float | None
    out: Path | None
    json: bool


def execute_script(script: ScriptOrder, settings: Settings) -> int:
    """Run one script; 0 whenever the sandbox worked, whatever the script did."""
    files = files_in(script.data)
    try:
        source = script.path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        typer.echo(f"{script.path} cannot be read as text: {error}", err=True)
        return 2
    try:
        asyncio.run(_execute(replace(script, data=files), source, settings))
    except SandboxError as error:
        typer.echo(str(error), err=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _execute(script: ScriptOrder, source: str, settings: Settings) -> None:
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

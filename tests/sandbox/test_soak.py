"""A short soak: executions that end in every way leave nothing behind."""

import asyncio
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "benchmarks/soak_sandbox.py"


@pytest.mark.parametrize("level", ["warm", pytest.param("cold", marks=pytest.mark.wide)])
async def test_fifty_executions_leave_nothing(level):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SOAK), "--executions", "50", "--level", level, "--no-libraries"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()

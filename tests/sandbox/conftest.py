import pytest
from benches import Bench

from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings


@pytest.fixture(params=["warm", "cold", "unconfined"])
async def bench(request, tmp_path):
    async with open_sandbox(SandboxSettings(level=request.param)) as sandbox:
        yield Bench(sandbox, tmp_path / "out")


@pytest.fixture(params=["warm", "cold"])
async def confined(request, tmp_path):
    async with open_sandbox(SandboxSettings(level=request.param)) as sandbox:
        yield Bench(sandbox, tmp_path / "out")

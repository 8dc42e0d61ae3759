import pytest
import pytest_asyncio
from benches import Bench

from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings

NEVER_S = 3600.0


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["warm", "cold", "unconfined"])
async def every_level(request):
    settings = SandboxSettings(level=request.param, preload_after_s=NEVER_S)
    async with open_sandbox(settings) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["warm", "cold"])
async def confined_level(request):
    settings = SandboxSettings(level=request.param, preload_after_s=NEVER_S)
    async with open_sandbox(settings) as sandbox:
        yield sandbox


@pytest.fixture
def bench(every_level, tmp_path):
    return Bench(every_level, tmp_path / "out")


@pytest.fixture
def confined(confined_level, tmp_path):
    return Bench(confined_level, tmp_path / "out")

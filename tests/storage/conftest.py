import pytest
from stored import opened, run_record

from storage import runs


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
async def database(folder):
    async with opened(folder) as database:
        yield database


@pytest.fixture
async def stocked(database):
    """A database that holds the run r1."""
    await runs.add_run(database, run_record())
    return database

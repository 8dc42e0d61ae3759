"""A process of its own that works on a data folder, tells each thing once it is stored.

storage_program.py append FOLDER RUN COUNT   tells the sequence number of each event
storage_program.py hold FOLDER RUN           tells its name, then keeps the lease until killed
storage_program.py put FOLDER SOURCE COUNT   tells the hash of each stored file
"""

import asyncio
import itertools
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from storage import leases, runs
from storage.artifacts import FileStore
from storage.database import open_database
from storage.settings import StorageSettings


def tell(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def append(database, run, count):
    name = str(os.getpid())
    for number in itertools.count() if count == "endless" else range(int(count)):
        events = [("Begun", f'["{name}", {number}]'), ("Ended", f'["{name}", {number}]')]
        stored = await runs.append(database, run, events, datetime.now(UTC).isoformat())
        tell(stored[-1].seq)


async def hold(database, run):
    name = f"{socket.gethostname()}:{os.getpid()}:token"
    is_held = await leases.acquire(database, run, name, 3600, datetime.now(UTC))
    tell(name if is_held else "refused")
    await asyncio.Event().wait()


async def put(database, source, count):
    store = FileStore(database.folder / "files")
    for _ in range(int(count)):
        await asyncio.to_thread(lengthen, source)
        tell(await store.put(Path(source)))


def lengthen(source):
    with Path(source).open("a") as file:
        file.write("one more line\n")


async def main(action, folder, *rest):
    async with open_database(StorageSettings(path=Path(folder))) as database:
        tell("open")
        await {"append": append, "hold": hold, "put": put}[action](database, *rest)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

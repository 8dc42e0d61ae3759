"""A sandbox with a folder for its artifacts, as tests use it."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.execution import Execution, Input, Job, Limits
from sandbox.sandbox import Sandbox

QUICK = Limits(timeout_s=30, memory_mib=512, disk_mib=64, inodes=500, file_mib=32, processes=64)


@dataclass
class Bench:
    sandbox: Sandbox
    folder: Path

    async def run(self, source, *, inputs=(), tell=None, limits=QUICK, **more) -> Execution:
        self.folder.mkdir(exist_ok=True)
        job = Job(source, tuple(Input(p.name, p) for p in inputs), limits, **more)
        return await self.sandbox.execute(job, self.folder, tell)

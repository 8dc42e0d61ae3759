"""Settings of the sandbox."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.execution import Limits


class SandboxSettings(BaseModel):
    """`[sandbox]`: how and with which interpreter experiments run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["local"] = "local"
    level: Literal["auto", "warm", "cold", "unconfined"] = "auto"
    slots: int = Field(0, ge=0, le=1024)
    """Executions at once; 0: from cores and memory."""
    python: str = ""
    """Interpreter of the experiments; empty: `.venv-lab` beside the sources or here."""
    memory_mib: int = Field(4096, ge=64)
    """Memory of one execution, all its processes together."""
    cpu_s: float = Field(0.0, ge=0)
    """CPU seconds of one execution, all its processes together; 0: none beyond its wall time."""
    processes: int = Field(256, ge=8)
    """Processes and threads of one execution."""
    file_mib: int = Field(512, ge=1)
    """Size of a file."""
    disk_mib: int = Field(2048, ge=1)
    """Size of the working directory; it lies in memory."""
    files: int = Field(20_000, ge=50)
    """Files and folders in the working directory."""
    output_mib: int = Field(16, ge=1)
    """Output that ends an execution; what is kept of it is less."""
    preload_after_s: float = Field(2.0, ge=0)
    """Seconds after the start from which libraries are imported ahead, at the level `warm`."""

    def limits(self, timeout_s: float) -> Limits:
        """Return what one execution may use."""
        return Limits(
            timeout_s=timeout_s,
            cpu_s=self.cpu_s,
            memory_mib=self.memory_mib,
            processes=self.processes,
            file_mib=self.file_mib,
            disk_mib=self.disk_mib,
            inodes=self.files,
            output_mib=self.output_mib,
        )

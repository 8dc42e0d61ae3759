"""What is asked of a sandbox, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class IsolationLevel(StrEnum):
    """How strongly an execution is isolated."""

    WARM = "warm"
    """Forked from a warm zygote into fresh namespaces."""
    COLD = "cold"
    """A fresh interpreter inside its own hardened bubblewrap."""
    UNCONFINED = "unconfined"
    """A plain child process; only by explicit choice."""


class Ended(StrEnum):
    """Why an execution ended; exact, one of these."""

    FINISHED = "finished"
    """The script came to its own end, with whatever exit status."""
    TIMEOUT = "timeout"
    CPU = "cpu"
    MEMORY = "memory"
    PROCESSES = "processes"
    DISK = "disk"
    OUTPUT = "output"
    SIGNAL = "signal"
    """Killed by a signal that the sandbox did not send."""
    STOPPED = "stopped"
    """Somebody asked for it."""
    LOST = "lost"
    """The machinery went away; says nothing about the script."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one execution may use."""

    timeout_s: float = 3600.0
    cpu_s: float = 0.0
    """CPU seconds of all its processes together; 0: none beyond the wall time."""
    memory_mib: int = 4096
    """Memory of all its processes together, MiB."""
    processes: int = 256
    file_mib: int = 512
    disk_mib: int = 2048
    inodes: int = 20_000
    output_mib: int = 16
    """Output that kills; what is kept is bounded separately (head and tail)."""
    artifacts: int = 10_000
    """Files that are kept: a cell has up to five, and half of `inodes` are enough for 2,000."""
    artifacts_mib: int = 1024


@dataclass(frozen=True, slots=True)
class Input:
    """A file that the script finds read-only in its working directory."""

    name: str
    """Plain file name inside the working directory."""
    path: Path
    """The file on this machine."""


@dataclass(frozen=True, slots=True)
class Job:
    """One script to execute."""

    source: str
    inputs: tuple[Input, ...] = ()
    limits: Limits = Limits()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Extra variables, on top of the sandbox's own clean environment."""
    arguments: tuple[str, ...] = ()
    earlier: Path | None = None
    """Folder of files that lie in the working directory from the start, as the script's own:
    what an earlier execution of it left."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A regular file that a script left in its working directory."""

    name: str
    """Relative POSIX path, made of safe characters."""
    path: Path
    """The collected copy."""
    size: int
    """Bytes."""
    sha256: str = ""
    """Of its content when it was collected; empty where that was not recorded."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of running a script; a failing script is a result, not an error."""

    exit_code: int | None
    """Exit status; None when it was killed or lost."""
    ended: Ended
    output: str
    """Standard output and error as they came, decoded, head and tail kept."""
    duration_s: float
    level: IsolationLevel
    signal: int | None = None
    cpu_s: float = 0.0
    peak_memory_mib: float = 0.0
    output_bytes: int = 0
    """All it wrote, also what was not kept."""
    artifacts: tuple[Artifact, ...] = ()
    skipped: tuple[str, ...] = ()
    """Files left behind, each with the reason."""

    @property
    def is_ok(self) -> bool:
        """Whether the script ran to its end with status 0."""
        return self.ended is Ended.FINISHED and self.exit_code == 0


OnOutput = Callable[[str], None]

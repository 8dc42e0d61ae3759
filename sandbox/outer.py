"""The command line of a zygote: an outer bubblewrap around a warm interpreter.

Inside, the zygote has all capabilities over namespaces of its own and none over the machine's: it
uses them to give every execution namespaces of its own, and those get none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.inside.request import INPUTS, JOB, SOURCES, WORK
from sandbox.isolation import (
    ENVIRONMENT,
    KEPT,
    folders,
    interpreter_paths,
    parents_of,
    system_files,
)
from sandbox.packages import InstalledPackages

CODE = Path(__file__).resolve().parent
START = f"import sys; sys.path[0] = {SOURCES!r}; from sandbox.inside.serve import main; main()"
WARM = ENVIRONMENT | {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""One thread, also while importing: a lock held by a thread that a fork loses stays locked."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of this machine and where it is seen."""

    source: str
    target: str


def zygote_command(packages: InstalledPackages, inputs: Path, uid: int | None) -> list[str]:
    """Return the command line of a zygote, up to the descriptor and the modules to import.

    The zygote must not be root on the machine: limits on processes would not hold. A service that
    is root opens the way to the interpreter, which may lie in a closed home, then becomes `uid`.
    """
    binds = [Bind(str(p), str(p)) for p in interpreter_paths(packages)]
    binds += [Bind(str(CODE), f"{SOURCES}/sandbox"), Bind(str(inputs), INPUTS)]
    binds += [Bind(str(inputs / "passwd"), "/etc/passwd")]
    if uid is None:
        return [*_namespaces(binds), *_start(packages)]
    seen = [Bind(b.target, b.target) for b in binds]
    return [*_as_user(binds, uid), *_namespaces(seen), *_start(packages)]


def _files(binds: list[Bind]) -> list[str]:
    """Return bubblewrap's options that show the system's files and those of the zygote."""
    options = [*system_files(), "--tmpfs", "/tmp"]
    options += folders(parents_of(Path(b.target) for b in binds))
    for bind in binds:
        options += ["--ro-bind", bind.source, bind.target]
    return options


def _as_user(binds: list[Bind], uid: int) -> list[str]:
    """Return a prefix for root: show the files at open paths, then drop to `uid`."""
    drop = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"]
    return [
        *("bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL", *KEPT),
        *_files(binds),
        *("--bind", "/proc", "/proc", "--dev", "/dev", "--"),
        *("setpriv", *drop, "--inh-caps=-all", "--"),
    ]


def _namespaces(binds: list[Bind]) -> list[str]:
    """Return the bubblewrap in which the zygote owns all namespaces."""
    settings = [o for n, v in WARM.items() for o in ("--setenv", n, v)]
    return [
        *("bwrap", "--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0"),
        *("--cap-add", "ALL", "--hostname", "sandbox"),
        *("--die-with-parent", "--new-session", "--clearenv", *settings),
        *_files(binds),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", WORK, "--dir", JOB),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--"),
    ]


def _start(packages: InstalledPackages) -> list[str]:
    """Return the command that starts the zygote; flags as for a script."""
    return [str(packages.executable), "-s", "-B", "-u", "-c", START]

"""What a forked child does before any line of the script: leave, hide, limit, drop, filter.

The order matters: mounts need the zygote's capabilities, the limit on processes becomes the
ceiling of the user namespace that is made after it, and the filter refuses all of this.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys

from sandbox.inside import kernel, landlock
from sandbox.inside.request import INPUTS, JOB, SOURCES, WORK, Request
from sandbox.seccomp import filter_for_this_machine

NOBODY = 65534
PRIVATE = kernel.MS_NOSUID | kernel.MS_NODEV


def confine(request: Request) -> None:
    """Confine this process and all it will start.

    Raises
    ------
    OSError
        When a step is refused; the process must then end without running the script.
    """
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel.unshare(
        kernel.CLONE_NEWNS
        | kernel.CLONE_NEWIPC
        | kernel.CLONE_NEWUTS
        | kernel.CLONE_NEWCGROUP
        | kernel.CLONE_NEWNET
    )
    socket.sethostname("sandbox")
    _show_files(request)
    for name, value in request.limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    _become_nobody()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    landlock.restrict((*landlock.READABLE, sys.prefix, sys.base_prefix), landlock.WRITABLE)
    program = filter_for_this_machine()
    if program:
        kernel.load_filter(program)


def take_output(output: int, keep: int) -> None:
    """Make `output` standard output and error, stdin empty; close all else but `keep`."""
    os.setsid()
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, keep)
    os.closerange(keep + 1, 1 << 20)


def _show_files(request: Request) -> None:
    """Mount what this execution may see over what the zygote sees."""
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    size = f"size={request.shared_mib}m,nr_inodes=20000,mode=1777"
    _mount_temporary(size)
    kernel.mount("tmpfs", "/dev/shm", "tmpfs", PRIVATE, size)
    kernel.mount("devpts", "/dev/pts", "devpts", kernel.MS_NOSUID, "newinstance,ptmxmode=0666")
    kernel.mount(request.work, JOB, flags=kernel.MS_BIND)
    kernel.mount("none", JOB, flags=kernel.MS_BIND | kernel.MS_REMOUNT | PRIVATE)
    for name in request.files:
        kernel.bind_read_only(f"{INPUTS}/{request.folder}/{name}", f"{JOB}/{name}")
    for hidden in (WORK, INPUTS, f"{SOURCES}/sandbox"):
        kernel.unmount(hidden)
    kernel.mount("proc", "/proc", "proc", PRIVATE | kernel.MS_NOEXEC)
    kernel.bind_read_only("/proc/sys", "/proc/sys")


def _mount_temporary(size: str) -> None:
    """Mount a private /tmp; an interpreter that lies below the zygote's stays visible."""
    kernel.mount("tmpfs", JOB, "tmpfs", PRIVATE, size)
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix)):
        if prefix.startswith("/tmp/"):
            staged = JOB + prefix.removeprefix("/tmp")
            os.makedirs(staged, mode=0o755)  # noqa: PTH103  the zygote keeps its imports few
            kernel.mount(prefix, staged, flags=kernel.MS_BIND)
    kernel.mount(JOB, "/tmp", flags=kernel.MS_MOVE)


def _become_nobody() -> None:
    """Enter a user namespace that owns none of the others; see user_namespaces(7)."""
    kernel.unshare(kernel.CLONE_NEWUSER)
    kernel.write_file("/proc/self/setgroups", "deny")
    kernel.write_file("/proc/self/uid_map", f"{NOBODY} 0 1")
    kernel.write_file("/proc/self/gid_map", f"{NOBODY} 0 1")

"""A second fence around files and TCP, by Landlock; see landlock(7).

The namespaces already hide everything else; this one still holds should a mount be wrong. Kernels
without Landlock go without.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from sandbox.inside.kernel import check_call, libc
from sandbox.inside.request import JOB

READABLE = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/dev")
WRITABLE = (
    *(JOB, "/tmp", "/dev/shm", "/dev/pts"),
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"),
)
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The same numbers on every architecture."""
VERSION = 1
PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15
"""The rights that something that is no folder can have; bit 14: truncate, 15: device ioctl."""
RIGHTS_BY_VERSION = (13, 14, 15, 15, 16)
"""How many rights versions 1, 2, ... know; the last stands for all later ones."""
BIND_AND_CONNECT_TCP = 3
ABSTRACT_SOCKETS_AND_SIGNALS = 3


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Confine this process and its children to files below these paths, for good."""
    abi = _version()
    if abi == 0:
        return
    everything = (1 << RIGHTS_BY_VERSION[min(abi, len(RIGHTS_BY_VERSION)) - 1]) - 1
    net = BIND_AND_CONNECT_TCP if abi >= 4 else 0
    scoped = ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0
    attributes = struct.pack("<QQQ", everything, net, scoped)
    ruleset = check_call(
        libc.syscall(
            ctypes.c_long(CREATE_RULESET), attributes, ctypes.c_size_t(len(attributes)), 0
        ),
        "landlock_create_ruleset",
    )
    _allow(ruleset, "/", READ_DIR)
    for path in readable:
        _allow(ruleset, path, EXECUTE | READ_FILE | READ_DIR)
    for path in writable:
        _allow(ruleset, path, everything)
    check_call(libc.syscall(ctypes.c_long(RESTRICT_SELF), ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _version() -> int:
    """Return the kernel's version of Landlock; 0 where there is none."""
    found = libc.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), VERSION)
    return max(0, int(found))


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Allow rights below a path that is there."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112  the zygote keeps its imports few
            rights &= OF_A_FILE
        rule = struct.pack("<Qi", rights, descriptor)
        call = (ctypes.c_long(ADD_RULE), ruleset, PATH_BENEATH, rule, 0)
        check_call(libc.syscall(*call), f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)

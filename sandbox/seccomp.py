"""A seccomp filter as a BPF program: what no experiment needs and an attacker might.

A deny-list: numerical libraries use odd calls, so everything else is allowed. Numbers are from the
kernel's `unistd` tables; the program layout is described in seccomp(2) and bpf(4), the structure
`seccomp_data` in `linux/seccomp.h`. bubblewrap loads it with `--seccomp`.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
OFFSET_NR, OFFSET_ARCH, OFFSET_ARG0, OFFSET_ARG1 = 0, 4, 16, 24
NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET; see clone(2)."""
AF_UNIX = 1
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
X32_BIT = 0x40000000


@dataclass(frozen=True, slots=True)
class Machine:
    """The system call numbers of one architecture."""

    audit_arch: int
    clone: int
    clone3: int
    socket: int
    socketpair: int
    ioctl: int
    denied: tuple[int, ...]
    has_x32: bool = False


SHARED = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442, 443, 447)
"""io_uring, the new mount calls, pidfd_getfd, process_madvise, mount_setattr, quotactl_fd and
memfd_secret: calls since Linux 5.1 have one number everywhere."""

X86_64 = Machine(
    audit_arch=0xC000003E,
    clone=56,
    clone3=435,
    socket=41,
    socketpair=53,
    ioctl=16,
    denied=(
        *(101, 310, 311, 312),  # ptrace, process_vm_readv, process_vm_writev, kcmp
        *(165, 166, 155, 161, 272, 308),  # mount, umount2, pivot_root, chroot, unshare, setns
        *(248, 249, 250),  # add_key, request_key, keyctl
        *(321, 298, 323, 300),  # bpf, perf_event_open, userfaultfd, fanotify_init
        *(175, 313, 176, 246, 320),  # init_module, finit_module, delete_module, kexec
        *(303, 304),  # name_to_handle_at, open_by_handle_at
        *(167, 168, 169, 163, 179, 103),  # swapon, swapoff, reboot, acct, quotactl, syslog
        *(164, 227, 305, 159),  # settimeofday, clock_settime, clock_adjtime, adjtimex
        *(170, 171, 172, 173, 154, 135),  # names, iopl, ioperm, modify_ldt, personality
        *(279, 256, 212, 134, 153, 180),  # page movers, lookup_dcookie, uselib, vhangup, nfs
        *SHARED,
    ),
    has_x32=True,
)
AARCH64 = Machine(
    audit_arch=0xC00000B7,
    clone=220,
    clone3=435,
    socket=198,
    socketpair=199,
    ioctl=29,
    denied=(
        *(117, 270, 271, 272),
        *(40, 39, 41, 51, 97, 268),
        *(217, 218, 219),
        *(280, 241, 282, 262),
        *(105, 273, 106, 104, 294),
        *(264, 265),
        *(224, 225, 142, 89, 60, 116),
        *(170, 112, 266, 171),
        *(161, 162, 92),
        *(239, 238, 18, 58),
        *SHARED,
    ),
)
MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}


def filter_for_this_machine() -> bytes | None:
    """Return the filter, or None on an architecture without a table."""
    machine = MACHINES.get(platform.machine())
    return _program(machine) if machine else None


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """Encode one `sock_filter`."""
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _refuse(number: int = errno.EPERM) -> bytes:
    """Answer the call with an error."""
    return _instruction(RETURN, ERRNO | number)


def _only_unix(call: int) -> bytes:
    """Let a socket call through for AF_UNIX alone."""
    return b"".join(
        [
            _instruction(JUMP_EQUAL, call, 0, 4),
            _instruction(LOAD, OFFSET_ARG0),
            _instruction(JUMP_EQUAL, AF_UNIX, 1, 0),
            _refuse(errno.EAFNOSUPPORT),
            _instruction(RETURN, ALLOW),
        ]
    )


def _program(machine: Machine) -> bytes:
    """Return the whole filter for one architecture."""
    parts = [
        _instruction(LOAD, OFFSET_ARCH),
        _instruction(JUMP_EQUAL, machine.audit_arch, 1, 0),
        _instruction(RETURN, KILL),
        _instruction(LOAD, OFFSET_NR),
    ]
    if machine.has_x32:
        parts += [_instruction(JUMP_GREATER_EQUAL, X32_BIT, 0, 1), _refuse()]
    for number in machine.denied:
        parts += [_instruction(JUMP_EQUAL, number, 0, 1), _refuse()]
    parts += [_instruction(JUMP_EQUAL, machine.clone3, 0, 1), _refuse(errno.ENOSYS)]
    parts += [
        _instruction(JUMP_EQUAL, machine.clone, 0, 4),
        _instruction(LOAD, OFFSET_ARG0),
        _instruction(JUMP_SET, NEW_NAMESPACES, 0, 1),
        _refuse(),
        _instruction(RETURN, ALLOW),
        _only_unix(machine.socket),
        _only_unix(machine.socketpair),
        _instruction(JUMP_EQUAL, machine.ioctl, 0, 5),
        _instruction(LOAD, OFFSET_ARG1),
        _instruction(JUMP_EQUAL, TIOCSTI, 1, 0),
        _instruction(JUMP_EQUAL, TIOCLINUX, 0, 1),
        _refuse(),
        _instruction(RETURN, ALLOW),
        _instruction(RETURN, ALLOW),
    ]
    return b"".join(parts)

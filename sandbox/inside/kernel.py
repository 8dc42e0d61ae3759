"""The system calls behind an execution's confinement; each names its page of the manual."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 32, 4096, 8192, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 28, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
SECUREBITS_LOCKED = 0x2F
"""No root, no set-uid fixup, keep-caps locked; see capabilities(7)."""
CAPABILITIES_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)
libc.mount.argtypes = (*[ctypes.c_char_p] * 3, ctypes.c_ulong, ctypes.c_char_p)
libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
libc.syscall.restype = ctypes.c_long


def check_call(result: int, what: str) -> int:
    """Return the result of a call; raise what went wrong, with what was tried."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leave namespaces for fresh ones; see unshare(2)."""
    check_call(libc.unshare(flags), f"unshare({flags:#x})")


def enter(descriptor: int, kind: int) -> None:
    """Enter a namespace again, children only for a pid namespace; see setns(2)."""
    check_call(libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system or bind one; see mount(2)."""
    arguments = (source.encode(), target.encode(), kind.encode() or None, flags)
    check_call(
        libc.mount(*arguments, options.encode() or None), f"mount {kind or source} on {target}"
    )


def bind_read_only(source: str, target: str) -> None:
    """Show a file or folder at a second place, without writing; flags in force must be kept."""
    mount(source, target, flags=MS_BIND)
    kept = os.statvfs(target).f_flag & MS_NOEXEC
    flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV
    mount("none", target, flags=flags | kept)


def unmount(target: str) -> None:
    """Detach a mount and all below it; see umount2(2)."""
    check_call(libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def prctl(option: int, first: int = 0, second: int = 0) -> None:
    """Change a property of this process; see prctl(2)."""
    check_call(libc.prctl(option, first, second, 0, 0), f"prctl({option})")


def drop_capabilities() -> None:
    """Give up every capability for good; see capabilities(7) and capset(2)."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    prctl(PR_SET_SECUREBITS, SECUREBITS_LOCKED)
    header = ctypes.create_string_buffer(struct.pack("<Ii", CAPABILITIES_VERSION_3, 0), 8)
    nothing = ctypes.create_string_buffer(24)
    check_call(libc.capset(header, nothing), "capset")


def load_filter(program: bytes) -> None:
    """Filter the system calls of this process and its children for good; see seccomp(2)."""
    code = ctypes.create_string_buffer(program, len(program))
    address = ctypes.addressof(code)
    head = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program) // 8, address), 16)
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(head))


def write_file(path: str, text: str) -> None:
    """Write to a file of the kernel in one call."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)

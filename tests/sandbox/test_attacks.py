"""Attacks on a confined execution; each says `escaped` when it gets through."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benches import QUICK

from sandbox.execution import Ended

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTAINED = {
    "reads the passwords of the host": """
try:
    open('/etc/shadow').read(); print('escaped')
except OSError as error: print(error)
""",
    "reads a file of the service": """
import os, pathlib
print('escaped' if pathlib.Path(os.environ['TARGET']).exists() else 'not there')
""",
    "sees other processes": """
import os
print('escaped' if len([p for p in os.listdir('/proc') if p.isdigit()]) > 4 else 'alone')
""",
    "reads the environment of its ancestors": """
try:
    print('escaped' if b'PYTEST' in open('/proc/1/environ', 'rb').read() else 'clean')
except OSError as error: print(error)
""",
    "opens a network socket": """
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET, socket.AF_NETLINK, 40, 38):
    try:
        socket.socket(family, socket.SOCK_DGRAM); print('escaped', family)
    except OSError as error: print(error)
""",
    "writes into its packages": """
import sys, pathlib
try:
    pathlib.Path(sys.prefix, 'poison.pth').write_text('x'); print('escaped')
except OSError as error: print(error)
""",
    "changes the helper that it is judged by": """
try:
    open('labbook.py', 'w').write('x'); print('escaped')
except OSError as error: print(error)
""",
    "makes a user namespace": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print('escaped' if libc.unshare(0x10000000) == 0 else ctypes.get_errno())
""",
    "mounts": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print('escaped' if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 else ctypes.get_errno())
""",
    "traces another process": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print('escaped' if libc.ptrace(16, 1, None, None) == 0 else ctypes.get_errno())
""",
    "uses keyrings, bpf, io_uring, perf and userfaultfd": """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
numbers = {'x86_64': (250, 321, 425, 298, 323), 'aarch64': (219, 280, 425, 241, 282)}
for number in numbers[platform.machine()]:
    if libc.syscall(number, 0, 0, 0, 0, 0) >= 0: print('escaped', number)
    elif ctypes.get_errno() != 1: print('escaped: not refused', number, ctypes.get_errno())
""",
    "has privileges": """
import os
lines = dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines() if ':' in l)
bad = os.getuid() == 0 or any(int(lines[c], 16) for c in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb'))
print('escaped' if bad or lines['NoNewPrivs'].strip() != '1' else 'none')
""",
    "raises its limits": """
import resource
try:
    resource.setrlimit(resource.RLIMIT_NPROC, (100_000, 100_000)); print('escaped')
except (ValueError, OSError) as error: print(error)
""",
    "writes to the kernel's settings": """
try:
    open('/proc/sys/kernel/hostname', 'w').write('x'); print('escaped')
except OSError as error: print(error)
""",
    "opens devices": """
for name in ('/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/vda', '/dev/kvm', '/dev/vsock'):
    try:
        open(name, 'rb'); print('escaped', name)
    except OSError as error: print(error)
""",
    "reads the memory of the first process": """
for name in ('mem', 'environ', 'root/etc', 'cwd/x', 'fd/0'):
    try:
        open('/proc/1/' + name, 'rb').read(1); print('escaped', name)
    except OSError as error: print(error)
""",
    "signals every process that it finds": """
import os, signal
for pid in range(1, 400):
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGKILL)
            if pid != 1: print('escaped', pid)
        except OSError: pass
print('still here')
""",
    "finds a socket of the machine": """
import glob, socket
for path in glob.glob('/run/**', recursive=True) + glob.glob('/var/run/**', recursive=True):
    try:
        socket.socket(socket.AF_UNIX).connect(path); print('escaped', path)
    except OSError as error: print(error)
""",
    "finds keys in its environment": """
import os
names = [n for n in os.environ if any(w in n for w in ('KEY', 'TOKEN', 'SECRET', 'SLACK'))]
print('escaped' if names else 'none', names)
""",
    "writes outside its folders": """
import pathlib
for folder in ('/', '/etc', '/usr/bin', '/dev', '/proc/sys/kernel', '/root', '/home', '/var'):
    try:
        pathlib.Path(folder, 'mark').write_text('x'); print('escaped', folder)
    except OSError as error: print(error)
""",
    "writes into what other scripts import": """
import os, sys
for folder in {*sys.path, sys.prefix, sys.base_prefix, os.path.dirname(sys.executable)}:
    if folder not in ('', '/job'):
        try:
            open(os.path.join(folder, 'sitecustomize.py'), 'w'); print('escaped', folder)
        except OSError as error: print(error)
""",
    "becomes another user": """
import os
for call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]),
             lambda: os.chown('/tmp', 0, 0), lambda: os.chroot('/tmp')):
    try:
        call(); print('escaped')
    except OSError as error: print(error)
""",
    "makes device files": """
import os, stat
try:
    os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(254, 0)); print('escaped')
except OSError as error: print(error)
""",
    "writes into control groups": """
import glob
for path in ['/sys/fs/cgroup/cgroup.procs', *glob.glob('/sys/fs/cgroup/**/tasks')]:
    try:
        open(path, 'w').write('0'); print('escaped', path)
    except OSError as error: print(error)
""",
    "pushes input into a terminal": """
import fcntl
try:
    fcntl.ioctl(0, 0x5412, b'x'); print('escaped')
except OSError as error: print(error)
""",
    "speaks over System V memory to others": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print('escaped' if libc.shmget(0x4155, 4096, 0) >= 0 else 'none')
""",
    "inherits descriptors": """
import os
extra = [fd for fd in os.listdir('/proc/self/fd') if int(fd) > 3]
print('escaped' if extra else 'none', extra)
""",
}


@pytest.mark.parametrize("attack", CONTAINED)
async def test_is_contained(confined, tmp_path, attack):
    target = tmp_path / "secret"
    target.touch()

    execution = await confined.run(CONTAINED[attack], environment={"TARGET": str(target)})

    assert execution.exit_code == 0, execution.output
    assert "escaped" not in execution.output


HARMLESS = (
    "reads a file of the service",
    "sees other processes",
    "opens a network socket",
    "makes a user namespace",
    "uses keyrings, bpf, io_uring, perf and userfaultfd",
    "has privileges",
    "finds keys in its environment",
)


@pytest.mark.parametrize("attack", HARMLESS)
async def test_the_attack_is_real_without_a_sandbox(tmp_path, attack):
    target = tmp_path / "secret"
    target.touch()

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", CONTAINED[attack]),
        stdout=subprocess.PIPE,
        env={**os.environ, "TARGET": str(target), "MODEL_API_KEY": "x"},
    )
    output, _ = await process.communicate()

    assert b"escaped" in output


async def test_a_fork_bomb_is_ended(confined):
    execution = await confined.run("import os\nwhile True: os.fork()")

    assert execution.ended in (Ended.PROCESSES, Ended.FINISHED)
    assert execution.ended is Ended.PROCESSES or execution.exit_code


async def test_memory_in_many_processes_counts_together(confined):
    source = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        kept = bytearray(80_000_000)
        time.sleep(30)
time.sleep(30)
"""
    execution = await confined.run(source, limits=replace(QUICK, memory_mib=256))

    assert execution.ended is Ended.MEMORY


async def test_the_disk_is_bounded(confined):
    source = """
for i in range(100):
    open(f'{i}.bin', 'wb').write(b'0' * 4_000_000)
"""
    execution = await confined.run(source)

    assert execution.ended is Ended.DISK


async def test_the_number_of_files_is_bounded(confined):
    execution = await confined.run("for i in range(100_000): open(f'{i}', 'w').close()")

    assert execution.ended is Ended.DISK


async def test_a_daemon_dies_with_its_script(confined):
    seconds = f"{os.getpid()}.25"
    source = f"""
import os, subprocess, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        subprocess.Popen(['sleep', '{seconds}'])
        time.sleep({seconds})
    os._exit(0)
os.wait()
time.sleep(0.1)
"""
    execution = await confined.run(source)

    assert execution.is_ok, execution.output
    assert f"sleep {seconds}" not in running_commands()


def running_commands():
    commands = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.add(path.read_text().replace("\0", " ").strip())
        except OSError:
            continue
    return commands


async def test_threads_count_as_processes(confined):
    source = """
import threading, time
for _ in range(5000):
    threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
"""
    execution = await confined.run(source)

    assert execution.ended is Ended.PROCESSES or "can't start new thread" in execution.output


async def test_one_file_is_bounded(confined):
    source = "f = open('one.bin', 'wb')\nwhile True: f.write(b'0' * 1_000_000)"

    execution = await confined.run(source, limits=replace(QUICK, file_mib=4))

    assert execution.ended is Ended.DISK


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
async def test_memory_file_systems_are_bounded(confined, folder):
    source = f"""
written = 0
try:
    for i in range(100):
        with open('{folder}/' + str(i), 'wb') as file:
            written += file.write(b'0' * 8_000_000)
except OSError as error: print(error)
print('escaped' if written > 300_000_000 else 'bounded')
"""
    execution = await confined.run(source, limits=replace(QUICK, memory_mib=2048))

    assert "escaped" not in execution.output


async def test_work_in_forks_counts_as_cpu_time(confined):
    source = """
import os
for _ in range(3):
    if os.fork() == 0: break
while True: pass
"""
    execution = await confined.run(source, limits=replace(QUICK, cpu_s=1.0))

    assert execution.ended is Ended.CPU


async def test_siblings_do_not_see_each_other(confined, tmp_path):
    hide = "open('mark', 'w').write('x'); open('/tmp/mark', 'w').write('x')\nimport time\n"
    seek = "import os\nprint(os.listdir('.'), os.listdir('/tmp'))\n"

    first, second = await asyncio.gather(
        confined.run(hide + "time.sleep(0.5)"),
        confined.run("import time\ntime.sleep(0.2)\n" + seek),
    )

    assert first.is_ok
    assert "mark" not in second.output


async def test_nothing_of_one_run_is_there_in_the_next(confined):
    await confined.run("open('/tmp/mark', 'w').write('x'); open('/dev/shm/mark', 'w').write('x')")

    execution = await confined.run("import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))")

    assert "mark" not in execution.output

"""Attacks on a confined execution; each says `escaped` when it gets through."""

import asyncio
import contextlib
import ctypes
import os
import platform
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benches import QUICK
from patience import PATIENCE_S

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
target = pathlib.Path(os.environ['TARGET'])
print('escaped' if target.exists() or target.parent.exists() else 'not there')
try:
    target.write_text('changed'); print('escaped')
except OSError as error: print(error)
""",
    "sees other processes": """
import os
print('escaped' if len([p for p in os.listdir('/proc') if p.isdigit()]) > 4 else 'alone')
""",
    "reads the environment of its ancestors": """
import os
for pid in (1, os.getppid()):
    try:
        print('escaped' if open(f'/proc/{pid}/environ', 'rb').read() else 'empty')
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
    "changes the helper that it is judged by, and its data": """
import os
for name in ('labbook.py', 'data.csv'):
    for call in (lambda: open(name, 'w'), lambda: open(name, 'r+'), lambda: os.truncate(name, 0),
                 lambda: os.remove(name), lambda: os.rename(name, 'x'), lambda: os.chmod(name, 6)):
        try:
            call(); print('escaped')
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
    "traces other processes, and its own": """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
own = os.fork()
if own == 0: signal.pause()
for pid in (own, 1) if os.getppid() < 2 else (own,):
    print('escaped' if libc.ptrace(16, pid, None, None) == 0 else ctypes.get_errno())
    memory = ctypes.create_string_buffer(8)
    part = (ctypes.c_void_p * 2)(ctypes.addressof(memory), 8)
    if libc.process_vm_readv(pid, part, 1, part, 1, 0) >= 0: print('escaped')
os.kill(own, signal.SIGKILL)
""",
    "uses rare calls of the kernel": """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
numbers = {'x86_64': (250, 321, 425, 298, 323, 300, 303, 312, 135, 179),
           'aarch64': (219, 280, 425, 241, 282, 262, 264, 272, 92, 60)}
for number in (*numbers[platform.machine()], 428, 430, 438, 440, 442, 447):
    if libc.syscall(number, -1, 0, 0, 0, 0) >= 0: print('escaped', number)
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
import socket, time
def write(path): open(path, 'w').write('x')
for call in (lambda: write('/proc/sys/kernel/hostname'), lambda: write('/proc/sysrq-trigger'),
             lambda: open('/proc/kmsg'), lambda: socket.sethostname('x'),
             lambda: time.clock_settime(0, time.time())):
    try:
        call(); print('escaped')
    except OSError as error: print(error)
""",
    "opens devices": """
for name in ('/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/vda', '/dev/kvm', '/dev/vsock'):
    try:
        open(name, 'rb'); print('escaped', name)
    except OSError as error: print(error)
""",
    "reads the memory of its ancestors": """
import os
for name in ('mem', 'environ', 'root/etc', 'cwd/x', 'fd/0', 'maps', 'auxv'):
    for pid in (1, os.getppid()):
        try:
            if open(f'/proc/{pid}/{name}', 'rb').read(1): print('escaped', name)
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
import glob, os, socket
paths = glob.glob('/run/**', recursive=True) + glob.glob('/var/run/**', recursive=True)
for path in (*paths, os.environ['SOCKET'], '\\0' + os.environ['SOCKET']):
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
import fcntl, os
own, terminal = os.openpty()
for name in (0, 1, 2, '/dev/tty', '/dev/console', terminal):
    try:
        descriptor = os.open(name, os.O_RDWR) if isinstance(name, str) else name
        fcntl.ioctl(descriptor, 0x5412, b'x'); print('escaped', name)
    except OSError as error: print(error)
""",
    "speaks over System V memory to others": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print('escaped' if libc.shmget(int(os.environ['SEGMENT']), 0, 0) >= 0 else 'none')
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

    data = tmp_path / "data.csv"
    data.write_text("1,2,3")
    with listening(tmp_path / "socket") as variables:
        environment = {"TARGET": str(target), **variables}
        source = CONTAINED[attack]
        execution = await confined.run(source, environment=environment, inputs=[data])

    assert execution.exit_code == 0, execution.output
    assert "escaped" not in execution.output
    assert data.read_text() == "1,2,3"


@contextlib.contextmanager
def listening(path):
    """Listen at a path and at its abstract name, keep a System V segment, let others run."""
    libc = ctypes.CDLL(None)
    others = [subprocess.Popen(["sleep", "60"]) for _ in range(5)]
    key = 0x41000000 + os.getpid()
    segment = libc.shmget(key, 4096, 0o1666)
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
        named.bind(str(path))
        named.listen()
        abstract.bind(f"\0{path}")
        abstract.listen()
        yield {"SOCKET": str(path), "SEGMENT": str(key)}
    libc.shmctl(segment, 0, None)
    for process in others:
        process.kill()
        process.wait()


FOR_ROOT = {
    "reads the passwords of the host",
    "becomes another user",
    "makes device files",
    "mounts",
}
REFUSED_IN_CONTAINERS = {
    "traces other processes, and its own",
    "uses rare calls of the kernel",
    "makes a user namespace",
}
HARMLESS = (
    *sorted(FOR_ROOT),
    "reads a file of the service",
    "reads the environment of its ancestors",
    "reads the memory of its ancestors",
    "finds a socket of the machine",
    "speaks over System V memory to others",
    "changes the helper that it is judged by, and its data",
    "traces other processes, and its own",
    "writes into its packages",
    "sees other processes",
    "opens a network socket",
    "makes a user namespace",
    "uses rare calls of the kernel",
    "has privileges",
    "finds keys in its environment",
)


@pytest.mark.parametrize("attack", HARMLESS)
async def test_the_attack_is_real_without_a_sandbox(tmp_path, spare_python, attack):
    if attack in FOR_ROOT and os.geteuid() != 0:
        pytest.skip("harms only as root")
    if attack in REFUSED_IN_CONTAINERS and is_filtered():
        pytest.skip("a filter of this machine refuses it already")
    target = tmp_path / "secret"
    for path in (target, tmp_path / "labbook.py", tmp_path / "data.csv"):
        path.touch()

    with listening(tmp_path / "socket") as variables:
        process = await asyncio.create_subprocess_exec(
            *(["unshare", "--mount"] if attack == "mounts" else []),
            *(spare_python, "-c", CONTAINED[attack]),
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "TARGET": str(target), "MODEL_API_KEY": "x", **variables},
        )
        output, _ = await process.communicate()

    assert b"escaped" in output


def is_filtered():
    return "Seccomp:\t2" in Path("/proc/self/status").read_text()


@pytest.fixture(scope="module")
def spare_python(tmp_path_factory):
    """Return an interpreter that may be spoilt."""
    home = tmp_path_factory.mktemp("spare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    return home / "bin/python"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a second set of calls: x86-64 only")
async def test_calls_of_another_architecture_end_the_script(confined):
    source = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex('b814000000cd80c3'))
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))())
"""
    execution = await confined.run(source)

    assert (execution.ended, execution.signal) == (Ended.SIGNAL, signal.SIGSYS)
    assert execution.output == ""


async def test_a_hostile_sibling_reaches_nothing(confined):
    victim = """
import ctypes, os, pathlib, socket, time
for folder in ('.', '/tmp', '/dev/shm'): pathlib.Path(folder, 'mark').write_text('x')
listener = socket.socket(socket.AF_UNIX)
listener.bind('\\0victim')
listener.listen()
ctypes.CDLL(None).shmget(0x4156, 4096, 0o1666)
print('begun', flush=True)
time.sleep(1.5)
print('unharmed', listener.fileno() > 0)
"""
    attacker = """
import ctypes, os, pathlib, signal, socket
pids = [int(p) for p in os.listdir('/proc') if p.isdigit()]
print('escaped' if len(pids) > 4 else 'alone')
for pid in range(1, 1000):
    for name in ('mem', 'environ', 'root/tmp/mark', 'cwd/mark', 'fd/1'):
        try:
            if pid != os.getpid(): open(f'/proc/{pid}/{name}', 'rb').read(1); print('escaped')
        except OSError: pass
    try:
        if pid not in (1, os.getpid()): os.kill(pid, signal.SIGKILL); print('escaped')
    except OSError: pass
for folder in ('.', '/tmp', '/dev/shm', '/job', '/zygote/work', '/zygote/inputs'):
    if pathlib.Path(folder, 'mark').exists(): print('escaped')
    if folder.startswith('/zygote') and os.path.exists(folder) and os.listdir(folder):
        print('escaped')
try:
    socket.socket(socket.AF_UNIX).connect('\\0victim'); print('escaped')
except OSError as error: print(error)
if ctypes.CDLL(None).shmget(0x4156, 0, 0) >= 0: print('escaped')
print('tried')
"""
    begun = asyncio.Event()
    running = asyncio.create_task(confined.run(victim, tell=lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), PATIENCE_S)

    attack = await confined.run(attacker)
    harmed = running.done()
    execution = await running

    assert "tried" in attack.output
    assert "escaped" not in attack.output
    assert not harmed
    assert execution.output == "begun\nunharmed True\n"


async def test_a_fork_bomb_is_ended(confined):
    execution = await confined.run("import os\nwhile True: os.fork()")

    if confined.sandbox.place is None and execution.ended is Ended.FINISHED:
        assert "BlockingIOError" in execution.output
    else:
        assert execution.ended is Ended.PROCESSES


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
    leave = """
import ctypes
for folder in ('.', '/tmp', '/dev/shm'): open(folder + '/mark', 'w').write('x')
print(ctypes.CDLL(None).shmget(0x4157, 4096, 0o1666) >= 0)
"""
    seek = """
import ctypes, os
print(os.listdir('/tmp'), os.listdir('/dev/shm'), os.listdir('.'))
print(ctypes.CDLL(None).shmget(0x4157, 0, 0) >= 0)
"""
    left = await confined.run(leave)
    execution = await confined.run(seek)

    assert left.output == "True\n"
    assert "mark" not in execution.output
    assert execution.output.endswith("False\n")

"""The command line that confines an execution: bubblewrap, user, limits, interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.execution import Job, Limits
from sandbox.inside.request import JOB, SOURCES
from sandbox.packages import InstalledPackages
from sandbox.workspace import Workspace

INSIDE = Path(__file__).resolve().parent / "inside"
ALONE = "import sys; sys.path.append(sys.argv[1]); from sandbox.inside.alone import main; main()"
FENCE = f"import sys; sys.path.append({SOURCES!r}); from sandbox.inside.fence import main; main()"
MIB = 1 << 20
SHARED_MIB = 256
"""Size of /tmp and of /dev/shm, each."""
ADDRESS_SPACE_EXTRA_MIB = 8192
"""What libraries map beyond what they use."""
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/mime.types",
)
SYSTEM_LINKS = ("lib", "lib32", "lib64", "bin", "sbin")
KEPT = tuple(o for c in ("SETUID", "SETGID", "SETPCAP") for o in ("--cap-add", f"CAP_{c}"))
"""Options that keep what it takes to become another user."""
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "LK_NUM_PROCS": "1",
    "LK_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1",
    "TORCHDYNAMO_DISABLE": "1",
}
"""What an interpreter inside a sandbox sees, warm or cold: clean, one thread per library."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What confines one execution."""

    packages: InstalledPackages
    workspace: Workspace
    inputs: Mapping[str, Path]
    uid: int | None
    """User to drop to where the service is root; None: an unprivileged user namespace."""
    status_fd: int
    seccomp_fd: int | None
    options_fd: int
    """bubblewrap reads its options from it."""


def command(confinement: Confinement, job: Job) -> list[str]:
    """Return the whole command line of a confined execution; `options` come by a descriptor."""
    packages = confinement.packages
    return [
        *("bwrap", "--args", str(confinement.options_fd), "--"),
        *limits(job.limits),
        *_drop(confinement.uid),
        *(str(packages.executable), "-I", "-S", "-c", FENCE),
        *(str(packages.prefix), str(packages.base_prefix)),
        *interpreter(packages, SOURCES, f"{JOB}/script.py", job),
    ]


def options(confinement: Confinement, job: Job) -> bytes:
    """Return bubblewrap's options as it reads them: a script can see its command line.

    Paths of this machine stand in them.
    """
    listed = [
        *_namespaces(confinement),
        *_file_system(confinement),
        *_environment(job),
        *(["--seccomp", str(confinement.seccomp_fd)] if confinement.seccomp_fd else []),
        *("--json-status-fd", str(confinement.status_fd)),
    ]
    return b"".join(option.encode() + b"\0" for option in listed)


def system_files() -> list[str]:
    """Return the options that show the system's programs, libraries and fonts."""
    options = ["--ro-bind", "/usr", "/usr", "--perms", "0755", "--dir", "/etc"]
    for name in SYSTEM_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            options += ["--ro-bind", str(path), str(path)]
    for name in SYSTEM_FILES:
        options += ["--ro-bind-try", name, name]
    return options


def folders(paths: Iterable[Path]) -> list[str]:
    """Return the options that make folders which everybody may enter."""
    return [o for path in paths for o in ("--perms", "0755", "--dir", str(path))]


def interpreter_paths(packages: InstalledPackages) -> list[Path]:
    """Return the folders of the interpreter and its packages that are no part of the system."""
    wanted = dict.fromkeys((packages.base_prefix, packages.prefix))
    return [p for p in wanted if not p.is_relative_to("/usr")]


def parents_of(paths: Iterable[Path]) -> list[Path]:
    """Return all folders above the paths, outermost first, without the root."""
    found = {parent for path in paths for parent in path.parents if parent != Path("/")}
    return sorted(found, key=lambda p: len(p.parts))


def variables(job: Job) -> dict[str, str]:
    """Return the environment of a script: nothing of the service."""
    return {**ENVIRONMENT, "USER": "researcher", "LOGNAME": "researcher", **job.environment}


def resources(wanted: Limits) -> dict[str, int]:
    """Return the limits that the kernel holds every process to; see setrlimit(2)."""
    return {
        "CORE": 0,
        "NOFILE": 1024,
        "NPROC": wanted.processes,
        "FSIZE": wanted.file_mib * MIB,
        "AS": (wanted.memory_mib + ADDRESS_SPACE_EXTRA_MIB) * MIB,
        "CPU": int(wanted.cpu_s or wanted.timeout_s * 4) + 5,
    }


def limits(wanted: Limits) -> list[str]:
    """Return the `prlimit` prefix."""
    return ["prlimit", *(f"--{n.lower()}={value}" for n, value in resources(wanted).items())]


def interpreter(packages: InstalledPackages, code: str, script: str, job: Job) -> list[str]:
    """Return the command that runs the script; no user site, no bytecode, no buffering.

    `code` is where the interpreter finds the sandbox's own modules.
    """
    return [str(packages.executable), "-s", "-B", "-u", "-c", ALONE, code, script, *job.arguments]


def _namespaces(confinement: Confinement) -> list[str]:
    """Return the options that part processes, network and privileges from the host."""
    shared = ["--die-with-parent", "--new-session", "--clearenv"]
    if confinement.uid is None:
        user = ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
        return ["--unshare-all", "--hostname", "sandbox", *user, "--cap-drop", "ALL", *shared]
    spaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    return [
        *spaces,
        "--hostname",
        "sandbox",
        "--unshare-cgroup-try",
        "--cap-drop",
        "ALL",
        *KEPT,
        *shared,
    ]


def _file_system(confinement: Confinement) -> list[str]:
    """Return the options that show the script its files and nothing else."""
    packages, workspace = confinement.packages, confinement.workspace
    options = system_files()
    options += ["--ro-bind", str(workspace.root / "passwd"), "/etc/passwd"]
    options += ["--proc", "/proc", "--dev", "/dev"]
    options += _tmpfs("/dev/shm") + _tmpfs("/tmp")
    options += _interpreter_files(packages)
    seen_at = Path(SOURCES, "sandbox/inside")
    options += folders(parents_of([seen_at]))
    options += ["--ro-bind", str(INSIDE), str(seen_at)]
    options += ["--bind", str(workspace.job), JOB]
    options += ["--ro-bind", str(workspace.root / "script.py"), f"{JOB}/script.py"]
    options += ["--ro-bind-try", str(workspace.root / "labbook.py"), f"{JOB}/labbook.py"]
    for name, path in confinement.inputs.items():
        options += ["--ro-bind", str(path), f"{JOB}/{name}"]
    return [*options, "--chdir", JOB, "--remount-ro", "/dev", "--remount-ro", "/"]


def _tmpfs(folder: str) -> list[str]:
    """Return the options of a private file system in memory of bounded size."""
    return ["--perms", "1777", "--size", str(SHARED_MIB * MIB), "--tmpfs", folder]


def _interpreter_files(packages: InstalledPackages) -> list[str]:
    """Bind the interpreter and its packages at their own paths, read-only."""
    outside = interpreter_paths(packages)
    options = folders(parents_of(outside))
    for path in outside:
        options += ["--ro-bind", str(path), str(path)]
    return options


def _environment(job: Job) -> list[str]:
    """Return the options that set the script's clean environment."""
    return [o for name, value in variables(job).items() for o in ("--setenv", name, value)]


def _drop(uid: int | None) -> list[str]:
    """Return the prefix that gives up all privileges, where there are any."""
    if uid is None:
        return []
    return [
        "setpriv",
        f"--reuid={uid}",
        f"--regid={uid}",
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]

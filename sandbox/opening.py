"""Opens a sandbox at the configured level; refuses within seconds where it cannot be had."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import workspace
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.execution import IsolationLevel, Job, Limits
from sandbox.groups import Place, find_place
from sandbox.local import LocalSandbox
from sandbox.packages import SOURCES, InstalledPackages, find_python, read_packages
from sandbox.sandbox import Sandbox
from sandbox.settings import SandboxSettings
from sandbox.warm import WarmSandbox, open_warm

log = logging.getLogger(__name__)

SELF_TEST = """
import os, pathlib, socket, sys
faults = []
if os.getuid() == 0:
    faults.append("runs as root")
for family in (socket.AF_INET, socket.AF_INET6, 40):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
        faults.append(f"can open sockets of family {family}")
    except OSError:
        pass
if pathlib.Path(os.environ["SECRET"]).exists():
    faults.append("sees files of the service")
if len([p for p in os.listdir("/proc") if p.isdigit()]) > 4:
    faults.append("sees other processes")
try:
    pathlib.Path(sys.prefix, "written-by-a-script").touch()
    faults.append("can write to its packages")
except OSError:
    pass
print("faults:", "; ".join(faults))
"""
TEST_LIMITS = Limits(timeout_s=20, memory_mib=512, artifacts=0)


@dataclass(frozen=True, slots=True)
class Means:
    """What a sandbox is made of on this machine."""

    packages: InstalledPackages
    slots: int
    place: Place | None
    """Where control groups can be made."""


@asynccontextmanager
async def open_sandbox(settings: SandboxSettings) -> AsyncIterator[Sandbox]:
    """Open the sandbox of this machine at the best level it has, and prove that it holds.

    Raises
    ------
    SandboxUnavailable
        When scripts cannot be isolated as configured; says what to install or set.
    """
    means = await asyncio.to_thread(_find_means, settings)
    async with AsyncExitStack() as stack:
        if settings.level == "unconfined":
            yield LocalSandbox(means.packages, IsolationLevel.UNCONFINED, means.slots, means.place)
            return
        _check_programs()
        sandbox: Sandbox | None = None
        if settings.level != "cold":
            sandbox = await _warm_sandbox(stack, settings, means)
        yield sandbox or await _cold_sandbox(means)


async def self_test(sandbox: Sandbox) -> None:
    """Run a script that tries to get out.

    Raises
    ------
    SandboxUnavailable
        When it cannot be confined, or gets out.
    """
    with tempfile.TemporaryDirectory(prefix="autoreclab-test-") as folder:
        secret = Path(folder) / "secret"
        secret.touch()
        job = Job(SELF_TEST, limits=TEST_LIMITS, environment={"SECRET": str(secret)})
        execution = await sandbox.execute(job, Path(folder))
    if not execution.is_ok:
        raise SandboxUnavailable(explain_sandbox(execution.output, in_container=_is_container()))
    found = execution.output.partition("faults:")[2].strip()
    if found:
        raise SandboxUnavailable(f"A test script could not be confined: {found}. {REMEDIES}")


REMEDIES = (
    'See docs/security.md. `sandbox.level = "unconfined"` runs scripts without isolation, which '
    "card and report then name."
)


def explain_sandbox(output: str, *, in_container: bool) -> str:
    """Say why bubblewrap did not start, and what to do."""
    text = output.strip()[-400:] or "no output"
    remedy = "Run `bwrap --unshare-all --ro-bind / / true` to see what is refused."
    if "No module named 'sandbox" in text or "PermissionError" in text:
        remedy = (
            "A service that is root runs scripts as another user, who must be able to read its "
            f"sources and the environment: chmod -R go+rX {SOURCES}"
        )
    elif in_container:
        remedy = (
            "Start the container with --init --security-opt seccomp=deploy/seccomp.json "
            "--security-opt systempaths=unconfined."
        )
    elif "No permissions to create new namespace" in text or "setting up uid map" in text:
        remedy = _user_namespace_remedy()
    elif "Can't mount proc" in text:
        remedy = "Something hides parts of /proc; scripts need one of their own."
    return f"Scripts cannot be isolated: {text}. {remedy} {REMEDIES}"


def _find_means(settings: SandboxSettings) -> Means:
    """Find out what there is on this machine; clear up what services that died have left."""
    packages = read_packages(find_python(settings.python))
    workspace.remove_stale()
    slots = settings.slots or _default_slots(settings.memory_mib)
    return Means(packages, slots, find_place())


async def _cold_sandbox(means: Means) -> Sandbox:
    """Return a tested sandbox of the cold level."""
    sandbox = LocalSandbox(means.packages, IsolationLevel.COLD, means.slots, means.place)
    await self_test(sandbox)
    return sandbox


async def _warm_sandbox(
    stack: AsyncExitStack, settings: SandboxSettings, means: Means
) -> Sandbox | None:
    """Return a tested sandbox of the warm level; None where the next level may serve instead."""
    trial = AsyncExitStack()
    try:
        sandbox = await _opened_warm(trial, means)
    except SandboxError as error:
        await trial.aclose()
        if settings.level == "warm":
            if isinstance(error, SandboxUnavailable):
                raise
            text = explain_sandbox(str(error), in_container=_is_container())
            raise SandboxUnavailable(text) from error
        log.warning("no warm level here, using the cold one", extra={"reason": str(error)})
        return None
    except BaseException:
        await trial.aclose()
        raise
    stack.push_async_callback(trial.aclose)
    if math.isfinite(settings.preload_after_s):
        warming = asyncio.create_task(sandbox.warm_up(settings.preload_after_s))
        stack.push_async_callback(_stop, warming)
    return sandbox


async def _opened_warm(trial: AsyncExitStack, means: Means) -> WarmSandbox:
    """Open a warm sandbox and test it; without control groups where they keep it from working."""
    opening = open_warm(means.packages, means.slots, place=means.place)
    sandbox = await trial.enter_async_context(opening)
    try:
        await self_test(sandbox)
    except SandboxError as error:
        if means.place is None:
            raise
        log.warning("trying without control groups", extra={"reason": str(error)})
        sandbox.place = None
        await self_test(sandbox)
    return sandbox


async def _stop(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.wait([task])


def _check_programs() -> None:
    """Name the system package of a program that is missing."""
    for program, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux")):
        if shutil.which(program) is None:
            raise SandboxUnavailable(
                f"Scripts cannot be isolated: {program} is missing. Run: apt-get install {package}"
            )


def _is_container() -> bool:
    """Whether this runs inside Docker, Podman or Kubernetes."""
    marks = ("/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io")
    return any(Path(mark).exists() for mark in marks)


def _user_namespace_remedy() -> str:
    """Name the switch that keeps unprivileged users from making user namespaces."""
    for name in (
        "kernel.apparmor_restrict_unprivileged_userns",
        "kernel.unprivileged_userns_clone",
    ):
        path = Path("/proc/sys", name.replace(".", "/"))
        if path.exists():
            value = "0" if "restrict" in name else "1"
            return f"User namespaces are off. Run: sysctl -w {name}={value} (as root)."
    return "User namespaces are off on this system; run: sysctl -w user.max_user_namespaces=10000."


def _default_slots(memory_mib: int) -> int:
    """Return how many executions fit on this machine, by cores and by memory."""
    cores = len(os.sched_getaffinity(0))
    total_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return max(1, min(cores, total_mib // memory_mib))

"""The folder of one execution: inputs in, artifacts out, everything gone afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.execution import Artifact, Input, Job, Limits
from sandbox.ownership import disown, make_owned, taken_over

LABBOOK = Path(__file__).with_name("labbook.py")
PREFIX = "autoreclab-work-"
OWN_FILES = {"script.py", "labbook.py"}
SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+ @=,()\[\]-]*")
MAX_DEPTH = 8
CHUNK = 1 << 20
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Workspace:
    """Folders on this machine for one execution."""

    root: Path
    job: Path
    """The script's working directory."""
    has_quota: bool
    """Whether a file system of its own bounds it."""


def create(job: Job, uid: int | None) -> Workspace:
    """Make the folders of an execution, owned by `uid` where one is given.

    With privileges the working directory is a file system in memory with a hard size and a hard
    number of files; otherwise it is a plain folder that the watchdog measures.
    """
    root = make_owned(make_folder)
    try:
        return _fill(root, job, uid)
    except OSError:
        remove_folder(root)
        raise


def make_folder() -> Path:
    """Make an empty folder with a name of its own among those of executions."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def write_sources(folder: Path, job: Job) -> None:
    """Write the script and its helper, readable for everybody."""
    (folder / "script.py").write_text(job.source, encoding="utf-8")
    (folder / "script.py").chmod(0o444)
    if LABBOOK.exists():
        shutil.copyfile(LABBOOK, folder / "labbook.py")
        (folder / "labbook.py").chmod(0o444)


def copy_earlier(earlier: Path, folder: Path) -> None:
    """Copy what an earlier execution left, readable for everybody."""
    for path in (folder, *(folder / p.relative_to(earlier) for p in earlier.rglob("*"))):
        source = earlier / path.relative_to(folder)
        if source.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)
        else:
            shutil.copyfile(source, path)
            path.chmod(0o644)


def remove(workspace: Workspace) -> None:
    """Unmount and delete everything of an execution."""
    if workspace.has_quota:
        _unmount(workspace.job)
    remove_folder(workspace.root)


def remove_folder(root: Path) -> None:
    """Delete a folder that this process made, and give it up."""
    shutil.rmtree(root, ignore_errors=True)
    disown(root)


def remove_stale() -> None:
    """Delete what processes that died have left."""
    for root in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with taken_over(root) as is_ours:
            if is_ours:
                _unmount(root / "job")
                shutil.rmtree(root, ignore_errors=True)


def readable_inputs(workspace: Workspace, inputs: tuple[Input, ...]) -> dict[str, Path]:
    """Return the inputs by name, copied where the script's user could not read them.

    Raises
    ------
    SandboxError
        For a name that is not a plain file name, or a file that is not there.
    """
    check_inputs(inputs)
    return {item.name: _world_readable(workspace, item) for item in inputs}


def check_inputs(inputs: tuple[Input, ...]) -> None:
    """Refuse names that are no plain file names or stand twice, and files that are not there."""
    seen = set(OWN_FILES)
    for item in inputs:
        if Path(item.name).name != item.name or item.name in seen:
            raise SandboxError(f"{item.name!r} cannot be the name of an input.")
        if not item.path.is_file():
            raise SandboxError(f"The input {item.path} is not there.")
        seen.add(item.name)


def link_input(item: Input, target: Path, kept: Path) -> None:
    """Show an input at `target`; what cannot be linked is copied once and kept for later."""
    path = item.path.resolve()
    status = path.stat()
    copy = kept / f"{status.st_dev}-{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"
    is_open = status.st_mode & stat.S_IROTH or os.geteuid() != 0
    if is_open and not copy.exists():
        with contextlib.suppress(OSError):
            os.link(path, target)
            return
    if not copy.exists():
        partial = copy.with_name(f"{copy.name}.{target.parent.name}")
        shutil.copyfile(path, partial)
        partial.chmod(0o444)
        partial.replace(copy)
    os.link(copy, target)


def usage(folder: Path) -> tuple[int, int]:
    """Return bytes and number of files below a folder, links not followed."""
    size = count = 0
    for _, _, status in _walk(folder):
        count += 1
        size += status.st_blocks * 512
    return size, count


def is_full(workspace: Workspace, limits: Limits) -> bool:
    """Whether the working directory, or one file in it, has reached its limit."""
    try:
        system = os.statvfs(workspace.job)
    except OSError:
        return False
    if workspace.has_quota:
        full = system.f_bavail * system.f_frsize < MIB // 4 or system.f_favail < 2
    else:
        size, count = usage(workspace.job)
        full = size >= limits.disk_mib * MIB or count >= limits.inodes
    return full or any(s.st_size >= limits.file_mib * MIB for _, _, s in _walk(workspace.job))


@dataclass(slots=True)
class Collection:
    """Artifacts being copied out, and what was left behind."""

    into: Path
    limits: Limits
    artifacts: list[Artifact]
    skipped: list[str]
    size: int = 0

    def take(self, name: str, descriptor: int, status: os.stat_result) -> None:
        """Copy one file out, or note why not."""
        reason = self.refusal(name, status)
        if reason:
            if len(self.skipped) < 100:
                self.skipped.append(f"{name[:120]!r}: {reason}")
            return
        target = self.into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        sha256 = _copy_file(name.rpartition("/")[2], descriptor, target)
        if sha256:
            self.size += status.st_size
            self.artifacts.append(Artifact(name, target, status.st_size, sha256))

    def refusal(self, name: str, status: os.stat_result) -> str:
        """Return why a file is not collected; empty when it is."""
        parts = name.split("/")
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_nlink != 1:
            return "has several names (hard links)"
        if len(parts) > MAX_DEPTH or not all(SAFE_NAME.fullmatch(p) for p in parts):
            return "its name is not safe"
        if len(name) > 200:
            return "its name is too long"
        if len(self.artifacts) >= self.limits.artifacts:
            return f"more than {self.limits.artifacts} files"
        if self.size + status.st_size > self.limits.artifacts_mib * MIB:
            return f"more than {self.limits.artifacts_mib} MiB together"
        return ""


def collect(
    workspace: Workspace, inputs: set[str], limits: Limits, into: Path
) -> tuple[tuple[Artifact, ...], tuple[str, ...]]:
    """Copy what the script left to `into`; nothing is followed, names are safe."""
    collection = Collection(into, limits, [], [])
    hidden = inputs | OWN_FILES
    for name, descriptor, status in _walk(workspace.job):
        if name in hidden or "__pycache__" in name.split("/"):
            continue
        collection.take(name, descriptor, status)
    ordered = sorted(collection.artifacts, key=lambda a: a.name)
    return tuple(ordered), tuple(collection.skipped)


def _fill(root: Path, job: Job, uid: int | None) -> Workspace:
    """Fill the folder of an execution."""
    folder = root / "job"
    folder.mkdir()
    has_quota = os.geteuid() == 0 and _mount_quota(folder, job.limits)
    (root / "passwd").write_text(f"researcher:x:{uid or 65534}:{uid or 65534}::/tmp:/bin/sh\n")
    write_sources(root, job)
    if job.earlier is not None:
        copy_earlier(job.earlier, folder)
    if uid is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid, follow_symlinks=False)
    return Workspace(root, folder, has_quota)


def _mount_quota(folder: Path, limits: Limits) -> bool:
    """Mount a bounded file system in memory; False where that is not allowed."""
    options = f"size={limits.disk_mib}m,nr_inodes={limits.inodes},mode=0711,nosuid,nodev"
    command = ["mount", "-t", "tmpfs", "-o", options, "autoreclab", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _unmount(folder: Path) -> None:
    """Detach a file system."""
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def _world_readable(workspace: Workspace, item: Input) -> Path:
    """Return the file itself, or a copy that everybody may read."""
    path = item.path.resolve()
    if path.stat().st_mode & stat.S_IROTH:
        return path
    copy = workspace.root / f"input-{item.name}"
    shutil.copyfile(path, copy)
    copy.chmod(0o444)
    return copy


def _walk(folder: Path) -> Iterator[tuple[str, int, os.stat_result]]:
    """Yield (path, descriptor of its folder, status) of all entries; links are not followed."""
    for relative, _, names, descriptor in os.fwalk(f"{folder}/.", follow_symlinks=False):
        base = os.path.relpath(relative, folder)
        for name in names:
            try:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except OSError:
                continue
            yield (name if base == "." else f"{base}/{name}"), descriptor, status


def _copy_file(name: str, descriptor: int, target: Path) -> str:
    """Copy a regular file by its folder's descriptor; return its hash, none when it is gone."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        source = os.open(name, flags, dir_fd=descriptor)
    except OSError:
        return ""
    digest = hashlib.sha256()
    with os.fdopen(source, "rb") as reader:
        if not stat.S_ISREG(os.fstat(source).st_mode):
            return ""
        with target.open("wb") as writer:
            while chunk := reader.read(CHUNK):
                digest.update(chunk)
                writer.write(chunk)
    return digest.hexdigest()

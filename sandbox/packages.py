"""The interpreter of the experiments: where it lies, and what can be imported there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxUnavailable

SOURCES = Path(__file__).resolve().parent.parent
PROBE = """
import importlib.metadata, json, pkgutil, platform, sys
print(json.dumps({
    "prefix": sys.prefix, "base_prefix": sys.base_prefix, "python": platform.python_version(),
    "versions": {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()},
    "modules": sorted({m.name for m in pkgutil.iter_modules()} | set(sys.stdlib_module_names)),
}))
"""
PROBE_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class InstalledPackages:
    """An interpreter and what it can import."""

    executable: Path
    prefix: Path
    base_prefix: Path
    python: str
    """Its version, e.g. `3.11.7`."""
    versions: Mapping[str, str]
    """Distribution name to version."""
    modules: frozenset[str]
    """Top-level modules, the standard library included."""

    def lock(self) -> str:
        """Return one requirement line per distribution, sorted."""
        lines = sorted(f"{name}=={version}" for name, version in self.versions.items())
        return "\n".join(lines) + "\n"


def find_python(configured: str = "") -> Path:
    """Return the interpreter that is set, else that of `.venv-lab` here or beside the sources.

    Raises
    ------
    SandboxUnavailable
        When there is none.
    """
    if configured:
        candidates = [Path(configured)]
    else:
        candidates = [folder / ".venv-lab/bin/python" for folder in (Path.cwd(), SOURCES)]
    for candidate in candidates:
        if candidate.exists():
            return candidate.absolute()
    raise SandboxUnavailable(
        f"There is no interpreter for experiments at {candidates[0]}. Run `make install`, or set "
        "sandbox.python to a Python with lenskit."
    )


def read_packages(python: Path | str = "") -> InstalledPackages:
    """Ask an interpreter what it can import; empty: the one that `find_python` finds.

    Raises
    ------
    SandboxUnavailable
        When it cannot be run.
    """
    executable = find_python("" if str(python) in ("", ".") else str(python))
    try:
        done = subprocess.run(
            [executable, "-I", "-c", PROBE],
            capture_output=True,
            check=True,
            timeout=PROBE_TIMEOUT_S,
            env={"LANG": "C.UTF-8"},
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SandboxUnavailable(
            f"The interpreter {executable} cannot be used: {error}"
        ) from error
    return InstalledPackages(
        executable,
        Path(found["prefix"]),
        Path(found["base_prefix"]),
        found["python"],
        found["versions"],
        frozenset(found["modules"]),
    )

"""Runs scripts that deliver with the helper as they run in a zip: the file beside them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from patience import STUDY_S
from script_process import run_script

from sandbox.execution import Artifact

LABBOOK = Path(__file__).parents[2] / "sandbox/labbook.py"


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if k not in ("LABBOOK_BEGAN", "AUTORECLAB_PILOT")}
    return {**kept, "MPLBACKEND": "agg", **more}


def write(folder, source):
    folder.mkdir(exist_ok=True)
    shutil.copy(LABBOOK, folder)
    (folder / "script.py").write_text("import pandas as pd\nimport labbook\n" + source)


def start(folder, source, **more):
    """Start a script in a process of its own."""
    write(folder, source)
    return subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder, source, **more):
    """Run a script to its end; return what it printed."""
    write(folder, source)
    status, output, errors = run_script(folder, LABBOOK, environment(**more), STUDY_S)
    assert status == 0, errors
    return output


def rows_of(folder):
    return json.loads((folder / "results.json").read_text())["rows"]


def names_in(folder):
    found = (p for p in folder.rglob("*") if p.is_file() and p.parent.name != "__pycache__")
    return sorted(str(p.relative_to(folder)) for p in found)


def artifacts_of(folder):
    """Return what a script left, as the sandbox would collect it without hashes."""
    paths = [folder / n for n in names_in(folder) if not n.endswith((".py", ".pyc"))]
    return tuple(Artifact(str(p.relative_to(folder)), p, p.stat().st_size) for p in paths)

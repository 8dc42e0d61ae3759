"""Runs every sinful and every honest script through sandbox and checks, on each dataset.

Every sin must be found by its check, and no honest script may be stopped; what honest scripts
recorded is trained by the product too, as before a report. Fails otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))

from cases import HONEST, SINS, Case
from trials import Material, fault_of, movielens, synthetic, tried

from sandbox.opening import open_sandbox
from sandbox.sandbox import Sandbox
from sandbox.settings import SandboxSettings


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def soak(cases: list[Case], materials: list[Material], level: str, folder: Path) -> int:
    """Run the cases and return how many were not as they must be."""
    faults = 0
    async with open_sandbox(SandboxSettings(level=level)) as sandbox:
        for material in materials:
            for number, case in enumerate(cases):
                place = folder / f"{material.path.stem}-{number}"
                place.mkdir()
                faults += await shown(case, material, sandbox, place)
    return faults


async def shown(case: Case, material: Material, sandbox: Sandbox, folder: Path) -> bool:
    """Run one case, say how it went, and return whether something was wrong."""
    retrains = True if not case.check else None
    execution, findings = await tried(case, material, sandbox, folder, retrains=retrains)
    fault = fault_of(case, execution, findings)
    kind = f"found by {case.check}" if case.check else "honest, not stopped"
    mark = "WRONG" if fault else "ok"
    say(f"{mark:6}{material.path.name:15}{execution.duration_s:6.1f} s  {case.name} ({kind})")
    if fault:
        say(f"      {fault}")
    return bool(fault)


def chosen_materials(which: str, folder: Path) -> list[Material]:
    """Return the datasets to run on, as far as they are there."""
    made = [synthetic(folder)] if which != "movielens" else []
    real = movielens() if which != "synthetic" else None
    if which != "synthetic" and real is None:
        say("MovieLens is left out: it is not on this machine; set AUTORECLAB_TEST_DATA.")
    return [*made, *([real] if real else [])]


def main() -> int:
    """Run all cases, or those whose name holds a text."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="cases whose name holds this")
    options.add_argument("--level", default="auto", help="sandbox level")
    options.add_argument("--data", choices=("both", "synthetic", "movielens"), default="both")
    options.add_argument(
        "--part", default="1/1", help="`2/3`: the second of three parts, for as many processes"
    )
    chosen = options.parse_args()
    part, parts = map(int, chosen.part.split("/"))
    named = [c for c in (*SINS, *HONEST) if chosen.only in c.name]
    cases = named[part - 1 :: parts]
    with tempfile.TemporaryDirectory(prefix="autoreclab-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        materials = chosen_materials(chosen.data, folder)
        faults = asyncio.run(soak(cases, materials, chosen.level, folder))
    say(f"{len(cases)} scripts on {len(materials)} datasets, {faults} not as they must be.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the script in an interpreter of its own, as a fork of a warm one does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from sandbox.inside.screenless import draw_without_screen
from sandbox.inside.script import forget_sandbox, run


def main() -> NoReturn:
    """Run a script; arguments: where the sandbox's own code lies, the script, its arguments."""
    code, script = sys.argv[1:3]
    sys.argv[:] = sys.argv[2:]
    sys.path[:] = [str(Path(script).parent), *(p for p in sys.path if p not in (code, ""))]
    draw_without_screen()
    forget_sandbox()
    sys.exit(run(script))

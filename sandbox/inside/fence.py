"""Enters Landlock and becomes the script's interpreter: the cold level's last step."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from sandbox.inside import landlock
from sandbox.inside.request import SOURCES


def main() -> NoReturn:
    """Fence this process; arguments: the interpreter's two folders, then the command to run."""
    prefix, base_prefix, *command = sys.argv[1:]
    landlock.restrict((*landlock.READABLE, prefix, base_prefix, SOURCES), landlock.WRITABLE)
    os.execv(command[0], command)

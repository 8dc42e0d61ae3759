"""The helper of scripts as the product reads with it, loaded when it is first asked something.

It brings pandas, which takes as long to load as all else of a child process, and which most files
are read without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox import labbook
else:

    class _Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("sandbox.labbook"), name)

    labbook = _Late()

__all__ = ["labbook"]

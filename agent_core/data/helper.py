"""What few files need, loaded when it is first asked something: the helper of scripts, PyArrow.

With pandas, which the helper brings, they take longer to load than all else of a child process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sandbox import labbook
else:

    class _Late:
        def __init__(self, module: str) -> None:
            self.module = module

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module(self.module), name)

    labbook, pa, pq = map(_Late, ("sandbox.labbook", "pyarrow", "pyarrow.parquet"))

__all__ = ["labbook", "pa", "pq"]

"""What may go wrong in the local workspace.

WorkspaceError
├── ApiError       a Web API method answers `ok: false`
└── PortTakenError  the port is taken
"""

from __future__ import annotations

from typing import Any


class WorkspaceError(Exception):
    """Something in the local workspace failed."""


class ApiError(WorkspaceError):
    """A Web API method refuses; the code is what Slack would answer."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class PortTakenError(WorkspaceError):
    """The port of the workspace is already in use."""

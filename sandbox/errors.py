"""Errors of the sandbox.

SandboxError
└── SandboxUnavailable   isolation cannot be had here; says what to install or set
"""

from __future__ import annotations


class SandboxError(Exception):
    """The machinery around a script failed; a failing script is no error."""


class SandboxUnavailable(SandboxError):
    """Scripts cannot be isolated at the configured level on this machine."""

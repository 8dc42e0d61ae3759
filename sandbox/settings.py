"""Settings of the sandbox."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SandboxSettings(BaseModel):
    """`[sandbox]`: how and with which interpreter experiments run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["local"] = "local"
    level: Literal["auto", "warm", "cold", "unconfined"] = "auto"
    slots: int = Field(0, ge=0, le=1024)
    """Executions at once; 0: from cores and memory."""
    python: str = ""
    """Interpreter of the experiments; empty: `.venv-lab` beside the sources or here."""
    memory_mib: int = Field(4096, ge=64)
    """Memory of one execution, all its processes together."""
    preload_after_s: float = Field(2.0, ge=0)
    """Seconds after the start from which libraries are imported ahead, at the level `warm`."""

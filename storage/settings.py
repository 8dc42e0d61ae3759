"""Settings of the storage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class StorageSettings(BaseModel):
    """`[storage]`: where everything lies, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[Path, AfterValidator(Path.expanduser)] = Path("./data")
    """The folder of the database and all files; `~` stands for the home folder."""
    retention_days: int = Field(0, ge=0)
    """Days after which a finished run may be deleted; 0: kept."""

"""The categories of items from side data, read when a measure asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from agent_core.data.item_categories import read_categories
from agent_core.domain import Dataset
from agent_core.evidence.id_codes import IdCodes
from agent_core.measures.beyond import shares_of_items


@dataclass(slots=True)
class Categories:
    """What side data say of the items of each fold; every dataset is read once."""

    profiles: Mapping[str, Dataset | None]
    """Name of a further dataset to its profile; of the first under the empty name."""
    files: Mapping[str, Path]
    sources: Mapping[str, str]
    """Fold to the further dataset that it is of."""
    ids: IdCodes
    known: dict[str, pd.DataFrame | None] = field(default_factory=dict)

    def of_fold(self, fold: str) -> pd.DataFrame | None:
        """Return the share of each category in the items; None without any."""
        name = self.sources.get(fold, "")
        if name not in self.known:
            self.known[name] = self._read(name)
        return self.known[name]

    def _read(self, name: str) -> pd.DataFrame | None:
        profile = self.profiles.get(name)
        values = read_categories(profile, self.files) if profile else None
        if values is None:
            return None
        shares = shares_of_items(values)
        return shares.set_axis(self.ids.encode(pd.Series(shares.index)).to_numpy())

"""Carries out what the product trains, among the experiments, and reads what came of it."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from agent_core.data.parquet_reader import PAIR
from agent_core.domain import Script
from agent_core.domain.metric import RATING
from agent_core.evidence.cells import Cells
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.result_files import Reading
from agent_core.evidence.run_tables import run_cells
from agent_core.execution.executor import Executor
from agent_core.execution.experiment import Experiment
from agent_core.execution.progress import OnProgress, untold
from agent_core.measures.metrics import SETTLED
from agent_core.measures.recomputation import (
    Delivered,
    RunMetrics,
    agreed_definition,
    value_under,
)
from agent_core.verification.training_orders import Training, TrainingOrder
from agent_core.verification.training_parts import GivenParts
from sandbox.execution import Execution

TIMEOUT_S = 900.0
"""A report waits no longer for it; what has not ended is told as not trained again."""
SCRIPT = "training_script.py"
KINDS = ("lists", "predictions")
PartsOf = Callable[[str], GivenParts]
"""Gives the parts of a place."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came of an order."""

    lists: Cells
    predictions: Cells
    failed: Mapping[str, str] = field(default_factory=dict)
    """Algorithm to the error."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Number of a training to what one of its runs took."""

    def tables_of(self, training: Training) -> tuple[Cells, Cells]:
        """Return the lists and the predictions of a training."""
        key = str(training.number)
        own = (cells.select(lambda run: run[0] == key) for cells in (self.lists, self.predictions))
        lists, predictions = own
        return lists, predictions


@dataclass(frozen=True, slots=True, eq=False)
class Trainer:
    """Trains for one script."""

    evidence: Evidence
    """What the script delivered."""
    template: Experiment
    """The script's own experiment: whose it is and who may stop it."""
    folder: Path
    """Inputs and results of the first order go here, of others beside it."""
    executor: Executor
    tell: OnProgress = untold

    async def train(
        self, order: TrainingOrder, parts_of: PartsOf, name: str = "", limit_s: float = TIMEOUT_S
    ) -> Trained:
        """Carry out one order.

        Parameters
        ----------
        order
            What is trained.
        parts_of
            Gives what the places of the order are given.
        name
            Of the folder.
        limit_s
            Seconds that it may take.
        """
        folder = self.folder.with_name(name) if name else self.folder
        experiment = await asyncio.to_thread(self._experiment, order, parts_of, folder)
        limit_s = min(self.template.timeout_s, limit_s)
        limited = replace(experiment, timeout_s=limit_s)
        execution = await self.executor.execute(limited, self.tell)
        return await asyncio.to_thread(self._read, order, execution)

    def _experiment(self, order: TrainingOrder, parts_of: PartsOf, folder: Path) -> Experiment:
        """Write parts and order into an emptied folder; return the experiment that trains."""
        shutil.rmtree(folder, ignore_errors=True)
        given = folder / "given"
        given.mkdir(parents=True)
        for number, place in enumerate(order.places):
            for name, part in parts_of(place).items():
                self._written(part).to_parquet(given / f"{name}-{number}.parquet", index=False)
        (given / "order.json").write_text(json.dumps(asdict(order)), encoding="utf-8")
        source = (resources.files("agent_core.verification") / SCRIPT).read_text("utf-8")
        return replace(
            self.template,
            script=Script("the product's own training", source),
            files={p.name: p for p in sorted(given.iterdir())},
            folder=folder / "artifacts",
            expected_s=0.0,
            cells=(),
        )

    def _written(self, part: pd.DataFrame) -> pd.DataFrame:
        """Return a part with its ids as text."""
        texts = {c: self.evidence.ids.categories(part[c]) for c in PAIR if c in part}
        return part.assign(**texts)

    def _read(self, order: TrainingOrder, execution: Execution) -> Trained:
        """Read what an execution left."""
        artifacts = {a.name: a.path for a in execution.artifacts}
        names = [str(t.number) for t in order.algorithms]
        reading = Reading(ids=self.evidence.ids)
        lists, predictions = (run_cells(kind, artifacts, names, reading) for kind in KINDS)
        failed, seconds = (_table(artifacts.get(f"{n}.json")) for n in ("failed", "seconds"))
        return Trained(lists, predictions, failed, seconds)


def trained_values(
    evidence: Evidence,
    metric: tuple[str, int | None],
    own: tuple[Cells, Cells],
    given: GivenParts,
) -> Iterator[float]:
    """Yield a metric of each training, under the definition that the script's values have.

    Parameters
    ----------
    evidence
        What the script delivered.
    metric
        Name and cut-off.
    own
        Lists and predictions of the trainings.
    given
        What these were trained on, and are tested on.
    """
    if metric[0] not in (*SETTLED, *RATING):
        return  # how far ties move what lists show is not known
    lists, predicted = own
    parts = {name: {"": given[name]} for name in ("train", "test")}
    delivered = Delivered(
        evidence.single, lists, predicted, evidence.per_user, parts, is_sample=False
    )
    wanted = agreed_definition(evidence.agreement, *metric)
    for table in (predicted if metric[0] in RATING else lists).values():
        found = RunMetrics(delivered, ("", "", ""), table, table).definitions_of(*metric)
        value = value_under(found, wanted)
        if value is not None:
            yield value


def _table(path: Path | None) -> dict[str, Any]:
    """Return a file of JSON; nothing where it is missing or was not written whole."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path else {}
    except ValueError:
        return {}

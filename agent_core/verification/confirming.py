"""Which cells of a script are made again, and which of them alone in a new process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from agent_core.domain.cell_samples import covering_sample
from agent_core.execution.experiment import Experiment
from agent_core.verification.order_check import order_sample
from sandbox.execution import Execution

Confirm = Literal["sample", "all"]
CHEAP_S = 60.0
"""Seconds of a script up to which all of its cells are made again."""


def confirming(experiment: Experiment, first: Execution, confirm: Confirm) -> Experiment:
    """Return what makes a script's cells again: a sample that has all that is compared, or all.

    Those that show whether the order matters have a process of their own each.
    """
    alone = frozenset(order_sample(experiment.cells, first))
    sample = covering_sample(experiment.cells) | alone
    takes_all = confirm == "all" or first.duration_s <= CHEAP_S or not sample
    if takes_all:
        return replace(experiment, alone=alone)
    return replace(experiment, wanted=sample, alone=sample)


def ordered(experiment: Experiment, cells: Sequence[str]) -> Experiment:
    """Return what makes some cells in one process, beside."""
    folder = experiment.folder.with_name(f"order-{cells[-1]}")
    return replace(
        experiment, folder=folder, wanted=frozenset(cells), alone=frozenset(), is_one_process=True
    )

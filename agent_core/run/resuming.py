"""Resumes that came to nothing: the sign of a run that ends the service."""

from __future__ import annotations

from collections.abc import Iterable

from agent_core.domain import RunId, RunStatus
from agent_core.domain.events import (
    Logged,
    ModelCalled,
    ModelOutage,
    NodeProgress,
    NodeStarted,
    Resumed,
    StatusChanged,
)
from agent_core.run.view import RunView, fold

WITHOUT_PROGRESS = (StatusChanged, NodeStarted, NodeProgress, ModelCalled, ModelOutage)
"""What a run logs that is begun again and again at one place."""


def fruitless_resumes(run: RunId, events: Iterable[Logged]) -> int:
    """Return how often a run was resumed since it last came to something.

    A run that waits for people comes to nothing by itself, so that does not count.
    """
    count, view = 0, RunView(run)
    for logged in events:
        view = fold(run, [logged], view)
        if isinstance(logged.event, Resumed):
            count += view.status is not RunStatus.WAITING
        elif not isinstance(logged.event, WITHOUT_PROGRESS):
            count = 0
    return count

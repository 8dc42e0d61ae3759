"""What models were asked, by what prompts."""

from __future__ import annotations

from dataclasses import dataclass

from agent_core.domain.events import ModelCalled
from agent_core.report.report_inputs import ReportInputs


@dataclass(frozen=True, slots=True)
class AskedModel:
    """What one role was asked with, over a run."""

    role: str
    models: tuple[str, ...]
    """As asked for."""
    snapshots: tuple[str, ...]
    """As the endpoint named what answered; empty where it did not."""
    prompts: tuple[str, ...]
    """SHA-256 of the prompt's template; several where it changed during the run."""
    calls: int


def asked_models(inputs: ReportInputs) -> tuple[AskedModel, ...]:
    """Return models and prompts of each role, in the order of their first call."""
    calls = [e.event for e in inputs.log if isinstance(e.event, ModelCalled)]
    roles = dict.fromkeys(c.role for c in calls)
    by_role = {role: [c for c in calls if c.role == role] for role in roles}
    return tuple(
        AskedModel(
            role,
            tuple(dict.fromkeys(c.model for c in found)),
            tuple(dict.fromkeys(c.snapshot for c in found if c.snapshot)),
            tuple(dict.fromkeys(c.prompt for c in found if c.prompt)),
            len(found),
        )
        for role, found in by_role.items()
    )

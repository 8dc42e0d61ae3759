"""The reports of a run, read from its log: a run has one for each of its rounds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from agent_core.domain import Report, RunId, UserId
from agent_core.domain.events import (
    Disputed,
    Logged,
    Rechecked,
    Reported,
    RoundOpened,
    RunFinished,
)
from bot.lab_protocol import LabLike


@dataclass(frozen=True, slots=True)
class Told:
    """A report as it came into the thread."""

    report: Report
    seq: int
    """Number of the event that brought it."""
    number: int
    """Of its round."""


async def read_log(lab: LabLike, run: RunId) -> list[Logged]:
    """Return what has happened in a run so far, also after its end."""
    last = (await lab.view(run)).seq
    log: list[Logged] = []
    while (told := log[-1].seq if log else 0) < last:
        events = lab.events(run, told)
        try:
            async for logged in events:
                log.append(logged)
                if logged.seq >= last:
                    break
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
    return log


def told_reports(log: Sequence[Logged]) -> list[Told]:
    """Return the reports of a run, oldest first."""
    found: list[Told] = []
    report, number = None, 1
    for logged in log:
        match logged.event:
            case Reported(new):
                report = new
            case RoundOpened():
                number += 1
            case RunFinished() if report is not None:
                found.append(Told(report, logged.seq, number))
    return found


def is_disputed(log: Sequence[Logged], by: UserId, text: str) -> bool:
    """Whether somebody has said this of the newest report already, and it was checked again."""
    is_said = is_checked = False
    for logged in log:
        match logged.event:
            case RunFinished():
                is_said = is_checked = False
            case Disputed(said, who) if (said, who) == (text, by):
                is_said = True
            case Rechecked() if is_said:
                is_checked = True
    return is_checked

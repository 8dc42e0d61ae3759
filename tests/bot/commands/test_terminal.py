"""What the terminal shows of an event."""

from __future__ import annotations

import pytest
from messages import view_of

from agent_core.domain import Ending, NodeId, Outcome, RunStatus
from agent_core.domain.events import NodeProgress, RunFailed, RunFinished, StatusChanged, Work
from bot.commands.terminal import line_of


@pytest.mark.parametrize(("is_resumable", "is_said"), [(True, True), (False, False)])
def test_what_can_be_resumed_is_told_by_its_command(is_resumable, is_said):
    view = view_of()
    shown = line_of(RunFailed("The key is wrong.", is_resumable), view)

    assert shown.startswith("Could not run: The key is wrong.")
    assert (f"`autoreclab tasks resume {view.id}`" in shown) is is_said


@pytest.mark.parametrize("reason", list(Ending))
@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_end_is_told_in_words(outcome, reason):
    shown = line_of(RunFinished(outcome, reason), view_of())

    assert "(" not in shown
    assert not {outcome.value, reason.value} & {*shown.split(": ", 1)[1].split("; ")}
    assert f"({reason.value})" not in line_of(
        StatusChanged(RunStatus.REPORTING, reason), view_of()
    )


@pytest.mark.parametrize("work", list(Work))
def test_progress_names_the_script_and_what_is_done_with_it(work):
    shown = line_of(NodeProgress(NodeId(3), "cell 3 of 20", 3, 20, work), view_of())

    assert shown.startswith("Script 3")
    assert shown.endswith(": cell 3 of 20")
    assert ("again" in shown or "repeated" in shown) is (work is not Work.EXECUTION)

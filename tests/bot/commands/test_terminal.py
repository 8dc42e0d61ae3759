"""What the terminal shows of an event."""

from __future__ import annotations

import pytest
from messages import view_of

from agent_core.domain import NodeId
from agent_core.domain.events import NodeProgress, RunFailed, Work
from bot.commands.terminal import line_of


@pytest.mark.parametrize(("is_resumable", "is_said"), [(True, True), (False, False)])
def test_only_of_what_can_be_resumed_nothing_is_lost(is_resumable, is_said):
    shown = line_of(RunFailed("The key is wrong.", is_resumable), view_of())

    assert shown.startswith("Could not run: The key is wrong.")
    assert shown.endswith("Nothing recorded is lost.") is is_said


@pytest.mark.parametrize("work", list(Work))
def test_progress_names_the_script_and_what_is_done_with_it(work):
    shown = line_of(NodeProgress(NodeId(3), "cell 3 of 20", 3, 20, work), view_of())

    assert shown.startswith("Script 3")
    assert shown.endswith(": cell 3 of 20")
    assert ("again" in shown or "repeated" in shown) is (work is not Work.EXECUTION)

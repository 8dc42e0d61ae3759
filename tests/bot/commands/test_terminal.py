"""What the terminal shows of an event."""

from __future__ import annotations

import pytest
from messages import view_of

from agent_core.domain.events import RunFailed
from bot.commands.terminal import line_of


@pytest.mark.parametrize(("is_resumable", "is_said"), [(True, True), (False, False)])
def test_only_of_what_can_be_resumed_nothing_is_lost(is_resumable, is_said):
    shown = line_of(RunFailed("The key is wrong.", is_resumable), view_of())

    assert shown.startswith("Could not run: The key is wrong.")
    assert shown.endswith("Nothing recorded is lost.") is is_said

"""Threads as people write them, played through the Web API against the local workspace."""

from __future__ import annotations

from pathlib import Path

import pytest
from patience import PATIENCE_S
from thread_scenarios import Stage, Step, read_scenarios
from tiers import wide_but

SCENARIOS = read_scenarios(Path(__file__).with_name("threads.toml"))


@pytest.mark.parametrize(
    "scenario",
    wide_but(SCENARIOS, "start-and-stop-in-sentences", "thirty-turns-in-ordinary-words"),
)
async def test_a_thread_shows_what_it_must(live, scenario):
    workspace = live.workspace
    names = {user: name for name, user in workspace.users.items()}
    tokens = {names[user]: token for user, token in workspace.user_tokens.items()}
    channel = workspace.channels["experiments"]

    await Stage(workspace.api_url, workspace.bot_token, tokens, channel, PATIENCE_S).play(scenario)


def test_a_step_of_which_nothing_is_expected_is_refused():
    with pytest.raises(ValueError, match="Nothing is expected"):
        Step("stop")

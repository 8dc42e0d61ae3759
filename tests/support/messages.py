"""Views and texts to make messages of, and what Slack takes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from builders import plan_of
from hypothesis import strategies as st
from scripted_lab import DATA

from agent_core.domain import RunId, RunStatus, Task
from agent_core.run.view import RunView
from bot.blocks.limits import fallback
from bot.workspace.limits import problems_of

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)

LONG = st.text(min_size=0, max_size=9000)

MARKDOWN = st.lists(
    st.sampled_from(["**bold** ", "# Heading\n", "| a | b |\n", "- x\n", "`c`", "<!channel>", "&"])
    | st.text(max_size=400),
    max_size=60,
).map("".join)


def view_of(text="q", plan=None, **more):
    plan = plan or plan_of()
    view = RunView(
        RunId("r1"), RunStatus.WAITING, Task(text), "scripted", "cold", (DATA,), (plan,)
    )
    return replace(view, **more)


def fits(shown):
    assert problems_of(list(shown.blocks)) == []
    assert 0 < len(fallback(shown)) <= 4000


def action_ids(shown):
    """Return what the buttons of a message do."""
    rows = [b["elements"] for b in shown.blocks if b["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row]

"""Events: kept at the door already, so that nothing is left to do but acknowledge."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

SUBSCRIBED = (
    "app_mention",
    "message",
    "agent_session_stopped",
    "agent_session_title_changed",
    "app_home_opened",
)
"""Every subscribed type needs a listener: without one Slack gets no acknowledgement."""


async def kept() -> None:
    """Do nothing: the inbox has it."""


def register(app: AsyncApp) -> None:
    """Have a listener for every subscribed event."""
    for kind in SUBSCRIBED:
        app.event(kind)(kept)

"""Where everything enters: the intake keeps it, and hands it on to the dispatch afterwards."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners import actions, commands, views
from bot.listeners.intake import Intake
from bot.services import Services

SUBSCRIBED = (
    "app_mention",
    "message",
    "agent_session_stopped",
    "agent_session_title_changed",
    "app_home_opened",
)
"""Every subscribed type needs a listener: without one Slack gets no acknowledgement."""


def listening_app(client: AsyncWebClient, intake: Intake, services: Services) -> AsyncApp:
    """Return Bolt's app: `Intake.keep` has whatever people did before any listener has it."""
    app = AsyncApp(client=client, before_authorize=intake.keep)
    for kind in SUBSCRIBED:
        app.event(kind)(_acknowledge_event)
    actions.register_buttons(app, services)
    views.register_forms(app)
    commands.register_command(app, services)
    return app


async def _acknowledge_event() -> None:
    """Let Bolt acknowledge an event that the intake has."""

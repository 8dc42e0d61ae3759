"""`/autoreclab`: my tasks, and help; answered to the asker only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.blocks.limits import fallback
from bot.blocks.words import help_message
from bot.conversation.intents import understand
from bot.conversation.new_tasks import LISTING, NewTasks
from bot.services import Services

Ack = Callable[..., Awaitable[None]]
COMMAND = "/autoreclab"


def register_command(app: AsyncApp, services: Services) -> None:
    """Listen to the command."""
    new_tasks = NewTasks(services)

    async def answer(ack: Ack, command: dict[str, Any]) -> None:
        wants_list = understand(str(command.get("text") or "")) in LISTING
        user = str(command.get("user_id") or "")
        shown = (
            await new_tasks.list_of_tasks(user) if wants_list else help_message(services.bot_user)
        )
        await ack(text=fallback(shown), blocks=list(shown.blocks))

    app.command(COMMAND)(answer)

"""Submitted modals: `Intake.keep` has them, and the dispatch deals with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp

from bot.blocks.modals import ModalName

Ack = Callable[[], Awaitable[None]]


def register_forms(app: AsyncApp) -> None:
    """Listen to submitted modals."""
    for name in ModalName:
        app.view(name.value)(_acknowledge_form)


async def _acknowledge_form(ack: Ack) -> None:
    """Close a modal whose form the intake has."""
    await ack()

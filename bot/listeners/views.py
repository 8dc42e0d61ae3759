"""Modals: what was submitted is in the inbox already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp

from bot.blocks.modals import FORMS

Ack = Callable[[], Awaitable[None]]


async def kept(ack: Ack) -> None:
    """Close the modal."""
    await ack()


def register(app: AsyncApp) -> None:
    """Listen to submitted modals."""
    for name in FORMS:
        app.view(name)(kept)

"""How long a run waits for a model that cannot be asked now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agent_core.errors import ModelUnavailable

T = TypeVar("T")
OUTAGE_WAITS_S = (5.0, 20.0, 60.0)
"""Pauses before the model is asked again after an outage."""


async def through_outages(ask: Callable[[], Awaitable[T]], waits_s: tuple[float, ...]) -> T:
    """Ask the model, again after each pause of an outage (which its meter logs).

    Raises
    ------
    ModelUnavailable
        When it is still out after the last pause, or for good.
    """
    for wait_s in waits_s:
        try:
            return await ask()
        except ModelUnavailable as error:
            if error.is_permanent:
                raise
            await asyncio.sleep(wait_s)
    return await ask()

"""What waits in line with what: a thread is dealt with in order, its Stop never waits."""

from __future__ import annotations

from bot.conversation.intents import Intent, understand
from bot.slack.incoming import Incoming, Kind


def lane_of(incoming: Incoming) -> str:
    """Return what an item waits in line with: its thread; stopping never waits for talk."""
    place = incoming.place
    thread = f"{place.team}:{place.channel}:{place.thread_ts}"
    is_word = incoming.kind is Kind.MESSAGE and not incoming.is_root
    intent = understand(incoming.text) if is_word else None
    is_stop = incoming.kind is Kind.STOP or incoming.action in ("stop", "cancel")
    if is_stop or intent is Intent.STOP:
        return f"{thread}:stop"
    # A repetition takes as long as the experiment; talk goes on meanwhile.
    return f"{thread}:rerun" if incoming.action == "rerun" or intent is Intent.RERUN else thread

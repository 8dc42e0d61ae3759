"""What waits in line with what: a thread is dealt with in order, its Stop never waits."""

from __future__ import annotations

from bot.blocks.buttons import Action
from bot.conversation.intents import Intent, understand
from bot.slack.incoming import Incoming, Kind

STOPPING = frozenset({Action.STOP, Action.CANCEL})


def lane_of(incoming: Incoming) -> str:
    """Return what an item waits in line with: its thread; stopping never waits for talk."""
    place = incoming.place
    thread = f"{place.team}:{place.channel}:{place.thread_ts}"
    is_word = incoming.kind is Kind.MESSAGE and not incoming.is_root
    intent = understand(incoming.text) if is_word else None
    is_stop = incoming.kind is Kind.STOP or incoming.action in STOPPING
    if is_stop or intent is Intent.STOP:
        return f"{thread}:stop"
    # A repetition takes as long as the experiment; talk goes on meanwhile.
    is_rerun = incoming.action == Action.RERUN or intent is Intent.RERUN
    return f"{thread}:rerun" if is_rerun else thread

"""What waits in line with what: a thread is dealt with in order, its Stop never waits."""

from __future__ import annotations

from bot.blocks.buttons import ButtonAction
from bot.conversation.commands import Intent
from bot.conversation.intents import understand
from bot.slack.incoming import Incoming, IncomingKind

STOPPING = frozenset({ButtonAction.STOP, ButtonAction.CANCEL})


def lane_of(incoming: Incoming) -> str:
    """Return what an item waits in line with: its thread; stopping never waits for talk."""
    place = incoming.place
    thread = f"{place.team}:{place.channel}:{place.thread_ts}"
    is_word = incoming.kind is IncomingKind.MESSAGE and not incoming.is_root
    intent = understand(incoming.text) if is_word else None
    is_stop = incoming.kind is IncomingKind.STOP or incoming.action in STOPPING
    if is_stop or intent is Intent.STOP:
        return f"{thread}:stop"
    # A repetition takes as long as the experiment; talk goes on meanwhile.
    is_rerun = incoming.action == ButtonAction.RERUN or intent is Intent.RERUN
    return f"{thread}:rerun" if is_rerun else thread

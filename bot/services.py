"""What everybody who deals with people works with: the lab, Slack, and the ends of both."""

from __future__ import annotations

from dataclasses import dataclass

from bot.access import Access
from bot.blocks.rounds import RoundPrice
from bot.delivery.cards import Cards
from bot.delivery.outbox import Outbox
from bot.delivery.replies_to_people import Responder
from bot.delivery.threads import Threads
from bot.lab_protocol import LabLike
from bot.progress.followers import Followers
from bot.slack.downloads import Downloads


@dataclass(frozen=True, slots=True)
class Services:
    """The opened parts of the bot."""

    lab: LabLike
    threads: Threads
    outbox: Outbox
    cards: Cards
    followers: Followers
    responder: Responder
    access: Access
    downloads: Downloads
    bot_user: str
    price: RoundPrice
    """What another round of a run may take."""

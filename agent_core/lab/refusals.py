"""What keeps a run from going on: money, a main question that nothing answers, damage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agent_core.domain import Plan
from agent_core.errors import BudgetExhausted, DamagedRun, NeedsConsent
from agent_core.rules.design_words import main_text
from agent_core.run.view import RunView


def refuse_open(plan: Plan) -> None:
    """Refuse a plan that leaves the main question unanswered.

    Raises
    ------
    NeedsConsent
        With the clauses.
    """
    if plan.open_main:
        raise NeedsConsent(f"{main_text(plan)} Nothing is started without consent.")


def require_sound(view: RunView) -> None:
    """Refuse to go on with a run of which an event cannot be read.

    Raises
    ------
    DamagedRun
        With what is damaged.
    """
    if view.is_damaged:
        raise DamagedRun(view.failure)


def refuse_beyond(cap: float, views: Sequence[RunView], now: datetime) -> None:
    """Refuse to start anything once all runs submitted this month have cost the cap.

    Raises
    ------
    BudgetExhausted
        With what was spent.
    """
    month = (now.year, now.month)
    submitted = [(v, v.submitted_at) for v in views if v.submitted_at]
    spent = sum(v.usage.cost for v, at in submitted if (at.year, at.month) == month)
    if spent >= cap:
        raise BudgetExhausted(
            f"The lab has spent ${spent:.2f} of ${cap:.2f} this month (budget.lab_month); "
            "nothing is started. The plan is kept."
        )

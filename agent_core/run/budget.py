"""The budget of one run: what was spent, what is in flight at its worst, what may still go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent_core.domain import Budget, Usage
from agent_core.domain.events import ModelCalled, ModelOutage
from agent_core.errors import BudgetExhausted

RESERVE_SHARE = 0.1
"""Share of every cap that only the report and answers may draw on."""
ROUNDING = 1e-9
"""Dollars that sums of floats may be off."""

Tell = Callable[[ModelCalled | ModelOutage], None]


def _say_nothing(_: ModelCalled | ModelOutage) -> None:
    """Tell nobody."""


@dataclass
class Purse:
    """What a run has spent and what its calls in flight may cost, whoever makes them."""

    spent: Usage = Usage()
    in_flight: Usage = Usage()
    unpriced_tokens: int = 0

    def learn(self, logged: Usage) -> Purse:
        """Take what the log says where that is more: another process may have spent it."""
        if (logged.cost, logged.calls) > (self.spent.cost, self.spent.calls):
            self.spent = logged
            logged_tokens = _tokens_of(logged) if logged.unpriced_calls else 0
            self.unpriced_tokens = max(self.unpriced_tokens, logged_tokens)
        return self


class RunBudget:
    """Implements `Meter` over a `Budget`; all its methods are called from one event loop.

    A call's worst case is set aside before it is made and given back when it is settled, so that
    any number of calls at once cannot pass the cap together: search, rounds and questions of one
    run draw on one purse.
    """

    def __init__(
        self,
        budget: Budget,
        spent: Usage = Usage(),
        tell: Tell = _say_nothing,
        purse: Purse | None = None,
    ) -> None:
        self.budget = budget
        self.purse = (purse or Purse()).learn(spent)
        self.tell = tell

    @property
    def spent(self) -> Usage:
        """What was spent so far."""
        return self.purse.spent

    @property
    def in_flight(self) -> Usage:
        """What the calls that are being made may cost at worst."""
        return self.purse.in_flight

    @property
    def unpriced_tokens(self) -> int:
        """Tokens of calls whose price is unknown."""
        return self.purse.unpriced_tokens

    def reserve(self, worst: Usage, *, is_reserve: bool = False) -> None:
        """Set the worst case of a call aside.

        Raises
        ------
        BudgetExhausted
            When the worst case would pass the cap; nothing is set aside then.
        """
        share = 1.0 if is_reserve else 1.0 - RESERVE_SHARE
        if worst.unpriced_calls:
            self.check_tokens(worst, share)
        else:
            self.check_cost(worst, share)
        self.purse.in_flight += worst

    def check_cost(self, worst: Usage, share: float) -> None:
        """Refuse a call whose price might pass the cap."""
        committed = self.spent.cost + self.in_flight.cost
        if worst.cost and committed + worst.cost > self.budget.cost * share + ROUNDING:
            raise BudgetExhausted(
                f"The next model call may cost ${worst.cost:.4f}; ${self.spent.cost:.4f} of "
                f"${self.budget.cost:.2f} are spent, ${self.in_flight.cost:.4f} are in flight and "
                f"{1 - share:.0%} are kept for the report. Raise budget.max_cost to go on."
            )

    def check_tokens(self, worst: Usage, share: float) -> None:
        """Refuse a call of unknown price whose tokens might pass the cap."""
        cap = self.budget.tokens * share
        wanted = _tokens_of(worst)
        waiting = _tokens_of(self.in_flight)
        if self.budget.tokens and self.unpriced_tokens + waiting + wanted > cap:
            raise BudgetExhausted(
                f"The next model call may take {wanted:,} tokens; {self.unpriced_tokens:,} of "
                f"{self.budget.tokens:,} are used, {waiting:,} are in flight and {1 - share:.0%} "
                "are kept for the report. Raise budget.max_tokens, or set model.prices."
            )

    def settle(self, worst: Usage, call: ModelCalled) -> None:
        """Release what was set aside and record what the call really used."""
        self.purse.in_flight = _minus(self.purse.in_flight, worst)
        self.purse.spent += call.usage
        if call.usage.unpriced_calls:
            self.purse.unpriced_tokens += _tokens_of(call.usage)
        self.tell(call)

    def outage(self, outage: ModelOutage) -> None:
        """Record that the endpoint cannot be asked now."""
        self.tell(outage)


def _tokens_of(usage: Usage) -> int:
    """Return all tokens of a usage; cached ones are part of the input, reasoning of the output."""
    return usage.input_tokens + usage.output_tokens


def _minus(usage: Usage, part: Usage) -> Usage:
    """Take `part` out of `usage`."""
    return Usage(
        usage.calls - part.calls,
        usage.input_tokens - part.input_tokens,
        usage.cached_tokens - part.cached_tokens,
        usage.output_tokens - part.output_tokens,
        usage.reasoning_tokens - part.reasoning_tokens,
        max(0.0, usage.cost - part.cost) if usage.calls > part.calls else 0.0,
        usage.unpriced_calls - part.unpriced_calls,
    )

"""Errors of the agent core.

AgentError
├── BudgetExhausted     nothing may be spent any more
├── ModelUnavailable    the endpoint does not answer, or refuses the key or the quota
├── UnusableAnswer      the model answered, twice, with something that cannot be used
├── OutsideGrammar      the rule-based researcher does not understand the task
├── BadDataset          a dataset cannot be read; says why and what to do
├── RunBusy             another live process owns the run
└── UnknownRun          no such run
"""

from __future__ import annotations


class AgentError(Exception):
    """Something that the researcher's work cannot go on with; the message is for people."""


class BudgetExhausted(AgentError):  # noqa: N818
    """Nothing may be spent any more: nodes, seconds, tokens or money."""


class ModelUnavailable(AgentError):  # noqa: N818
    """The model's endpoint cannot be used now; the run stays resumable."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent
        """True for a wrong key or an exhausted quota: asking again is pointless."""


class UnusableAnswer(AgentError):  # noqa: N818
    """An answer stayed malformed after one repair; costs one attempt, never the run."""


class OutsideGrammar(AgentError):  # noqa: N818
    """The rule-based researcher cannot plan this task; says what it understood."""


class BadDataset(AgentError):  # noqa: N818
    """A dataset cannot be used: what is wrong with which file, and what to do."""


class RunBusy(AgentError):  # noqa: N818
    """Another live process owns the run."""


class UnknownRun(AgentError):  # noqa: N818
    """No run has this id."""

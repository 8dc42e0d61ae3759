"""Errors of the agent core.

AgentError
├── BudgetExhausted     nothing may be spent any more
├── ModelUnavailable    the endpoint does not answer, or refuses the key or the quota
├── UnusableAnswer      the model answered, twice, with something that cannot be used
├── OutsideGrammar      the rule-based researcher does not understand the task
├── BadDataset          a dataset cannot be read; says why and what to do
├── NeedsConsent        a plan does not answer the main question, and nobody agreed to start it
├── RunBusy             another live process owns the run
├── DamagedRun          what is recorded of a run cannot be read; others are not affected
└── UnknownRun          no such run
"""

from __future__ import annotations

import errno

MACHINE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
}
"""What the operating system refuses for want of something; all else is a mistake of ours."""


class AgentError(Exception):
    """Something that the researcher's work cannot go on with; the message is for people."""


class BudgetExhausted(AgentError):
    """Nothing may be spent any more: nodes, seconds, tokens or money."""


class ModelUnavailable(AgentError):
    """The model's endpoint cannot be used now; the run stays resumable."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent
        """True for a wrong key or an exhausted quota: asking again is pointless."""


class UnusableAnswer(AgentError):
    """An answer stayed malformed after one repair; costs one attempt, never the run."""


class OutsideGrammar(AgentError):
    """The rule-based researcher cannot plan this task; says what it understood."""


class BadDataset(AgentError):
    """A dataset cannot be used: what is wrong with which file, and what to do."""


class NeedsConsent(AgentError):
    """A plan leaves the main question unanswered: nothing is spent until somebody agrees."""


class RunBusy(AgentError):
    """Another live process owns the run."""


class DamagedRun(AgentError):
    """What is recorded of a run cannot be read: which part, why, and how to be rid of it."""


class UnknownRun(AgentError):
    """No run has this id."""


def machine_trouble(error: BaseException) -> str:
    """Say what the machine lacks where that is what an error is about; else nothing."""
    if not isinstance(error, OSError) or error.errno not in MACHINE:
        return ""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{(error.strerror or str(error)).lower()}. Mend that, then go on."

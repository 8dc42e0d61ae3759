"""What is wrong with an answer, in words that the model is told."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

MAX_FAULTS = 12


class AnswerFault(Exception):
    """An answer cannot be used; the text says exactly why."""

    def __init__(
        self, faults: str | Sequence[str], *, is_formless: bool = False, answer: str = ""
    ) -> None:
        listed = [faults] if isinstance(faults, str) else list(faults)[:MAX_FAULTS]
        super().__init__("; ".join(listed))
        self.faults = tuple(listed)
        self.is_formless = is_formless
        """Whether the asked form was ignored altogether."""
        self.answer = answer
        """What was answered."""


def answer_fault_of(error: ValidationError) -> AnswerFault:
    """List what a pydantic class found wrong, with the places."""
    found = error.errors(include_url=False, include_input=False)
    return AnswerFault([f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in found])

"""What a later question came to, in words: computed when it was asked, and said to be so."""

from __future__ import annotations

from collections.abc import Iterator

from agent_core.domain import Answer
from agent_core.report.answer_sentences import answer_text
from agent_core.rules.asked_values import AskedValues
from agent_core.statistics.computed_now import ComputedNow

MOST_SENTENCES, MOST_CAUTIONS = 3, 3
MARK = "*Computed now*"
EXPLORATORY = "Picked after seeing results: exploratory."


def computed_answer(computed: ComputedNow) -> Answer:
    """Return the answer to a question that was computed when it was asked, or why it was not."""
    if computed.answer is None:
        asked = [m.label for m in computed.asked.metrics]
        offer = f"also report {asked[0]}" if asked and not computed.asked.is_of_users else ""
        return Answer(f"{_sentence(computed.why_not)}, so I cannot say.", (), offer)
    return Answer(" ".join(_parts(computed)))


def _parts(computed: ComputedNow) -> Iterator[str]:
    if computed.answer is None:
        return
    text = answer_text(computed.answer)
    who = _who(computed.asked)
    yield f"{who}: {text.lead}" if who else text.lead
    yield from text.more[: MOST_SENTENCES - 1]
    sample = ", a sample of the users" if computed.is_sample else ""
    yield (
        f"{MARK} from the saved lists and values of {computed.users:,} users in "
        f"{computed.runs:,} run{'s' * (computed.runs != 1)}{sample}. {EXPLORATORY}"
    )
    if text.cautions:
        yield f"Read it with care: {'; '.join(text.cautions[:MOST_CAUTIONS])}."


def _who(asked: AskedValues) -> str:
    """Return whom the values are of; empty for all users."""
    low, high = asked.fewest, asked.most
    if low is not None and high is not None:
        return f"Users with {low:,} to {high:,} interactions in training"
    if low is not None:
        return f"Users with at least {low:,} interactions in training"
    return f"Users with at most {high:,} interactions in training" if high is not None else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"

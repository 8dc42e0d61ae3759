"""How high levels are, as a sentence for each measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core.domain import Better
from agent_core.report.answer_phrases import (
    by_measure,
    ends,
    listed,
    noted,
    spoken,
    value,
    whole,
)
from agent_core.rules.design_words import measure_text
from agent_core.statistics.answers.answer import Answer, Estimate, Statistic, metric_of

MOST_LEVELS = 8
"""Values of one measure that a sentence tells."""


def level_sentences(answer: Answer) -> Iterator[str]:
    """Yield the values of each measure, the best first."""
    for measure, own in by_measure(answer.of(Statistic.MEAN)):
        ranked = ranked_means(measure, own)
        over = dict.fromkeys(e.interval.over for e in ranked if e.interval.is_known)
        told = listed((f"{whole(e)} {value(e)}{_ends(e)}" for e in ranked), MOST_LEVELS)
        notes = f"; in brackets 95 % intervals over {spoken(filter(None, over))}" if over else ""
        yield f"{measure_text(measure)}: {told}{notes}."


def ranked_means(measure: str, means: Sequence[Estimate]) -> list[Estimate]:
    """Return means, the best first; the highest where no end is better."""
    sign = -1 if metric_of(measure).better is not Better.LOWER else 1
    return sorted(means, key=lambda e: sign * e.value)


def _ends(e: Estimate) -> str:
    return noted(ends(e.interval)) if e.interval.is_known else ""

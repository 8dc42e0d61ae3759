"""Answers to the questions of a plan as sentences: the answer first, then what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agent_core.domain import Estimand
from agent_core.prose.sentences import sentences
from agent_core.report.answer_phrases import MOST
from agent_core.report.compared_sentences import (
    cost_sentences,
    count_sentences,
    group_sentences,
    interaction_sentences,
    order_sentences,
    response_sentences,
    trade_off_sentences,
)
from agent_core.report.difference_sentences import difference_sentences
from agent_core.report.level_sentences import level_sentences
from agent_core.report.repeated_sentences import (
    choice_sentences,
    false_alarm_sentences,
    spread_ratio_sentences,
    spread_sentences,
    stopping_sentences,
    variance_share_sentences,
)
from agent_core.rules.design_words import label_text
from agent_core.statistics.answers.answer import Answer, CautionKind

REASONS = (CautionKind.NOT_ASKED,)
"""Cautions that say why there is no answer, where there is none."""
MOST_ABOUT = 3
"""Levels that a caution names; more are counted."""


@dataclass(frozen=True, slots=True)
class AnswerText:
    """An answer in words."""

    lead: str
    """The answer in one sentence or two; empty where nothing was delivered for it."""
    more: tuple[str, ...] = ()
    """Further findings."""
    cautions: tuple[str, ...] = ()

    @property
    def marked(self) -> str:
        """The lead with its first sentence in bold: what is seen at a glance."""
        first, *rest = sentences(self.lead) or [""]
        return " ".join((f"**{first.strip()}**", *(text.strip() for text in rest)))


def answer_text(answer: Answer) -> AnswerText:
    """Return an answer in words: the first measure leads."""
    told = list(SENTENCES[answer.kind](answer)) if answer.estimates else [*_why_none(answer)]
    cautions = tuple(_cautions(answer))
    if answer.missing and told:
        names = dict.fromkeys(f"{m.variant} on {m.block}" for m in answer.missing)
        listed = ", ".join([*names][:MOST]) + (" …" if len(names) > MOST else "")
        cautions = (f"{len(answer.missing)} planned cells have no results: {listed}", *cautions)
    return AnswerText(told[0] if told else "", tuple(told[1:]), cautions)


def _why_none(answer: Answer) -> Iterator[str]:
    """Yield why there is no answer, where that is known."""
    reasons = [c.about for c in answer.cautions if c.kind is CautionKind.NOT_ASKED and c.about]
    if reasons:
        yield f"This cannot be answered: {'; '.join(dict.fromkeys(reasons))}."


def _cautions(answer: Answer) -> Iterator[str]:
    """Yield what can turn an answer, each kind once with what it is about."""
    kinds = [c.kind for c in answer.cautions if answer.estimates or c.kind not in REASONS]
    for kind in dict.fromkeys(kinds):
        own = dict.fromkeys(c.about for c in answer.cautions if c.kind is kind and c.about)
        told = [label_text(about) for about in own]
        more = f" and {len(told) - MOST_ABOUT} more" if len(told) > MOST_ABOUT else ""
        about = "; ".join(told[:MOST_ABOUT])
        yield f"{kind.value}: {about}{more}" if about else kind.value


def _quoted(answer: Answer) -> Iterator[str]:
    return iter(())


SENTENCES: Mapping[Estimand, Callable[[Answer], Iterator[str]]] = {
    Estimand.LEVEL: level_sentences,
    Estimand.DIFFERENCE: difference_sentences,
    Estimand.INTERACTION: interaction_sentences,
    Estimand.RESPONSE: response_sentences,
    Estimand.SPREAD: spread_sentences,
    Estimand.SPREAD_RATIO: spread_ratio_sentences,
    Estimand.VARIANCE_SHARES: variance_share_sentences,
    Estimand.ORDER: order_sentences,
    Estimand.CHOICE: choice_sentences,
    Estimand.STOPPING: stopping_sentences,
    Estimand.TRADE_OFF: trade_off_sentences,
    Estimand.GROUPS: group_sentences,
    Estimand.COUNTS: count_sentences,
    Estimand.COST: cost_sentences,
    Estimand.FALSE_ALARMS: false_alarm_sentences,
    Estimand.SCRIPTS_OWN: _quoted,
}

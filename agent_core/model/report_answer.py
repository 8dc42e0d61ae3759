"""Words about results: references are checked, digits are filled in, invented numbers struck."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from agent_core.domain import Answer, Claim, Plan, ReportDraft, ToldAnswer
from agent_core.grounding.answer_numbers import invented, without
from agent_core.grounding.answer_text import struck, untested
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import AnswerAnswer, ReportAnswer
from agent_core.model.bounds import clip
from agent_core.prose.clipping import on_one_line

REFERENCE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
CLAIM = re.compile(r"claim:(\d+)$")
MAX_ITEMS = 8
MAX_TEXT = 2500


def draft_from(
    answer: ReportAnswer,
    plan: Plan,
    facts: Mapping[str, float],
    answers: Sequence[ToldAnswer] = (),
    *,
    is_last: bool,
) -> ReportDraft:
    """Turn an answer into a report draft; sentences with unknown references go.

    Parameters
    ----------
    answer
        What the model said.
    plan
        The plan.
    facts
        Recorded statistics by reference.
    answers
        To the questions of the plan; their sentences may be referred to.
    is_last
        Whether asking again is not possible.

    Raises
    ------
    AnswerFault
        When references are unknown, as long as asking again is possible.
    """
    names = {a.name for a in plan.algorithms} | {r.split("|")[1] for r in facts if "|" in r}
    metrics = {m.key for m in plan.metrics} | {r.split("|")[0] for r in facts}
    known = {*facts, *_sentence_references(answers)}
    claims = tuple(
        Claim(**c.fields())
        for c in answer.claims[:MAX_ITEMS]
        if c.a in names and c.b in names and c.metric in metrics
    )
    every = [answer.headline, *answer.findings, *answer.limits, *answer.next_steps]
    unknown = sorted({r for text in every for r in _unknown_in(text, known, len(claims))})
    if not is_last and (unknown or len(claims) < len(answer.claims[:MAX_ITEMS])):
        first = ", ".join([*_sentence_references(answers), *sorted(facts)][:20])
        raise AnswerFault(
            f"unknown references or claims: {', '.join(unknown) or 'see claims'}; known: {first}"
        )

    def kept(texts: Sequence[str]) -> tuple[str, ...]:
        good = [t for t in texts if t.strip() and not _unknown_in(t, known, len(claims))]
        return tuple(on_one_line(t, 600) for t in good)[:MAX_ITEMS]

    return ReportDraft(
        "".join(kept([answer.headline])),
        kept(answer.findings),
        kept(answer.limits),
        kept(answer.next_steps),
        claims,
    )


def answer_from(
    answer: AnswerAnswer, facts: Mapping[str, float], recorded: str, *, is_last: bool
) -> Answer:
    """Turn an answer into one whose numbers are recorded ones.

    Parameters
    ----------
    answer
        What the model said.
    facts
        Recorded statistics by reference.
    recorded
        Texts whose numbers may be repeated: question, plan, report, status.
    is_last
        Whether asking again is not possible: then what is not recorded is struck.

    Raises
    ------
    AnswerFault
        When references or numbers are not recorded, as long as asking again is possible.
    """
    if not answer.text.strip():
        raise AnswerFault("text: empty")
    unknown = _unknown_in(answer.text, facts, 0)
    used = dict.fromkeys(r for r in REFERENCE.findall(answer.text) if r in facts)
    made_up = invented(answer.text, facts, recorded)
    compared = untested(answer.text, facts, recorded)
    if (unknown or made_up) and not is_last:
        raise AnswerFault(
            f"not recorded: {', '.join([*unknown, *made_up])}; use references of the list, and "
            "say so when something was not recorded"
        )
    if compared and not is_last:
        raise AnswerFault(
            f"no recorded test: {' '.join(compared)} Say which of two algorithms is higher or "
            "lower only where a recorded difference shows it, in one sentence that names both"
        )
    kept = struck(answer.text, compared)
    text = REFERENCE.sub(lambda m: _digits_for(m[1], facts), without(kept, made_up))
    quoted = tuple(dict.fromkeys([*used, *(r for r in answer.used if r in facts)]))
    offer, compute = on_one_line(answer.offer), on_one_line(answer.compute)
    return Answer(clip(text.strip(), MAX_TEXT), quoted, offer, compute)


def _unknown_in(text: str, known: Collection[str], claims: int) -> list[str]:
    """Return the references of a text that stand for nothing."""
    found = [(r, CLAIM.match(r)) for r in REFERENCE.findall(text)]
    return [r for r, claim in found if not (int(claim[1]) < claims if claim else r in known)]


def _sentence_references(answers: Sequence[ToldAnswer]) -> Iterator[str]:
    """Yield the references of the sentences of answers."""
    for number, told in enumerate(answers, start=1):
        for place in range(1, len(told.sentences) + 1):
            yield f"answer:{number}.{place}"
            if place == 1:
                yield f"answer:{number}"


def _digits_for(reference: str, facts: Mapping[str, float]) -> str:
    """Return the digits of a reference, four significant ones."""
    return f"{facts[reference]:.4g}" if reference in facts else "[not recorded]"

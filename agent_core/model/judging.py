"""Verdicts as a model gives them; the product looks for every quote itself."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from agent_core.domain import Requirement, Verdict
from agent_core.evidence.quotes import Exhibits
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.answers import JudgeAnswer, VerdictPart
from agent_core.model.bounds import clip
from agent_core.prose.clipping import on_one_line

SHOWN_FILE, SHOWN_FILES = 1500, 10_000
"""Characters of one and of all text artifacts that a prompt shows."""
MAX_QUOTE = 600
HASH = re.compile(r"\b[0-9a-f]{32,}\b")
"""Tells a judge nothing."""
DERIVED = ("cells/", "cells.csv", "results.json", "run.json", "split/", "per_user", "design.json")
"""Files of cells and what is derived of them: checks and answers tell what is in them."""


def files_piece(found: Exhibits) -> str:
    """Return the text artifacts for a prompt, bounded: with cells, what the script made itself."""
    hidden = DERIVED if any(n.startswith(DERIVED[0]) for n in found.names) else ()
    shows = _shown_for(found)
    own = sorted(
        (n for n in found.files if not n.startswith(hidden)), key=lambda n: n not in shows
    )
    blocks = [
        f"--- {name}{f' (“{shows[name]}”)' if name in shows else ''}\n"
        f"{clip(HASH.sub('…', found.files[name]), SHOWN_FILE)}"
        for name in own
    ]
    return clip("\n".join(blocks), SHOWN_FILES)


def _shown_for(found: Exhibits) -> dict[str, str]:
    """Return tables with the words of what they were asked for, as the script says it."""
    try:
        told = json.loads(found.files.get("run.json", "{}")).get("tables", {})
    except (ValueError, AttributeError):
        return {}
    tables = told.items() if isinstance(told, dict) else ()
    return {f"{stem}.csv": on_one_line(str(words), 200) for stem, words in tables}


def verdicts_from(
    answer: JudgeAnswer, wanted: Sequence[Requirement], by: str, *, is_last: bool
) -> tuple[Verdict, ...]:
    """Turn an answer into verdicts on the open requirements.

    Raises
    ------
    AnswerFault
        When requirements are passed over, as long as asking again is possible.
    """
    parts = {part.requirement: part for part in reversed(answer.verdicts)}
    missing = [str(r.id) for r in wanted if r.id not in parts]
    if missing and (not is_last or len(missing) == len(wanted)):
        raise AnswerFault(f"verdicts: none about requirements {', '.join(missing)}")
    return tuple(_verdict_from(parts[r.id], by) for r in wanted if r.id in parts)


def _verdict_from(part: VerdictPart, by: str) -> Verdict:
    """Turn one part into a verdict."""
    reason, quote = on_one_line(part.reason, 400), part.quote.strip()[:MAX_QUOTE]
    return Verdict(part.requirement, part.is_met, reason, quote, by)

"""What the thread shows: short enough for a phone, complete enough not to mislead."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent_core.domain import Algorithm, Plan
from agent_core.evidence.retrained import Pair
from agent_core.prose.clipping import clipped, on_one_line
from agent_core.report.answer_chapters import chapters_of, is_of_family
from agent_core.report.caveats import SPLIT_EFFECT, split_limits
from agent_core.report.headline import summaries_over_seeds
from agent_core.report.other_ways import turned
from agent_core.report.rendering import render_part
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.requested_files import asked_tables
from agent_core.report.script_agreement import agreement
from agent_core.statistics.facts import Facts

LINE = 260
MAX_TEXT = 2500
RANKS = {
    "care": 1,
    "answers": 1,
    "tables": 1,
    "numbers": 1,
    "other_metrics": 3,
    "findings": 3,
    "protocol": 2,
    "limits": 1,
    "checks": 1,
    "sensitivity": 2,
    "repetition": 2,
    "retraining": 2,
    "requirements": 1,
    "next": 4,
    "struck": 5,
}
"""The parts of the text in their order; those with the highest rank are left out first."""
ANSWERS = ("care", "answers")
LEAGUE = ("numbers", "other_metrics")
TABLES = "tables"
CHAPTERS = (*ANSWERS, TABLES, "findings", "limits", "next", "struck")
"""Parts that are chapters of their own in `report.md`."""


@dataclass(frozen=True, slots=True)
class Prose:
    """The researcher's words after filling and striking."""

    findings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()


def thread_text(inputs: ReportInputs, facts: Facts, prose: Prose) -> str:
    """Return the text under the headline, the least important parts left out when too long."""
    listed = part_text("other_metrics", inputs, facts)
    told = replace(
        prose,
        findings=tuple(t for t in prose.findings if not t.startswith(_beginnings(listed))),
        limits=tuple(limits_of(inputs, facts, prose)),
    )
    parts = {name: part_text(name, inputs, facts, told) for name in RANKS}
    parts = {name: text for name, text in parts.items() if text}
    while len(text := "\n".join(parts.values())) > MAX_TEXT and len(parts) > 1:
        last = max(RANKS[name] for name in parts)
        del parts[next(name for name in reversed(parts) if RANKS[name] == last)]
    return clipped(text, MAX_TEXT)


def body_text(inputs: ReportInputs, facts: Facts) -> str:
    """Return what `report.md` says before its chapters, without what these repeat."""
    parts = (part_text(name, inputs, facts) for name in RANKS if name not in CHAPTERS)
    return "\n".join(text for text in parts if text)


def part_text(name: str, inputs: ReportInputs, facts: Facts, prose: Prose | None = None) -> str:
    """Return one part of the text, e.g. `protocol`; empty where there is nothing to say."""
    if name in ANSWERS:
        answered, first = chapters_of(inputs), turned(inputs)
        return render_part("answers.md.j2", name, answered=answered, turned=first)
    if name == TABLES:
        return "\n".join(asked_tables(inputs))
    if name in LEAGUE and not is_of_family(inputs):
        return ""  # algorithms over cells that answers tell apart are no league
    return render_part(
        "thread.md.j2",
        name,
        inputs=inputs,
        facts=facts,
        prose=prose or Prose(),
        random_models=_random_models(inputs.plan),
        agreement=agreement(inputs),
        furthest=_furthest_pair(inputs),
        summaries_over_seeds=summaries_over_seeds,
    )


def limits_of(inputs: ReportInputs, facts: Facts, prose: Prose) -> list[str]:
    """Return what was not measured or held fixed, each once."""
    found = split_limits(inputs, facts)
    if len(inputs.datasets) == 1:
        found.append("One data set: nothing here speaks for others.")
    is_said = any(SPLIT_EFFECT in t for t in found)
    return found + [
        on_one_line(t, LINE) for t in prose.limits if not (is_said and SPLIT_EFFECT in t)
    ]


def _beginnings(lines: str) -> tuple[str, ...]:
    """Return the metrics that lines begin with."""
    return tuple(f"{line.split(':')[0]}:" for line in lines.splitlines())


def _random_models(plan: Plan) -> list[str]:
    """Return the names of random algorithms, the values of a sweep under one name."""
    return list(dict.fromkeys(_family_of(plan, a) for a in plan.algorithms if a.is_random))


def _family_of(plan: Plan, algorithm: Algorithm) -> str:
    """Return the name that the values of a sweep share; of any other algorithm its own."""
    is_value = plan.swept is not None and plan.swept in algorithm.config
    return algorithm.name.partition(f" {plan.swept}=")[0] if is_value else algorithm.name


def _furthest_pair(inputs: ReportInputs) -> Pair | None:
    """Return where the product's own training is furthest from what was delivered."""
    primary, pairs = inputs.plan.primary, inputs.retrained_pairs
    ours = [p for p in pairs if (p.metric, p.k) == (primary.name, primary.k)]
    return max(
        ours or pairs, key=lambda p: (not p.agrees, abs(p.trained - p.delivered)), default=None
    )

"""Writes the report of a run: every number from recorded results, every verb from a test."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from pathlib import Path

from agent_core.domain import Outcome, Plan, Report, ReportDraft, Study
from agent_core.grounding.report_text import Filler, Part, filled
from agent_core.prose.clipping import clipped
from agent_core.report import answer_figures, figures
from agent_core.report.answer_chapters import (
    MOST_LINES,
    answer_headline,
    asks_differences,
    chapters_of,
    compared_measures,
    leads_by_answer,
    numbered_answers,
    save_tables,
    told_answers,
)
from agent_core.report.answer_sentences import answer_text
from agent_core.report.bibliography import bibtex
from agent_core.report.bundle import slug, write_bundle
from agent_core.report.caveats import alerts, known_limits
from agent_core.report.failure import failure
from agent_core.report.headline import headline, summaries_over_seeds
from agent_core.report.level_tables import incomparable, level_tables, save_levels
from agent_core.report.methods_section import statements
from agent_core.report.number_texts import mean_text, names_of
from agent_core.report.other_ways import save_other_ways
from agent_core.report.rendering import render_part, render_template
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.requested_files import (
    script_figures,
    script_tables,
    where_text,
    with_asked_first,
)
from agent_core.report.script_outcomes import outcome_text
from agent_core.report.thread_summary import Prose, body_text, limits_of, thread_text
from agent_core.rules.design_words import question_text
from agent_core.rules.requested import Form
from agent_core.statistics.answers.answer import Answer
from agent_core.statistics.answers.differences import with_late_margins
from agent_core.statistics.facts import Facts, Summary, with_late_margin
from agent_core.statistics.quotable import are_apart, compares_parts, estimates_of, quotable
from agent_core.statistics.requested_results import script_names

__all__ = ["ReportInputs", "preliminary_text", "write_report"]

log = logging.getLogger(__name__)

SYNTHETIC_MARK = "SYNTHETIC DATA"
PRELIMINARY = 3
MOST_PRELIMINARY = 240
NOTHING_RECORDED = Facts({})
MOST_REPORT = 15_000
"""Characters of `report.md`; what does not fit stands in files of the zip."""


class Detail(IntEnum):
    """How much a report tells of what other files of the zip have whole."""

    SHORT = 0
    """Statements stand in `methods.md`, and the shortest tables."""
    USUAL = 1
    """Of checks and requirements what is wrong in full, the others by name."""
    WHOLE = 2


CHAPTER_LINES = {Detail.WHOLE: MOST_LINES, Detail.USUAL: 12, Detail.SHORT: 6}
"""Of the table of a question."""


def preliminary_text(plan: Plan, facts: Facts, answers: Sequence[Answer] = ()) -> str:
    """Return the answer to the primary question as far as it goes, for the card.

    Of a family, and without an answer: the primary metric of the best subjects beside their
    baseline.
    """
    if leads_by_answer(plan, answers):
        return clipped(answer_text(answers[0]).lead, MOST_PRELIMINARY)
    found = facts.of(plan.primary)
    bases = names_of(plan.baselines)
    subjects = [s for s in found if s.algorithm not in bases][:PRELIMINARY]
    shown = [*subjects, *(s for s in found if s.algorithm in bases)][: PRELIMINARY + 1]
    if not shown:
        return ""
    first, *rest = shown
    parts = [f"{first.algorithm} {plan.primary.label} {mean_text(first)}"]
    return " · ".join(parts + [f"{s.algorithm} {mean_text(s)}" for s in rest])


def write_report(inputs: ReportInputs, draft: ReportDraft, folder: Path) -> Report:
    """Write report, figures and zip into `folder`, afresh; there always is a report.

    Parameters
    ----------
    inputs
        What was recorded.
    draft
        The researcher's words; their numbers and strong words count for nothing.
    folder
        Emptied first, so that a report can be written again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    facts = inputs.facts or NOTHING_RECORDED
    if inputs.is_margin_late:
        facts = with_late_margin(facts)
        inputs = replace(inputs, answers=tuple(map(with_late_margins, inputs.answers)))
    prose, answer = _fill_words(inputs, facts, draft)
    drawn = _draw(inputs, facts, folder / "figures")
    drawn, asked = with_asked_first(inputs, drawn, folder / "figures")
    if inputs.outcome is Outcome.NOTHING:
        told = failure(inputs)
        prose = Prose(prose.findings, prose.limits, told.next_steps, prose.struck)
        answer, summary, body = told.headline, told.summary, told.summary
    else:
        summary, body = thread_text(inputs, facts, prose), body_text(inputs, facts)
    first = alerts(inputs)
    lead = "\n".join([answer, *first])
    markdown = _report_markdown(inputs, facts, prose, answer, body, drawn)
    _write_texts(inputs, facts, markdown, folder)
    save_tables(inputs.answers, folder / "tables")
    save_levels(inputs.means, folder / "tables")
    save_other_ways(inputs, folder / "tables")
    bundle = write_bundle(inputs, facts, answer, folder)
    solution = folder / "solution.py"
    return Report(
        title=inputs.plan.title,
        outcome=inputs.outcome,
        headline=lead,
        summary=summary,
        markdown=markdown,
        best=inputs.best.id if inputs.best else None,
        figures=drawn,
        asked=asked,
        solution=solution if inputs.has_results and solution.exists() else None,
        bundle=bundle,
        methods=folder / "methods.md",
        warnings=tuple(first),
        struck=prose.struck,
    )


def latex_table(inputs: ReportInputs, facts: Facts) -> str:
    """Return the table of means for a paper; of a design a table a measure."""
    plan = inputs.plan
    if inputs.means:
        return render_template(
            "levels.tex.j2",
            plan=plan,
            tables=level_tables(plan, inputs.means),
            datasets=inputs.datasets,
            label=slug(plan.title),
            reasons=incomparable(inputs.answers),
        ).strip()
    ranked = [*facts.of(plan.primary), *facts.summaries]
    return render_template(
        "table.tex.j2",
        plan=plan,
        facts=facts,
        datasets=inputs.datasets,
        label=slug(plan.title),
        metrics=[m for m in plan.metrics if facts.of(m)],
        algorithms=list(dict.fromkeys(s.algorithm for s in ranked)),
        deviations=_deviations(plan, facts),
    ).strip()


def _fill_words(inputs: ReportInputs, facts: Facts, draft: ReportDraft) -> tuple[Prose, str]:
    """Return the researcher's words, filled and struck, and the headline that stands."""
    execution = inputs.best.execution if inputs.best else None
    filler = Filler(
        inputs.plan,
        quotable(inputs.plan, facts, inputs.answers),
        draft.claims,
        inputs.datasets,
        told_answers(inputs.plan, inputs.answers),
        estimates_of(inputs.answers),
        are_apart(inputs.answers),
        script_names(execution.artifacts) if execution else (),
    )
    offered = filler.fill(draft.headline)
    is_whole = bool(offered) and not filler.struck
    told = {t for c in chapters_of(inputs) for t in (c.text.lead, *c.text.more)}
    findings = tuple(t for t in filled(filler, draft.findings) if t not in told)
    limits = known_limits(inputs, facts, filled(filler, draft.limits, Part.LIMIT))
    steps = filled(filler, draft.next_steps, Part.PROPOSAL)
    answer = answer_headline(inputs)
    is_free = not answer and inputs.plan.study is Study.OTHER
    answer = answer or headline(inputs.plan, facts)
    if is_free and is_whole and filler.leads(draft.headline):
        answer = f"**{offered.replace('**', '')}**"
    elif offered and offered not in (*findings, *told):
        findings = (offered, *findings)
    return Prose(findings, limits, steps, tuple(filler.struck)), answer


def _draw(inputs: ReportInputs, facts: Facts, folder: Path) -> tuple[Path, ...]:
    """Draw the figures; a report without them is better than none."""
    if inputs.evidence is None or not facts.summaries:
        return ()
    mark = SYNTHETIC_MARK if inputs.is_synthetic else ""
    try:
        asked = {
            f"question_{number}": (answer.figure, question_text(inputs.plan, answer.question))
            for number, answer in _drawn_answers(inputs)
        }
        drawn = answer_figures.draw(asked, folder, mark)
        kept = facts if asks_differences(inputs.plan) else replace(facts, comparisons=())
        return (*drawn, *figures.draw(inputs.evidence, kept, folder, mark))
    except (ValueError, RuntimeError, OSError) as error:
        log.warning("figures could not be drawn", exc_info=error)
        return ()


def _drawn_answers(inputs: ReportInputs) -> list[tuple[int, Answer]]:
    """Return the answers that are drawn: those that are told, and those whose figure was asked."""
    told = numbered_answers(inputs)
    asked = {m.name for r in inputs.requests for m in r.made if m.form is Form.FIGURE}
    own = [(n, a) for n, a in enumerate(inputs.answers, start=1) if f"question_{n}" in asked]
    return list(dict(own + told).items())


def _report_markdown(
    inputs: ReportInputs,
    facts: Facts,
    prose: Prose,
    answer: str,
    body: str,
    drawn: tuple[Path, ...],
) -> str:
    """Return the whole report, in as much detail as fits into its length."""
    told = (
        _report_in_detail(detail, inputs, facts, prose, answer, body, drawn)
        for detail in reversed(Detail)
    )
    return next((text for text in told if len(text) <= MOST_REPORT), "") or _report_in_detail(
        Detail.SHORT, inputs, facts, prose, answer, body, drawn
    )


def _report_in_detail(
    detail: Detail,
    inputs: ReportInputs,
    facts: Facts,
    prose: Prose,
    answer: str,
    body: str,
    drawn: tuple[Path, ...],
) -> str:
    lines = CHAPTER_LINES[detail]
    return render_template(
        "report.md.j2",
        detail=detail,
        is_league=not (compares_parts(inputs.plan) and inputs.answers),
        inputs=inputs,
        plan=inputs.plan,
        facts=facts,
        prose=prose,
        headline=answer,
        alerts=alerts(inputs, is_file=True),
        chapters=render_part(
            "answers.md.j2",
            "chapters",
            answered=chapters_of(inputs, lines=lines),
            drawn={path.stem for path in drawn},
        ),
        compared=compared_measures(inputs),
        has_differences=asks_differences(inputs.plan),
        body=body.replace("\n", "\n\n").replace("\n\n• ", "\n- "),
        figures=_captions(inputs, drawn),
        requests=[
            (r.wanted.text, where_text(r))
            for r in inputs.requests
            if r.is_missing or r.wanted.form is not Form.VALUE
        ],
        script_tables=script_tables(inputs),
        limits=limits_of(inputs, facts, prose) if inputs.has_results else prose.limits,
        statements=statements(inputs),
        outcome_text=outcome_text,
    )


def _captions(inputs: ReportInputs, drawn: Sequence[Path]) -> dict[str, str]:
    """Return the figures that stand in no chapter, each with what it shows."""
    in_chapters = {f"question_{c.number}" for c in chapters_of(inputs)}
    says = script_figures(inputs)
    own = "the script's own figure, not drawn again"
    return {
        p.name: f"{says[p.name] or p.stem} ({own})" if p.name in says else p.stem.replace("_", " ")
        for p in drawn
        if p.stem not in in_chapters
    }


def _write_texts(inputs: ReportInputs, facts: Facts, markdown: str, folder: Path) -> None:
    """Write `report.md`, `methods.md`, and its table and references as files of their own."""
    plan, table, references = inputs.plan, latex_table(inputs, facts), bibtex(inputs)
    stated: dict[str, list[str]] = {}
    for subject, text in statements(inputs):
        stated.setdefault(subject, []).append(text)
    methods = render_template(
        "methods.md.j2",
        title=plan.title,
        plan=plan,
        stated=stated,
        latex=table,
        bibtex=references,
    )
    (folder / "tables").mkdir()
    texts = {
        "report.md": markdown,
        "methods.md": methods,
        "tables/table.tex": f"{table}\n",
        "references.bib": f"{references}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _deviations(plan: Plan, facts: Facts) -> list[Summary]:
    """Return what has a spread over seeds, which is the answer of a seed study."""
    names = summaries_over_seeds(plan, facts) if plan.study is Study.SEED_VARIANCE else []
    found = (facts.summary(m, s.algorithm) for s in names for m in plan.metrics)
    return [s for s in found if s is not None and s.over == "seeds"]

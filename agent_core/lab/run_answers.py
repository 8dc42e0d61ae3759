"""Answers to questions about a run: from what is recorded, computed or told."""

from __future__ import annotations

from dataclasses import replace

from pydantic import TypeAdapter

from agent_core.domain import Answer, Plan
from agent_core.grounding.answer_numbers import invented, without
from agent_core.grounding.answer_text import struck, untested
from agent_core.lab.conclusion import Conclusion
from agent_core.lab.run_driver import RunDriver
from agent_core.lab.run_files import status_text
from agent_core.researcher import AnswerRequest
from agent_core.run.view import RunView


async def answer_of(driver: RunDriver, question: str) -> Answer:
    """Answer a question from what is recorded; what a researcher adds to that is struck."""
    view = driver.view
    conclusion = Conclusion(driver.recorder, driver.services.packages, driver.files())
    found = await conclusion.afterwards(question)
    if found.computed:
        return found.computed
    report = view.report.markdown if view.report else ""
    plan, facts = driver.existing_plan(), found.facts.values
    request = AnswerRequest(
        driver.context(), plan, question, facts, report, status_text(view), found.answers
    )
    async with driver.services.researcher.open_metered_view(driver.run_budget()) as researcher:
        answer = await researcher.answer(request)
    await driver.recorder.flush()
    if answer.compute and (computed := (await conclusion.afterwards(answer.compute)).computed):
        return computed
    told = _told(view)
    known = "\n".join((*told[:1], report, *told[1:]))
    text = struck(answer.text, untested(answer.text, facts, known))
    recorded = _recorded(question, plan, told)
    return replace(answer, text=without(text, invented(text, facts, recorded)))


def _told(view: RunView) -> tuple[str, ...]:
    """Return the status of a run, and what its report says first."""
    written = view.report
    return (status_text(view), *((written.headline, written.summary) if written else ()))


def _recorded(question: str, plan: Plan, told: tuple[str, ...]) -> str:
    """Return the texts whose numbers an answer may repeat."""
    level = "90 %" if plan.margin else ""  # of the interval beside a margin
    return "\n".join((question, TypeAdapter(Plan).dump_json(plan).decode(), level, *told))

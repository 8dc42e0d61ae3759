"""A researcher that lies wherever it is asked: nothing of it reaches score, report or answer."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio

from agent_core.data.synthetic import write_catalogue
from agent_core.domain import (
    Answer,
    Claim,
    Direction,
    Nature,
    Packages,
    Priority,
    ReportDraft,
    Requirement,
    RunStatus,
    Task,
    UserId,
    Verdict,
)
from agent_core.domain.events import RunFinished, StatusChanged
from agent_core.grounding.answer_text import STRUCK
from agent_core.lab.housekeeping import open_lab
from agent_core.offline.researcher import OfflineResearcher
from agent_core.settings import LabSettings, TreeSearchSettings
from bot.blocks.report import report_message
from sandbox.opening import open_sandbox
from sandbox.settings import SandboxSettings
from storage.database import open_database
from storage.settings import StorageSettings

QUESTION = "Compare popularity and item kNN, leave-one-out, NDCG@10."
IDLE = "# All requirements are met: NDCG@10 0.9871\nprint('thinking')\n"
LIES = (
    "0.9871", "98.7", "significantly", "far superior", "p < 0.0001", "state of the art", "dwarfs",
    "surpasses", "leak-free", "neural", "übertrifft", "dépasse", "On a temporal", "XLII",
    "signif.", "nobody", "It is not true", "like a dream", "top of the table", "preregistered",
)  # fmt: skip
FIRST, HONEST = 1, 2
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]


class LyingResearcher(OfflineResearcher):
    """Plans and writes one honest script; all else it says is false."""

    name = "liar"

    async def plan(self, request):
        plan = await super().plan(request)
        wish = Requirement(90, "Explain why", Priority.NICE, Nature.SCIENCE, weight=1.0)
        return replace(plan, requirements=(*plan.requirements, wish))

    async def draft(self, request):
        script = await super().draft(request)
        return replace(script, source=IDLE) if request.index == 0 else script

    async def judge(self, request):
        quotes = ("NDCG@10 0.9871", "All requirements are met", "p < 0.0001")
        return tuple(
            Verdict(r.id, True, "met, significantly", quotes[i % 3], self.name)
            for i, r in enumerate((*request.plan.requirements, *request.open))
        )

    async def report(self, request):
        return ReportDraft(
            "ItemKNN is significantly better than Popularity: NDCG@10 0.9871 (p < 0.0001). "
            "On a temporal split it dwarfs Popularity, reaching {{ndcg@10|ItemKNN|mean}}.",
            (
                "ItemKNN reaches 98.7 % of the state of the art.",
                "ItemKNN ({{ndcg@10|ItemKNN|mean}}) is far superior.",
                "{{claim:0}}",
                "NDCG@10 is {{ndcg@10|Oracle|mean}}.",
                "ItemKNN dwarfs Popularity and matches neural models.",
                "On a temporal split ItemKNN reaches {{ndcg@10|ItemKNN|mean}}.",
                "ItemKNN reaches the top of the table, i.e. XLII. It is signif. ahead.",
                "ItemKNN übertrifft Popularity. ItemKNN dépasse Popularity.",
                "It is not true, and nobody believes, that {{claim:0}}.",
            ),
            (
                "None: the result is 0.9871 everywhere.",
                "All checks passed; every requirement is verified and the split is leak-free. "
                "ItemKNN surpasses every algorithm and leads everywhere.",
                "The protocol was preregistered.",
            ),
            (
                "Publish; 0.9871 is significantly better than anything.",
                "Deploy ItemKNN, which dwarfs Popularity.",
                "Repeat with 5 seeds: ItemKNN surpasses Popularity like a dream.",
            ),
            (Claim("Popularity", "ItemKNN", "ndcg@10", Direction.HIGHER),),
        )

    async def answer(self, request):
        return Answer("NDCG@10 of ItemKNN is 0.9871. ItemKNN dwarfs Popularity. It is stable.")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ended(tmp_path_factory):
    """The whole run of a lying researcher, and its answer to a question."""
    folder = tmp_path_factory.mktemp("liar")
    write_catalogue(folder / "catalogue.tsv", users=100, items=60)
    settings = LabSettings(search=TreeSearchSettings(num_draft_nodes=2, max_iterations=0))
    async with AsyncExitStack() as stack:
        opened = open_database(StorageSettings(path=folder / "data"))
        database = await stack.enter_async_context(opened)
        sandbox = await stack.enter_async_context(open_sandbox(SandboxSettings(slots=2)))
        packages = Packages("3.11", {})
        lab = await stack.enter_async_context(
            open_lab(settings, database, sandbox, LyingResearcher(), packages)
        )
        task = Task(QUESTION, (folder / "catalogue.tsv",), UserId("ann"), "test:1")
        run = await lab.submit(task)
        async for logged in lab.events(run):
            event = logged.event
            if isinstance(event, StatusChanged) and event.status is RunStatus.WAITING:
                await lab.start(run, UserId("ann"))
            if isinstance(event, RunFinished):
                break
        answer = await lab.answer(run, "How good is ItemKNN?", UserId("ann"))
        yield await lab.view(run), answer


async def test_what_is_not_shown_counts_nothing(ended):
    view, _ = ended
    idle = view.node(FIRST)

    assert idle.score.value == 0.0
    assert not idle.is_satisfactory
    assert all("occurs nowhere" in v.reason for v in idle.verdicts if v.by == "liar")


async def test_a_check_outweighs_every_claim(ended):
    view, _ = ended
    by_requirement = {v.requirement: v for v in view.node(HONEST).verdicts}

    assert view.best.id == HONEST
    assert not by_requirement[90].is_met
    assert len(by_requirement) == len(view.plan.requirements) == len(view.best.verdicts)


async def test_no_lie_stands_in_report_post_or_answer(ended):
    view, answer = ended
    post = json.dumps(report_message(view, view.report, "ann").blocks)
    told = "\n".join((view.report.headline, view.report.summary, post, answer.text))
    struck, _, listed = view.report.markdown.partition("## Struck from")

    assert [lie for lie in LIES if lie in told] == []
    assert [lie for lie in LIES if lie in struck] == []
    assert "0.9871" in listed
    assert answer.text == f"NDCG@10 of ItemKNN is [not recorded]. {STRUCK} {STRUCK}"
    assert "ItemKNN" in view.report.headline

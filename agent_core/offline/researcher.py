"""The rule-based researcher: no key, no network, no model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import wraps
from typing import TypeVar

from agent_core.domain import (
    Answer,
    Dataset,
    Plan,
    ReportDraft,
    Revision,
    Script,
    Verdict,
)
from agent_core.errors import BadDataset, OutsideGrammar, UnusableAnswer
from agent_core.offline import answering, reporting
from agent_core.offline.composer import WAYS, compose
from agent_core.offline.grammar import Reading
from agent_core.offline.planner import build
from agent_core.offline.repairs import repaired_profile
from agent_core.offline.revision import follow_data, revise
from agent_core.offline.running import can_run, carried_out
from agent_core.offline.task_reading import read_task
from agent_core.researcher import (
    AnswerRequest,
    CallBudget,
    DebugRequest,
    DraftRequest,
    ImproveRequest,
    JudgeRequest,
    MergeRequest,
    PlanRequest,
    ReportRequest,
    ReviseRequest,
)

R = TypeVar("R")
T = TypeVar("T")
READING_S = 120.0
"""A task of ordinary length takes well under two."""
NAME = "rule-based researcher, no AI model"
HELP = (
    "I understand comparisons, grids and sweeps, spreads over seeds and splits, and what changes "
    "with data, splits, size of training or profiles, e.g. “Compare popularity, item kNN and EASE "
    "with 5-fold cross-validation, NDCG@10”. For free questions set OPENAI_API_KEY (and "
    "OPENAI_BASE_URL for another endpoint)."
)


def off_the_loop(
    work: Callable[[OfflineResearcher, R], T],
) -> Callable[[OfflineResearcher, R], Coroutine[None, None, T]]:
    """Let a method work beside the event loop: what it reads is as long as people write."""

    @wraps(work)
    async def beside(researcher: OfflineResearcher, request: R) -> T:
        try:
            async with asyncio.timeout(READING_S):
                return await asyncio.to_thread(work, researcher, request)
        except TimeoutError as error:
            raise OutsideGrammar(
                f"I could not make sense of that within {READING_S:g} s; say it in fewer words."
            ) from error

    return beside


class OfflineResearcher:
    """Plans by a grammar, composes scripts from parts, reports from results."""

    @property
    def name(self) -> str:
        """What card and report call it."""
        return NAME

    @asynccontextmanager
    async def open_metered_view(self, limits: CallBudget) -> AsyncIterator[OfflineResearcher]:
        """Return itself: it makes no calls."""
        yield self

    @off_the_loop
    def plan(self, request: PlanRequest) -> Plan:
        """Write the first plan of a task.

        Raises
        ------
        OutsideGrammar
            When no study, algorithm or metric is recognised.
        """
        names = tuple(d.name for d in request.context.datasets)
        reading = read_task(request.context.task, names)
        if reading.beyond or reading.is_empty or reading.has_only_outsiders:
            raise OutsideGrammar(f"{_understanding_text(reading)} {HELP}")
        dataset = _interaction_dataset(request.context.datasets)
        context = request.context
        plan = build(reading, dataset, context.task, context.folds, context.room)
        plan = carried_out(plan, dataset)
        others = [d.name for d in request.context.datasets if d is not dataset]
        others = others if len(plan.datasets) < 2 else []
        told = f"{', '.join(others)}: one dataset is run at a time, the largest, {dataset.name}"
        return replace(plan, unmapped=(*plan.unmapped, told)) if others else plan

    @off_the_loop
    def revise(self, request: ReviseRequest) -> Revision:
        """Read a reply to the plan."""
        dataset = _interaction_dataset(request.context.datasets)
        read = follow_data if request.reread else revise
        return read(request.plan, dataset, request.reply, request.context.room)

    @off_the_loop
    def draft(self, request: DraftRequest) -> Script:
        """Compose the variant of this draft.

        Raises
        ------
        UnusableAnswer
            When no script of mine carries the plan out.
        """
        dataset = _interaction_dataset(request.context.datasets)
        if reason := can_run(request.plan, dataset):
            raise UnusableAnswer(f"No script of mine carries this plan out: {reason}.")
        return compose(request.plan, dataset, request.index)

    @off_the_loop
    def debug(self, request: DebugRequest) -> Script:
        """Compose again, by what the failure says of the data, or another variant.

        Raises
        ------
        UnusableAnswer
            When every variant has failed, or memory or time ran out.
        """
        failed = [*request.attempts, request.node]
        dataset = repaired_profile(
            _interaction_dataset(request.context.datasets), request.plan, failed
        )
        return _next_variant(request.plan, dataset, [n.script for n in failed])

    @off_the_loop
    def improve(self, request: ImproveRequest) -> Script:
        """Compose a variant that was not tried from this node.

        Raises
        ------
        UnusableAnswer
            When there is none left: what is open cannot be had by rules.
        """
        tried = [*(n.script for n in request.attempts), request.node.script]
        return _next_variant(request.plan, _interaction_dataset(request.context.datasets), tried)

    async def merge(self, request: MergeRequest) -> Script:
        """Return the first script: the parts of all variants are the same."""
        return request.first.script

    async def judge(self, request: JudgeRequest) -> tuple[Verdict, ...]:
        """Leave everything open that no check decides."""
        reason = "not decidable offline: no check covers it, and no AI model is set"
        return tuple(Verdict(r.id, is_met=False, reason=reason, by=NAME) for r in request.open)

    @off_the_loop
    def report(self, request: ReportRequest) -> ReportDraft:
        """Write findings with references, limits and next steps."""
        return reporting.draft_of(request)

    @off_the_loop
    def answer(self, request: AnswerRequest) -> Answer:
        """Answer from recorded results."""
        return answering.answer(request)


def _next_variant(plan: Plan, dataset: Dataset, tried: list[Script]) -> Script:
    """Return the first variant that is not among the scripts that were tried.

    Raises
    ------
    UnusableAnswer
        When there is none left.
    """
    sources = {s.source for s in tried}
    for index in range(len(WAYS)):
        script = compose(plan, dataset, index)
        if script.source not in sources:
            return script
    raise UnusableAnswer("All variants that the rules can build were tried.")


def _interaction_dataset(datasets: tuple[Dataset, ...]) -> Dataset:
    """Return the dataset that holds the interactions: the largest one.

    Raises
    ------
    BadDataset
        When there is none.
    """
    if not datasets:
        raise BadDataset("There is no dataset. Attach a file with user and item columns.")
    return max(datasets, key=lambda d: d.rows)


def _understanding_text(reading: Reading) -> str:
    """Say what was understood of a task that cannot be planned."""
    parts = [*reading.algorithms, *(m.upper() for m in reading.metrics)]
    parts += [f"“{words}”, which {reason}" for words, reason in reading.outside]
    known = f"I understood {'; '.join(parts)}" if parts else "I recognised no experiment in it"
    if reading.beyond:
        kinds = " and ".join(reading.beyond)
        return f"This asks for {kinds}, which I cannot set up without a model ({known})."
    return f"This task is outside of what I can plan: {known}."

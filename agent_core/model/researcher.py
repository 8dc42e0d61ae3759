"""ModelResearcher: plans, writes, judges and words by asking an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from agent_core.domain import (
    Answer,
    Node,
    Plan,
    ReportDraft,
    Revision,
    Script,
    Usage,
    Verdict,
)
from agent_core.domain.events import ModelCalled, ModelOutage
from agent_core.errors import UnusableAnswer
from agent_core.evidence.quotes import exhibits
from agent_core.lenskit.api_reference import Lookup, part
from agent_core.model.answers import (
    AnswerAnswer,
    JudgeAnswer,
    ReportAnswer,
    RevisionAnswer,
)
from agent_core.model.bounds import REFERENCE, TASK, clip
from agent_core.model.code import script_in
from agent_core.model.dialogue import Dialogue, Form, class_form
from agent_core.model.endpoint import PAUSE_S, Endpoint, open_endpoint
from agent_core.model.judging import files_piece, verdicts_from
from agent_core.model.plan_answer import PlanAnswer
from agent_core.model.planning import plan_from
from agent_core.model.pricing import price_of, with_cost
from agent_core.model.prompting import (
    MAX_OTHERS,
    Prompt,
    attempts_piece,
    bullets,
    facts_piece,
    node_piece,
    piece,
    render_prompt,
    study_pieces,
)
from agent_core.model.recording import Conversations
from agent_core.model.report_answer import answer_from, draft_from
from agent_core.model.requests import Voice
from agent_core.model.revising import reply_with_data, revision_from
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
    Request,
    Researcher,
    ReviseRequest,
)
from agent_core.settings import AgentSettings, ModelSettings, PrivacySettings
from agent_core.statistics.quotable import compares_parts

T = TypeVar("T")
SCRIPT = Form(lambda text, _: script_in(text))

PLANNED_CALLS = Usage(calls=8, input_tokens=8 * 9000, output_tokens=8 * 6000)
"""What a usual run asks for, to estimate its cost."""
OLD_NAMES = ("lenskit.algorithms", "lenskit.crossfold", "lenskit.topn", "Recommender", ".fit(")
MAX_REPORT = 12_000
ASKED_AFRESH = frozenset({"plan", "revise", "report", "answer"})
"""Questions whose answers a run hangs on."""


def is_told(request: ReportRequest) -> bool:
    """Whether the answers of a design tell its values, each with the levels that it is at."""
    return compares_parts(request.plan) and any(a.sentences for a in request.answers)


class Unlimited:
    """A meter that counts nothing, for calls outside a run."""

    def reserve(self, worst: Usage, *, is_reserve: bool = False) -> None:
        """Allow everything."""

    def settle(self, worst: Usage, call: ModelCalled) -> None:
        """Forget the call."""

    def outage(self, outage: ModelOutage) -> None:
        """Forget the outage."""


@dataclass(eq=False, repr=False)
class ModelResearcher:
    """Implements `Researcher` over an endpoint; `open_metered_view` gives the view of one run."""

    endpoint: Endpoint
    agent: AgentSettings
    privacy: PrivacySettings
    lookup: Lookup | None = None
    meter: CallBudget = field(default_factory=Unlimited)
    record: Conversations | None = None

    @property
    def name(self) -> str:
        """The name of the model that writes scripts."""
        return self.agent.code.model

    @asynccontextmanager
    async def open_metered_view(self, limits: CallBudget) -> AsyncIterator[Researcher]:
        """Open a view of this researcher whose calls count against one run."""
        yield replace(self, meter=limits)

    async def ask(self, prompt: Prompt, form: Form[T], voice: Voice, request: Request) -> T:
        """Ask one question; the conversation is kept where that is wanted."""
        dialogue = Dialogue(self.endpoint, self.meter, request.context.node)
        try:
            return await dialogue.ask(prompt, voice, form)
        finally:
            if self.record:
                self.record.save(prompt, voice.model, request, dialogue.said)

    async def plan(self, request: PlanRequest) -> Plan:
        """Write the first plan."""
        context = request.context

        def convert(answer: PlanAnswer, _: bool) -> Plan:
            return plan_from(answer, context.datasets, cost=self.estimate(), folds=context.folds)

        form = class_form("plan", PlanAnswer, convert)
        return await self._ask_in_role("plan", form, request, folds=context.folds)

    def estimate(self) -> float:
        """Return what a usual run costs with this model; 0 where the price is unknown."""
        price = price_of(self.endpoint.settings.prices, self.agent.code.model)
        return with_cost(PLANNED_CALLS, price).cost

    async def revise(self, request: ReviseRequest) -> Revision:
        """Read a reply to the plan."""

        def convert(answer: RevisionAnswer, _: bool) -> Revision:
            return revision_from(answer, request.plan, request.context.datasets)

        form = class_form("revision", RevisionAnswer, convert)
        reply = clip(reply_with_data(request), TASK)
        return await self._ask_in_role("revise", form, request, reply=reply)

    async def draft(self, request: DraftRequest) -> Script:
        """Write a script from scratch."""
        others = bullets(request.others, MAX_OTHERS, 300)
        return await self._ask_in_role(
            "draft", SCRIPT, request, number=request.index + 1, others=others
        )

    async def debug(self, request: DebugRequest) -> Script:
        """Repair a script that crashed or failed a binding check."""
        node = request.node
        output = node.execution.output if node.execution else node.error or ""
        api_reference = request.api_reference
        if self.lookup and not api_reference:
            api_reference = await self.lookup(output)
        is_old = any(name in output or name in node.script.source for name in OLD_NAMES)
        return await self._ask_in_role(
            "debug",
            SCRIPT,
            request,
            node=self._shown(node, request.plan),
            attempts=attempts_piece(request.attempts, share_rows=self.privacy.share_rows),
            api_reference=clip(api_reference, REFERENCE),
            oldnames=part("oldnames") if is_old else "",
        )

    async def improve(self, request: ImproveRequest) -> Script:
        """Make a working script meet one more requirement."""
        return await self._ask_in_role(
            "improve",
            SCRIPT,
            request,
            node=self._shown(request.node, request.plan),
            attempts=attempts_piece(request.attempts, share_rows=self.privacy.share_rows),
            aim=piece("aim", request.node, request.aim),
        )

    async def merge(self, request: MergeRequest) -> Script:
        """Combine two working scripts."""
        first, second = (self._shown(n, request.plan) for n in (request.first, request.second))
        return await self._ask_in_role("merge", SCRIPT, request, first=first, second=second)

    async def judge(self, request: JudgeRequest) -> tuple[Verdict, ...]:
        """Decide all open requirements in one call; every met one is quoted."""
        if not request.open:
            return ()
        node, rows = request.node, self.privacy.share_rows
        output = node.execution.output if node.execution else ""
        found = await asyncio.to_thread(
            exhibits, node.script.source, output, request.artifacts, share_rows=rows
        )
        by = self._voice("judge").model

        def convert(answer: JudgeAnswer, is_last: bool) -> tuple[Verdict, ...]:
            return verdicts_from(answer, request.open, by, is_last=is_last)

        return await self._ask_in_role(
            "judge",
            class_form("verdicts", JudgeAnswer, convert),
            request,
            node=self._shown(node, request.plan),
            listed=clip(", ".join(found.names), 2000),
            files=files_piece(found),
            open=piece("requirements", request.open),
        )

    async def report(self, request: ReportRequest) -> ReportDraft:
        """Word the report, with references in place of numbers."""

        def convert(answer: ReportAnswer, is_last: bool) -> ReportDraft:
            return draft_from(
                answer, request.plan, request.facts, request.answers, is_last=is_last
            )

        return await self._ask_in_role(
            "report",
            class_form("report", ReportAnswer, convert),
            request,
            outcome=piece("outcome", request),
            nodes=piece("nodes", request.nodes),
            answers=piece("answers", request.answers),
            facts="" if is_told(request) else facts_piece(request.facts),
        )

    async def answer(self, request: AnswerRequest) -> Answer:
        """Answer a question from recorded results only."""
        report = clip(request.report, MAX_REPORT) or "None yet."
        question = clip(request.question, TASK)
        study = study_pieces(request.context, request.plan)
        answers = piece("answers", request.answers)
        words = (question, report, request.status, study["plan"]["text"], study["task"], answers)
        known = "\n".join((*words, study["plan"]["requirements"], study["data"]))

        def convert(answer: AnswerAnswer, is_last: bool) -> Answer:
            return answer_from(answer, request.facts, known, is_last=is_last)

        return await self._ask_in_role(
            "answer",
            class_form("answer", AnswerAnswer, convert),
            request,
            report=report,
            status=clip(request.status, 1000),
            answers=clip(answers, MAX_REPORT),
            facts=facts_piece(request.facts),
            question=question,
        )

    async def _ask_in_role(self, role: str, form: Form[T], request: Request, **pieces: Any) -> T:
        """Ask what a request asks for, afresh once more where the run hangs on its answer."""
        plan = None if isinstance(request, PlanRequest) else request.plan
        prompt = render_prompt(role, **study_pieces(request.context, plan), **pieces)
        try:
            return await self.ask(prompt, form, self._voice(role), request)
        except UnusableAnswer:
            if role not in ASKED_AFRESH:
                raise
            return await self.ask(prompt, form, self._voice(role), request)

    def _voice(self, role: str) -> Voice:
        """Return who answers in a role; what a role leaves unset comes from `[agent.code]`."""
        code, report = self.agent.code, self.agent.report
        own = {"judge": self.agent.judge, "report": report, "answer": report}.get(role, code)
        return Voice(
            role,
            own.model or code.model,
            code.model_temp if own.model_temp is None else own.model_temp,
            own.effort or code.effort,
            self.endpoint.settings.max_output_tokens,
            is_reserve=role in ("report", "answer"),
        )

    def _shown(self, node: Node, plan: Plan) -> dict[str, str]:
        """Describe a node for a prompt."""
        return node_piece(node, plan, share_rows=self.privacy.share_rows)


@asynccontextmanager
async def open_model_researcher(
    model: ModelSettings,
    agent: AgentSettings,
    privacy: PrivacySettings,
    key: SecretStr,
    lookup: Lookup | None = None,
    *,
    record: Path | None = None,
    pause_s: float = PAUSE_S,
) -> AsyncIterator[ModelResearcher]:
    """Open a researcher on an OpenAI-compatible endpoint.

    Parameters
    ----------
    model
        The endpoint; an empty `base_url` is the client library's default.
    agent
        The models per role.
    privacy
        What may be sent.
    key
        The API key; appears in no message, event or log.
    lookup
        Looks up the library names of a traceback; see `agent_core.lenskit.api_reference`.
    record
        Folder that conversations are kept in, without secrets; None: they are not kept.
    pause_s
        First pause before a request is repeated, in seconds; later ones grow.
    """
    async with open_endpoint(model, key, pause_s) as endpoint:
        kept = Conversations(record, endpoint.redact) if record else None
        yield ModelResearcher(endpoint, agent, privacy, lookup, record=kept)

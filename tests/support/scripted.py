"""A researcher that plays a script: what a test hands it, it answers."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from builders import plan_of, requirement

from agent_core.domain import Answer, ReportDraft, Revision, Script, Verdict

WORKING = "import json\nprint('ran')\n"


@dataclass
class ScriptedResearcher:
    """Answers from lists: an exception is raised, an empty list gives ever new scripts."""

    first_plan: object = field(default_factory=lambda: plan_of(requirement(1)))
    drafts: list = field(default_factory=lambda: [WORKING])
    repairs: list = field(default_factory=list)
    improvements: list = field(default_factory=list)
    verdict: object = None
    revision: object = Revision(reply="noted")
    calls: list = field(default_factory=list)
    name: str = "scripted"

    @asynccontextmanager
    async def open_metered_view(self, limits):
        yield self

    def next(self, role, answers):
        self.calls.append(role)
        if not answers:
            return f"print('{role} {len(self.calls)}')\n"
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def plan(self, request):
        return self.next("plan", [self.first_plan])

    async def revise(self, request):
        self.calls.append("revise")
        return self.revision

    async def draft(self, request):
        return Script(f"draft {request.index}", self.next("draft", self.drafts))

    async def debug(self, request):
        return Script("repair", self.next("debug", self.repairs))

    async def improve(self, request):
        return Script("improvement", self.next("improve", self.improvements))

    async def merge(self, request):
        raise AssertionError("nothing merges here")

    async def judge(self, request):
        self.calls.append("judge")
        if isinstance(self.verdict, Exception):
            raise self.verdict
        is_met = self.verdict if self.verdict is not None else True
        return tuple(Verdict(r.id, is_met, "shown", "ran", self.name) for r in request.open)

    async def report(self, request):
        self.calls.append("report")
        return ReportDraft("")

    async def answer(self, request):
        self.calls.append("answer")
        return Answer(f"about: {request.question}")

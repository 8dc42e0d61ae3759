"""Recorded conversations played again: what the prompt is now, and whether answers still read."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import SecretStr, TypeAdapter

from agent_core.model.answer_fault import AnswerFault
from agent_core.model.dialogue import Form
from agent_core.model.endpoint import open_endpoint
from agent_core.model.prompting import Prompt
from agent_core.model.requests import Voice
from agent_core.model.researcher import ModelResearcher
from agent_core.researcher import (
    AnswerRequest,
    DebugRequest,
    DraftRequest,
    ImproveRequest,
    JudgeRequest,
    MergeRequest,
    PlanRequest,
    ReportRequest,
    Request,
    ReviseRequest,
)
from agent_core.rules.stored import with_levels
from agent_core.settings import AgentSettings, ModelSettings, PrivacySettings

T = TypeVar("T")


REQUESTS: dict[str, type[Any]] = {
    "plan": PlanRequest,
    "revise": ReviseRequest,
    "draft": DraftRequest,
    "debug": DebugRequest,
    "improve": ImproveRequest,
    "merge": MergeRequest,
    "judge": JudgeRequest,
    "report": ReportRequest,
    "answer": AnswerRequest,
}
"""Role to the request it is asked with."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One recorded conversation."""

    role: str
    model: str
    request: Any
    system: str
    user: str
    said: tuple[str, ...]

    @property
    def size(self) -> int:
        """Characters of the prompt."""
        return len(self.system) + len(self.user)


class Rehearsed(Exception):
    """A question was put; nothing was asked."""

    def __init__(self, prompt: Prompt, faults: Sequence[str]) -> None:
        super().__init__(prompt.name)
        self.prompt = prompt
        self.faults = tuple(faults)


class Rehearsal(ModelResearcher):
    """A researcher that asks nobody: it reads the recorded answers with today's reader."""

    said: tuple[str, ...] = ()

    async def ask(self, prompt: Prompt, form: Form[T], voice: Voice, request: Request) -> NoReturn:
        """Read what was said and raise what came of it."""
        faults = []
        for number, text in enumerate(self.said, 1):
            try:
                form.read(text, number == len(self.said))
            except AnswerFault as fault:
                faults.append(str(fault))
            else:
                faults.append("")
        raise Rehearsed(prompt, faults)


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """What came of playing one conversation again."""

    path: Path
    then: Conversation
    now: Prompt
    faults: tuple[str, ...]
    """For each recorded answer why it cannot be used; empty where it can."""

    @property
    def is_usable(self) -> bool:
        """Whether the last recorded answer still reads."""
        return bool(self.faults) and not self.faults[-1]

    def difference(self) -> list[str]:
        """Return the lines of the prompt that changed, as a unified diff."""
        old = f"{self.then.system}\n<<user>>\n{self.then.user}".splitlines()
        new = f"{self.now.system}\n<<user>>\n{self.now.user}".splitlines()
        return list(difflib.unified_diff(old, new, "recorded", "now", n=1, lineterm=""))


async def rehearse(paths: Sequence[Path]) -> list[Rehearsing]:
    """Play recorded conversations again, without any endpoint."""
    results = []
    async with open_endpoint(ModelSettings(), SecretStr("none")) as endpoint:
        researcher = Rehearsal(endpoint, AgentSettings(), PrivacySettings())
        for path in paths:
            then = read_conversation(path)
            researcher.said = then.said
            try:
                await getattr(researcher, then.role)(then.request)
            except Rehearsed as done:
                results.append(Rehearsing(path, then, done.prompt, done.faults))
    return results


def read_conversation(path: Path) -> Conversation:
    """Read a recorded conversation."""
    body = json.loads(path.read_text(encoding="utf-8"))
    request = TypeAdapter(REQUESTS[body["role"]]).validate_python(with_levels(body["request"]))
    return Conversation(
        body["role"], body["model"], request, body["system"], body["user"], tuple(body["said"])
    )

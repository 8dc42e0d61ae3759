"""Cases with known truth on which a judge is measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from builders import plan_of

from agent_core.domain import Node, NodeId, Operator, Packages, Requirement, RunId, Script, Verdict
from agent_core.evidence.quotes import Exhibits, exhibits, with_found_quotes
from agent_core.researcher import Context, JudgeRequest
from sandbox.execution import Artifact, Ended, Execution, IsolationLevel

PAIRS = Path(__file__).parents[2] / "benchmarks/calibration.toml"


@dataclass(frozen=True, slots=True)
class Case:
    """A requirement, a script with what it left, and whether the requirement is met."""

    name: str
    requirement: str
    source: str
    output: str
    files: dict[str, str]
    is_met: bool
    quote: str
    """Shows that it is met; empty where it is not."""

    def request(self, folder: Path) -> JudgeRequest:
        """Lay the files out and ask for a verdict."""
        folder.mkdir(parents=True)
        artifacts = []
        for name, text in self.files.items():
            (folder / name).write_text(text)
            artifacts.append(Artifact(name, folder / name, len(text)))
        execution = Execution(
            0, Ended.FINISHED, self.output, 1.0, IsolationLevel.COLD, artifacts=tuple(artifacts)
        )
        script = Script("an experiment", self.source)
        node = Node(NodeId(1), Operator.DRAFT, (), 1, script, execution=execution)
        wanted = Requirement(1, self.requirement)
        context = Context(RunId("calibration"), self.requirement, (), Packages("3.11", {}))
        paths = {a.name: a.path for a in artifacts}
        return JudgeRequest(context, plan_of(wanted), node, (wanted,), paths)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a judge's verdicts compare with the truth."""

    right: int
    met_by_mistake: tuple[str, ...]
    unmet_by_mistake: tuple[str, ...]

    @property
    def cases(self) -> int:
        """All cases."""
        return self.right + len(self.met_by_mistake) + len(self.unmet_by_mistake)


def read_cases(path: Path = PAIRS) -> list[Case]:
    """Read the pairs: each gives one case that is met and one that is not."""
    found = []
    for number, pair in enumerate(tomllib.loads(path.read_text())["pair"], 1):
        for kind in ("met", "unmet"):
            found.append(
                Case(
                    name=f"{number} {kind}",
                    requirement=pair["requirement"],
                    source=pair[kind],
                    output=pair.get(f"{kind}_output", ""),
                    files=pair.get(f"{kind}_files", {}),
                    is_met=kind == "met",
                    quote=pair["quote"] if kind == "met" else "",
                )
            )
    return found


def exhibits_of(request: JudgeRequest) -> Exhibits:
    """Return what may be quoted of a case."""
    output = request.node.execution.output if request.node.execution else ""
    return exhibits(request.node.script.source, output, request.artifacts)


async def agreement(judge, cases: list[Case], folder: Path) -> Agreement:
    """Have all cases judged, quotes looked for as in a run, and compare with the truth."""
    right, met, unmet = 0, [], []
    for case in cases:
        request = case.request(folder / case.name.replace(" ", "-"))
        verdicts = with_found_quotes(await judge(request), exhibits_of(request))
        is_met = any(is_about(v) and v.is_met for v in verdicts)
        right += is_met == case.is_met
        if is_met != case.is_met:
            (met if is_met else unmet).append(case.name)
    return Agreement(right, tuple(met), tuple(unmet))


def is_about(verdict: Verdict) -> bool:
    """Whether a verdict is about the requirement of its case."""
    return verdict.requirement == 1

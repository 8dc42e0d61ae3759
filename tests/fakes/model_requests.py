"""Requests to a model researcher about the seed study of the builders' plan."""

from __future__ import annotations

from dataclasses import replace

from builders import node_of, plan_of, requirement

from agent_core.domain import Column, Dataset, NodeId, Outcome, Packages, RunId
from agent_core.researcher import (
    AnswerRequest,
    Context,
    DebugRequest,
    DraftRequest,
    ImproveRequest,
    JudgeRequest,
    MergeRequest,
    PlanRequest,
    ReportRequest,
    ReviseRequest,
)
from sandbox.execution import Ended, Execution, IsolationLevel

DATA = Dataset(
    name="u.data",
    sha256="06416e",
    size=2_000_000,
    separator="\t",
    has_header=False,
    columns=tuple(
        Column(name, "int", 900) for name in ("user_id", "item_id", "rating", "timestamp")
    ),
    user_column="user_id",
    item_column="item_id",
    rating_column="rating",
    timestamp_column="timestamp",
    rows=100_000,
    users=943,
    items=1682,
    rating_values=(1.0, 2.0, 3.0, 4.0, 5.0),
    first_time="1997-09-20",
    last_time="1998-04-22",
    min_user_interactions=20,
    known_as="MovieLens 100K",
)
PACKAGES = Packages("3.11.9", {"lenskit": "2025.8.1", "numpy": "2.4.6", "pandas": "2.3.3"})
CONTEXT = Context(
    RunId("r1"), "How much does NDCG@10 vary with the seed?", (DATA,), PACKAGES, node=NodeId(4)
)
PLAN = plan_of(requirement(1, "seeds_as_planned"), requirement(2))
FACTS = {
    "ndcg@10|ImplicitMF|mean": 0.1551,
    "ndcg@10|ImplicitMF|sd": 0.0027,
    "ndcg@10|Popularity|mean": 0.0683,
}
SOURCE = "import labbook\nlabbook.row('ndcg', 0.1551, k=10, algorithm='ImplicitMF')\n"


def node_with(output="ImplicitMF ndcg@10 0.1551", source=SOURCE, **more):
    execution = Execution(0, Ended.FINISHED, output, 3.0, IsolationLevel.COLD)
    node = node_of(1, execution=execution, value=0.5)
    return replace(node, script=replace(node.script, source=source), **more)


def failed_with(output, number=2):
    execution = Execution(1, Ended.FINISHED, output, 3.0, IsolationLevel.COLD)
    return node_of(number, execution=execution)


def request_for(role, **more):
    """Return a request of the given role."""
    failed = more.get("node") or failed_with("ValueError: bad")
    node = more.pop("node", None) or node_with()
    requests = {
        "plan": lambda: PlanRequest(CONTEXT),
        "revise": lambda: ReviseRequest(CONTEXT, PLAN, "please K = 20"),
        "draft": lambda: DraftRequest(CONTEXT, PLAN, 0, ("count everything",)),
        "debug": lambda: DebugRequest(CONTEXT, PLAN, failed),
        "improve": lambda: ImproveRequest(CONTEXT, PLAN, node, PLAN.requirements[1]),
        "merge": lambda: MergeRequest(CONTEXT, PLAN, node, node),
        "judge": lambda: JudgeRequest(CONTEXT, PLAN, node, PLAN.requirements[1:], {}),
        "report": lambda: ReportRequest(CONTEXT, PLAN, (node,), node, Outcome.PARTIAL, FACTS),
        "answer": lambda: AnswerRequest(CONTEXT, PLAN, "What is the SD?", FACTS, "", "finished"),
    }
    return replace(requests[role](), **more)


async def ask(researcher, role, **more):
    """Ask a researcher in one role."""
    return await getattr(researcher, role)(request_for(role, **more))


ROLES = ("plan", "revise", "draft", "debug", "improve", "merge", "judge", "report", "answer")

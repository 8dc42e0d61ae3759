"""Domain values for tests, complete and small."""

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    Level,
    Metric,
    Node,
    NodeId,
    Operator,
    Plan,
    Priority,
    Requirement,
    Role,
    Score,
    Script,
    SplitKind,
    SplitRules,
    Study,
    Verdict,
)
from sandbox.execution import Ended, Execution, IsolationLevel

OK = Execution(0, Ended.FINISHED, "done", 1.0, IsolationLevel.COLD)


def crashed(text="ValueError: bad 3"):
    return Execution(1, Ended.FINISHED, f"Traceback\n{text}\n", 1.0, IsolationLevel.COLD)


def requirement(number, check=None, priority=Priority.MUST):
    return Requirement(number, f"requirement {number}", priority, check=check)


def plan_of(*requirements, study=Study.SEED_VARIANCE):
    return Plan(
        version=1,
        title="Seed effect",
        question="How much do seeds matter?",
        study=study,
        datasets=("u.data",),
        feedback="every rating counts",
        split_levels=(Level(SplitRules(SplitKind.LEAVE_ONE_OUT)),),
        algorithms=(
            Algorithm("ImplicitMF", "ImplicitMFScorer", {"embedding_size": 32}, is_random=True),
            Algorithm("Popularity", "PopScorer", role=Role.BASELINE),
        ),
        metrics=(Metric("ndcg", 10),),
        requirements=requirements or (requirement(1), requirement(2)),
        seeds=(0, 1, 2),
    )


def rated(plan, lowest):
    """Return a plan in which ratings below `lowest` are dropped."""
    return plan.with_data(DataRule(DataRuleKind.LOWEST_RATING, lowest))


def node_of(number, *, execution=OK, value=None, parents=(), operator=Operator.DRAFT, **more):
    score = None if value is None else Score(value, 1, 2, int(value == 1.0), 1)
    verdicts = (Verdict(1, is_met=True, reason="shown"),) if score else ()
    return Node(
        NodeId(number),
        operator,
        tuple(NodeId(p) for p in parents),
        1,
        Script(f"plan {number}", f"print({number})"),
        execution=execution,
        score=score,
        verdicts=verdicts,
        **more,
    )

"""Reports of the rule-based researcher: every sentence of every study stands."""

import itertools

import pytest
from composed_designs import DESIGNS
from results import dataset

from agent_core.domain import Node, NodeId, Operator, Outcome, Packages, RunId, Script
from agent_core.grounding.report_text import Filler, Part, filled
from agent_core.offline.answering import answer
from agent_core.offline.reporting import draft_of
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import AnswerRequest, Context, PlanRequest, ReportRequest
from agent_core.statistics.facts import Comparison, Facts
from agent_core.statistics.inference import Interval

MOVIES = dataset(timestamp_column="timestamp", min_user_interactions=20)
STATISTICS = ("mean", "sd", "sd_low", "sd_high", "cv", "min", "max", "ci_low", "ci_high")
TASKS = [
    "How much do 30 random seeds change NDCG and Recall at 10 of ImplicitMF, leave-one-out?",
    "Compare popularity, item kNN and EASE with 5-fold cross-validation, NDCG@10",
    "Compare popularity, item kNN, BPR and ImplicitMF, leave-one-out, NDCG@10, Recall@10, Hit@10",
    "Compare popularity, item kNN and ImplicitMF, holding out 20 %, NDCG@10, Recall@20, 3 seeds",
    "Compare popularity and item kNN, leave-last, NDCG@10 and Recall@10",
    "Compare popularity, EASE and SLIM, split by time, NDCG@5 and NDCG@10",
    "Sweep k of item kNN over 5, 10, 20 and 40, NDCG@10",
    "Compare the rating predictions of BiasedMF, item kNN and the bias model, RMSE and MAE",
    "Compare popularity, item kNN, user kNN, EASE, ImplicitMF and BPR, NDCG@10, MRR, coverage",
]


def facts_for(plan):
    """Return facts in which everything was recorded."""
    names = [a.name for a in plan.algorithms]
    values = {
        f"{m.key}|{n}|{s}": 0.1 + 0.01 * i
        for m in plan.metrics
        for n in names
        for i, s in enumerate(STATISTICS)
    }
    pairs = tuple(
        Comparison(m, a, b, 0.1, Interval(0.05, 0.15, "users", "", "", 9), 0.001, 0.001, 9)
        for m in plan.metrics
        for a, b in itertools.combinations(names, 2)
    )
    return Facts(values, (), pairs)


@pytest.mark.parametrize("has_result", [True, False])
@pytest.mark.parametrize("task", TASKS)
async def test_every_sentence_stands(task, has_result):
    context = Context(RunId("r"), task, (MOVIES,), Packages("3.11", {}))
    plan = await OfflineResearcher().plan(PlanRequest(context))
    facts = facts_for(plan)
    best = Node(NodeId(1), Operator.DRAFT, (), 1, Script("", "")) if has_result else None
    outcome = Outcome.SATISFIED if has_result else Outcome.NOTHING
    draft = draft_of(ReportRequest(context, plan, (), best, outcome, facts.values))
    filler = Filler(plan, facts, draft.claims, (MOVIES,))

    told = [
        *filled(filler, draft.findings),
        *filled(filler, draft.limits, Part.LIMIT),
        *filled(filler, draft.next_steps, Part.PROPOSAL),
    ]

    assert filler.struck == []
    assert len(told) == len((*draft.findings, *draft.limits, *draft.next_steps))


@pytest.mark.parametrize("name", sorted(DESIGNS))
async def test_every_sentence_on_a_design_stands(name):
    plan, context = DESIGNS[name], Context(RunId("r"), "task", (MOVIES,), Packages("3.11", {}))
    facts = facts_for(plan)
    best = Node(NodeId(1), Operator.DRAFT, (), 1, Script("", ""))
    draft = draft_of(ReportRequest(context, plan, (), best, Outcome.SATISFIED, facts.values))
    filler = Filler(plan, facts, draft.claims, (MOVIES,))

    told = [
        *filled(filler, draft.findings),
        *filled(filler, draft.limits, Part.LIMIT),
        *filled(filler, draft.next_steps, Part.PROPOSAL),
    ]

    assert filler.struck == []
    assert len(told) == len((*draft.findings, *draft.limits, *draft.next_steps))


def test_cells_on_other_data_are_not_set_against_each_other():
    plan = DESIGNS["data"]
    context = Context(RunId("r"), "task", (MOVIES,), Packages("3.11", {}))
    request = ReportRequest(context, plan, (), None, Outcome.SATISFIED, facts_for(plan).values)

    draft = draft_of(request)

    assert (draft.claims, draft.findings) == ((), ())


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("which algorithm is best?", "a value over all of them would say nothing"),
        ("how many algorithms were there?", "2 algorithms x 4 data variants"),
    ],
)
def test_an_answer_has_no_value_over_cells_on_other_data(question, told):
    plan = DESIGNS["data"]
    context = Context(RunId("r"), "task", (MOVIES,), Packages("3.11", {}))

    found = answer(AnswerRequest(context, plan, question, facts_for(plan).values, "report"))

    assert told in found.text
    assert found.quoted == ()

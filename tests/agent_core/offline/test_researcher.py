from dataclasses import replace

import pytest

from agent_core.data.profile import profile
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import (
    Claim,
    Node,
    NodeId,
    Operator,
    Outcome,
    Packages,
    Priority,
    Role,
    RunId,
    SplitKind,
    Study,
)
from agent_core.errors import OutsideGrammar, UnusableAnswer
from agent_core.grounding.answer_text import untested
from agent_core.offline.composer import compose
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import (
    AnswerRequest,
    Context,
    DebugRequest,
    DraftRequest,
    PlanRequest,
    ReportRequest,
    ReviseRequest,
)
from sandbox.execution import Ended, Execution, IsolationLevel

COMPARISON = "Compare popularity, item kNN and EASE with 5-fold cross-validation, NDCG@10"
SEEDS = "How much do 5 random seeds change NDCG and Recall at 10 of ImplicitMF, leave-one-out?"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "catalogue.tsv"
    write_catalogue(path, users=80, items=120, per_user=20)
    return profile(path)


def context(task, dataset, **more):
    return Context(RunId("r"), task, (dataset,), Packages("3.11", {}), **more)


async def plan_of(task, dataset, **more):
    return await OfflineResearcher().plan(PlanRequest(context(task, dataset, **more)))


async def revise(plan, dataset, reply):
    request = ReviseRequest(context(plan.question, dataset), plan, reply)
    return await OfflineResearcher().revise(request)


async def test_a_seed_study_is_planned(dataset):
    plan = await plan_of(SEEDS, dataset)

    assert plan.study is Study.SEED_VARIANCE
    assert plan.split.kind is SplitKind.LEAVE_ONE_OUT
    assert plan.seeds == (0, 1, 2, 3, 4)
    assert [a.name for a in plan.baselines] == ["Popularity"]
    assert [m.key for m in plan.metrics] == ["ndcg@10", "recall@10"]


async def test_every_must_is_decided_by_a_check(dataset):
    for task in (SEEDS, COMPARISON, "RMSE of BiasedMF", "number of factors 8, 16 of ImplicitMF"):
        plan = await plan_of(task, dataset)

        assert all(r.check for r in plan.requirements if r.priority is Priority.MUST)
        assert [r.id for r in plan.requirements] == list(range(1, len(plan.requirements) + 1))


async def test_a_named_popularity_is_the_baseline_and_not_doubled(dataset):
    plan = await plan_of(COMPARISON, dataset)

    roles = {a.name: a.role for a in plan.algorithms}
    assert roles == {
        "Popularity": Role.BASELINE,
        "ItemKNN": Role.SUBJECT,
        "EASE": Role.SUBJECT,
    }
    assert plan.split.folds == 5


async def test_rating_errors_get_a_rating_baseline(dataset):
    plan = await plan_of("RMSE and MAE of BiasedMF", dataset)

    assert [a.name for a in plan.baselines] == ["Bias"]
    assert plan.primary.is_rating


async def test_what_cannot_be_mapped_is_said_and_never_a_must(dataset):
    plan = await plan_of("Compare SASRec, EASE and popularity by NDCG and diversity", dataset)

    assert any("SASRec" in u for u in plan.unmapped)
    wishes = [r for r in plan.requirements if r.check is None]
    assert wishes
    assert all(r.priority is Priority.NICE for r in wishes)


async def test_outside_the_grammar_says_how_to_set_a_model(dataset):
    with pytest.raises(OutsideGrammar, match="OPENAI_API_KEY"):
        await plan_of("Write me a poem about cats", dataset)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("use K = 20", "metrics: NDCG@10, Recall@10 → NDCG@20, Recall@20"),
        (
            "also report precision",
            "metrics: NDCG@10, Recall@10 → NDCG@10, Recall@10, Precision@10",
        ),
        ("only 10 seeds", "seeds: 5 → 10"),
        ("add EASE", "EASE regularization 200"),
        ("use 5 folds", "5-fold cross-validation"),
        (
            "only ratings of 4 and more count",
            "feedback: every rating is a positive signal → ratings",
        ),
        ("with 64 factors", "embedding_size 32 → 64"),
        ("leave the last item out instead", "newest interaction"),
    ],
)
async def test_a_wish_changes_the_plan_and_tells_the_difference(dataset, reply, said):
    plan = await plan_of(SEEDS, dataset)

    revision = await revise(plan, dataset, reply)

    assert revision.plan.version == 2
    assert any(said in line for line in revision.change.summary), revision.change.summary


async def test_ids_are_stable_and_keep_gaps(dataset):
    plan = await plan_of(SEEDS, dataset)
    second = (await revise(plan, dataset, "drop requirement 3")).plan
    third = (await revise(second, dataset, "use 5 folds")).plan

    before = {r.check: r.id for r in plan.requirements}
    after = {r.check: r.id for r in third.requirements}
    assert 3 not in after.values()
    assert all(after[c] == before[c] for c in after if c in before)
    assert after["folds_as_planned"] == max(before.values()) + 1


@pytest.mark.parametrize("reply", ["thanks!", "ok great", "lunch at noon", "👍"])
async def test_chatter_changes_nothing(dataset, reply):
    plan = await plan_of(SEEDS, dataset)

    revision = await revise(plan, dataset, reply)

    assert revision.plan is None
    assert revision.reply == ""


async def test_a_question_is_answered_and_not_applied(dataset):
    plan = await plan_of(SEEDS, dataset)

    revision = await revise(plan, dataset, "why leave-one-out?")

    assert revision.plan is None
    assert "split" in revision.reply.lower()


async def test_a_wish_in_a_question_is_offered(dataset):
    plan = await plan_of(SEEDS, dataset)

    revision = await revise(plan, dataset, "could you also add EASE?")

    assert revision.plan is None
    assert revision.offer == "also add EASE"


async def test_an_outcome_is_no_requirement(dataset):
    plan = await plan_of(COMPARISON, dataset)

    revision = await revise(plan, dataset, "EASE must win")

    assert revision.plan is None
    assert "result" in revision.reply


async def test_the_baseline_stays(dataset):
    plan = await plan_of(COMPARISON, dataset)

    revision = await revise(plan, dataset, "drop popularity")

    assert revision.plan is None
    assert "baseline stays" in revision.reply


async def test_drafts_differ_and_repeat_exactly(dataset):
    plan = await plan_of(COMPARISON, dataset)
    researcher = OfflineResearcher()

    scripts = [
        await researcher.draft(DraftRequest(context(COMPARISON, dataset), plan, i))
        for i in (0, 1, 2, 0)
    ]

    assert len({s.source for s in scripts[:3]}) == 3
    assert scripts[0] == scripts[3]
    for script in scripts:
        compile(script.source, "script.py", "exec")


async def test_answers_quote_what_was_recorded(dataset):
    plan = await plan_of(SEEDS, dataset)
    facts = {
        "ndcg@10|ImplicitMF|mean": 0.2051,
        "ndcg@10|ImplicitMF|sd": 0.0043,
        "ndcg@10|ImplicitMF|sd_low": 0.0034,
        "ndcg@10|ImplicitMF|sd_high": 0.0057,
    }

    async def ask(question):
        request = AnswerRequest(context(SEEDS, dataset), plan, question, facts, "report")
        return await OfflineResearcher().answer(request)

    assert "0.0043" in (await ask("what was the SD of NDCG?")).text
    assert "0.0034" in (await ask("what was the SD of NDCG?")).text
    assert "not recorded" in (await ask("and recall at 50?")).text
    assert "EASE was not part" in (await ask("how good was EASE?")).text


async def debugged(plan, dataset, *nodes):
    request = DebugRequest(context(COMPARISON, dataset), plan, nodes[-1], nodes[:-1])
    return await OfflineResearcher().debug(request)


def crashed(plan, dataset, output, ended=Ended.FINISHED, variant=0):
    execution = Execution(
        exit_code=1 if ended is Ended.FINISHED else None,
        ended=ended,
        output=output,
        duration_s=1.0,
        level=IsolationLevel.COLD,
    )
    script = compose(plan, dataset, variant)
    return Node(NodeId(1), Operator.DRAFT, (), 1, script, execution=execution)


async def test_a_failure_that_speaks_of_ids_has_them_read_as_text(dataset):
    plan = await plan_of(COMPARISON, dataset)

    script = await debugged(
        plan, dataset, crashed(plan, dataset, "ArrowTypeError: Expected bytes")
    )

    assert 'frame.astype({"user_id": str, "item_id": str})' in script.source


async def test_an_unknown_failure_leads_to_another_variant_until_all_were_tried(dataset):
    plan = await plan_of(COMPARISON, dataset)
    nodes = [crashed(plan, dataset, "ValueError: strange", variant=i) for i in range(4)]

    script = await debugged(plan, dataset, *nodes[:2])

    assert script.source not in {n.script.source for n in nodes[:2]}
    with pytest.raises(UnusableAnswer, match="All variants"):
        await debugged(plan, dataset, *nodes)


async def test_out_of_memory_names_what_needed_it_and_the_way_out(dataset):
    plan = await plan_of(COMPARISON, dataset)

    with pytest.raises(UnusableAnswer, match=r"EASE needs about .* MiB.*Drop it"):
        await debugged(plan, dataset, crashed(plan, dataset, "", Ended.MEMORY))


async def test_out_of_time_twice_says_what_to_ask_for(dataset):
    plan = await plan_of(COMPARISON, dataset)
    nodes = [crashed(plan, dataset, "", Ended.TIMEOUT, variant=i) for i in range(2)]

    with pytest.raises(UnusableAnswer, match="fewer seeds"):
        await debugged(plan, dataset, *nodes)


async def report_of(plan, dataset, facts):
    request = ReportRequest(
        context(plan.question, dataset), plan, (), None, Outcome.SATISFIED, facts
    )
    return await OfflineResearcher().report(request)


async def test_a_report_claims_differences_and_types_no_number(dataset):
    plan = await plan_of(COMPARISON, dataset)
    facts = {f"ndcg@10|{n}|mean": v for n, v in [("Popularity", 0.1), ("EASE", 0.3),
                                                ("ItemKNN", 0.2)]}  # fmt: skip

    of_two = replace(plan.questions[0], pairs=(("EASE", "ItemKNN"),), reference=None)
    draft = await report_of(replace(plan, questions=(of_two,)), dataset, facts)
    of_all = replace(of_two, pairs=())

    answered = await report_of(replace(plan, questions=(of_all,)), dataset, facts)
    assert answered.claims == ()  # the answer tells of every pair
    assert Claim("ItemKNN", "Popularity", "ndcg@10") in draft.claims
    assert "{{claim:0}}." in draft.findings
    assert any("not tuned" in limit for limit in draft.limits)


async def test_a_seed_report_speaks_of_the_other_metrics_too(dataset):
    plan = await plan_of(SEEDS, dataset)
    facts = {"ndcg@10|ImplicitMF|mean": 0.2, "recall@10|ImplicitMF|mean": 0.3}

    draft = await report_of(plan, dataset, facts)

    assert any("{{recall@10|ImplicitMF|sd}}" in f for f in draft.findings)


FACTS = {
    "ndcg@10|EASE|mean": 0.31,
    "ndcg@10|ItemKNN|mean": 0.25,
    "ndcg@10|Popularity|mean": 0.11,
    "ndcg@10|ItemKNN - EASE|difference": -0.06,
    "ndcg@10|ItemKNN - EASE|difference_low": -0.08,
    "ndcg@10|ItemKNN - EASE|difference_high": -0.04,
    "ndcg@10|ItemKNN - EASE|p": 0.001,
}


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("is EASE better than ItemKNN?", "ItemKNN is lower than EASE"),
        ("which was best?", "EASE 0.3100, ItemKNN 0.2500"),
        ("how many folds?", "5 fold"),
        ("mean of NDCG of EASE", "0.3100"),
        ("what was the RMSE?", "not recorded"),
        ("how is it going?", "3 of 3 scripts ran"),
        ("why is ItemKNN so weak?", "not why: nothing here was varied to find a cause"),
        ("why is ItemKNN so weak?", "What is recorded: ItemKNN is lower than EASE in NDCG@10"),
        ("why is popularity so strong?", "EASE 0.3100, ItemKNN 0.2500, Popularity 0.1100"),
        (
            "is the difference significant?",
            "ItemKNN is lower than EASE in NDCG@10: difference -0.0",
        ),
        ("which seed was best?", "EASE 0.3100"),
        ("which seeds were used?", "EASE: mean 0.3100"),
    ],
)
async def test_questions_are_answered_from_what_was_recorded(dataset, question, said):
    plan = await plan_of(COMPARISON, dataset)
    request = AnswerRequest(
        context(COMPARISON, dataset), plan, question, FACTS, "report", "3 of 3 scripts ran"
    )

    text = (await OfflineResearcher().answer(request)).text

    assert said in text
    assert untested(text, FACTS, "3 of 3 scripts ran") == ()


async def test_the_best_seed_is_called_chance(dataset):
    plan = await plan_of(SEEDS, dataset)
    ends = {"min": 0.206, "max": 0.216, "sd": 0.004, "mean": 0.21}
    facts = {f"ndcg@10|ImplicitMF|{name}": value for name, value in ends.items()}
    asked = "which seed was best?"
    request = AnswerRequest(context(SEEDS, dataset), plan, asked, facts, "report")

    text = (await OfflineResearcher().answer(request)).text

    assert "lowest run 0.206, highest run 0.216" in text
    assert "picked after the results were seen is no finding" in text
    assert untested(text, facts, "") == ()


async def test_a_wish_after_the_report_is_offered_as_a_new_round(dataset):
    plan = await plan_of(COMPARISON, dataset)
    request = AnswerRequest(
        context(COMPARISON, dataset), plan, "could you also add SLIM?", FACTS, "report"
    )

    answer = await OfflineResearcher().answer(request)

    assert answer.offer == "add SLIM"
    assert "new round" in answer.text


PAIR = "ndcg@10|ItemKNN - EASE"
CLOSE = {
    f"{PAIR}|difference": 0.001,
    f"{PAIR}|difference_low": -0.003,
    f"{PAIR}|difference_high": 0.005,
    f"{PAIR}|p": 0.6,
}
TESTED = {f"{PAIR}|difference_90_low": -0.002, f"{PAIR}|difference_90_high": 0.004}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "No equivalence margin was set before the results"),
        (
            {**TESTED, f"{PAIR}|margin": 0.01, f"{PAIR}|tost_p": 0.001},
            "ItemKNN and EASE are equivalent in NDCG@10 within ±0.01 (TOST: 90 % interval -0.",
        ),
        (
            {**TESTED, f"{PAIR}|margin": 0.003, f"{PAIR}|tost_p": 0.4},
            "Equivalence of ItemKNN and EASE in NDCG@10 is not shown within ±0.003",
        ),
        (
            {**TESTED, f"{PAIR}|margin": 0.01, f"{PAIR}|tost_p": 0.08},
            "Equivalence of ItemKNN and EASE in NDCG@10 is not shown within ±0.01",
        ),
    ],
)
async def test_whether_two_are_equivalent_is_for_a_margin_to_decide(dataset, more, said):
    plan = await plan_of(COMPARISON, dataset)
    question = "are EASE and ItemKNN the same?"
    request = AnswerRequest(context(COMPARISON, dataset), plan, question, CLOSE | more, "report")

    text = (await OfflineResearcher().answer(request)).text

    assert "not distinguishable from" in text
    assert said in text
    assert untested(text, request.facts, request.report) == ()

"""Replies to a plan: wishes change it and tell the difference, everything else does not."""

import pytest

from agent_core.domain import Column, Dataset, Estimand, FactorKind, Packages, RunId, SplitKind
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest, ReviseRequest

COLUMNS = tuple(Column(n, "int", 9) for n in ("user_id", "item_id", "rating", "timestamp"))
MOVIES = Dataset(
    "u.data", "0" * 64, 1, "\t", False, COLUMNS, *(c.name for c in COLUMNS),
    rows=100_000, users=943, items=1682, rating_values=(1.0, 2.0, 3.0, 4.0, 5.0),
    min_user_interactions=20,
)  # fmt: skip
SEEDS = "How much do random seeds change NDCG and Recall at 10 of ImplicitMF?"
FOUR = "Compare popularity, item kNN, implicit MF and EASE with 5-fold cross-validation, NDCG@10"


def context(task):
    return Context(RunId("r"), task, (MOVIES,), Packages("3.11", {}))


async def plan_of(task):
    return await OfflineResearcher().plan(PlanRequest(context(task)))


async def revise(plan, reply):
    request = ReviseRequest(context(plan.question), plan, reply)
    return await OfflineResearcher().revise(request)


def named(plan):
    return [a.name for a in plan.algorithms]


def keys(plan):
    return [m.key for m in plan.metrics]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("use K = 20", ["ndcg@20", "recall@20"]),
        ("also report recall@20", ["ndcg@10", "recall@10", "recall@20"]),
        ("ok, add precision@5 please", ["ndcg@10", "recall@10", "precision@5"]),
        ("NDCG@5 instead", ["ndcg@5"]),
        ("drop recall", ["ndcg@10"]),
        ("and MAP too", ["ndcg@10", "recall@10", "map@10"]),
        ("replace recall by MRR", ["ndcg@10", "mrr@10"]),
        ("@5 and @10", ["ndcg@5", "ndcg@10", "recall@5", "recall@10"]),
    ],
)
async def test_metrics_and_cutoffs_change(reply, expected):
    revision = await revise(await plan_of(SEEDS), reply)

    assert keys(revision.plan) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("use EASE instead of item kNN", {"ImplicitMF", "EASE", "Popularity"}),
        ("replace implicit MF by BPR", {"ItemKNN", "EASE", "BPR", "Popularity"}),
        ("only EASE and popularity", {"EASE", "Popularity"}),
        ("drop EASE and add SLIM", {"ItemKNN", "ImplicitMF", "SLIM", "Popularity"}),
        ("without item kNN", {"ImplicitMF", "EASE", "Popularity"}),
        ("compare with user kNN", {"ItemKNN", "ImplicitMF", "EASE", "UserKNN", "Popularity"}),
    ],
)
async def test_algorithms_change(reply, expected):
    revision = await revise(await plan_of(FOUR), reply)

    assert set(named(revision.plan)) == expected


async def test_hyperparameters_change_where_they_are_said():
    plan = await plan_of(FOUR)

    plan = (await revise(plan, "EASE with regularization 500")).plan
    plan = (await revise(plan, "add user kNN with 50 neighbours")).plan

    config = {a.name: a.config for a in plan.algorithms}
    assert config["EASE"]["regularization"] == 500
    assert config["ImplicitMF"]["regularization"] == 1
    assert config["UserKNN"]["max_nbrs"] == 50
    assert config["ItemKNN"]["max_nbrs"] == 20


@pytest.mark.parametrize(
    ("reply", "seeds"),
    [
        ("only 10 seeds", range(10)),
        ("10 seeds are enough", range(10)),
        ("seeds 10 to 19", range(10, 20)),
        ("100000 seeds", range(1000)),
    ],
)
async def test_repetitions_change(reply, seeds):
    assert (await revise(await plan_of(SEEDS), reply)).plan.seeds == tuple(seeds)


@pytest.mark.parametrize(
    ("reply", "kind", "folds"),
    [
        ("use 10 folds", SplitKind.CROSSFOLD_USERS, 10),
        ("use leave-one-out", SplitKind.LEAVE_ONE_OUT, 1),
        ("temporal split", SplitKind.USER_FRACTION, 1),
        ("80/20 split instead", SplitKind.USER_FRACTION, 1),
    ],
)
async def test_the_split_changes(reply, kind, folds):
    plan = (await revise(await plan_of(FOUR), reply)).plan

    expected = SplitKind.GLOBAL_TIME if reply.startswith("temporal") else kind
    assert (plan.split.kind, plan.split.folds) == (expected, folds)


async def test_what_counts_as_positive_changes():
    revision = await revise(await plan_of(SEEDS), "ratings of 4 and more are positive")

    assert revision.plan.data.lowest_rating == 4


@pytest.mark.parametrize(
    ("reply", "counts"),
    [
        ("add a 5-core filter", {5}),
        ("remove users with fewer than 20 ratings", {20}),
        ("use a 10-core, and leave-one-out", {10}),
    ],
)
async def test_a_filter_is_added_told_and_taken_back(reply, counts):
    before = await plan_of(FOUR)

    added = await revise(before, reply)
    gone = await revise(added.plan, "drop the filter")

    assert added.plan.data.counts == counts
    assert any(line.startswith("data: all interactions → ") for line in added.change.summary)
    assert "filters_as_planned" in {r.check for r in added.plan.requirements}
    assert gone.plan.data == before.data


async def test_a_reply_changes_one_filter_and_keeps_the_others():
    first = await revise(await plan_of(FOUR), "ratings of 4 and more are positive")
    both = await revise(first.plan, "only items with at least 5 ratings")
    changed = await revise(both.plan, "items with at least 8 ratings")

    assert both.plan.data.lowest_rating == changed.plan.data.lowest_rating == 4
    assert (both.plan.data.fewest_per_item, changed.plan.data.fewest_per_item) == (5, 8)


async def test_several_wishes_in_one_reply_all_count():
    revision = await revise(
        await plan_of(SEEDS), "use leave last out and 10 seeds, and drop recall"
    )

    assert revision.plan.split.kind is SplitKind.LEAVE_LAST
    assert len(revision.plan.seeds) == 10
    assert keys(revision.plan) == ["ndcg@10"]


async def test_rating_errors_bring_a_rater_and_the_reason():
    revision = await revise(await plan_of(SEEDS), "also report RMSE")

    assert named(revision.plan) == ["ImplicitMF", "Popularity", "BiasedMF", "Bias"]
    assert any("because ImplicitMF ranks" in line for line in revision.change.summary)


async def test_assumptions_that_still_hold_are_kept():
    plan = await plan_of(SEEDS)

    revised = (await revise(plan, "use 64 factors")).plan
    with_split = (await revise(plan, "use 5 folds")).plan

    assert revised.assumptions == plan.assumptions
    assert not any("no split" in a for a in with_split.assumptions)


async def test_ids_stay_and_gaps_are_kept_over_many_versions():
    plan = await plan_of(SEEDS)
    first = {r.check: r.id for r in plan.requirements}
    for reply in ("drop requirement 11", "use 5 folds", "add EASE", "use K = 20", "drop recall"):
        plan = (await revise(plan, reply)).plan

    ids = {r.check: r.id for r in plan.requirements}
    assert plan.version == 6
    assert 11 not in ids.values()
    assert all(ids[c] == first[c] for c in ids if c in first)
    assert min(ids[c] for c in ids if c not in first) > max(first.values())


@pytest.mark.parametrize(
    "reply",
    ["thanks", "ok nice", "lunch?", "lunch at noon", "👍", "great, looks good",
     "@jan look at this", "hi there", "no", "lunch at 12", "it takes 3 times longer",
     "I am back at 2 pm"],
)  # fmt: skip
async def test_chatter_changes_nothing_and_gets_no_reply(reply):
    revision = await revise(await plan_of(SEEDS), reply)

    assert (revision.plan, revision.reply, revision.offer) == (None, "", "")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("why leave-one-out?", "split"),
        ("how long will it take?", "minutes"),
        ("why popularity?", "baseline"),
        ("which hyperparameters do you use?", "embedding_size 32"),
        ("what will you run?", "ImplicitMF"),
        ("why is the split like that", "split"),
    ],
)
async def test_questions_are_answered_and_never_applied(question, said):
    revision = await revise(await plan_of(SEEDS), question)

    assert revision.plan is None
    assert said in revision.reply


@pytest.mark.parametrize(
    ("question", "offer"),
    [
        ("could you also add EASE?", "also add EASE"),
        ("what about 5 folds?", "5 folds"),
        ("can we use 10 seeds?", "use 10 seeds"),
    ],
)
async def test_a_wish_in_a_question_is_offered_and_works_as_a_reply(question, offer):
    plan = await plan_of(SEEDS)

    revision = await revise(plan, question)
    applied = await revise(plan, revision.offer)

    assert revision.plan is None
    assert revision.offer == offer
    assert applied.plan is not None


async def test_an_outcome_becomes_a_procedure():
    plan = await plan_of(SEEDS)

    revision = await revise(plan, "EASE must win")

    assert "EASE" in named(revision.plan)
    assert "is a result" in revision.reply
    assert not any("win" in r.text for r in revision.plan.requirements)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("make it purple", "I understand changes of"),
        ("drop requirement 99", "There is no requirement 99"),
        ("fairness should be reported too", "not a metric that I compute"),
        ("please add SASRec", "not among the algorithms"),
        ("drop popularity", "baseline stays"),
        ("drop item kNN, implicit MF and EASE", "At least one algorithm must stay"),
        ("0 seeds", "At least one training"),
        ("EASE should be the best", "is a result"),
    ],
)
async def test_what_cannot_be_done_is_said(reply, said):
    revision = await revise(await plan_of(FOUR), reply)

    assert revision.plan is None
    assert said in revision.reply


async def test_dropping_a_requirement_keeps_its_binding_check():
    revision = await revise(await plan_of(FOUR), "drop 3")

    assert revision.change.dropped == (3,)
    assert "still applies" in revision.reply


async def test_wishes_that_nothing_decides_stay_listed_through_revisions():
    plan = await plan_of("NDCG@10 and diversity of EASE")

    revision = await revise(plan, "use K = 20")

    assert revision.change.dropped == ()
    assert revision.plan.unmapped == plan.unmapped
    assert [r.text for r in revision.plan.requirements if r.check is None] == [
        r.text for r in plan.requirements if r.check is None
    ]


async def test_an_equivalence_margin_is_set_changed_and_dropped():
    plan = await plan_of(FOUR)

    first = await revise(plan, "set an equivalence margin of 0.01")
    second = await revise(first.plan, "make the margin 0.005")
    third = await revise(second.plan, "drop the equivalence margin")

    assert (first.plan.margin, second.plan.margin, third.plan.margin) == (0.01, 0.005, None)
    assert "equivalence margin: none → ±0.01 NDCG@10" in first.change.summary
    assert "equivalence margin: ±0.005 NDCG@10 → none" in third.change.summary
    assert named(third.plan) == named(plan)


async def test_a_margin_stays_when_something_else_changes():
    plan = (await revise(await plan_of(FOUR), "equivalence margin 0.01")).plan

    assert (await revise(plan, "use K = 20")).plan.margin == 0.01


# -- replies to designs ----------------------------------------------------------------------

CURVE = (
    "Learning curves of popularity, EASE and BPR on 10 %, 25 %, 50 % and 100 % of the training "
    "interactions, leave-one-out, NDCG@10, 4 seeds"
)
CORES = (
    "Does the order of EASE, SLIM and item kNN by NDCG@10 change with no filter, 5-core, 10-core?"
)
GRID = (
    "Grid search for ImplicitMF: 16, 32 and 64 factors times regularization 0.1 and 1; "
    "the last rating of each user is the test, the one before is for validation; pick by NDCG@10"
)
SPLITS = (
    "Does the ranking of EASE and item kNN by NDCG@10 stay the same under leave-one-out and a "
    "temporal 90/10 split?"
)


@pytest.mark.parametrize(
    ("task", "reply", "kind", "levels"),
    [
        (CURVE, "also with 5 %", FactorKind.TRAIN_SHARE, (0.05, 0.1, 0.25, 0.5, 1.0)),
        (CURVE, "drop the 25 %", FactorKind.TRAIN_SHARE, (0.1, 0.5, 1.0)),
        (CURVE, "10 seeds, not 4", FactorKind.MODEL_SEED, tuple(range(10))),
        (CURVE, "drop EASE", FactorKind.ALGORITHM, ("BPR", "Popularity")),
        (CORES, "and 20-core", FactorKind.DATA, ("all", "5-core", "10-core", "20-core")),
        (CORES, "drop the 10-core", FactorKind.DATA, ("all", "5-core")),
        (CORES, "drop SLIM", FactorKind.ALGORITHM, ("EASE", "ItemKNN", "Popularity")),
        (GRID, "also 128 factors", FactorKind.HYPERPARAMETER,
             (16, 32, 64, 128, "chosen")),
        (GRID, "without 16 factors", FactorKind.HYPERPARAMETER, (32, 64, "chosen")),
        (SPLITS, "also leave-last-out", FactorKind.SPLIT,
         ("leave-one-out", "global-time 10%", "leave-last")),
        (FOUR, "with no filter, a 5-core and a 10-core", FactorKind.DATA,
         ("all", "5-core", "10-core")),
    ],
)  # fmt: skip
async def test_any_part_of_a_design_changes(task, reply, kind, levels):
    plan = await plan_of(task)

    revision = await revise(plan, reply)

    assert revision.plan.factor(kind).levels == levels
    assert revision.change.summary
    rest = [f for f in plan.factors if f.kind is not kind]
    assert all(revision.plan.factor(f.kind) for f in rest)
    kinds = [q.kind for q in plan.questions]
    assert [q.kind for q in revision.plan.questions][: len(kinds)] == kinds


async def test_a_metric_that_is_added_joins_the_main_question():
    plan = await plan_of(CURVE)

    revision = await revise(plan, "test them on Recall too")

    assert keys(revision.plan) == ["ndcg@10", "recall@10"]
    assert revision.plan.questions[0].measures == ("ndcg@10", "recall@10")
    assert revision.plan.factor(FactorKind.TRAIN_SHARE) == plan.factor(FactorKind.TRAIN_SHARE)


async def test_what_a_split_says_beside_its_kind_is_kept_and_changed():
    plan = await plan_of("Compare EASE and SLIM, leave-one-out, 300 test users, NDCG@10")

    more = (await revise(plan, "use K = 20")).plan
    fewer = (await revise(plan, "only 100 test users")).plan

    assert plan.split.test_users == more.split.test_users == 300
    assert fewer.split.test_users == 100


async def test_a_change_of_a_grid_keeps_its_choice():
    plan = await plan_of(GRID)

    revised = (await revise(plan, "also 128 factors")).plan

    assert (revised.validated, revised.split.has_validation) == (plan.validated, True)
    assert len(revised.algorithms) == len(plan.algorithms) + 2


TIMED = "Compare EASE, SLIM and BPR on NDCG@10 and tell me how long training takes"


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        ("drop SLIM", [Estimand.DIFFERENCE, Estimand.COST]),
        ("5-core please", [Estimand.DIFFERENCE, Estimand.COST]),
        ("report coverage and novelty also", [Estimand.DIFFERENCE, Estimand.COST]),
        ("use a sample of 500 users", [Estimand.DIFFERENCE, Estimand.COST]),
        ("drop training time", [Estimand.DIFFERENCE]),
    ],
)
async def test_a_reply_keeps_the_questions_that_it_does_not_speak_of(reply, kinds):
    before = await plan_of(TIMED)

    plan = (await revise(before, reply)).plan

    assert [q.kind for q in before.questions] == [Estimand.DIFFERENCE, Estimand.COST]
    assert [q.kind for q in plan.questions] == kinds
    assert {k.partition("@")[0] for k in keys(plan)} == {
        k.partition("@")[0] for q in plan.questions for k in q.measures
    }


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("leave UserKNN out", "UserKNN"),
        ("BPR in place of implicit MF", "ImplicitMF"),
        ("stratify the split", "stratify the split"),
        ("twice as many seeds", "twice as many seeds"),
        ("no significance test", "no significance test"),
    ],
)
async def test_a_reply_that_changes_nothing_is_named(reply, named):
    revision = await revise(await plan_of(TIMED), reply)

    assert revision.plan is None
    assert named in revision.reply


async def test_levels_of_one_algorithm_leave_the_others_alone():
    plan = (await revise(await plan_of(TIMED), "ImplicitMF with 10, 20 and 40 factors")).plan

    sizes = {a.config["embedding_size"] for a in plan.algorithms if a.family == "ImplicitMF"}
    assert sizes == {10, 20, 40}
    assert {a.config["embedding_size"] for a in plan.algorithms if a.family == "BPR"} == {32}

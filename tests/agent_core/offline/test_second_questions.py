"""A second question is planned, or named as unanswered; it is never lost."""

import pytest
from results import dataset

from agent_core.domain import DataRuleKind, Estimand, Packages, RunId
from agent_core.lab.settling import settled
from agent_core.offline.designs.vocabulary import strange_words
from agent_core.offline.researcher import OfflineResearcher
from agent_core.researcher import Context, PlanRequest

FIRST = "Compare EASE and item kNN on NDCG@10"
GROUPED = {
    ", and does that depend on how many ratings a user has?": "activity of users",
    ". Is the difference larger for users with few ratings?": "activity of users",
    " and tell me whether it also holds for rare items.": "popularity of items",
    ". Is this also true of active users?": "activity of users",
    "; does it depend on how popular an item is?": "popularity of items",
    ". Does that hold for people who rate little?": "activity of users",
    ". Besides, do short profiles suffer more?": "activity of users",
}
OPEN = (
    ". Are the recommendations of EASE more diverse?",
    ". Is either of them fair to women?",
    ". Do the lists surprise anybody?",
    ". Would the lists look odd to a librarian?",
    ". Can a customer understand why an item is listed?",
    ", and estimate how many more clicks we would earn.",
    ". In addition, investigate whether women and men are treated equally.",
    ". Please also check if the result is the same on weekends.",
    " and find out which users get bad recommendations.",
    ", and check for gender bias.",
    " and do an error analysis.",
    ", and analyse the impact of data sparsity.",
    " when trained with implicit versus explicit feedback.",
    ". Would a deep learning model be better?",
    ". Is the data big enough for that?",
    ". Does normalising the ratings matter?",
    ". Do the two recommend the same items?",
    ", keeping only ratings above each user's own mean rating.",
    ", dropping users who rated on a single day.",
    " on ratings of comedies only.",
    ", weighting users by their activity.",
    " and repeat everything for users with at least 50 ratings.",
)
DONE = (
    "; how long does training take?",
    ". Does the order change with the random seed of the split? 3 splits.",
    ". Which one is better?",
    ". Is the difference significant?",
    ", and report confidence intervals and effect sizes.",
)


async def planned(text):
    data = (dataset(),)
    context = Context(RunId("r"), text, data, Packages("3.11", {}))
    return settled(await OfflineResearcher().plan(PlanRequest(context)), text, data)


@pytest.mark.parametrize("second", GROUPED)
async def test_what_is_asked_of_some_users_or_items_becomes_a_question(second):
    plan = await planned(FIRST + second)

    groups = [
        q.groups for q in plan.questions if q.kind in (Estimand.INTERACTION, Estimand.GROUPS)
    ]
    assert groups == [GROUPED[second]]
    pairs = {q.pairs for q in plan.questions if q.kind not in (Estimand.COST, Estimand.GROUPS)}
    assert len(pairs) == 1
    assert plan.unanswered == ()


@pytest.mark.parametrize("second", OPEN)
async def test_what_nothing_measures_is_named_in_its_own_words(second):
    plan = await planned(FIRST + second)

    (named,) = plan.unanswered
    assert named.clause.strip(" ?.,") in second


@pytest.mark.parametrize("second", DONE)
async def test_what_is_answered_is_not_named(second):
    assert (await planned(FIRST + second)).unanswered == ()


def test_words_of_the_examples_are_known_in_any_form():
    assert strange_words("which algorithms were better at ranking") == []
    assert strange_words("is it fair") == ["fair"]


async def test_a_share_of_the_training_data_is_a_rule_of_training_alone():
    plan = await planned(f"{FIRST} when trained on half of the training data.")

    (rule,) = plan.data.rules
    assert (rule.kind, rule.amount, rule.is_training_only) == (DataRuleKind.SAMPLE, 0.5, True)
    assert plan.unanswered == ()

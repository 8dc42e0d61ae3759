"""Blocks that are not what their rules give, each as the rules drew it and with pandas."""

from dataclasses import replace

import pandas as pd
import pytest
from block_studies import FIFTH, FORMS, LOO, made_of, plan_with, table_of
from sins import FAIL, Sin, Sins

from agent_core.data.variants import variant_of
from agent_core.domain.cells import blocks_of
from agent_core.domain.rules import (
    DataRule,
    DataRuleKind,
    DataRules,
    Keep,
    Of,
    Order,
    SplitKind,
    SplitRules,
)

sin = Sins()
LOW = DataRule(DataRuleKind.LOWEST_RATING, 3)
CORE = DataRule(DataRuleKind.CORE, 9)
HALF = DataRule(DataRuleKind.SAMPLE, 0.5, Of.USERS, seed=3)
LAST = SplitRules(SplitKind.LEAVE_LAST)


def become(made, draw, change=None, **design):
    """Make a study one of several blocks, drawn under other rules than its plan then has."""
    made.__dict__.update(made_of(FORMS[draw], **design).__dict__)
    if change:
        made.plan = plan_with(made.plan, **{**design, **change})


def in_both_forms(check, *words, **values):
    """Register a sin of blocks that rules draw, and of blocks that a script draws."""

    def register(make):
        for form in FORMS:
            name = f"{make.__name__}-{form}"

            def made_in_form(made, form=form):
                make(made, form)

            sin.cases.append(pytest.param(Sin(made_in_form, check, FAIL, words, values), id=name))
        return make

    return register


def rows_by(data, column):
    """Return the rows of half of the users: those with the most of something."""
    users = data.groupby("user_id")[column].sum().nlargest(30).index
    return data.index[data["user_id"].isin(users)]


def kept_only(splits, rows):
    kept = set(rows)
    return tuple([n for n in part if n in kept] for part in splits)


@sin("parts_as_ruled", FAIL, "another test", new=56, gone=56)
def a_test_of_its_own_at_one_level(made):
    become(made, "by rules", train_share=(0.5, 1.0))
    made.splits["train_share-0-5"] = made_of(FORMS["with pandas"]).splits["0"]


@in_both_forms("parts_as_ruled", "another test")
def another_test_for_small_profiles(made, draw):
    become(made, draw, profile_size=(3, "all"))
    train, test = made.splits["profile_size-3"]
    moved = train[::7]
    made.splits["profile_size-3"] = ([n for n in train if n not in moved], sorted(test + moved))


@in_both_forms("parts_as_ruled", of=660, wanted=330)
def a_share_of_training_that_was_not_taken(made, draw):
    become(made, draw, train_share=(0.5, 1.0))
    made.splits["train_share-0-5"] = made.splits["train_share-1-0"]


@in_both_forms("parts_as_ruled", "keep more than 3", users=60)
def profiles_that_were_not_cut(made, draw):
    become(made, draw, profile_size=(3, "all"))
    made.splits["profile_size-3"] = made.splits["profile_size-all"]


@in_both_forms("parts_as_ruled", "not in the full training")
def thinned_training_from_elsewhere(made, draw):
    become(made, draw, data=(("all", ()),), train_share=(0.5, 1.0))
    train, test = made.splits["train_share-1-0"]
    hidden = train[::5]
    made.splits["train_share-1-0"] = ([n for n in train if n not in hidden], test)
    rest = made.splits["train_share-0-5"][0]
    made.splits["train_share-0-5"] = (sorted({*rest[:200], *hidden}), test)


@in_both_forms("parts_as_ruled", "older than some that were dropped")
def random_training_where_the_newest_was_asked_for(made, draw):
    become(made, draw, train_share=(0.5, 1.0))
    split = replace(LOO, thinned_by=Order.NEWEST)
    made.plan = plan_with(made.plan, split=(("", split),), train_share=(0.5, 1.0))


@in_both_forms("parts_as_ruled", "data rules leave out")
def a_threshold_that_one_level_lacks(made, draw):
    become(made, draw, data=(("all", ()), ("rated", (LOW,))))
    made.splits["rated"] = made.splits["all"]


@in_both_forms("parts_as_ruled", "are missing")
def a_level_with_the_rules_of_another(made, draw):
    become(made, draw, data=(("rated", (LOW,)), ("core", (LOW, CORE))))
    made.plan = plan_with(made.plan, data=(("all", ()), ("core", (LOW, CORE))))
    made.splits["all"] = made.splits.pop("rated")


@in_both_forms("parts_as_ruled", "data rules leave out")
def rules_in_another_order(made, draw):
    design = (("all", ()), ("core", (DataRule(DataRuleKind.CORE, 8), LOW)))
    become(made, draw, data=design)
    ruled = (("all", ()), ("core", (LOW, DataRule(DataRuleKind.CORE, 8))))
    made.plan = plan_with(made.plan, data=ruled)


@in_both_forms("parts_as_ruled", "sample of 30 of 60 users is planned", kept=45)
def a_sample_of_another_size(made, draw):
    become(made, draw, data=(("all", ()), ("half", (replace(HALF, amount=0.75),))))
    made.plan = plan_with(made.plan, data=(("all", ()), ("half", (HALF,))))


@in_both_forms("parts_as_ruled", "place in the data")
def the_first_users_called_a_sample(made, draw):
    become(made, draw, data=(("all", ()), ("half", (HALF,))))
    first = made.data.index[made.data["user_id"] <= 30]
    made.splits["half"] = kept_only(made.splits["all"], first)


@in_both_forms("parts_as_ruled", "numbers of interactions")
def the_most_active_users_called_a_sample(made, draw):
    become(made, draw)
    frame = made.data.assign(one=1)
    made.data = frame[frame.index % 12 <= frame["user_id"] * 7 % 60 // 6 + 1].drop(columns="one")
    made.data = made.data.reset_index(drop=True)
    made.__dict__.update(
        made_of(FORMS[draw], data=(("all", ()), ("half", (HALF,))), frame=made.data).__dict__
    )
    most = rows_by(made.data.assign(one=1), "one")
    made.splits["half"] = kept_only(made.splits["all"], most)


@in_both_forms("parts_as_ruled", "something later is in training")
def a_random_test_called_the_newest(made, draw):
    become(made, draw, split=(("random", LOO), ("newest", LAST)))
    made.splits["newest"] = made.splits["random"]


@in_both_forms("parts_as_ruled", "the seeds 1, 2")
def one_split_for_two_seeds(made, draw):
    become(made, draw, split_seed=(1, 2))
    made.splits["split_seed-2"] = made.splits["split_seed-1"]


@in_both_forms("parts_as_ruled", "other numbers are held out than 25% of each")
def more_held_out_than_planned(made, draw):
    become(made, draw, split=(("", replace(FIFTH, holdout=0.5)),))
    made.plan = plan_with(made.plan, split=(("", FIFTH),))


@in_both_forms("parts_as_ruled", "other numbers are held out")
def two_held_out_of_each_instead_of_one(made, draw):
    become(made, draw)
    train, test = made.splits["0"]
    users = made.data.loc[train].drop_duplicates("user_id").index
    made.splits["0"] = (sorted({*train} - {*users}), sorted({*test, *users}))


@in_both_forms("parts_as_ruled", "another interaction is there", pairs=60)
def the_first_of_repeated_pairs_where_the_last_was_asked_for(made, draw):
    first = DataRule(DataRuleKind.REPEATED_PAIRS, keep=Keep.FIRST)
    frame = made.data
    again = frame.groupby("user_id").head(1).assign(timestamp=9_000_000)
    frame = pd.concat([frame, again], ignore_index=True)
    become(made, draw, data=(("", (first,)),), frame=frame)
    made.plan = plan_with(made.plan, data=(("", (replace(first, keep=Keep.LAST),)),))


@in_both_forms("parts_as_ruled", "rules of training alone leave out")
def a_rule_of_training_that_was_not_applied(made, draw):
    become(made, draw)
    only = replace(LOW, is_training_only=True)
    made.plan = plan_with(made.plan, data=(("", (only,)),))


@in_both_forms("parts_as_ruled", "in training, which is not to see them")
def training_with_users_whom_it_was_not_to_see(made, draw):
    become(made, draw)
    made.plan = plan_with(made.plan, split=(("", replace(LOO, in_training=False)),))


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)


def test_blocks_have_names_that_sins_can_take():
    made = made_of(FORMS["by rules"], train_share=(0.5, 1.0))

    assert [block.name for block in blocks_of(made.plan)] == list(made.splits)
    assert len(variant_of(table_of(made.data), DataRules((LOW,)))) < len(made.data)

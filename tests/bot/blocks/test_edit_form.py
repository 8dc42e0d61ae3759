"""The fields of the Edit modal, and what a change of them says in words."""

from dataclasses import replace

import pytest
from builders import plan_of

from agent_core.domain import Algorithm, DataRules, Factor, Level, Study, with_design
from bot.blocks.edit_form import FIELD, plan_fields, wish_of_form
from bot.blocks.modals import edit_modal
from bot.workspace.elements import view_values
from bot.workspace.limits import accept_view


def plan():
    swept = tuple(
        Algorithm(f"EASE {n}", "EASEScorer", {"regularization": n}, base="EASE",
                  levels={"regularization": n})
        for n in (1, 10)
    )  # fmt: skip
    base = with_design(plan_of(study=Study.COMPARISON))
    return replace(
        base,
        algorithms=(*base.algorithms, *swept),
        data_levels=(Level(DataRules(), "all"), Level(DataRules(), "5-core")),
        factors=(*base.factors, Factor("regularization", (1, 10), of=("EASE",)),
                 Factor("data", ("all", "5-core"))),
    )  # fmt: skip


def submitted(**given):
    """Return what Slack sends of the modal once some fields are changed."""
    view = accept_view(edit_modal("{}", plan()))
    entered = {f"{FIELD}:{name}": text for name, text in given.items() if name != "wish"}
    own = {"wish": given["wish"]} if "wish" in given else {}
    return view | {"state": {"values": view_values(view, entered | own)}}


def test_every_factor_question_and_rule_has_a_field():
    fields = {f.name: f.text for f in plan_fields(plan())}

    assert fields["algorithms"] == "ImplicitMF, Popularity, EASE"
    assert fields["regularization"] == "1, 10"
    assert fields["model_seed"] == "3"
    assert fields["data"].splitlines()[1].startswith("5-core: ")
    assert {"questions", "metrics", "split"} <= set(fields)


def test_a_form_that_nobody_changed_asks_for_nothing():
    assert wish_of_form(submitted()) == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"algorithms": "ImplicitMF, Popularity, EASE, SLIM"}, "add SLIM"),
        ({"algorithms": "ImplicitMF, EASE"}, "drop Popularity"),
        ({"metrics": "NDCG@10, Recall@20"}, "also report Recall@20"),
        ({"model_seed": "10"}, "10 training seeds"),
        ({"regularization": "1, 10, 100"}, "Values of regularization: 1, 10, 100"),
        ({"split": "leave one out, newest"}, "Split: leave one out, newest"),
        ({"wish": "twenty seeds, please."}, "twenty seeds, please."),
    ],
)
def test_a_changed_field_is_a_wish_in_words(given, said):
    assert wish_of_form(submitted(**given)) == said


def test_several_changes_are_said_one_after_the_other():
    wish = wish_of_form(submitted(model_seed="5", algorithms="ImplicitMF", wish="test on Recall"))

    assert wish.split(".\n") == [
        "drop Popularity, drop EASE",
        "5 training seeds",
        "test on Recall",
    ]

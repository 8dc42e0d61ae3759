"""What is to be reported is read into its form and what it shows."""

from dataclasses import replace

import pytest
from builders import plan_of

from agent_core.domain import Factor
from agent_core.rules.requested import Form, asked_items, requested

PLAN = replace(
    plan_of(),
    factors=(Factor("algorithm", ("EASE", "ItemKNN")), Factor("train_share", (0.1, 1.0))),
)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Show a figure of NDCG@10 against the core and a table of users left.", 2),
        ("Give me two plots. Figure out why.", 1),
        ("Plot NDCG@10 against k for every algorithm.", 1),
        ("Plot a heat map of tau between metrics, and a table with the winner.", 2),
        ("Use the ratings.csv file; how large is the effect?", 0),
        ("Which suitable algorithm wins?", 0),
    ],
)
def test_figures_and_tables_of_a_task_are_found(text, items):
    assert len(asked_items(text)) == items


@pytest.mark.parametrize(
    ("text", "form", "count"),
    [
        ("2 plots", Form.FIGURE, 2),
        ("three box plots of Recall@20", Form.FIGURE, 3),
        ("one CSV per seed", Form.TABLE, 1),
        ("SD with its interval", Form.VALUE, 1),
    ],
)
def test_its_form_and_number_are_read(text, form, count):
    found = requested(text, PLAN)

    assert (found.form, found.count) == (form, count)


def test_what_it_shows_is_read_by_names_of_the_plan():
    found = requested("a curve of the mean Recall@20 over the share of the training", PLAN).shown

    assert found.metrics == {"recall"}
    assert found.factors == {"train_share"}
    assert found.statistics == {"mean"}
    assert found.drawings == {"curves"}

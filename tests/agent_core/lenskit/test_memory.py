"""What does not fit into memory is said before anything runs, from the counts of the data."""

from dataclasses import replace

import pytest
from results import dataset

from agent_core.domain import Algorithm, Room
from agent_core.lenskit.memory import estimates_text, memory_cautions, needed_mib
from agent_core.lenskit.scorers import SCORERS

SMALL = dataset(rows=100_836, users=610, items=9_724)
TEN = dataset("ten.csv", rows=10_000_000, users=70_000, items=10_000)
TWENTY_FIVE = dataset("ratings.csv", rows=25_000_095, users=162_541, items=59_047)
EASE = Algorithm("EASE", "EASEScorer", {"regularization": 200.0})
POPULARITY = Algorithm("Popularity", "PopScorer")
FACTORS = Algorithm("ImplicitMF", "ImplicitMFScorer", {"embedding_size": 32})
DEFAULT = Room(4096, 24_000)


def test_usual_data_fit_the_default_limit():
    for data in (SMALL, TEN):
        assert memory_cautions((EASE, POPULARITY, FACTORS), (data,), DEFAULT) == ()


def test_a_dense_matrix_of_many_items_does_not_fit_this_machine():
    others, dense = memory_cautions((EASE, POPULARITY), (TWENTY_FIVE,), DEFAULT)

    assert "EASE" not in others
    assert "Popularity" not in dense
    assert "59,047 items" in dense
    assert "this machine has 24,000 MiB" in dense


def test_a_larger_limit_is_named_where_the_machine_has_the_memory():
    (found,) = memory_cautions((FACTORS, POPULARITY), (TWENTY_FIVE,), DEFAULT)

    limit = int(found.split("sandbox.memory_mib to ")[1].split(", leave")[0].replace(",", ""))
    assert "a script has 4,096 MiB" in found
    assert needed_mib(FACTORS, TWENTY_FIVE) < limit < DEFAULT.machine_mib


def test_nothing_is_said_where_the_limit_is_not_known():
    assert memory_cautions((EASE,), (TWENTY_FIVE,), Room()) == ()
    assert estimates_text((TWENTY_FIVE,), Room()) == ""


def test_prompts_have_estimates_only_of_data_that_come_near_the_limit():
    assert estimates_text((SMALL,), DEFAULT) == ""
    assert "EASEScorer" in estimates_text((TWENTY_FIVE,), DEFAULT)


@pytest.mark.parametrize("kind", SCORERS)
def test_estimates_grow_with_the_data(kind):
    few, many = (needed_mib(Algorithm(kind, kind), data) for data in (SMALL, TWENTY_FIVE))

    assert 0 < few < many


def test_neighbours_that_are_kept_bound_what_is_needed():
    whole = Algorithm("ItemKNN", "ItemKNNScorer", {"max_nbrs": 20})
    cut = replace(whole, config={"max_nbrs": 20, "save_nbrs": 500})

    assert needed_mib(cut, TWENTY_FIVE) < needed_mib(whole, TWENTY_FIVE) / 2

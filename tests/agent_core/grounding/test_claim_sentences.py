"""Sentences about differences: verb, size and interval agree."""

from dataclasses import replace

import pytest
from results import NDCG

from agent_core.grounding.claim_sentences import comparison_sentence
from agent_core.statistics.equivalence import Equivalence
from agent_core.statistics.facts import Comparison
from agent_core.statistics.inference import Interval

BELOW = Comparison(
    NDCG, "EASE", "Popularity", -0.105, Interval(-0.117, -0.093, "users"), 0.0002, 0.0006, 300
)
WITHIN = Equivalence(0.2, Interval(-0.115, -0.095, "users"), 1e-5, 2e-5)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("EASE", "Popularity"), "EASE is lower than Popularity in NDCG@10 by 0.105 ("),
        (("Popularity", "EASE"), "Popularity is higher than EASE in NDCG@10 by 0.105 ("),
    ],
)
def test_the_interval_has_the_sign_of_the_told_difference(names, words):
    told = comparison_sentence(replace(BELOW, equivalence=WITHIN), *names)

    assert f"{words}95 % interval over users 0.093 to 0.117; n = 300" in told
    assert "90 % interval over users 0.095 to 0.115" in told


def test_a_difference_that_is_not_shown_keeps_its_sign():
    unclear = replace(BELOW, interval=Interval(-0.22, 0.01, "users"), adjusted_p=0.06)

    told = comparison_sentence(unclear, "EASE", "Popularity")

    assert "(difference -0.10, 95 % interval over users -0.22 to 0.01" in told

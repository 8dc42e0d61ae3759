"""Algorithms that differ in what is varied are told as one with its values."""

from agent_core.domain import Algorithm
from agent_core.rules.algorithm_words import algorithms_text


def grid(**more):
    return [
        Algorithm(f"MF {f} {r}", "MF", {"factors": f, "reg": r, "epochs": 9} | more, base="MF",
                  levels={"factors": f, "reg": r})
        for f in (8, 16) for r in (0.1, 1)
    ]  # fmt: skip


def test_a_grid_is_told_by_its_values():
    told = algorithms_text([*grid(), Algorithm("Popularity", "PopScorer")])

    assert told == "MF (number of epochs 9); factors 8, 16; reg 0.1, 1; Popularity"


def test_variants_with_other_settings_besides_are_told_one_by_one():
    told = algorithms_text([*grid()[:2], *grid(epochs=3)[2:]])

    assert told.count("MF ") == 4
    assert "epochs 3" in told


def test_lists_ranked_again_are_told_by_how():
    reranked = [
        Algorithm(f"EASE {r}", "EASEScorer", {"regularization": 5}, base="EASE",
                  levels={"rerank": r})
        for r in ("none", "MMR")
    ]  # fmt: skip

    assert algorithms_text(reranked) == "EASE (regularization 5); re-ranking none, MMR"

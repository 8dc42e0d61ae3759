"""Answers compare only what a recorded test tells apart."""

import pytest

from agent_core.grounding.answer_text import STRUCK, struck, untested
from agent_core.statistics.facts import EQUIVALENCE


def difference(metric, a, b, value, p=0.001):
    key = f"{metric}|{a} - {b}|difference"
    return {key: value, f"{key}_low": value - 0.02, f"{key}_high": value + 0.02,
            f"{metric}|{a} - {b}|p": p}  # fmt: skip


FACTS = {
    "ndcg@10|EASE|mean": 0.31,
    **difference("ndcg@10", "EASE", "ItemKNN", 0.06),
    **difference("ndcg@10", "ItemKNN", "BPR", 0.01, 0.4),
    **difference("rmse", "BiasedMF", "Bias", -0.1),
    **difference("mse", "SVD", "FunkSVD", 0.1),
    **difference("novelty@10", "Tail", "Head", 0.1),
}


def tost(pair, *values):
    return {f"{pair}|{s}": v for s, v in zip(EQUIVALENCE, values, strict=True)}


FACTS |= tost("ndcg@10|ItemKNN - BPR", 0.05, -0.01, 0.03, 0.001)
FACTS |= tost("ndcg@10|EASE - ItemKNN", 0.05, 0.04, 0.08, 0.9)
REPORT = "**EASE is ahead on this split.** The seed moves NDCG@10 little."


@pytest.mark.parametrize(
    "text",
    [
        "EASE is higher than ItemKNN in NDCG@10: difference +0.0600.",
        "ItemKNN is lower than EASE in NDCG@10.",
        "EASE is better than ItemKNN.",
        "EASE is higher than ItemKNN in NDCG.",
        "BiasedMF is better than Bias in RMSE.",
        "SVD is worse than FunkSVD in MSE.",
        "Tail is higher than Head in NOVELTY@10.",
        "ItemKNN and BPR are equivalent in NDCG@10 within ±0.05.",
        "Equivalence of EASE and ItemKNN in NDCG@10 is not shown within ±0.05.",
        "No equivalence margin was set, so I cannot say whether they are equivalent.",
        "ItemKNN is not distinguishable from BPR in NDCG@10.",
        "EASE is ahead on this split.",
        "I cannot say whether EASE is better than Popularity.",
        "Whether two of them really differ is in the report's paired intervals.",
        "NDCG@10 of EASE: mean 0.31, lowest run 0.3.",
        "Recall@20 was not recorded.",
        "The difference of EASE and ItemKNN is {{ndcg@10|EASE - ItemKNN|difference}}.",
        "The mean is {{ndcg@10|EASE|mean}}.",
    ],
)
def test_what_a_test_shows_may_be_told(text):
    assert untested(text, FACTS, REPORT) == ()


@pytest.mark.parametrize(
    "text",
    [
        "ItemKNN is higher than EASE in NDCG@10.",
        "EASE is higher than ItemKNN in NDCG@1.",
        "EASE is higher than ItemKNN in NDCG@20.",
        "EASE is higher than ItemKNN in Recall@10.",
        "EASE is higher than ItemKNN in NDCG@10 and MRR.",
        "EASE is not higher than ItemKNN in NDCG@10.",
        "It is false that EASE is higher than ItemKNN.",
        "ItemKNN is higher than BPR in NDCG@10.",
        "ItemKNN is not distinguishable from EASE in NDCG@10.",
        "EASE is better than Popularity.",
        "Bias is better than BiasedMF in RMSE.",
        "SVD is better than FunkSVD in MSE.",
        "Tail is better than Head in NOVELTY@10.",
        "EASE and ItemKNN are equivalent in NDCG@10 within ±0.05.",
        "EASE shows equivalence with ItemKNN.",
        "ItemKNN and BPR are not equivalent in NDCG@10.",
        "Equivalence of ItemKNN and BPR in NDCG@10 is not shown within ±0.05.",
        "BiasedMF and Bias are equivalent in RMSE.",
        "Equivalence is shown.",
        "Head is worse than Tail in NOVELTY@10.",
        "EASE is the best algorithm.",
        "EASE comes out on top.",
        "EASE dwarfs ItemKNN.",
        "The results are robust.",
        "The difference is significant.",
        "The order is stable.",
        "EASE is ahead",
        "The seed moves NDCG@10 little, EASE is ahead on this split.",
        "EASE > ItemKNN.",
        "EASE is better, whether or not anybody can say; it was not recorded.",
    ],
)
def test_what_none_shows_is_struck_with_a_note(text):
    told = struck(f"The split was fixed. {text}", untested(text, FACTS, REPORT))

    assert told == f"The split was fixed. {STRUCK}"

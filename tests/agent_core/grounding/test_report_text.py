# ruff: noqa: RUF001  digits of other scripts are what is tested
"""A researcher's words: filled from facts, or struck; lies come out harmless."""

import re

import pytest
from results import comparison_evidence, dataset, seed_evidence

from agent_core.domain import Claim, Direction, SplitKind
from agent_core.grounding.report_text import Filler, Part
from agent_core.statistics.facts import collect_facts


@pytest.fixture(scope="module")
def compared():
    evidence = comparison_evidence()
    return evidence.plan, collect_facts(evidence)


@pytest.fixture(scope="module")
def seeded():
    evidence = seed_evidence()
    return evidence.plan, collect_facts(evidence)


def filler(found, *claims):
    plan, facts = found
    return Filler(plan, facts, claims, (dataset(),))


def mean(found, name):
    return found[1].values[f"ndcg@10|{name}|mean"]


def test_a_reference_becomes_digits(compared):
    text = filler(compared).fill("EASE reaches {{ndcg@10|EASE|mean}} in this protocol.")

    assert text.startswith("EASE reaches 0.2")
    assert text.endswith(" in this protocol.")
    assert float(re.search(r"0\.\d+", text)[0]) == pytest.approx(mean(compared, "EASE"), abs=0.01)


def test_digits_belong_to_the_algorithm_that_they_stand_beside(compared):
    swapped = (
        "EASE reaches {{ndcg@10|Popularity|mean}}, Popularity {{ndcg@10|EASE|mean}} of NDCG@10."
    )
    found = filler(compared)

    assert found.fill(swapped) == ""
    assert "beside another algorithm" in found.struck[0]
    assert found.fill("The mean is {{ndcg@10|EASE|mean}}.") == "The mean is 0.243 (EASE)."


def test_a_statistic_is_not_passed_off_as_another(seeded):
    found = filler(seeded)

    assert "SD 0.0" in found.fill("ImplicitMF reaches {{ndcg@10|ImplicitMF|sd}}.")
    assert found.fill("The SD of ImplicitMF is {{ndcg@10|ImplicitMF|mean}}.") == ""
    assert "mean 0." in found.fill(
        "ImplicitMF has an SD of {{ndcg@10|ImplicitMF|sd}} around {{ndcg@10|ImplicitMF|mean}}."
    )
    assert "SD SD" not in found.fill("ImplicitMF has an SD of {{ndcg@10|ImplicitMF|sd}}.")


def test_a_claim_gets_the_verb_of_its_test(compared):
    claims = (
        Claim("EASE", "ItemKNN", "ndcg@10"),
        Claim("ItemKNN", "ImplicitMF", "ndcg@10"),
        Claim("ItemKNN", "EASE", "ndcg@10", Direction.HIGHER),
    )
    found = filler(compared, *claims)

    assert re.match(
        r"EASE is higher than ItemKNN in NDCG@10 by 0\.0\d+ \(95 % interval over users 0\.0\d+ to "
        r"0\.0\d+; n = 300 users, p < 0\.001, Holm over 6\)\.",
        found.fill("{{claim:0}}."),
    )
    assert "ItemKNN and ImplicitMF are not distinguishable in NDCG@10" in found.fill("{{claim:1}}")
    assert "ItemKNN is lower than EASE" in found.fill("{{claim:2}}.")
    assert "against the expectation" in found.fill("{{claim:2}}.")


@pytest.mark.parametrize(
    "text",
    [
        "EASE reaches {{ndcg@10|EASE|median}}.",
        "EASE reaches {{ndcg@20|EASE|mean}}.",
        "SVD reaches {{ndcg@10|SVD|mean}}.",
        "EASE reaches {{ndcg@10|EASE}}.",
        "{{claim:7}}.",
        "{{claim:x}}.",
        "EASE reaches {{ ndcg.",
    ],
)
def test_unknown_references_take_their_sentence_along(compared, text):
    found = filler(compared)

    assert found.fill(f"{text} The split was fixed.") == "The split was fixed."
    assert len(found.struck) == 1


LIES = [
    "EASE reaches an NDCG@10 of 0.45.",
    "EASE reaches 45 %.",
    "EASE reaches forty-five percent.",
    "EASE is almost twice as good.",
    "EASE reaches ٠٫٤٥ here.",
    "EASE reaches ０．４５ here.",
    "EASE reaches ½ here.",
    "EASE reaches 𝟎.𝟒𝟓 here.",
    "EASE reaches ⁴⁵ here.",
    "EASE reaches 四十五 here.",
    "EASE has p < 1.5e-3.",
    "EASE has 1.5×10^-3.",
    "EASE has .45 in NDCG.",
    "EASE reaches zero point four five.",
    "EASE halves the error by half.",
    "EASE gives a tenfold value.",
    "EASE triples the value.",
    "NDCG rose by 30 points.",
    "NDCG rose by 10.",
    "NDCG@0.45 was reached.",
    "EASE reaches 0.{{ndcg@10|EASE|n_users}}.",
    "EASE reaches {{ndcg@10|EASE|n_users}} %.",
    "EASE reaches {{ndcg@10|EASE|n_users}} percent.",
    "EASE reaches {{ndcg@10|EASE|mean}}{{ndcg@10|EASE|mean}}.",
    "EASE reaches -{{ndcg@10|EASE|mean}}.",
    "EASE reaches {{ndcg@10|EASE|mean}}e3.",
    "EASE is significantly better.",
    "EASE is signi\u200bficantly better.",
    "EASE is b\u0435tter.",  # with a Cyrillic e
    "EASE outperforms ItemKNN.",
    "EASE out-performs ItemKNN.",
    "EASE is superior.",
    "EASE beats every other algorithm.",
    "EASE wins.",
    "EASE is the winner.",
    "EASE is state of the art.",
    "EASE sets a new SOTA.",
    "The results are robust.",
    "This proves that EASE works.",
    "EASE is higher than ItemKNN.",
    "EASE improves on ItemKNN.",
    "EASE is ahead of ItemKNN.",
    "EASE surpasses ItemKNN.",
    "ItemKNN and ImplicitMF are equal.",
    "ItemKNN and ImplicitMF are identical.",
    "ItemKNN and ImplicitMF are statistically the same.",
    "There is no difference between ItemKNN and ImplicitMF.",
    "The published results were reproduced.",
    "All requirements are met.",
    "All checks pass.",
    "The code was verified to be correct.",
    "See https://example.org for more.",
    "<!channel> EASE is done.",
    "Hello @everyone.",
]


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_struck_and_listed(compared, lie):
    found = filler(compared)

    assert found.fill(lie) == ""
    assert len(found.struck) == 1


@pytest.mark.parametrize("lie", LIES)
def test_lies_do_not_survive_beside_what_is_true(compared, lie):
    text = filler(compared).fill(f"The split was fixed. {lie} Users were held out.")

    assert text == "The split was fixed. Users were held out."


@pytest.mark.parametrize(
    "text",
    [
        "Every random algorithm was trained with 30 seeds.",
        "Thirty seeds were used.",
        "One split was used; the effect of the split was not measured.",
        "NDCG@10 is averaged over 943 users.",
        "The data has 100,000 ratings of 1,682 items.",
        "MovieLens 100K is one data set.",
        "u.data was read.",
        "ImplicitMF has embedding_size = 32.",
        "Lists were cut at k = 10.",
        "The split seed 42 was fixed.",
        "No interval over splits can be given.",
    ],
)
def test_numbers_of_the_plan_stay_beside_what_they_count(seeded, text):
    found = filler(seeded)

    assert found.fill(text) == text
    assert found.struck == []


@pytest.mark.parametrize(
    "text",
    [
        "Every random algorithm was trained with 31 seeds.",
        "NDCG@10 is averaged over 30 users.",
        "NDCG@20 was measured.",
        "ImplicitMF has embedding_size = 64.",
        "The value is 32.",
        "The value is 0.32.",
        "30.5 seeds were used.",
        "There are 30 % more.",
    ],
)
def test_numbers_beside_something_else_are_struck(seeded, text):
    assert filler(seeded).fill(text) == ""


def test_the_hold_out_share_may_be_said(seeded):
    plan, facts = seeded
    found = Filler(plan.with_split(kind=SplitKind.USER_FRACTION), facts)

    assert found.fill("20 % of the interactions were held out.")
    assert not found.fill("Accuracy rose by 20 %.")
    assert not found.fill("35 % of the interactions were held out.")


def test_proposals_may_count_but_not_promise(compared):
    found = filler(compared)

    assert found.fill("Repeat with 5-fold cross-validation.", Part.PROPOSAL)
    assert found.fill("Improve the embedding with 20 seeds.", Part.PROPOSAL)
    assert found.fill("Add Recall@20 to see whether the metric matters.", Part.PROPOSAL)
    assert not found.fill("Deploy EASE, it is 45 % better.", Part.PROPOSAL)
    assert not found.fill("EASE will reach 0.45.", Part.PROPOSAL)


def test_limits_may_compare_in_words(compared):
    text = "The seed effect may be smaller than the effect of the split."

    assert filler(compared).fill(text, Part.LIMIT) == text
    assert filler(compared).fill(text, Part.FINDING) == ""


@pytest.mark.parametrize("part", list(Part))
def test_equivalence_is_for_its_test_to_say(compared, part):
    assert filler(compared).fill("ItemKNN and ImplicitMF are equivalent.", part) == ""

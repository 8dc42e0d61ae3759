import pytest

from agent_core.grounding.answer_numbers import invented, without

FACTS = {"ndcg@10|EASE|mean": 0.46213, "ndcg@10|EASE|cv": 0.0208, "ndcg@10|EASE|n_users": 943.0}


@pytest.mark.parametrize(
    "text",
    [
        "NDCG@10 is 0.462, or 0.4621.",
        "CV 2.1 % over 943 users",
        "3 scripts were tried",
        "{{ndcg@10|EASE|mean}}",
        "as planned, K = 10",
        "1,682 items",
    ],
)
def test_recorded_numbers_may_be_told(text):
    assert invented(text, FACTS, "The data have 1,682 items.") == ()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("NDCG@10 is 0.472", ("0.472",)),
        ("0.4622 on average", ("0.4622",)),
        ("p = 0.001 over 944 users", ("0.001", "944")),
        ("-0.462 and 1.682", ("-0.462", "1.682")),
    ],
)
def test_others_are_invented(text, numbers):
    assert invented(text, FACTS, "The data have 1,682 items.") == numbers


def test_what_is_struck_leaves_references_and_the_rest():
    text = without("EASE has 0.99, not {{ndcg@0.99|EASE|mean}}.", ("0.99",))

    assert text == "EASE has [not recorded], not {{ndcg@0.99|EASE|mean}}."

import pytest

from agent_core.domain import UserId
from agent_core.waivers import read_waivers

ANN = UserId("ann")


@pytest.mark.parametrize(
    ("text", "check", "reason", "rest"),
    [
        (
            "waive baseline_present because this is about leakage",
            "baseline_present",
            "this is about leakage",
            "",
        ),
        (
            "Compare EASE and item kNN. Please waive the check `no test in train`, since we "
            "measure the leak. Use 5 folds.",
            "no_test_in_train",
            "we measure the leak",
            "Compare EASE and item kNN. Use 5 folds",
        ),
        ("Waive same-test-users: reason: cold users", "same_test_users", "cold users", ""),
    ],
)
def test_a_waiver_is_read_with_its_reason(text, check, reason, rest):
    asked = read_waivers(text, ANN)

    assert [(w.check, w.reason, w.by) for w in asked.waivers] == [(check, reason, ANN)]
    assert asked.complaints == ()
    assert asked.rest == rest


def test_a_waiver_without_a_reason_or_of_no_check_is_refused():
    without = read_waivers("waive baseline_present", ANN)
    unknown = read_waivers("waive the weather check because it rains", ANN)

    assert without.waivers == unknown.waivers == ()
    assert "because …" in without.complaints[0]
    assert "no binding check `the_weather`" in unknown.complaints[0] or (
        "no binding check `weather`" in unknown.complaints[0]
    )


def test_other_words_hold_none():
    text = "What does it mean that fees are waived? Use K = 10."

    assert read_waivers(text, ANN).rest == text
    assert read_waivers(text, ANN).waivers == ()

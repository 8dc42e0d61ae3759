import pytest

from agent_core.domain import UserId
from agent_core.lab.waivers import read_waivers

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
        (
            "accept the failed check of the same test users because cold users differ",
            "same_test_users",
            "cold users differ",
            "",
        ),
        (
            "Ignore the baseline present check, as nothing is compared. Use 5 folds.",
            "baseline_present",
            "nothing is compared",
            "Use 5 folds",
        ),
        (
            "waive the check on values in range because we test a broken metric",
            "values_in_range",
            "we test a broken metric",
            "",
        ),
        ("Waive same-test-users: reason: cold users", "same_test_users", "cold users", ""),
    ],
)
def test_a_waiver_is_read_with_its_reason(text, check, reason, rest):
    asked = read_waivers(text, ANN)

    assert [(w.check, w.reason, w.by) for w in asked.waivers] == [(check, reason, ANN)]
    assert asked.refusals == ()
    assert asked.rest == rest


def test_a_waiver_without_a_reason_or_of_no_check_is_refused():
    without = read_waivers("waive baseline_present", ANN)
    unknown = read_waivers("waive the weather check because it rains", ANN)

    assert without.waivers == unknown.waivers == ()
    assert "because …" in without.refusals[0]
    assert "no binding check `the_weather`" in unknown.refusals[0] or (
        "no binding check `weather`" in unknown.refusals[0]
    )


def test_a_check_that_only_warns_holds_nothing_up():
    asked = read_waivers("accept the warning that the baseline is not beaten because I know", ANN)

    assert asked.waivers == ()
    assert asked.refusals[0].startswith("`beats_baseline` only warns and holds nothing up")


def test_words_that_name_several_checks_are_asked_back():
    asked = read_waivers("accept the warning about the baseline because it is weak", ANN)

    assert asked.waivers == ()
    assert "`baseline_present` or `beats_baseline`?" in asked.refusals[0]


@pytest.mark.parametrize(
    "text",
    ["I accept the offer because it is good.", "Accept ratings of 4 as positive.", "Check it"],
)
def test_accepting_something_else_is_no_waiver(text):
    asked = read_waivers(text, ANN)

    assert (asked.waivers, asked.refusals, asked.rest) == ((), (), text)


def test_other_words_hold_none():
    text = "What does it mean that fees are waived? Use K = 10."

    assert read_waivers(text, ANN).rest == text
    assert read_waivers(text, ANN).waivers == ()

"""What messages mean."""

from __future__ import annotations

import pytest

from bot.conversation.commands import Intent
from bot.conversation.intents import disputed_text, is_task, named_users, understand


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("start", Intent.START),
        ("!start", Intent.START),
        ("Go!", Intent.START),
        ("please start.", Intent.START),
        ("starting from which seed?", Intent.QUESTION),
        ("STOP", Intent.STOP),
        ("stop it", Intent.STOP),
        ("stop using EASE", Intent.TALK),
        ("status?", Intent.STATUS),
        ("how's it going?", Intent.STATUS),
        ("undo", Intent.UNDO),
        ("help", Intent.HELP),
        ("", Intent.NOTHING),
        ("re-run", Intent.RERUN),
        ("resume", Intent.RESUME),
        ("add <@U1> and <@U2>", Intent.ADD_OWNER),
        ("add EASE", Intent.WISH),
        ("please use 20 seeds", Intent.WISH),
        ("can you use 20 seeds?", Intent.WISH),
        ("can you explain the interval?", Intent.QUESTION),
        ("why is EASE better", Intent.QUESTION),
        ("thanks, looks good", Intent.ASSENT),
        ("20 seeds", Intent.TALK),
        ("accept the warning about the leak because we measure it", Intent.WISH),
        ("accept my thanks", Intent.TALK),
        ("Improve further!", Intent.IMPROVE),
        ("go further", Intent.IMPROVE),
        ("improve the tuning of EASE", Intent.WISH),
        ("zip", Intent.ZIP),
        ("Methods + LaTeX", Intent.METHODS),
        ("what methods?", Intent.QUESTION),
        ("Something is wrong.", Intent.DISPUTE),
        ("is something wrong?", Intent.QUESTION),
        ("this is wrong, isn't it?", Intent.QUESTION),
        ("something is wrongly named", Intent.TALK),
    ],
)
def test_words_are_understood(text, intent):
    assert understand(text) is intent


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("something is wrong", ""),
        ("This is wrong: the split\nleaks", "the split\nleaks"),
        ("it\u2019s wrong \u2014 EASE is too good", "EASE is too good"),
        ("that looks wrong, users are missing", "users are missing"),
        ("something is wrong with the baseline", "something is wrong with the baseline"),
        ("this is wrong but use 5 seeds", None),
        ("nothing is wrong", None),
    ],
)
def test_a_dispute_says_what_is_wrong(text, said):
    assert disputed_text(text) == said


@pytest.mark.parametrize("text", ["hello", "zip", "improve", "something is wrong"])
def test_greetings_and_words_about_a_report_are_no_task(text):
    assert not is_task(text)


def test_a_question_is_a_task():
    assert is_task("compare popularity and EASE")


def test_users_are_found_once():
    assert named_users("add <@U1> and <@U2|jan> <@U1>") == ("U1", "U2")

"""What messages mean, and what deliveries say."""

from __future__ import annotations

import pytest

from bot.conversation.intents import Intent, complaint, is_task, named_users, understand
from bot.slack.incoming import Attachment, Kind, Place, decode, encode, incoming_of, place_metadata

BOT = "U0BOT"


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
        ("thanks, looks good", Intent.TALK),
        ("20 seeds", Intent.TALK),
        ("accept the warning about the leak because we measure it", Intent.WISH),
        ("accept my thanks", Intent.TALK),
        ("Improve further!", Intent.IMPROVE),
        ("go further", Intent.IMPROVE),
        ("improve the tuning of EASE", Intent.WISH),
        ("zip", Intent.ZIP),
        ("Methods + LaTeX", Intent.METHODS),
        ("what methods?", Intent.QUESTION),
        ("Something is wrong.", Intent.WRONG),
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
def test_a_complaint_says_what_is_wrong(text, said):
    assert complaint(text) == said


@pytest.mark.parametrize("text", ["hello", "zip", "improve", "something is wrong"])
def test_greetings_and_words_about_a_report_are_no_task(text):
    assert not is_task(text)


def test_a_question_is_a_task():
    assert is_task("compare popularity and EASE")


def test_users_are_found_once():
    assert named_users("add <@U1> and <@U2|jan> <@U1>") == ("U1", "U2")


def event(**fields):
    message = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.5", "text": "hi"}
    return {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T1",
        "event": message | fields,
    }


def test_a_message_with_a_file():
    file = {"id": "F1", "name": "u.data", "url_private": "https://files.slack.com/x", "size": 3}
    found = incoming_of(event(subtype="file_share", text=f"<@{BOT}> why?", files=[file]), BOT)

    assert found.text == "why?"
    assert found.is_mention
    assert found.is_root
    assert found.place == Place("T1", "C1", "1.5")
    assert found.files == (Attachment("F1", "u.data", "https://files.slack.com/x", 3),)
    assert decode(encode(found)) == found


def test_mention_and_message_have_one_key():
    both = [incoming_of(event(type=kind), BOT) for kind in ("app_mention", "message")]

    assert both[0].key == both[1].key == "T1:C1:1.5"


@pytest.mark.parametrize(
    "fields",
    [
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "bot_message", "user": None},
        {"subtype": "channel_join"},
        {"user": BOT},
        {"type": "reaction_added"},
    ],
)
def test_what_people_do_not_say_is_nothing(fields):
    assert incoming_of(event(**fields), BOT) is None


def test_a_broadcast_reply_is_a_reply():
    found = incoming_of(event(subtype="thread_broadcast", thread_ts="1.0"), BOT)

    assert found.place.thread_ts == "1.0"
    assert not found.is_root


def test_the_native_stop():
    body = event(type="agent_session_stopped", thread_ts="1.0", event_ts="2.0")

    assert incoming_of(body, BOT).kind is Kind.STOP


def test_a_button_knows_run_and_thread():
    body = {
        "type": "block_actions",
        "user": {"id": "U1"},
        "team": {"id": "T1"},
        "container": {
            "type": "message",
            "message_ts": "2.0",
            "channel_id": "C1",
            "thread_ts": "1.0",
        },
        "actions": [{"action_id": "undo", "value": "r1:3", "action_ts": "9"}],
    }
    found = incoming_of(body, BOT)

    assert (found.action, found.run, found.place.thread_ts) == ("undo", "r1", "1.0")


@pytest.mark.parametrize("form", ["edit_plan", "improve", "dispute"])
def test_a_submitted_wish(form):
    place = Place("T1", "C1", "1.0")
    view = {
        "id": "V1",
        "hash": "h",
        "callback_id": form,
        "private_metadata": place_metadata(place, "r1"),
        "state": {"values": {"wish": {"wish": {"value": " 20 seeds "}}}},
    }
    found = incoming_of({"type": "view_submission", "user": {"id": "U1"}, "view": view}, BOT)

    assert (found.kind, found.action) == (Kind.FORM, form)
    assert (found.place, found.run, found.text) == (place, "r1", "20 seeds")

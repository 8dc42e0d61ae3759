"""What Slack's deliveries say."""

from __future__ import annotations

import pytest

from bot.slack.incoming import (
    Attachment,
    IncomingKind,
    ThreadPlace,
    decode_incoming,
    encode_incoming,
    incoming_of,
    place_metadata,
)

BOT = "U0BOT"


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
    assert found.place == ThreadPlace("T1", "C1", "1.5")
    assert found.files == (Attachment("F1", "u.data", "https://files.slack.com/x", 3),)
    assert decode_incoming(encode_incoming(found)) == found


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

    assert incoming_of(body, BOT).kind is IncomingKind.STOP


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
    place = ThreadPlace("T1", "C1", "1.0")
    view = {
        "id": "V1",
        "hash": "h",
        "callback_id": form,
        "private_metadata": place_metadata(place, "r1"),
        "state": {"values": {"wish": {"wish": {"value": " 20 seeds "}}}},
    }
    found = incoming_of({"type": "view_submission", "user": {"id": "U1"}, "view": view}, BOT)

    assert (found.kind, found.action) == (IncomingKind.FORM, form)
    assert (found.place, found.run, found.text) == (place, "r1", "20 seeds")

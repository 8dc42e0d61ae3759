"""Whatever is said fits into Slack's limits."""

from __future__ import annotations

from builders import plan_of
from hypothesis import given, strategies as st
from messages import LONG, fits, view_of

from bot.blocks.limits import chunks, clip, message, without_buttons
from bot.blocks.plan import plan_message


@given(LONG)
def test_any_text_is_a_message(text):
    fits(message(text))


@given(LONG, st.integers(10, 4000))
def test_pieces_fit_and_hold_all_words(text, limit):
    pieces = chunks(text, limit)

    assert all(0 < len(p) <= limit for p in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(LONG, st.integers(2, 500))
def test_cut_texts_fit(text, limit):
    assert len(clip(text, limit)) <= limit


def test_a_cut_opens_no_token():
    assert clip("see <https://example.org/long|here> now", 20) == "see …"


def test_buttons_give_way_to_a_note():
    shown = plan_message(view_of(), plan_of())

    kept = without_buttons(shown.blocks, "Started.")

    assert [b["type"] for b in kept] == ["section", "context"]

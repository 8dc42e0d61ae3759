"""Every button does something when it is pressed, and gives back what it carries."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from bot import blocks
from bot.blocks.buttons import Button, ButtonAction, Carried, button_row
from bot.blocks.limits import VALUE
from bot.conversation.dispatch import ACTIONS
from bot.listeners.actions import ModalOpener

PLACES = sorted(Path(blocks.__file__).parent.glob("*.py"))


def buttons_of(path):
    """Return the actions of the buttons that a module makes."""
    calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    made = [c for c in calls if getattr(c.func, "id", "") == "Button"]
    return {ButtonAction[call.args[1].attr] for call in made}


def test_every_button_does_something_or_opens_a_modal():
    modals = set(ModalOpener(None).by_action())

    assert set(ButtonAction) == ACTIONS | modals == set().union(*map(buttons_of, PLACES))
    assert not ACTIONS & modals


@given(st.text(max_size=2 * VALUE))
def test_a_button_gives_back_what_it_carries_or_says_that_it_is_cut(wish):
    (row,) = button_row([Button("Go", ButtonAction.IMPROVE, Carried("r1", wish))])
    value = row["elements"][0]["value"]

    carried = Carried.of(value)

    assert len(value) <= VALUE
    assert carried.run == "r1"
    assert carried.is_cut is (carried.detail != wish)


@pytest.mark.parametrize(
    ("value", "carried"),
    [
        ("r1", Carried("r1")),
        ("r1:7", Carried("r1", "7")),
        ("r1:tune: all of …", Carried("r1", "tune: all of …")),
    ],
)
def test_a_button_of_an_older_message_is_read(value, carried):
    assert Carried.of(value) == carried


@pytest.mark.parametrize("count", [0, 1, 5, 6, 11])
def test_no_button_is_left_out_of_its_rows(count):
    rows = button_row([Button(str(n), ButtonAction.ZIP, Carried(f"r{n}")) for n in range(count)])

    assert [b["value"] for row in rows for b in row["elements"]] == [f"r{n}" for n in range(count)]
    assert all(len(row["elements"]) <= 5 for row in rows)

"""Every button that a message has is heard when it is pressed."""

import ast
import re
from pathlib import Path

from bot import blocks
from bot.conversation.dispatch import ACTIONS
from bot.listeners import actions

PLACES = sorted(Path(blocks.__file__).parent.glob("*.py"))


def buttons_of(path):
    """Return the actions of the buttons that a module makes."""
    calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    made = [c for c in calls if getattr(c.func, "id", "") == "Button"]
    return {call.args[1].value for call in made}


def test_every_button_does_something_or_opens_a_modal():
    shown = set().union(*map(buttons_of, PLACES))
    modals = set(re.findall(r'app\.action\("(\w+)"\)', Path(actions.__file__).read_text()))

    assert shown == {*ACTIONS, *modals}

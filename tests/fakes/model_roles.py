"""Which question a request asks, told from its schema or, in text, from its first words."""

from __future__ import annotations

from model_answers import GOOD
from model_server import Asked, Say

BY_SCHEMA = {"plan": "plan", "revision": "revise", "verdicts": "judge"}
BY_WORDS = {"You judge": "judge", "You word": "report", "You answer": "answer"}
BY_END = {
    "from scratch": "draft",
    "how it is repaired": "debug",
    "meets the aim": "improve",
    "Combine both": "merge",
}


def role_of(asked: Asked) -> str:
    """Return the role: plan, revise, draft, debug, improve, merge, judge, report, answer."""
    if asked.schema_name:
        return BY_SCHEMA.get(asked.schema_name, asked.schema_name)
    system, question = (m["content"] for m in asked.body["messages"][:2])
    if system.startswith("You plan"):
        return "revise" if "Decide what the reply is" in question else "plan"
    if system.startswith("You write"):
        now = question.rsplit("## Now", 1)[-1]
        return next(role for words, role in BY_END.items() if words in now)
    return next(role for words, role in BY_WORDS.items() if system.startswith(words))


def answer_well(asked: Asked) -> Say:
    """Give the good answer to whatever is asked."""
    return Say(GOOD[role_of(asked)])

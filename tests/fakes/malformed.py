"""Answers that are wrong in every way a model or a gateway can be wrong, from one seed."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from model_answers import GOOD
from model_roles import role_of
from model_server import Answer, Asked, BreakOff, Fail, Raw, Say

STATUSES = (400, 404, 408, 409, 418, 422, 429, 500, 502, 503)
WEIRD: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1e308, float("nan"),
    "", "x" * 5000, "\0\ud83d", [], [[]], {}, "{{a}}",
)  # fmt: skip


def mutated(value: Any, rng: Random) -> Any:
    """Change one place in a JSON value."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        fate = rng.random()
        rest = {k: v for k, v in value.items() if k != key}
        if fate < 0.15:
            return rest
        return rest | {key: rng.choice(WEIRD) if fate < 0.4 else mutated(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        changed = [] if rng.random() < 0.2 else [mutated(value[place], rng)] * rng.randint(1, 3)
        return value[:place] + changed + value[place + 1 :]
    return rng.choice(WEIRD)


def garbled_text(good: str, rng: Random) -> str:
    """Spoil a text: cut it, mutate its JSON, wrap it, or replace it."""
    kinds = ("cut", "json", "json", "json", "prose", "noise", "nested", "fence", "middle")
    kind = rng.choice(kinds)
    if kind == "json" and good.startswith("{"):
        value = json.loads(good)
        for _ in range(rng.randint(1, 4)):
            value = mutated(value, rng)
        return json.dumps(value)
    place = rng.randrange(len(good))
    return {
        "cut": good[:place],
        "middle": good[:place] + good[place + rng.randint(1, 40) :],
        "json": good[place:],
        "prose": "I am sorry, I can not do that.",
        "noise": "".join(chr(rng.randint(1, 0x2FF)) for _ in range(rng.randint(0, 400))),
        "nested": "[" * 3000 if rng.random() < 0.5 else '{"a":' * 3000,
        "fence": f"```\n{good[:place]}\n```\n```python\n",
    }[kind]


def garbled_bytes(rng: Random) -> Raw:
    """Spoil the completion itself."""
    piece = rng.choice(WEIRD)
    message = {"role": "assistant", "content": piece, "tool_calls": rng.choice(WEIRD)}
    bodies: list[Any] = [
        {},
        {"choices": piece},
        {"choices": [piece]},
        {"choices": [{"message": message, "finish_reason": rng.choice(WEIRD)}]},
        {"choices": [{"delta": {"content": piece}}], "usage": piece},
        {"error": piece},
        piece,
    ]
    body = json.dumps(rng.choice(bodies)).encode()
    if rng.random() < 0.3:
        body = rng.randbytes(rng.randint(0, 300))
    is_stream = rng.random() < 0.5
    if is_stream:
        return Raw(b"data: " + body + b"\n\n", "text/event-stream")
    return Raw(body, rng.choice(["application/json", "text/html", "text/plain"]))


def malformed(asked: Asked, rng: Random) -> Answer:
    """Answer badly, in one of all ways."""
    good = GOOD[role_of(asked)]
    kind = rng.random()
    if kind < 0.6:
        finish = rng.choice(["stop", "stop", "length", "content_filter", "made_up"])
        return Say(garbled_text(good, rng), finish=finish, counts=rng.random() < 0.5)
    if kind < 0.8:
        return garbled_bytes(rng)
    if kind < 0.85:
        return BreakOff(good[: rng.randrange(len(good))])
    if kind < 0.9:
        return Say("", refusal="no")
    if kind < 0.95:
        status = rng.choice(STATUSES)
        return Fail(status, rng.choice(["", "stream", "tools", "max_tokens", "x" * 3000]))
    return Say(good)

"""A weak model: it leaves out, misnames or mistypes a few fields of good plans, from one seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any

from model_designs import DESIGNS
from model_requests import DATA
from model_roles import role_of
from model_server import Answer, Asked, said

from agent_core.domain import Plan
from agent_core.model.plan_answer import PlanAnswer
from agent_core.model.planning import plan_from

WAYS = ("left out", "key misnamed", "value misspelt", "mistyped")
NAMED = frozenset(
    {"kind", "rule", "role", "name", "level", "base", "order", "of", "keep", "candidates",
     "masked", "priority", "nature", "over", "within", "measures", "metrics", "datasets", "check",
     "config"}
)  # fmt: skip
"""Fields whose texts are names, so that they can be misspelt."""
NULLABLE = frozenset(
    {"reference", "margin", "tolerance", "check", "test_users", "count", "lowest_test_rating",
     "amount", "candidate_count", "seed", "ask"}
)  # fmt: skip
"""Fields that may be null, so that null is no fault."""
MOST = 5


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an answer."""

    path: tuple[str | int, ...]
    way: str
    value: Any = None
    """What stands there instead: of a misnamed key the key, of a wrong value the value."""

    def done(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return an answer with this fault; one whose place another fault took stays."""
        changed = deepcopy(answer)
        try:
            *way, last = self.path
            part: Any = changed
            for step in way:
                part = part[step]
            if self.way == "left out":
                del part[last]
            elif self.way == "key misnamed":
                part[self.value] = part.pop(last)
            else:
                part[last] = self.value
        except (KeyError, IndexError, TypeError):
            return answer
        return changed


def whole_answer(name: str) -> dict[str, Any]:
    """Return a good plan with every field of the schema."""
    return dict(json.loads(_whole_text(name)))


@cache
def _whole_text(name: str) -> str:
    return PlanAnswer.model_validate(deepcopy(DESIGNS[name])).model_dump_json()


@cache
def _good_plan(name: str) -> Plan:
    return plan_from(PlanAnswer.model_validate(whole_answer(name)), [DATA])


def faults_in(answer: dict[str, Any], rng: Random) -> tuple[Fault, ...]:
    """Draw one to five faults, each in a field of its own."""
    places = list(_places(answer, ()))
    drawn = rng.sample(places, rng.randint(1, MOST))
    return tuple(_fault(answer, path, rng) for path in drawn)


def weakened(answer: dict[str, Any], faults: tuple[Fault, ...]) -> dict[str, Any]:
    """Return an answer with all of some faults."""
    for fault in sorted(faults, key=lambda f: -len(f.path)):
        answer = fault.done(answer)
    return answer


@dataclass
class WeakModel:
    """Plans one design after the other, each with other faults."""

    name: str = ""
    rng: Random = field(default_factory=Random)
    faults: tuple[Fault, ...] = ()
    """Those of the last answer."""

    def turn_to(self, seed: int) -> None:
        """Take the design and the faults of a seed."""
        self.rng = Random(seed)
        self.name = self.rng.choice(sorted(DESIGNS))

    def __call__(self, asked: Asked) -> Answer:
        assert role_of(asked) == "plan"
        answer = whole_answer(self.name)
        self.faults = faults_in(answer, self.rng)
        return said(weakened(answer, self.faults))


def unsaid(name: str, faults: tuple[Fault, ...], plan: Plan) -> list[Fault]:
    """Return the faults that change a plan without a sentence of theirs among its assumptions.

    A fault counts where it alone makes another plan. What it alone has said of it is said of the
    whole too, in the same words or, where faults meet, at least about the same part.
    """
    good = _good_plan(name)
    if replace(plan, assumptions=(), estimate_cost=0.0) == replace(good, assumptions=()):
        return []
    new = {told for told in plan.assumptions if told not in good.assumptions}
    return [
        one
        for one in faults
        if not _is_covered(one, faults) and not _is_said(one, name, good, new)
    ]


def _is_covered(fault: Fault, faults: tuple[Fault, ...]) -> bool:
    """Whether another fault took the part that this one is in."""
    paths = [other.path for other in faults if other is not fault]
    return any(path == fault.path[: len(path)] for path in paths)


def _is_said(fault: Fault, name: str, good: Plan, new: set[str]) -> bool:
    try:
        answer = PlanAnswer.model_validate(fault.done(whole_answer(name)))
    except ValueError:
        return bool(new)
    alone = plan_from(answer, [DATA])
    if replace(alone, assumptions=()) == replace(good, assumptions=()):
        return True
    own = {told for told in alone.assumptions if told not in good.assumptions}
    return bool({_part_of(told) for told in own} & {_part_of(told) for told in new})


def _part_of(sentence: str) -> str:
    """Return what a sentence is about: its first word."""
    return sentence.replace(",", " ").replace(":", " ").split()[0].lower().rstrip("s")


def _places(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of all fields, those of parts included."""
    fields = value.items() if isinstance(value, dict) else ()
    for key, inner in fields:
        yield (*path, key)
        yield from _places(inner, (*path, key))
        if isinstance(inner, list):
            for number, one in enumerate(inner):
                yield from _places(one, (*path, key, number))


def _fault(answer: dict[str, Any], path: tuple[str | int, ...], rng: Random) -> Fault:
    value: Any = answer
    for step in path:
        value = value[step]
    key = str(path[-1])
    is_named = key in NAMED and _texts(value) and _is_said_elsewhere(answer, path, value)
    ways = [w for w in WAYS if w != "value misspelt" or is_named]
    way = rng.choice(ways)
    if way == "key misnamed":
        return Fault(path, way, _misspelt(key, rng))
    if way == "value misspelt":
        return Fault(path, way, _with_typo(value, rng))
    wrong = _mistyped(value, rng) if way == "mistyped" else None
    return Fault(path, way, "many" if wrong is None and key in NULLABLE else wrong)


def _is_said_elsewhere(answer: dict[str, Any], path: tuple[str | int, ...], value: Any) -> bool:
    """Whether a name of an algorithm is one that factors or questions use; others are free."""
    if path[0] != "algorithms" or path[-1] != "name":
        return True
    return value in json.dumps([answer["factors"], answer["questions"], answer["excluded"]])


def _texts(value: Any) -> bool:
    return (isinstance(value, str) and len(value) > 3) or (
        isinstance(value, list) and any(isinstance(v, str) and len(v) > 3 for v in value)
    )


def _with_typo(value: Any, rng: Random) -> Any:
    if isinstance(value, str):
        return _misspelt(value, rng)
    place = rng.choice([n for n, v in enumerate(value) if isinstance(v, str) and len(v) > 3])
    return [_misspelt(v, rng) if n == place else v for n, v in enumerate(value)]


def _misspelt(text: str, rng: Random) -> str:
    """Return a name with one slip: a letter gone, doubled or swapped, other case, a dash."""
    place = rng.randrange(len(text) - 1) if len(text) > 1 else 0
    head, tail = text[:place], text[place:]
    slips = (
        head + tail[1:], head + tail[:1] + tail, head + tail[1:2] + tail[:1] + tail[2:],
        text.upper(), text.replace("_", "-") + " ", f"{text}s",
    )  # fmt: skip
    return rng.choice(slips) or f"{text}s"


def _mistyped(value: Any, rng: Random) -> Any:
    """Return a value of another type, with the same meaning or none."""
    if isinstance(value, bool):
        return rng.choice([str(value), "yes" if value else "no", "maybe", None, 7])
    if isinstance(value, int | float):
        return rng.choice([str(value), f"about {value}", "many", None, [value], {"n": value}])
    if isinstance(value, str):
        return rng.choice([None, 7, [value], {"text": value}, True])
    if isinstance(value, list):
        texts = [v for v in value if isinstance(v, str)]
        one: Any = value[0] if value else "x"
        return rng.choice([", ".join(texts), None, one, 7, {"0": one}])
    return rng.choice(["maybe", [], {"n": "x"}])

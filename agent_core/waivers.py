"""Waivers in words: a person sets a binding check aside and says why; a model never can."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent_core.checks.registry import RULES
from agent_core.domain import UserId, Waiver

BINDING = tuple(rule.name for rule in RULES if rule.is_binding)
ASKED = re.compile(
    r"\b(?:please\s+)?waive\s+(?:the\s+)?(?:check\s+)?"
    r"[`\"“']?(?P<check>[a-z][a-z_ -]*?)[`\"”']?(?:\s+check)?"
    r"(?:\s*[,:;]?\s*\b(?:because|since|as|for the reason that|reason)\b:?\s+"
    r"(?P<reason>[^\n]+?))?(?:[.!;]+(?=\s|$)|(?=\n|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message says about waivers."""

    waivers: tuple[Waiver, ...]
    complaints: tuple[str, ...]
    """What cannot be done, with what to say instead."""
    rest: str
    """The message without it."""


NOTHING_ASKED = Asked((), (), "")


def read_waivers(text: str, by: UserId) -> Asked:
    """Read sentences such as `waive baseline_present because the study is about leakage`."""
    waivers: list[Waiver] = []
    complaints: list[str] = []
    for found in ASKED.finditer(text):
        name = re.sub(r"[\s-]+", "_", found["check"].strip().lower())
        reason = (found["reason"] or "").strip()
        if name not in BINDING:
            complaints.append(
                f"There is no binding check `{name}`. There are: {', '.join(BINDING)}."
            )
        elif not reason:
            complaints.append(
                f"A waiver needs its reason, which the report shows: waive {name} because …"
            )
        else:
            waivers.append(Waiver(name, reason, by))
    rest = re.sub(r"[ \t]{2,}", " ", ASKED.sub("", text)).strip(" .;\n") if waivers else text
    return Asked(tuple(waivers), tuple(complaints), rest)


def listed(waivers: tuple[Waiver, ...]) -> str:
    """Name checks with the reasons for which they are set aside."""
    return "; ".join(f"`{w.check}` ({w.reason})" for w in waivers)


def waived_text(waivers: tuple[Waiver, ...]) -> str:
    """Confirm waivers in words."""
    return (
        f"Set aside at your word: {listed(waivers)}. It stands in the first lines of the report. "
        "Scripts that it held up are judged again."
    )

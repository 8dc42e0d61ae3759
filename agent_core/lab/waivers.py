"""Waivers in words: a person sets a binding check aside and says why; a model never can."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent_core.checks.registry import BINDING, RULES
from agent_core.domain import UserId, Waiver

NAMES = tuple(rule.name for rule in RULES)
ASKED = re.compile(
    r"\b(?:please\s+)?(?:"
    r"(?:accept|ignore|set\s+aside|waive)\s+(?:the\s+)?(?:failed\s+)?(?:warning|check|failure)s?"
    r"\s+(?:(?:about|of|on|for|from|that)\s+)?(?:the\s+)?"
    r"|(?:accept|ignore|set\s+aside)\s+(?:the\s+)?(?=[`a-z_ -]+\s(?:warning|check)\b)"
    r"|waive\s+(?:the\s+)?)"
    r"[`\"“']?(?P<check>[a-z][a-z_ -]*?)[`\"”']?(?:\s+(?:check|warning))?"
    r"(?:\s*[,:;]?\s*\b(?:because|since|as|for the reason that|reason)\b:?\s+"
    r"(?P<reason>[^\n]+?))?(?:[.!;]+(?=\s|$)|(?=\n|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WaiverReading:
    """What a message says about waivers."""

    waivers: tuple[Waiver, ...]
    refusals: tuple[str, ...]
    """What cannot be done, with what to say instead."""
    rest: str
    """The message without it."""


STEM = 4
"""Letters by which words are compared: beaten, beats."""
FILLING = frozenset({"", "the", "is", "are", "not", "was", "in", "as", "of", "that", "by"})
NOTHING_ASKED = WaiverReading((), (), "")


def read_waivers(text: str, by: UserId) -> WaiverReading:
    """Read sentences such as `waive baseline_present because the study is about leakage`."""
    waivers: list[Waiver] = []
    refusals: list[str] = []
    for found in ASKED.finditer(text):
        said = re.sub(r"[\s-]+", "_", found["check"].strip().lower())
        meant = _checks_meant(said)
        name = meant[0] if meant else said
        reason = (found["reason"] or "").strip()
        if len(meant) > 1:
            choices = " or ".join(f"`{m}`" for m in meant)
            refusals.append(f"Which check is meant, {choices}? Say: waive {name} because …")
        elif meant and name not in BINDING:
            refusals.append(
                f"`{name}` only warns and holds nothing up, so there is nothing to set aside. The "
                "warning stays in the report."
            )
        elif not meant:
            refusals.append(
                f"There is no binding check `{name}`. There are: {', '.join(BINDING)}."
            )
        elif not reason:
            refusals.append(
                f"A waiver needs its reason, which the report shows: waive {name} because …"
            )
        else:
            waivers.append(Waiver(name, reason, by))
    rest = re.sub(r"[ \t]{2,}", " ", ASKED.sub("", text)).strip(" .;\n") if waivers else text
    return WaiverReading(tuple(waivers), tuple(refusals), rest)


def named_waivers(waivers: tuple[Waiver, ...]) -> str:
    """Name checks with the reasons for which they are set aside."""
    return "; ".join(f"`{w.check}` ({w.reason})" for w in waivers)


def waived_text(waivers: tuple[Waiver, ...]) -> str:
    """Confirm waivers in words."""
    return (
        f"Set aside at your word: {named_waivers(waivers)}. It stands in the first lines of the "
        "next report, and scripts that it held up are judged again."
    )


def _checks_meant(said: str) -> list[str]:
    """Return the checks that words name: one by its name, else those that share all or most."""
    if said in NAMES:
        return [said]
    wanted = _stems(said)
    shared = {name: len(wanted & _stems(name)) for name in NAMES}
    most = max(shared.values())
    is_close = most > 0 and most >= min(2, len(wanted))
    return [n for n in NAMES if shared[n] == most] if is_close else []


def _stems(name: str) -> set[str]:
    """Return the beginnings of the words of a name."""
    return {word[:STEM] for word in name.split("_")} - FILLING

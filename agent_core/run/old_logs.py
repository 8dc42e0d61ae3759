"""Older logs: fields that their events lack are read from words; what is no more is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def is_obsolete(kind: str, body: str) -> bool:
    """Whether there are no events of a kind any more, or no such status."""
    if kind == "StatusChanged":
        return bool(json.loads(body)["status"] == "queued")
    return kind in ("QuestionAsked", "QuestionSettled")


def complete(kind: str, event: Body) -> Body:
    """Return the JSON of an event with the fields that it would have today."""
    fill = COMPLETIONS.get(kind)
    if fill is not None:
        fill(event)
    return event


def _complete_datasets(event: Body) -> None:
    """Tell generated data by its name."""
    for data in event["datasets"]:
        data.setdefault("is_synthetic", "synthetic" in (data.get("known_as") or "").lower())


def _complete_plan(event: Body) -> None:
    """Tell an undo by its only line, assumptions and limits of a plan by their words."""
    change, plan = event.get("change") or {}, event["plan"]
    line = " ".join(change.get("summary", [])[:1])
    found = re.fullmatch(r"back to version (\d+)", line)
    change.setdefault("back_to", int(found[1]) if found else None)
    plan.setdefault("topics", [_topic_of(text) for text in plan.get("assumptions", ())])
    wishes = (re.findall(r"“([^”]+)”", text) for text in plan.get("unmapped", ()))
    plan.setdefault("refused", [words for found in wishes for words in found])
    if plan.get("unmapped") and "unanswered" not in plan:
        plan["unanswered"] = [_unanswered_of(text) for text in plan.pop("unmapped")]
    for requirement in plan.get("requirements", ()):
        text = requirement["text"].removeprefix(f"{requirement.get('clause', '')}: ")
        limit = text.removesuffix("; not decidable offline.")
        requirement.setdefault("limit", limit if limit != text else "")


def _unanswered_of(line: str) -> Body:
    """Tell the task's own words from the reason behind them."""
    found = re.fullmatch(r"“([^”]+)”,? *(.*)", line)
    return {"clause": found[1], "reason": found[2]} if found else {"clause": line}


def _topic_of(assumption: str) -> str:
    words = {
        "no split": "split",
        "“several": "seeds",
        "draws random": "seeds",
        "no algorithm": "algorithms",
        "every rating": "feedback",
    }
    return next((topic for word, topic in words.items() if word in assumption), "models")


def _complete_failure(event: Body) -> None:
    """Tell a script that ran before by how its error began."""
    event.setdefault("is_duplicate", event["error"].startswith("Duplicate: "))


def _complete_rerun(event: Body) -> None:
    """Read the packages that had changed from the text."""
    event.setdefault("changed", re.findall(r"(?<=[:,] )[^,;:]+ → [^,;]+", event["text"]))


def _complete_end(event: Body) -> None:
    """Tell a task outside the grammar by the exit status that it gave; readers add the comfort."""
    event["reason"] = event["reason"].replace("; nothing recorded is lost", "")
    event.setdefault("is_outside_grammar", event.get("exit_code") == 5)


COMPLETIONS: dict[str, Callable[[Body], None]] = {
    "DatasetsProfiled": _complete_datasets,
    "PlanSet": _complete_plan,
    "NodeFailed": _complete_failure,
    "Rerun": _complete_rerun,
    "RunFailed": _complete_end,
}

"""The fields of the Edit modal: a changed field is read back as a wish in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent_core.domain import FactorKind, FactorRole, Plan, with_design
from agent_core.rules.design_words import factor_words, level_text, question_lines, words_of
from bot.blocks.limits import INPUT, Block, clip, plain_text

FIELD = "field"
"""Begins the name of an input whose text is a part of the plan."""
LABEL = 100
ADDED = {"algorithms": "add {}", "metrics": "also report {}"}
"""What a further entry of a list asks for; a missing one is dropped."""
RULES = ("data", "split", "questions")
"""Parts that are told in sentences; a change of them is said as it is written."""


@dataclass(frozen=True, slots=True)
class PlanField:
    """A part of a plan that somebody may change."""

    name: str
    text: str
    """As it stands."""

    @property
    def block(self) -> Block:
        """The input with it."""
        element: Block = {
            "type": "plain_text_input",
            "action_id": f"{FIELD}:{self.name}",
            "multiline": self.name in RULES,
            "max_length": INPUT,
        }
        if self.text:
            element["initial_value"] = clip(self.text, INPUT)
        return {
            "type": "input",
            "block_id": f"{FIELD}:{self.name}",
            "label": plain_text(_label(self.name), LABEL),
            "optional": True,
            "element": element,
        }


def plan_fields(plan: Plan) -> tuple[PlanField, ...]:
    """Return what of a plan has fields: questions, levels of factors, repetitions, rules."""
    return tuple(_fields(with_design(plan)))


def wish_of_form(view: Mapping[str, Any]) -> str:
    """Return what a submitted modal asks for: its changed fields in words, then its own words."""
    values = (view.get("state") or {}).get("values") or {}
    before = {b.get("block_id"): b.get("element") or {} for b in view.get("blocks") or ()}
    parts = []
    for block, entered in values.items():
        text = str(next((e.get("value") or "" for e in entered.values()), "")).strip()
        was = str(before.get(block, {}).get("initial_value") or "").strip()
        kind, _, name = block.partition(":")
        if kind != FIELD:
            parts.append(text)
        elif text != was:
            parts.append(_wish(name, was, text))
    return ".\n".join(part.rstrip(" .") if len(parts) > 1 else part for part in parts if part)


def _fields(plan: Plan) -> Iterator[PlanField]:
    yield PlanField("questions", "\n".join(question_lines(plan)))
    yield PlanField("algorithms", ", ".join(dict.fromkeys(a.family for a in plan.algorithms)))
    yield PlanField("metrics", ", ".join(m.label for m in plan.metrics))
    named = (FactorKind.ALGORITHM, FactorKind.DATA, FactorKind.SPLIT)
    for factor in plan.factors:
        if factor.kind in named:
            continue
        levels = [level_text(factor.kind, level) for level in factor.levels]
        is_counted = factor.role is FactorRole.REPEATED
        yield PlanField(factor.name, str(len(levels)) if is_counted else ", ".join(levels))
    words = words_of(plan)
    yield PlanField("data", "\n".join(words.data))
    yield PlanField("split", "\n".join(words.split))


def _label(name: str) -> str:
    label = name if name in (*RULES, *ADDED) else factor_words(name)[1]
    return label[:1].upper() + label[1:]


def _wish(name: str, was: str, text: str) -> str:
    """Return what a changed field asks for."""
    if name in ADDED:
        old, new = _entries(was), _entries(text)
        added = [ADDED[name].format(entry) for entry in new if entry not in old]
        return ", ".join([*added, *(f"drop {entry}" for entry in old if entry not in new)])
    if text.isdecimal():
        return f"{text} {factor_words(name)[int(text) != 1]}"
    return f"{_label(name)}: {text or 'none'}"


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.replace("\n", ",").split(",") if entry.strip()]

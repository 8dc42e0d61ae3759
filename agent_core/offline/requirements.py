"""The numbered requirements of a plan; each names the check that decides it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent_core.domain import Dataset, Nature, Plan, Priority, Requirement, with_design
from agent_core.offline.composer import DRAWN
from agent_core.offline.grammar import clauses
from agent_core.offline.templates import sentence
from agent_core.prose.text_tables import read_table
from agent_core.rules.design_words import split_seeds_of
from agent_core.rules.wording import split_text

_ROWS: list[dict[str, Any]] = read_table(Path(__file__).with_suffix(".toml"))["requirements"]


def requirements_of(
    plan: Plan, dataset: Dataset, outside: tuple[tuple[str, str], ...]
) -> tuple[Requirement, ...]:
    """Return the requirements of a plan, numbered from 1."""
    found = [*_checked_requirements(plan, dataset), *map(_refused_requirement, outside)]
    return tuple(replace(r, id=number) for number, r in enumerate(found, start=1))


def with_known_ids(
    new: tuple[Requirement, ...], old: tuple[Requirement, ...], dropped: frozenset[str]
) -> tuple[Requirement, ...]:
    """Give requirements the ids they had; new ones follow the highest ever used.

    Parameters
    ----------
    new
        The requirements of the next version, with fresh numbers.
    old
        Those of the version before.
    dropped
        Keys (`key_of`) of requirements that the user dropped: they stay away.
    """
    known = {key_of(r): r.id for r in old}
    following = max([r.id for r in old], default=0) + 1
    result = []
    for requirement in new:
        key = key_of(requirement)
        if key in dropped:
            continue
        number = known.get(key)
        if number is None:
            number, following = following, following + 1
        result.append(replace(requirement, id=number))
    return tuple(result)


def refused_wishes(requirements: tuple[Requirement, ...]) -> tuple[tuple[str, str], ...]:
    """Return the wishes beyond the grammar that requirements stand for, each with the reason."""
    return tuple((r.clause, r.limit) for r in requirements if r.limit)


def key_of(requirement: Requirement) -> str:
    """Return what makes a requirement the same one in two versions."""
    return requirement.check or requirement.text


def configurations_text(plan: Plan, between: str = " ") -> str:
    """Return the configurations of a plan as `name value` pairs."""
    configured = [a for a in plan.algorithms if a.config]
    return "; ".join(f"{a.name}{between}{pairs_text(a.config)}" for a in configured)


def pairs_text(config: Mapping[str, Any]) -> str:
    """Return a configuration as `name value` pairs."""
    return ", ".join(f"{key} {value}" for key, value in config.items())


def _checked_requirements(plan: Plan, dataset: Dataset) -> Iterator[Requirement]:
    """Yield what checks decide, in the order of the table."""
    named = {"data": dataset.name if dataset.name in plan.question else ""}
    words = clauses(plan.question) | named
    values = {
        "plan": plan,
        "dataset": dataset,
        "subjects": [a for a in plan.algorithms if a not in plan.baselines],
        "random": [a for a in plan.algorithms if a.is_random],
        "configurations": configurations_text(plan, ": "),
        "split": split_text(plan.split, split_seeds_of(plan)),
        "is_drawn": any(q.kind in DRAWN for q in with_design(plan).questions),
    }
    for row in _ROWS:
        clause, text = words.get(row.get("clause", ""), ""), sentence(row["text"], **values)
        requirement = Requirement(0, text, check=row["check"], clause=clause)
        if text and "is_file" in row:
            yield replace(requirement, priority=Priority.NICE, nature=Nature.HOUSEKEEPING)
        elif text:
            yield requirement


def _refused_requirement(wish: tuple[str, str]) -> Requirement:
    """Return what stands for a wish beyond the grammar."""
    words, reason = wish
    text = f"{words}: {reason}; not decidable offline."
    return Requirement(0, text, Priority.NICE, clause=words, limit=reason)

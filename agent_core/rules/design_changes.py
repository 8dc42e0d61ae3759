"""What differs between two designs, computed: factors, levels, rules, measures, questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent_core.domain import Factor, FactorRole, Plan, with_design
from agent_core.rules.design_words import (
    factor_words,
    level_text,
    question_lines,
    unanswered_text,
    words_of,
)


@dataclass(frozen=True, slots=True)
class DesignChange:
    """One difference, and what of it a line about it must say."""

    line: str
    names: tuple[str, ...]

    def is_told(self, lines: Sequence[str]) -> bool:
        """Whether other lines say all of it already."""
        said = " ".join(lines).lower()
        return bool(self.names) and all(name.lower() in said for name in self.names)


def untold_changes(before: Plan, after: Plan, told: Sequence[str]) -> tuple[str, ...]:
    """Return the differences of two designs that no line tells yet."""
    return tuple(c.line for c in design_changes(before, after) if not c.is_told(told))


def design_changes(before: Plan, after: Plan) -> tuple[DesignChange, ...]:
    """Return all differences of two designs."""
    return tuple(_changes(with_design(before), with_design(after)))


def _changes(before: Plan, after: Plan) -> Iterator[DesignChange]:
    old, new = words_of(before), words_of(after)
    yield from _factor_changes(before, after)
    pairs = (("data", old.data, new.data), ("split", old.split, new.split))
    for name, was, now in pairs:
        if was != now:
            yield DesignChange(f"{name}: {'; '.join(was)} → {'; '.join(now)}", now)
    metrics = [[m.label for m in plan.metrics] for plan in (before, after)]
    yield from _of_lists("metrics", *metrics)
    validated = [[m.label for m in plan.validated] for plan in (before, after)]
    yield from _of_lists("metrics on validation", *validated)
    yield from _of_lists("questions", question_lines(before), question_lines(after))
    clauses = [[unanswered_text(u) for u in plan.unanswered] for plan in (before, after)]
    yield from _of_lists("not answered", *clauses)


def _factor_changes(before: Plan, after: Plan) -> Iterator[DesignChange]:
    was, now = ({f.name: f for f in plan.factors} for plan in (before, after))
    for name in dict.fromkeys((*was, *now)):
        words = factor_words(name)[1]
        old, new = was.get(name), now.get(name)
        if _is_repeated(old or new):
            counts = [len(f.levels) if f else 1 for f in (old, new)]
            if counts[0] != counts[1] or _levels(old) != _levels(new):
                yield DesignChange(f"{words}: {counts[0]} → {counts[1]}", (str(counts[1]),))
        else:
            yield from _of_lists(words, _levels(old), _levels(new))


def _is_repeated(factor: Factor | None) -> bool:
    return factor is not None and factor.role is FactorRole.REPEATED


def _levels(factor: Factor | None) -> list[str]:
    return [level_text(factor.kind, level) for level in factor.levels] if factor else []


def _of_lists(name: str, was: Sequence[str], now: Sequence[str]) -> Iterator[DesignChange]:
    """Yield what a list has more and less than before."""
    added, gone = [n for n in now if n not in was], [n for n in was if n not in now]
    parts = [f"added {', '.join(added)}"] * bool(added) + [f"dropped {', '.join(gone)}"] * bool(
        gone
    )
    if parts:
        yield DesignChange(f"{name}: {'; '.join(parts)}", (*added, *gone))

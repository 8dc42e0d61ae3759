"""Studies on several datasets: what is asked of the data is asked of each with its own folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent_core.checks.result import GRAVITY, Result, numbered_values
from agent_core.evidence.evidence import Evidence, main_dataset
from agent_core.evidence.result_files import table_of
from agent_core.evidence.views import of_folds


def views(evidence: Evidence) -> tuple[tuple[str, Evidence], ...]:
    """Return each dataset with the evidence of its folds; all of it where there is one."""
    main = main_dataset(evidence.run, evidence.datasets)
    folds = {*evidence.train, *evidence.test}
    if main is None or not set(evidence.sources) & folds:
        return (("", evidence),)
    names = dict.fromkeys(evidence.sources.get(f, main.name) for f in sorted(folds))
    return tuple((name, _view(evidence, name, main.name)) for name in names)


def gravest_of_datasets(results: Sequence[tuple[str, Result]]) -> Result:
    """Return the gravest finding, with what was found of each dataset."""
    if len(results) == 1:
        return results[0][1]
    worst = min((r.finding for _, r in results), key=GRAVITY.index)
    found = {name: r for name, r in results if r.finding is worst}
    told = " ".join(f"{name}: {r.reason}" for name, r in found.items())
    values = numbered_values({"dataset": name, **r.values} for name, r in found.items())
    return Result(worst, told, values)


def _view(evidence: Evidence, name: str, main: str) -> Evidence:
    """Return the evidence of the folds of one dataset."""
    own = {
        f
        for f in {*evidence.train, *evidence.test, *evidence.rows["fold"]}
        if evidence.sources.get(f, main) == name
    }
    return replace(
        of_folds(evidence, own),
        datasets=tuple(d for d in evidence.datasets if d.name == name),
        interactions=evidence.interactions if name == main else evidence.others.get(name),
        run={**evidence.run, "dataset": _described_dataset(evidence, name)},
        sources={},
        others={},
    )


def _described_dataset(evidence: Evidence, name: str) -> dict[str, Any]:
    """Return what run.json says of a dataset."""
    run = evidence.run
    for found in (table_of(table_of(run, "datasets"), name), table_of(run, "dataset")):
        if found.get("file") == name:
            return found
    return {"file": name}

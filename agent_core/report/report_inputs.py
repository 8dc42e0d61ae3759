"""What a report is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from agent_core.checks.registry import checks_of_today
from agent_core.domain import (
    Check,
    Dataset,
    Ending,
    Finding,
    Node,
    Operator,
    Outcome,
    Packages,
    Plan,
    Requirement,
    Verdict,
    Waiver,
)
from agent_core.domain.events import CheckWaived, Logged, NodeExecuted, Rerun
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.retrained import Pair
from agent_core.execution.machine import machine
from agent_core.run.rounds import is_margin_late
from agent_core.run.tree import unmet
from agent_core.run.view import RunView
from agent_core.statistics.answers.answer import Answer, Estimate
from agent_core.statistics.facts import Facts
from agent_core.statistics.requested_results import Matched, missing_requests


class SavedFold(NamedTuple):
    """How many interactions of a fold were saved."""

    name: str
    train: int
    test: int

    @property
    def size(self) -> int:
        """Interactions of both parts."""
        return self.train + self.test


@dataclass(frozen=True, slots=True, eq=False)
class ReportInputs:
    """Recorded results of a run and how it ended."""

    view: RunView
    log: Sequence[Logged]
    evidence: Evidence | None
    """Of the best script; None where nothing delivered anything."""
    facts: Facts | None
    answers: tuple[Answer, ...] = ()
    """To the questions of the plan, the primary one first."""
    means: tuple[Estimate, ...] = ()
    """Of every combination of compared levels, where it is no family."""
    requests: tuple[Matched, ...] = ()
    """What the plan says is reported, with what there is of it."""
    others: Mapping[int, Facts] = field(default_factory=dict)
    """Of the other working scripts by node id."""
    runs: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """What they recorded of themselves (`run.json`), by node id."""
    packages: Packages = field(default_factory=lambda: Packages("", {}))
    files: Mapping[str, Path] = field(default_factory=dict)
    """Dataset name to its file."""
    outcome: Outcome = Outcome.PARTIAL
    ending: Ending | None = None
    best: Node | None = None

    @property
    def plan(self) -> Plan:
        """The plan in force.

        Raises
        ------
        ValueError
            When there is none; a report needs one.
        """
        if self.view.plan is None:
            raise ValueError(f"run {self.view.id} has no plan, so there is nothing to report")
        return self.view.plan

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks of the best script; its files are looked at again."""
        recorded = self.best.checks if self.best else ()
        return checks_of_today(recorded, self.evidence) if self.evidence else recorded

    def check(self, name: str) -> Check | None:
        """Return a check of the best script by its name."""
        return next((c for c in self.checks if c.name == name), None)

    def checks_with(self, finding: Finding) -> tuple[Check, ...]:
        """Return the checks of the best script with one finding."""
        return tuple(c for c in self.checks if c.finding == finding)

    @property
    def installed(self) -> Packages:
        """What the best script ran with, where that was recorded; else what there is now."""
        ran = self.best.environment if self.best else None
        if ran is None or not ran.packages:
            return self.packages
        return Packages(ran.python, ran.packages)

    @property
    def machine(self) -> str:
        """The machine of the best script, where that was recorded; else this one."""
        return (self.best.environment.machine if self.best else "") or machine()

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all scripts that were tried."""
        return sum(n.execution.cpu_s for n in self.view.nodes if n.execution)

    @property
    def rerun(self) -> Rerun | None:
        """The last repetition of the best script."""
        best = self.best.id if self.best else None
        return next((r for r in reversed(self.view.reruns) if r.node == best), None)

    @property
    def recorded(self) -> Mapping[str, Any]:
        """What the best script recorded of itself."""
        return self.evidence.run if self.evidence else {}

    def recorded_table(self, key: str) -> dict[str, Any] | None:
        """Return a part of what the best script recorded; None where it is no table."""
        return table_of(self.recorded, key)

    @property
    def saved_folds(self) -> list[SavedFold]:
        """The folds of which both parts were saved."""
        if self.evidence is None:
            return []
        train, test = self.evidence.train, self.evidence.test
        return [SavedFold(f, len(train[f]), len(test[f])) for f in test if f in train]

    @property
    def tested_users(self) -> int | None:
        """How many users were tested; None where no test set was saved."""
        if self.evidence is None or not self.evidence.test:
            return None
        return len({u for t in self.evidence.test.values() for u in t["user_id"].unique()})

    @property
    def retrained_pairs(self) -> tuple[Pair, ...]:
        """What the product's own training of the recorded algorithms came to."""
        retrained = self.evidence.retrained if self.evidence else None
        return retrained.pairs if retrained else ()

    @property
    def swept_values(self) -> list[Any]:
        """The values of the swept hyperparameter, as planned."""
        swept = self.plan.swept or ""
        return [a.config[swept] for a in self.plan.algorithms if swept in a.config]

    def part_of(self, user: str) -> str:
        """Name somebody by their part in the run: ids of a workspace say nothing to a reader."""
        task = self.view.task
        is_requester = task is None or user == task.requester
        return "the requester" if is_requester else "another person"

    @property
    def unmet(self) -> tuple[Requirement, ...]:
        """The requirements that the best script does not meet."""
        return unmet(self.plan, self.best)

    def verdict(self, requirement: Requirement) -> Verdict | None:
        """Return what was judged of a requirement; None where it was not."""
        judged = reversed(self.best.verdicts if self.best else ())
        return next((v for v in judged if v.requirement == requirement.id), None)

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets that the plan uses, else all."""
        used = tuple(d for d in self.view.datasets if d.name in self.plan.datasets)
        return used or self.view.datasets

    @property
    def has_results(self) -> bool:
        """Whether there is anything that somebody could rely on."""
        has_rows = self.facts is not None and bool(self.facts.summaries)
        return has_rows or self.outcome is not Outcome.NOTHING

    @property
    def missing_requests(self) -> tuple[str, ...]:
        """What was to be reported and is not there."""
        return missing_requests(self.requests)

    @property
    def is_changed(self) -> bool:
        """Whether the protocol changed after it was frozen."""
        freeze = self.view.freeze
        return freeze is not None and freeze.version != self.plan.version

    @property
    def more_scripts(self) -> int:
        """How many scripts were asked for after a first report."""
        return sum(r.scripts for r in self.view.rounds)

    @property
    def is_exploratory(self) -> bool:
        """Whether protocol or search changed after results were seen."""
        return self.is_changed or self.more_scripts > 0

    @property
    def late_waivers(self) -> tuple[Waiver, ...]:
        """The waivers that were given after a script had run."""
        ran = min((e.seq for e in self.log if isinstance(e.event, NodeExecuted)), default=None)
        return tuple(
            e.event.waiver
            for e in self.log
            if isinstance(e.event, CheckWaived) and ran is not None and e.seq > ran
        )

    @property
    def is_margin_late(self) -> bool:
        """Whether the margin of equivalence is not the one that was frozen before results."""
        return is_margin_late(self.view, self.plan)

    @property
    def is_synthetic(self) -> bool:
        """Whether any dataset is generated."""
        return any(d.is_synthetic for d in self.datasets)

    @property
    def drafts(self) -> tuple[Node, ...]:
        """Working scripts that were written from scratch, independently."""
        return tuple(n for n in self.view.nodes if n.operator is Operator.DRAFT and n.is_working)

    def facts_of(self, node: Node) -> Facts | None:
        """Return the facts of a working script."""
        if self.best is not None and node.id == self.best.id:
            return self.facts
        return self.others.get(int(node.id))


def table_of(run: Any, key: str) -> dict[str, Any] | None:
    """Return a part of what a script recorded; None where it is no table."""
    found = run.get(key) if isinstance(run, Mapping) else None
    return found if isinstance(found, dict) else None


def named_filters(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the filters that a script recorded of its dataset."""
    said = described.get("filters")
    return [f for f in said if isinstance(f, dict)] if isinstance(said, list) else []

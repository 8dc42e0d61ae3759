"""What a report is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    Waiver,
)
from agent_core.domain.events import CheckWaived, Logged, NodeExecuted
from agent_core.evidence.evidence import Evidence
from agent_core.run.rounds import is_margin_late
from agent_core.run.tree import unmet
from agent_core.run.view import RunView
from agent_core.statistics.facts import Facts


@dataclass(frozen=True, slots=True, eq=False)
class ReportInputs:
    """Recorded results of a run and how it ended."""

    view: RunView
    log: Sequence[Logged]
    evidence: Evidence | None
    """Of the best script; None where nothing delivered anything."""
    facts: Facts | None
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

    def found(self, finding: Finding) -> tuple[Check, ...]:
        """Return the checks of the best script with one finding."""
        return tuple(c for c in self.checks if c.finding is finding)

    @property
    def installed(self) -> Packages:
        """What the best script ran with, where that was recorded; else what there is now."""
        ran = self.best.environment if self.best else None
        if ran is None or not ran.packages:
            return self.packages
        return Packages(ran.python, ran.packages)

    @property
    def unmet(self) -> tuple[Requirement, ...]:
        """The requirements that the best script does not meet."""
        return unmet(self.plan, self.best)

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

"""What a report is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent_core.checks.registry import renewed
from agent_core.domain import Check, Dataset, Finding, Node, Operator, Outcome, Plan
from agent_core.events import Logged
from agent_core.evidence import Evidence
from agent_core.facts import Facts
from agent_core.researcher import Packages
from agent_core.view import RunView


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
    packages: Packages = field(default_factory=lambda: Packages("", {}))
    files: Mapping[str, Path] = field(default_factory=dict)
    """Dataset name to its file."""
    outcome: Outcome = Outcome.PARTIAL
    reason: str = ""
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
        return renewed(recorded, self.evidence) if self.evidence else recorded

    def found(self, finding: Finding) -> tuple[Check, ...]:
        """Return the checks of the best script with one finding."""
        return tuple(c for c in self.checks if c.finding is finding)

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
    def is_exploratory(self) -> bool:
        """Whether the protocol changed after it was frozen."""
        freeze = self.view.freeze
        return freeze is not None and freeze.version != self.plan.version

    @property
    def is_synthetic(self) -> bool:
        """Whether any dataset is generated."""
        return any("synthetic" in (d.known_as or "").lower() for d in self.datasets)

    @property
    def drafts(self) -> tuple[Node, ...]:
        """Working scripts that were written from scratch, independently."""
        return tuple(n for n in self.view.nodes if n.operator is Operator.DRAFT and n.is_working)

    def facts_of(self, node: Node) -> Facts | None:
        """Return the facts of a working script."""
        if self.best is not None and node.id == self.best.id:
            return self.facts
        return self.others.get(int(node.id))

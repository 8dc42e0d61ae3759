"""All checks, in the order in which they are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent_core.checks.per_dataset import gravest_of_datasets, views
from agent_core.checks.result import Detail, Result, failed, not_applicable
from agent_core.checks.results import (
    algorithms,
    cells,
    choices,
    files,
    generators,
    independence,
    metrics,
    ranges,
    retraining,
    seeds,
    statistics,
)
from agent_core.checks.script import selection, source
from agent_core.checks.split import as_ruled, filters, holdout, holdout_randomness, origins
from agent_core.domain import Check, Finding, Waiver
from agent_core.evidence.evidence import Evidence
from agent_core.evidence.saved_parts import ODD_DATA

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """One check with its place."""

    subject: str
    judge: Callable[[Evidence], Result]
    is_binding: bool = False
    is_per_dataset: bool = False
    """Whether each dataset is looked at with its own folds."""
    needs_runs: bool = True
    """Whether it is about what is trained; a study of counts trains nothing."""

    @property
    def name(self) -> str:
        """The check's stable name."""
        return self.judge.__name__


RULES = (
    Rule("files", files.runs_clean, needs_runs=False),
    Rule("files", files.contract_parses, is_binding=True, needs_runs=False),
    Rule("files", files.files_unchanged, is_binding=True, needs_runs=False),
    Rule("files", files.dataset_loaded, is_per_dataset=True),
    Rule("files", files.lists_saved),
    Rule("files", files.per_user_saved),
    Rule("files", files.table_saved, needs_runs=False),
    Rule("files", files.figures_saved, needs_runs=False),
    Rule("files", files.metadata_saved),
    Rule("ranges", ranges.values_in_range, is_binding=True),
    Rule("ranges", ranges.identical_results),
    Rule("split", origins.split_from_data, is_binding=True, is_per_dataset=True),
    Rule("split", holdout.no_test_in_train, is_binding=True),
    Rule("split", as_ruled.parts_as_ruled, is_binding=True, is_per_dataset=True),
    Rule("split", filters.filters_as_planned, is_per_dataset=True),
    Rule("split", holdout.split_as_planned, is_per_dataset=True),
    Rule("split", holdout_randomness.held_out_at_random, is_binding=True, is_per_dataset=True),
    Rule("split", holdout.folds_as_planned, is_per_dataset=True),
    Rule("split", holdout.lists_exclude_train, is_binding=True),
    Rule("split", holdout.temporal_leak),
    Rule("split", holdout.duplicates_in_test),
    Rule("metrics", metrics.metrics_as_planned),
    Rule("metrics", metrics.recomputation_agrees, is_binding=True),
    Rule("metrics", metrics.same_test_users, is_binding=True),
    Rule("metrics", metrics.users_dropped),
    Rule("algorithms", algorithms.algorithms_as_planned),
    Rule("algorithms", algorithms.configuration_as_planned),
    Rule("algorithms", algorithms.hyperparameters_took_effect, is_binding=True),
    Rule("algorithms", retraining.retraining_agrees, is_binding=True),
    Rule("algorithms", algorithms.baseline_present, is_binding=True),
    Rule("algorithms", algorithms.beats_baseline),
    Rule("algorithms", algorithms.tuning_parity),
    Rule("algorithms", selection.selected_without_test),
    Rule("cells", choices.chosen_on_validation, is_binding=True),
    Rule("cells", cells.cells_complete, is_binding=True),
    Rule("cells", cells.levels_took_effect, is_binding=True),
    Rule("cells", cells.cells_are_their_own, is_binding=True),
    Rule("cells", independence.cells_independent, is_binding=True),
    Rule("seeds", generators.seeds_set_apart, is_binding=True),
    Rule("seeds", seeds.seeds_as_planned),
    Rule("seeds", seeds.repetitions_repeat, is_binding=True),
    Rule("seeds", seeds.same_seed_same_result),
    Rule("statistics", statistics.no_pseudo_replication, is_binding=True),
    Rule("statistics", statistics.statistics_available),
    Rule("statistics", statistics.sweep_as_planned),
    Rule("source", source.typed_in_numbers, needs_runs=False),
    Rule("source", source.metric_from_random, needs_runs=False),
    Rule("source", source.swallowed_exceptions, needs_runs=False),
)

BINDING = tuple(rule.name for rule in RULES if rule.is_binding)
"""Checks that keep a node from being satisfactory; each can be waived by name."""


def run_checks(
    evidence: Evidence, waivers: Sequence[Waiver] = (), rules: Sequence[Rule] = RULES
) -> tuple[Check, ...]:
    """Run every check; a waived one that fails becomes a warning with the waiver's reason."""
    waived = {w.check: w for w in waivers}
    return tuple(_with_waiver(_check(rule, evidence), waived) for rule in rules)


def checks_of_today(checks: tuple[Check, ...], evidence: Evidence) -> tuple[Check, ...]:
    """Return recorded checks with what only a later look at the files shows."""
    if not evidence.changed:
        return checks
    rule = next(r for r in RULES if r.judge is files.files_unchanged)
    known = {c.name: c for c in checks}
    old = known.get(rule.name)
    if old is None or old.finding in (Finding.PASS, Finding.NOT_APPLICABLE):
        known[rule.name] = _check(rule, evidence)
    return tuple(known.values())


def _check(rule: Rule, evidence: Evidence) -> Check:
    """Run one check; data that it cannot take is a fault of the data."""
    try:
        if rule.needs_runs and not evidence.plan.algorithms:
            return _found(rule, not_applicable("Nothing is trained."))
        seen = views(evidence) if rule.is_per_dataset else (("", evidence),)
        result = gravest_of_datasets([(name, rule.judge(part)) for name, part in seen])
    except ODD_DATA as error:
        log.warning("a check could not take the data", exc_info=error, extra={"check": rule.name})
        named = {"error": type(error).__name__, "message": str(error)[:200]}
        result = failed("Cannot be checked: {error}: {message}", **named)
    return _found(rule, result)


def _found(rule: Rule, result: Result) -> Check:
    """Return what a check came to under its name."""
    return Check(
        rule.name, result.finding, result.reason, rule.is_binding, rule.subject, result.values
    )


def _with_waiver(found: Check, waived: dict[str, Waiver]) -> Check:
    """Set a failed check aside where the requester did so."""
    waiver = waived.get(found.name)
    if waiver is None or found.finding is not Finding.FAIL:
        return found
    told = Detail("Waived by {waived_by} ({waiver}). ", waived_by=waiver.by, waiver=waiver.reason)
    values = {**found.values, **told.values}
    return replace(found, finding=Finding.WARN, reason=f"{told}{found.reason}", values=values)

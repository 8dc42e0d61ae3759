"""The numbered requirements of a plan; each names the check that decides it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent_core.domain import (
    Dataset,
    Nature,
    Plan,
    Priority,
    Requirement,
    Study,
)
from agent_core.offline.grammar import clauses


@dataclass(slots=True)
class Listing:
    """Requirements being numbered."""

    found: list[Requirement]
    words: dict[str, str]
    """The user's own words for the parts of the protocol."""

    def add(
        self,
        check: str | None,
        text: str,
        *,
        nature: Nature = Nature.SCIENCE,
        priority: Priority = Priority.MUST,
        clause: str = "",
        limit: str = "",
    ) -> None:
        """Add the next requirement; `clause` names the part whose words it answers."""
        number, words = len(self.found) + 1, self.words.get(clause, "")
        self.found.append(Requirement(number, text, priority, nature, check, words, limit=limit))

    def file(self, check: str, text: str) -> None:
        """Add a requirement about files for people."""
        self.add(check, text, nature=Nature.HOUSEKEEPING, priority=Priority.NICE)


def requirements_of(
    plan: Plan, dataset: Dataset, outside: tuple[tuple[str, str], ...]
) -> tuple[Requirement, ...]:
    """Return the requirements of a plan, numbered from 1."""
    named = dataset.name if dataset.name in plan.question else ""
    listing = Listing([], clauses(plan.question) | {w: w for w, _ in outside} | {"data": named})
    _data_requirements(listing, plan, dataset)
    _model_requirements(listing, plan)
    _measure_requirements(listing, plan)
    listing.file("table_saved", "Save one line per run as CSV.")
    listing.file("figures_saved", "Draw the result and save it as PNG.")
    listing.file("metadata_saved", "Record data hash, split, seeds and resolved configurations.")
    for words, reason in outside:
        text = f"{words}: {reason}; not decidable offline."
        listing.add(None, text, priority=Priority.NICE, clause=words, limit=reason)
    return tuple(listing.found)


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


def _data_requirements(listing: Listing, plan: Plan, dataset: Dataset) -> None:
    """Add what is asked of data and split."""
    listing.add(
        "dataset_loaded",
        f"Load {dataset.name}: {dataset.users:,} users, {dataset.items:,} items, "
        f"{dataset.rows:,} interactions; {plan.feedback}.",
        clause="data",
    )
    if plan.data.rules or dataset.duplicates:
        listing.add(
            "filters_as_planned",
            "Report the interactions before and after each filter.",
            clause="data_rules",
        )
    listing.add(
        "split_as_planned",
        f"Split: {plan.split.text}; the same for every run; saved.",
        clause="split",
    )
    listing.add("no_test_in_train", "No test interaction of a user is in the training data.")
    if plan.split.folds > 1:
        listing.add(
            "folds_as_planned",
            f"Every algorithm is tested on all {plan.split.folds} folds.",
            clause="split",
        )


def _model_requirements(listing: Listing, plan: Plan) -> None:
    """Add what is asked of algorithms, configurations and repetitions."""
    subjects = [a.name for a in plan.algorithms if a not in plan.baselines]
    names = ", ".join(subjects)
    listing.add("algorithms_as_planned", f"Train {names} from LensKit.", clause="algorithms")
    if plan.baselines:
        baselines = ", ".join(a.name for a in plan.baselines)
        listing.add(
            "baseline_present",
            f"Run {baselines} beside it as the baseline.",
            clause="baseline",
        )
    shown = "; ".join(f"{a.name}: {_config_text(a.config)}" for a in plan.algorithms if a.config)
    listing.add(
        "configuration_as_planned",
        f"The same configuration in every run, not tuned: {shown or 'defaults'}.",
        clause="configuration",
    )
    random = [a.name for a in plan.algorithms if a.is_random]
    if random and len(plan.seeds) > 1:
        listing.add(
            "seeds_as_planned",
            f"Train {', '.join(random)} with {len(plan.seeds)} seeds "
            f"({plan.seeds[0]} to {plan.seeds[-1]}); nothing else differs.",
            clause="seeds",
        )
    if plan.study is Study.SWEEP:
        listing.add("sweep_as_planned", f"Every planned value of {plan.swept} is measured.")


def _measure_requirements(listing: Listing, plan: Plan) -> None:
    """Add what is asked of metrics, lists and statistics."""
    labels = ", ".join(m.label for m in plan.metrics)
    listing.add(
        "metrics_as_planned",
        f"Measure {labels} for every run, averaged over test users.",
        clause="metrics",
    )
    listing.add("recomputation_agrees", "The values agree with those recomputed from saved lists.")
    if len(plan.algorithms) - len(plan.baselines) > 1:
        listing.add("same_test_users", "All algorithms are measured on the same test users.")
    if any(not m.is_rating for m in plan.metrics):
        listing.add("lists_exclude_train", "Recommended items are none of the training items.")
    listing.add("lists_saved", "Save what was recommended or predicted, for every run.")
    if plan.study is not Study.COMPARISON:
        listing.add("per_user_saved", "Save the value of every test user, for every run.")
    within = f", and whether differences lie within ±{plan.margin:g}" if plan.margin else ""
    text = f"Report {plan.reported[0]}{within}."
    listing.add("statistics_available", text, clause="statistics")


def _config_text(config: object) -> str:
    """Return a configuration as `name value` pairs."""
    pairs = dict(config) if isinstance(config, dict) else {}
    return ", ".join(f"{key} {value}" for key, value in pairs.items())

"""Whether what the contract asks for was delivered, and whether the script came to its end."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from agent_core.checks.result import (
    Result,
    failed,
    not_applicable,
    passed,
    run_label,
    some,
    warned,
)
from agent_core.checks.script.labbook_use import changed_helper
from agent_core.domain.metric import RATING
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.evidence.file_hashes import LEDGER

FIGURE_STARTS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<"}
COUNTED = re.compile(r"(\d+)\s+(?:plot|figure|chart|graph)", re.IGNORECASE)
RUN_KEYS = ("dataset", "split", "algorithms")


def contract_parses(evidence: Evidence) -> Result:
    """Check that results are there and every delivered file of the contract can be read."""
    if evidence.problems:
        return failed(f"Cannot be read: {some(evidence.problems)}.")
    if not len(evidence.rows):
        return failed("results.json has no rows.")
    runs = evidence.single.groupby(["algorithm", "fold", "seed"]).ngroups
    return passed(f"{len(evidence.rows)} rows of {runs} train-test runs parse.")


def runs_clean(evidence: Evidence) -> Result:
    """Check that the script came to its own end with status 0."""
    execution = evidence.execution
    if execution.is_ok:
        return passed(f"Exit status 0 after {execution.duration_s:.0f} s.")
    if execution.exit_code is not None:
        return failed(f"Exit status {execution.exit_code} after {execution.duration_s:.0f} s.")
    return failed(f"Ended by {execution.ended.value} after {execution.duration_s:.0f} s.")


def files_unchanged(evidence: Evidence) -> Result:
    """Check that delivered files are as the helper wrote them, and as they were recorded.

    It binds: a number that was edited, by a script or by somebody later, is not the one that was
    measured, and what is recomputed from edited lists agrees with them. A script that puts
    something else in the helper's place could edit all that the helper writes.
    """
    if helper := changed_helper(evidence.source):
        return failed(f"labbook is not the helper any more: {helper}.")
    artifacts = evidence.execution.artifacts
    if evidence.changed:
        return failed(f"{some(evidence.changed)}.")
    recorded = sum(bool(a.sha256) for a in artifacts)
    if not recorded and LEDGER not in {a.name for a in artifacts}:
        return not_applicable("No hashes were recorded.")
    return passed(f"{len(artifacts)} files are as they were written.")


def dataset_loaded(evidence: Evidence) -> Result:
    """Check that the planned dataset, unchanged, is the one that was used."""
    planned = {d.name: d for d in evidence.datasets if d.name in evidence.plan.datasets}
    described = _described_dataset(evidence)
    name = str(described.get("file", ""))
    if not name:
        return failed("run.json does not say which dataset was used.")
    if name not in planned:
        return failed(f"run.json names {name!r}; planned: {some(planned)}.")
    claimed = described.get("sha256")
    if claimed and claimed != planned[name].sha256:
        return failed(f"{name} had another content: hash {str(claimed)[:12]} in run.json.")
    used = described.get("interactions")
    if isinstance(used, int) and used > planned[name].rows:
        return failed(f"{used:,} interactions claimed; {name} has {planned[name].rows:,}.")
    if not claimed and not evidence.test:
        return failed(f"{name} is named, but neither its hash nor a split shows that it was read.")
    return passed(f"{name}, {planned[name].rows:,} rows, hash {planned[name].sha256[:12]}.")


def lists_saved(evidence: Evidence) -> Result:
    """Check that every run left its lists, or its predictions where it has rating metrics."""
    single = evidence.single
    missing = []
    for frame, is_rating in ((evidence.lists, False), (evidence.predictions, True)):
        wanted = _runs_of(single[single["metric"].isin(RATING) == is_rating])
        kind = "predictions" if is_rating else "lists"
        missing += [
            f"{kind} of {run_label(*run)}" for run in _uncovered_runs(wanted, _runs_of(frame))
        ]
    if not len(single):
        return failed("There are no results of single runs.")
    if missing:
        return failed(f"Not saved: {some(missing)}.")
    short = _short_lists(evidence)
    if short:
        return warned(f"Lists are of different length: {some(short)}.")
    return passed(f"{len(evidence.lists):,} list and {len(evidence.predictions):,} rating lines.")


def per_user_saved(evidence: Evidence) -> Result:
    """Check that per-user values of every run were saved."""
    if not len(evidence.per_user):
        return failed("per_user.parquet is missing or empty.")
    missing = _uncovered_runs(_runs_of(evidence.single), _runs_of(evidence.per_user))
    if missing:
        return failed(f"No per-user values of {some(run_label(*r) for r in missing)}.")
    return passed(f"{len(evidence.per_user):,} per-user values.")


def table_saved(evidence: Evidence) -> Result:
    """Check that at least one table for people was saved."""
    names = [a.name for a in evidence.execution.artifacts if _is_table(a.name) and a.size > 1]
    return passed(f"{some(names)}.") if names else failed("No CSV table was saved.")


def figures_saved(evidence: Evidence) -> Result:
    """Check that as many figures as the plan names, at least one, were saved."""
    stems, broken = set(), []
    for artifact in evidence.execution.artifacts:
        path = PurePosixPath(artifact.name)
        start = FIGURE_STARTS.get(path.suffix.lower())
        if start is None:
            continue
        try:
            with artifact.path.open("rb") as stream:
                is_figure = stream.read(4).startswith(start)
        except OSError:
            is_figure = False
        if is_figure:
            stems.add(str(path.with_suffix("")))
        else:
            broken.append(artifact.name)
    counts = [int(n) for text in evidence.plan.reported for n in COUNTED.findall(text)]
    wanted = max(counts, default=1)
    is_asked = bool(counts) or any(r.check == "figures_saved" for r in evidence.plan.requirements)
    if not (stems or broken or is_asked):
        return not_applicable("No requirement asks this check for a figure.")
    if len(stems) < wanted:
        more = f"; not an image: {some(broken)}" if broken else ""
        return failed(f"{len(stems)} of {wanted} figures were saved{more}.")
    return passed(f"{len(stems)} figures: {some(sorted(stems))}.")


def metadata_saved(evidence: Evidence) -> Result:
    """Check that run.json describes dataset, split and every algorithm in the results."""
    missing = [key for key in RUN_KEYS if not evidence.run.get(key)]
    if missing:
        return failed(f"run.json does not describe {some(missing)}.")
    known = recorded_algorithms(evidence.run)
    silent = sorted(set(evidence.rows["algorithm"]) - set(known) - {""})
    if silent:
        return failed(f"run.json has no configuration of {some(silent)}.")
    if not known and not len(evidence.rows):
        return not_applicable("There are no results.")
    return passed(f"Dataset, split and {len(known)} configurations are described.")


def _described_dataset(evidence: Evidence) -> dict[str, Any]:
    """Return the dataset part of run.json."""
    found = evidence.run.get("dataset")
    return found if isinstance(found, dict) else {}


def _short_lists(evidence: Evidence) -> list[str]:
    """Name algorithms whose longest list is shorter than those of others and than a cut-off."""
    lists = evidence.lists
    if not len(lists):
        return []
    sizes = lists.groupby(["algorithm", "fold", "seed", "user_id"]).size()
    longest = sizes.groupby("algorithm").max()
    cut = max((m.k or 0 for m in evidence.plan.metrics), default=0)
    wanted = min(int(longest.max()), cut)
    return [f"{name} {n}, others {wanted} or more" for name, n in longest.items() if n < wanted]


def _runs_of(frame: Any) -> set[tuple[str, str, str]]:
    """Return the runs (algorithm, fold, seed) of a frame."""
    keys = frame[["algorithm", "fold", "seed"]].drop_duplicates()
    return {(str(a), str(f), str(s)) for a, f, s in keys.itertuples(index=False)}


def _uncovered_runs(
    wanted: set[tuple[str, str, str]], found: set[tuple[str, str, str]]
) -> list[tuple[str, str, str]]:
    """Return the wanted runs that are not found; a run without a seed covers all seeds."""
    without = {(a, f) for a, f, s in found if not s}
    with_any = {(a, f) for a, f, _ in found}
    return sorted(
        (a, f, s)
        for a, f, s in wanted - found
        if (a, f) not in without and not (not s and (a, f) in with_any)
    )


def _is_table(name: str) -> bool:
    """Whether an artifact is a table for people."""
    return name.lower().endswith(".csv") and not name.startswith("split/")

"""Whether what the contract asks for was delivered, and whether the script came to its end."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pandas as pd

from agent_core.checks.result import (
    Detail,
    Result,
    each,
    failed,
    not_applicable,
    passed,
    run_label,
    warned,
)
from agent_core.checks.script.labbook_use import changed_helper
from agent_core.data.parquet_reader import RUN
from agent_core.domain.metric import RATING
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.evidence.file_hashes import LEDGER
from agent_core.evidence.result_files import table_of

FIGURE_STARTS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<"}
COUNTED = re.compile(r"(\d+)\s+(?:plot|figure|chart|graph)", re.IGNORECASE)
RUN_KEYS = ("dataset", "split", "algorithms")
HASH = 12
"""Digits of a hash that are told: that two of a million files share them has a chance of 0.2 %."""


def contract_parses(evidence: Evidence) -> Result:
    """Check that results are there and every delivered file of the contract can be read."""
    if evidence.problems:
        return failed("Cannot be read: {problems}.", problems=evidence.problems)
    if not len(evidence.rows):
        if not evidence.plan.algorithms:
            return passed("Nothing is trained, so that there are no rows.")
        return failed("results.json has no rows.")
    runs = evidence.single.groupby(["algorithm", "fold", "seed"]).ngroups
    told = "{rows} rows of {runs} train-test runs parse."
    return passed(told, rows=len(evidence.rows), runs=runs)


def runs_clean(evidence: Evidence) -> Result:
    """Check that the script came to its own end with status 0."""
    found = evidence.execution
    told, judge = "Exit status {status} after {seconds:.0f} s.", passed if found.is_ok else failed
    if found.is_ok or found.exit_code is not None:
        return judge(told, status=found.exit_code or 0, seconds=found.duration_s)
    told = "Ended by {ended} after {seconds:.0f} s."
    return failed(told, ended=found.ended.value, seconds=found.duration_s)


def files_unchanged(evidence: Evidence) -> Result:
    """Check that delivered files are as the helper wrote them, and as they were recorded.

    It binds: a number that was edited, by a script or by somebody later, is not the one that was
    measured, and what is recomputed from edited lists agrees with them. A script that puts
    something else in the helper's place could edit all that the helper writes.
    """
    if helper := changed_helper(evidence.source):
        return failed("labbook is not the helper any more: {fault}.", fault=helper)
    artifacts = evidence.execution.artifacts
    if evidence.changed:
        return failed("{faults}.", faults=evidence.changed)
    recorded = sum(bool(a.sha256) for a in artifacts)
    if not recorded and LEDGER not in {a.name for a in artifacts}:
        return not_applicable("No hashes were recorded.")
    return passed("{files} files are as they were written.", files=len(artifacts))


def dataset_loaded(evidence: Evidence) -> Result:
    """Check that the planned dataset, unchanged, is the one that was used."""
    planned = {d.name: d for d in evidence.datasets if d.name in evidence.plan.datasets}
    described = table_of(evidence.run, "dataset")
    name, claimed = str(described.get("file", "")), described.get("sha256")
    if not name:
        return failed("run.json does not say which dataset was used.")
    if name not in planned:
        told = "run.json names {dataset!r}; planned: {planned}."
        return failed(told, dataset=name, planned=planned)
    data = planned[name]
    if claimed and claimed != data.sha256:
        told = "{dataset} had another content: hash {hash} in run.json."
        return failed(told, dataset=name, hash=str(claimed)[:HASH])
    used = described.get("interactions")
    if isinstance(used, int) and used > data.rows:
        told = "{interactions:,} interactions claimed; {dataset} has {rows:,}."
        return failed(told, dataset=name, interactions=used, rows=data.rows)
    if not claimed and not evidence.test:
        told = "{dataset} is named, but neither its hash nor a split shows that it was read."
        return failed(told, dataset=name)
    told = "{dataset}, {rows:,} rows, hash {hash}."
    return passed(told, dataset=name, rows=data.rows, hash=data.sha256[:HASH])


def lists_saved(evidence: Evidence) -> Result:
    """Check that every run left its lists, or its predictions where it has rating metrics."""
    single = evidence.single
    if not len(single):
        return failed("There are no results of single runs.")
    is_rated = single["metric"].isin(RATING)
    missing = [
        *_missing_files("lists", single[~is_rated], set(evidence.lists)),
        *_missing_files("predictions", single[is_rated], set(evidence.predictions)),
    ]
    if missing:
        return failed("Not saved: {missing}.", missing=missing)
    if shorter := _short_lists(evidence):
        return warned("Lists are of different length: {shorter}.", shorter=shorter)
    told = "{lists:,} list and {predictions:,} rating lines."
    return passed(told, lists=evidence.lists.lines, predictions=evidence.predictions.lines)


def per_user_saved(evidence: Evidence) -> Result:
    """Check that per-user values of every run were saved."""
    if not len(evidence.per_user):
        return failed("per_user.parquet is missing or empty.")
    if missing := _uncovered_runs(evidence.single, _runs_of(evidence.per_user)):
        return failed("No per-user values of {runs}.", runs=[run_label(*r) for r in missing])
    return passed("{values:,} per-user values.", values=len(evidence.per_user))


def table_saved(evidence: Evidence) -> Result:
    """Check that at least one table for people was saved."""
    names = [a.name for a in evidence.execution.artifacts if _is_table(a.name) and a.size > 1]
    return passed("{tables}.", tables=names) if names else failed("No CSV table was saved.")


def figures_saved(evidence: Evidence) -> Result:
    """Check that as many figures as the plan names, at least one, were saved."""
    paths = [(PurePosixPath(a.name), a.path) for a in evidence.execution.artifacts]
    images = {name: _is_image(name, path) for name, path in paths if _start_of(name)}
    stems = {str(name.with_suffix("")) for name, is_image in images.items() if is_image}
    broken = [name for name, is_image in images.items() if not is_image]
    counts = [int(n) for text in evidence.plan.reported for n in COUNTED.findall(text)]
    wanted = max(counts, default=1)
    is_asked = bool(counts) or any(r.check == "figures_saved" for r in evidence.plan.requirements)
    if not (stems or broken or is_asked):
        return not_applicable("No requirement asks this check for a figure.")
    if len(stems) < wanted:
        told = "{figures} of {wanted} figures were saved"
        told += "; not an image: {broken}." if broken else "."
        return failed(told, figures=len(stems), wanted=wanted, broken=broken)
    return passed("{figures} figures: {names}.", figures=len(stems), names=sorted(stems))


def metadata_saved(evidence: Evidence) -> Result:
    """Check that run.json describes dataset, split and every algorithm in the results."""
    if missing := [key for key in RUN_KEYS if not evidence.run.get(key)]:
        return failed("run.json does not describe {missing}.", missing=missing)
    known = recorded_algorithms(evidence.run)
    if silent := sorted(set(evidence.rows["algorithm"]) - set(known) - {""}):
        return failed("run.json has no configuration of {algorithms}.", algorithms=silent)
    if not known and not len(evidence.rows):
        return not_applicable("There are no results.")
    told = "Dataset, split and {configurations} configurations are described."
    return passed(told, configurations=len(known))


def _short_lists(evidence: Evidence) -> list[Detail]:
    """Name algorithms whose longest list is shorter than those of others and than a cut-off."""
    longest: dict[str, int] = {}
    for (name, _, _), table in evidence.lists.items():
        longest[name] = max(longest.get(name, 0), int(table["user_id"].value_counts().max()))
    cut = max((m.k or 0 for m in evidence.plan.metrics), default=0)
    wanted = min(max(longest.values(), default=0), cut)
    few = {name: length for name, length in sorted(longest.items()) if length < wanted}
    told = "{algorithm} {length}, others {others} or more"
    return each(told, algorithm=few, length=few.values(), others=[wanted] * len(few))


def _missing_files(kind: str, rows: pd.DataFrame, saved: set[Run]) -> list[Detail]:
    """Name the runs whose lists, or predictions, were not saved."""
    runs = [run_label(*run) for run in _uncovered_runs(rows, saved)]
    return each("{kind} of {run}", kind=[kind] * len(runs), run=runs)


def _uncovered_runs(rows: pd.DataFrame, found: set[Run]) -> list[Run]:
    """Return the runs of rows that were not saved; a run without a seed covers all seeds."""
    wanted = _runs_of(rows)
    without = {(a, f) for a, f, s in found if not s}
    with_any = {(a, f) for a, f, _ in found}
    return sorted(
        (a, f, s)
        for a, f, s in wanted - found
        if (a, f) not in without and not (not s and (a, f) in with_any)
    )


def _runs_of(frame: pd.DataFrame) -> set[Run]:
    """Return the runs (algorithm, fold, seed) of a frame."""
    runs = frame[RUN].drop_duplicates().itertuples(index=False)
    return {(str(a), str(f), str(s)) for a, f, s in runs}


def _start_of(name: PurePosixPath) -> bytes | None:
    """Return what an image of this name begins with; None where it is called no image."""
    return FIGURE_STARTS.get(name.suffix.lower())


def _is_image(name: PurePosixPath, path: Path) -> bool:
    """Whether a file begins as images of its kind do."""
    try:
        with path.open("rb") as stream:
            return stream.read(4).startswith(_start_of(name) or b"")
    except OSError:
        return False


def _is_table(name: str) -> bool:
    """Whether an artifact is a table for people."""
    return name.lower().endswith(".csv") and not name.startswith("split/")

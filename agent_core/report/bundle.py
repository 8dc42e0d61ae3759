"""The files of a report and their zip: all that is needed to check it and to run it again."""

from __future__ import annotations

import json
import math
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from agent_core.data.data_card import data_card
from agent_core.data.description import as_values
from agent_core.domain import Node, NodeId, Outcome, Requirement, Verdict
from agent_core.domain.events import Logged
from agent_core.prose.quotation import said_by
from agent_core.report.artifacts import copy_artifacts
from agent_core.report.caveats import alerts
from agent_core.report.forms import fill_form
from agent_core.report.metadata import metadata
from agent_core.report.rendering import render_template
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.script_outcomes import outcome_text
from agent_core.report.solution import files_read, public_part, standalone_script
from agent_core.rules.design_words import size_of, words_of
from agent_core.statistics.facts import Facts, facts_by_place
from agent_core.statistics.measured_values import user_values
from agent_core.statistics.summaries import LEVELS

MAX_ZIP_BYTES = 200 << 20
OUTPUT_KEPT = 4000
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that the same files make the same zip."""


def write_bundle(inputs: ReportInputs, facts: Facts, answer: str, folder: Path) -> Path:
    """Write all files beside the report and zip them; return the zip."""
    _write_script(inputs, folder)
    _write_protocol(inputs, folder)
    write_json(folder / "data.json", [as_values(d) for d in inputs.datasets])
    _write_search(inputs, folder)
    _write_environment(inputs, facts, folder)
    left_out = copy_artifacts(inputs, folder)
    _write_tables(inputs, facts, folder)
    left_out += remove_too_large(folder)
    _write_data_card(inputs, folder)
    _write_readme(inputs, answer, left_out, folder)
    return _zip_folder(folder, folder / f"{slug(inputs.plan.title)}.zip")


def slug(title: str) -> str:
    """Return a file name made of a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "report"


def remove_too_large(folder: Path, limit: int = MAX_ZIP_BYTES) -> list[str]:
    """Remove the largest artifacts beyond what a zip may hold; return what was left out."""
    files = sorted(folder.rglob("*"), key=lambda p: p.stat().st_size if p.is_file() else 0)
    total = sum(p.stat().st_size for p in files if p.is_file())
    removed = []
    for path in reversed(files):
        if total <= limit:
            break
        if path.is_file() and (folder / "artifacts") in path.parents:
            size = path.stat().st_size
            path.unlink()
            total -= size
            removed.append(f"`{path.relative_to(folder)}`: {size >> 20} MiB, too large")
    return removed


def zipped_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in order, zips left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.suffix not in (".zip", ".tmp"):
            yield path


def without_paths(value: Any) -> Any:
    """Replace paths by their names and other values by what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return without_paths(TypeAdapter(type(value)).dump_python(value))
    if isinstance(value, Path):
        return value.name
    if isinstance(value, dict):
        return {str(k): without_paths(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [without_paths(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON, without paths of this machine."""
    text = json.dumps(without_paths(value), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_script(inputs: ReportInputs, folder: Path) -> None:
    """Write the chosen script so that it runs anywhere, its helper, and the comparison."""
    helper = (resources.files("sandbox") / "labbook.py").read_text("utf-8")
    (folder / "labbook.py").write_text(helper, encoding="utf-8")
    (folder / "compare.py").write_text(render_template("compare.py.txt"), encoding="utf-8")
    if inputs.best is not None and inputs.best.script.source:
        packages = inputs.installed
        text = standalone_script(
            inputs.best.script.source,
            inputs.datasets,
            packages.versions,
            packages.python,
            inputs.plan,
        )
        (folder / "solution.py").write_text(text, encoding="utf-8")


def _write_protocol(inputs: ReportInputs, folder: Path) -> None:
    """Write plan, requirements with verdicts, and checks."""
    freeze = inputs.view.freeze
    plan = {
        "frozen": fill_form("frozen", freeze) if freeze else None,
        "is_exploratory": inputs.is_exploratory,
        "told": words_of(inputs.plan),
        "trainings": size_of(inputs.plan).trainings,
        "plan": inputs.plan,
        "earlier_versions": inputs.view.plans[:-1],
    }
    write_json(folder / "plan.json", plan)
    requirements = [without_paths(r) | _verdict_entry(inputs, r) for r in inputs.plan.requirements]
    write_json(folder / "requirements.json", requirements)
    write_json(folder / "code_requirements.json", [r.text for r in inputs.plan.requirements])
    write_json(folder / "checks.json", inputs.checks)


def _verdict_entry(inputs: ReportInputs, requirement: Requirement) -> dict[str, Any]:
    """Return what was judged of a requirement."""
    unjudged = Verdict(requirement.id, is_met=False, reason="not judged", by="")
    return fill_form("verdict", inputs.verdict(requirement) or unjudged)


def _write_search(inputs: ReportInputs, folder: Path) -> None:
    """Write every script that was tried, and all events."""
    best = inputs.best.id if inputs.best else None
    nodes = [_node_entry(n, best) for n in inputs.view.nodes]
    write_json(folder / "tree.json", {"best": best, "nodes": nodes})
    told = [n | {"plan": said_by("script", n["plan"]) if n["plan"] else ""} for n in nodes]
    page = render_template("tree.html.j2", title=inputs.plan.title, nodes=told)
    (folder / "tree.html").write_text(page, encoding="utf-8")
    lines = "".join(f"{_log_line(entry)}\n" for entry in inputs.log)
    (folder / "log.jsonl").write_text(lines, encoding="utf-8")


def _node_entry(node: Node, best: NodeId | None) -> dict[str, Any]:
    """Return a script with what came of it."""
    return fill_form(
        "script",
        node,
        parent=node.parents[0] if node.parents else None,
        outcome=outcome_text(node),
        is_best=node.id == best,
        output=node.execution.output[-OUTPUT_KEPT:] if node.execution else "",
        failed_checks=node.score.failed_checks if node.score else (),
    )


def _log_line(logged: Logged) -> str:
    """Return an event without paths of this machine."""
    event = logged.event
    entry = {"seq": logged.seq, "at": logged.at, "kind": type(event).__name__, "body": event}
    return json.dumps(without_paths(entry), ensure_ascii=False)


def _write_environment(inputs: ReportInputs, facts: Facts, folder: Path) -> None:
    """Write the packages that the best script ran with, and what a citable report states."""
    versions = inputs.installed.versions
    lines = sorted(_requirement_line(name, version) for name, version in versions.items())
    (folder / "environment.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_json(folder / "metadata.json", metadata(inputs, facts))


def _requirement_line(name: str, version: str) -> str:
    """Return a line that pip takes; a local build is named in a comment."""
    note = f"  # was {version}" if "+" in version else ""
    return f"{name}=={public_part(version)}{note}"


def _write_tables(inputs: ReportInputs, facts: Facts, folder: Path) -> None:
    """Write per-run rows, summaries, comparisons and per-user values."""
    target = folder / "tables"
    target.mkdir(exist_ok=True)
    if inputs.evidence is None:
        return
    rows = inputs.evidence.rows
    rows.to_csv(target / "per_run.csv", index=False)
    by_place = [("", facts)]
    if any(s.over == LEVELS for s in facts.summaries):
        by_place = list(facts_by_place(inputs.evidence))
    for name in ("summaries", "comparisons"):
        frame = pd.DataFrame(
            ({"levels": place} if place else {}) | fill_form(name, row)
            for place, own in by_place
            for row in getattr(own, name)
        )
        frame.to_csv(target / f"{name}.csv", index=False)
    if len(inputs.evidence.agreement):
        inputs.evidence.agreement.to_csv(target / "recomputed.csv", index=False)
    users = user_values(inputs.evidence)
    if len(users):
        users = users.assign(k=users["k"].astype("Int64").replace(0, pd.NA))
        text = {c: users[c].astype(str) for c in ("user_id", "fold", "seed") if c in users}
        users.assign(**text).to_parquet(target / "per_user.parquet", index=False)


def _write_data_card(inputs: ReportInputs, folder: Path) -> None:
    """Write what is known of the data."""
    cards = "\n".join(map(data_card, inputs.datasets))
    (folder / "data_card.md").write_text(cards, encoding="utf-8")


def _write_readme(inputs: ReportInputs, answer: str, left_out: list[str], folder: Path) -> None:
    """Write `README.md`; its first line says who wrote the code."""
    origin = (
        "This is code that a rule-based researcher composed."
        if inputs.view.usage.calls == 0
        else f"This is model-written code (by {inputs.view.researcher})."
    )
    if inputs.outcome is Outcome.NOTHING:
        origin += " No script satisfied the plan."
    text = render_template(
        "readme.md.j2",
        origin=origin,
        title=inputs.plan.title,
        headline=answer,
        datasets=inputs.datasets,
        files=files_read(inputs.best.script.source if inputs.best else "", inputs.datasets),
        left_out=left_out,
        alerts=len(alerts(inputs)),
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _zip_folder(folder: Path, target: Path) -> Path:
    """Zip a folder in a fixed order, whole or not at all."""
    temporary = target.with_suffix(".tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in zipped_files(folder):
            info = zipfile.ZipInfo(f"{target.stem}/{path.relative_to(folder).as_posix()}", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as sink:
                shutil.copyfileobj(source, sink)
    temporary.replace(target)
    return target

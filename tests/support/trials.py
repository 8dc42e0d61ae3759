"""Runs whole scripts in the sandbox and says what the checks find in them."""

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path

from cases import Case, base_plan

from agent_core.checks.registry import run_checks
from agent_core.data.profile import profile
from agent_core.data.synthetic import write_catalogue
from agent_core.domain import Finding, Script
from agent_core.evidence.evidence import read_evidence
from agent_core.execution.executor import Executor
from agent_core.execution.experiment import Experiment
from agent_core.execution.slots import FairSlots
from agent_core.rules.reading import with_rules_read
from agent_core.verification.independent_training import retrain
from sandbox.execution import Input, Job, Limits

LIMITS = Limits(timeout_s=300, memory_mib=3000)


@dataclass(frozen=True)
class Material:
    """A dataset and how a script reads it."""

    path: Path
    read: str


def synthetic(folder, users=150, items=120):
    path = folder / "catalogue.tsv"
    write_catalogue(path, users=users, items=items, per_user=30)
    names = '{"synthetic_user_id": "user_id"}'
    return Material(path, f'pd.read_csv("{path.name}", sep="\\t").rename(columns={names})')


def movielens():
    """Return MovieLens 100K, or None where it is not."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("AUTORECLAB_TEST_DATA", beside)) / "ml-100k" / "u.data"
    names = '["user_id", "item_id", "rating", "timestamp"]'
    if not path.exists():
        return None
    return Material(path, f'pd.read_csv("u.data", sep="\\t", names={names})')


async def tried(case: Case, material: Material, sandbox, folder: Path, *, retrains=None):
    """Run one script in `folder` and return its execution and the findings by name.

    `retrains`: whether the product trains what it recorded; None: where the case is about that.
    """
    retrains = case.check == "retraining_agrees" if retrains is None else retrains
    evidence = await delivered(case, material, sandbox, folder / "artifacts")
    if retrains:
        evidence = await retrained(evidence, sandbox, folder)
    return evidence.execution, {c.name: c for c in run_checks(evidence)}


async def delivered(case: Case, material: Material, sandbox, place: Path):
    """Run one script and return what it left."""
    name = material.path.name
    source = case.source(material.read, name)
    await asyncio.to_thread(place.mkdir)
    files = {name: material.path, **(other(place.parent) if case.is_on_two else {})}
    inputs = tuple(Input(n, p) for n, p in files.items())
    execution = await sandbox.execute(Job(source, inputs, LIMITS), place)
    plan = with_rules_read(replace(case.plan(base_plan(name)), datasets=tuple(files)))
    data = tuple(map(profile, files.values()))
    return read_evidence(plan, source, execution, data, files)


def other(folder):
    """Write a second dataset, with fewer users and other items."""
    path = folder / "other.tsv"
    write_catalogue(path, users=120, items=90, per_user=20)
    return {path.name: path}


async def retrained(evidence, sandbox, folder: Path):
    """Have the product train what a script recorded; return the evidence with what came of it."""
    executor = Executor(sandbox, FairSlots(sandbox.slots), LIMITS)
    script = Script("", evidence.source)
    template = Experiment("run", "user", 1, script, {}, folder / "artifacts", 300.0)
    found = await retrain(evidence, template, folder / "retraining", executor)
    return replace(evidence, retrained=found)


def fault_of(case: Case, execution, findings):
    """Say what is wrong with the findings; empty where they are as they must be."""
    if case.check:
        found = findings[case.check]
        is_found = found.finding in (case.finding, Finding.FAIL)
        return "" if is_found else f"{found.finding}: {found.reason}"
    if not execution.is_ok:
        return execution.output[-1500:]
    stopping = [c for c in findings.values() if c.is_binding and c.finding is Finding.FAIL]
    wrong = [findings[n] for n in ("split_as_planned", "filters_as_planned", "lists_saved")]
    stopping += [c for c in wrong if c.finding is Finding.FAIL]
    signs = (
        "selected_without_test", "typed_in_numbers", "swallowed_exceptions", "repetitions_repeat",
        "lists_saved",
    )  # fmt: skip
    stopping += [findings[n] for n in signs if findings[n].finding is Finding.WARN]
    return "; ".join(f"{c.name}: {c.reason}" for c in stopping)

"""Recorded results for tests: evidence with known numbers, facts of it, and report inputs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
from builders import OK, node_of, plan_of, requirement

from agent_core.domain import (
    Algorithm,
    Check,
    Column,
    Dataset,
    Ending,
    Finding,
    Metric,
    Outcome,
    Packages,
    Role,
    RunId,
    RunStatus,
    Script,
    Study,
    Task,
    Verdict,
    cells_of,
    with_design,
)
from agent_core.domain.events import Logged, RunSubmitted
from agent_core.evidence.cell_folders import CellFolders
from agent_core.evidence.evidence import (
    ROW_COLUMNS,
    USER_COLUMNS,
    Evidence,
    empty,
    placed_in_design,
)
from agent_core.report.writer import ReportInputs
from agent_core.run.view import Freeze, RunView
from agent_core.statistics.answered import answers_for
from agent_core.statistics.facts import collect_facts

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SOURCE = '"""An experiment."""\n\nfrom __future__ import annotations\n\nimport pandas as pd\n'
PACKAGES = Packages("3.11.7", {"pandas": "2.3.3", "numpy": "2.4.6", "pyarrow": "26.0.1"})


def dataset(name="u.data", **more):
    columns = tuple(Column(c, "int", 9) for c in ("user_id", "item_id", "rating", "timestamp"))
    known = {
        "sha256": "ab" * 32, "size": 1000, "separator": "\t", "has_header": False,
        "columns": columns, "user_column": "user_id", "item_column": "item_id",
        "rating_column": "rating", "timestamp_column": "timestamp", "rows": 100_000,
        "users": 943, "items": 1682, "known_as": "MovieLens 100K",
    }  # fmt: skip
    return Dataset(name=name, **known | more)


NDCG = Metric("ndcg", 10)


def comparison_plan(*names, metrics=(NDCG,), **more):
    algorithms = tuple(Algorithm(n, f"{n}Scorer", {"regularization": 200.0}) for n in names)
    plan = plan_of(requirement(1, "dataset_loaded"), study=Study.COMPARISON)
    return replace(
        plan,
        title="Comparison",
        algorithms=(*algorithms, Algorithm("Popularity", "PopScorer", role=Role.BASELINE)),
        metrics=metrics,
        seeds=(0,),
        **more,
    )


def evidence_of(plan, per_user, source=SOURCE, **more):
    """Build evidence of {(algorithm, fold, seed): values per user}, for each metric alike."""
    rows, users = [], []
    for (algorithm, fold, seed), values in per_user.items():
        for metric in plan.metrics:
            place = {"algorithm": algorithm, "fold": fold, "seed": seed, "metric": metric.name}
            place |= {"k": metric.k}
            rows.append(
                {**place, "value": float(np.mean(values)), "aggregate": False, "n": len(values)}
            )
            users += [
                {**place, "user_id": f"{fold}-{u}", "value": v} for u, v in enumerate(values)
            ]
    frame = pd.DataFrame(rows, columns=list(ROW_COLUMNS)) if rows else empty(ROW_COLUMNS)
    table = pd.DataFrame(users, columns=list(USER_COLUMNS)) if users else empty(USER_COLUMNS)
    found = Evidence(
        plan, source, OK, (dataset(),), rows=frame.astype({"k": "Int64"}), per_user=table, **more
    )
    return placed_in_design(found, cells_of(with_design(plan), found.datasets), CellFolders())


@cache
def facts_of(evidence):
    """Collect the facts of evidence once."""
    return collect_facts(evidence)


@cache
def default_seed_evidence(sd=0.003, seeds=30):
    """Make the usual seed study once."""
    plan = replace(plan_of(), seeds=tuple(range(seeds)))
    return seed_evidence(plan, sd, seeds)


@cache
def default_comparison_evidence():
    """Make the usual comparison once."""
    return comparison_evidence(comparison_plan("EASE", "ItemKNN", "ImplicitMF"))


def seed_evidence(plan=None, sd=0.003, seeds=30, users=200):
    """Thirty seeds of ImplicitMF beside popularity; the mean over users varies with `sd`."""
    if plan is None:
        return default_seed_evidence(sd, seeds)
    rng = np.random.default_rng(5)
    base = rng.beta(1, 4, users)
    shifts = rng.normal(0, sd, seeds)
    runs = {("ImplicitMF", "0", str(s)): base + shift for s, shift in enumerate(shifts)}
    runs["Popularity", "0", ""] = base * 0.4
    return evidence_of(plan, runs)


def comparison_evidence(plan=None, users=300):
    """EASE clearly above ItemKNN, ItemKNN within noise of ImplicitMF, all above popularity."""
    if plan is None:
        return default_comparison_evidence()
    rng = np.random.default_rng(6)
    base = rng.beta(1, 4, users)
    runs = {
        ("EASE", "0", ""): base + 0.05 + rng.normal(0, 0.05, users),
        ("ItemKNN", "0", ""): base + rng.normal(0, 0.05, users),
        ("ImplicitMF", "0", ""): base + rng.normal(0, 0.05, users),
        ("Popularity", "0", ""): base * 0.4,
    }
    return evidence_of(plan, runs)


def inputs_of(evidence, *, checks=None, nodes=None, outcome=Outcome.SATISFIED, **more):
    """Return report inputs around evidence, as at the end of a run."""
    plan = evidence.plan
    found = checks if checks is not None else (Check("dataset_loaded", Finding.PASS, "read"),)
    best = replace(
        node_of(1, value=1.0, execution=evidence.execution),
        script=Script("A plan of a script.", evidence.source),
        checks=found,
        verdicts=tuple(Verdict(r.id, is_met=True, reason="shown") for r in plan.requirements),
    )
    view = RunView(
        RunId("run-1"),
        status=RunStatus.REPORTING,
        task=Task("How much do seeds matter?"),
        researcher="rule-based researcher, no AI model",
        level="cold",
        datasets=evidence.datasets,
        plans=(plan,),
        nodes=nodes or (best,),
        freeze=Freeze(plan.version, "cd" * 32, START, "ann"),
        started_at=START,
    )
    view = replace(view, **more.pop("view", {}))
    log = (Logged(1, START + timedelta(minutes=11), RunSubmitted(view.task, "rules", "cold")),)
    known = {
        "view": view, "log": log, "evidence": evidence, "facts": facts_of(evidence),
        "answers": answers_for(evidence),
        "packages": PACKAGES, "outcome": outcome, "ending": Ending.SATISFIED, "best": best,
    }  # fmt: skip
    return ReportInputs(**known | more)

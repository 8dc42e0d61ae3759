"""An answer to a later question, computed from saved lists and values of users: exploratory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from agent_core.data.parquet_reader import RUN
from agent_core.domain import Estimand, LevelValue, Metric, Plan, Question, with_design
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import USER_COLUMNS, Evidence, are_sampled
from agent_core.measures.beyond import KNOWN
from agent_core.measures.recomputation import Delivered, RunMetrics
from agent_core.rules.asked_values import AskedValues, asked_values
from agent_core.statistics.answers.answer import Answer
from agent_core.statistics.answers.delivered_values import fold_of_groups
from agent_core.statistics.answers.groupings import user_quantities
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.study_values import StudyValues

ALGORITHM = "algorithm"
ONE_FOLD = 1
FEWEST_USERS = 2
EVERY: Mapping[str, frozenset[LevelValue]] = MappingProxyType({})
"""No level is named."""


@dataclass(frozen=True, slots=True, eq=False)
class ComputedNow:
    """What a question came to, computed when it was asked; without an answer the reason."""

    asked: AskedValues
    answer: Answer | None = None
    why_not: str = ""
    runs: int = 0
    """Whose lists and values it was computed from."""
    users: int = 0
    """How many users it is about."""
    is_sample: bool = False
    """Whether lists are those of a sample of users."""


def computed_now(
    evidence: Evidence, text: str, named: Mapping[str, frozenset[LevelValue]] = EVERY
) -> ComputedNow | None:
    """Compute what a question asks for; None where the plan has it, or nothing was asked for.

    Nothing is trained or recommended: another cut-off within the saved lists, another measure of
    them, or the users of a group. `named`: the levels that the question names, factor by factor;
    it is answered for these alone.
    """
    plan = with_design(evidence.plan)
    asked = asked_values(text, plan)
    if not asked.is_beyond(plan):
        return None
    fresh = [m for m in asked.metrics if m not in plan.metrics]
    if reason := _unknown(evidence, fresh):
        return ComputedNow(asked, why_not=reason)
    question = _question(plan, asked)
    widened = _with_metrics(replace(evidence, plan=_plan_for(plan, question)), fresh)
    study = StudyValues.of(widened)
    study = _of_some_users(widened, study, asked)
    users = max((len(table.dropna(how="all")) for table in study.users.values()), default=0)
    if users < FEWEST_USERS:
        return ComputedNow(asked, why_not="no values of such users were saved")
    told = _of_named(study, question, named)
    answer = answer_to(question, told)
    if not answer.estimates:
        return ComputedNow(asked, why_not="what was saved is not enough for it")
    missing = dict.fromkeys(m for key in question.measures for m in study.missing(key))
    answer = replace(answer, missing=tuple(missing))
    return ComputedNow(asked, answer, "", len(told.cells), users, are_sampled(evidence.run))


def _question(plan: Plan, asked: AskedValues) -> Question:
    """Return the question in the terms of the plan: over its algorithms, else what it compares."""
    measures = tuple(m.key for m in asked.metrics or (plan.primary,))
    compared = [f.name for f in plan.compared]
    over = ALGORITHM if ALGORITHM in compared or not compared else compared[0]
    within = tuple(name for name in compared if name != over)
    if asked.groups:
        return Question(Estimand.GROUPS, (over,), measures, within, groups=asked.groups)
    several = over in compared and asked.is_comparison
    kind = Estimand.DIFFERENCE if several else Estimand.LEVEL
    return Question(kind, (over,), measures, within)


def _plan_for(plan: Plan, question: Question) -> Plan:
    """Return the plan with a question of its own at the end, which explores."""
    return replace(plan, questions=(*plan.questions, question))


def _unknown(evidence: Evidence, metrics: list[Metric]) -> str:
    """Say which measure cannot be computed from what was saved; empty where all can."""
    longest = max((_longest(evidence, run) for run in [*evidence.of_runs][:ONE_FOLD]), default=0)
    for metric in metrics:
        if metric.name not in KNOWN:
            return f"{metric.label} is no measure that I can compute from lists"
        if metric.is_rating and not len(evidence.predictions):
            return f"{metric.label} needs rating predictions, and none were saved"
        if metric.k and metric.k > longest:
            return f"{metric.label} was not recorded: the saved lists have {longest} items"
    return ""


def _longest(evidence: Evidence, run: Run) -> int:
    """Return the lowest rank of the lists of a run; 0 without any."""
    table = evidence.lists.get(run)
    ranks = pd.to_numeric(table["rank"]) if table is not None and len(table) else pd.Series([0])
    return int(ranks.max())


def _with_metrics(evidence: Evidence, metrics: list[Metric]) -> Evidence:
    """Return evidence with values of further metrics, as if they had been asked for."""
    if not metrics:
        return evidence
    parts = {"train": evidence.train, "test": evidence.test}
    delivered = Delivered(
        evidence.rows,
        evidence.lists,
        evidence.predictions,
        evidence.per_user,
        parts,
        are_sampled(evidence.run),
    )
    rows, users = [], []
    for run in evidence.of_runs:
        for row, values in _values_of(delivered, run, metrics):
            rows.append(row)
            users.append(values)
    told = pd.DataFrame(rows).reindex(columns=evidence.rows.columns)
    told = told.astype({"k": "Int64"})
    own = pd.concat([evidence.recomputed, *users], ignore_index=True)
    plan = replace(evidence.plan, metrics=(*evidence.plan.metrics, *metrics))
    return replace(
        evidence,
        plan=plan,
        rows=pd.concat([evidence.rows, told], ignore_index=True),
        recomputed=own,
    )


def _values_of(
    delivered: Delivered, run: Run, metrics: list[Metric]
) -> Iterator[tuple[Mapping[str, object], pd.DataFrame]]:
    """Yield the row and the users' values of each metric of a run."""
    found = RunMetrics(delivered, run, delivered.lists.get(run), delivered.predictions.get(run))
    for metric in metrics:
        first = next(iter(found.definitions_of(metric.name, metric.k)), None)
        if first is None or not np.isfinite(first.value):
            continue
        place = {**dict(zip(RUN, run, strict=True)), "metric": metric.name, "k": metric.k}
        row = {**place, "value": first.value, "aggregate": False, "n": len(first.per_user)}
        users = pd.DataFrame(
            {"user_id": first.per_user.index.to_numpy(dtype=object), "value": first.per_user}
        ).assign(**place, definition=first.definition)
        columns = dict.fromkeys((*USER_COLUMNS, "definition"))
        yield row, users.reindex(columns=[*columns]).astype({"k": "Int64"})


def _of_named(
    study: StudyValues, question: Question, named: Mapping[str, frozenset[LevelValue]]
) -> StudyValues:
    """Return a study of the cells at the levels that a question names.

    One level alone of what is compared is held against all others.
    """
    cells = study.cells
    for factor, levels in named.items():
        is_held = question.kind is Estimand.DIFFERENCE and factor in question.over
        if factor in cells and not (is_held and len(levels) == 1):
            cells = cells[cells[factor].isin(levels) | cells[factor].isna()]
    return replace(study, cells=cells)


def _of_some_users(evidence: Evidence, study: StudyValues, asked: AskedValues) -> StudyValues:
    """Return the values of the users whom a question is about, by their training interactions."""
    first = fold_of_groups(evidence)
    if (asked.fewest is None and asked.most is None) or first is None:
        return study
    counts = user_quantities(evidence.train[first])["interactions"]
    low, high = asked.fewest or 0, np.inf if asked.most is None else asked.most
    members = counts.index[(counts >= low) & (counts <= high)]
    users = {key: t[t.index.isin(members)] for key, t in study.users.items()}
    weights = {key: t[t.index.isin(members)] for key, t in study.weights.items()}
    means = [
        {"cell": cell, "metric": key, "value": float(values.mean())}
        for key, table in users.items()
        for cell, values in table.items()
        if values.notna().any()
    ]
    runs = pd.DataFrame(means, columns=["cell", "metric", "value"])
    return replace(study, users=users, weights=weights, runs=runs)

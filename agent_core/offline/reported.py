"""What a rule-based plan says is reported: the values of its questions, and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from agent_core.domain import Estimand, Plan
from agent_core.rules.requested import asked_items

OF_RUNS = ("per-run CSV", "recommendation lists and per-user values", "figures")
VALUES: Mapping[Estimand, str] = {
    Estimand.LEVEL: "means with intervals over users",
    Estimand.DIFFERENCE: "means and paired differences with intervals",
    Estimand.INTERACTION: "differences of differences with intervals",
    Estimand.RESPONSE: "the metric at each value, with intervals over users",
    Estimand.SPREAD: "SD over seeds with its interval, range and CV",
    Estimand.SPREAD_RATIO: "SD over either cause and the interval of their ratio",
    Estimand.VARIANCE_SHARES: "variance components, each with its share and interval",
    Estimand.ORDER: "the order at each level, and how often a pair keeps it",
    Estimand.CHOICE: "the chosen configuration and its test value",
    Estimand.STOPPING: "the running mean, and how many repetitions would have been enough",
    Estimand.TRADE_OFF: "both measures at each level, and what nothing dominates",
    Estimand.GROUPS: "the metric in each group, with intervals",
    Estimand.COUNTS: "users, items and interactions at each level",
    Estimand.COST: "time and memory of each algorithm",
    Estimand.FALSE_ALARMS: "the share of tests below 0.05 among runs of one model",
}


def reported_texts(plan: Plan) -> tuple[str, ...]:
    """Return what will be reported, that of the primary question first."""
    values = [VALUES[q.kind] for q in plan.questions if q.kind in VALUES]
    is_trained = any(q.kind.needs_algorithms for q in plan.questions)
    runs = OF_RUNS if is_trained else ("a table of what is left",)
    return tuple(dict.fromkeys((*values, *runs, *asked_items(plan.question))))

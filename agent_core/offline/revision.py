"""Reads a reply to a plan: a change, a question, a wish in a question, or chatter."""

from __future__ import annotations

import re
from dataclasses import replace

from agent_core.domain import Dataset, Plan, PlanChange, Requirement, Revision
from agent_core.offline.grammar import Reading, read
from agent_core.offline.planner import build, reading_of
from agent_core.offline.requirements import key_of, renumbered

CHATTER = re.compile(
    r"^\W*(?:thanks?(?: you)?|thx|ty|ok(?:ay)?|great|nice|cool|perfect|good|lovely|wow|hi|hello|"
    r"hey|yes|no|sure|fine|lol|\+1|sounds good|looks good|lgtm|well done)\b.{0,40}$",
    re.IGNORECASE,
)
WISH = re.compile(
    r"\b(?:use|add|also|include|drop|remove|without|skip|change|set|make|only|instead|report|take|"
    r"switch|increase|decrease|reduce|raise|replace|exclude|run|train|prefer|with)\b",
    re.IGNORECASE,
)
QUESTION = re.compile(
    r"^\W*(?:why|what|how|which|who|when|where|is|are|does|do|did|will|would|could|can|should)\b",
    re.IGNORECASE,
)
POLITE = re.compile(r"\b(?:can|could|would|will) you\b|\bplease\b", re.IGNORECASE)
OUTCOME = re.compile(
    r"\b(?:must|should|has to|needs to|shall)\s+"
    r"(?:win|beat|be (?:the )?best|outperform|be better|lose)",
    re.IGNORECASE,
)
REMOVAL = re.compile(r"\b(?:drop|remove|without|skip|exclude|no)\b", re.IGNORECASE)
DROP_NUMBER = re.compile(
    r"\b(?:drop|remove|skip|delete)\s+(?:requirements?\s+|number\s+|#)*"
    r"(\d+(?:\s*(?:,|and|&)\s*\d+)*)(?!\s*(?:seeds|runs|folds|factors|epochs))",
    re.IGNORECASE,
)
UNDERSTOOD = (
    "I understand changes of algorithms, metrics and cut-offs, split, folds, number of seeds, "
    "hyperparameters, the rating that counts as positive, and “drop requirement 11”."
)


def revise(plan: Plan, dataset: Dataset, reply: str) -> Revision:
    """Return what a reply comes to; the plan changes only when it is a wish.

    Parameters
    ----------
    plan
        The plan in force.
    dataset
        The profile of the data.
    reply
        The reply as written.
    """
    if CHATTER.match(reply.strip()):
        return Revision()
    if OUTCOME.search(reply):
        return Revision(
            reply="Which algorithm wins is a result, not something I can plan. The comparison is "
            "in the plan; I can add or drop algorithms, metrics or repetitions."
        )
    is_question = reply.strip().endswith("?") or bool(QUESTION.match(reply))
    changed, dropped, said = apply(plan, read(reply), reply)
    if is_question:
        offer = reply.strip().rstrip("?") if changed or dropped else ""
        return Revision(reply=explain(plan, reply), offer=wish_of(offer))
    if not changed and not dropped:
        silent = not WISH.search(reply) and not said
        return Revision(
            reply="" if silent else f"{said or 'I found no change in that.'} {UNDERSTOOD}"
        )
    return revised(plan, dataset, changed, dropped, said)


def wish_of(question: str) -> str:
    """Return a question as the wish that it holds."""
    wish = re.sub(r"^\W*(?:can|could|would|will)\s+you\s+(?:please\s+)?", "", question, flags=re.I)
    return wish.strip()


def apply(plan: Plan, wish: Reading, reply: str) -> tuple[Reading | None, frozenset[str], str]:
    """Return the changed reading (None: unchanged), dropped requirements, and what to say."""
    old = reading_of(plan)
    new, said = merged(old, wish, reply)
    dropped = frozenset(key_of(r) for r in numbered(plan, reply))
    if wish.outside:
        said += " ".join(f"“{words}” {reason}." for words, reason in wish.outside)
    return (None if new == old else new), dropped, said


def merged(old: Reading, wish: Reading, reply: str) -> tuple[Reading, str]:
    """Put what a reply wishes into a reading."""
    removes = bool(REMOVAL.search(reply)) and not re.search(r"\b(?:add|also)\b", reply, re.I)
    adds = bool(re.search(r"\b(?:add|also|include|too|as well|and)\b", reply, re.IGNORECASE))
    new, said = old, ""
    if wish.algorithms:
        new, said = with_algorithms(new, wish.algorithms, removes=removes, adds=adds)
    replaces = is_replacing(reply)
    if wish.metrics:
        new = replace(new, metrics=with_metrics(old, wish.metrics, removes, replaces and not adds))
    if wish.cutoffs and not removes:
        keeps = adds and not replaces
        new = replace(
            new, cutoffs=unique((*old.cutoffs, *wish.cutoffs)) if keeps else wish.cutoffs
        )
    return with_protocol(new, wish), said


def with_metrics(
    old: Reading, wished: tuple[str, ...], removes: bool, replaces: bool
) -> tuple[str, ...]:
    """Add, drop or replace metrics; at least one stays."""
    if removes:
        return tuple(m for m in old.metrics if m not in wished) or old.metrics
    if replaces:
        return wished
    return (*old.metrics, *(m for m in wished if m not in old.metrics))


def with_protocol(old: Reading, wish: Reading) -> Reading:
    """Take over what a reply says of split, repetitions and hyperparameters."""
    given = {
        name: getattr(wish, name)
        for name in ("split", "holdout", "folds", "seeds", "min_rating")
        if getattr(wish, name) is not None
    }
    new = replace(old, **given)
    if wish.split is not None:
        new = replace(new, folds=wish.folds)
    if wish.folds is not None:
        new = replace(new, split=None)
    if wish.swept and wish.values:
        new = replace(new, study=wish.study, swept=wish.swept, values=wish.values)
    if wish.parameters:
        new = replace(new, parameters={**old.parameters, **wish.parameters})
    return new


def is_replacing(reply: str) -> bool:
    """Whether a reply puts something in the place of what there is."""
    return bool(re.search(r"\b(?:instead|only|just|change|switch|use|replace)\b", reply, re.I))


def unique(values: tuple[int, ...]) -> tuple[int, ...]:
    """Return values without repetition, in order."""
    return tuple(dict.fromkeys(values))


def with_algorithms(
    old: Reading, names: tuple[str, ...], *, removes: bool, adds: bool
) -> tuple[Reading, str]:
    """Add, drop or replace algorithms; the baseline stays."""
    if removes:
        kept = tuple(n for n in old.algorithms if n not in names)
        if not [n for n in kept if n not in ("Popularity", "Bias")]:
            return old, "At least one algorithm must stay."
        if set(names) & {"Popularity", "Bias"}:
            return old, "The baseline stays: without it nobody can judge the numbers."
        return replace(old, algorithms=kept), ""
    new = tuple(n for n in names if n not in old.algorithms)
    if not new and not adds:
        return old, ""
    return replace(old, algorithms=(*old.algorithms, *new)), ""


def numbered(plan: Plan, reply: str) -> tuple[Requirement, ...]:
    """Return the requirements that a reply drops by number."""
    match = DROP_NUMBER.search(reply)
    numbers = {int(n) for n in re.findall(r"\d+", match[1])} if match else set()
    return tuple(r for r in plan.requirements if r.id in numbers)


def revised(
    plan: Plan, dataset: Dataset, reading: Reading | None, dropped: frozenset[str], said: str
) -> Revision:
    """Return the next version of the plan with its difference."""
    next_plan = build(reading or reading_of(plan), dataset, plan.question)
    was = {key_of(r) for r in plan.requirements}
    fresh_before = build(reading_of(plan), dataset, plan.question)
    gone = frozenset(key_of(r) for r in fresh_before.requirements) - was
    requirements = renumbered(next_plan.requirements, plan.requirements, dropped | gone)
    next_plan = replace(
        next_plan,
        version=plan.version + 1,
        requirements=requirements,
        unmapped=unique_text((*plan.unmapped, *next_plan.unmapped)),
    )
    change = difference(plan, next_plan)
    if change.is_empty:
        return Revision(reply=f"{said or 'That is what the plan says already.'}".strip())
    return Revision(next_plan, change, said)


def unique_text(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return texts without repetition, in order."""
    return tuple(dict.fromkeys(values))


def difference(old: Plan, new: Plan) -> PlanChange:
    """Return what changed between two versions, ready to be told."""
    before = {r.id: r for r in old.requirements}
    after = {r.id: r for r in new.requirements}
    added = tuple(i for i in after if i not in before)
    dropped = tuple(i for i in before if i not in after)
    changed = tuple(i for i in after if i in before and after[i].text != before[i].text)
    lines = [f"added {i} ({after[i].text.rstrip('.')})" for i in added]
    lines += [f"dropped {i} ({before[i].text.rstrip('.')})" for i in dropped]
    return PlanChange(added, changed, dropped, (*settings_changes(old, new), *lines))


def settings_changes(old: Plan, new: Plan) -> tuple[str, ...]:
    """Return the changes of protocol in words."""
    pairs = (
        ("algorithms", names(old), names(new)),
        ("metrics", labels(old), labels(new)),
        ("split", old.split.text, new.split.text),
        ("seeds", str(len(old.seeds)), str(len(new.seeds))),
        ("feedback", old.feedback, new.feedback),
        ("configuration", configurations(old), configurations(new)),
    )
    return tuple(f"{name}: {before} → {after}" for name, before, after in pairs if before != after)


def names(plan: Plan) -> str:
    """Return the algorithms of a plan."""
    return ", ".join(a.name for a in plan.algorithms)


def labels(plan: Plan) -> str:
    """Return the metrics of a plan."""
    return ", ".join(m.label for m in plan.metrics)


def configurations(plan: Plan) -> str:
    """Return the configurations of a plan."""
    return "; ".join(
        f"{a.name} " + ", ".join(f"{k} {v}" for k, v in a.config.items())
        for a in plan.algorithms
        if a.config and a.name in names(plan)
    )


REASONS = (
    (
        r"leave|split|hold|fold",
        "The split is {split}. It is fixed for all runs, so that only what the question is about "
        "differs.",
    ),
    (
        r"seed|repeat|many",
        "{seeds} seeds: with 30 the interval of the standard deviation is about -20 % to +34 %.",
    ),
    (
        r"baseline|popular",
        "The baseline shows whether the numbers are plausible at all: a model below popularity is "
        "broken or untuned.",
    ),
    (
        r"config|hyper|factor|tun|regular",
        "Configurations: {config}. They are stated and not tuned on test data.",
    ),
    (
        r"long|time|minutes|cost|expens",
        "About {minutes:.0f} minutes; the rule-based researcher costs nothing.",
    ),
    (
        r"metric|ndcg|recall|rmse|mae",
        "Measured: {metrics}, per test user, then averaged.",
    ),
)


def explain(plan: Plan, question: str) -> str:
    """Answer a question about the plan."""
    words = {
        "split": plan.split.text,
        "seeds": len(plan.seeds),
        "config": configurations(plan),
        "minutes": max(1.0, plan.estimate_s / 60),
        "metrics": labels(plan),
    }
    for pattern, answer in REASONS:
        if re.search(pattern, question, re.IGNORECASE):
            return answer.format(**words)
    return (
        f"Nothing has run yet. The plan: {names(plan)}; {labels(plan)}; {plan.split.text}; "
        f"{len(plan.seeds)} seeds."
    )

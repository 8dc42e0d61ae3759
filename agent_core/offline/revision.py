"""Reads a reply to a plan: a change, a question, a wish in a question, or chatter."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from agent_core.checks.registry import BINDING
from agent_core.domain import (
    Dataset,
    FactorKind,
    Metric,
    Plan,
    PlanChange,
    Revision,
    Room,
    SplitKind,
)
from agent_core.offline.assumptions import kept_assumptions
from agent_core.offline.catalogue import BY_NAME
from agent_core.offline.designs.asked import PATTERNS as ASKED
from agent_core.offline.designs.changes import with_questions
from agent_core.offline.designs.reading import Design, read_design
from agent_core.offline.designs.text import usual_form
from agent_core.offline.designs.words import PATTERNS as SAID
from agent_core.offline.grammar import BASELINES, Reading, metric_values, read
from agent_core.offline.plan_reading import reading_of
from agent_core.offline.planner import UNKNOWN_ROOM, build
from agent_core.offline.requirements import (
    configurations_text,
    key_of,
    pairs_text,
    with_known_ids,
)
from agent_core.offline.task_reading import left_outside
from agent_core.offline.text_patterns import PATTERNS, says, wish_in
from agent_core.offline.wishes import INSTEAD, REMOVAL, merge_wish, unique
from agent_core.prose.text_tables import read_table
from agent_core.rules.design_changes import untold_changes
from agent_core.rules.wording import data_text, split_text

OUTCOME_REPLY = (
    "Which algorithm comes first is a result, not something I can plan. What I can plan is that "
    "{names} and the baseline are measured on the same users, with the difference and its interval"
)
_REASONS: list[dict[str, str]] = read_table(Path(__file__).with_name("reasons.toml"))["reasons"]
LISTS = re.compile(r"@|\btop\b|\b(?:lists?|cut-?offs?|ranks?|recommendations)\b", re.IGNORECASE)
"""What a number is a cut-off of; `lunch at 12` is none."""
OFFERED = "I can do that."
STILL_CHECKED = "The check behind it still applies to every result; it can only be waived by name."
UNDERSTOOD = (
    "I understand changes of algorithms, metrics and cut-offs, data rules, splits, folds, seeds, "
    "hyperparameters, shares of training and other levels, an equivalence margin, and “drop "
    "requirement 11”."
)


def revise(plan: Plan, dataset: Dataset, reply: str, room: Room = UNKNOWN_ROOM) -> Revision:
    """Return what a reply comes to; the plan changes only when it is a wish.

    Parameters
    ----------
    plan
        The plan in force.
    dataset
        The profile of the data.
    reply
        The reply as written.
    room
        What a script may use.
    """
    words = re.sub(r"\s+", " ", reply).strip()
    if says("chatter", words) and not _is_wish(words):
        return Revision()
    is_question = words.endswith("?") or says("question", words)
    decides = is_question or says("wish", words) or says("decides", words)
    if says("remark", words) and not decides:
        return Revision()
    changed, dropped, said = _apply(plan, words)
    if is_question:
        offer = wish_in(words) if changed or dropped else ""
        return Revision(reply=_explain(plan, words) or (OFFERED if offer else ""), offer=offer)
    if says("outcome", words):
        said = _outcome_reply(plan, words)
    if not changed and not dropped:
        is_wish = says("wish", words) or INSTEAD.search(words) is not None
        silent = not is_wish and not said and not _is_of_field(words)
        return Revision(reply="" if silent else said or _unchanged(plan, words))
    return _next_revision(plan, dataset, changed, dropped, said, room)


def _is_wish(words: str) -> bool:
    """Whether words that begin like chatter ask for something: `no folds`, unlike `no, thanks`."""
    takes_away = REMOVAL.search(words) is not None and _is_of_field(words)
    return takes_away or says("wish", words) or not read(words).is_empty


def _unchanged(plan: Plan, words: str) -> str:
    """Say why a reply changes nothing: it is not in the plan, there already, or not understood."""
    wish, old = _with_all_metrics(read(words), words), reading_of(plan)
    absent = [n for n in wish.algorithms if n not in old.algorithms]
    absent += [Metric(n).label for n in wish.metrics if n not in old.metrics]
    if absent and (REMOVAL.search(words) or INSTEAD.search(words)):
        return f"{', '.join(absent)}: not in the plan. Nothing changed."
    if wish.algorithms or wish.metrics or wish.parameters or wish.counts:
        return f"The plan says so already, as far as I understand “{words}”. Nothing changed."
    return f"I did not understand “{words}”, so nothing changed. {UNDERSTOOD}"


def _is_of_field(words: str) -> bool:
    """Whether a reply names parts of a design, so that it is not left without a word."""
    named = read_design(words)
    plain = usual_form(words)
    is_limited = ASKED["margin"].search(plain) or SAID["thinned_newest"].search(plain)
    has_parts = bool(named.splits or named.data or named.factors or named.metrics or is_limited)
    has_parts = has_parts or (bool(re.search(r"\d", plain)) and LISTS.search(plain) is not None)
    has_parts = has_parts or bool(named.algorithms and REMOVAL.search(words))
    spoken = re.sub(r"\d\S*", " ", plain)  # a number alone is of anything
    return has_parts or ASKED["of_the_field"].search(spoken) is not None


def follow_data(plan: Plan, dataset: Dataset, reply: str, room: Room = UNKNOWN_ROOM) -> Revision:
    """Return the next version for data that were read again, and for what a reply says besides."""
    changed, dropped, said = _apply(plan, re.sub(r"\s+", " ", reply).strip())
    reading = changed or reading_of(plan)
    was_given = plan.split.kind is SplitKind.GIVEN
    if bool(dataset.parts) != was_given and reading.split in (plan.split.kind, None):
        kind = SplitKind.GIVEN if dataset.parts else None
        changed = replace(reading, split=kind, folds=None)
    return _next_revision(
        plan, dataset, changed, dropped, said if changed or dropped else "", room
    )


def _outcome_reply(plan: Plan, reply: str) -> str:
    """Say what becomes of a wish about a result."""
    named = [a for a in read(reply).algorithms if a not in BASELINES]
    subjects = ", ".join(named or [a.name for a in plan.algorithms if a not in plan.baselines])
    return OUTCOME_REPLY.format(names=subjects) + "."


def _apply(plan: Plan, reply: str) -> tuple[Reading | None, frozenset[str], str]:
    """Return the changed reading (None: unchanged), dropped requirements, and what to say."""
    old = reading_of(plan)
    new, notes = old, []
    numbers = _dropped_numbers(reply)
    for part in PATTERNS["parts"].compiled.split(PATTERNS["drop_number"].sub("", reply)):
        wish = _with_all_metrics(read(part), part)
        new, said = merge_wish(new, wish, part, plan)
        notes += [said] if said else []
        notes += [f"“{words}” {reason}." for words, reason in left_outside(wish, part)]
        notes += [f"{kind.capitalize()} is not among my studies." for kind in wish.beyond]
    known = {r.id: r for r in plan.requirements}
    missing = [n for n in numbers if n not in known]
    if missing:
        notes.append(
            f"There is no requirement {', '.join(map(str, missing))}; there are "
            f"{min(known)} to {max(known)}."
        )
    dropped = frozenset(key_of(known[n]) for n in numbers if n in known)
    return (None if new == old else new), dropped, " ".join(dict.fromkeys(notes))


def _with_all_metrics(wish: Reading, part: str) -> Reading:
    """Return a wish with all that its words measure, such as novelty or time."""
    named = (m.name for m in read_design(part).metrics)
    return replace(wish, metrics=unique((*wish.metrics, *named)))


def _dropped_numbers(reply: str) -> list[int]:
    """Return the requirements that a reply drops by number."""
    found = PATTERNS["drop_number"].compiled.finditer(reply)
    matches = [n for m in found for n in re.findall(r"\d+", m[1])]
    return [int(n) for n in dict.fromkeys(matches)]


def _next_revision(
    plan: Plan,
    dataset: Dataset,
    reading: Reading | None,
    dropped: frozenset[str],
    said: str,
    room: Room,
) -> Revision:
    """Return the next version of the plan with its difference."""
    wanted = _with_design(reading or reading_of(plan), plan)
    next_plan = build(wanted, dataset, plan.question, room=room)
    was = {key_of(r) for r in plan.requirements}
    fresh_before = build(reading_of(plan), dataset, plan.question, room=room)
    gone = frozenset(key_of(r) for r in fresh_before.requirements) - was
    requirements = with_known_ids(next_plan.requirements, plan.requirements, dropped | gone)
    assumptions = kept_assumptions(plan, next_plan)
    next_plan = replace(
        next_plan,
        version=plan.version + 1,
        requirements=requirements,
        unmapped=unique((*plan.unmapped, *next_plan.unmapped)),
        refused=unique((*plan.refused, *next_plan.refused)),
        assumptions=assumptions.texts,
        topics=assumptions.topics,
    )
    change = _difference(plan, next_plan)
    untold = untold_changes(plan, next_plan, change.summary)
    change = replace(change, summary=(*change.summary, *untold))
    assumed = tuple(f"assumed: {a}" for a in next_plan.assumptions if a not in plan.assumptions)
    change = replace(change, summary=(*change.summary, *assumed)) if change.summary else change
    if {r.check for r in plan.requirements if r.id in change.dropped}.intersection(BINDING):
        said = f"{said} {STILL_CHECKED}".strip()
    if change.is_empty:
        return Revision(reply=f"{said or 'That is what the plan says already.'}".strip())
    return Revision(next_plan, change, said)


def _with_design(reading: Reading, plan: Plan) -> Reading:
    """Return a reading whose design asks what the plan before it asked, on what there is now."""
    design = reading.design
    if design == Design() and not _asks_of_algorithms(plan, reading):
        return reading
    unbuilt = tuple(n for n in design.algorithms if BY_NAME[n].rater)
    design = replace(
        design,
        algorithms=unique((*reading.algorithms, *unbuilt)),
        metrics=metric_values(reading),
    )
    return replace(reading, design=with_questions(design, plan))


def _asks_of_algorithms(plan: Plan, reading: Reading) -> bool:
    """Whether all questions of a plan are of its algorithms, and stay so."""
    factors = {n for q in plan.questions for n in (*q.over, *q.within)}
    is_same = reading.study is plan.study and not reading.swept
    return is_same and bool(plan.questions) and factors <= {FactorKind.ALGORITHM.value}


def _difference(old: Plan, new: Plan) -> PlanChange:
    """Return what changed between two versions, ready to be told."""
    before = {r.id: r for r in old.requirements}
    after = {r.id: r for r in new.requirements}
    added = tuple(i for i in after if i not in before)
    dropped = tuple(i for i in before if i not in after)
    changed = tuple(i for i in after if i in before and after[i].text != before[i].text)
    lines = [f"added {i} ({after[i].text.rstrip('.')})" for i in added]
    lines += [f"dropped {i} ({before[i].text.rstrip('.')})" for i in dropped]
    return PlanChange(added, changed, dropped, (*_settings_changes(old, new), *lines))


def _settings_changes(old: Plan, new: Plan) -> tuple[str, ...]:
    """Return the changes of protocol in words."""
    pairs = (
        ("algorithms", _names(old), _names(new)),
        ("metrics", _labels(old), _labels(new)),
        ("data", data_text(old.data), data_text(new.data)),
        ("split", split_text(old.split), split_text(new.split)),
        ("seeds", str(len(old.seeds)), str(len(new.seeds))),
        ("feedback", old.feedback, new.feedback),
        ("equivalence margin", _margin_text(old), _margin_text(new)),
    )
    told = [f"{name}: {before} → {after}" for name, before, after in pairs if before != after]
    return (*told, *_configuration_changes(old, new))


def _configuration_changes(old: Plan, new: Plan) -> list[str]:
    """Return changed and added configurations in words."""
    before = {a.name: a.config for a in old.algorithms}
    lines = []
    for algorithm in (a for a in new.algorithms if not a.levels):
        was, config = before.get(algorithm.name), algorithm.config
        if was is None and config:
            lines.append(f"configuration: {algorithm.name} {pairs_text(config)}")
        elif was is not None:
            changed = [f"{k} {was.get(k)} → {v}" for k, v in config.items() if was.get(k) != v]
            lines += [f"configuration: {algorithm.name} {', '.join(changed)}"] if changed else []
    return lines


def _margin_text(plan: Plan) -> str:
    """Return the margin of equivalence in words."""
    return "none" if plan.margin is None else f"±{plan.margin:g} {plan.primary.label}"


def _names(plan: Plan) -> str:
    """Return the algorithms of a plan."""
    return ", ".join(dict.fromkeys(a.family for a in plan.algorithms))


def _labels(plan: Plan) -> str:
    """Return the metrics of a plan."""
    return ", ".join(m.label for m in plan.metrics)


def _explain(plan: Plan, question: str) -> str:
    """Answer a question about the plan; empty where it is about something else."""
    words = {
        "margin": _margin_text(plan),
        "split": plan.split.text,
        "seeds": len(plan.seeds),
        "config": configurations_text(plan),
        "minutes": max(1.0, plan.estimate_s / 60),
        "metrics": _labels(plan),
    }
    for reason in _REASONS:
        if re.search(reason["asked"], question, re.IGNORECASE):
            return reason["answer"].format(**words)
    if not (says("about_plan", question) or says("question", question)):
        return ""
    return (
        f"The plan: {_names(plan)}; {_labels(plan)}; {plan.split.text}; {len(plan.seeds)} seed(s)."
    )

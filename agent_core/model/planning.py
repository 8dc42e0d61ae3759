"""From a model's plan to the product's: what is valid stays, the rest is settled and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from agent_core.domain import (
    Choice,
    Dataset,
    FactorKind,
    Metric,
    Nature,
    Plan,
    Priority,
    Requirement,
    Study,
    Unanswered,
    study_of,
)
from agent_core.model.answer_part import MAX_TEXT
from agent_core.model.designing import Design, design_of
from agent_core.model.levels import Basis
from agent_core.model.likeness import nearest
from agent_core.model.mending import shown
from agent_core.model.plan_answer import CHECK_NAMES, PlanAnswer, RequirementPart
from agent_core.prose.clipping import on_one_line
from agent_core.rules.reading import with_rules_read

MAX_LIST, DEFAULT_LIST, MAX_REQUIREMENTS, MAX_OPTIONS, MAX_TITLE = 1000, 10, 60, 6, 100
USUAL = (
    ("The planned algorithms are trained and tested.", "algorithms_as_planned"),
    ("Test data are held out as planned.", "split_as_planned"),
    ("The planned metrics are delivered.", "metrics_as_planned"),
)
USUAL_FOR_DATA = (("The data are loaded and counted at each level.", "dataset_loaded"),)
"""Requirements of plans that have none, with what decides them."""
READ_FROM_FIELDS = (
    FactorKind.DATA,
    FactorKind.SPLIT,
    FactorKind.TRAIN_SHARE,
    FactorKind.PROFILE_SIZE,
)
"""Factors whose levels words of the plan speak of, so that no one rule is read from these."""


def plan_from(
    answer: PlanAnswer,
    datasets: Sequence[Dataset],
    version: int = 1,
    *,
    cost: float = 0.0,
    folds: int = 1,
    before: Plan | None = None,
) -> Plan:
    """Turn an answer into a plan; what was mended or settled is among its assumptions.

    Parameters
    ----------
    answer
        A model's.
    datasets
        As profiled.
    version
        Of the plan.
    cost
        Expected model cost, dollars.
    folds
        Preferred where cross-validation fits.
    before
        The plan that is changed; keeps what the form of answers has no field for.
    """
    notes = list(answer.repairs)
    names = _datasets_of(answer, datasets, notes)
    length = _length_of(answer, notes)
    compares = before is None or bool(before.baselines) or not before.algorithms
    basis = Basis(tuple(d for d in datasets if d.name in names), folds, has_baseline=compares)
    design = design_of(answer, basis, length, notes)
    plan = _assembled(answer, design, names, notes)
    plan = replace(plan, version=version, estimate_cost=cost)
    if not any(map(plan.factor, READ_FROM_FIELDS)):
        # What the product noted of an earlier version is no word of the user's or the model's.
        known = before.assumptions if before else ()
        new = tuple(text for text in answer.assumptions if text not in known)
        plan = with_rules_read(replace(plan, assumptions=new))
    plan = _with_family(plan)
    assumptions = _assumptions_of(answer, design.metrics, notes)
    return _kept(replace(plan, assumptions=assumptions), before)


def _assembled(
    answer: PlanAnswer, design: Design, names: tuple[str, ...], notes: list[str]
) -> Plan:
    """Put a design and what else an answer says together."""
    return Plan(
        version=1,
        title=_title_of(answer, notes),
        question=_question_of(answer, notes),
        study=Study.OTHER,
        datasets=names,
        feedback=_feedback_of(answer, notes),
        split_levels=design.splits,
        algorithms=design.algorithms,
        metrics=design.metrics,
        requirements=_requirements_of(answer, design, notes),
        seeds=design.seeds,
        reported=answer.reported,
        ask=_choice_of(answer),
        data_levels=design.data,
        list_length=max([design.list_length, *(m.k for m in design.metrics if m.k)]),
        estimate_s=min(max(answer.estimate_s, 0.0), 1e6),
        factors=design.factors,
        questions=design.questions,
        validated=design.validated,
        excluded=design.excluded,
        unanswered=tuple(
            Unanswered(u.clause, u.reason, u.is_main) for u in answer.unanswered if u.clause
        ),
    )


def _with_family(plan: Plan) -> Plan:
    """Return a plan with the family that its main question makes it one of."""
    study = study_of(plan)
    swept = plan.hyperparameters[0].name if study is Study.SWEEP else None
    primary = plan.questions[0]
    margin = None if primary.is_relative else primary.margin
    return replace(plan, study=study, swept=swept, margin=margin)


def _kept(plan: Plan, before: Plan | None) -> Plan:
    """Return a plan with what the form of answers has no field for, from the one before."""
    if before is None:
        return plan
    topics = dict(zip(before.assumptions, before.topics, strict=False))
    has_topics = bool(before.topics) and all(a in topics for a in plan.assumptions)
    return replace(
        plan,
        unmapped=before.unmapped,
        refused=before.refused,
        cautions=before.cautions,
        topics=tuple(topics[a] for a in plan.assumptions) if has_topics else (),
    )


def _datasets_of(
    answer: PlanAnswer, datasets: Sequence[Dataset], notes: list[str]
) -> tuple[str, ...]:
    """Return the planned datasets; all there are where none is named."""
    known = [d.name for d in datasets]
    found: dict[str, None] = {}
    for name in answer.datasets:
        like = nearest(name, known)
        if like is None:
            notes.append(f"There is no dataset “{shown(name)}”; it is left out.")
            continue
        if like != name:
            notes.append(f"The dataset “{shown(name)}” is read as {like}.")
        found[like] = None
    if not found and (answer.datasets or "datasets" not in answer.model_fields_set):
        notes.append(f"No dataset is given, so {', '.join(known)} is taken.")
    return tuple(found) or tuple(known)


def _length_of(answer: PlanAnswer, notes: list[str]) -> int:
    """Return the length of lists."""
    length = answer.list_length
    if 1 <= length <= MAX_LIST:
        if "list_length" not in answer.model_fields_set:
            notes.append(f"No length of lists is given: {DEFAULT_LIST}, or the largest cut-off.")
        return length
    taken = DEFAULT_LIST if length < 1 else MAX_LIST
    notes.append(f"Lists cannot have {length} items, so {taken} are taken.")
    return taken


def _title_of(answer: PlanAnswer, notes: list[str]) -> str:
    title = on_one_line(answer.title, MAX_TITLE)
    if title:
        return title
    taken = on_one_line(answer.question or answer.questions[0].text, MAX_TITLE) or "Study"
    notes.append(f"No title is given, so it is “{taken}”.")
    return taken


def _question_of(answer: PlanAnswer, notes: list[str]) -> str:
    if answer.question:
        return answer.question
    texts = [t for q in answer.questions for t in (q.text, q.clause) if t]
    taken = on_one_line(texts[0] if texts else answer.title, MAX_TEXT) or "Study"
    notes.append(f"The question is not given in words, so it is “{taken}”.")
    return taken


def _feedback_of(answer: PlanAnswer, notes: list[str]) -> str:
    if answer.feedback:
        return answer.feedback
    taken = "every interaction counts"
    notes.append(f"How ratings become feedback is not given, so {taken}.")
    return taken


def _requirements_of(
    answer: PlanAnswer, design: Design, notes: list[str]
) -> tuple[Requirement, ...]:
    """Return the requirements by their ids, unique and with at least one must."""
    parts = [p for p in answer.requirements if p.text or p.clause]
    if len(parts) < len(answer.requirements):
        notes.append("A requirement without a text is left out.")
    if any(not p.text for p in parts):
        notes.append("A requirement without a text has the words of the task as its text.")
    if len(parts) > MAX_REQUIREMENTS:
        notes.append(f"The first {MAX_REQUIREMENTS} of {len(parts)} requirements are taken.")
    parts = parts[:MAX_REQUIREMENTS]
    if not parts:
        usual = USUAL if design.algorithms else USUAL_FOR_DATA
        notes.append("No requirements are given, so the usual ones are taken.")
        return tuple(Requirement(n, text, check=c) for n, (text, c) in enumerate(usual, 1))
    numbers = _ids_of(parts, notes)
    found = [
        Requirement(n, p.text or p.clause, p.priority, p.nature, _check_of(n, p, notes), p.clause)
        for n, p in zip(numbers, parts, strict=True)
    ]
    if not any(r.priority is Priority.MUST for r in found):
        science = next((r for r in found if r.nature is Nature.SCIENCE), found[0])
        notes.append(f"Requirement {science.id} is a must, as none was.")
        found[found.index(science)] = replace(science, priority=Priority.MUST)
    return tuple(sorted(found, key=attrgetter("id")))


def _check_of(number: int, part: RequirementPart, notes: list[str]) -> str | None:
    """Return the check that decides a requirement; what none decides is left to a verdict."""
    if not part.check or part.check in CHECK_NAMES:
        return part.check or None
    like = nearest(part.check, CHECK_NAMES)
    taken = f"is read as {like}" if like else "does not exist, so a reader decides"
    notes.append(f"Requirement {number}: the check “{shown(part.check)}” {taken}.")
    return like


def _ids_of(parts: Sequence[RequirementPart], notes: list[str]) -> list[int]:
    """Return unique ids above 0; one that is taken or none gets the next."""
    highest = max((p.id for p in parts), default=0)
    numbers: list[int] = []
    for part in parts:
        number = part.id
        if number < 1 or number in numbers:
            number = highest = max(highest, 0) + 1
            notes.append(f"A requirement without an id of its own gets the id {number}.")
        numbers.append(number)
    return numbers


def _assumptions_of(
    answer: PlanAnswer, metrics: Sequence[Metric], notes: Sequence[str]
) -> tuple[str, ...]:
    """Return what is assumed and what the product settled, each once."""
    own = list(notes)
    if metrics and not metrics[0].is_directed:
        told = "algorithms are ordered by it and none is called best."
        own.append(f"{metrics[0].label}{metrics[0].note}: {told}")
    return tuple(dict.fromkeys((*answer.assumptions, *own)))


def _choice_of(answer: PlanAnswer) -> Choice | None:
    """Return the one question to the user, where it has options to choose from."""
    ask = answer.ask
    options = ask.options[:MAX_OPTIONS] if ask else ()
    if ask is None or len(options) < 2 or not ask.text:
        return None
    return Choice(ask.text, options, ask.default if 0 <= ask.default < len(options) else 0)

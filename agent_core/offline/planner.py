"""Turns a reading into a plan with numbered requirements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from agent_core.data.item_categories import category_column, category_file
from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Dataset,
    FactorKind,
    Keep,
    Level,
    Metric,
    Plan,
    Role,
    Room,
    SplitKind,
    Study,
    Topic,
    Unanswered,
    with_chosen,
    with_design,
)
from agent_core.domain.metric import with_own_first
from agent_core.lenskit.seconds import needed_s
from agent_core.offline.algorithm_choice import algorithms_of, with_kept_neighbours
from agent_core.offline.amounts import PATTERNS as AMOUNTS
from agent_core.offline.assumptions import Assumptions
from agent_core.offline.catalogue import BY_KIND
from agent_core.offline.designs.asked import clauses_in
from agent_core.offline.designs.plans import with_reading
from agent_core.offline.designs.text import sentences_of
from agent_core.offline.fitting import fit_reading
from agent_core.offline.grammar import (
    DEFAULT_SEEDS,
    Reading,
    metric_values,
    unread_wishes,
)
from agent_core.offline.plan_titles import title_of
from agent_core.offline.reported import reported_texts
from agent_core.offline.requirements import requirements_of
from agent_core.offline.room import with_fewer_test_users, without_too_large
from agent_core.offline.split_choice import split_of
from agent_core.offline.task_reading import WITH_SIDES

SHARED = 2
"""Times that a script takes of the clock what it takes of a core: drafts share these."""
UNKNOWN_ROOM = Room()
MAX_SEEDS = 1000
SWEEP_SEEDS = 3
NO_MARGIN = (
    "no equivalence margin was given, so a missing difference will not be called equality; reply "
    "for example “equivalence margin 0.01”"
)
IGNORED = (
    "LensKit's class takes no notice of its seed; the script sets NumPy's global generator by it"
)
ALL_REPEATED = "all of repeated pairs: an algorithm is given each pair once, by its last"


def build(
    reading: Reading, dataset: Dataset, question: str, folds: int = 1, room: Room = UNKNOWN_ROOM
) -> Plan:
    """Return the plan for a reading.

    Parameters
    ----------
    reading
        What was understood.
    dataset
        The profile of the data.
    question
        The user's words.
    folds
        The preferred number of folds where cross-validation fits.
    room
        What a script may use, which the plan is fitted to.
    """
    assumptions = Assumptions(reading.notes)
    reading, gaps = fit_reading(reading, dataset, assumptions)
    study = reading.study or Study.COMPARISON
    metrics = metric_values(reading)
    algorithms = algorithms_of(reading, study, metrics, assumptions)
    algorithms = with_kept_neighbours(algorithms, dataset, assumptions)
    algorithms = without_too_large(algorithms, dataset, room, assumptions)
    split = split_of(reading, study, dataset, metrics, folds, assumptions)
    for text in reading.design.assumed:
        assumptions.add(text)
    seeds = _seeds_of(reading, study, algorithms, assumptions)
    has_margin = any(q.margin is not None for q in reading.design.questions)
    if reading.margin is None and not has_margin and AMOUNTS["equivalence"].search(question):
        assumptions.add(NO_MARGIN)
    for text in _sides_told(reading, dataset, metrics):
        assumptions.add(text)
    if metrics and (lead := with_own_first(metrics)[0]) not in metrics:
        assumptions.add(f"{lead.label} is measured beside {', '.join(m.label for m in metrics)}")
    plan = Plan(
        version=1,
        title="",
        question=question.strip(),
        study=study,
        datasets=(dataset.name,),
        feedback=_feedback_of(reading, dataset, metrics, assumptions) + _left_out_text(dataset),
        split_levels=(Level(split),),
        data_levels=(Level(_data_rules_of(reading, dataset, split.kind)),),
        algorithms=algorithms,
        metrics=with_own_first(metrics),
        requirements=(),
        seeds=seeds,
        assumptions=assumptions.texts,
        topics=assumptions.topics,
        unmapped=_unmapped_clauses(reading, gaps, question),
        refused=(*(words for words, _ in reading.outside), *unread_wishes(question)),
        list_length=max([m.k for m in metrics if m.k] or [10]),
        swept=reading.swept if study is Study.SWEEP else None,
        margin=reading.margin,
    )
    plan = with_chosen(with_reading(with_design(plan), reading.design, dataset))
    plan = with_fewer_test_users(plan, dataset, room)
    plan = _with_open_main(plan, reading.outside)
    plan = replace(plan, title=title_of(plan), reported=reported_texts(plan))
    plan = replace(plan, requirements=requirements_of(plan, dataset, reading.outside))
    return replace(plan, estimate_s=round(SHARED * needed_s(plan, dataset).total_s))


def _with_open_main(plan: Plan, outside: Iterable[tuple[str, str]]) -> Plan:
    """Return a plan whose open clauses are the main ones, where none of its questions was asked.

    What it asks then follows from its factors alone: it is not what the task asks.
    """
    if any(q.clause for q in plan.questions):
        return plan
    asked = [c.said for c in clauses_in(sentences_of(plan.question)) if c.is_asked]
    named = (*plan.unanswered, *(Unanswered(words, why) for words, why in outside))
    is_open = {u.clause for u in named if any(u.clause in said for said in asked)}
    known = tuple(replace(u, is_main=u.clause in is_open) for u in named)
    kept = tuple(u for u in known if u.is_main or u in plan.unanswered)
    return replace(plan, unanswered=kept)


def _unmapped_clauses(reading: Reading, gaps: list[str], question: str) -> tuple[str, ...]:
    """Return the clauses that no requirement covers."""
    outside = [f"“{words}” {reason}" for words, reason in reading.outside]
    outside += [ALL_REPEATED] * (reading.repeated is Keep.ALL)
    return (*outside, *gaps, *(f"“{w}” is not in my grammar" for w in unread_wishes(question)))


def _data_rules_of(reading: Reading, dataset: Dataset, kind: SplitKind) -> DataRules:
    """Return what of the data is kept: the lowest rating, one of repeated pairs, then numbers.

    Of a given split the parts stay as they came, where a pair may be in both.
    """
    low = reading.min_rating if dataset.rating_column else None
    rated = (DataRule(DataRuleKind.LOWEST_RATING, low),) if low is not None else ()
    keep = _kept_of_repeated(reading)
    rule = DataRule(
        DataRuleKind.REPEATED_PAIRS, keep=keep, is_training_only=kind is SplitKind.GIVEN
    )
    once = (rule,) if dataset.duplicates else ()
    return DataRules((*rated, *once, *reading.counts))


def _kept_of_repeated(reading: Reading) -> Keep:
    """Return which of several interactions of a user with an item is kept: one, always."""
    return reading.repeated if reading.repeated in (Keep.FIRST, Keep.LAST) else Keep.LAST


def _seeds_of(
    reading: Reading, study: Study, algorithms: Iterable[Algorithm], assumptions: Assumptions
) -> tuple[int, ...]:
    """Return the model seeds."""
    random = [a.name for a in algorithms if a.is_random]
    default = {Study.SEED_VARIANCE: DEFAULT_SEEDS, Study.SWEEP: SWEEP_SEEDS if random else 1}
    wanted = reading.seeds or default.get(study, 1)
    if random and not reading.seeds and study is not Study.SEED_VARIANCE:
        times = f"{wanted} times (seeds 0 to {wanted - 1})" if wanted > 1 else "once (seed 0)"
        shown = ", ".join(dict.fromkeys(n.split(" ")[0] for n in random))
        text = f"{shown}: training draws random numbers; trained {times}"
        assumptions.add(text, Topic.SEEDS)
    for name in (a.name for a in algorithms if a.kind in BY_KIND and _ignores_seed(a)):
        assumptions.add(f"{name}: {IGNORED}", Topic.SEEDS)
    if wanted > MAX_SEEDS:
        text = f"{wanted} seeds are more than I run at once, so I take {MAX_SEEDS}"
        assumptions.add(text, Topic.SEEDS)
        wanted = MAX_SEEDS
    if study is Study.SEED_VARIANCE:
        fixed = [a.name for a in algorithms if not a.is_random and a.role is Role.SUBJECT]
        fixed = [n for n in fixed if n not in ("Popularity", "Bias")]
        if fixed:
            assumptions.add(f"no random numbers are drawn by {', '.join(fixed)}: trained once")
        if not reading.seeds:
            text = f"“several times” means {wanted} seeds (0 to {wanted - 1})"
            assumptions.add(text, Topic.SEEDS)
    return tuple(range(reading.first_seed, reading.first_seed + max(1, wanted)))


def _ignores_seed(algorithm: Algorithm) -> bool:
    """Whether LensKit's class draws from NumPy's global generator."""
    return BY_KIND[algorithm.kind].scorer.ignores_seed


def _feedback_of(
    reading: Reading, dataset: Dataset, metrics: tuple[Metric, ...], assumptions: Assumptions
) -> str:
    """Return the rule from ratings to feedback."""
    if dataset.rating_column is None:
        return "every row is a positive signal"
    if all(m.is_rating for m in metrics):
        kept = f" of {reading.min_rating:g} and more" if reading.min_rating is not None else ""
        return f"ratings{kept} are predicted as they are"
    if reading.min_rating is not None:
        return f"ratings of {reading.min_rating:g} and more are positive signals, others dropped"
    if any(c.missing for c in dataset.columns if c.name == dataset.rating_column):
        told = "every row is a positive signal, rated or not"
        assumptions.add(told, Topic.FEEDBACK)
        return told
    text = "every rating counts as a positive signal, high and low alike; no tuning"
    assumptions.add(text, Topic.FEEDBACK)
    return "every rating is a positive signal"


def _sides_told(reading: Reading, dataset: Dataset, metrics: Sequence[Metric]) -> Iterator[str]:
    """Say what becomes of the side data that came as files."""
    is_grouped = bool(reading.design.levels(FactorKind.RERANK))
    is_grouped = is_grouped or any(m.name in WITH_SIDES for m in metrics)
    used = category_file(dataset) if is_grouped else ""
    for side in dataset.sides:
        if side.name == used:
            yield f"categories of items are {category_column(dataset)} of {side.name}"
        elif not side.is_own:
            yield f"{side.name} (side data of {side.of}s) is not used"


def _left_out_text(dataset: Dataset) -> str:
    """Say what reading the file has left out already."""
    drops = dataset.recipe.drops if dataset.recipe else ()
    told = ", ".join(dict.fromkeys(d.why or d.column for d in drops))
    return f"; left out of the file: {told}" if told else ""

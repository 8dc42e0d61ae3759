"""The design of a plan in words for people: one place for message, modal, terminal and report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.domain import (
    Algorithm,
    Factor,
    FactorKind,
    Levels,
    LevelValue,
    Metric,
    Plan,
    Question,
    Unanswered,
    blocks_of,
    cells_of,
    with_design,
)
from agent_core.domain.cells import CHOSEN
from agent_core.domain.design import BY_NAME as BY_FACTOR
from agent_core.domain.metric import BY_NAME
from agent_core.prose.number_format import duration, exact_percent
from agent_core.prose.text_tables import read_table
from agent_core.rules.wording import data_text, split_text

TABLE = read_table(Path(__file__).with_name("design_words.toml"))
MOST_NAMED = 4
"""Levels that are named; more are counted."""
LEVEL = re.compile(r"(\w+)=([^,;()=]+?)(?= - | and |[,;:()]|$)")
"""One level in a label of statistics: `max_nbrs=40`."""
NUMBERED = re.compile(r"^\d+ (?=\w)")
"""What keeps groups in their order: `1 low`."""
MAIN = "the main question"
ORDER = (
    FactorKind.ALGORITHM, FactorKind.HYPERPARAMETER, FactorKind.DATASET, FactorKind.DATA,
    FactorKind.SPLIT, FactorKind.SPLIT_SEED, FactorKind.FOLD, FactorKind.TRAIN_SHARE,
    FactorKind.PROFILE_SIZE, FactorKind.MODEL_SEED,
)  # fmt: skip
"""Factors in the order in which a design tells them; re-rankings come after the trainings."""


@dataclass(frozen=True, slots=True)
class PlanWords:
    """A plan as people read it; each text is one line."""

    design: str
    """`4 algorithms x 5 data variants x 3 training seeds = 60 trainings, about 4 min`."""
    data: tuple[str, ...]
    """One for each data level."""
    split: tuple[str, ...]
    questions: tuple[str, ...]
    """The primary one first."""
    unanswered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How much a design comes to."""

    cells: int
    trainings: int
    """Cells that differ in their re-ranking only share one."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What is trained in a block: one configuration, with all of its seeds."""

    block: str
    levels: Levels
    count: int = 1


def split_seeds_of(plan: Plan) -> tuple[LevelValue, ...]:
    """Return the seeds of the splits, one where no factor has them."""
    own = next((f.levels for f in plan.factors if f.kind is FactorKind.SPLIT_SEED), ())
    return own or (plan.split.seed,)


def words_of(plan: Plan) -> PlanWords:
    """Return what there is to read of a plan's design."""
    return PlanWords(
        design_line(plan),
        tuple(_level_lines((level.name, data_text(level.rules)) for level in plan.data_levels)),
        tuple(
            _level_lines(
                (level.name, split_text(level.rules, split_seeds_of(plan)))
                for level in plan.split_levels
            )
        ),
        question_lines(plan),
        tuple(map(unanswered_text, plan.unanswered)),
    )


def design_line(plan: Plan) -> str:
    """Return the design with the time that it is expected to take."""
    times = f", about {duration(plan.estimate_s)}" if plan.estimate_s else ""
    return f"{design_text(plan)}{times}"


def design_text(plan: Plan) -> str:
    """Return the factors with their numbers of levels, and what all of it comes to."""
    plan = with_design(plan)
    runs = _runs(plan)
    size = _size(plan, runs)
    parts = [_algorithms_text(plan), *_factor_texts(plan, runs)]
    said = " x ".join(part for part in parts if part)
    if not size.trainings:
        return f"{said or 'the data alone'}; nothing is trained"
    total = _counted(size.trainings, ("training", "trainings"))
    if plan.factor(FactorKind.RERANK):
        total += f", re-ranked to {size.cells:,} sets of lists"
    if chosen := sum(run.count for run in runs if CHOSEN in run.levels.values()):
        total += f", {chosen:,} of them of what validation chooses"
    left_out = f"; combinations left out: {len(plan.excluded)}" if plan.excluded else ""
    return f"{said} = {total}{left_out}"


def question_lines(plan: Plan) -> tuple[str, ...]:
    """Return what is asked, a sentence each, the primary question first."""
    plan = with_design(plan)
    return tuple(question_text(plan, question) for question in plan.questions)


def question_text(plan: Plan, question: Question) -> str:
    """Return one question as a sentence."""
    said: str = TABLE["questions"][question.kind.value].format(**_question_words(plan, question))
    return said[:1].upper() + said[1:]


def unanswered_text(clause: Unanswered) -> str:
    """Return what is not answered, in the task's own words, with the reason."""
    notes = [MAIN] * clause.is_main + [clause.reason] * bool(clause.reason)
    return f"“{clause.clause}”" + (f" ({'; '.join(notes)})" if notes else "")


def main_text(plan: Plan) -> str:
    """Say that the main question is not answered; empty where it is."""
    clauses = ", ".join(
        f"“{u.clause}”" + (f" ({u.reason})" if u.reason else "") for u in plan.open_main
    )
    return f"This plan does not answer the main question: {clauses}." if clauses else ""


def factor_words(name: str) -> tuple[str, str]:
    """Return what people call one and several levels of a factor."""
    known = TABLE["factors"].get(name)
    plain = name.replace("_", " ")
    return (known[0], known[1]) if known else (plain, f"values of {plain}")


def level_text(kind: FactorKind, level: LevelValue) -> str:
    """Return a level as people read it."""
    if kind is FactorKind.TRAIN_SHARE and isinstance(level, int | float):
        return exact_percent(level)
    return f"{level:g}" if isinstance(level, float) else str(level)


def levels_text(levels: Levels) -> str:
    """Return levels as people say them: `EASE, 10 % of the training`."""
    return ", ".join(_named_level(name, level) for name, level in levels.items())


def label_text(label: str) -> str:
    """Return a label of statistics as people say it.

    Examples
    --------
    >>> label_text("ItemKNN, max_nbrs=40 - EASE, train_share=0.1")
    'ItemKNN, 40 neighbours - EASE, 10 % of the training'
    """
    return LEVEL.sub(lambda found: levels_text({found[1]: _level_of(found[2])}), label)


def measure_text(key: str) -> str:
    """Return a metric by its key for people: `NDCG@10`, `training time`."""
    name, _, cut = key.partition("@")
    metric = Metric(name, int(cut) if cut.isdecimal() else None)
    if name in BY_NAME:
        return metric.label
    return name.replace("_", " ") + (f"@{metric.k}" if metric.k is not None else "")


def size_of(plan: Plan) -> Size:
    """Return how many cells a plan has, and how many of them are trained."""
    plan = with_design(plan)
    return _size(plan, _runs(plan))


def _named_level(name: str, level: LevelValue) -> str:
    told = level_text(BY_FACTOR.get(name, FactorKind.HYPERPARAMETER), level)
    told = NUMBERED.sub("", told) if name == "group" else told
    form: str = TABLE["levels"].get(name, f"{factor_words(name)[0]} {{}}")
    return form.format(told)


def _level_of(text: str) -> LevelValue:
    try:
        return float(text)
    except ValueError:
        return text


def _runs(plan: Plan) -> list[_Run]:
    """Return what is trained in each block, seeds counted and not made: there may be thousands."""
    if plan.excluded:
        return [_Run(cell.block.name, cell.levels) for cell in cells_of(plan)]
    return [
        _Run(
            block.name,
            {FactorKind.ALGORITHM.value: a.family, **a.levels, **block.levels, **_seeded(plan, a)},
            len(plan.seeds) if a.is_random else 1,
        )
        for block in blocks_of(plan)
        for a in plan.algorithms
    ]


def _seeded(plan: Plan, algorithm: Algorithm) -> Levels:
    """Return the first of its seeds as the level of them all, where there are several."""
    several = algorithm.is_random and len(plan.seeds) > 1
    return {FactorKind.MODEL_SEED.value: plan.seeds[0]} if several else {}


def _size(plan: Plan, runs: Sequence[_Run]) -> Size:
    rerank = FactorKind.RERANK.value
    trained = {
        (run.block, *((k, v) for k, v in run.levels.items() if k != rerank)): run.count
        for run in runs
    }
    return Size(sum(run.count for run in runs), sum(trained.values()))


def _question_words(plan: Plan, question: Question) -> Mapping[str, str]:
    """Return what the sentences of questions are filled with."""
    over = [factor_words(name)[1] for name in question.over]
    measures = _listed(measure_text(key) for key in question.measures)
    return {
        "measures": measures or "the data",
        **_verbs(are_several=len(question.measures) > 1),
        "over": _listed(over) or _single_algorithm(plan),
        "first": over[0] if over else "",
        "rest": _listed(
            (*over[1:], *([f"groups ({_groups_text(question)})"] if question.groups else []))
        ),
        "singly": _listed(factor_words(name)[0] for name in question.over),
        "of_each": _of_each_text(plan, question),
        "within": _within_text(question),
        "details": "".join(f", {part}" for part in _details(question)),
        "groups": _groups_text(question),
        "validated": _validated_text(plan),
        "text": question.text or question.clause or plan.question,
    }


def _verbs(*, are_several: bool) -> Mapping[str, str]:
    """Return the verbs of questions about one measure, or several."""
    do, are = ("do", "are") if are_several else ("does", "is")
    return {"do": do, "are": are, "Do": do.capitalize()}


def _level_lines(levels: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield rules, with the names of their levels where there are several."""
    known = list(levels)
    for name, text in known:
        yield f"{name}: {text}" if name and len(known) > 1 else text


def _algorithms_text(plan: Plan) -> str:
    """Return the only algorithm by name, several by their number."""
    names = tuple(dict.fromkeys(a.family for a in plan.algorithms))
    return names[0] if len(names) == 1 else f"{len(names)} algorithms" if names else ""


def _single_algorithm(plan: Plan) -> str:
    names = tuple(dict.fromkeys(a.family for a in plan.algorithms))
    return names[0] if len(names) == 1 else "the algorithms"


def _factor_texts(plan: Plan, runs: Sequence[_Run]) -> Iterator[str]:
    """Yield the other factors with their numbers of levels, and where they apply."""
    for kind in ORDER[1:]:
        for factor in plan.factors:
            if factor.kind is kind and len(factor.levels) > 1:
                own = [level for level in factor.levels if level != CHOSEN]
                counted = _counted(len(own), factor_words(factor.name))
                yield f"{counted}{_where_text(factor, runs)}"


def _where_text(factor: Factor, runs: Sequence[_Run]) -> str:
    """Say in which algorithms or splits a factor has levels, where that is not in all."""
    having = [run for run in runs if factor.name in run.levels]
    for other in (FactorKind.ALGORITHM.value, FactorKind.SPLIT.value):
        everywhere = dict.fromkeys(run.levels.get(other, "") for run in runs)
        here = dict.fromkeys(run.levels.get(other, "") for run in having)
        if having and len(here) < len(everywhere):
            shown = [str(level) for level in here]
            told = _listed(shown) if len(shown) <= MOST_NAMED else f"{len(shown)} of them"
            return f" ({told})"
    return ""


def _of_each_text(plan: Plan, question: Question) -> str:
    """Return of what a level is asked: of each level of its factors, else of the algorithms."""
    singly = [f"each {factor_words(name)[0]}" for name in question.over]
    kinds = [BY_NAME.get(key.partition("@")[0]) for key in question.measures]
    if singly and kinds and all(kind is not None and kind.is_of_pairs for kind in kinds):
        return f" of the lists of two {_listed(factor_words(n)[1] for n in question.over)}"
    if singly:
        return f" for {_listed(singly)}"
    return f" of {_single_algorithm(plan)}" if question.kind.needs_algorithms else ""


def _groups_text(question: Question) -> str:
    """Return by what groups are made, and how many or what they are called."""
    told = question.groups or "as the task names them"
    if question.group_ends:
        told += f", cut at {', '.join(f'{end:.0%}' for end in question.group_ends)} of them"
    if question.group_names:
        return f"{told}: {', '.join(question.group_names)}"
    count = question.group_count if not question.group_ends else 0
    return f"{told}, {count} groups" if count else told


def _within_text(question: Question) -> str:
    singly = [f"each {factor_words(name)[0]}" for name in question.within]
    return f" within {_listed(singly)}" if singly else ""


def _details(question: Question) -> Iterator[str]:
    """Yield pairs, reference, margin, tolerance and test, where they are set."""
    kind = BY_FACTOR.get(question.over[0] if question.over else "", FactorKind.HYPERPARAMETER)
    pairs = [[level_text(kind, level) for level in pair] for pair in question.pairs]
    if pairs:
        yield _listed(f"{a} against {b}" for a, b in pairs)
    elif question.reference is not None:
        yield f"against {level_text(kind, question.reference)}"
    of = " of the reference" if question.is_relative else ""
    if question.margin is not None:
        yield f"a difference within ±{_amount(question.margin, question)}{of} does not matter"
    if question.tolerance is not None:
        yield f"to within {_amount(question.tolerance, question)}{of}"
    if question.test:
        yield f"tested by {question.test}"


def _amount(value: float, question: Question) -> str:
    return exact_percent(value) if question.is_relative else f"{value:g}"


def _validated_text(plan: Plan) -> str:
    return f" by {_listed(m.label for m in plan.validated)}" if plan.validated else ""


def _counted(number: int, words: Sequence[str]) -> str:
    return f"{number:,} {words[number != 1]}"


def _listed(texts: Iterable[str]) -> str:
    """Return texts as a list in a sentence."""
    *first, last = [t for t in texts if t] or [""]
    return f"{', '.join(first)} and {last}" if first else last

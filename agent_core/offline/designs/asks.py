"""Which question a clause asks, by its words and the factors that there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from agent_core.domain import Estimand, Factor, FactorKind, LevelValue
from agent_core.domain.metric import kind_of_metric
from agent_core.offline.designs.asked import PATTERNS as ASKED, Ask, Clause, says
from agent_core.offline.designs.entities import metrics_in
from agent_core.offline.designs.limits import BASELINES, is_held_against
from agent_core.offline.designs.structure import OF_COSTS, SEEDS, SIDE, Structure
from agent_core.offline.designs.words import PATTERNS as WORDS

A_PAIR = 2


def asks_of(clauses: Sequence[Clause], structure: Structure) -> list[Ask]:
    """Return what clauses ask, the main question first."""
    asks = [*_asked(clauses, structure)]
    if _is_open(asks, clauses):
        asks = [*_default_asks(clauses, structure, asks), *asks]
    has_choice = any(a.kind is Estimand.CHOICE for a in asks)
    if clauses and structure.has_validation and structure.others and not has_choice:
        asks = [Ask(Estimand.CHOICE, replace(clauses[0], text="", said="", is_asked=True)), *asks]
    if {Estimand.SPREAD_RATIO, Estimand.VARIANCE_SHARES} & {a.kind for a in asks}:
        asks = [a for a in asks if a.kind is not Estimand.SPREAD or is_apart(a)]
    if len(structure.repeated) == A_PAIR and any(a.kind is Estimand.SPREAD_RATIO for a in asks):
        asks = [a for a in asks if a.kind is not Estimand.VARIANCE_SHARES]  # a ratio is of these
    return sorted(_without_weak(asks, structure), key=lambda a: _turn(a, structure))


def is_apart(ask: Ask) -> bool:
    """Whether a clause asks for the spread over each repeated factor by itself."""
    return says("spread_apart", ask.clause.text)


def set_against(clause: Clause, structure: Structure) -> Factor | None:
    """Return the factor beside the algorithm of which a clause sets levels against each other."""
    if len({m.name for m in clause.algorithms}) > 1:
        return None
    for factor in structure.others:
        is_split = factor.kind is FactorKind.SPLIT
        if is_split and (len(_labels_in(clause, structure)) > 1 or _contrasts(clause)):
            return factor
        is_named = not factor.is_ordered and factor.kind is FactorKind.RERANK
        if is_named and clause.is_asked:
            return factor
        if factor.kind is FactorKind.HYPERPARAMETER and len(levels_in(clause, factor)) == 2:
            return factor
    return None


def _contrasts(clause: Clause) -> bool:
    """Whether a clause sets a random split against one in time."""
    is_asked = clause.is_asked and not says("interaction", clause.text)
    return (
        is_asked
        and not says("order", clause.text)
        and WORDS["contrast"].search(clause.text) is not None
    )


def levels_in(clause: Clause, factor: Factor) -> list[LevelValue]:
    """Return the levels of an ordered factor whose numbers stand in a clause."""
    numbers = {float(n) for n in re.findall(r"(?<![\w.@])\d+(?:\.\d+)?(?![\w.]*\d)", clause.text)}
    return [n for n in factor.levels if isinstance(n, int | float) and float(n) in numbers]


def _asked(clauses: Sequence[Clause], structure: Structure) -> Iterator[Ask]:
    for clause in clauses:
        kinds = list(_kinds(clause, structure))
        yield from (Ask(kind, clause) for kind in kinds)


def _turn(ask: Ask, structure: Structure) -> tuple[int, int]:
    """Return the key that puts the main question first, else questions as they are asked."""
    text = ask.clause.text
    if says("primary_word", text) and ask.kind not in (Estimand.COST, Estimand.COUNTS):
        return 0, 0
    if not text and ask.kind is Estimand.LEVEL:
        return 0, 1  # what the factors alone ask
    if says("numbered", ask.clause.sentence):
        return 1, ask.clause.number
    is_stated = ask.kind is Estimand.CHOICE and not ask.clause.is_asked
    is_difference = structure.has_validation and ask.kind is Estimand.DIFFERENCE
    is_of_chosen = is_difference and says("the_chosen", text)
    is_plain = ask.kind is Estimand.LEVEL and not any(
        m.kind.is_of_pairs for m in ask.clause.measures
    )
    is_last = is_of_chosen or is_plain or ask.kind in (Estimand.COST, Estimand.COUNTS)
    return (3 if is_last else 2 if is_stated else 1), ask.clause.number


def _is_open(asks: Sequence[Ask], clauses: Sequence[Clause]) -> bool:
    """Whether no clause asks what the study is about."""
    return all(a.kind is Estimand.COUNTS or _is_floor(a) or _is_later(a, clauses) for a in asks)


def _is_later(ask: Ask, clauses: Sequence[Clause]) -> bool:
    """Whether a clause asks of groups by measures of its own, where others were listed before."""
    own = {m.name for m in ask.clause.measures}
    before = {m.name for c in clauses if c.number < ask.clause.number for m in c.measures}
    return ask.kind is Estimand.GROUPS and bool(own and before) and not own & before


def _is_floor(ask: Ask) -> bool:
    return ask.kind is Estimand.LEVEL and says("floor", ask.clause.text)


def _without_weak(asks: Sequence[Ask], structure: Structure) -> list[Ask]:
    """Return asks without those that only set out what is compared, where others ask more."""
    weak = [a for a in asks if a.kind is Estimand.DIFFERENCE and _is_weak(a.clause)]
    strong = [a for a in asks if a not in weak and a.kind not in SIDE]
    kept = [a for a in asks if a not in weak] if strong else list(asks)
    kinds = {a.kind for a in kept}
    if kinds & {Estimand.ORDER, Estimand.INTERACTION}:  # these follow the factor by themselves
        kept = [a for a in kept if a.kind is not Estimand.RESPONSE or _asks_response(a)]
    if {Estimand.COST, Estimand.DIFFERENCE} <= kinds:  # an opening `is it worth its price?`
        kept = [a for a in kept if a.kind is not Estimand.TRADE_OFF or a.clause.measures]
    if all(m.kind.is_of_pairs for m in structure.metrics):
        kept = [a for a in kept if a.kind is not Estimand.SPREAD]
    if any(a.kind is Estimand.TRADE_OFF for a in kept):
        kept = [a for a in kept if a.kind is not Estimand.COST]
    has_choice = any(a.kind is Estimand.CHOICE for a in asks)
    return [a for a in kept if not (has_choice and a.kind is Estimand.LEVEL)]


def _asks_response(ask: Ask) -> bool:
    """Whether a clause asks for a measure of its own to be followed."""
    is_of_each = says("of_each", ask.clause.text)
    return ask.clause.is_asked and (bool(ask.clause.measures) or is_of_each)


def _is_weak(clause: Clause) -> bool:
    """Whether a clause has no word of difference but `compare`, `versus`, `against`."""
    rest = ASKED["weak_difference"].sub(" ", clause.text)
    if says("the_chosen", clause.text):
        return False
    return not says("difference", rest) and not _names_reference(clause)


def _kinds(clause: Clause, structure: Structure) -> Iterator[Estimand]:
    """Yield what a clause asks: costs beside the rest; of the rest the most special one."""
    mains = [*_main_kinds(clause, structure)][:1]
    measures = clause.measures
    costs = [m for m in measures if m.kind.is_cost]
    is_of_costs = bool(costs) and (len(costs) == len(measures) or _is_weak(clause))
    pairs = [m for m in measures if m.kind.is_of_pairs]
    if mains == [Estimand.LEVEL] and pairs and len(pairs) < len(measures):
        mains += [Estimand.SPREAD] * says("spread", clause.text)
    if not (is_of_costs and mains and mains[0] in OF_COSTS):
        yield from mains
    if costs and mains[:1] != [Estimand.TRADE_OFF]:
        yield Estimand.COST
    if says("counts", clause.text) and _has_counted(structure):
        yield Estimand.COUNTS


def _has_counted(structure: Structure) -> bool:
    return structure.has(FactorKind.DATA) or structure.has(FactorKind.DATASET)


def _main_kinds(clause: Clause, structure: Structure) -> Iterator[Estimand]:
    """Yield what a clause may ask, the most special kind first."""
    yield from _kinds_of_repetition(clause, structure)
    yield from (kind for kind, asks in _ASKED_BY if asks(clause, structure))


def _differs_from_baseline(clause: Clause, structure: Structure) -> bool:
    is_said = structure.has_several and says("difference", clause.text)
    is_of_chosen = structure.has_validation and says("the_chosen", clause.text)
    rest = ASKED["the_chosen"].sub(" ", clause.text)
    is_of_chosen = is_of_chosen and not says("choice", rest)
    return is_said and (is_of_chosen or _names_reference(clause))


def _is_of_groups(clause: Clause, structure: Structure) -> bool:
    return clause.is_of_groups and not structure.has_validation


def _gains_by_group(clause: Clause, structure: Structure) -> bool:
    """Whether it is asked if a difference is another in another group."""
    if all(m.kind.is_of_pairs for m in structure.metrics):
        return False  # how alike lists are is a level of each group, no gain
    is_varied = structure.has_several or bool(structure.others)
    is_said = says("interaction", clause.text) or says("gains", clause.text)
    return is_varied and (is_said or _refers(clause)) and _is_of_groups(clause, structure)


def _refers(clause: Clause) -> bool:
    """Whether a clause asks if what stands before it is so elsewhere: `does that depend on`."""
    return not clause.algorithms and not clause.measures and says("refers", clause.text)


def _chooses(clause: Clause, structure: Structure) -> bool:
    is_grid = structure.has_validation and bool(structure.others)
    return is_grid and says("choice", clause.text) and not says("agree_on_choice", clause.text)


def _interacts(clause: Clause, structure: Structure) -> bool:
    is_crossed = structure.has_several and bool(structure.others)
    if is_crossed or len(structure.others) > 1:
        return says("interaction", clause.text)
    return False


def _orders(clause: Clause, structure: Structure) -> bool:
    text = ASKED["order_of_repeats"].sub(" ", clause.text)  # these are no order of algorithms
    is_said = says("order", text) and not says("agree_on_choice", text)
    return structure.has_several and is_said


def _trades(clause: Clause, structure: Structure) -> bool:
    is_said = says("trade_off", clause.text) and not says("no_loss", clause.text)
    return bool(structure.others) and (is_said or _sets_measures_against(clause))


def _sets_measures_against(clause: Clause) -> bool:
    """Whether one measure is drawn against another: `nDCG@10 against diversity@10`."""
    named = [m for m in metrics_in(clause.text) if not kind_of_metric(m.name).is_cost]
    gaps = (clause.text[a.end : b.start] for a, b in pairwise(named) if a.name != b.name)
    return any(ASKED["against_measure"].search(gap) for gap in gaps)


def _has_pairs(clause: Clause) -> bool:
    """Whether a clause names a measure of two cells: what it asks is how high that is."""
    return any(m.kind.is_of_pairs for m in clause.measures)


def _scatters_over(clause: Clause, structure: Structure) -> bool:
    is_said = _is_of_spread(clause.text, structure) and says("over_repetitions", clause.text)
    return is_said and not _has_pairs(clause)


def _sets_levels_apart(clause: Clause, structure: Structure) -> bool:
    is_followed = _is_weak(clause) and _follows(clause, structure)
    return says("difference", clause.text) and not is_followed and _differs(clause, structure)


def _follows(clause: Clause, structure: Structure) -> bool:
    return structure.follows and says("response", clause.text)


def _is_level_of_pairs(clause: Clause, structure: Structure) -> bool:
    return bool(structure.repeated) and _has_pairs(clause)


def _asks_difference(clause: Clause, structure: Structure) -> bool:
    is_test = says("named_test", clause.text)
    is_asked = clause.is_asked or bool(clause.algorithms) or is_test
    is_said = says("difference", clause.text) or is_test
    return structure.has_several and not structure.ordered and is_asked and is_said


def _scatters(clause: Clause, structure: Structure) -> bool:
    return _is_of_spread(clause.text, structure)


def _limits_loss(clause: Clause, structure: Structure) -> bool:
    return structure.follows and clause.is_asked and says("tolerance", clause.text)


def _is_relative_to_whole(clause: Clause, structure: Structure) -> bool:
    """Whether a measure is asked for relative to that of a level, which a response is."""
    is_of_level = says("relative_to", clause.text) and says("whole_reference", clause.text)
    return structure.follows and bool(clause.measures) and is_of_level


def _asks_level(clause: Clause, structure: Structure) -> bool:
    is_named = any(not m.kind.is_cost for m in clause.measures)
    return says("level", clause.text) and (is_named or says("floor", clause.text))


_ASKED_BY: tuple[tuple[Estimand, Callable[[Clause, Structure], bool]], ...] = (
    (Estimand.DIFFERENCE, _differs_from_baseline),
    (Estimand.INTERACTION, _gains_by_group),
    (Estimand.GROUPS, _is_of_groups),
    (Estimand.CHOICE, _chooses),
    (Estimand.INTERACTION, _interacts),
    (Estimand.ORDER, _orders),
    (Estimand.TRADE_OFF, _trades),
    (Estimand.SPREAD, _scatters_over),
    (Estimand.DIFFERENCE, _sets_levels_apart),
    (Estimand.RESPONSE, _follows),
    (Estimand.LEVEL, _is_level_of_pairs),
    (Estimand.DIFFERENCE, _asks_difference),
    (Estimand.SPREAD, _scatters),
    (Estimand.RESPONSE, _limits_loss),
    (Estimand.RESPONSE, _is_relative_to_whole),
    (Estimand.LEVEL, _asks_level),
)
"""Kinds of questions with what tells that a clause asks them, the most special first."""


def _is_of_spread(text: str, structure: Structure) -> bool:
    seeds = {*structure.repeated} & {FactorKind.MODEL_SEED.value, FactorKind.SPLIT_SEED.value}
    return bool(seeds) and says("spread", text) and not says("varied", text)


def _kinds_of_repetition(clause: Clause, structure: Structure) -> Iterator[Estimand]:
    text = clause.text
    if not structure.repeated:
        return
    is_counted = says("tests_counted", text) and says("false_alarms", clause.sentence)
    if says("false_alarms", text) or is_counted:
        yield Estimand.FALSE_ALARMS
    if says("stopping", text) and (clause.is_asked or says("open_to_doubt", text)):
        yield Estimand.STOPPING
    has_both = len({*structure.repeated} & {k.value for k in SEEDS}) > 1
    if has_both and says("variance_shares", text):
        yield Estimand.VARIANCE_SHARES
    elif has_both and says("spread_ratio", text) and says("compares_spreads", text):
        yield Estimand.SPREAD_RATIO
    if has_both and says("spread_apart", text):
        yield Estimand.SPREAD


def _names_reference(clause: Clause) -> bool:
    """Whether a clause asks of a baseline that others are held against it."""
    held = (m for m in clause.algorithms if m.name in BASELINES)
    is_held = any(
        ASKED["reference_of"].search(clause.text[: m.start]) or is_held_against(clause.text, m)
        for m in held
    )
    return is_held and clause.is_asked


def _differs(clause: Clause, structure: Structure) -> bool:
    """Whether a clause sets levels of a factor against each other."""
    is_of_algorithms = structure.has_several and len({m.name for m in clause.algorithms}) > 1
    return is_of_algorithms or set_against(clause, structure) is not None


def _labels_in(clause: Clause, structure: Structure) -> list[str]:
    found = (m[1] for m in ASKED["label"].compiled.finditer(clause.text))
    return [n for n in dict.fromkeys(found) if n in structure.labels]


def _default_asks(
    clauses: Sequence[Clause], structure: Structure, asks: Sequence[Ask]
) -> Iterator[Ask]:
    """Yield the question that the factors alone ask, where no clause asks a main one."""
    if not clauses:
        return
    kind = default_kind(structure, has_asks=bool(asks))
    if kind:
        named = [c for c in clauses if c.measures] or list(clauses)
        is_plain = kind is Estimand.DIFFERENCE and bool(named[0].measures)
        if is_plain and not any(m.is_accuracy or m.kind.is_cost for m in named[0].measures):
            kind = Estimand.LEVEL  # what lists are like is told of each
        yield Ask(kind, replace(named[0], text="", said=""))


def default_kind(structure: Structure, *, has_asks: bool = False) -> Estimand | None:
    """Return the kind of question that the factors alone ask."""
    repeated = {*structure.repeated}
    if structure.others and structure.has_validation:
        return Estimand.CHOICE
    if structure.ordered:
        return Estimand.RESPONSE
    if structure.others and structure.has_several:
        return Estimand.ORDER
    if structure.has_several:
        return Estimand.DIFFERENCE
    if {FactorKind.MODEL_SEED.value, FactorKind.SPLIT_SEED.value} <= repeated:
        return Estimand.SPREAD_RATIO
    if repeated - {FactorKind.FOLD.value}:
        return Estimand.SPREAD
    if has_asks or not structure.algorithms:
        return None
    return Estimand.LEVEL

"""Whether the cells of a design are there, each with what it was to do and lists of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent_core.checks.result import (
    Detail,
    Result,
    each,
    failed,
    not_applicable,
    passed,
    run_label,
    warned,
)
from agent_core.checks.results.same_lists import (
    copied_pairs,
    factors_apart,
    have_same_training,
    prints_of,
)
from agent_core.checks.script.arguments import is_same
from agent_core.domain import Block, Cell, Factor, FactorKind, with_design
from agent_core.evidence.cells import Run
from agent_core.evidence.evidence import Evidence, recorded_algorithms
from agent_core.lenskit.scorers import SCORERS

MANY = 3
"""Levels that all lead to the same lists: two may, where both are beyond what the data ask."""
NO_DESIGN = "The folds are not those of the design."


def cells_complete(evidence: Evidence) -> Result:
    """Check that repetitions of the design are whole, and name the cells that are missing.

    A repetition is whole that has all that is compared; answers are over whole ones, and without
    any there is no answer. It binds then.
    """
    if not evidence.of_runs:
        return not_applicable(NO_DESIGN)
    missing = evidence.missing
    total = len(evidence.design)
    if not missing:
        return passed("All {cells} cells of the design have results.", cells=total)
    whole = _whole_repetitions(evidence)
    ends = dict(zip(evidence.cells["id"], evidence.cells["ended"], strict=True))
    named = [run_label(*_run_names(c)) + _end_text(ends.get(c.id, "")) for c in missing]
    told = Detail("{missing} of {cells} cells have no results: {names:6}.",
                  missing=len(missing), cells=total, names=named)  # fmt: skip
    if not any(whole.values()):
        return failed(told + " No repetition has all that is compared.")
    more = Detail(" Whole repetitions, which answers are over: {whole} of {of}.",
                  whole=sum(whole.values()), of=len(whole))  # fmt: skip
    return warned(told + more)


def _end_text(ended: str) -> str:
    """Say how a cell ended that has no results, where that is known."""
    return f" ({ended})" if ended else ""


def levels_took_effect(evidence: Evidence) -> Result:
    """Check that each level of a compared factor was applied, by what cells record and list."""
    factors = [f for f in with_design(evidence.plan).compared if len(f.levels) > 1]
    if not factors or not evidence.of_runs:
        return not_applicable("No levels are compared." if not factors else NO_DESIGN)
    faults = [
        *_unapplied_settings(evidence),
        *_unthinned_trainings(evidence),
        *_pairs_in_one_factor(evidence),
    ]
    idle = list(_idle_levels(evidence, factors))
    faults += [text for is_sure, text in idle if is_sure]
    if faults:
        return failed("Not applied: {faults}.", faults=dict.fromkeys(faults))
    if doubts := [text for _, text in idle]:
        return warned("Levels with the same lists: {doubts}.", doubts=dict.fromkeys(doubts))
    named = each("{factor} ({levels})", factor=[f.name for f in factors],
                 levels=[len(f.levels) for f in factors])  # fmt: skip
    return passed("Applied: {factors}.", factors=named)


def cells_are_their_own(evidence: Evidence) -> Result:
    """Check that no run has the lists of another whose model or training is not the same."""
    if len(evidence.lists) + len(evidence.predictions) < 2:
        return not_applicable("There are fewer than two runs with lists.")
    copies = [p for p in copied_pairs(evidence) if not _is_of_one_factor(evidence, *p)]
    if copies:
        told = "{second} has the lists of {first}"
        named = each(told, first=[run_label(*a) for a, _ in copies],
                     second=[run_label(*b) for _, b in copies])  # fmt: skip
        return failed("Copied: {copies}.", copies=named)
    runs = len({*evidence.lists, *evidence.predictions})
    return passed("{runs} runs have lists of their own.", runs=runs)


def _run_names(cell: Cell) -> Run:
    """Return algorithm, block and seed of a cell, for people."""
    return cell.algorithm.name, cell.block.name, "" if cell.seed is None else str(cell.seed)


def _whole_repetitions(evidence: Evidence) -> dict[tuple[Any, ...], bool]:
    """Return each combination of repeated levels, and whether no cell of it is missing.

    What does not vary over a repeated factor, such as an algorithm without seeds, belongs to
    all of its levels.
    """
    names = [f.name for f in with_design(evidence.plan).factors if f not in _compared(evidence)]
    missing = {cell.id for cell in evidence.missing}
    places = {c.id: tuple(c.levels.get(n) for n in names) for c in evidence.design}
    whole = {p for p in places.values() if sum(v is None for v in p) == _fewest_gaps(places)}
    return {
        place: not any(_fits(own, place) for i, own in places.items() if i in missing)
        for place in sorted(whole, key=str)
    }


def _compared(evidence: Evidence) -> tuple[Factor, ...]:
    return with_design(evidence.plan).compared


def _fewest_gaps(places: Mapping[str, tuple[Any, ...]]) -> int:
    """Return in how many repeated factors the cell that has most of them has no level."""
    return min(sum(v is None for v in place) for place in places.values())


def _fits(own: tuple[Any, ...], place: tuple[Any, ...]) -> bool:
    """Whether a cell belongs to a repetition."""
    return all(a is None or a == b for a, b in zip(own, place, strict=True))


def _unapplied_settings(evidence: Evidence) -> Iterator[Detail]:
    """Name runs that record another class, seed, block or level than their cell has."""
    known = recorded_algorithms(evidence.run)
    hyper = {f.name for f in with_design(evidence.plan).hyperparameters}
    for run, cell in evidence.of_runs.items():
        said = evidence.records.get(run) or known.get(run[0], {})
        for what, found, planned in _recorded_settings(said, cell, hyper):
            told = "{run}: {what} is {found}, planned {planned}"
            named = {"found": str(found)[:80], "planned": str(planned)[:80]}
            yield Detail(told, run=run_label(*run), what=what, **named)


def _recorded_settings(
    said: Mapping[str, Any], cell: Cell, hyper: set[str]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield what a record has otherwise than its cell: name, recorded and planned value."""
    kind, planned = str(said.get("class") or ""), cell.algorithm.kind
    if kind in SCORERS and planned in SCORERS and kind != planned:
        yield "the class", kind, planned
    config = said.get("config")
    for name in sorted(hyper & set(cell.algorithm.config)):
        wanted = cell.algorithm.config[name]
        found = config.get(name, wanted) if isinstance(config, dict) else wanted
        if not is_same(found, wanted):
            yield name, found, wanted
    if said.get("seed") is not None and cell.seed is not None and said["seed"] != cell.seed:
        yield "the seed", said["seed"], cell.seed
    if said.get("block", cell.block.name) != cell.block.name:
        yield "the block", said["block"], cell.block.name
    levels = said.get("levels")
    for name, level in cell.levels.items():
        if isinstance(levels, dict) and levels.get(name, level) != level:
            yield name, levels[name], level


def _unthinned_trainings(evidence: Evidence) -> Iterator[Detail]:
    """Name blocks that differ in how training is thinned, and train on the same."""
    thinned = (FactorKind.TRAIN_SHARE.value, FactorKind.PROFILE_SIZE.value)
    blocks = {f: b for f, b in evidence.blocks.items() if f in evidence.train}
    for first, second in _neighbours(blocks):
        one, other = blocks[first], blocks[second]
        (name,) = _differing(one, other)
        if name not in thinned or not _thins_differently(evidence, first, second):
            continue
        if have_same_training(evidence, first, second):
            told = "{factor} {first} and {second} train on the same interactions"
            levels = {"first": one.levels[name], "second": other.levels[name]}
            yield Detail(told, factor=name, **levels)


def _neighbours(blocks: Mapping[str, Block]) -> Iterator[tuple[str, str]]:
    """Yield the folds whose blocks differ in one factor only."""
    names = sorted(blocks)
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            if len(_differing(blocks[first], blocks[second])) == 1:
                yield first, second


def _differing(one: Block, other: Block) -> set[str]:
    """Return the factors in which two blocks have different levels."""
    names = set(one.levels) | set(other.levels)
    return {n for n in names if one.levels.get(n) != other.levels.get(n)}


def _thins_differently(evidence: Evidence, first: str, second: str) -> bool:
    """Whether two blocks must keep different numbers of training interactions."""
    one, other = evidence.blocks[first], evidence.blocks[second]
    if one.train_share != other.train_share:
        return True
    sizes = [s for s in (one.profile_size, other.profile_size) if s is not None]
    if second not in evidence.test or not sizes:
        return False
    users = evidence.train[second]["user_id"]
    tested = users[users.isin(evidence.test[second]["user_id"])]
    return len(tested) > 0 and int(tested.value_counts().max()) > min(sizes)


def _is_of_one_factor(evidence: Evidence, a: Run, b: Run) -> bool:
    """Whether two runs differ in the level of one compared factor, and in nothing else."""
    cells = [evidence.of_runs.get(run) for run in (a, b)]
    if cells[0] is None or cells[1] is None:
        return False
    apart = factors_apart(cells[0], cells[1])
    return len(apart) == 1 and apart <= {f.name for f in _compared(evidence)}


def _pairs_in_one_factor(evidence: Evidence) -> Iterator[Detail]:
    """Name the levels of a compared factor that have the same lists and cannot."""
    for a, b in copied_pairs(evidence):
        if _is_of_one_factor(evidence, a, b):
            one, other = evidence.of_runs[a], evidence.of_runs[b]
            (name,) = factors_apart(one, other)
            told = "{factor} {first} and {second} have the same lists ({run})"
            levels = {"first": one.levels[name], "second": other.levels[name]}
            yield Detail(told, factor=name, **levels, run=run_label(*b))


def _idle_levels(evidence: Evidence, factors: list[Factor]) -> Iterator[tuple[bool, Detail]]:
    """Yield levels of settings and re-rankings that change nothing, and whether that is a fault.

    One that is beyond what the data ask changes nothing rightly; not all of many, and not every
    re-ranking.
    """
    prints = {evidence.of_runs[r].id: n for r, n in prints_of(evidence).items()
              if r in evidence.of_runs}  # fmt: skip
    kinds = (FactorKind.HYPERPARAMETER, FactorKind.RERANK)
    for factor in (f for f in factors if f.kind in kinds):
        for base, same in _same_levels(evidence.design, factor, prints).items():
            if not same:
                continue
            wanted = {
                c.levels[factor.name]
                for c in evidence.design
                if c.levels["algorithm"] == base and factor.name in c.levels
            }
            is_rerank = factor.kind is FactorKind.RERANK
            is_fault = same == wanted and (is_rerank or len(wanted) >= MANY)
            told = "{factor} {levels:8} of {algorithm}"
            ordered = [level for level in factor.levels if level in same]
            named = {"factor": factor.name, "levels": ordered, "algorithm": base}
            yield is_fault, Detail(told, **named)


def _same_levels(
    design: tuple[Cell, ...], factor: Factor, prints: Mapping[str, int]
) -> dict[str, set[Any]]:
    """Return, by algorithm, the levels that have the lists of another in every place."""
    places: dict[tuple[Any, ...], dict[Any, int]] = {}
    for cell in design:
        if factor.name in cell.levels and cell.id in prints:
            rest = tuple(sorted((n, v) for n, v in cell.levels.items() if n != factor.name))
            place = (cell.levels["algorithm"], cell.block.name, cell.seed, rest)
            places.setdefault(place, {})[cell.levels[factor.name]] = prints[cell.id]
    found: dict[str, set[Any]] = {}
    for (base, *_), numbers in places.items():
        several = list(numbers.values())
        same = {level for level, n in numbers.items() if several.count(n) > 1}
        found[str(base)] = found[str(base)] & same if str(base) in found else same
    return found

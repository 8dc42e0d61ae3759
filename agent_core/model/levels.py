"""The levels of data and split in a model's plan: rules that can be carried out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from agent_core.domain import (
    Candidates,
    DataRule,
    DataRuleKind,
    DataRules,
    Dataset,
    Keep,
    Level,
    Order,
    SplitKind,
    SplitRules,
)
from agent_core.domain.rules import COUNTING, CROSSFOLDS
from agent_core.model.algorithms import unique
from agent_core.model.likeness import is_same, nearest
from agent_core.model.plan_answer import RulePart, Special, SplitPart
from agent_core.rules.data_words import rules_of
from agent_core.rules.given_split import given_rules
from agent_core.rules.wording import data_text

R = TypeVar("R")
NEEDS_AMOUNT = frozenset({DataRuleKind.LOWEST_RATING, DataRuleKind.SAMPLE, *COUNTING})
WITHOUT_TIMES = {
    SplitKind.LEAVE_LAST: SplitKind.LEAVE_ONE_OUT,
    SplitKind.GLOBAL_TIME: SplitKind.USER_FRACTION,
}
"""What is done in place of a split by time where there are no times."""
DEFAULT_HOLDOUT, DEFAULT_FOLDS, DEFAULT_SEED, DEFAULT_CANDIDATES = 0.2, 5, 42, 100
MAX_FOLDS, PERCENT = 100, 100


@dataclass(frozen=True, slots=True)
class Basis:
    """What the data of a plan have, and what is done where it leaves something open."""

    datasets: tuple[Dataset, ...]
    folds: int = 1
    """Preferred where cross-validation fits."""
    is_rating: bool = False
    """Whether rating predictions are measured first."""
    has_baseline: bool = True
    """Whether a baseline is added where none is planned."""

    @property
    def has_times(self) -> bool:
        """Whether all have times."""
        return all(d.timestamp_column is not None for d in self.datasets)

    @property
    def has_ratings(self) -> bool:
        """Whether all have ratings."""
        return all(d.rating_column is not None for d in self.datasets)

    @property
    def has_repeated_pairs(self) -> bool:
        """Whether some user has an item more than once."""
        return any(d.duplicates for d in self.datasets)

    @property
    def given(self) -> Dataset | None:
        """The first that came in parts."""
        return next((d for d in self.datasets if d.parts), None)


def data_levels_of(
    parts: Sequence[RulePart], names: Sequence[str], basis: Basis, notes: list[str]
) -> tuple[Level[DataRules], ...]:
    """Return the variants of the data; one without a name where the plan has no several.

    Parameters
    ----------
    parts
        The rules, in order; those without a level hold for all.
    names
        Levels of the factor `data`.
    basis
        What the data have.
    notes
        Takes what was mended.
    """
    known = list(names) or list(dict.fromkeys(p.level for p in parts if p.level))
    rules: dict[str, list[DataRule]] = {name: [] for name in known or [""]}
    for number, part in enumerate(parts, 1):
        rule = _rule_of(part, number, basis, notes)
        if rule is None:
            continue
        wanted = nearest(part.level, rules) if part.level and known else None
        if part.level and wanted is None:
            wanted = part.level
            notes.append(f"The data level “{part.level}” is added, as a rule is about it.")
        elif wanted and not is_same(wanted, part.level):
            notes.append(f"Data rule {number}: the level “{part.level}” is read as {wanted}.")
        for name in [wanted] if wanted else list(rules):
            rules.setdefault(name, []).append(rule)
    for name in (n for n, own in rules.items() if n and not own):
        rules[name] = [*rules_of(name)]
        if rules[name]:
            told = data_text(DataRules(tuple(rules[name])))
            notes.append(f"The data level “{name}” is read from its name: {told}.")
    if basis.has_repeated_pairs:
        rules = {name: _with_pairs_once(own, notes) for name, own in rules.items()}
    return _distinct([Level(DataRules(tuple(own)), name) for name, own in rules.items()], notes)


def _with_pairs_once(rules: list[DataRule], notes: list[str]) -> list[DataRule]:
    """Keep the last of repeated pairs where no rule says which; LensKit refuses them."""
    if any(rule.kind is DataRuleKind.REPEATED_PAIRS for rule in rules):
        return rules
    told = "The data have repeated pairs; the last of each is kept."
    notes += [told] * (told not in notes)
    return [DataRule(DataRuleKind.REPEATED_PAIRS, keep=Keep.LAST), *rules]


def split_levels_of(
    parts: Sequence[SplitPart], names: Sequence[str], basis: Basis, notes: list[str]
) -> tuple[Level[SplitRules], ...]:
    """Return the ways to hold out; one without a name where the plan has no several.

    Parameters
    ----------
    parts
        As given; none: what is usual for the data.
    names
        Levels of the factor `split`.
    basis
        What the data have.
    notes
        Takes what was mended.
    """
    parts = [*parts, *_splits_named(parts, names, notes)] or [SplitPart()]
    if len(parts) == 1:
        return (Level(_split_of(parts[0], "Split", basis, notes)),)
    made: dict[str, SplitRules] = {}
    for part in parts:
        kind = part.kind.value if part.kind else "split"
        like = nearest(part.level, names)
        if like and not is_same(like, part.level):
            notes.append(f"Split: the level “{part.level}” is read as {like}.")
        name = unique(like or part.level or kind, made)
        made[name] = _split_of(part, f"Split “{name}”", basis, notes)
    order = {name: place for place, name in enumerate(names)}
    listed = sorted(made, key=lambda name: order.get(name, len(order)))
    return _distinct([Level(made[name], name) for name in listed], notes)


def _distinct(levels: list[Level[R]], notes: list[str]) -> tuple[Level[R], ...]:
    """Leave out levels that do what one before them does; a single one has no name."""
    kept: list[Level[R]] = []
    for level in levels:
        twin = next((k for k in kept if _done(k.rules) == _done(level.rules)), None)
        if twin is None:
            kept.append(level)
        else:
            notes.append(f"The level “{level.name}” is left out: it does what “{twin.name}” does.")
    return tuple(kept) if len(kept) > 1 else (replace(kept[0], name=""),)


def _done(rules: object) -> object:
    """Return rules without the words that tell them."""
    if isinstance(rules, SplitRules):
        return replace(rules, text="")
    assert isinstance(rules, DataRules)
    return tuple(
        rule if rule.kind is DataRuleKind.OTHER else replace(rule, text="") for rule in rules.rules
    )


def _rule_of(part: RulePart, number: int, basis: Basis, notes: list[str]) -> DataRule | None:
    """Return a data rule; None where it says nothing or the data lack what it asks of."""
    told = f"Data rule {number}"
    kind = part.kind
    if kind is None and part.text:
        read = rules_of(part.text)
        kind = read[0].kind if read else DataRuleKind.OTHER
        notes.append(f"{told}: its kind is read from its words as {kind}.")
        part = part.model_copy(
            update={"amount": part.amount or (read[0].amount if read else None)}
        )
    lacking = {
        DataRuleKind.LOWEST_RATING: "" if basis.has_ratings else "the data have no ratings",
        DataRuleKind.TIME_WINDOW: "" if basis.has_times else "the data have no times",
    }
    why = "no kind is given" if kind is None else lacking.get(kind, "")
    if kind in NEEDS_AMOUNT and (part.amount is None or part.amount <= 0):
        why = f"{kind} needs a number above 0"
    if kind is DataRuleKind.OTHER and not part.text:
        why = "its words are missing"
    if kind is DataRuleKind.TIME_WINDOW and not part.first and not part.last:
        why = why or "it has neither a first nor a last day"
    if why or kind is None:
        notes.append(f"{told} is left out: {why}.")
        return None
    return DataRule(
        kind, part.amount, part.of, part.is_above, part.keep, part.first, part.last, part.seed,
        part.is_training_only, part.text,
    )  # fmt: skip


def _splits_named(
    parts: Sequence[SplitPart], names: Iterable[str], notes: list[str]
) -> list[SplitPart]:
    """Return splits that only a level of the factor names, where its name tells the kind."""
    own = [p.level or (p.kind.value if p.kind else "") for p in parts]
    found = []
    for name in names:
        if nearest(name, own) is not None:
            continue
        kind = nearest(name, [k.value for k in SplitKind])
        done = f"is read from its name as {kind}" if kind else "is left out: no split has its name"
        notes.append(f"The split level “{name}” {done}.")
        if kind:
            found.append(SplitPart(level=name, kind=SplitKind(kind)))
    return found


def _split_of(part: SplitPart, told: str, basis: Basis, notes: list[str]) -> SplitRules:
    """Return the hold-out protocol; what is open or impossible has its default, which is said."""
    kind = _kind_of(part, told, basis, notes)
    if kind is SplitKind.USER_FRACTION and part.folds > 1:
        kind = SplitKind.CROSSFOLD_USERS
        notes.append(f"{told}: with {part.folds} folds it is a cross-validation over users.")
    users = part.test_users if (part.test_users or 0) > 0 else None
    trains = Special.TRAINS_ON_VALIDATION in part.special
    is_sampled = (part.candidate_count or 0) > 0 or part.candidates is Candidates.SAMPLED
    split = SplitRules(
        kind=kind,
        folds=_folds_of(part, kind, told, basis, notes),
        holdout=_holdout_of(part, kind, told, notes),
        seed=_seed_of(part, told, notes),
        text=part.text,
        order=_order_of(part, kind, told, basis, notes),
        held_out=part.held_out if (part.held_out or 0) > 0 else None,
        is_share_planned=Special.MOMENT not in part.special,
        test_users=int(users) if users is not None and users >= 1 else None,
        test_user_share=users if users is not None and users < 1 else None,
        are_users_chosen=Special.USERS_CHOSEN in part.special,
        lowest_test_rating=_lowest_of(part, told, basis, notes),
        has_validation=part.has_validation or trains,
        is_leak_study=Special.LEAK_STUDY in part.special,
        candidates=Candidates.SAMPLED if is_sampled else part.candidates,
        candidate_count=_candidate_count_of(part, told, notes) if is_sampled else None,
        masked=part.masked,
        in_training=part.in_training,
        trains_on_validation=trains,
        thinned_by=part.thinned_by,
    )
    if kind is SplitKind.GIVEN and basis.given is not None:
        return given_rules(split, basis.given)
    return split


def _kind_of(part: SplitPart, told: str, basis: Basis, notes: list[str]) -> SplitKind:
    """Return the kind that is asked for and possible, else the usual one."""
    kind = part.kind
    if kind is SplitKind.GIVEN and basis.given is None:
        notes.append(f"{told}: the data came in no parts, so there is no given split.")
        kind = None
    if kind in WITHOUT_TIMES and not basis.has_times:
        other = WITHOUT_TIMES[kind]
        notes.append(f"{told}: the data have no times, so {other} is done in place of {kind}.")
        return other
    if kind is None:
        kind = _usual_kind(basis)
        notes.append(f"{told}: no usable kind is given, so {kind} is taken.")
    return kind


def _usual_kind(basis: Basis) -> SplitKind:
    if basis.given is not None:
        return SplitKind.GIVEN
    if basis.is_rating and basis.folds > 1:
        return SplitKind.CROSSFOLD_RECORDS
    return SplitKind.CROSSFOLD_USERS if basis.folds > 1 else SplitKind.USER_FRACTION


def _folds_of(part: SplitPart, kind: SplitKind, told: str, basis: Basis, notes: list[str]) -> int:
    usual = max(basis.folds, 2) if basis.folds > 1 else DEFAULT_FOLDS
    if kind in CROSSFOLDS and not 1 < part.folds <= MAX_FOLDS:
        notes.append(f"{told}: folds are not given as 2 to {MAX_FOLDS}, so {usual} are taken.")
        return usual
    if kind not in (*CROSSFOLDS, SplitKind.OTHER, SplitKind.GIVEN) and part.folds != 1:
        notes.append(f"{told}: {kind} has no folds, so there is one part.")
        return 1
    return min(max(part.folds, 1), MAX_FOLDS)


def _holdout_of(part: SplitPart, kind: SplitKind, told: str, notes: list[str]) -> float:
    """Return the share; a percentage is one."""
    share = part.holdout
    if 0 < share < 1:
        is_open = kind.is_of_share and "holdout" not in part.model_fields_set
        if is_open and part.held_out is None:
            notes.append(f"{told}: no share is given, so {share:.0%} is held out.")
        return share
    if not kind.is_of_share:
        return DEFAULT_HOLDOUT
    taken = share / PERCENT if 1 < share < PERCENT else DEFAULT_HOLDOUT
    notes.append(f"{told}: the share held out cannot be {share:g}, so {taken:.0%} is taken.")
    return taken


def _seed_of(part: SplitPart, told: str, notes: list[str]) -> int:
    if part.seed >= 0:
        return part.seed
    notes.append(f"{told}: its seed cannot be {part.seed}, so {DEFAULT_SEED} is taken.")
    return DEFAULT_SEED


def _order_of(
    part: SplitPart, kind: SplitKind, told: str, basis: Basis, notes: list[str]
) -> Order:
    if not kind.is_drawn:
        return Order.RANDOM
    if part.order is Order.NEWEST and not basis.has_times:
        notes.append(f"{told}: the data have no times, so random interactions are held out.")
        return Order.RANDOM
    return part.order


def _lowest_of(part: SplitPart, told: str, basis: Basis, notes: list[str]) -> float | None:
    if part.lowest_test_rating is not None and not basis.has_ratings:
        notes.append(f"{told}: the data have no ratings, so all interactions are tested.")
        return None
    return part.lowest_test_rating


def _candidate_count_of(part: SplitPart, told: str, notes: list[str]) -> int:
    if part.candidate_count and part.candidate_count > 0:
        return part.candidate_count
    notes.append(f"{told}: no number of candidates is given, so {DEFAULT_CANDIDATES} are drawn.")
    return DEFAULT_CANDIDATES

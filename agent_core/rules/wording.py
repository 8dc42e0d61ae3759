"""Data and split rules as lines for people: what is read here is what checks look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core.domain import (
    Candidates,
    DataRule,
    DataRuleKind,
    DataRules,
    Keep,
    LevelValue,
    Masked,
    Of,
    Order,
    SplitKind,
    SplitRules,
)

ALL_DATA = "all interactions"
COUNTED = {Of.USERS: "users", Of.ITEMS: "items", Of.BOTH: "users and items"}
KEPT = {
    Keep.FIRST: "the first of repeated pairs",
    Keep.LAST: "the last of repeated pairs",
    Keep.ALL: "repeated pairs kept",
}
MOST_SEEDS = 5
"""Seeds that are told one by one."""
NEWEST, DRAWN, EITHER = "newest", "random", "random or newest"


def data_text(rules: DataRules) -> str:
    """Return what of the data is kept, in the order in which rules apply."""
    return ", then ".join(map(_rule_text, rules.rules)) or ALL_DATA


def split_text(split: SplitRules, seeds: Sequence[LevelValue] = ()) -> str:
    """Return the hold-out protocol in words, written from its fields alone.

    `seeds`: those of the splits, where a factor has them.
    """
    seeds = seeds or (split.seed,)
    is_one = split.kind is SplitKind.LEAVE_ONE_OUT and split.folds == 1 and len(seeds) == 1
    seed = f" ({seeds_text(seeds)})" if _is_drawn(split) else ""
    seed = f"{', one fixed split' if is_one else ''}{seed}"
    parts = [f"{_held_out_text(split)}{seed}", *_test_texts(split)]
    return "; ".join([*parts, *candidate_texts(split)])


def candidate_texts(split: SplitRules) -> Iterator[str]:
    """Yield what is ranked, where it is not every item that is new to the user."""
    if split.candidates is Candidates.SAMPLED:
        yield f"ranked among {split.candidate_count or '?'} sampled candidates"
    if split.candidates is Candidates.FULL_TRAINING:
        yield "candidates are the items of the full training"
    if split.masked is Masked.FULL_TRAINING:
        yield "what a user has in the full training is masked"
    if split.masked is Masked.NOTHING:
        yield "items of training are ranked too"


def _is_drawn(split: SplitRules) -> bool:
    """Whether a seed decides what is held out, or of whom; the newest are not drawn."""
    if split.kind is SplitKind.GIVEN:
        return False
    is_of_some = split.test_users is not None or split.test_user_share is not None
    is_sampled = split.candidates is Candidates.SAMPLED or split.folds > 1
    return is_of_some or is_sampled or not (split.kind.is_timed or split.order is Order.NEWEST)


def seeds_text(seeds: Sequence[LevelValue]) -> str:
    """Return seeds in words: `seed 42`, `seeds 42, 43`, `20 seeds, 0 to 19`."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if len(seeds) <= MOST_SEEDS:
        return f"seeds {', '.join(map(str, seeds))}"
    return f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"


def _rule_text(rule: DataRule) -> str:
    """Return one data rule in words."""
    where = " (training only)" if rule.is_training_only else ""
    return f"{_bare_text(rule)}{where}"


def _bare_text(rule: DataRule) -> str:
    amount = f"{rule.amount:g}" if rule.amount is not None else "?"
    counted = COUNTED.get(rule.of, rule.of.value)
    match rule.kind:
        case DataRuleKind.LOWEST_RATING:
            return f"ratings above {amount}" if rule.is_above else f"ratings of {amount} and more"
        case DataRuleKind.CORE:
            return f"{amount}-core ({counted} with at least {amount} interactions, repeated)"
        case DataRuleKind.FEWEST:
            return f"{counted} with at least {amount} interactions"
        case DataRuleKind.REPEATED_PAIRS:
            return KEPT[rule.keep]
        case DataRuleKind.TIME_WINDOW:
            return " ".join([*(["from", rule.first] * bool(rule.first)),
                             *(["until", rule.last] * bool(rule.last))])  # fmt: skip
        case DataRuleKind.SAMPLE:
            size = f"{rule.amount:.0%}" if (rule.amount or 0) < 1 else f"{rule.amount:,.0f}"
            seed = f", seed {rule.seed}" if rule.seed is not None else ""
            return f"a sample of {size} of the {counted}{seed}"
        case DataRuleKind.OTHER:
            return f"“{rule.text}”"


def _held_out_text(split: SplitRules) -> str:
    """Return what is held out of whom."""
    amount = f"{split.holdout:.0%}"
    what = f"{split.held_out or amount} {'of' if split.held_out is None else 'interactions of'}"
    which = {Order.NEWEST: "the newest ", Order.RANDOM: "", Order.EITHER: ""}[split.order]
    drawn = {Order.NEWEST: "", Order.RANDOM: " at random", Order.EITHER: f", {EITHER}"}
    match split.kind:
        case SplitKind.LEAVE_ONE_OUT | SplitKind.LEAVE_LAST:
            return _single_text(split)
        case SplitKind.USER_FRACTION:
            of_whom = _tested_text(split)
            each = f" {of_whom}'s interactions" if split.held_out is None else f" {of_whom}"
            return f"{which}{what}{each} held out{drawn[split.order]}"
        case SplitKind.CROSSFOLD_USERS:
            return (
                f"{split.folds}-fold cross-validation over users, {which}{what} a test user held "
                f"out{drawn[split.order] if split.order is Order.EITHER else ''}"
            )
        case SplitKind.RANDOM_RECORDS:
            return f"{amount} of all interactions held out at random"
        case SplitKind.CROSSFOLD_RECORDS:
            return f"{split.folds}-fold cross-validation over interactions"
        case SplitKind.GLOBAL_TIME:
            share = f", the newest {amount} for test" if split.is_share_planned else ""
            return f"global time split{share}"
        case SplitKind.GIVEN:
            folds = f" in {split.folds} folds" if split.folds > 1 else ""
            files = f": {', '.join(split.given)}" if split.given else ""
            return f"the given split{folds}, as it came with the data{files}"
        case SplitKind.OTHER:
            return split.text or "a split of its own"


def _single_text(split: SplitRules) -> str:
    """Return what is held out of whom where a number of interactions is, mostly one."""
    is_newest = split.kind is SplitKind.LEAVE_LAST or split.order is Order.NEWEST
    which = EITHER if split.order is Order.EITHER else DRAWN
    if (split.held_out or 1) > 1:
        first, last = ("the newest ", "") if is_newest else ("", f", {which}")
        whom = _tested_text(split)
        return f"{first}{split.held_out} interactions of {whom} held out{last}"
    if is_newest:
        return f"leave-one-out of {_tested_text(split)}'s newest interaction"
    return f"leave-one-out, {which}"


def _tested_text(split: SplitRules) -> str:
    """Return of whom something is held out: of those who are tested, where these are some."""
    is_of_some = split.test_users is not None or split.test_user_share is not None
    return "each test user" if is_of_some else "each user"


def _test_texts(split: SplitRules) -> Iterator[str]:
    """Yield what limits the test."""
    if split.test_users is not None:
        yield f"{split.test_users:,} test users{_others_text(split)}"
    if split.test_user_share is not None:
        yield f"{split.test_user_share:.0%} of the users tested{_others_text(split)}"
    if split.are_users_chosen:
        yield "test users chosen by a rule, not drawn"
    if split.lowest_test_rating is not None:
        # What is held out is drawn of these alone; given and global cuts keep the others away.
        is_drawn = split.kind not in (SplitKind.GIVEN, SplitKind.GLOBAL_TIME, SplitKind.OTHER)
        rest = ": held out of these, all lower ones stay in training" if is_drawn else ""
        yield f"only ratings of {split.lowest_test_rating:g} and more are tested{rest}"
    if split.has_validation:
        is_given = split.kind is SplitKind.GIVEN
        use = "; the final training has it too" if split.trains_on_validation else ""
        yield f"a validation part is kept {'to choose on' if is_given else 'apart'}{use}"
    if not split.in_training:
        yield "test users are in no training: what they keep reaches a model when it recommends"
    if split.thinned_by is Order.NEWEST:
        yield "where training is thinned, the newest interactions stay"
    if split.is_leak_study:
        yield "test interactions in training are what is studied"


def _others_text(split: SplitRules) -> str:
    """Say that users who are not tested lose nothing, where something is held out of each."""
    is_of_each = split.kind in (SplitKind.USER_FRACTION, SplitKind.LEAVE_ONE_OUT)
    is_whole = is_of_each or split.kind is SplitKind.LEAVE_LAST
    return ", the others whole in training" if is_whole and split.in_training else ""

"""Puts a wish into what a plan stands for: algorithms, metrics, split, repetitions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from agent_core.domain import Plan, SplitKind
from agent_core.offline.amounts import PATTERNS as AMOUNTS
from agent_core.offline.designs.changes import Intent, changed_design
from agent_core.offline.designs.reading import Design, read_design
from agent_core.offline.designs.text import usual_form
from agent_core.offline.designs.words import says as says_of_split
from agent_core.offline.grammar import (
    BASELINES,
    CUTLESS,
    Reading,
    cutoffs_by_metric,
    read,
    with_cutoffs,
)
from agent_core.offline.text_patterns import says

T = TypeVar("T")
CLOSE = 1e-9
BASELINE_STAYS = "The baseline stays: without it nobody can judge the numbers."
REMOVAL = re.compile(
    r"\b(?:drop|remove|without|skip|exclude|delete|omit|no|ditch|scrap|forget(?: about)?"
    r"|(?:don'?t|do not|let'?s not|rather not|never) (?:use|include|run|test|report|need|want)"
    r"|(?:kick|throw|take|cut) out|get rid of"
    r"|leav\w+ (?:[^,;.]{1,30} )?out(?! (?:of|instead|the|one|a|an|\d)))\b",
    re.IGNORECASE,
)
NO_FILTER = re.compile(
    r"\b(?:drop|remove|without|skip|no)\s+(?:the\s+|any\s+)?(?:\d+[\s-]?core|k-core|core\s+filter"
    r"|filters?)\b",
    re.IGNORECASE,
)
"""A reply that takes a filter back, where `drop users with ...` asks for one."""
INSTEAD = re.compile(
    r"(?P<new>[^,;.]+?)\s+(?:instead of|rather than|in place of)\s+(?P<old>[^,;.]+)"
    r"|\b(?:swap|exchange|trade)\s+(?P<old4>[^,;.]+?)\s+(?:for|with|against)\s+(?P<new4>[^,;.]+)"
    r"|\breplace\s+(?P<old2>[^,;.]+?)\s+(?:with|by)\s+(?P<new2>[^,;.]+)"
    r"|\b(?:switch|change)\s+from\s+(?P<old3>[^,;.]+?)\s+to\s+(?P<new3>[^,;.]+)",
    re.IGNORECASE,
)


def merge_wish(old: Reading, wish: Reading, part: str, plan: Plan) -> tuple[Reading, str]:
    """Put one wish into a reading."""
    swap = INSTEAD.search(part)
    if swap:
        fresh, gone = (
            (swap["new"] or swap["new2"] or swap["new3"] or swap["new4"]),
            (swap["old"] or swap["old2"] or swap["old3"] or swap["old4"]),
        )
        new, said = _replace_parts(old, _kept_of_users(read(fresh), fresh, plan), read(gone))
        return (_with_number(old, fresh, gone, plan) if new == old else new), said
    if wish.algorithms and not wish.metrics and not says("compares", part) and _is_setting(wish):
        others = [n for n in wish.algorithms if n in old.algorithms]
        wish = wish if len(others) < len(wish.algorithms) else _without_algorithms(wish)
    removes = bool(REMOVAL.search(part)) and not re.search(r"\b(?:add|also)\b", part, re.I)
    adds = _adds_words(part) or bool(re.match(r"\W*and\b", part, re.IGNORECASE))
    intent = Intent(removes=removes, adds=adds)
    new, said = replace(old, design=changed_design(old.design, plan, part, intent)), ""
    if listed := {f.name for f in read_design(part).grids if f.of}:
        rest = {k: v for k, v in wish.parameters.items() if k.rpartition(":")[2] not in listed}
        wish = replace(wish, swept=None, values=(), parameters=rest)  # others keep their settings
    if wish.algorithms:
        only = bool(re.search(r"\b(?:only|just)\b", part, re.IGNORECASE)) and not _adds_words(part)
        new, said = _with_algorithms(new, wish.algorithms, removes=removes, only=only)
    if wish.metrics or (wish.cutoffs and not removes):
        replaces = _is_replacing(part) and not _adds_words(part)
        new = _with_metrics(new, wish, removes=removes, replaces=replaces, adds=adds)
    new = _with_counts(new, wish, part)
    if removes:
        return replace(new, margin=None) if AMOUNTS["equivalence"].search(part) else new, said
    return _with_protocol(new, wish, plan, said)


def _kept_of_users(wish: Reading, words: str, plan: Plan) -> Reading:
    """Return a wish in which a newest share stays one of each user, where no time is spoken of."""
    is_newest = wish.split is SplitKind.GLOBAL_TIME and not says_of_split("in_time", words)
    if is_newest and plan.split.kind is SplitKind.USER_FRACTION:
        return replace(wish, split=plan.split.kind, is_newest=True)
    return wish


def _with_number(old: Reading, fresh: str, gone: str, plan: Plan) -> Reading:
    """Return a reading with one number in the place of another, where the split holds that."""
    pair = [re.findall(r"(\d+(?:\.\d+)?)(%?)", usual_form(text)) for text in (gone, fresh)]
    if any(len(numbers) != 1 for numbers in pair):
        return old
    (was, unit), (now, other) = pair[0][0], pair[1][0]
    is_share = "%" in (unit, other)
    if is_share and abs(plan.split.holdout - float(was) / 100) < CLOSE and float(now) < 100:
        return replace(old, holdout=float(now) / 100, design=_with_split(old, "holdout", now))
    if not is_share and plan.split.test_users == float(was):
        return replace(old, design=_with_split(old, "test_users", now))
    return old


def _with_split(old: Reading, name: str, number: str) -> Design:
    """Return the design with a number in each of its splits."""
    value = float(number) / 100 if name == "holdout" else int(float(number))
    return replace(old.design, splits=tuple({**s, name: value} for s in old.design.splits))


def unique(values: Iterable[T]) -> tuple[T, ...]:
    """Return values without repetition, in order."""
    return tuple(dict.fromkeys(values))


def _with_counts(old: Reading, wish: Reading, part: str) -> Reading:
    """Take over, or take back, the fewest interactions that users and items must have."""
    if NO_FILTER.search(part):
        return replace(old, counts=())
    others = tuple(r for r in old.counts if all(r.of is not new.of for new in wish.counts))
    return replace(old, counts=(*others, *wish.counts))


def _is_setting(wish: Reading) -> bool:
    """Whether a wish sets hyperparameters of the algorithms that it names."""
    return bool(wish.parameters or wish.values)


def _without_algorithms(wish: Reading) -> Reading:
    """Return a wish without its algorithms, which it only speaks of."""
    return replace(wish, algorithms=())


def _adds_words(part: str) -> bool:
    """Whether a wish says that something is added."""
    return bool(re.search(r"\b(?:add|also|as well|too|additionally|plus|beside)\b", part, re.I))


def _replace_parts(old: Reading, fresh: Reading, gone: Reading) -> tuple[Reading, str]:
    """Put algorithms and metrics in the place of others."""
    new, said = old, ""
    if fresh.algorithms:
        kept = [n for n in old.algorithms if n not in gone.algorithms or n in BASELINES]
        new = replace(new, algorithms=unique((*kept, *fresh.algorithms)))
        said = BASELINE_STAYS if set(gone.algorithms) & set(BASELINES) else ""
    if fresh.metrics:
        cuts = dict(cutoffs_by_metric(old))
        metrics = unique((*(m for m in old.metrics if m not in gone.metrics), *fresh.metrics))
        given = cutoffs_by_metric(fresh) if fresh.cutoffs else {}
        default = next(iter(cuts.values()), (10,))
        kept_cuts = {m: given.get(m) or cuts.get(m, default) for m in metrics if m not in CUTLESS}
        new = with_cutoffs(replace(new, metrics=metrics), kept_cuts)
    elif fresh.cutoffs:
        new = _with_metrics(new, fresh, removes=False, replaces=True, adds=False)
    protocol = replace(fresh, algorithms=(), metrics=(), cutoffs=(), own={})
    return _with_protocol(new, protocol, None, said)


def _with_metrics(
    old: Reading, wish: Reading, *, removes: bool, replaces: bool, adds: bool
) -> Reading:
    """Add, drop or replace metrics and cut-offs; at least one metric stays."""
    cuts = dict(cutoffs_by_metric(old))
    metrics = old.metrics or ("ndcg",)
    if removes:
        metrics = tuple(m for m in metrics if m not in wish.metrics) or metrics
        return with_cutoffs(
            replace(old, metrics=metrics), {m: k for m, k in cuts.items() if m in metrics}
        )
    default = next(iter(cuts.values()), (10,))
    given = cutoffs_by_metric(wish) if wish.cutoffs and wish.metrics else {}
    if wish.metrics and replaces:
        metrics = wish.metrics
        cuts = {m: given.get(m) or cuts.get(m, default) for m in metrics if m not in CUTLESS}
    elif wish.metrics:
        fresh = {m: given.get(m, ()) for m in wish.metrics if m not in CUTLESS}
        metrics = unique((*metrics, *wish.metrics))
        cuts |= {m: unique((*cuts.get(m, ()), *k)) or default for m, k in fresh.items()}
    elif adds and not replaces:
        cuts = {m: unique((*k, *wish.cutoffs)) for m, k in cuts.items()}
    else:
        cuts = dict.fromkeys(cuts, wish.cutoffs)
    return with_cutoffs(replace(old, metrics=metrics), cuts)


def _with_protocol(
    old: Reading, wish: Reading, plan: Plan | None, said: str
) -> tuple[Reading, str]:
    """Take over what a reply says of split, repetitions and hyperparameters."""
    is_one_seed = wish.seeds == 1 and wish.first_seed > 0
    if is_one_seed and plan is not None and len(plan.seeds) > 1:
        said = f"{said} The seeds stay {plan.seeds[0]} to {plan.seeds[-1]}: the plan repeats runs."
        wish = replace(wish, seeds=None, first_seed=0)
    if wish.seeds is not None and wish.seeds < 1:
        said, wish = f"{said} At least one training is needed.", replace(wish, seeds=None)
    given = {
        name: getattr(wish, name)
        for name in ("split", "holdout", "folds", "seeds", "min_rating", "repeated", "margin")
        if getattr(wish, name) is not None
    }
    new = replace(old, **given)
    if wish.seeds is not None:
        new = replace(new, first_seed=wish.first_seed)
    if wish.split is not None:
        new = replace(new, folds=wish.folds, is_newest=wish.is_newest)
    if wish.folds is not None:
        new = replace(new, split=None)
    if wish.swept and wish.values:
        new = replace(new, study=wish.study, swept=wish.swept, values=wish.values)
    if wish.parameters:
        general = {k for k in wish.parameters if ":" not in k}
        kept = {k: v for k, v in old.parameters.items() if k.rpartition(":")[2] not in general}
        new = replace(new, parameters={**kept, **wish.parameters})
    return new, said.strip()


def _is_replacing(reply: str) -> bool:
    """Whether a reply puts something in the place of what there is."""
    return bool(
        re.search(
            r"\b(?:instead|only|just|change|switch|use|replace|make (?:it|that))\b", reply, re.I
        )
    )


def _with_algorithms(
    old: Reading, names: tuple[str, ...], *, removes: bool, only: bool
) -> tuple[Reading, str]:
    """Add, drop or replace algorithms; the baseline stays."""
    base = tuple(n for n in old.algorithms if n in BASELINES)
    if removes:
        said = BASELINE_STAYS if set(names) & set(BASELINES) else ""
        kept = tuple(n for n in old.algorithms if n not in names or n in BASELINES)
        if not [n for n in kept if n not in BASELINES]:
            return old, f"{said} At least one algorithm must stay.".strip()
        return replace(old, algorithms=kept), said
    if only and [n for n in names if n not in BASELINES]:
        return replace(old, algorithms=unique((*names, *base))), ""
    return replace(old, algorithms=unique((*old.algorithms, *names))), ""

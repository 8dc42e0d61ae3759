"""Data and split rules once more, one interaction at a time: what the product's own must come to.

A table is a list of rows `{"user", "item", "rating", "day", "row"}`, None where something is
missing; the product works on arrays, this on dicts and loops.
"""

import hashlib
from collections import Counter
from datetime import date, timedelta

from agent_core.domain.rules import DataRuleKind, Keep, Of, Order, SplitKind

BITS = 1 << 64
START = date(2001, 1, 1)


def unit(seed, text):
    return int.from_bytes(hashlib.sha256(f"{seed}:{text}".encode()).digest()[:8], "big")


def key(seed, row):
    x = (unit(seed, row["user"]) * 0x9E3779B97F4A7C15 + unit(seed, row["item"])) % BITS
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) % BITS
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) % BITS
    return x ^ (x >> 31)


def share(amount, size):
    return int(amount * size + 0.5)


def by_key(rows, seed):
    return sorted(rows, key=lambda r: (key(seed, r), r["row"]))


def by_age(rows):
    """The newest first; of equal times the later row."""
    return sorted(rows, key=lambda r: (r["day"] if r["day"] is not None else -1, r["row"]))[::-1]


def in_order(rows):
    return sorted(rows, key=lambda r: r["row"])


def users_of(rows):
    return {r["user"] for r in rows}


def variant(rows, rules):
    for rule in rules:
        rows = VARIANTS[rule.kind](rows, rule)
    return rows


def _repeated(rows, rule):
    if rule.keep is Keep.ALL:
        return rows
    best = {}
    for row in reversed(by_age(rows)):
        pair = row["user"], row["item"]
        if rule.keep is Keep.LAST or pair not in best:
            best[pair] = row
    return in_order(best.values())


def _rated(rows, rule):
    known = [r for r in rows if r["rating"] is not None]
    if rule.is_above:
        return [r for r in known if r["rating"] > rule.amount]
    return [r for r in known if r["rating"] >= rule.amount]


def _window(rows, rule):
    def day(row):
        return (START + timedelta(days=row["day"])).isoformat()

    known = [r for r in rows if r["day"] is not None]
    return [r for r in known if (rule.first or "0") <= day(r) <= (rule.last or "9")]


def _sample(rows, rule):
    seed = 42 if rule.seed is None else rule.seed
    if rule.of is Of.INTERACTIONS:
        units = list(by_key(rows, seed))
    else:
        name = "item" if rule.of is Of.ITEMS else "user"
        units = sorted({r[name] for r in rows}, key=lambda text: unit(seed, text))
    size = int(rule.amount) if rule.amount >= 1 else max(1, share(rule.amount, len(units)))
    kept = units[:size]
    if rule.of is Of.INTERACTIONS:
        return in_order(kept)
    return [r for r in rows if r[name] in kept]


def _fewest(rows, rule):
    users, items = (Counter(r[name] for r in rows) for name in ("user", "item"))
    return [
        r
        for r in rows
        if (rule.of not in (Of.USERS, Of.BOTH) or users[r["user"]] >= rule.amount)
        and (rule.of not in (Of.ITEMS, Of.BOTH) or items[r["item"]] >= rule.amount)
    ]


def _core(rows, rule):
    while len(left := _fewest(rows, rule)) < len(rows):
        rows = left
    return rows


VARIANTS = {
    DataRuleKind.REPEATED_PAIRS: _repeated,
    DataRuleKind.LOWEST_RATING: _rated,
    DataRuleKind.TIME_WINDOW: _window,
    DataRuleKind.SAMPLE: _sample,
    DataRuleKind.FEWEST: _fewest,
    DataRuleKind.CORE: _core,
}


def parts(table, block):
    """Return train, test, validation and what unseen users of both keep, as row numbers."""
    split, rules = block.split, block.data.rules
    rows = variant(table, [r for r in rules if not r.is_training_only])
    train, test = held_out(rows, split, split.seed, block.fold)
    validation = query = second_query = None
    if not split.in_training:
        train, query = _apart(train, test)
    if split.has_validation:
        train, validation = held_out(train, split, split.seed + 1, block.fold)
        if not split.in_training:
            train, second_query = _apart(train, validation)
    train = variant(train, [r for r in rules if r.is_training_only])
    if block.profile_size is not None:
        train, query = (p and _small_profiles(p, test, block) for p in (train, query))
        second_query = second_query and _small_profiles(second_query, validation, block)
    if block.train_share < 1:
        ordered = by_key(train, split.seed + 2)
        ordered = by_age(train) if split.thinned_by is Order.NEWEST else ordered
        train = in_order(ordered[: share(block.train_share, len(train))])
    found = (train, test, validation, query, second_query)
    return [p and [r["row"] for r in in_order(p)] for p in found]


def _apart(train, test):
    """Return the training of other users, and what those of the test keep."""
    tested = users_of(test)
    of_others = [r for r in train if r["user"] not in tested]
    return of_others, [r for r in train if r["user"] in tested]


def _small_profiles(rows, test, block):
    kept = []
    for user in users_of(rows):
        own = [r for r in rows if r["user"] == user]
        if user in users_of(test):
            newest = block.split.thinned_by is Order.NEWEST
            ordered = by_age(own) if newest else by_key(own, block.split.seed)
            own = ordered[: block.profile_size]
        kept += own
    return in_order(kept)


def held_out(rows, split, seed, fold):
    """Return training and test."""
    lowest = split.lowest_test_rating
    could = [
        r for r in rows if lowest is None or (r["rating"] is not None and r["rating"] >= lowest)
    ]
    match split.kind:
        case SplitKind.GLOBAL_TIME:
            return _by_time(rows, could, split, seed)
        case SplitKind.RANDOM_RECORDS:
            test = by_key(could, seed)[: share(split.holdout, len(could))]
        case SplitKind.CROSSFOLD_RECORDS:
            test = _fold(by_key(could, seed), split.folds, fold)
        case _:
            test = _of_users(rows, could, split, seed, fold)
    chosen = _chosen(users_of(test), split, seed)
    test = [r for r in test if r["user"] in chosen]
    return [r for r in rows if r not in test], test


def _of_users(rows, could, split, seed, fold):
    users = sorted(users_of(rows), key=lambda user: unit(seed, user))
    if split.kind is SplitKind.CROSSFOLD_USERS:
        users = _fold(users, split.folds, fold)
    newest = split.kind is SplitKind.LEAVE_LAST or split.order is Order.NEWEST
    test = []
    for user in users:
        own = [r for r in could if r["user"] == user]
        has = sum(r["user"] == user for r in rows)
        count = split.held_out or (1 if split.kind.is_single else share(split.holdout, len(own)))
        if count <= len(own) and count < has:
            test += (by_age(own) if newest else by_key(own, seed))[:count]
    return test


def _by_time(rows, could, split, seed):
    timed = sorted(r["day"] for r in could if r["day"] is not None)
    count = share(split.holdout, len(timed))
    if not count:
        return rows, []
    moment = timed[len(timed) - count]
    train = [r for r in rows if r["day"] is None or r["day"] < moment]
    test = [r for r in could if r["day"] is not None and r["day"] >= moment]
    if split.in_training:
        test = [r for r in test if r["user"] in users_of(train)]
    chosen = _chosen(users_of(test), split, seed)
    return train, [r for r in test if r["user"] in chosen]


def _chosen(users, split, seed):
    count = len(users)
    if split.test_users is not None:
        count = split.test_users
    elif split.test_user_share is not None:
        count = share(split.test_user_share, count)
    return sorted(users, key=lambda user: unit(seed, user))[:count]


def _fold(ordered, folds, fold):
    """One of so many parts; the first ones have one more where it does not come out even."""
    sizes = [len(ordered) // folds + (n < len(ordered) % folds) for n in range(folds)]
    start = sum(sizes[:fold])
    return ordered[start : start + sizes[fold]]

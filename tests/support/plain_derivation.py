"""How parts are derived, once more, in plain Python: one row after the other, no arrays."""

import hashlib
import math
from datetime import UTC, datetime
from itertools import pairwise

DAY_S = 86_400
M64 = (1 << 64) - 1


def unit(seed, text):
    return int.from_bytes(hashlib.sha256(f"{seed}:{text}".encode()).digest()[:8], "big")


def key(seed, row):
    x = (unit(seed, row["user"]) * 0x9E3779B97F4A7C15 + unit(seed, row["item"])) & M64
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & M64
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & M64
    return x ^ x >> 31


def share_of(share, size):
    return math.floor(share * size + 0.5)


def age(row):
    """Sort the oldest first; who has no time is older than all."""
    return (row["time"] is not None, row["time"] or 0, row["row"])


def drawn(rows, seed):
    return sorted(rows, key=lambda r: (key(seed, r), r["row"]))


def newest(rows):
    return sorted(rows, key=age, reverse=True)


def after_rules(rows, rules):
    for rule in rules:
        rows = RULES[rule["kind"]](rows, rule)
    return rows


def one_of_pairs(rows, rule):
    if rule["keep"] == "all":
        return rows
    kept = {}
    for row in sorted(rows, key=age, reverse=rule["keep"] == "last"):
        kept.setdefault((row["user"], row["item"]), row)
    return sorted(kept.values(), key=lambda r: r["row"])


def rated(rows, rule):
    low = rule["amount"]
    there = [r for r in rows if r["rating"] is not None]
    return [r for r in there if r["rating"] > low or (r["rating"] == low and not rule["is_above"])]


def in_window(rows, rule):
    def day(row):
        return datetime.fromtimestamp(row["time"], UTC).date().isoformat()

    there = [r for r in rows if r["time"] is not None]
    return [
        r
        for r in there
        if (rule["first"] or "0") <= day(r) and (not rule["last"] or day(r) <= rule["last"])
    ]


def sampled(rows, rule):
    seed, amount = 42 if rule["seed"] is None else rule["seed"], rule["amount"]

    def count(size):
        return int(amount) if amount >= 1 else max(1, share_of(amount, size))

    if rule["of"] == "interactions":
        kept = {r["row"] for r in drawn(rows, seed)[: count(len(rows))]}
        return [r for r in rows if r["row"] in kept]
    of = "item" if rule["of"] == "items" else "user"
    there = sorted({r[of] for r in rows}, key=lambda text: unit(seed, text))
    kept = set(there[: count(len(there))])
    return [r for r in rows if r[of] in kept]


def frequent(rows, rule):
    def enough(row, of, name):
        if rule["of"] not in (name, "both"):
            return True
        return sum(r[of] == row[of] for r in rows) >= rule["amount"]

    return [r for r in rows if enough(r, "user", "users") and enough(r, "item", "items")]


def core(rows, rule):
    left = frequent(rows, rule)
    return rows if len(left) == len(rows) else core(left, rule)


RULES = {
    "repeated_pairs": one_of_pairs,
    "lowest_rating": rated,
    "time_window": in_window,
    "sample": sampled,
    "fewest": frequent,
    "core": core,
}


def split(rows, rules, fold, seed):
    """Return training and test rows."""
    low = rules["lowest_test_rating"]
    may = [r for r in rows if low is None or (r["rating"] or -1) >= low]
    kind, held, neither = rules["kind"], [], []
    if kind in ("leave_one_out", "leave_last", "user_fraction", "crossfold_users"):
        users = sorted({r["user"] for r in rows}, key=lambda u: unit(seed, u))
        if kind == "crossfold_users":
            users = pieces(users, rules["folds"])[fold]
        for user in users:
            held += of_user(rows, may, user, rules, seed)
    elif kind == "random_records":
        held = drawn(may, seed)[: share_of(rules["holdout"], len(may))]
    elif kind == "crossfold_records":
        held = pieces(drawn(may, seed), rules["folds"])[fold]
    elif kind == "global_time":
        held, neither = late(rows, may, rules)
    tested = sorted({r["user"] for r in held}, key=lambda u: unit(seed, u))
    if rules["test_users"] is not None:
        tested = tested[: rules["test_users"]]
    elif rules["test_user_share"] is not None:
        tested = tested[: share_of(rules["test_user_share"], len(tested))]
    test = {r["row"] for r in held if r["user"] in tested}
    gone = test | {r["row"] for r in neither}
    if kind == "global_time":
        # Nothing later is in training, whoever is tested.
        gone |= {r["row"] for r in held}
    return [r for r in rows if r["row"] not in gone], [r for r in rows if r["row"] in test]


def pieces(some, count):
    """Return parts of which the first ones are larger by one where they cannot be equal."""
    size, more = divmod(len(some), count)
    ends = [0]
    for number in range(count):
        ends.append(ends[-1] + size + (number < more))
    return [some[a:b] for a, b in pairwise(ends)]


def of_user(rows, may, user, rules, seed):
    own = [r for r in may if r["user"] == user]
    size = sum(r["user"] == user for r in rows)
    is_single = rules["kind"] in ("leave_one_out", "leave_last")
    count = rules["held_out"]
    if count is None:
        count = 1 if is_single else share_of(rules["holdout"], len(own))
    if count > len(own) or count >= size:
        return []
    is_newest = rules["kind"] == "leave_last" or (
        rules["kind"] != "leave_one_out" and rules["order"] == "newest"
    )
    return (newest(own) if is_newest else drawn(own, seed))[:count]


def late(rows, may, rules):
    times = sorted(r["time"] for r in may if r["time"] is not None)
    at = len(times) - share_of(rules["holdout"], len(times))
    if at >= len(times):
        return [], []
    later = [r for r in rows if r["time"] is not None and r["time"] >= times[at]]
    known = {r["user"] for r in rows if r not in later}
    held = [r for r in later if r in may and (r["user"] in known or not rules["in_training"])]
    return held, [r for r in later if r not in held]


def parts(rows, block):
    """Return the parts of a block, each as the set of its row numbers."""
    rules, fold = block["split"], block["fold"]
    seed, unseen = rules["seed"], not rules["in_training"]
    rows = after_rules(rows, [r for r in block["data"] if not r["is_training_only"]])
    train, test = split(rows, rules, fold, seed)
    found = {"test": test}
    tested = {r["user"] for r in test}
    if unseen:
        found["query"] = [r for r in train if r["user"] in tested]
        train = [r for r in train if r["user"] not in tested]
    if rules["has_validation"]:
        train, found["validation"] = split(train, rules, fold, seed + 1)
        if unseen:
            users = {r["user"] for r in found["validation"]}
            found["validation_query"] = [r for r in train if r["user"] in users]
            train = [r for r in train if r["user"] not in users]
    train = after_rules(train, [r for r in block["data"] if r["is_training_only"]])
    order = newest if rules["thinned_by"] == "newest" else (lambda some: drawn(some, seed))
    if block["profile_size"] is not None:
        train = profiles(train, tested, block["profile_size"], order)
        for name in ("query", "validation_query"):
            if name in found:
                users = {r["user"] for r in found[name]}
                found[name] = profiles(found[name], users, block["profile_size"], order)
    if block["train_share"] < 1:
        is_newest = rules["thinned_by"] == "newest"
        ordered = newest(train) if is_newest else drawn(train, seed + 2)
        train = ordered[: share_of(block["train_share"], len(train))]
    return {n: {r["row"] for r in some} for n, some in {**found, "train": train}.items()}


def profiles(rows, users, size, order):
    """Return the rows with only the first ones of some users."""
    kept = [r for r in rows if r["user"] not in users]
    for user in users:
        kept += order([r for r in rows if r["user"] == user])[:size]
    return kept

"""Studies with several blocks, drawn by the rules themselves or by a script with pandas."""

from dataclasses import replace

import numpy as np
import pandas as pd
from studies import honest

from agent_core.data.interactions import Interactions
from agent_core.data.parts import parts_of
from agent_core.data.variants import variant_of
from agent_core.domain import Level, Study
from agent_core.domain.cells import blocks_of
from agent_core.domain.design import Factor, FactorRole
from agent_core.domain.rules import DataRules, SplitKind, SplitRules

LOO = SplitRules(SplitKind.LEAVE_ONE_OUT)
FIFTH = SplitRules(SplitKind.USER_FRACTION, holdout=0.25)


def plan_with(plan, data=(), split=(), **factors):
    """Return a plan with levels of data and split rules, by name, and of other factors."""
    levels = {
        "data_levels": tuple(Level(DataRules(rules), name) for name, rules in data),
        "split_levels": tuple(Level(rules, name) for name, rules in split),
    }
    plan = replace(plan, study=Study.OTHER, **{k: v for k, v in levels.items() if v})
    named = {"data": [n for n, _ in data], "split": [n for n, _ in split], **factors}
    several = {name: some for name, some in named.items() if len(some) > 1}
    role = {"split_seed": FactorRole.REPEATED, "fold": FactorRole.REPEATED}
    return replace(
        plan,
        factors=tuple(
            Factor(name, tuple(some), role.get(name, FactorRole.COMPARED))
            for name, some in several.items()
        ),
    )


def table_of(data):
    return Interactions.of(data.astype({"user_id": str, "item_id": str}))


def by_rules(data, block):
    """Return training and test as the rules draw them."""
    parts = parts_of(table_of(data), block)
    return parts.train.tolist(), parts.test.tolist()


def with_pandas(data, block):
    """Return training and test as a script draws them that knows the rules, not the hashes."""
    kept = data.iloc[variant_of(table_of(data), block.data)].reset_index(names="row")
    rng = np.random.default_rng(1000 + block.split.seed)
    kept = kept.assign(turn=rng.permutation(len(kept)))
    if block.split.kind is SplitKind.LEAVE_LAST or block.split.order == "newest":
        kept = kept.assign(turn=-kept["timestamp"].rank(method="first"))
    ordered = kept.sort_values("turn")
    place = ordered.groupby("user_id").cumcount()
    size = ordered.groupby("user_id")["row"].transform("size")
    count = 1 if block.split.kind.is_single else (size * block.split.holdout).round()
    test, train = ordered[(place < count) & (size > 1)], ordered[(place >= count) | (size < 2)]
    if block.profile_size is not None:
        train = train[train.groupby("user_id").cumcount() < block.profile_size]
    if block.train_share < 1:
        train = train.sample(frac=block.train_share, random_state=5)
    return sorted(train["row"]), sorted(test["row"])


FORMS = {"by rules": by_rules, "with pandas": with_pandas}


def made_of(draw, data=(), split=(("", LOO),), frame=None, **factors):
    """Return a study whose blocks are drawn in one way."""
    made = honest()
    made.plan = plan_with(made.plan, data, split, **factors)
    made.data = made.data if frame is None else frame
    made.rows, made.lists, made.per_user = [], {}, None
    made.splits = {block.name: draw(made.data, block) for block in blocks_of(made.plan)}
    if draw is by_rules:
        save_apart(made)
    return made


def save_apart(made):
    """Save what blocks have beside training and test."""
    for block in blocks_of(made.plan):
        parts = parts_of(table_of(made.data), block)
        for part in ("validation", "query"):
            if (rows := getattr(parts, part)) is not None:
                text = "row\n" + "".join(f"{n}\n" for n in rows)
                made.files[f"split/{block.name}.{part}_rows.csv"] = text.encode()


def sparse(users=80, seed=3):
    """Return data of users with one to twelve interactions, many of one time."""
    rng = np.random.default_rng(seed)
    rows = [
        (user, int(item), float(rng.integers(1, 6)), 1_000_000 + int(rng.integers(0, 6)))
        for user in range(1, users + 1)
        for item in rng.choice(40, rng.integers(1, 13), replace=False) + 100
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])

"""What the helper of scripts draws is what the product works out, row by row."""

import json
import random

import pandas as pd
import pytest
from laid_designs import run_cells

from agent_core.data.interactions import Interactions
from agent_core.data.parts import SPLITS, parts_of
from agent_core.domain.cells import Block, block_record
from agent_core.domain.rules import (
    DataRule,
    DataRuleKind,
    DataRules,
    Keep,
    Of,
    Order,
    SplitKind,
    SplitRules,
)

TABLES, BLOCKS = 12, 300
DAY = 86400
FIRST = 978307200
"""1 January 2001."""
DRAW = """
import labbook
for c in labbook.design():
    labbook.part(c)
"""
KINDS = [k for k in SPLITS if k is not SplitKind.GIVEN]
RULES = [k for k in DataRuleKind if k is not DataRuleKind.OTHER]


def table_of(dice):
    """Return interactions with ties, repeated pairs and open fields."""
    size = dice.choice((8, 40, 150))
    frame = pd.DataFrame(
        {
            "user_id": [dice.randint(1, 9) for _ in range(size)],
            "item_id": [f"i{dice.randint(1, 12)}" for _ in range(size)],
            "rating": [dice.choice((1, 2.5, 3, 4, 5, None)) for _ in range(size)],
            "timestamp": [
                dice.choice((None, *(FIRST + (DAY + 600) * d for d in range(9))))
                for _ in range(size)
            ],
        }
    )
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"], unit="s"))


def rule_of(dice):
    kind = dice.choice(RULES)
    is_part = kind is DataRuleKind.SAMPLE and dice.random() < 0.7
    return DataRule(
        kind,
        dice.choice((0.3, 0.5, 0.75)) if is_part else dice.choice((2, 3, 4)),
        dice.choice((Of.USERS, Of.ITEMS, Of.BOTH, *([Of.INTERACTIONS] * is_part))),
        is_above=dice.random() < 0.3,
        keep=dice.choice(tuple(Keep)),
        first=dice.choice(("", "2001-01-02")),
        last=dice.choice(("", "2001-01-07")),
        seed=dice.choice((None, 1, 7)),
        is_training_only=dice.random() < 0.2,
    )


def split_of(dice):
    def some(share, *values):
        return dice.choice(values) if dice.random() < share else None

    kind = dice.choice(KINDS)
    orders = (Order.RANDOM, Order.NEWEST) if kind.has_share else (Order.RANDOM,)
    return SplitRules(
        kind,
        folds=dice.randint(2, 3) if "crossfold" in kind else 1,
        holdout=dice.choice((0.1, 0.2, 0.5)),
        seed=dice.randint(0, 50),
        order=dice.choice(orders),
        held_out=None if kind.is_of_records else some(0.3, 1, 2, 3),
        test_users=some(0.2, 2, 4),
        test_user_share=some(0.2, 0.3, 0.5),
        lowest_test_rating=some(0.2, 3.0),
        has_validation=dice.random() < 0.2,
        in_training=dice.random() < 0.8,
        thinned_by=dice.choice((Order.RANDOM, Order.NEWEST)),
    )


def block_of(dice, number):
    split = split_of(dice)
    rules = DataRules(tuple(rule_of(dice) for _ in range(dice.choice((0, 0, 1, 1, 2, 3)))))
    table = f"table{dice.randrange(TABLES)}.csv"
    share = dice.choice((1.0, 1.0, 0.5, 0.2))
    size = dice.choice((None, None, 1, 3))
    return Block(f"b{number}", {}, table, rules, split, dice.randrange(split.folds), share, size)


def as_cell(block):
    named = {
        "levels": {"algorithm": "Popularity"},
        "algorithm": "Popularity",
        "class": "PopScorer",
    }
    rest = {"config": {}, "is_random": False, "block": block.name, "seed": None}
    return {"id": f"{int(block.name[1:]):012x}", **named, **rest}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return the folder in which the helper drew all blocks, and these."""
    folder, dice = tmp_path_factory.mktemp("drawn"), random.Random(13)
    for number in range(TABLES):
        table_of(dice).to_parquet(folder / f".table{number}.csv.parquet")
    blocks = [block_of(dice, n) for n in range(BLOCKS)]
    record = {
        "version": 2,
        "title": "",
        "factors": [],
        "metrics": [{"metric": "ndcg", "k": 10}],
        "validated": [],
        "list_length": 10,
        "blocks": {b.name: block_record(b) for b in blocks},
        "cells": [as_cell(b) for b in blocks],
    }
    (folder / "design.json").write_text(json.dumps(record))
    run_cells(folder, DRAW)
    return folder, blocks


def saved(folder, block, part):
    path = folder / "split" / f"{block.name}.{part}_rows.csv"
    return pd.read_csv(path)["row"].tolist() if path.exists() else None


def test_helper_and_product_draw_the_same(drawn):
    folder, blocks = drawn
    tables = {
        path.stem[1:]: Interactions.of(pd.read_parquet(path))
        for path in folder.glob(".table*.parquet")
    }
    others = {}
    for block in blocks:
        own = parts_of(tables[block.dataset], block)
        for part in ("train", "test", "validation", "query"):
            mine = getattr(own, part)
            if saved(folder, block, part) != (None if mine is None else mine.tolist()):
                others.setdefault(block.name, []).append(part)

    assert others == {}

"""One wish about a shop's invoices in many wordings: all of it is planned, each time alike."""

import pytest
from invoices import invoices

from agent_core.data.profile import profile
from agent_core.domain import DataRuleKind, Keep, Order, SplitKind
from agent_core.offline.grammar import read
from agent_core.offline.planner import build

WORDINGS = (
    "purchases only, the first purchase of each product, newest 20 % of each customer, compare "
    "popularity, item kNN and EASE",
    "Online Retail: use purchases only and keep just the first purchase of each product per "
    "customer. Hold out the newest 20% of every customer's purchases and compare popularity, item "
    "kNN and EASE.",
    "Compare item-kNN, EASE and a popularity baseline. Only purchases count (no cancellations), "
    "repeated purchases are reduced to the first, and the last 20 percent of each customer's "
    "history is the test set.",
    "Leave out cancelled orders. If a customer bought a product several times, keep the earliest "
    "purchase. Test on the most recent fifth of each customer's products. Algorithms: popularity, "
    "ItemKNN, EASE.",
    "We want popularity vs. item kNN vs. EASE on purchases only; duplicates: keep the first; "
    "split: per customer, newest 20 %.",
    "Drop returns and cancellations, deduplicate customer-product pairs keeping the first one, "
    "temporal split per user 80/20, popularity, item-item kNN, EASE",
    "How do popularity, item kNN and EASE compare when each customer's most recent 20% of "
    "purchases are held out? Please ignore cancellations and use only a customer's first purchase "
    "of a product.",
    "purchases only; first purchase per customer and product; for each customer the latest 20 % "
    "are for testing; MostPop, ItemKNN, EASE; NDCG@10",
    "Evaluate EASE and item kNN against popularity. Data: only purchases, each product counted "
    "once per customer (first time bought). Test: newest 20% within each customer.",
    "Without cancellations, with repeat purchases removed (the first one stays), train on the "
    "oldest 80 % of each shopper's purchases and test on the rest: popularity, item kNN, EASE.",
    "Take just the purchases. Of each product a customer bought more than once, only the first "
    "purchase stays. The newest fifth of every customer is tested. Compare Popularity, Item-KNN "
    "and EASE-R.",
    "Just purchases, dedup to the first purchase of a product by a customer, per-customer "
    "temporal 80/20 split. popularity, itemknn, ease",
    "Compare popularity, item kNN and EASE. Keep purchases only; where a customer buys a product "
    "again, only the first time counts; the newest 20 % of each customer are held out.",
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "invoices.csv"
    path.write_text(invoices())
    return path


@pytest.mark.parametrize("words", WORDINGS)
def test_the_wish_is_planned_whole(file, words):
    dataset = profile(file, task=words)
    plan = build(read(words), dataset, words)

    assert [d.why for d in dataset.recipe.drops] == ["cancellations", "no units bought"]
    assert [(r.kind, r.keep) for r in plan.data.rules] == [
        (DataRuleKind.REPEATED_PAIRS, Keep.FIRST)
    ]
    split = plan.split
    assert (split.kind, split.order, split.holdout) == (
        SplitKind.USER_FRACTION,
        Order.NEWEST,
        0.2,
    )
    assert {a.name for a in plan.algorithms} == {"Popularity", "ItemKNN", "EASE"}
    assert not plan.unmapped
    assert not plan.refused


def test_what_is_left_out_is_told_once_and_stands_in_the_plan(file):
    words = WORDINGS[0]
    dataset = profile(file, task=words)
    plan = build(read(words), dataset, words)

    cancelled = sum(line.startswith("C") for line in file.read_text().splitlines())
    told = [note for note in dataset.notes if "left out" in note]
    assert told == [f"{cancelled} lines are left out: cancellations"]
    assert "cancellations" in plan.feedback
    assert not dataset.doubts


def test_cancellations_that_nobody_speaks_of_are_a_doubt(file):
    dataset = profile(file, task="compare popularity and EASE")

    assert not dataset.recipe.drops
    assert any("cancellations" in doubt for doubt in dataset.doubts)


def test_that_all_repeated_pairs_stay_is_named_as_not_covered(file):
    words = "Compare popularity and EASE. Repeated purchases are all kept."
    plan = build(read(words), profile(file, task=words), words)

    assert len(plan.unmapped) == 1

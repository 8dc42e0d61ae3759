"""Eleven designs of several factors, whose sentences the corpora `plans_*.txt` hold."""

from dataclasses import replace
from functools import cache

import numpy as np
from made_studies import EASE, KNN, MF, POP, repeated_splits, study_plan, study_values, swept
from results import dataset

from agent_core.domain import (
    Algorithm,
    DataRule,
    DataRuleKind,
    DataRules,
    Estimand,
    Factor,
    FactorRole,
    Level,
    Metric,
    Of,
    Order,
    Question,
    SplitKind,
    SplitRules,
    cells_of,
)
from agent_core.grounding.report_text import Filler
from agent_core.report.answer_chapters import told_answers
from agent_core.statistics.answers.registry import answers_of
from agent_core.statistics.facts import Facts
from agent_core.statistics.quotable import are_apart, estimates_of, quotable

USER = Algorithm("UserKNN", "UserKNNScorer", {"min_nbrs": 1})
BPR = Algorithm("BPR", "FlexMFImplicitScorer", {"preset": "bpr"}, is_random=True)
SLIM = Algorithm("SLIM", "SLIMScorer", {"l1_reg": 1.0})
FACTORS = replace(MF, config={"embedding_size": 64, "epochs": 15})
NDCG, RECALL, HIT = Metric("ndcg", 10), Metric("recall", 20), Metric("hit", 10)
ITEMS = dataset(rating_values=(1, 2, 3, 4, 5), min_user_interactions=20)


def asked(kind, *over, of="ndcg@10", **more):
    return Question(kind, over, (of,), **more)


def data_levels(**rules):
    """Return the levels of `data` with a rule each, none for the first."""
    return tuple(
        Level(DataRules((rule,) if rule else ()), name.replace("_", " "))
        for name, rule in rules.items()
    )


def thresholds():
    """K: which ratings count, cut-offs, three algorithms; the newest interaction is held out."""
    levels = data_levels(
        every_rating=None,
        from_3=DataRule(DataRuleKind.LOWEST_RATING, 3),
        from_4=DataRule(DataRuleKind.LOWEST_RATING, 4),
    )
    plan = study_plan(
        EASE, KNN, POP,
        factors=[Factor("data", tuple(level.name for level in levels))],
        metrics=(Metric("ndcg", 5), Metric("ndcg", 20), RECALL),
        questions=[asked(Estimand.DIFFERENCE, "algorithm", of="ndcg@5", within=("data",))],
        data_levels=levels,
    )  # fmt: skip
    return plan.with_split(kind=SplitKind.LEAVE_LAST)


def cores():
    """M: cores and model seeds of two algorithms that draw random numbers."""
    levels = data_levels(
        no_core=None,
        **{f"{n}-core": DataRule(DataRuleKind.CORE, n) for n in (5, 20)},
    )
    return study_plan(
        FACTORS, BPR,
        factors=[Factor("data", tuple(level.name for level in levels))],
        questions=[asked(Estimand.SPREAD, "model_seed", within=("data",))],
        seeds=(11, 12, 13), data_levels=levels,
    )  # fmt: skip


def seeds_and_folds():
    """F: six model seeds in each of five folds of users."""
    return study_plan(
        FACTORS,
        POP,
        questions=[
            asked(Estimand.SPREAD_RATIO, "model_seed", "fold"),
            asked(Estimand.SPREAD, "model_seed"),
            asked(Estimand.SPREAD, "fold"),
        ],
        seeds=range(6),
        folds=5,
    )


def datasets():
    """D: two datasets and two split seeds; a fifth of each user's interactions is held out."""
    plan = study_plan(
        USER, KNN, POP,
        factors=[Factor("dataset", ("u.data", "lastfm.tsv")), repeated_splits((7, 8))],
        questions=[
            asked(Estimand.ORDER, "algorithm", within=("dataset",)),
            asked(Estimand.LEVEL, "algorithm", within=("dataset",)),
        ],
    )  # fmt: skip
    plan = replace(plan, datasets=("u.data", "lastfm.tsv"))
    return plan.with_split(kind=SplitKind.USER_FRACTION)


def shares():
    """H: shares of the training of a sample of 500 users, for two groups of them."""
    sample = DataRule(DataRuleKind.SAMPLE, 500, Of.USERS, seed=3)
    plan = study_plan(
        SLIM, POP,
        factors=[Factor("train_share", (0.1, 0.3, 1.0))],
        questions=[
            asked(Estimand.INTERACTION, "train_share", "algorithm"),
            asked(Estimand.GROUPS, "algorithm", groups="light and heavy users"),
        ],
    ).with_data(sample)  # fmt: skip
    return plan.with_split(kind=SplitKind.USER_FRACTION, holdout=0.25)


def rerankings():
    """R: re-rankings of the lists of one algorithm, two model seeds."""
    levels = ("none", "MMR", "xQuAD")
    ranked = [
        replace(FACTORS, name=f"{FACTORS.name} {n}", base=FACTORS.name, levels={"rerank": n})
        for n in levels
    ]
    return study_plan(
        *ranked,
        factors=[Factor("rerank", levels)],
        metrics=(NDCG, Metric("diversity", 10)),
        questions=[asked(Estimand.TRADE_OFF, "rerank", of="ndcg@10")],
        seeds=(1, 2),
    )


def neighbours():
    """N: numbers of neighbours under three ways to hold out."""
    plan = study_plan(
        *swept(USER, "max_nbrs", (10, 40, 160)), POP,
        factors=[
            Factor("max_nbrs", (10, 40, 160), of=("UserKNN",)),
            Factor("split", ("random 80/20", "leave-one-out", "newest 20 %")),
        ],
        metrics=(NDCG, HIT),
        questions=[asked(Estimand.ORDER, "max_nbrs", within=("split",))],
    )  # fmt: skip
    rules = (
        SplitRules(SplitKind.USER_FRACTION),
        SplitRules(SplitKind.LEAVE_ONE_OUT),
        SplitRules(SplitKind.USER_FRACTION, order=Order.NEWEST),
    )
    names = plan.factors[-1].levels
    return replace(
        plan, split_levels=tuple(Level(r, n) for r, n in zip(rules, names, strict=True))
    )


def stopping():
    """P: twelve split seeds, after how many of which nothing changes."""
    return study_plan(
        EASE,
        KNN,
        factors=[repeated_splits(range(100, 112))],
        metrics=(HIT,),
        questions=[asked(Estimand.STOPPING, "split_seed", of="hit@10", tolerance=0.01)],
    )


def grid():
    """T: a grid of embedding sizes and penalties, of which a validation part chooses."""
    sizes, penalties = (16, 32, 128), (0.01, 1.0)
    cells = [(s, p) for s in (*sizes, "chosen") for p in (*penalties, "chosen")]
    variants = [
        replace(
            MF,
            name=f"ImplicitMF embedding_size={s} regularization={p}",
            base="ImplicitMF",
            config={"epochs": 20},
            levels={"embedding_size": s, "regularization": p},
        )
        for s, p in cells
        if (s == "chosen") == (p == "chosen")
    ]
    plan = study_plan(
        *variants, POP,
        factors=[
            Factor("embedding_size", (*sizes, "chosen"), of=("ImplicitMF",)),
            Factor("regularization", (*penalties, "chosen"), FactorRole.COMPARED, ("ImplicitMF",)),
        ],
        questions=[asked(Estimand.CHOICE, "embedding_size", "regularization")],
        validated=(RECALL,),
    )  # fmt: skip
    return plan.with_split(kind=SplitKind.LEAVE_LAST, has_validation=True)


def training_thresholds():
    """V: which ratings are trained on, on three split seeds of the same liked ratings."""
    rules = {name: DataRule(DataRuleKind.LOWEST_RATING, n, is_training_only=True)
             for name, n in (("at least 3", 3), ("at least 4", 4))}  # fmt: skip
    levels = data_levels(all=None, **rules)
    plan = study_plan(
        KNN, POP,
        factors=[Factor("data", tuple(v.name for v in levels)), repeated_splits((42, 43, 44))],
        questions=[
            asked(Estimand.DIFFERENCE, "data", within=("algorithm",)),
            asked(Estimand.LEVEL, "data", within=("algorithm",)),
            asked(Estimand.SPREAD, "split_seed", within=("data", "algorithm")),
        ],
        data_levels=levels,
    )  # fmt: skip
    return plan.with_split(kind=SplitKind.USER_FRACTION, lowest_test_rating=4)


def sizes():
    """E: two embedding sizes of six model seeds each, beside what draws no random numbers."""
    return study_plan(
        *swept(replace(MF, config={"epochs": 10}), "embedding_size", (16, 64)), POP,
        factors=[Factor("embedding_size", (16, 64), of=("ImplicitMF",))],
        questions=[
            asked(Estimand.DIFFERENCE, "embedding_size"),
            asked(Estimand.SPREAD, "model_seed", within=("embedding_size",)),
            asked(Estimand.LEVEL, "algorithm", "embedding_size"),
        ],
        seeds=range(6),
    ).with_split(kind=SplitKind.USER_FRACTION)  # fmt: skip


DESIGNS = {
    "K": thresholds, "M": cores, "F": seeds_and_folds, "D": datasets, "H": shares,
    "R": rerankings, "N": neighbours, "P": stopping, "T": grid, "V": training_thresholds,
    "E": sizes,
}  # fmt: skip
ANSWERED = "MFDVE"
"""Those whose values sentences quote."""


@cache
def designed(letter):
    """Return a plan with the answers to its questions, where sentences quote these."""
    plan = DESIGNS[letter]()
    if letter not in ANSWERED:
        return plan, ()
    noise = np.random.default_rng(5).standard_normal((60, 40))
    places = {cell.id: i for i, cell in enumerate(cells_of(plan))}

    def value_of(cell, metric, users):
        return 0.3 + 0.01 * noise[places[cell.id], : len(users)] + 0.002 * places[cell.id]

    return plan, answers_of(study_values(plan, value_of, 40))


def filler(letter):
    """Return a filler for the report of a design."""
    plan, answers = designed(letter)
    return Filler(
        plan,
        quotable(plan, Facts({}), answers),
        (),
        (ITEMS,),
        told_answers(plan, answers),
        estimates_of(answers),
        are_apart(answers),
        ("gap_against_noise", "ndcg_by_threshold", "popularity_wins"),
    )

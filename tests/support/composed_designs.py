"""Plans of many shapes for the rule-based researcher to carry out, on a synthetic catalogue."""

from dataclasses import replace

from builders import plan_of, requirement

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
    Question,
    Role,
    SplitKind,
    SplitRules,
    study_of,
)
from agent_core.domain.rules import Candidates, Masked, Order
from agent_core.offline.catalogue import BY_NAME

REPEATED = FactorRole.REPEATED
NDCG = Metric("ndcg", 10)


def algorithm(name, level=None, **config):
    """Return an algorithm of the catalogue; `level`: of the hyperparameter that is varied."""
    known = BY_NAME[name]
    settings = {k: v for k, v in {**known.config, **config}.items() if v != "chosen"}
    role = Role.BASELINE if name == "Popularity" else Role.SUBJECT
    found = Algorithm(name, known.kind, settings, role, known.scorer.is_random)
    if level is None:
        return found
    return replace(
        found, name=f"{name} {level}={config[level]}", base=name, levels={level: config[level]}
    )


POPULAR, NEIGHBOURS = algorithm("Popularity"), algorithm("ItemKNN")
FACTORS = algorithm("ImplicitMF", epochs=2, embedding_size=8)
EASE = algorithm("EASE")


def split(name="", kind=SplitKind.USER_FRACTION, **rules):
    return Level(SplitRules(kind, **rules), name)


def data(name, *rules):
    return Level(DataRules(rules), name)


def asked(kind, *over, of=("ndcg@10",), within=(), **more):
    return Question(kind, over, tuple(of), tuple(within), **more)


def designed(algorithms, *factors, questions, metrics=(NDCG,), **changes):
    """Return a plan; that algorithms are compared follows from there being several."""
    names = tuple(dict.fromkeys(a.family for a in algorithms))
    compared = (Factor("algorithm", names),) if len(names) > 1 else ()
    given = {"seeds": (0,), "split_levels": (split(),), "datasets": ("catalogue.tsv",)} | changes
    plan = replace(
        plan_of(requirement(1)),
        title="A study",
        question="What makes a difference?",
        algorithms=tuple(algorithms),
        metrics=tuple(metrics),
        factors=(*compared, *factors),
        questions=tuple(questions),
        list_length=max([m.k or 10 for m in metrics], default=10),
        **given,
    )
    return replace(plan, study=study_of(plan))


def grid(name, level, *values, **config):
    """Return an algorithm at some levels of a hyperparameter."""
    return tuple(algorithm(name, level, **{**config, level: value}) for value in values)


CORE = DataRule(DataRuleKind.CORE, 10)
LIKED = DataRule(DataRuleKind.LOWEST_RATING, 3)
HALF = DataRule(DataRuleKind.SAMPLE, 0.5, Of.USERS)
DESIGNS = {
    "data": designed(
        (POPULAR, NEIGHBOURS),
        Factor("data", ("all", "10-core", "liked", "half")),
        questions=(
            asked(Estimand.INTERACTION, "algorithm", within=("data",)),
            asked(Estimand.COUNTS, "data", of=()),
        ),
        data_levels=(
            data("all"),
            data("10-core", CORE),
            data("liked", LIKED, CORE),
            data("half", HALF),
        ),
    ),
    "train share": designed(
        (POPULAR, NEIGHBOURS, FACTORS),
        Factor("train_share", (0.25, 0.5, 1.0)),
        questions=(asked(Estimand.RESPONSE, "train_share", within=("algorithm",)),),
    ),
    "train share, full candidates": designed(
        (POPULAR, NEIGHBOURS),
        Factor("train_share", (0.3, 1.0)),
        questions=(asked(Estimand.RESPONSE, "train_share", within=("algorithm",)),),
        split_levels=(split(candidates=Candidates.FULL_TRAINING, masked=Masked.FULL_TRAINING),),
    ),
    "split strategies": designed(
        (POPULAR, NEIGHBOURS),
        Factor("split", ("random", "newest", "folds", "time")),
        Factor("fold", (0, 1, 2), REPEATED),
        questions=(asked(Estimand.ORDER, "algorithm", within=("split",)),),
        split_levels=(
            split("random"),
            split("newest", SplitKind.LEAVE_LAST),
            split("folds", SplitKind.CROSSFOLD_USERS, folds=3, order=Order.NEWEST),
            split("time", SplitKind.GLOBAL_TIME),
        ),
    ),
    "grid": designed(
        (
            POPULAR,
            *grid("ItemKNN", "max_nbrs", 5, 20, "chosen"),
            *grid("EASE", "regularization", 10.0, 200.0, "chosen"),
        ),
        Factor("max_nbrs", (5, 20, "chosen"), of=("ItemKNN",)),
        Factor("regularization", (10.0, 200.0, "chosen"), of=("EASE",)),
        questions=(asked(Estimand.CHOICE, "max_nbrs", "regularization"),),
        split_levels=(split(has_validation=True),),
        validated=(NDCG,),
    ),
    "profile size": designed(
        (POPULAR, NEIGHBOURS),
        Factor("profile_size", (2, 5, "all")),
        questions=(asked(Estimand.RESPONSE, "profile_size", within=("algorithm",)),),
        split_levels=(split(test_users=40),),
    ),
    "two seeds": designed(
        (FACTORS, POPULAR),
        Factor("split_seed", (1, 2, 3), REPEATED),
        Factor("model_seed", (0, 1), REPEATED, ("ImplicitMF",)),
        questions=(
            asked(Estimand.SPREAD_RATIO, "model_seed", "split_seed"),
            asked(Estimand.SPREAD, "model_seed"),
        ),
        seeds=(0, 1),
    ),
    "cut-offs": designed(
        (POPULAR, NEIGHBOURS, EASE),
        questions=(
            asked(Estimand.ORDER, "algorithm", of=("ndcg@1", "ndcg@20", "mrr")),
            asked(Estimand.RESPONSE, of=("ndcg@1", "ndcg@20")),
        ),
        metrics=(
            *(Metric("ndcg", k) for k in (1, 20)),
            *(Metric(name, 5) for name in ("recall", "precision", "hit", "map")),
            Metric("mrr"),
        ),
    ),
    "beyond accuracy": designed(
        (POPULAR, NEIGHBOURS),
        questions=(
            asked(Estimand.TRADE_OFF, "algorithm", of=("ndcg@10", "popularity@10")),
            asked(Estimand.COST, "algorithm", of=("training_time",)),
        ),
        metrics=(
            NDCG,
            *(Metric(name, 10) for name in (
                "coverage", "user_coverage", "gini", "entropy", "popularity", "long_tail",
                "popularity_lift", "novelty", "personalisation",
            )),
        ),
    ),
    "unseen users": designed(
        (POPULAR, NEIGHBOURS, FACTORS),
        questions=(asked(Estimand.DIFFERENCE, "algorithm"),),
        split_levels=(split(in_training=False, test_user_share=0.3),),
    ),
    "sampled candidates": designed(
        (POPULAR, NEIGHBOURS),
        questions=(asked(Estimand.DIFFERENCE, "algorithm"),),
        split_levels=(
            split("", SplitKind.LEAVE_ONE_OUT, candidates=Candidates.SAMPLED, candidate_count=50),
        ),
    ),
    "ratings and lists": designed(
        (algorithm("BiasedMF"), algorithm("Bias"), NEIGHBOURS),
        questions=(asked(Estimand.DIFFERENCE, "algorithm", of=("rmse",)),),
        metrics=(Metric("rmse"), Metric("mae"), NDCG),
    ),
    "ratings of the newest": designed(
        (algorithm("BiasedMF"), algorithm("Bias")),
        Factor("split", ("random", "newest")),
        questions=(asked(Estimand.DIFFERENCE, "split", of=("rmse",), within=("algorithm",)),),
        metrics=(Metric("rmse"),),
        split_levels=(split("random"), split("newest", order=Order.NEWEST)),
    ),
    "raters that rank": designed(
        (algorithm("BiasedMF"), algorithm("Bias")),
        questions=(asked(Estimand.ORDER, "algorithm", of=("rmse", "ndcg@10")),),
        metrics=(Metric("rmse"), NDCG),
    ),
    "early stopping": designed(
        (POPULAR, NEIGHBOURS),
        Factor("fold", (0, 1, 2, 3), REPEATED),
        questions=(asked(Estimand.STOPPING, "fold"),),
        split_levels=(split("", SplitKind.CROSSFOLD_RECORDS, folds=4),),
    ),
    "false alarms": designed(
        (FACTORS,),
        Factor("model_seed", (0, 1, 2, 3), REPEATED, ("ImplicitMF",)),
        questions=(asked(Estimand.FALSE_ALARMS, "model_seed"),),
        seeds=(0, 1, 2, 3),
    ),
    "floor": designed(
        (POPULAR, algorithm("Random"), algorithm("NMF", embedding_size=4, max_iter=20)),
        Factor("model_seed", (0, 1), REPEATED, ("Random", "NMF")),
        questions=(asked(Estimand.DIFFERENCE, "algorithm"),),
        seeds=(0, 1),
    ),
    "counts": designed(
        (),
        Factor("data", ("all", "10-core")),
        questions=(asked(Estimand.COUNTS, "data", of=()),),
        data_levels=(data("all"), data("10-core", CORE)),
    ),
}  # fmt: skip
"""Name of a shape to a plan of it."""
RERANKED = designed(
    [
        replace(
            algorithm("ItemKNN"), name=f"ItemKNN {level}", base="ItemKNN", levels={"rerank": level}
        )
        for level in ("none", "MMR", "xQuAD", "calibrated")
    ],
    Factor("rerank", ("none", "MMR", "xQuAD", "calibrated")),
    questions=(asked(Estimand.TRADE_OFF, "rerank", of=("ndcg@10", "diversity@10")),),
    metrics=[
        Metric(name, 10) for name in ("ndcg", "diversity", "category_coverage", "calibration")
    ],
)
"""Needs the genres of items."""

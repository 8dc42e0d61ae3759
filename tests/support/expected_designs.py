"""Tasks with the design that each asks for, and that design as a plan."""

import json
from itertools import product
from pathlib import Path

from agent_core.domain import (
    Algorithm,
    Candidates,
    Column,
    DataRule,
    DataRuleKind,
    DataRules,
    Dataset,
    Estimand,
    Factor,
    FactorRole,
    Keep,
    Level,
    Metric,
    Of,
    Order,
    Plan,
    Question,
    SplitKind,
    SplitRules,
    Study,
    Unanswered,
)

FOLDER = Path(__file__).parent.parent / "agent_core" / "offline" / "designs"
RANDOM = {"ImplicitMF", "BiasedMF", "BPR", "FunkSVD", "NMF", "Random"}
CLASSES = {"Popularity": "PopScorer", "BPR": "FlexMFImplicitScorer", "NMF": "NMFScorer"}
COLUMNS = tuple(Column(n, "int", 9) for n in ("user_id", "item_id"))
REPEATED = ("model_seed", "split_seed", "fold")
PARTS = (
    *REPEATED,
    "algorithm",
    "data",
    "split",
    "dataset",
    "train_share",
    "profile_size",
    "rerank",
)


def designs(folder=""):
    """Return the tasks of a folder with their designs."""
    paths = sorted((FOLDER / folder).glob("*.json"))
    return [d for path in paths for d in json.loads(path.read_text())]


def plan_from(design) -> Plan:
    """Return the plan that a design describes."""
    factors = tuple(factor_of(f) for f in design["factors"])
    metrics = [m for m in design["measures"] if m.get("on") != "validation"]
    validated = [m for m in design["measures"] if m.get("on") == "validation"]
    by_name = {f.name: f for f in factors}
    return Plan(
        version=1,
        title=design["id"],
        question=design["text"],
        study=Study.OTHER,
        datasets=tuple(map(str, by_name["dataset"].levels)) if "dataset" in by_name else ("d",),
        feedback="",
        split_levels=tuple(
            Level(split_of(rules), str(n)) for n, rules in enumerate(design["split_rules"])
        ),
        algorithms=algorithms_of(design, factors),
        metrics=tuple(metric_of(m) for m in metrics or design["measures"]),
        requirements=(),
        seeds=by_name["model_seed"].levels if "model_seed" in by_name else (0,),
        data_levels=tuple(
            Level(DataRules(tuple(map(rule_of, rules))), str(n))
            for n, rules in enumerate(design["data_rules"])
        ),
        list_length=max([m["k"] for m in design["measures"] if m.get("k")], default=10),
        factors=factors,
        questions=tuple(question_of(q) for q in design["questions"]),
        validated=tuple(metric_of(m) for m in validated),
        unanswered=tuple(Unanswered(clause) for clause in design["unanswered"]),
    )


def factor_of(written) -> Factor:
    """Return a factor; a number of repetitions becomes as many levels."""
    levels = written["levels"]
    found = tuple(range(levels)) if isinstance(levels, int) else tuple(levels)
    if written["name"] in ("data", "split"):
        found = tuple(map(str, found))
    of = written.get("of", ())
    role = FactorRole.REPEATED if written["name"] in REPEATED else FactorRole.COMPARED
    return Factor(written["name"], found, role, (of,) if isinstance(of, str) else tuple(of))


def algorithms_of(design, factors) -> tuple[Algorithm, ...]:
    """Return one algorithm for each combination of its settings and re-rankings."""
    named = [f.levels for f in factors if f.name == "algorithm"]
    only = [name for f in factors for name in f.of]
    families = list(dict.fromkeys(named[0] if named else only))
    rerank = [f for f in factors if f.name == "rerank"]
    found = []
    for family in families:
        own = [f for f in factors if f.name not in PARTS and f.applies_to(family)]
        for combination in product(*(f.levels for f in (*own, *rerank))):
            levels = dict(zip([f.name for f in (*own, *rerank)], combination, strict=True))
            name = " ".join([family, *(f"{k}={v}" for k, v in levels.items())])
            kind = CLASSES.get(family, f"{family}Scorer")
            found.append(Algorithm(name, kind, {}, base=family, levels=levels,
                                   is_random=family in RANDOM))  # fmt: skip
    return tuple(found)


def rule_of(written) -> DataRule:
    """Return a data rule."""
    fields = dict(written)
    kind = DataRuleKind(fields.pop("kind"))
    of, keep = Of(fields.pop("of", "both")), Keep(fields.pop("keep", "first"))
    return DataRule(kind, of=of, keep=keep, **fields)


def split_of(written) -> SplitRules:
    """Return split rules; without a kind a share or number of each user's is held out."""
    fields = dict(written)
    kind = SplitKind(fields.pop("kind", "user_fraction"))
    orders = {n: Order(fields.pop(n)) for n in ("order", "thinned_by") if n in fields}
    candidates = Candidates(fields.pop("candidates", "training"))
    return SplitRules(kind, candidates=candidates, **orders, **fields)


def metric_of(written) -> Metric:
    """Return a metric."""
    return Metric(written["metric"], written.get("k"))


def question_of(written) -> Question:
    """Return a question."""
    fields = dict(written)
    for told in ("is_main", "audit"):  # of these a plan has no field
        fields.pop(told, None)
    kind = Estimand(fields.pop("kind"))
    lists = {k: tuple(fields.pop(k, ())) for k in ("over", "measures", "within")}
    pairs = tuple(tuple(pair) for pair in fields.pop("pairs", ()))
    return Question(kind, pairs=pairs, **lists, **fields)


def datasets_of(design):
    """Return the profiles of the datasets that a design names."""
    named = next((f["levels"] for f in design["factors"] if f["name"] == "dataset"), [])
    return tuple(
        Dataset(n, "0", 1, ",", True, COLUMNS, "user_id", "item_id", None, None, 9) for n in named
    )

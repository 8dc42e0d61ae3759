"""Plans held against designs that experts wrote: see tests/agent_core/offline/designs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent_core.domain import (
    Column,
    DataRule,
    DataRuleKind,
    Dataset,
    Factor,
    Plan,
    Question,
    SplitRules,
)
from agent_core.domain.cells import CHOSEN
from agent_core.domain.recipe import Recipe
from agent_core.domain.side_table import SideColumn, SideKind, SideOf, SideTable

FOLDER = Path(__file__).parents[1] / "agent_core" / "offline" / "designs"
FIELDS = ("factors", "data_rules", "split_rules", "measures", "questions", "unanswered")
PLAIN = {"embedding_size": "factors", "max_nbrs": "neighbours", "min_sim": "min_similarity"}
"""Names of hyperparameters in LensKit, and what the designs call them."""
METRICS = {"coverage": "item_coverage"}
OF_PAIRS = ("overlap", "rbo")
COUNTED = ("model_seed", "split_seed", "fold")
_SMALL_WORDS = re.compile(
    r"\b(?:an?|the|and|or|of|in|on|to|for|if|is|are|be|do|does|did|would|will|we|i|it|they|that"
    r"|this|what|which|who|how|whether|say|me|our|us|also|too|any|by|at|as|with|from|there)\b"
)
KIND = "kind"
GENRES = SideTable(
    "movies.csv", SideOf.ITEM, Recipe(item="item_id"),
    (SideColumn("genres", SideKind.LIST, 18),), rows=4_000, matched=4_000, share=1.0,
    sha256="2" * 64,
)  # fmt: skip
Case = Mapping[str, Any]
Told = dict[str, Any]


def cases(name: str) -> list[Case]:
    """Return the tasks of a file with their designs."""
    found: list[Case] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def datasets_of(case: Case) -> tuple[Dataset, ...]:
    """Return profiles of the data that a task is about."""
    if case["data"] == "two datasets":
        said = [
            n for n in re.findall(r"\w+", case["text"]) if n.lower() in ("movielens", "lastfm")
        ]
        names = next((f["levels"] for f in case["factors"] if f["name"] == "dataset"), said)
        return tuple(_dataset("ratings with times", f"{n}.csv") for n in names)
    return (_dataset(case["data"], "data.csv"),)


def differences(case: Case, plan: Plan) -> dict[str, str]:
    """Return the fields in which a plan differs from the design of its task, with both."""
    told = design_of(plan, json.dumps(case["factors"]) + json.dumps(case["questions"]))
    found = {}
    for field in FIELDS:
        if not _COMPARED[field](case, told):
            found[field] = f"expected {case[field]}\n      planned {told[field]}"
    return found


def design_of(plan: Plan, expected: str = "") -> Told:
    """Return a plan in the form of the designs.

    Parameters
    ----------
    plan
        The plan; a baseline that the product adds by itself is left out of it.
    expected
        Factors and questions of the design, in which an algorithm is named that was asked for.
    """
    added = (
        [a.family for a in plan.baselines if f'"{a.family}"' not in expected] if expected else []
    )
    named = [a.family for a in plan.algorithms if a.family not in added]
    named = list(dict.fromkeys(named))
    return {
        "factors": list(_factors(plan, named)),
        "data_rules": [list(_data_rules(level.rules.rules)) for level in plan.data_levels],
        "data_names": [level.name for level in plan.data_levels],
        "split_rules": [_split_fields(level.rules) for level in plan.split_levels],
        "split_names": [level.name for level in plan.split_levels],
        "measures": [
            {"metric": METRICS.get(m.name, m.name), "k": m.k, "on": on}
            for on, some in (("test", plan.metrics), ("validation", plan.validated))
            for m in some
        ],
        "questions": [_question(q) for q in plan.questions],
        "algorithms": named,
        "unanswered": [u.clause for u in plan.unanswered],
    }


# -- data ------------------------------------------------------------------------------------


def _dataset(kind: str, name: str) -> Dataset:
    """Return the profile of data of a kind."""
    has_times = "no times" not in kind
    has_ratings = not kind.startswith("purchases")
    names = ["user_id", "item_id"] + ["rating"] * has_ratings + ["timestamp"] * has_times
    sides = (GENRES,) if "genres" in kind else ()
    digest, columns = sha256(name.encode()).hexdigest(), tuple(Column(n, "int", 9) for n in names)
    return Dataset(
        name, digest, 1, ",", True, columns,
        "user_id", "item_id", "rating" if has_ratings else None,
        "timestamp" if has_times else None, rows=1_000_000, users=10_000, items=4_000,
        rating_values=tuple(n / 2 for n in range(1, 11)) if has_ratings else (),
        rating_range=(0.5, 5.0) if has_ratings else None,
        first_time="2010-01-01" if has_times else None,
        last_time="2019-12-31" if has_times else None,
        min_user_interactions=20, sides=sides,
    )  # fmt: skip


# -- a plan in the form of the designs -------------------------------------------------------


def _factors(plan: Plan, named: list[str]) -> Iterator[Told]:
    for factor in plan.factors:
        levels = [n for n in factor.levels if n in named or factor.name != "algorithm"]
        levels = [n for n in levels if n != CHOSEN]
        if len(levels) > 1:
            yield {
                "name": PLAIN.get(factor.name, factor.name),
                "role": factor.role.value,
                "levels": levels,
                "of": _of(factor, plan, named),
            }


def _of(factor: Factor, plan: Plan, named: list[str]) -> list[str]:
    random = {a.family for a in plan.algorithms if a.is_random}
    able = [n for n in named if factor.name != "model_seed" or n in random]
    return [n for n in factor.of if n in named] or able


def _data_rules(rules: Iterable[DataRule]) -> Iterator[Told]:
    for rule in rules:
        if rule.kind is DataRuleKind.REPEATED_PAIRS and not rule.text:
            continue  # added by the product, as the data have repeated pairs
        yield {
            KIND: rule.kind.value, "amount": rule.amount, "of": rule.of.value,
            "keep": rule.keep.value, "first": rule.first, "last": rule.last, "seed": rule.seed,
            "is_above": rule.is_above, "is_training_only": rule.is_training_only,
        }  # fmt: skip


def _split_fields(split: SplitRules) -> Told:
    fields = {name: getattr(split, name) for name in SplitRules.__slots__}
    told = {k: getattr(v, "value", v) for k, v in fields.items()}
    if split.kind.is_timed or split.kind.is_single:
        told["held_out"] = split.held_out or 1
    return told


def _question(question: Question) -> Told:
    return {
        KIND: question.kind.value,
        "over": [PLAIN.get(n, n) for n in question.over],
        "within": [PLAIN.get(n, n) for n in question.within],
        "measures": [_usual_key(k) for k in question.measures],
        "reference": question.reference,
        "pairs": [list(p) for p in question.pairs],
        "margin": question.margin,
        "is_relative": question.is_relative,
        "tolerance": question.tolerance,
        "groups": question.groups,
    }


def _usual_key(key: str) -> str:
    name, at, k = key.partition("@")
    return f"{METRICS.get(name, name)}{at}{k}"


# -- comparison field by field ---------------------------------------------------------------


def _has_factors(case: Case, told: Told) -> bool:
    planned = {f["name"]: f for f in told["factors"]}
    if {f["name"] for f in case["factors"]} != set(planned):
        return False
    return all(_is_factor(f, planned[f["name"]]) for f in case["factors"])


def _is_factor(expected: Told, planned: Told) -> bool:
    of = expected.get("of", planned["of"])
    wanted = {of} if isinstance(of, str) else set(of)
    has_levels = _has_levels(expected["name"], expected["levels"], planned["levels"])
    return expected["role"] == planned["role"] and has_levels and wanted == set(planned["of"])


def _has_levels(name: str, expected: Any, planned: list[Any]) -> bool:
    if name in ("data", "split") or isinstance(expected, int):
        return len(planned) == (expected if isinstance(expected, int) else len(expected))
    if name == "dataset":
        return {_stem(n) for n in expected} == {_stem(n) for n in planned}
    return sorted(map(_level_text, expected)) == sorted(map(_level_text, planned))


def _stem(name: Any) -> str:
    return str(name).lower().removesuffix(".csv")


def _level_text(level: Any) -> str:
    return f"{level:.9g}" if isinstance(level, int | float) else str(level).lower()


def _has_data(case: Case, told: Told) -> bool:
    return _match(case["data_rules"], told["data_rules"], _is_list_of_rules) is not None


def _has_splits(case: Case, told: Told) -> bool:
    return _match(case["split_rules"], told["split_rules"], _states) is not None


def _is_list_of_rules(expected: list[Told], planned: list[Told]) -> bool:
    is_long = len(expected) == len(planned)
    return is_long and all(_states(e, p) for e, p in zip(expected, planned, strict=True))


def _states(expected: Told, planned: Told) -> bool:
    """Whether what is stated is planned so; what is not stated is not compared."""
    return all(_is_same(value, planned.get(name)) for name, value in expected.items())


def _is_same(expected: Any, planned: Any) -> bool:
    if isinstance(expected, int | float) and isinstance(planned, int | float):
        return abs(expected - planned) < 1e-9
    return bool(expected == planned)


def _match(
    expected: list[Any], planned: list[Any], is_equal: Callable[[Any, Any], bool]
) -> list[int] | None:
    """Return the planned level of each expected one; None where one has none of its own."""
    left = list(range(len(planned)))
    found = []
    for one in expected:
        place = next((i for i in left if is_equal(one, planned[i])), None)
        if place is None:
            return None
        left.remove(place)
        found.append(place)
    return None if left else found


def _has_measures(case: Case, told: Told) -> bool:
    wanted = [{"on": "test"} | m for m in case["measures"]]
    primary = {k: v for k, v in wanted[0].items() if k != "on"} if wanted else {}
    planned = told["measures"]
    if primary.get("metric") in OF_PAIRS:  # a measure leads that each cell has for itself
        asked = {m["metric"] for m in wanted}
        own = sorted(planned, key=lambda m: m["metric"] not in OF_PAIRS)
        planned = [m for m in own if m["metric"] in asked]
    is_first = not wanted or (bool(planned) and _states(primary, planned[0]))
    return is_first and _match(wanted, planned, _states) is not None


def _has_questions(case: Case, told: Told) -> bool:
    def is_equal(expected: Told, planned: Told) -> bool:
        return _is_question(expected, planned, case, told)

    wanted, planned = case["questions"], told["questions"]
    is_first = not wanted or (bool(planned) and is_equal(wanted[0], planned[0]))
    return is_first and _match(wanted, planned, is_equal) is not None


def _is_question(expected: Told, planned: Told, case: Case, told: Told) -> bool:
    return (
        expected[KIND] == planned[KIND]
        and _same_factors(expected, planned, told)
        and _same_measures(expected["measures"], planned["measures"])
        and _same_reference(expected, planned, case, told)
        and _same_pairs(expected, planned)
        and _states({k: v for k, v in expected.items() if k in _NUMBERS}, planned)
        and _same_groups(expected.get("groups", ""), planned["groups"])
    )


def _same_factors(expected: Told, planned: Told, told: Told) -> bool:
    over, within = set(_varied(planned["over"], told, expected)), set(planned["within"])
    wanted = set(expected["over"])
    # A table of cells, or of pairs of cells, is over all that it has lines for.
    if expected[KIND] in ("cost", "level") and wanted <= over | within:
        return wanted | set(expected.get("within", within)) | over == over | within
    return wanted == over and set(expected.get("within", within)) == within


_NUMBERS = ("margin", "is_relative", "tolerance")


def _varied(over: list[str], told: Told, expected: Told) -> list[str]:
    """Return the factors of a question; a baseline of the product alone makes none."""
    is_alone = len(told["algorithms"]) == 1 and "algorithm" not in expected["over"]
    return [n for n in over if not (is_alone and n == "algorithm")]


def _same_measures(expected: list[str], planned: list[str]) -> bool:
    bare = {k for k in expected if "@" not in k}
    told = {k.partition("@")[0] if k.partition("@")[0] in bare else k for k in planned}
    return set(expected) == told


def _same_reference(expected: Told, planned: Told, case: Case, told: Told) -> bool:
    if "reference" not in expected:
        return True
    wanted, given = expected["reference"], planned["reference"]
    for name in ("data", "split"):
        if expected["over"] == [name] and isinstance(wanted, int):
            is_equal = _is_list_of_rules if name == "data" else _states
            places = _match(case[f"{name}_rules"], told[f"{name}_rules"], is_equal)
            return bool(places) and told[f"{name}_names"][places[wanted]] == given
    return _level_text(wanted) == _level_text(given)


def _same_pairs(expected: Told, planned: Told) -> bool:
    if "pairs" not in expected:
        return True
    wanted, given = (
        {frozenset(map(_level_text, p)) for p in some}
        for some in (expected["pairs"], planned["pairs"])
    )
    return wanted == given


def _same_groups(expected: str, planned: str) -> bool:
    wanted, given = _words(expected), _words(planned)
    return not wanted or len(wanted & given) * 2 >= len(wanted | given)


def _has_unanswered(case: Case, told: Told) -> bool:
    wanted, given = case["unanswered"], told["unanswered"]
    return all(any(_overlap(w, g) for g in given) for w in wanted) and all(
        any(_overlap(w, g) for w in wanted) for g in given
    )


def _overlap(one: str, other: str) -> bool:
    """Whether two clauses share most words of the shorter."""
    words, others = _words(one), _words(other)
    return len(words & others) * 2 >= min(len(words), len(others))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w'/]+", _SMALL_WORDS.sub(" ", text.lower())))


_COMPARED: Mapping[str, Callable[[Case, Told], bool]] = {
    "factors": _has_factors,
    "data_rules": _has_data,
    "split_rules": _has_splits,
    "measures": _has_measures,
    "questions": _has_questions,
    "unanswered": _has_unanswered,
}

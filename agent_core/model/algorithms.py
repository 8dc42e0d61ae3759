"""The algorithms of a model's plan: classes that exist, settings that they take, variants."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

from agent_core.domain import (
    Algorithm,
    Estimand,
    Factor,
    FactorKind,
    Levels,
    LevelValue,
    Metric,
    Role,
)
from agent_core.domain.cells import CHOSEN
from agent_core.execution.syntax_trees import parse
from agent_core.lenskit.scorers import SCORERS
from agent_core.model.likeness import is_same, nearest
from agent_core.model.mending import number_in, shown
from agent_core.model.plan_answer import AlgorithmPart, setting_value

CUSTOM = "Custom"
ACRONYM = 3
"""Letters of a name up to which another that is like it is another: NMF is no NeuMF."""
RERANK = FactorKind.RERANK.value
BIAS = Algorithm("Bias", "BiasScorer", {"damping": 5}, Role.BASELINE)
POPULARITY = Algorithm("Popularity", "PopScorer", {}, Role.BASELINE)
RATER = "BiasedMFScorer"
USUAL = {
    Estimand.SPREAD: ("ImplicitMFScorer",),
    Estimand.SPREAD_RATIO: ("ImplicitMFScorer",),
    Estimand.VARIANCE_SHARES: ("ImplicitMFScorer",),
    Estimand.FALSE_ALARMS: ("ImplicitMFScorer",),
    Estimand.DIFFERENCE: ("ItemKNNScorer", "ImplicitMFScorer", "EASEScorer"),
}
"""Classes that are taken where a question needs algorithms and none is named."""


def algorithms_of(parts: Sequence[AlgorithmPart], notes: list[str]) -> tuple[Algorithm, ...]:
    """Return the planned algorithms under unique names, with settings as LensKit has them."""
    found: dict[str, Algorithm] = {}
    for part in parts:
        algorithm = _algorithm_of(part, notes)
        if algorithm is None:
            continue
        twin = found.get(algorithm.name)
        if twin is not None and replace(twin, role=algorithm.role) == algorithm:
            notes.append(f"Algorithm “{algorithm.name}” is given twice and planned once.")
            continue
        name = unique(algorithm.name, found)
        if name != algorithm.name:
            notes.append(f"A second algorithm “{algorithm.name}” is called “{name}”.")
        found[name] = replace(algorithm, name=name)
    return _with_shared_bases(tuple(found.values()), notes)


def _with_shared_bases(found: tuple[Algorithm, ...], notes: list[str]) -> tuple[Algorithm, ...]:
    """Keep an algorithm that others are variants of where these exist, or its name tells it."""
    shared = Counter(a.base for a in found)
    kept = []
    for one in found:
        is_own = one.base in ("", one.name)
        is_base = shared[one.base] > 1 or (not is_own and one.name.startswith(one.base))
        if not is_own and not is_base:
            notes.append(f"Algorithm “{one.name}” is no variant of “{one.base}”: none else is.")
        kept.append(one if is_base else replace(one, base=""))
    return tuple(kept)


def unique(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken, with a number where it has to be."""
    options = (name, *(f"{name} ({n})" for n in range(2, len(taken) + 3)))
    return next(one for one in options if one not in taken)


def usual_algorithms(
    kinds: Iterable[Estimand], wanted: Iterable[str], metrics: Sequence[Metric]
) -> tuple[Algorithm, ...]:
    """Return what is trained where a plan names nothing.

    Parameters
    ----------
    kinds
        Of its questions.
    wanted
        Hyperparameters that are varied: a class that has the first is taken.
    metrics
        Whether ratings are predicted.
    """
    able = [k for name in wanted for k, s in SCORERS.items() if name in s.parameters and s.ranks]
    asked = next((USUAL[kind] for kind in kinds if kind in USUAL), USUAL[Estimand.DIFFERENCE])
    classes = (RATER,) if metrics and metrics[0].is_rating else tuple(able[:1]) or asked
    return tuple(usual_algorithm(kind) for kind in classes)


def usual_algorithm(kind: str) -> Algorithm:
    """Return a class of LensKit at its usual configuration."""
    name = kind.removesuffix("Scorer")
    return Algorithm(name, kind, usual_config(kind), is_random=SCORERS[kind].is_random)


@cache
def usual_config(kind: str) -> dict[str, Any]:
    """Return a sensible configuration of a class."""
    call = parse(SCORERS[kind].example).body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    return {k.arg: ast.literal_eval(k.value) for k in call.value.keywords if k.arg}


def with_rater(
    found: tuple[Algorithm, ...], metrics: Sequence[Metric], notes: list[str]
) -> tuple[Algorithm, ...]:
    """Add an algorithm that predicts ratings where their error is measured and none does."""
    rated = [m.label for m in metrics if m.is_rating]
    if not rated or not found or any(map(_predicts, found)):
        return found
    added = usual_algorithm(RATER)
    notes.append(
        f"{added.name} is added for {', '.join(rated)}, as no other algorithm predicts ratings."
    )
    return (*found, added)


def with_baseline(
    found: tuple[Algorithm, ...], metrics: Sequence[Metric], notes: list[str]
) -> tuple[Algorithm, ...]:
    """Add the usual baseline where the plan has none."""
    usual = BIAS if metrics and metrics[0].is_rating else POPULARITY
    same = next((a for a in found if a.kind == usual.kind), None)
    if not found or any(a.role is Role.BASELINE for a in found) or found == (same,):
        return found
    if same is None:
        notes.append(f"{usual.name} is added as the baseline.")
        return (*found, replace(usual, name=unique(usual.name, [a.name for a in found])))
    notes.append(f"{same.name} is taken as the baseline.")
    return tuple(replace(a, role=Role.BASELINE) if a is same else a for a in found)


def takes(algorithm: Algorithm, name: str) -> bool:
    """Whether an algorithm has a hyperparameter; of own code nobody knows."""
    scorer = SCORERS.get(algorithm.kind)
    return scorer is None or name in scorer.parameters


def with_bases(found: Sequence[Algorithm], varied: Iterable[str]) -> tuple[Algorithm, ...]:
    """Return algorithms that differ in a varied hyperparameter as variants of one.

    Models list them where a factor with an algorithm would do.
    """
    known = list(found)
    for name in varied:
        for kind in dict.fromkeys(a.kind for a in known):
            group = [a for a in known if a.kind == kind and name in a.config and not a.base]
            if len(group) > 1:
                base = group[0].name.split(" ")[0]
                known = [replace(a, base=base) if a in group else a for a in known]
    return tuple(known)


def with_variants(
    found: Sequence[Algorithm], factors: Sequence[Factor], excluded: Sequence[Levels]
) -> tuple[Algorithm, ...]:
    """Return one algorithm for each combination of levels of hyperparameters and re-rankings."""
    varied = [f for f in factors if f.kind in (FactorKind.HYPERPARAMETER, FactorKind.RERANK)]
    made: dict[str, Algorithm] = {}
    for algorithm in found:
        for variant in _variants(algorithm, varied):
            levels = {FactorKind.ALGORITHM.value: variant.family, **variant.levels}
            if not any(left_out.items() <= levels.items() for left_out in excluded):
                made[unique(variant.name, made)] = variant
    return tuple(replace(variant, name=name) for name, variant in made.items())


def without_twins(found: Sequence[Algorithm], notes: list[str]) -> tuple[Algorithm, ...]:
    """Leave out algorithms that do what one before them does."""
    kept: list[Algorithm] = []
    for one in found:
        twin = next((k for k in kept if _done(k) == _done(one)), None)
        if twin is None:
            kept.append(one)
        else:
            notes.append(f"“{one.name}” is left out: it is “{twin.name}” under another name.")
    return tuple(kept)


def _done(algorithm: Algorithm) -> tuple[object, ...]:
    return algorithm.kind, dict(algorithm.config), algorithm.levels.get(RERANK)


def _variants(algorithm: Algorithm, varied: Sequence[Factor]) -> list[Algorithm]:
    """Return the variants of one algorithm; levels that it sets itself stay."""
    config = dict(algorithm.config)
    own = [f for f in varied if f.applies_to(algorithm.family) and _is_varied(algorithm, f)]
    is_listed = bool(algorithm.base) and any(f.name in config for f in own)
    given = {f.name: config[f.name] for f in own if is_listed and f.name in config}
    plain = replace(algorithm, base=algorithm.base if is_listed else "")
    if not own:
        return [replace(plain, config=_settings(config, {}))]
    left = [f for f in own if f.name not in given]
    made = []
    for combination in product(*(f.levels for f in left)):
        new = dict(zip((f.name for f in left), combination, strict=True))
        levels = {f.name: (given | new)[f.name] for f in own}
        if _is_half_chosen(levels, own):
            continue
        name = f"{plain.name} {_levels_text(new)}" if new else plain.name
        settings = _settings(config, levels)
        made.append(replace(plain, name=name, config=settings, base=plain.family, levels=levels))
    return made


def _settings(config: dict[str, Any], levels: Levels) -> dict[str, Any]:
    """Return what is set; a re-ranking is no setting, and what a grid decides is not set yet."""
    known = {**config, **levels}
    return {k: v for k, v in known.items() if k != RERANK and v != CHOSEN}


def _is_half_chosen(levels: Levels, factors: Iterable[Factor]) -> bool:
    """Whether a grid decides some of the hyperparameters that it decides, and not the others."""
    grid = [f.name for f in factors if CHOSEN in f.levels]
    return 0 < sum(levels[name] == CHOSEN for name in grid) < len(grid)


def _is_varied(algorithm: Algorithm, factor: Factor) -> bool:
    return factor.kind is FactorKind.RERANK or takes(algorithm, factor.name)


def _levels_text(levels: dict[str, LevelValue]) -> str:
    return ", ".join(
        f"{k}={v:g}" if isinstance(v, int | float) else f"{k}={v}" for k, v in levels.items()
    )


def _predicts(algorithm: Algorithm) -> bool:
    scorer = SCORERS.get(algorithm.kind)
    return scorer is None or scorer.predicts


def _algorithm_of(part: AlgorithmPart, notes: list[str]) -> Algorithm | None:
    """Return one algorithm of a class that exists or is own code; None where nothing tells it."""
    kind = _class_of(part, notes)
    if kind is None:
        told = part.name or part.kind or "without a name"
        notes.append(f"Algorithm “{told}” is left out: nothing tells what it is.")
        return None
    name = part.name or kind.removesuffix("Scorer")
    if not part.name:
        notes.append(f"An algorithm without a name is called “{name}”.")
    if kind.startswith(CUSTOM):
        config = dict(_setting(text) for text in part.config)
        if "is_random" not in part.model_fields_set:
            notes.append(f"Algorithm “{name}”: it is taken to draw no random numbers.")
        return Algorithm(name, kind, config, part.role, part.is_random, part.base)
    config = _config_of(part, kind, name, notes)
    return Algorithm(name, kind, config, part.role, SCORERS[kind].is_random, part.base)


def _class_of(part: AlgorithmPart, notes: list[str]) -> str | None:
    """Return the class that is meant: of LensKit, else own code."""
    said = part.kind.rsplit(".", 1)[-1].strip().partition("(")[0]
    if said in SCORERS or said.startswith(CUSTOM):
        return said
    known = {kind.removesuffix("Scorer"): kind for kind in SCORERS}
    for words in (said.removesuffix("Scorer"), part.name):
        like = nearest(words, known)
        if like is not None and (len(like) > ACRONYM or is_same(words, like)):
            told = f"“{said}”" if said else "not given"
            notes.append(f"Algorithm “{part.name}”: its class ({told}) is read as {known[like]}.")
            return known[like]
    own = "".join(c for c in said.title() if c.isalnum()) if said.islower() else said
    if own.isidentifier():
        notes.append(
            f"Algorithm “{part.name}”: LensKit 2025 has no {said}, so it is written as own code."
        )
        return f"{CUSTOM}{own}"
    return None


def _config_of(part: AlgorithmPart, kind: str, name: str, notes: list[str]) -> dict[str, Any]:
    """Return the settings that a class takes, under its own names."""
    scorer, usual = SCORERS[kind], usual_config(kind)
    if "config" not in part.model_fields_set and usual:
        told = ", ".join(f"{k}={v}" for k, v in usual.items())
        notes.append(f"Algorithm “{name}”: no hyperparameters are given, so usual ones ({told}).")
        return usual
    config = {}
    for text in part.config:
        key, value = _setting(text)
        known = key if key in (*scorer.parameters, RERANK) else scorer.aliases.get(key)
        if known is None:
            known = nearest(key, (*scorer.parameters, *scorer.aliases))
            known = scorer.aliases.get(known or "", known)
            read = f"is read as {known}" if known else "is left out: LensKit would ignore it"
            notes.append(f"Algorithm “{name}”: {kind} has no {shown(key)}, which {read}.")
        if known is not None:
            config[known] = _fitting(name, known, value, usual, notes)
    return config


def _fitting(name: str, key: str, value: Any, usual: dict[str, Any], notes: list[str]) -> Any:
    """Return a setting in the type that it has; the usual one in place of what cannot be."""
    if value == CHOSEN:
        return value
    expected = usual.get(key)
    is_number = isinstance(expected, int | float)
    if is_number and isinstance(value, str) and number_in(value) is not None:
        return number_in(value)
    if isinstance(value, str) == isinstance(expected, str) or expected is None or value is None:
        return value
    notes.append(f"Algorithm “{name}”: {key} cannot be “{shown(value)}”; {expected} is taken.")
    return expected


def _setting(text: str) -> tuple[str, Any]:
    """Read `name=value`."""
    mark = "=" if "=" in text else ":"
    name, _, value = text.partition(mark)
    return name.strip().strip("\"'"), setting_value(value)

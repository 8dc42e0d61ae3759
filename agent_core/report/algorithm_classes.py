"""The algorithms of a plan as a methods section names them: once, with what the design varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_core.domain import Algorithm, Plan, with_design
from agent_core.evidence.evidence import recorded_algorithms
from agent_core.prose.quotation import is_measure


@dataclass(frozen=True, slots=True)
class AlgorithmClass:
    """All configurations of one algorithm."""

    name: str
    role: str
    kind: str
    is_recorded: bool
    """Whether scripts recorded the configurations, so that they are those in force."""
    config: Mapping[str, Any]
    """What all of them have."""
    varied: Mapping[str, tuple[Any, ...]]
    """What they differ in, with its levels."""
    said: Mapping[str, Any]
    """What the script recorded of the first."""


def classes_of(plan: Plan, recorded: Mapping[str, Any]) -> tuple[AlgorithmClass, ...]:
    """Return the algorithms of a plan, each once."""
    known = recorded_algorithms(recorded)
    variants: dict[str, list[Algorithm]] = {}
    for algorithm in with_design(plan).algorithms:
        variants.setdefault(algorithm.family, []).append(algorithm)
    return tuple(_class_of(name, own, known) for name, own in variants.items())


def _class_of(
    name: str, variants: Sequence[Algorithm], known: Mapping[str, Mapping[str, Any]]
) -> AlgorithmClass:
    first, said = variants[0], [known.get(a.name, {}) for a in variants]
    recorded = [s.get("config") for s in said]
    in_force = [
        dict(r) if isinstance(r, Mapping) and r else dict(a.config)
        for a, r in zip(variants, recorded, strict=True)
    ]
    configs = [
        {k: v for k, v in (own | dict(a.levels)).items() if not is_measure(str(k))}
        for a, own in zip(variants, in_force, strict=True)
    ]
    names = dict.fromkeys(k for config in configs for k in config)
    values = {k: _distinct([c[k] for c in configs if k in c]) for k in names}
    is_shared = {k: len(values[k]) == 1 and all(k in c for c in configs) for k in names}
    return AlgorithmClass(
        name,
        first.role.value,
        str(said[0].get("class") or first.kind),
        bool(recorded[0]),
        {k: values[k][0] for k in names if is_shared[k]},
        {k: values[k] for k in names if not is_shared[k]},
        said[0],
    )


def _distinct(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return values in their order, each once; what scripts record need not be hashable."""
    return tuple(v for i, v in enumerate(values) if v not in values[:i])

"""Configured algorithms in words: those that differ in varied settings only are told as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core.domain import Algorithm, Config
from agent_core.rules.design_words import factor_words

MOST_SETTINGS = 6


def algorithms_text(algorithms: Sequence[Algorithm], swept: str = "") -> str:
    """Return algorithms with their stated configuration.

    Parameters
    ----------
    algorithms
        The configured variants.
    swept
        A setting that is varied, where their levels do not tell it.
    """
    families: dict[str, list[Algorithm]] = {}
    for algorithm in algorithms:
        families.setdefault(_family_of(algorithm, swept), []).append(algorithm)
    told = (_family_text(name, variants, swept) for name, variants in families.items())
    return "; ".join(text for texts in told for text in texts)


def _family_of(algorithm: Algorithm, swept: str) -> str:
    is_value = not algorithm.base and swept in algorithm.config
    return algorithm.name.partition(" ")[0] if is_value else algorithm.family


def _family_text(name: str, variants: Sequence[Algorithm], swept: str) -> Iterator[str]:
    """Yield one text for variants that share all that is not varied; else one for each."""
    varied = dict.fromkeys(key for a in variants for key in (*a.levels, swept) if key)
    fixed = [{k: v for k, v in a.config.items() if k not in varied} for a in variants]
    if len(variants) == 1 or any(rest != fixed[0] for rest in fixed):
        yield from (_named_text(a.name, a.config) for a in variants)
        return
    values = {k: dict.fromkeys(str(_level(a, k)) for a in variants) for k in varied}
    parts = (f"; {factor_words(key)[0]} {', '.join(found)}" for key, found in values.items())
    yield _named_text(name, fixed[0]) + "".join(parts)


def _level(algorithm: Algorithm, key: str) -> object:
    return algorithm.levels.get(key, algorithm.config.get(key, ""))


def _named_text(name: str, config: Config) -> str:
    shown = [f"{factor_words(k)[0]} {v}" for k, v in config.items()]
    return f"{name} ({', '.join(shown[:MOST_SETTINGS])})" if shown else name

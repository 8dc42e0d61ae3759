"""Plans in the form that models answered in before designs: a family of studies, one split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_core.domain import Estimand, FactorKind, FactorRole, Study
from agent_core.model.likeness import nearest

FAMILY_KEYS = frozenset({"study", "seed_count", "first_seed", "swept"})
ASKED = {
    Study.SEED_VARIANCE: (Estimand.SPREAD, [FactorKind.MODEL_SEED.value]),
    Study.COMPARISON: (Estimand.DIFFERENCE, [FactorKind.ALGORITHM.value]),
    Study.SWEEP: (Estimand.RESPONSE, []),
    Study.OTHER: (Estimand.SCRIPTS_OWN, []),
}
EMPTY: Mapping[str, Any] = {
    "datasets": [], "data": [], "validated": [], "excluded": [], "list_length": 10,
    "reported": [], "assumptions": [], "unanswered": [], "ask": None, "estimate_s": 60.0,
}  # fmt: skip


def in_todays_form(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer in today's form; one that is in it already stays as it is."""
    answer = _with_lowest_rating(answer)
    if "questions" in answer or "splits" in answer or not FAMILY_KEYS & answer.keys():
        return answer
    study = Study(nearest(str(answer.get("study")), [*Study]) or Study.OTHER)
    algorithms = answer.get("algorithms")
    parts = [dict(a) for a in _listed(algorithms) if isinstance(a, dict)]
    swept = str(answer.get("swept") or "") if study is Study.SWEEP else ""
    levels = _swept_levels(parts, swept)
    is_single = study is Study.COMPARISON and len(parts) < 2
    kind, over = (Estimand.LEVEL, []) if is_single else ASKED[study]
    question = {
        "kind": kind.value,
        "over": [swept] if levels else over,
        "measures": [text for m in _listed(answer.get("metrics")) if (text := metric_text(m))],
        "margin": answer.get("margin"),
        "text": answer.get("question") if study is Study.OTHER else "",
    }
    split = answer.get("split")
    return {
        **EMPTY,
        **{k: v for k, v in answer.items() if k not in (*FAMILY_KEYS, "split", "margin")},
        "algorithms": parts,
        "factors": [*_swept_factor(parts, swept, levels), *_seeds(answer)],
        "splits": [split] if split else [],
        "questions": [question],
        "unanswered": [*_texts(answer.get("unmapped"))],
    }


def metric_text(metric: Any) -> Any:
    """Return a metric with a field for its cut-off as `name@cut-off`."""
    if not isinstance(metric, dict) or "name" not in metric:
        return metric
    cut = metric.get("k")
    return str(metric["name"]) if cut is None else f"{metric['name']}@{cut}"


def _with_lowest_rating(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Take `min_rating`, which models know from elsewhere, as the data rule that it is."""
    rest = {k: v for k, v in answer.items() if k != "min_rating"}
    if answer.get("min_rating") is None:
        return rest
    rule = {"rule": "lowest_rating", "amount": answer["min_rating"]}
    return rest | {"data": [rule, *_listed(rest.get("data"))]}


def _swept_levels(parts: list[dict[str, Any]], swept: str) -> list[Any]:
    """Return the values of the swept hyperparameter, each once; its algorithms get a base."""
    levels = []
    for part in parts:
        value = _setting(part.get("config"), swept)
        if swept and isinstance(value, str | int | float):
            part["base"] = str(part.get("name")).split(" ")[0]
            levels.append(value)
    return list(dict.fromkeys(levels))


def _swept_factor(parts: list[dict[str, Any]], swept: str, levels: list[Any]) -> list[Any]:
    of = list(dict.fromkeys(part["base"] for part in parts if "base" in part))
    return [{"name": swept, "levels": levels, "role": "compared", "of": of}] if levels else []


def _setting(config: Any, name: str) -> Any:
    """Return the value of a hyperparameter; None where it is not set."""
    if isinstance(config, dict):
        return config.get(name)
    settings = [s for s in _listed(config) if isinstance(s, dict)]
    return next((s.get("value") for s in settings if s.get("name") == name), None)


def _seeds(answer: Mapping[str, Any]) -> list[Any]:
    """Return the factor of the model seeds, fixed where there is one."""
    first, count = answer.get("first_seed", 0), answer.get("seed_count", 1)
    name = FactorKind.MODEL_SEED.value
    if not isinstance(first, int) or not isinstance(count, int):
        return [{"name": name, "levels": [count], "role": FactorRole.REPEATED.value, "of": []}]
    is_one = count == 1
    role = FactorRole.FIXED if is_one else FactorRole.REPEATED
    levels = [first] if is_one else [f"{first} to {first + count - 1}"]
    return [{"name": name, "levels": levels, "role": role.value, "of": []}]


def _texts(value: Any) -> list[str]:
    return [str(v) for v in _listed(value)]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []

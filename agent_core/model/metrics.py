"""The metrics of a model's plan, by the names that the product has for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from agent_core.domain import Metric
from agent_core.domain.metric import KINDS, kind_of_metric, usual_name
from agent_core.model.likeness import plain
from agent_core.model.mending import number_in, shown

MAX_CUT, MIN_LIKENESS = 1000, 0.84
NDCG, RMSE = "ndcg", "rmse"
NAME = re.compile(r"[a-z][a-z0-9_]*")


def metrics_of(
    texts: Iterable[str], list_length: int, *, has_ratings: bool, notes: list[str]
) -> list[Metric]:
    """Return the metrics that can be measured, each once."""
    found: dict[Metric, None] = {}
    for text in texts:
        metric = metric_in(text, list_length, notes)
        if metric is None:
            notes.append(f"“{shown(text)}” is no metric and is left out.")
        elif metric.is_rating and not has_ratings:
            notes.append(f"{metric.label} is left out: the data have no ratings.")
        else:
            found[metric] = None
    return list(found)


def metric_in(text: str, list_length: int, notes: list[str]) -> Metric | None:
    """Return the metric that a text names: `ndcg@10`; None where it names none."""
    name, _, cut = text.strip().partition("@")
    written = usual_name(name).replace(" ", "_").replace("-", "_")
    known = _known_name(written)
    if known is None:
        return None
    if known != written:
        notes.append(f"The metric “{shown(name)}” is read as {known}.")
    kind = kind_of_metric(known)
    number = number_in(cut) if cut else None
    k = int(number) if number is not None and 1 <= number <= MAX_CUT else None
    if cut and k is None and not kind.is_rating:
        taken = f"; {list_length} is taken" if kind.needs_k else ""
        notes.append(f"{known}: “{shown(cut)}” is no cut-off within 1 to {MAX_CUT}{taken}.")
    if k is None and kind.needs_k:
        k = max(1, list_length)
    return Metric(known, None if kind.is_rating else k)


def metric_like(text: str, known: Sequence[Metric]) -> Metric | None:
    """Return the planned metric that a question names; without a cut-off the first of its name."""
    by_key = {plain(m.key): m for m in reversed(known)}
    by_label = {plain(m.label): m for m in reversed(known)}
    by_name = {m.name: m for m in reversed(known)}
    name, _, cut = text.partition("@")
    same = by_key.get(plain(text)) or by_label.get(plain(text))
    own = by_name.get(usual_name(name)) if not cut else None
    with_cut = next((m for m in known if m.name == usual_name(name) and str(m.k) == cut), None)
    return same or own or with_cut


def _known_name(written: str) -> str | None:
    """Return a name of the product's that is like one that is written; else that, if it is one."""
    names = [kind.name for kind in KINDS]
    if written in names:
        return written
    turned = [n for n in names if sorted(n) == sorted(written)]
    like = turned or get_close_matches(written, names, 1, MIN_LIKENESS)
    if like:
        return like[0]
    return written if NAME.fullmatch(written) else None

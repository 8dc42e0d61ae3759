"""BibTeX of what a run used: data, library, algorithms, metrics, statistics."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from agent_core.domain import study_of
from agent_core.report.answer_methods import references_of
from agent_core.report.report_inputs import ReportInputs
from agent_core.report.texts import TEXTS
from agent_core.statistics.answered import FAMILIES
from agent_core.statistics.facts import Facts


def bibtex(inputs: ReportInputs) -> str:
    """Return the entries of what a run used, each once."""
    known = _known_entries()
    return "\n\n".join(known[key] for key in dict.fromkeys(entries(inputs)))


def entries(inputs: ReportInputs) -> Iterable[str]:
    """Yield the keys of the entries, in the order of a methods section."""
    plan = inputs.plan
    if any("movielens" in (d.known_as or "").lower() for d in inputs.datasets):
        yield "harper2015movielens"
    if "lenskit" in {name.lower() for name in inputs.installed.versions}:
        yield "ekstrand2020lenskit"
    for algorithm in plan.algorithms:
        if algorithm.kind in TEXTS["cited"]:
            yield TEXTS["cited"][algorithm.kind]
    if any(m.name == "ndcg" for m in plan.metrics):
        yield "jarvelin2002cumulated"
    if study_of(plan) not in FAMILIES:
        yield from references_of(inputs.answers)
    elif inputs.facts is not None:
        yield from _statistics_used(inputs.facts)


def _statistics_used(facts: Facts) -> Iterable[str]:
    """Yield the keys of the statistics that stand behind recorded facts."""
    intervals = [i for s in facts.summaries for i in (s.user_interval, s.run_interval)]
    methods = {i.method for i in [*intervals, *(c.interval for c in facts.comparisons)]}
    tests = {c.test for c in facts.comparisons}
    used = {
        "efron1979bootstrap": any("bootstrap" in m for m in methods),
        "efron1987better": any(s.boot_interval.is_known for s in facts.summaries),
        "nadeau2003inference": any("Nadeau" in m for m in methods),
        "smucker2007comparison": any("sign-flip" in t for t in tests),
        "mcnemar1947note": any("McNemar" in t for t in tests),
        "holm1979simple": any(c.family > 1 for c in facts.comparisons),
        "schuirmann1987comparison": any(c.equivalence for c in facts.comparisons),
        "kendall1945treatment": bool(facts.orders),
    }
    yield from (entry for entry, is_used in used.items() if is_used)


@cache
def _known_entries() -> dict[str, str]:
    """Return the entries of the file beside this module by their keys."""
    text = Path(__file__).with_suffix(".bib").read_text(encoding="utf-8")
    return {e.partition("{")[2].partition(",")[0]: e for e in text.strip().split("\n\n")}

"""How the answers to a plan's questions were computed, for methods sections and references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from agent_core.domain import Estimand
from agent_core.report.number_texts import methods_of
from agent_core.statistics.answers.answer import Answer, Estimate, PairTest, Statistic

NAMED = {
    Statistic.SD: "standard deviations",
    Statistic.SD_RATIO: "ratios of standard deviations",
    Statistic.VARIANCE_SHARE: "shares of the variance",
    Statistic.TREND: "trends",
    Statistic.TAU: "agreement of orders (tau-b)",
    Statistic.CHOSEN: "test values of what was chosen",
    Statistic.COUNT: "counts",
}
"""What statistics are called in the plural where their name does not do."""
ZEROS = "users without a difference stay in"
NO_MARGIN = "no margin of equivalence was set: a missing difference is no equality"


def methods_of_answers(answers: Sequence[Answer], means: Iterable[Estimate] = ()) -> str:
    """Return what intervals and tests of a design's answers are, a clause each."""
    return "; ".join(_clauses(answers, [*_estimates(answers), *means]))


def references_of(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield the keys of the entries that stand behind the answers of a design."""
    found = [*_estimates(answers)]
    tests, kinds = [*_tests(found)], {e.statistic for e in found}
    methods = {e.interval.method for e in found if e.interval.is_known}
    asked = {a.kind for a in answers if a.estimates}
    used = {
        "efron1979bootstrap": any("bootstrap" in m for m in methods),
        "efron1987better": any("sd_boot_low" in e.more for e in found),
        "nadeau2003inference": any("Nadeau" in m for m in methods),
        "welch1947generalization": any("Welch" in m for m in methods),
        "clopper1934use": "Clopper-Pearson" in methods,
        "smucker2007comparison": any("sign-flip" in t.name for t in tests),
        "mcnemar1947note": any("McNemar" in t.name for t in tests),
        "pratt1959remarks": any(t.named == "wilcoxon" for t in tests),
        "holm1979simple": any(t.family > 1 for t in tests),
        "schuirmann1987comparison": any(t.equivalence for t in tests),
        "page1963ordered": Statistic.TREND in kinds,
        "kendall1945treatment": Statistic.TAU in kinds,
        "yilmaz2008new": any("tau_ap" in e.more for e in found),
        "searle1992variance": bool(kinds & {Statistic.SD_RATIO, Statistic.VARIANCE_SHARE}),
        "dodge2019show": Statistic.EXPECTED_BEST in kinds,
        "cawley2010overfitting": Estimand.CHOICE in asked,
    }
    yield from (key for key, is_used in used.items() if is_used)


def _estimates(answers: Iterable[Answer]) -> Iterator[Estimate]:
    return chain.from_iterable(a.estimates for a in answers)


def _tests(found: Iterable[Estimate]) -> Iterator[PairTest]:
    return (e.test for e in found if e.test is not None)


def _clauses(answers: Sequence[Answer], found: Sequence[Estimate]) -> Iterator[str]:
    for statistic in dict.fromkeys(e.statistic for e in found):
        yield from _interval_clauses(statistic, [e for e in found if e.statistic is statistic])
    tests = [*_tests(found)]
    names = dict.fromkeys(name for t in tests for name in (t.name, t.named) if name)
    if names:
        holm = ", Holm over the pairs of each question" if any(t.family > 1 for t in tests) else ""
        yield f"tests paired over the same users, two-sided: {', '.join(names)}{holm}; {ZEROS}"
        yield "only the first measure of the first question confirms, all else explores"
        yield from _equivalence_clauses(tests)
    held = dict.fromkeys(a.held for a in answers if a.held)
    if held:
        yield f"held fixed: {' or '.join(held)}"


def _interval_clauses(statistic: Statistic, found: Sequence[Estimate]) -> Iterator[str]:
    """Yield how the intervals of a statistic were made, by what they are over."""
    name = NAMED.get(statistic, f"{statistic.value.replace('_', ' ')}s")
    for over in dict.fromkeys(e.interval.over for e in found if e.interval.is_known):
        methods = methods_of(e.interval for e in found if e.interval.over == over)
        yield f"{name}: 95 % {' or '.join(methods)} over {over}"


def _equivalence_clauses(tests: Sequence[PairTest]) -> Iterator[str]:
    tested = [t for t in tests if t.equivalence]
    margins = dict.fromkeys(_margin_text(t) for t in tested)
    if not margins:
        yield NO_MARGIN
        return
    yield (
        f"equivalence: two one-sided tests (TOST) at 5 % each, margin {' or '.join(margins)}, "
        "Holm over the pairs"
    )


def _margin_text(test: PairTest) -> str:
    margin = test.equivalence.margin if test.equivalence else 0.0
    return f"±{100 * margin:g} % of the second" if test.is_ratio_margin else f"±{margin:g}"

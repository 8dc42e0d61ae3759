"""Whether configurations were chosen without a look at the test."""

from __future__ import annotations

from collections import Counter

from agent_core.checks.result import Detail, Result, not_applicable, passed, warned
from agent_core.checks.script.dataflow import chosen_on_test
from agent_core.checks.script.syntax import syntax_tree
from agent_core.checks.script.value_tags import PATTERNS
from agent_core.domain import Study
from agent_core.evidence.evidence import Evidence, recorded_algorithms

ON_TEST, NEGATED = PATTERNS["on_test"], PATTERNS["negated"]


def selected_without_test(evidence: Evidence) -> Result:
    """Look for configurations that were chosen by their values on the test."""
    known = recorded_algorithms(evidence.run)
    declared = [n for n, d in known.items() if names_test(str(d.get("selected_on") or ""))]
    if declared:
        told = "Chosen on test data, so that its values are too good: {algorithms}."
        return warned(told, algorithms=declared)
    classes = {str(d.get("class")) for d in known.values()}
    classes |= {a.kind for a in evidence.plan.algorithms}
    found = chosen_on_test(syntax_tree(evidence.source), filter(str.isidentifier, classes))
    compared = _compared_kinds(evidence)
    told = "{kind} of line {line}"
    hidden = [Detail(told, kind=kind, line=line) for kind, line in found if kind not in compared]
    if hidden:
        return warned(
            "The best of several configurations on the test was kept, so that its values are too "
            "good: {places}.",
            places=hidden,
        )
    if not len(evidence.single):
        return not_applicable("There are no results of single runs.")
    return passed("No configuration is chosen by its values on the test.")


def names_test(text: str) -> bool:
    """Whether a script says that it chose on the test."""
    return bool(ON_TEST.search(NEGATED.sub("", text)))


def _compared_kinds(evidence: Evidence) -> set[str]:
    """Return the classes of which the plan compares several configurations."""
    plan = evidence.plan
    counts = Counter(a.kind for a in plan.algorithms)
    is_sweep = plan.study is Study.SWEEP and plan.swept
    swept = {a.kind for a in plan.algorithms if is_sweep and plan.swept in a.config}
    return swept | {kind for kind, count in counts.items() if count > 1}

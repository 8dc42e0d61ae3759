"""Whether configurations were chosen without a look at the test."""

from __future__ import annotations

import re
from collections import Counter

from agent_core.checks.result import Result, not_applicable, passed, some, warned
from agent_core.checks.script.dataflow import chosen_on_test
from agent_core.checks.script.syntax import syntax_tree
from agent_core.domain import Study
from agent_core.evidence.evidence import Evidence, recorded_algorithms

ON_TEST = re.compile(r"(?<![a-z])test(?!\s+users)", re.IGNORECASE)
NEGATED = re.compile(
    r"\b(?:not|no|never|without|nothing|before|instead of|rather than)\b[^.;,]*"
    r"|\btest[^.;,]*\buntouched",
    re.IGNORECASE,
)


def selected_without_test(evidence: Evidence) -> Result:
    """Look for configurations that were chosen by their values on the test."""
    known = recorded_algorithms(evidence.run)
    declared = [n for n, d in known.items() if names_test(str(d.get("selected_on") or ""))]
    if declared:
        return warned(f"Chosen on test data, so that its values are too good: {some(declared)}.")
    planned = Counter(a.kind for a in evidence.plan.algorithms)
    classes = {str(d.get("class")) for d in known.values()} | set(planned)
    found = chosen_on_test(syntax_tree(evidence.source), {c for c in classes if c.isidentifier()})
    compared = _compared_kinds(evidence)
    hidden = [f"{name} of line {line}" for name, line in found if name not in compared]
    if hidden:
        return warned(
            "The best of several configurations on the test was kept, so that its values are too "
            f"good: {some(hidden)}."
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
    swept = {a.kind for a in plan.algorithms if plan.swept and plan.swept in a.config}
    several = {kind for kind, count in counts.items() if count > 1}
    return several | (swept if plan.study is Study.SWEEP else set())

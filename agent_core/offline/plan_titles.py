"""What plans of the rule-based researcher are called."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.domain import Estimand, FactorKind, FactorRole, Plan, Question, Role, Study
from agent_core.offline.catalogue import HYPERPARAMETERS
from agent_core.rules.design_words import factor_words, measure_text

LONGEST = 40
"""Characters of a list of algorithms; more of them are counted."""
ALGORITHM = FactorKind.ALGORITHM.value


OVER_REPEATED = (
    Estimand.SPREAD,
    Estimand.SPREAD_RATIO,
    Estimand.VARIANCE_SHARES,
    Estimand.FALSE_ALARMS,
    Estimand.STOPPING,
)


def title_of(plan: Plan) -> str:
    """Return a short title that names what is studied: the measures, of what, over what."""
    names = list(dict.fromkeys(a.family for a in plan.algorithms if a.role is Role.SUBJECT))
    shown = _listed(names) if len(_listed(names)) <= LONGEST else f"{len(names)} algorithms"
    shown = shown or "the data"
    question = plan.questions[0] if plan.questions else Question(Estimand.LEVEL)
    if plan.study is Study.SEED_VARIANCE and plan.factor(FactorKind.SPLIT_SEED) is None:
        return f"Seed effect on {shown}"
    if plan.study is Study.SWEEP:
        return f"{_plain(question.over)} of {shown}" if question.over else f"Sweep of {shown}"
    if question.kind is Estimand.COUNTS:
        varied = _plain(question.over, is_first=False)
        return f"Users, items and interactions{f' by {varied}' * bool(varied)}"
    varied = _varied(plan, question)
    if varied and plan.algorithms:
        return f"{_measures(plan, question)} of {shown} {_along(question.kind)} {varied}"
    return f"Comparison of {shown}" if len(names) > 1 else f"Test of {shown}"


def _varied(plan: Plan, question: Question) -> str:
    """Return what a question is over beside the algorithms; what it is within, if nothing."""
    over = [n for n in question.over if n != ALGORITHM]
    names = over or [n for n in question.within if n != ALGORITHM]
    compared = [f.name for f in plan.factors if f.role is FactorRole.COMPARED]
    names = names or [n for n in compared if n != ALGORITHM]
    if question.kind is Estimand.SPREAD:
        repeated = [f.name for f in plan.factors if f.role is FactorRole.REPEATED]
        names = [*over, *(n for n in repeated if n not in over)]
    return _plain(names, is_first=False)


def _along(kind: Estimand) -> str:
    return "over" if kind in OVER_REPEATED else "by"


def _measures(plan: Plan, question: Question) -> str:
    keys = question.measures or (plan.primary.key,)
    shown = _listed([measure_text(k) for k in keys[:2]])
    return shown[:1].upper() + shown[1:]


def _plain(names: Sequence[str], *, is_first: bool = True) -> str:
    """Return factors in words: one level of each, several where they are repeated."""
    shown = _listed([_title(name) for name in names])
    return shown[:1].upper() + shown[1:] if is_first else shown


def _title(name: str) -> str:
    known = HYPERPARAMETERS.get(name)
    is_repeated = name in (FactorKind.MODEL_SEED, FactorKind.SPLIT_SEED, FactorKind.FOLD)
    return known.title.lower() if known else factor_words(name)[is_repeated]


def _listed(names: Sequence[str]) -> str:
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last

"""What a plan says is reported, matched with what script and product made of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from agent_core.domain import Plan, with_design
from agent_core.evidence.evidence import Evidence
from agent_core.rules.requested import Form, Requested, Shown, requested, requested_of, shown_by
from agent_core.statistics.answers.answer import Answer, FigureKind, Statistic
from agent_core.statistics.facts import Facts
from sandbox.execution import Artifact

PICTURES = (".png", ".jpg", ".jpeg")
"""Endings of figures that threads and reports show."""
IMAGES = (*PICTURES, ".svg", ".pdf")
DRAWN_AS: Mapping[FigureKind, tuple[str, ...]] = {
    FigureKind.CURVES: ("curves",),
    FigureKind.SLOPES: ("curves",),
    FigureKind.DISTRIBUTIONS: ("distributions",),
    FigureKind.HEAT_MAP: ("heat_map",),
    FigureKind.SCATTER: ("scatter",),
}
"""What people call the figures of answers; the others go by no name that tasks use."""
RUN_TABLES = ("mean", "sd")
COMPARED = ("difference", "mean")
PRODUCTS_OWN = ("cells", "per_user", "results", "run")
"""Beginnings of files that the helper derives: no table that somebody asked for."""
MOST_COUNTED = 12
"""Things of one kind up to which all are looked for."""
HEAD = 4096
FEW_WORDS = 4
HALF = 0.5
"""Share of the words of a request that has to be said of what answers it."""
_WORD = re.compile(r"[a-z][a-z0-9@_]+")
_SHORT = 4
"""Letters from which a word tells what something shows."""


@dataclass(frozen=True, slots=True)
class Made:
    """A figure, a table or the values of an answer that there are."""

    name: str
    """Of its file without the ending; of values the question."""
    form: Form
    shown: Shown
    says: str = ""
    """What a script says that it shows."""
    path: Path | None = None
    """The script's file."""

    def answers(self, wanted: Requested) -> bool:
        """Whether it is what somebody asked for: it shows it, or the script says so.

        Where no word of the request was recognised, anything of its form may be it.
        """
        if self.form is not wanted.form:
            return False
        return self.shown.holds(wanted.shown) or self.likeness(wanted) > HALF

    def likeness(self, wanted: Requested) -> float:
        """Return the share of the words of a request that the script says of it.

        A request that says more besides counts by the script's words, where these are not few.
        """
        asked, said = _words(wanted.text), _words(self.says)
        fewest = len(asked) if len(said) < FEW_WORDS else min(len(asked), len(said))
        return self.shared(wanted) / max(1, fewest)

    def shared(self, wanted: Requested) -> int:
        """Return how many words of a request the script says of it."""
        return len(_words(wanted.text) & _words(self.says))


@dataclass(frozen=True, slots=True)
class Matched:
    """Something that is to be reported, and what there is of it."""

    wanted: Requested
    made: tuple[Made, ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether it was read and is not there; values that no word tells are not judged."""
        is_read = self.wanted.form is not Form.VALUE or not self.wanted.shown.is_empty
        return is_read and len(self.made) < min(self.wanted.count, MOST_COUNTED)


def matched_requests(
    evidence: Evidence, facts: Facts, answers: Sequence[Answer]
) -> tuple[Matched, ...]:
    """Return what the plan says is reported, each with what there is of it."""
    plan = with_design(evidence.plan)
    products = [*_of_answers(answers), *_of_runs(plan, facts)]
    scripts = list(_of_script(evidence, plan))
    made = [*scripts, *products, *_values([m.shown for m in products])]
    found = tuple(
        Matched(wanted, _best_first(wanted, [m for m in made if m.answers(wanted)]))
        for wanted in requested_of(plan)
    )
    known = {m for matched in found for m in matched.made[: matched.wanted.count]}
    return (*found, *_of_requirements(plan, [m for m in scripts if m not in known]))


def is_picture(name: str) -> bool:
    """Whether threads and reports show a file of this name."""
    return name.lower().endswith(PICTURES)


def script_names(artifacts: Iterable[Artifact]) -> tuple[str, ...]:
    """Return the names of the figures and tables that a script saved, without their endings."""
    paths = (PurePosixPath(a.name) for a in artifacts)
    return tuple(dict.fromkeys(p.stem for p in paths if _form_of(p) is not None))


def unmatched(plan: Plan) -> tuple[Matched, ...]:
    """Return what a plan says is reported where nothing was delivered."""
    return tuple(map(Matched, requested_of(with_design(plan))))


def missing_requests(matched: Iterable[Matched]) -> tuple[str, ...]:
    """Return what was to be reported and is not there, in the plan's own words."""
    return tuple(m.wanted.text for m in matched if m.is_missing)


def _of_requirements(plan: Plan, made: Iterable[Made]) -> Iterator[Matched]:
    """Yield what a script says that it shows in the words of a requirement, with that one.

    A requirement is judged: what is missing of it is told there.
    """
    wanted = [requested(r.text, plan) for r in plan.requirements]
    for one in made:
        alike = [w for w in wanted if one.likeness(w) > HALF]
        best = max(alike, key=lambda w: (w.form is one.form, one.shared(w)), default=None)
        if best is not None:
            yield Matched(Requested(best.text, one.form, one.shown), (one,))


def _best_first(wanted: Requested, made: Sequence[Made]) -> tuple[Made, ...]:
    """Return what the script says is asked for before what only shows the same."""
    return tuple(sorted(made, key=lambda m: -m.likeness(wanted)))


def _of_answers(answers: Sequence[Answer]) -> Iterator[Made]:
    """Yield figures and tables of the answers that have estimates."""
    for number, answer in enumerate(answers, start=1):
        if not answer.estimates:
            continue
        shown = _shown_by_answer(answer)
        name = f"question_{number}"
        if len(answer.figure.frame):
            drawings = frozenset(DRAWN_AS.get(answer.figure.kind, ()))
            parts = (shown.metrics, shown.factors, shown.statistics)
            yield Made(name, Form.FIGURE, Shown(*parts, drawings))
        if len(answer.table):
            yield Made(name, Form.TABLE, shown)


def _values(parts: Sequence[Shown]) -> Iterator[Made]:
    """Yield the values of all answers and runs as one: a text may ask for all of them."""
    if parts:
        metrics, factors, statistics = (
            frozenset[str]().union(*(getattr(s, name) for s in parts))
            for name in ("metrics", "factors", "statistics")
        )
        yield Made("answers", Form.VALUE, Shown(metrics, factors, statistics))


def _shown_by_answer(answer: Answer) -> Shown:
    """Return what the estimates of an answer show."""
    question = answer.question
    statistics = {e.statistic.value for e in answer.estimates}
    if any(e.test or e.statistic is Statistic.RATIO for e in answer.estimates):
        statistics.add("difference")
    if statistics & {Statistic.STABILITY.value, Statistic.WINNER.value}:
        statistics.add(Statistic.TAU.value)
    if Statistic.SD_RATIO.value in statistics:
        statistics |= {Statistic.SD.value, Statistic.RATIO.value}
    factors = {n for e in answer.estimates for n in (*e.levels, *e.against, *e.within)}
    measures = {*question.measures, *(e.measure for e in answer.estimates)}
    return Shown(
        frozenset(m.partition("@")[0] for m in measures),
        frozenset({*question.over, *question.within, *factors}),
        frozenset(statistics),
    )


def _of_runs(plan: Plan, facts: Facts) -> Iterator[Made]:
    """Yield what the statistics of runs come to: tables a line a run, the overview."""
    if not facts.summaries:
        return
    metrics = frozenset(s.metric.name for s in facts.summaries)
    factors = frozenset(f.name for f in plan.factors)
    compared = COMPARED if facts.comparisons else COMPARED[1:]
    spread = ("sd",) if any(math.isfinite(s.sd) for s in facts.summaries) else ()
    yield Made("per_run", Form.TABLE, Shown(metrics, factors, frozenset((*RUN_TABLES, *spread))))
    statistics = frozenset((*compared, *spread))
    yield Made("comparison", Form.FIGURE, Shown(metrics, factors & {"algorithm"}, statistics))


def _of_script(evidence: Evidence, plan: Plan) -> Iterator[Made]:
    """Yield the figures and tables that a script saved, with what it says that they show."""
    seen: set[tuple[Form, str]] = set()
    # A figure is saved as a picture and for print: the picture is what can be shown.
    for artifact in sorted(evidence.execution.artifacts, key=lambda a: not is_picture(a.name)):
        path = PurePosixPath(artifact.name)
        stem = str(path.with_suffix(""))
        form = _form_of(path)
        if form is None or (form, stem) in seen or not artifact.size:
            continue
        seen.add((form, stem))
        says = _said(evidence.run, f"{form.value}s", stem)
        told = " ".join((says, re.sub(r"[_/.-]+", " ", stem), _head(artifact.path, form)))
        yield Made(stem, form, shown_by(told, plan), says, artifact.path)


def _form_of(path: PurePosixPath) -> Form | None:
    if len(path.parts) > 1 or path.stem.startswith(PRODUCTS_OWN):
        return None
    if path.suffix.lower() in IMAGES:
        return Form.FIGURE
    return Form.TABLE if path.suffix.lower() == ".csv" else None


def _said(run: Mapping[str, Any], kind: str, stem: str) -> str:
    """Return what a script says that a figure or table shows."""
    told = run.get(kind)
    return str(told.get(stem, "")) if isinstance(told, Mapping) else ""


def _head(path: Path, form: Form) -> str:
    """Return the names of a table's columns as words."""
    if form is not Form.TABLE:
        return ""
    try:
        with path.open("rb") as stream:
            line = stream.readline(HEAD).decode("utf-8", "replace")
    except OSError:
        return ""
    return re.sub(r"[_,;\t\"]+", " ", line).strip()


def _words(text: str) -> frozenset[str]:
    """Return the words of a text that tell what something shows, without their endings."""
    return frozenset(w.rstrip("s") for w in _WORD.findall(text.lower()) if len(w) >= _SHORT)

"""Reads a text into a design: factors with levels, rules, measures, typed questions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from agent_core.domain import (
    DataRules,
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    Level,
    LevelValue,
    Metric,
    Order,
    Question,
    Unanswered,
)
from agent_core.offline.designs.asked import (
    PATTERNS as ASKED,
    Clause,
    clauses_in,
    reason_against,
    says,
)
from agent_core.offline.designs.conditions import conditions_of
from agent_core.offline.designs.data import data_of
from agent_core.offline.designs.entities import (
    algorithms_in,
    cuts_in,
    measures_in,
    metrics_in,
    with_cuts,
)
from agent_core.offline.designs.levels import (
    grids_of,
    joined_before,
    model_seeds_of,
    owners_of,
    profiles_of,
    reranks_of,
    shares_of,
    split_seeds_of,
)
from agent_core.offline.designs.quantities import Role, seen_by, with_topics
from agent_core.offline.designs.questions import questions_of
from agent_core.offline.designs.remains import unanswered_of
from agent_core.offline.designs.splits import Fields, labels_of, splits_of, validation_gaps
from agent_core.offline.designs.structure import Structure
from agent_core.offline.designs.text import REMEMBERED, Sentence, blotted, sentences_of
from agent_core.offline.designs.words import PATTERNS as WORDS

MEASURED = Metric("ndcg", 10)
"""What is measured where a text names no metric."""
_READERS = (
    (FactorKind.SPLIT_SEED, split_seeds_of, (Role.SPLIT, Role.SEED)),
    (FactorKind.MODEL_SEED, model_seeds_of, (Role.SEED, Role.SPLIT)),
    (FactorKind.TRAIN_SHARE, shares_of, (Role.SHARE, Role.TRAINING)),
    (FactorKind.PROFILE_SIZE, profiles_of, (Role.PROFILE, Role.EVENT)),
    (FactorKind.RERANK, reranks_of, (Role.SETTING,)),
)
"""Factors whose levels are read one after the other, and of which numbers; what one has used, the
next does not see."""
_REPEATED = (FactorKind.SPLIT_SEED, FactorKind.MODEL_SEED)
A_PAIR = 2
NAMED_LIMITS = ("margin", "tolerance")


@dataclass(frozen=True, slots=True)
class Design:
    """What a text says of a design; empty where it says nothing."""

    algorithms: tuple[str, ...] = ()
    factors: tuple[Factor, ...] = ()
    """Those that stand in the text as lists or numbers of levels; not algorithm, data, split."""
    data: tuple[Level[DataRules], ...] = ()
    splits: tuple[Fields, ...] = ()
    """The fields of each split level that the text says."""
    metrics: tuple[Metric, ...] = ()
    validated: tuple[Metric, ...] = ()
    questions: tuple[Question, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    datasets: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    """What is compared without being named."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def levels(self, kind: FactorKind) -> tuple[LevelValue, ...]:
        """Return the levels of a factor; empty where the text names none."""
        return next((f.levels for f in self.factors if f.kind is kind), ())

    @property
    def grids(self) -> tuple[Factor, ...]:
        """The hyperparameters with several values."""
        return tuple(f for f in self.factors if f.kind is FactorKind.HYPERPARAMETER)

    @property
    def has_validation(self) -> bool:
        """Whether something is chosen on a validation part."""
        return any(s.get("has_validation") for s in self.splits)


@lru_cache(REMEMBERED)
def read_design(
    text: str,
    datasets: tuple[str, ...] = (),
    taken: tuple[str, ...] = (),
    assumed: tuple[Factor, ...] = (),
) -> Design:
    """Read a text.

    Parameters
    ----------
    text
        A task or a reply.
    datasets
        The names of the datasets that there are.
    taken
        Algorithms that ambiguous words are taken for.
    assumed
        Factors that the kind of study has where the text names no levels.
    """
    sentences = with_topics(sentences_of(text))
    named = (m.name for s in sentences for m in algorithms_in(s.text))
    algorithms = tuple(dict.fromkeys((*named, *taken)))
    factors, rest = _factors(sentences, algorithms)
    data = data_of([_without_test_users(s) for s in rest])
    splits = splits_of([_without_limits(s) for s in rest])
    levels = _thinned(splits.levels, factors, sentences)
    design = Design(
        algorithms=algorithms,
        factors=(*factors, *_not_said(assumed, factors, algorithms)),
        data=data.levels,
        splits=levels,
        metrics=_metrics(rest),
        datasets=_datasets(text, datasets),
        assumed=data.assumed,
    )
    design = _with_questions(design, sentences)
    return replace(design, unanswered=(*design.unanswered, *validation_gaps(sentences, levels)))


def structure_of(design: Design) -> Structure:
    """Return the factors of a design as questions see them, with data, split and algorithm."""
    role = FactorRole.COMPARED
    found = list(design.factors)
    names = [level.name for level in design.data]
    if len(names) > 1:
        found.insert(0, Factor(FactorKind.DATA.value, tuple(names), role))
    if len(design.splits) > 1:
        levels = tuple(map(split_name, design.splits))
        found.insert(0, Factor(FactorKind.SPLIT.value, levels, role))
    if design.datasets:
        found.insert(0, Factor(FactorKind.DATASET.value, design.datasets, role))
    folds = {s.get("folds", 1) for s in design.splits} - {1}
    if len(folds) == 1:
        repeated, count = FactorRole.REPEATED, folds.pop()
        found.append(Factor(FactorKind.FOLD.value, tuple(range(count)), repeated))
    if len(design.algorithms) > 1:
        found.insert(0, Factor(FactorKind.ALGORITHM.value, design.algorithms, role))
    metrics = design.metrics or (MEASURED,)
    return Structure(design.algorithms, tuple(found), metrics, design.has_validation)


def split_name(fields: Fields) -> str:
    """Return the short name of a split level, usable in file names."""
    kind = fields.get("kind")
    words = [str(kind.value).replace("_", "-") if kind else "split"]
    is_dated = bool(kind and (kind.is_timed or kind.is_single))
    words += [Order.NEWEST.value] * (fields.get("order") is Order.NEWEST and not is_dated)
    if "holdout" in fields:
        words.append(f"{fields['holdout']:.0%}")
    elif fields.get("held_out", 1) != 1:
        words.append(str(fields["held_out"]))
    return " ".join(words)


def _not_said(
    assumed: Sequence[Factor], said: Sequence[Factor], algorithms: Sequence[str]
) -> list[Factor]:
    """Return what is assumed, where the text names no factor by its levels."""
    hyper = FactorKind.HYPERPARAMETER
    return [
        replace(f, of=owners_of(f.name, algorithms)) if f.kind is hyper else f
        for f in assumed
        if not said
    ]


def _factors(
    sentences: Sequence[Sentence], algorithms: Sequence[str]
) -> tuple[tuple[Factor, ...], list[Sentence]]:
    """Return the factors that sentences name, and the sentences without what was used."""
    found: dict[str, Factor] = {}
    rest = []
    for sentence in sentences:
        text = sentence.text
        for kind, read, roles in _READERS:
            role = FactorRole.REPEATED if kind in _REPEATED else FactorRole.COMPARED
            levels, spans = read(seen_by(text, roles))
            of = _trained_of(text, spans) if kind is FactorKind.MODEL_SEED else ()
            text = blotted(text, spans)
            if len(levels) > 1:
                known = found.get(kind.value, Factor(kind.value, tuple(levels), role))
                if len(levels) > len(known.levels) == A_PAIR:  # `between 2 runs` tells no number
                    known = replace(known, levels=tuple(levels))
                found[kind.value] = replace(known, of=tuple(dict.fromkeys((*known.of, *of))))
        grids, spans = grids_of(replace(sentence, text=text), algorithms)
        text = blotted(text, spans)
        for factor in grids:
            found[_grid_key(factor, found)] = factor
        rest.append(replace(sentence, text=text))
    return tuple(found.values()), rest


def _thinned(
    splits: tuple[Fields, ...], factors: Sequence[Factor], sentences: Sequence[Sentence]
) -> tuple[Fields, ...]:
    """Return splits of which the newest stays in training, where a text thins it so."""
    kinds = {f.kind for f in factors} & {FactorKind.TRAIN_SHARE, FactorKind.PROFILE_SIZE}
    if not kinds or not any(WORDS["thinned_newest"].search(s.text) for s in sentences):
        return splits
    return tuple({**fields, "thinned_by": Order.NEWEST} for fields in splits or ({},))


def _trained_of(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the algorithms whose trainings a number of seeds is of: those in the same piece."""
    found: list[str] = []
    for start, end in spans:
        pieces = list(re.finditer(r"[^,;:.()]+", text))
        piece = next((p for p in pieces if p.start() <= start and end <= p.end()), None)
        said = piece[0] if piece else ""
        if piece and piece.start() and text[piece.start() - 1] == "(":
            said = text[: piece.start() - 1].rpartition(",")[2]
        found += [m.name for m in algorithms_in(said)]
        found += joined_before(text, start) if algorithms_in(said) else ()
    return tuple(dict.fromkeys(found))


def _grid_key(factor: Factor, found: Mapping[str, Factor]) -> str:
    """Return the key of a hyperparameter: one name can be varied in several algorithms."""
    return factor.name if factor.name not in found else f"{factor.name} {' '.join(factor.of)}"


def _without_test_users(sentence: Sentence) -> Sentence:
    """Return a sentence without who is tested and cut-offs, which are no samples of the data."""
    names = ("test_users", "test_user_share")
    spans = [m.span() for n in names for m in WORDS[n].compiled.finditer(sentence.text)]
    spans += [(c.start, c.end) for c in cuts_in(sentence.text)]
    return replace(sentence, text=blotted(sentence.text, spans))


def _without_limits(sentence: Sentence) -> Sentence:
    spans = [
        m.span() for name in NAMED_LIMITS for m in ASKED[name].compiled.finditer(sentence.text)
        if "%" in m[0] and not re.search(r"\bof\s+(?:each|every|the\s+users)|test|held", m[0])
    ]  # fmt: skip
    return replace(sentence, text=blotted(sentence.text, spans))


def _metrics(sentences: Sequence[Sentence]) -> tuple[Metric, ...]:
    """Return the metrics that sentences name, each with its cut-offs; the main one first."""
    found = [m for s in sentences for m in measures_in(s.text)]
    alone = [c for s in sentences if not metrics_in(s.text) for c in cuts_in(s.text)]
    full = with_cuts(found, [*found, *(Metric("", k) for c in alone for k in c.values)])
    main = [
        m
        for s in sentences
        if says("primary_word", s.text)
        for m in _main_of(s.text)
    ]  # fmt: skip
    first = [m for m in with_cuts(main, found) if m in full][:1]
    return tuple(dict.fromkeys((*first, *full)))


def _main_of(text: str) -> tuple[Metric, ...]:
    """Return the metric that a sentence calls the main one."""
    match = ASKED["primary_word"].search(text)
    before = measures_in(text[: match.end()]) if match else ()
    after = measures_in(text[match.start() :]) if match else ()
    return before[-1:] or after[:1]


def _with_questions(design: Design, sentences: Sequence[Sentence]) -> Design:
    clauses = clauses_in(sentences)
    asked = tuple(c for c in clauses if not reason_against(c))
    names = map(split_name, design.splits)
    labels = dict(zip(labels_of(sentences), names, strict=False))
    said = tuple(s.text for s in sentences)
    structure = replace(structure_of(design), labels=labels, said=said)
    questions, used = questions_of(asked, structure)
    left = (*unanswered_of(clauses, used, structure), *conditions_of(clauses, used, questions))
    design = replace(design, questions=questions, unanswered=left)
    is_chosen = any(q.kind is Estimand.CHOICE for q in questions)
    return replace(design, validated=_validated(design, clauses)) if is_chosen else design


def _validated(design: Design, clauses: Sequence[Clause]) -> tuple[Metric, ...]:
    """Return the metrics that a choice is made by: those named beside it, else the first."""
    named = [
        m
        for c in clauses
        if says("choice", c.text) or re.search(r"\bvalidation\b", c.text)
        for m in c.measures
    ]
    full = [m for m in with_cuts(named, design.metrics) if m in design.metrics]
    return tuple(dict.fromkeys(full))[:1] or design.metrics[:1]


def _datasets(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the datasets that are compared: those that a text names, or all of them."""
    if len(names) < 2:
        return ()
    stems = {n: n.rpartition(".")[0] or n for n in names}
    named = [n for n, stem in stems.items() if re.search(re.escape(stem), text, re.IGNORECASE)]
    is_of_all = re.search(
        r"\b(?:both|two|2|each|all|either)\b[^.;]{0,20}\b(?:data|files?\b)", text, re.I
    )
    return tuple(named if len(named) > 1 else names if is_of_all else ())

"""Reads a task or a reply: study, algorithms, metrics with cut-offs, split, repetitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from agent_core.data.file_words import file_words
from agent_core.domain import (
    DataRule,
    DataRuleKind,
    DataRules,
    Keep,
    Metric,
    Order,
    SplitKind,
    Study,
)
from agent_core.domain.metric import KINDS
from agent_core.domain.rules import COUNTING
from agent_core.offline.amounts import (
    PATTERNS as AMOUNTS,
    blotted_text,
    cuts_of,
    margin_of,
    metric_spans,
    parameters_of,
    seeds_of,
    swept_parameter,
)
from agent_core.offline.catalogue import ALGORITHMS, BEYOND, OUTSIDE, PARAMETERS, word
from agent_core.offline.designs.reading import Design, read_design
from agent_core.offline.text_patterns import PATTERNS as TEXTS, says
from agent_core.prose.patterns import Pattern
from agent_core.prose.sentences import sentences
from agent_core.rules import data_words, split_fields

CUTLESS = tuple(kind.name for kind in KINDS if kind.is_rating or kind.is_cost)
"""Metrics that have no cut-off."""
DEFAULT_SEEDS = 30
DEFAULT_FOLDS = 5
ONE_EACH = (SplitKind.LEAVE_LAST, SplitKind.LEAVE_ONE_OUT)
CROSSFOLDS = (SplitKind.CROSSFOLD_USERS, SplitKind.CROSSFOLD_RECORDS)
BASELINES = ("Popularity", "Bias")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of a text; empty where it says nothing."""

    study: Study | None = None
    algorithms: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    cutoffs: tuple[int, ...] = ()
    own: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Cut-offs of single metrics, where they are not the same for all."""
    split: SplitKind | None = None
    holdout: float | None = None
    is_newest: bool = False
    """Whether the share is the newest of each user, not a random one."""
    folds: int | None = None
    seeds: int | None = None
    first_seed: int = 0
    min_rating: float | None = None
    counts: tuple[DataRule, ...] = ()
    """The fewest interactions that users and items must have."""
    repeated: Keep | None = None
    """Which of several interactions of a user with an item stay."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    swept: str | None = None
    values: tuple[float, ...] = ()
    outside: tuple[tuple[str, str], ...] = ()
    """Words beyond the grammar, each with the reason."""
    beyond: tuple[str, ...] = ()
    """Kinds of study beyond the grammar that the text asks for."""
    margin: float | None = None
    """Difference of the primary metric that would not matter."""
    notes: tuple[str, ...] = ()
    """How ambiguous words were taken."""
    design: Design = field(default_factory=Design)
    """What has several levels, is measured on a validation part, asked, or left unanswered."""

    @property
    def has_only_outsiders(self) -> bool:
        """Whether all algorithms that are named are unknown."""
        return not self.algorithms and any("algorithms" in reason for _, reason in self.outside)

    @property
    def is_empty(self) -> bool:
        """Whether nothing of an experiment was found."""
        return self == Reading(outside=self.outside, beyond=self.beyond)


def read(text: str) -> Reading:
    """Read a text, a task or a reply."""
    whole = re.sub(r"\s+", " ", text)
    said_of_data = _data_of(whole)
    counts = said_of_data["counts"]
    plain = blotted_text(whole, data_words.count_spans(whole)) if counts else whole
    outside, spans = _outside_of(TEXTS["purpose"].sub(" ", plain))
    clear = blotted_text(plain, spans)
    margin, bounds, unclear = margin_of(plain)
    clear = blotted_text(clear, bounds)
    swept, values, places = swept_parameter(blotted_text(plain, bounds))
    rest = blotted_text(clear, places)
    metrics = tuple(dict.fromkeys(name for _, _, name in metric_spans(clear)))
    algorithms, notes = _algorithms_of(clear, metrics)
    cutoffs, own = cuts_of(rest)
    seeds, first = seeds_of(rest)
    said = split_fields.split_fields([rest])
    kind = said.get("kind")
    reading = Reading(
        algorithms=algorithms,
        metrics=metrics,
        cutoffs=cutoffs,
        own=own,
        split=None if kind in CROSSFOLDS else kind,
        holdout=said.get("holdout"),
        is_newest=said.get("order") is Order.NEWEST and kind not in ONE_EACH,
        folds=said.get("folds") or (DEFAULT_FOLDS if says("crossfold", rest) else None),
        seeds=seeds,
        first_seed=first,
        **said_of_data,
        parameters=_owned_parameters(rest, algorithms, swept),
        swept=swept,
        values=values,
        outside=(*outside, *unclear),
        beyond=_beyond_of(whole),
        margin=margin,
        notes=notes,
    )
    study = _study_of(plain, reading)
    if study is Study.SWEEP and seeds is None and says("seed_effect", plain):
        reading = replace(reading, seeds=DEFAULT_SEEDS)
    return replace(reading, study=study)


def cutoffs_by_metric(reading: Reading) -> dict[str, tuple[int, ...]]:
    """Return the cut-offs of each metric that has one; 10 where nothing is said."""
    shared = tuple(k for k in reading.cutoffs if not any(k in v for v in reading.own.values()))
    default = reading.cutoffs if not reading.own else shared or reading.cutoffs[:1]
    names = reading.metrics or ("ndcg",)
    return {n: reading.own.get(n) or default or (10,) for n in names if n not in CUTLESS}


def metric_values(reading: Reading) -> tuple[Metric, ...]:
    """Return the metrics with their cut-offs; NDCG at 10 where nothing is said."""
    cuts = cutoffs_by_metric(reading)
    found: list[Metric] = []
    for name in reading.metrics or ("ndcg",):
        found += [Metric(name)] if name in CUTLESS else [Metric(name, k) for k in cuts[name]]
    return tuple(found)


def with_cutoffs(reading: Reading, cuts: Mapping[str, tuple[int, ...]]) -> Reading:
    """Return a reading whose metrics have these cut-offs."""
    every = tuple(dict.fromkeys(k for values in cuts.values() for k in values))
    is_shared = all(set(v) == set(every) for v in cuts.values())
    return replace(reading, cutoffs=every, own={} if is_shared else dict(cuts))


def clauses(text: str) -> dict[str, str]:
    """Return the user's own words for each part of a protocol that they speak of."""
    plain = re.sub(r"\s+", " ", text)
    found: dict[str, str] = {}
    for part, patterns in _spoken().items():
        matches = [m for p in patterns for m in p.compiled.finditer(plain)]
        said = [m[0].strip() for m in sorted(matches, key=lambda m: (m.start(), -m.end()))]
        others = {m.lower() for m in said}
        kept = [m for m in said if sum(m.lower() in o for o in others) == 1]
        found |= {part: ", ".join(dict.fromkeys(kept))} if kept else {}
    spans = metric_spans(plain)
    if spans:
        start, end = spans[0][0], spans[-1][1]
        cut = AMOUNTS["cut"].compiled
        behind = cut.match(plain, end) or cut.match(plain, min(len(plain), end + 1))
        found["metrics"] = plain[start : behind.end() if behind else end][:80]
    return found


def unread_wishes(text: str) -> tuple[str, ...]:
    """Return the sentences with a wish in which nothing was understood."""
    found = []
    for number, sentence in enumerate(sentences(text, at_semicolons=True)):
        words = sentence.rstrip(".!;")
        found += _unread_restrictions(words)
        is_lead = number == 0 and words.endswith("?")  # what opens a text leads in
        if is_lead or not says("wishes", words) or says("reported", words):
            continue
        if says("opinion", words):
            continue
        if _is_unread(words):
            found.append(words[:120])
    return tuple(dict.fromkeys(found))


def _unread_restrictions(sentence: str) -> list[str]:
    """Return the parts of a sentence that restrict the data by what nothing reads."""
    parts = (m[0].strip(" ,") for m in TEXTS["restricts"].compiled.finditer(sentence))
    return [p[:120] for p in parts if says("repeats", p) or _is_unread(p)]


def _is_unread(words: str) -> bool:
    """Whether nothing of a design or a file is read in some words."""
    reading = read(words)
    is_empty = reading.is_empty and not reading.outside and not reading.beyond
    return is_empty and read_design(words) == Design() and file_words(words).is_empty


@cache
def _spoken() -> dict[str, tuple[Pattern, ...]]:
    """Return the patterns of what people say of each part of a protocol."""

    def whole_words(names: Iterable[str]) -> tuple[Pattern, ...]:
        return tuple(Pattern(rf"(?<![\w-])(?:{n})", (), ()) for n in names)

    return {
        "algorithms": whole_words(a.names for a in ALGORITHMS if a.name not in BASELINES),
        "baseline": whole_words(a.names for a in ALGORITHMS if a.name in BASELINES),
        "split": split_fields.SPOKEN,
        "seeds": (TEXTS["said_of_seeds"],),
        "configuration": (
            TEXTS["same_settings"],
            *whole_words(rf"\d[\d., ]* (?:{names})\b" for names in PARAMETERS.values()),
        ),
        "data_rules": data_words.SPOKEN,
        "statistics": (TEXTS["said_of_statistics"],),
    }


def _data_of(text: str) -> dict[str, Any]:
    """Return what of the data counts: the lowest rating, numbers, which of repeated pairs."""
    parts = re.split(r"[,:]\s+", text)
    rules = data_words.data_rules(parts)
    lowest = DataRules(rules).lowest_rating
    # What becomes of them may stand behind a comma: `If somebody buys twice, keep the first`.
    every = (*rules, *data_words.data_rules([text]))
    kept = [r.keep for r in every if r.kind is DataRuleKind.REPEATED_PAIRS]
    return {
        "min_rating": data_words.lowest_tested(parts) if lowest is None else lowest,
        "counts": tuple(rule for rule in rules if rule.kind in COUNTING),
        "repeated": kept[0] if kept else None,
    }


def _owned_parameters(text: str, algorithms: tuple[str, ...], swept: str | None) -> dict[str, Any]:
    """Return hyperparameters by name, or by `algorithm:name` where they follow one of several."""
    known = {a.name: a for a in ALGORITHMS}
    places = sorted(
        (match.start(), name)
        for name in algorithms
        for match in list(word(known[name].names).finditer(text))[:1]
    )
    is_shared = re.search(r"\b(?:each|all|both|every|same)\b", text, re.IGNORECASE)
    if not places or is_shared:
        return {k: v for k, v in parameters_of(text).items() if k != swept}
    ends = [*(start for start, _ in places[1:]), len(text)]
    found = {k: v for k, v in parameters_of(text[: places[0][0]]).items() if k != swept}
    for (start, name), end in zip(places, ends, strict=True):
        for key, value in parameters_of(text[start:end]).items():
            if key != swept:
                own = known[name].takes(key) and len(algorithms) > 0
                found[f"{name}:{key}" if own else key] = value
    return found


def _algorithms_of(text: str, metrics: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the algorithms that are named, in their order, and how short names were taken."""
    found: dict[str, int] = {}
    rest = text
    by_length = sorted(ALGORITHMS, key=lambda a: a.name in ("ImplicitMF", "FunkSVD", "Popularity"))
    for known in by_length:
        matches = list(word(known.names).finditer(rest))
        if matches:
            found[known.name] = matches[0].start()
            rest = blotted_text(rest, [m.span() for m in matches])
    rates = bool(metrics) and all(m in CUTLESS for m in metrics)
    notes = []
    for pattern, name, others in (
        (r"k-?nn|(?:nearest )?neighbou?r(?:s|hood) (?:model|method|algorithm)s?",
         "ItemKNN", {"ItemKNN", "UserKNN"}),
        (r"mf|matrix[- ]factori[sz]ation", "BiasedMF" if rates else "ImplicitMF",
         {"ImplicitMF", "BiasedMF", "BPR", "FunkSVD"}),
    ):  # fmt: skip
        match = word(pattern).search(rest)
        if match and not others & set(found):
            found[name] = match.start()
            notes.append(f"“{match[0]}” is taken as {name}")
    return tuple(sorted(found, key=found.__getitem__)), tuple(notes)


def _outside_of(text: str) -> tuple[tuple[tuple[str, str], ...], list[tuple[int, int]]]:
    """Return wishes beyond the grammar, each with the reason, and where they stand."""
    found: dict[str, str] = {}
    spans = []
    for pattern, reason in OUTSIDE.items():
        for match in word(pattern).finditer(text):
            found.setdefault(match[0], reason)
            spans.append(match.span())
    return tuple(found.items()), spans


def _beyond_of(text: str) -> tuple[str, ...]:
    """Return the kinds of study that a text asks for and that are not mine."""
    found = [kind for pattern, kind in BEYOND.items() if re.search(pattern, text, re.IGNORECASE)]
    if len(split_fields.kinds_named(text)) > 1 and re.search(
        r"\bsplits?\b|\bcompar|\bversus\b|\bvs\b", text
    ):
        found.append("a comparison of splits")
    return tuple(dict.fromkeys(found))


def _study_of(text: str, reading: Reading) -> Study | None:
    """Return the kind of study that a text asks for."""
    if reading.swept and reading.values:
        return Study.SWEEP
    subjects = [a for a in reading.algorithms if a not in BASELINES]
    is_about_several = len(subjects) > 1 or (len(reading.algorithms) > 1 and reading.metrics)
    compares = says("compares", text) and bool(reading.algorithms)
    repeats = (reading.seeds or 1) > 1
    if says("seed_effect", text) or (repeats and says("spread", text)):
        return Study.SEED_VARIANCE
    if (says("seeds", text) or repeats) and not (compares and is_about_several):
        has_place = reading.seeds is None or repeats
        return Study.SEED_VARIANCE if has_place else Study.COMPARISON
    if is_about_several or len(reading.algorithms) > 1:
        return Study.COMPARISON
    asks = says("compares", text) or says("asks", text)
    known = reading.algorithms or reading.metrics or says("field", text)
    return Study.COMPARISON if asks and known else None

"""The form of a plan that a model gives: a study as a design.

A field has the name and type that the domain has for it; an alias where a model knows another.
Every field may be missing or wrong: it is mended before it is validated, and `repairs` says how.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from agent_core.domain import (
    Candidates,
    DataRuleKind,
    Estimand,
    FactorRole,
    Keep,
    Masked,
    Nature,
    Of,
    Order,
    Priority,
    Role,
    SplitKind,
)
from agent_core.domain.design import LevelValue
from agent_core.model.answer_part import AnswerPart, Line, Lines, Name, Names, Notes, Short, line
from agent_core.model.mending import mended
from agent_core.model.old_form import in_todays_form, metric_text
from agent_core.prose.text_tables import read_table

TABLE = read_table(Path(__file__).with_name("answers.toml"))
CHECK_NAMES: tuple[str, ...] = tuple(TABLE["checks"])
MAX_REPAIRS = 60


class Special(StrEnum):
    """What few splits have."""

    MOMENT = "moment"
    """A cut in time at a moment that words name."""
    USERS_CHOSEN = "users_chosen"
    LEAK_STUDY = "leak_study"
    TRAINS_ON_VALIDATION = "trains_on_validation"


class FactorPart(AnswerPart):
    """Something that takes several levels."""

    name: Name = ""
    levels: tuple[LevelValue, ...] = ()
    role: FactorRole = FactorRole.COMPARED
    of: Names = ()

    settled: ClassVar = frozenset({"name", "levels", "of"})

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Take a text as the name."""
        return {"name": value} if isinstance(value, str) else value


class RulePart(AnswerPart):
    """One rule that leaves interactions out, at one level of `data` or, without one, at all."""

    level: Name = ""
    kind: DataRuleKind | SkipJsonSchema[None] = Field(None, alias="rule")
    amount: float | None = None
    of: Of = Of.BOTH
    is_above: bool = Field(default=False, alias="above")
    keep: Keep = Keep.FIRST
    first: Annotated[str, line(30)] = ""
    last: Annotated[str, line(30)] = ""
    seed: int | None = None
    is_training_only: bool = Field(default=False, alias="training_only")
    text: Short = ""

    settled: ClassVar = frozenset({"kind", "amount"})


class SplitPart(AnswerPart):
    """How test data are held out."""

    level: Name = ""
    kind: SplitKind | SkipJsonSchema[None] = None
    folds: int = 1
    holdout: float = 0.2
    held_out: int | None = Field(None, alias="count")
    order: Order = Order.RANDOM
    seed: int = 42
    test_users: float | None = None
    lowest_test_rating: float | None = None
    has_validation: bool = Field(default=False, alias="validation")
    in_training: bool = True
    candidates: Candidates = Candidates.TRAINING
    candidate_count: int | None = None
    masked: Masked = Masked.TRAINING
    thinned_by: Order = Order.RANDOM
    special: tuple[Special, ...] = ()
    text: Short = ""

    settled: ClassVar = frozenset({"kind", "holdout", "folds"})
    chosen: ClassVar = frozenset({"seed"})

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Take a text as the kind, and the names that fields had."""
        if isinstance(value, str):
            return {"kind": value}
        if not isinstance(value, dict):
            return value
        renamed = {"sampled_candidates": "candidate_count", "name": "level"}
        value = {renamed.get(k, k): v for k, v in value.items()}
        if value.pop("newest", False) is True:
            value.setdefault("order", Order.NEWEST.value)
        return value


class AlgorithmPart(AnswerPart):
    """One algorithm at one configuration; the product makes the variants that factors ask for."""

    name: Name = ""
    kind: Short = ""
    config: Names = ()
    role: Role = Role.SUBJECT
    is_random: bool = False
    base: Name = ""

    settled: ClassVar = frozenset({"name", "kind", "config", "is_random", "base"})

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Take a text as the name, and settings in other forms as `name=value`."""
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, dict) and "config" in value:
            return value | {"config": settings_in(value["config"])}
        return value


class QuestionPart(AnswerPart):
    """What is asked of the measures over the factors."""

    kind: Estimand | SkipJsonSchema[None] = None
    over: Names = ()
    within: Names = ()
    measures: Names = ()
    reference: LevelValue | None = None
    pairs: Names = ()
    margin: float | None = None
    is_relative: bool = Field(default=False, alias="relative")
    tolerance: float | None = None
    groups: Short = ""
    group_count: int = 0
    group_names: Names = ()
    test: Name = ""
    clause: Annotated[str, line(300)] = ""
    text: Line = ""

    settled: ClassVar = frozenset({"kind", "over", "measures"})

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Take a text as the question in words, and pairs in other forms as `A vs B`."""
        if isinstance(value, str):
            return {"text": value}
        if isinstance(value, dict) and isinstance(value.get("pairs"), list):
            return value | {"pairs": [_pair_text(pair) for pair in value["pairs"]]}
        return value


class UnansweredPart(AnswerPart):
    """A clause of the task that nothing in the plan answers."""

    clause: Line = ""
    reason: Line = ""
    is_main: bool = Field(default=False, alias="main")

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Take a text as the clause."""
        return {"clause": value} if isinstance(value, str) else value


class RequirementPart(AnswerPart):
    """One checkable wish."""

    id: int = 0
    text: Line = ""
    clause: Annotated[str, line(300)] = ""
    priority: Priority = Priority.MUST
    nature: Nature = Nature.SCIENCE
    check: str | None = None

    settled: ClassVar = frozenset({"id", "text"})

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Take a text as the text."""
        return {"text": value} if isinstance(value, str) else value


class AskPart(AnswerPart):
    """A question to the user, with a default."""

    text: Line = ""
    options: Lines = ()
    default: int = 0


class PlanAnswer(AnswerPart):
    """What will be done."""

    title: Short = ""
    question: Line = ""
    datasets: Names = ()
    feedback: Line = ""
    factors: tuple[FactorPart, ...] = ()
    data: tuple[RulePart, ...] = ()
    splits: tuple[SplitPart, ...] = ()
    algorithms: tuple[AlgorithmPart, ...] = ()
    metrics: Names = ()
    validated: Names = ()
    questions: tuple[QuestionPart, ...] = ()
    excluded: Names = ()
    list_length: int = 10
    requirements: tuple[RequirementPart, ...] = ()
    reported: Lines = ()
    assumptions: Notes = ()
    unanswered: tuple[UnansweredPart, ...] = ()
    ask: AskPart | None = None
    estimate_s: float = 60.0
    repairs: SkipJsonSchema[tuple[str, ...]] = Field((), exclude=True)
    """What was mended, in sentences; no part of the answer."""

    is_whole: ClassVar = True
    settled: ClassVar = frozenset(
        {"title", "question", "datasets", "feedback", "factors", "splits", "algorithms",
         "metrics", "questions", "requirements", "list_length"}
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def mend_fields(cls, value: Any) -> Any:
        """Mend what can be mended.

        Raises
        ------
        ValueError
            Where nothing is asked.
        """
        if not isinstance(value, dict):
            return value
        fields, notes = mended(cls, in_todays_form(value))
        if not fields.get("questions"):
            raise ValueError("questions: none; a plan asks at least one")
        return fields | {"repairs": tuple(notes)[:MAX_REPAIRS]}

    @classmethod
    def prepared(cls, value: Any) -> Any:
        """Take metrics with a field for the cut-off as `name@cut-off`."""
        metrics = value.get("metrics")
        if not isinstance(metrics, list):
            return value
        return value | {"metrics": [metric_text(metric) for metric in metrics]}


def settings_in(config: Any) -> Any:
    """Return hyperparameters as `name=value`, given so, as an object or as a list of objects."""
    if isinstance(config, dict):
        return [setting_text(str(name), value) for name, value in config.items()]
    if not isinstance(config, list):
        return config
    return [
        setting_text(str(one["name"]), one.get("value"))
        if isinstance(one, dict) and "name" in one
        else next(iter(settings_in(one)), "")
        if isinstance(one, dict)
        else one
        for one in config
    ]


def setting_text(name: str, value: Any) -> str:
    """Write one hyperparameter as `name=value`; a text stands bare where it is read so again."""
    if isinstance(value, str) and setting_value(value) == value:
        return f"{name}={value}"
    return f"{name}={json.dumps(value, default=str)}"


def setting_value(text: str) -> Any:
    """Read the value of a hyperparameter: JSON, or the bare text."""
    words = {"True": True, "False": False, "None": None}
    text = text.strip()
    if text in words:
        return words[text]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pair_text(pair: Any) -> Any:
    if isinstance(pair, dict):
        pair = list(pair.values())
    return " vs ".join(map(str, pair)) if isinstance(pair, list) else pair

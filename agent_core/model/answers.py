"""The model's structured answers; each class is the schema that is asked for.

A field has the name and type that the domain has for it; an alias where a model knows another.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from agent_core.domain import (
    DataRuleKind,
    Direction,
    Keep,
    Nature,
    Of,
    Priority,
    Role,
    SplitKind,
    Study,
)
from agent_core.domain.metric import KINDS
from agent_core.prose.clipping import on_one_line
from agent_core.prose.text_tables import read_table

TABLE = read_table(Path(__file__).with_suffix(".toml"))
CHECK_NAMES: tuple[str, ...] = tuple(TABLE["checks"])
MAX_TEXT, MAX_TEXTS = 600, 20


def _on_lines(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts that say something, each on one line."""
    return tuple(on_one_line(v, MAX_TEXT) for v in values if v.strip())[:MAX_TEXTS]


def _line(most: int) -> AfterValidator:
    """Return what clips a text."""
    return AfterValidator(partial(on_one_line, most=most))


Scalar = str | float | int | bool | None
Line = Annotated[str, _line(MAX_TEXT)]
Lines = Annotated[tuple[str, ...], AfterValidator(_on_lines)]
KnownCheck = Annotated[
    str | None,
    # What no check decides is left to a verdict.
    BeforeValidator(lambda value: value if value in CHECK_NAMES else None),
    WithJsonSchema({"anyOf": [{"enum": [*CHECK_NAMES], "type": "string"}, {"type": "null"}]}),
]


class AnswerPart(BaseModel):
    """A part of an answer; keys that were not asked for are ignored."""

    model_config = ConfigDict(
        extra="ignore", allow_inf_nan=False, serialize_by_alias=True, validate_by_name=True
    )

    def fields(self) -> dict[str, Any]:
        """Return the values by the names that the domain has for them."""
        return self.model_dump(by_alias=False)


class Setting(AnswerPart):
    """One hyperparameter."""

    name: str
    value: Scalar


class AlgorithmPart(AnswerPart):
    """One algorithm at one configuration."""

    name: Annotated[str, _line(60)] = Field(
        description="short and unique, as in the results: ImplicitMF, ItemKNN k=20"
    )
    kind: str = Field(description="LensKit class, e.g. ImplicitMFScorer; Custom... for own code")
    config: list[Setting] = []
    role: Role = Role.SUBJECT
    is_random: bool = False


class RulePart(AnswerPart):
    """One rule that leaves interactions out."""

    kind: DataRuleKind = Field(alias="rule")
    amount: float | None = Field(
        None, description="rating, interactions, or share (below 1) or number of a sample"
    )
    of: Of = Of.BOTH
    keep: Keep = Keep.FIRST
    first: Annotated[str, _line(30)] = Field("", description="ISO date; likewise last")
    last: Annotated[str, _line(30)] = ""
    is_training_only: bool = Field(False, alias="training_only")
    text: Annotated[str, _line(200)] = Field("", description="for other: the rule in words")


class SplitPart(AnswerPart):
    """How test data are held out."""

    kind: SplitKind
    folds: int = 1
    holdout: float = 0.2
    held_out: int | None = Field(
        None, alias="count", description="held out of each user, instead of holdout"
    )
    newest: bool = Field(False, description="hold out each user's newest, not random ones")
    seed: int = 42
    test_users: float | None = Field(None, description="number, or share below 1; null: all")
    lowest_test_rating: float | None = None
    has_validation: bool = Field(False, alias="validation")
    candidate_count: int | None = Field(
        None, alias="sampled_candidates", description="null: all items are ranked"
    )
    text: Annotated[str, _line(200)] = Field(
        "", description="for people: leave-one-out, random, one fixed split"
    )


class MetricPart(AnswerPart):
    """A metric with its cut-off."""

    name: str = Field(description=", ".join(kind.name for kind in KINDS if kind.spoken))
    k: int | None = None


class RequirementPart(AnswerPart):
    """One checkable wish."""

    id: int
    text: Line
    clause: Annotated[str, _line(300)] = Field(
        "", description="the words of the user that it comes from"
    )
    priority: Priority = Priority.MUST
    nature: Nature = Nature.SCIENCE
    check: KnownCheck = Field(None, description="the check that decides it, if one does")


class QuestionPart(AnswerPart):
    """A question to the user, with a default."""

    text: Line
    options: Lines
    default: int = Field(0, description="index of the option taken without an answer, from 0")


class PlanAnswer(AnswerPart):
    """What will be done."""

    title: str = Field(description="at most 60 characters")
    question: str
    study: Study
    datasets: tuple[str, ...] = ()
    feedback: Line = Field("", description="how ratings become feedback, in words")
    data: list[RulePart] = Field([], description="in order; empty: all interactions")
    split: SplitPart
    algorithms: list[AlgorithmPart]
    metrics: list[MetricPart] = Field(description="the first is the primary metric")
    list_length: int = 10
    first_seed: int = 0
    seed_count: int = Field(1, description="trainings of each random algorithm per fold")
    swept: str | None = Field(None, description="the hyperparameter that a sweep varies")
    margin: float | None = Field(
        None,
        description="equivalence margin in units of the primary metric, if the user gives one",
    )
    requirements: list[RequirementPart]
    reported: Lines = ()
    assumptions: Lines = ()
    unmapped: Lines = Field((), description="clauses that no requirement covers")
    ask: QuestionPart | None = None
    estimate_s: float = Field(60.0, description="expected seconds of one full execution")

    @model_validator(mode="before")
    @classmethod
    def lowest_rating_as_rule(cls, value: Any) -> Any:
        """Take `min_rating`, which models know from elsewhere, as the data rule that it is."""
        if not isinstance(value, dict) or value.get("min_rating") is None:
            return value
        rule = {"rule": "lowest_rating", "amount": value["min_rating"]}
        return {**value, "data": [rule, *(value.get("data") or [])]}


class Change(AnswerPart):
    """Why one thing in the plan changed."""

    requirement: int | None = None
    line: str = Field(description="changed 4 (K 10 → 20): asked for longer lists")


class RevisionAnswer(AnswerPart):
    """What a reply comes to."""

    kind: Literal["wish", "question", "chatter"]
    reply: str = Field("", description="answer to a question, or why a wish is not applied")
    offer: str = Field("", description="a wish inside a question, as the reply that applies it")
    plan: PlanAnswer | None = Field(None, description="the whole next plan, for a wish only")
    changes: list[Change] = []


class VerdictPart(AnswerPart):
    """One requirement judged: reason and quote first, then the decision."""

    requirement: int
    reason: str
    quote: str = Field(description="verbatim from source, output or files; empty if not met")
    is_met: bool


class JudgeAnswer(AnswerPart):
    """Verdicts on all open requirements."""

    verdicts: list[VerdictPart]


class ClaimPart(AnswerPart):
    """A difference between two algorithms; the product tests it."""

    a: str
    b: str
    metric: str = Field(description="metric key: ndcg@10")
    direction: Direction = Direction.HIGHER


class ReportAnswer(AnswerPart):
    """The words of a report."""

    headline: str
    findings: list[str] = []
    limits: list[str] = []
    next_steps: list[str] = []
    claims: list[ClaimPart] = []


class AnswerAnswer(AnswerPart):
    """An answer to a question."""

    text: str
    used: list[str] = Field([], description="references of the recorded results that it uses")
    offer: str = Field("", description="a wish in the question, as an offer; else empty")


def strict_schema(form: type[BaseModel]) -> dict[str, Any]:
    """Return a class as a strict JSON schema: all keys required, none added, no defaults."""
    schema = form.model_json_schema()
    parts = schema.get("$defs", {})
    enums = {f"#/$defs/{name}": parts.pop(name) for name in [*parts] if "enum" in parts[name]}
    return _tightened(schema, enums)


def _tightened(schema: dict[str, Any], enums: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Tighten one schema and all schemas inside it; enumerations stand where they are used."""
    if "$ref" in schema:
        enum = enums.get(schema["$ref"])
        return {key: enum[key] for key in ("enum", "type")} if enum else {"$ref": schema["$ref"]}
    result = {k: v for k, v in schema.items() if k not in ("default", "title")}
    for key in ("properties", "$defs"):
        if key in result:
            result[key] = {name: _tightened(part, enums) for name, part in result[key].items()}
    if "anyOf" in result:
        result["anyOf"] = [_tightened(part, enums) for part in result["anyOf"]]
    if "items" in result:
        result["items"] = _tightened(result["items"], enums)
    if result.get("type") == "object":
        result["additionalProperties"] = False
        result["required"] = list(result.get("properties", {}))
    return result

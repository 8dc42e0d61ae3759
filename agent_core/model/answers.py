"""The model's structured answers; each class is the schema that is asked for."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

CheckName = Literal[
    "contract_parses",
    "values_in_range",
    "no_test_in_train",
    "recomputation_agrees",
    "same_test_users",
    "baseline_present",
    "hyperparameters_took_effect",
    "repetitions_repeat",
    "no_pseudo_replication",
    "runs_clean",
    "dataset_loaded",
    "filters_as_planned",
    "split_as_planned",
    "algorithms_as_planned",
    "configuration_as_planned",
    "metrics_as_planned",
    "seeds_as_planned",
    "folds_as_planned",
    "sweep_as_planned",
    "lists_exclude_train",
    "lists_saved",
    "per_user_saved",
    "table_saved",
    "figures_saved",
    "metadata_saved",
    "statistics_available",
]
CHECK_NAMES: tuple[str, ...] = get_args(CheckName)
Scalar = str | float | int | bool | None


class Part(BaseModel):
    """A part of an answer; keys that were not asked for are ignored."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class Setting(Part):
    """One hyperparameter."""

    name: str
    value: Scalar


class AlgorithmPart(Part):
    """One algorithm at one configuration."""

    name: str = Field(description="short and unique, as in the results: ImplicitMF, ItemKNN k=20")
    kind: str = Field(description="LensKit class, e.g. ImplicitMFScorer; Custom... for own code")
    config: list[Setting] = []
    role: Literal["subject", "baseline"] = "subject"
    is_random: bool = False


class RulePart(Part):
    """One rule that leaves interactions out."""

    rule: Literal[
        "repeated_pairs", "lowest_rating", "time_window", "sample", "fewest", "core", "other"
    ]
    amount: float | None = Field(
        None, description="rating, interactions, or share (below 1) or number of a sample"
    )
    of: Literal["users", "items", "both", "interactions"] = "both"
    keep: Literal["first", "last", "all"] = "first"
    first: str = Field("", description="ISO date; likewise last")
    last: str = ""
    training_only: bool = False
    text: str = Field("", description="for other: the rule in words")


class SplitPart(Part):
    """How test data are held out."""

    kind: Literal[
        "leave_one_out",
        "leave_last",
        "user_fraction",
        "crossfold_users",
        "crossfold_records",
        "global_time",
        "other",
    ]
    folds: int = 1
    holdout: float = 0.2
    count: int | None = Field(None, description="held out of each user, instead of holdout")
    newest: bool = Field(False, description="hold out each user's newest, not random ones")
    seed: int = 42
    test_users: float | None = Field(None, description="number, or share below 1; null: all")
    lowest_test_rating: float | None = None
    validation: bool = False
    sampled_candidates: int | None = Field(None, description="null: all items are ranked")
    text: str = Field("", description="for people: leave-one-out, random, one fixed split")


class MetricPart(Part):
    """A metric with its cut-off."""

    name: str = Field(description="ndcg, recall, precision, hit, mrr, map, rmse, mae, coverage")
    k: int | None = None


class RequirementPart(Part):
    """One checkable wish."""

    id: int
    text: str
    clause: str = Field("", description="the words of the user that it comes from")
    priority: Literal["must", "nice"] = "must"
    nature: Literal["science", "housekeeping"] = "science"
    check: CheckName | None = Field(None, description="the check that decides it, if one does")

    @field_validator("check", mode="before")
    @classmethod
    def known_check(cls, value: Any) -> Any:
        """Leave what no check decides to a verdict."""
        return value if value in CHECK_NAMES else None


class QuestionPart(Part):
    """A question to the user, with a default."""

    text: str
    options: list[str]
    default: int = Field(0, description="index of the option taken without an answer, from 0")


class PlanAnswer(Part):
    """What will be done."""

    title: str = Field(description="at most 60 characters")
    question: str
    study: Literal["seed_variance", "comparison", "sweep", "other"]
    datasets: list[str] = []
    feedback: str = Field("", description="how ratings become feedback, in words")
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
    reported: list[str] = []
    assumptions: list[str] = []
    unmapped: list[str] = Field([], description="clauses that no requirement covers")
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


class Change(Part):
    """Why one thing in the plan changed."""

    requirement: int | None = None
    line: str = Field(description="changed 4 (K 10 → 20): asked for longer lists")


class RevisionAnswer(Part):
    """What a reply comes to."""

    kind: Literal["wish", "question", "chatter"]
    reply: str = Field("", description="answer to a question, or why a wish is not applied")
    offer: str = Field("", description="a wish inside a question, as the reply that applies it")
    plan: PlanAnswer | None = Field(None, description="the whole next plan, for a wish only")
    changes: list[Change] = []


class VerdictPart(Part):
    """One requirement judged: reason and quote first, then the decision."""

    requirement: int
    reason: str
    quote: str = Field(description="verbatim from source, output or files; empty if not met")
    is_met: bool


class JudgeAnswer(Part):
    """Verdicts on all open requirements."""

    verdicts: list[VerdictPart]


class ClaimPart(Part):
    """A difference between two algorithms; the product tests it."""

    a: str
    b: str
    metric: str = Field(description="metric key: ndcg@10")
    direction: Literal["higher", "lower", "different"] = "higher"


class ReportAnswer(Part):
    """The words of a report."""

    headline: str
    findings: list[str] = []
    limits: list[str] = []
    next_steps: list[str] = []
    claims: list[ClaimPart] = []


class AnswerAnswer(Part):
    """An answer to a question."""

    text: str
    used: list[str] = Field([], description="references of the recorded results that it uses")
    offer: str = Field("", description="a wish in the question, as an offer; else empty")


def strict_schema(form: type[BaseModel]) -> dict[str, Any]:
    """Return a class as a strict JSON schema: all keys required, none added, no defaults."""
    return _tightened(form.model_json_schema())


def _tightened(schema: dict[str, Any]) -> dict[str, Any]:
    """Tighten one schema and all schemas inside it."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    result = {k: v for k, v in schema.items() if k not in ("default", "title")}
    for key in ("properties", "$defs"):
        if key in result:
            result[key] = {name: _tightened(inner) for name, inner in result[key].items()}
    if "anyOf" in result:
        result["anyOf"] = [_tightened(inner) for inner in result["anyOf"]]
    if "items" in result:
        result["items"] = _tightened(result["items"])
    if result.get("type") == "object":
        result["additionalProperties"] = False
        result["required"] = list(result.get("properties", {}))
    return result

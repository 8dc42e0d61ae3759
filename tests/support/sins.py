"""Sins of small studies: how a test registers one with the check that must find it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from studies import Made, honest

from agent_core.domain import Algorithm, Finding, Study

FAIL, WARN = Finding.FAIL, Finding.WARN


@dataclass(frozen=True)
class Sin:
    """A change that makes an honest study sin, and what the check must say of it."""

    make: Callable[[Made], None]
    check: str
    finding: Finding
    words: tuple[str, ...]
    values: dict[str, float | int | str]
    base: Callable[[], Made] = honest

    def is_found(self, folder: Path) -> None:
        """Assert that the check finds it and says why."""
        made = self.base()
        self.make(made)

        found = made.findings(folder)[self.check]

        assert found.finding is self.finding, found.reason
        assert found.values.items() >= self.values.items(), found.values
        for word in self.words:
            assert word in found.reason, found.reason


@dataclass
class Sins:
    """The sins of one test file; called as a decorator it registers one."""

    cases: list = field(default_factory=list)
    base: Callable[[], Made] = honest
    """Makes the honest study."""

    def __call__(self, check, finding, *words, name="", **values):
        """Register a study that `check` must find, with these values, or words in the reason."""

        def register(make):
            sin = Sin(make, check, finding, words, values, self.base)
            self.cases.append(pytest.param(sin, id=name or f"{check}-{make.__name__}"))
            return make

        return register


def random_rows(made, metric="ndcg"):
    return [r for r in made.rows if r["algorithm"] == "ImplicitMF" and r["metric"] == metric]


def timed_split(made, kind, test):
    """Plan a temporal split and hold `test` out."""
    made.plan = made.plan.with_split(kind=kind)
    made.splits = {"0": (made.data.index.difference(test).tolist(), sorted(test))}


def newest(made):
    return made.data.sort_values("timestamp").groupby("user_id").tail(1).index


def save_pairs(made, change):
    """Save the split as pairs instead of row numbers, changed."""
    for part, rows in zip(("train", "test"), made.splits.pop("0"), strict=True):
        frame = change(made.data.iloc[rows].assign(part=part)).drop(
            columns="part", errors="ignore"
        )
        made.files[f"split/0.{part}.parquet"] = frame.to_parquet()


def renamed(frame):
    """Give users and items other ids that no prefix explains."""
    users = frame["user_id"].map(lambda u: f"{u * 7919 % 1009:x}z")
    return frame.assign(user_id=users, item_id=frame["item_id"].map(lambda i: f"{i:x}-{i % 7}"))


def other_study(made, question="What does the way of splitting change?"):
    made.plan = replace(made.plan, study=Study.OTHER, question=question)


def sweep(made, lists_of):
    names = [f"MF {n}" for n in (8, 16, 32)]
    algorithms = [
        Algorithm(name, "ImplicitMFScorer", {"embedding_size": n})
        for name, n in zip(names, (8, 16, 32), strict=True)
    ]
    baseline = made.plan.algorithms[1]
    made.plan = replace(
        made.plan, study=Study.SWEEP, swept="embedding_size", algorithms=(*algorithms, baseline)
    )
    for index, algorithm in enumerate(algorithms):
        described = {"class": "ImplicitMFScorer", "config": dict(algorithm.config)}
        made.run["algorithms"][algorithm.name] = described
        made.lists[algorithm.name, "0", "none"] = lists_of(index)
    for seed in "012":
        del made.lists["ImplicitMF", "0", seed]
    made.measure()

"""Whether intervals cover and families err as they say, over simulated studies of known truth.

    python benchmarks/statistics.py                       all questions, 1,000 studies each
    python benchmarks/statistics.py --studies 200 --only difference --users 100

Values of users are zero for three in four, as with hits; algorithms are correlated over users;
each seed moves all values of a random one by some per cent (SD of run means 0.005). Aims:
95 % intervals cover 92 to 98 %, families err in at most 7 %. 1,000 studies leave 1.4 points of
noise.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

# This folder, whose file would stand for the module `statistics` of Python, is not searched.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
from made_studies import BPR, EASE, KNN, MF, repeated_splits, study_plan, study_values, swept
from scipy import stats

from agent_core.domain import Cell, Estimand, Factor, Metric, Question, cells_of
from agent_core.statistics.answers.answer import Answer, Estimate, Statistic
from agent_core.statistics.answers.groupings import Grouping
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.study_values import StudyValues

HIT, GAIN = 0.25, 0.65
"""Share of users with a value above 0, and its mean for these."""
STEP = 0.05
"""How much the share grows from one level to the next, where there is an effect."""
SEED_SD = 0.03
"""Of run means, relative: 0.005 of 0.16."""
CORRELATION = 0.6
COVER, FAMILY, SHOWN = "covered", "family errs", "shown though false"
AIMS = {COVER: (0.92, 0.98), FAMILY: (0.0, 0.07), SHOWN: (0.0, 0.07)}
NDCG = Metric("ndcg", 10)
SPREAD_MEAN, SPLIT_SD = 0.2, 0.01
MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Setting:
    """One kind of simulated study."""

    users: int
    seeds: int
    has_effect: bool

    @property
    def text(self) -> str:
        """For the table."""
        effect = "an effect" if self.has_effect else "no effect"
        return f"{self.users:>5} users, {self.seeds} seeds, {effect}"


Outcome = tuple[str, bool]
"""What was looked at, and whether it was so."""
Simulation = Callable[[Setting, np.random.Generator], Iterator[Outcome]]


def drawn_values(users: int, shares: list[float], rng: np.random.Generator) -> np.ndarray:
    """Return values of users (lines) for levels with shares of users above 0."""
    common = rng.standard_normal((users, 1))
    own = rng.standard_normal((users, len(shares)))
    latent = math.sqrt(CORRELATION) * common + math.sqrt(1 - CORRELATION) * own
    gain = 0.3 + 0.7 * rng.random((users, len(shares)))
    return np.where(stats.norm.cdf(latent) < np.array(shares), gain, 0.0)


class Made:
    """Studies of one plan: cells are made once, values anew for each study."""

    def __init__(self, plan, level_of: Callable[[Cell], int]) -> None:
        self.cells = cells_of(plan)
        self.levels = [level_of(c) for c in self.cells]
        self.study = study_values(plan, lambda c, m, u: np.zeros(len(u)), 2)

    def draw(
        self, shares: list[float], users: int, rng: np.random.Generator
    ) -> tuple[StudyValues, np.ndarray]:
        """Return a study, and the mean of each level at the seeds that were drawn."""
        base = drawn_values(users, shares, rng)
        moved = np.array(
            [1.0 + SEED_SD * rng.standard_normal() * c.algorithm.is_random for c in self.cells]
        )
        table = pd.DataFrame(
            {
                c.id: base[:, level] * move
                for c, level, move in zip(self.cells, self.levels, moved, strict=True)
            }
        )
        factor = np.array(
            [moved[[lv == i for lv in self.levels]].mean() for i in range(len(shares))]
        )
        study = replace(self.study, users={NDCG.key: table}, runs=self.study.runs.iloc[:0])
        return study, GAIN * np.array(shares) * factor


def shares_of(levels: int, setting: Setting) -> list[float]:
    """Return the share of users above 0 of each level."""
    return [HIT + STEP * i * setting.has_effect for i in range(levels)]


def is_in(e: Estimate, truth: float) -> bool:
    """Whether an interval holds the truth; ends that rounding moved do."""
    return e.interval.low - 1e-12 <= truth <= e.interval.high + 1e-12


def has_erred(answer: Answer, statistic: Statistic, truth: Callable[[Estimate], float]) -> bool:
    """Whether a direction is told that is not so."""
    return any(
        e.test is not None and e.test.is_shown and truth(e) * e.value <= 0
        for e in answer.of(statistic)
    )


ALGORITHMS = (MF, BPR, EASE, KNN)
NAMES = [a.name for a in ALGORITHMS]


def algorithm_studies(setting: Setting) -> Made:
    """Return studies of two random and two deterministic algorithms."""
    plan = study_plan(*ALGORITHMS, seeds=tuple(range(setting.seeds)))
    return remembered(("algorithms", setting.seeds), lambda: Made(
        plan, lambda c: NAMES.index(c.algorithm.name)))  # fmt: skip


MEMORY: dict[object, Made] = {}


def remembered(key: object, make: Callable[[], Made]) -> Made:
    """Return what was made before."""
    if key not in MEMORY:
        MEMORY[key] = make()
    return MEMORY[key]


def simulate_level(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals of means hold the mean of all users like these, at the seeds that were drawn."""
    made = algorithm_studies(setting)
    study, truth = made.draw(shares_of(4, setting), setting.users, rng)
    asked = Question(Estimand.LEVEL, ("algorithm",), (NDCG.key,))
    for e in answer_to(asked, study).of(Statistic.MEAN):
        yield COVER, is_in(e, truth[NAMES.index(str(e.levels["algorithm"]))])


def simulate_difference(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals hold the difference over users and seeds; no direction is told that is not so."""
    shares = shares_of(4, setting)
    study, _ = algorithm_studies(setting).draw(shares, setting.users, rng)
    truth = {n: GAIN * s for n, s in zip(NAMES, shares, strict=True)}

    def gap(e: Estimate) -> float:
        return truth[str(e.levels["algorithm"])] - truth[str(e.against["algorithm"])]

    found = answer_to(Question(Estimand.DIFFERENCE, ("algorithm",), (NDCG.key,)), study)
    for e in found.of(Statistic.DIFFERENCE):
        yield COVER, is_in(e, gap(e))
    for e in found.of(Statistic.RATIO):
        share = truth[str(e.levels["algorithm"])] / truth[str(e.against["algorithm"])]
        yield f"{COVER} (ratio)", is_in(e, share)
    yield FAMILY, has_erred(found, Statistic.DIFFERENCE, gap)


def simulate_equivalence(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Test a difference of just the margin: shown to be within it in 5 % of studies at most."""
    relative = setting.has_effect
    shares = [HIT * (1 + MARGIN), HIT, HIT, HIT]
    study, _ = algorithm_studies(setting).draw(shares, setting.users, rng)
    margin = MARGIN if relative else MARGIN * HIT * GAIN
    asked = Question(
        Estimand.DIFFERENCE, ("algorithm",), (NDCG.key,), margin=margin, is_relative=relative,
        pairs=(("ImplicitMF", "BPR"), ("ImplicitMF", "EASE")),
    )  # fmt: skip
    found = answer_to(asked, study).of(Statistic.DIFFERENCE)
    kind = "relative" if relative else "absolute"
    yield f"{SHOWN} ({kind} margin)", any(map(is_equivalent, found))


def is_equivalent(estimate: Estimate) -> bool:
    """Say whether a test shows that a difference lies within the margin."""
    equivalence = estimate.test.equivalence if estimate.test else None
    return bool(equivalence and equivalence.is_shown)


LEVELS = (5, 10, 20, 40)


def simulate_response(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """No trend is told of level means, and no level within 5 % that is just 5 % below."""
    factor = Factor("max_nbrs", LEVELS, of=("ItemKNN",))
    plan = study_plan(*swept(KNN, "max_nbrs", LEVELS), factors=[factor])
    made = remembered("response", lambda: Made(
        plan, lambda c: LEVELS.index(c.levels["max_nbrs"])))  # fmt: skip
    shares = shares_of(4, setting)
    shares = [s if setting.has_effect else HIT for s in shares]
    if setting.has_effect:
        shares = [HIT * 0.9, HIT * 0.95, HIT * 0.95, HIT]
    study, _ = made.draw(shares, setting.users, rng)
    asked = Question(
        Estimand.RESPONSE, ("max_nbrs",), (NDCG.key,), reference=40, tolerance=0.05,
        is_relative=True,
    )  # fmt: skip
    found = answer_to(asked, study)
    for e in found.of(Statistic.RATIO):
        yield f"{COVER} (ratio)", is_in(e, shares[LEVELS.index(e.levels["max_nbrs"])] / shares[-1])
    if setting.has_effect:
        (first,) = found.of(Statistic.FIRST_WITHIN)
        yield f"{SHOWN} (first level)", first.value < 40
    else:
        (trend,) = found.of(Statistic.TREND)
        yield f"{FAMILY} (trend)", trend.more["trend_p"] < 0.05
        yield FAMILY, has_erred(found, Statistic.DIFFERENCE, lambda _: 0.0)


def simulate_interaction(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals hold the difference of differences."""
    names, parts = ["ImplicitMF", "EASE"], (0.25, 0.5, 1.0)
    plan = study_plan(
        MF, EASE, factors=[Factor("train_share", parts)], seeds=tuple(range(setting.seeds))
    )
    made = remembered(("interaction", setting.seeds), lambda: Made(
        plan, lambda c: 2 * parts.index(c.levels["train_share"]) + names.index(c.algorithm.name)
    ))  # fmt: skip
    steps = range(3)
    shares = [HIT + STEP * s * (n == 0) * setting.has_effect for s in steps for n in (0, 1)]
    study, _ = made.draw(shares, setting.users, rng)

    def truth(e: Estimate) -> float:
        later, earlier = (
            parts.index(float(str(e.found[n]).removeprefix("train_share=")))
            for n in ("to", "from")
        )
        return GAIN * (shares[2 * later] - shares[2 * earlier])

    asked = Question(Estimand.INTERACTION, ("algorithm", "train_share"), (NDCG.key,))
    found = answer_to(asked, study)
    for e in found.of(Statistic.INTERACTION):
        yield COVER, is_in(e, truth(e))
    yield FAMILY, has_erred(found, Statistic.INTERACTION, truth)


def simulate_groups(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Within groups differences cover; over pairs and groups the family holds."""
    made = algorithm_studies(setting)
    shares = shares_of(4, setting)
    study, _ = made.draw(shares, setting.users, rng)
    names = [f"{i % 3 + 1}" for i in range(setting.users)]
    study = replace(study, groupings={"thirds": Grouping("third", "0", pd.Series(names))})
    truth = {n: GAIN * s for n, s in zip(NAMES, shares, strict=True)}

    def gap(e: Estimate) -> float:
        return truth[str(e.levels["algorithm"])] - truth[str(e.against["algorithm"])]

    asked = Question(Estimand.GROUPS, ("algorithm",), (NDCG.key,), groups="thirds")
    found = answer_to(asked, study)
    for e in found.of(Statistic.DIFFERENCE):
        yield COVER, is_in(e, gap(e))
    yield FAMILY, has_erred(found, Statistic.DIFFERENCE, gap)


def simulate_group_gains(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals hold how much more a group gains than another; seeds move both groups alike."""
    names, thirds = ["ImplicitMF", "EASE"], np.arange(setting.users) % 3
    plan = study_plan(MF, EASE, seeds=tuple(range(setting.seeds)))
    made = remembered(("gains", setting.seeds), lambda: Made(
        plan, lambda c: names.index(c.algorithm.name)))  # fmt: skip
    study, _ = made.draw([HIT, HIT], setting.users, rng)
    gains = STEP * GAIN * thirds * setting.has_effect
    table = study.users[NDCG.key]
    moved = [name for name in table if name in _ids_of(made, "ImplicitMF")]
    table[moved] = table[moved].add(gains, axis=0)
    grouping = Grouping("third", "0", pd.Series([str(i + 1) for i in thirds]))
    study = replace(study, groupings={"thirds": grouping})

    def truth(e: Estimate) -> float:
        ends = (int(str(e.found[n]).removeprefix("group=")) for n in ("to", "from"))
        later, earlier = ends
        return STEP * GAIN * (later - earlier) * setting.has_effect

    asked = Question(Estimand.INTERACTION, ("algorithm",), (NDCG.key,), groups="thirds")
    found = answer_to(asked, study)
    for e in found.of(Statistic.INTERACTION):
        yield COVER, is_in(e, truth(e))
    yield FAMILY, has_erred(found, Statistic.INTERACTION, truth)


def _ids_of(made: Made, algorithm: str) -> set[str]:
    return {c.id for c in made.cells if c.algorithm.name == algorithm}


def simulate_spread(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals of an SD hold it, where runs scatter normally."""
    seeds = max(5, setting.seeds)
    made = remembered(("spread", seeds), lambda: Made(
        study_plan(MF, seeds=tuple(range(seeds))), lambda c: 0))  # fmt: skip
    sd = SEED_SD * HIT * GAIN
    values = SPREAD_MEAN + sd * rng.standard_normal(len(made.cells))
    asked = Question(Estimand.SPREAD, ("model_seed",), (NDCG.key,))
    (one,) = answer_to(asked, with_runs(made, values)).of(Statistic.SD)
    yield f"{COVER} (SD, {seeds} seeds)", is_in(one, sd)


def simulate_spread_ratio(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals of the ratio of both SDs hold it."""
    runs = 5
    made = remembered(("ratio", runs), lambda: Made(
        study_plan(MF, seeds=tuple(range(runs)), factors=[repeated_splits(range(runs))]),
        lambda c: 0,
    ))  # fmt: skip
    outer = SPLIT_SD * (2 if setting.has_effect else 1)
    splits = outer * rng.standard_normal(runs)
    values = np.array(
        [
            SPREAD_MEAN + splits[int(c.levels["split_seed"])] + SPLIT_SD * rng.standard_normal()
            for c in made.cells
        ]
    )
    asked = Question(Estimand.SPREAD_RATIO, ("split_seed", "model_seed"), (NDCG.key,))
    (one,) = answer_to(asked, with_runs(made, values)).of(Statistic.SD_RATIO)
    yield f"{COVER} (ratio of SDs)", is_in(one, outer / SPLIT_SD)


def simulate_variance_shares(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals of shares hold them: of crossed splits and seeds, and of what is rest."""
    runs = 5
    made = remembered(("ratio", runs), lambda: Made(
        study_plan(MF, seeds=tuple(range(runs)), factors=[repeated_splits(range(runs))]),
        lambda c: 0,
    ))  # fmt: skip
    sds = np.array([2.0, 0.2, 0.8] if setting.has_effect else [1.0, 1.0, 1.0]) * SPLIT_SD
    splits, seeds = (sd * rng.standard_normal(runs) for sd in sds[:2])
    values = np.array(
        [
            SPREAD_MEAN + splits[int(c.levels["split_seed"])] + seeds[c.levels["model_seed"]]
            + sds[2] * rng.standard_normal()
            for c in made.cells
        ]
    )  # fmt: skip
    asked = Question(Estimand.VARIANCE_SHARES, ("split_seed", "model_seed"), (NDCG.key,))
    found = answer_to(asked, with_runs(made, values)).of(Statistic.VARIANCE_SHARE)
    for e, share in zip(found, sds**2 / (sds**2).sum(), strict=True):
        yield f"{COVER} (share of {e.levels['cause']})", is_in(e, float(share))


def simulate_cost(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Intervals of a ratio of times hold it, with noise of 5 % and a slow first run."""
    made = remembered(("cost", setting.seeds), lambda: Made(
        study_plan(MF, BPR, seeds=tuple(range(max(3, setting.seeds)))), lambda c: 0))  # fmt: skip
    ratio = 2.0 if setting.has_effect else 1.0
    seconds = [
        (ratio if c.algorithm.name == "BPR" else 1.0) * math.exp(0.05 * rng.standard_normal())
        + 0.5 * (c.seed == 0)
        for c in made.cells
    ]
    study = replace(made.study, cells=made.study.cells.assign(train_s=seconds))
    asked = Question(Estimand.COST, ("algorithm",), ("training_time",), reference="ImplicitMF")
    (one,) = answer_to(asked, study).of(Statistic.RATIO)
    yield f"{COVER} (ratio of times, {one.n} runs)", is_in(one, ratio)


def simulate_choice(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Look whether the interval of the chosen one's test value holds its mean."""
    grid = (5, 10, 20, 40, "chosen")
    factor = Factor("max_nbrs", grid, of=("ItemKNN",))
    plan = study_plan(*swept(KNN, "max_nbrs", grid), factors=[factor], validated=(NDCG,))
    made = remembered("choice", lambda: Made(plan, lambda c: 0))
    shares = shares_of(4, setting)
    both = [drawn_values(setting.users, shares, rng) for _ in range(2)]
    best = int(np.argmax(both[0].mean(axis=0)))
    columns = [*both[0].T, both[1][:, best]]
    table = pd.DataFrame({c.id: v for c, v in zip(made.cells, columns, strict=True)})
    on = ["validation"] * 4 + ["test"]
    study = replace(
        made.study, users={NDCG.key: table}, cells=made.study.cells.assign(on=on),
        runs=made.study.runs.iloc[:0],
    )  # fmt: skip
    asked = Question(Estimand.CHOICE, ("max_nbrs",), (NDCG.key,))
    found = answer_to(asked, study)
    mean = next(e for e in found.of(Statistic.MEAN) if not e.within)
    (chosen,) = found.of(Statistic.CHOSEN)
    yield COVER, is_in(mean, GAIN * shares[best])
    yield "validation value above the truth", chosen.more["validation"] > GAIN * shares[best]


def simulate_false_alarms(setting: Setting, rng: np.random.Generator) -> Iterator[Outcome]:
    """Look whether the interval over disjoint pairs holds 5 %, where no run is better."""
    seeds = 10
    made = remembered("alarms", lambda: Made(
        study_plan(MF, seeds=tuple(range(seeds))), lambda c: 0))  # fmt: skip
    values = drawn_values(setting.users, [HIT] * seeds, rng)
    table = pd.DataFrame({c.id: v for c, v in zip(made.cells, values.T, strict=True)})
    study = replace(made.study, users={NDCG.key: table}, runs=made.study.runs.iloc[:0])
    asked = Question(Estimand.FALSE_ALARMS, ("model_seed",), (NDCG.key,))
    (share,) = answer_to(asked, study).of(Statistic.SHARE)
    yield f"{COVER} (share of 5 pairs, exact: at least 95 %)", is_in(share, 0.05)
    yield "pairs below 0.05", share.value > rng.random()


def with_runs(made: Made, values: np.ndarray) -> StudyValues:
    """Return a study with the values of its runs alone."""
    ids = [c.id for c in made.cells]
    runs = pd.DataFrame({"cell": ids, "metric": NDCG.key, "value": values})
    return replace(made.study, users={}, runs=runs)


SIMULATIONS: dict[str, Simulation] = {
    "level": simulate_level,
    "difference": simulate_difference,
    "equivalence": simulate_equivalence,
    "response": simulate_response,
    "interaction": simulate_interaction,
    "groups": simulate_groups,
    "group_gains": simulate_group_gains,
    "spread": simulate_spread,
    "spread_ratio": simulate_spread_ratio,
    "variance_shares": simulate_variance_shares,
    "choice": simulate_choice,
    "cost": simulate_cost,
    "false_alarms": simulate_false_alarms,
}
WITHOUT_SEEDS = ("response", "spread_ratio", "variance_shares", "choice", "false_alarms")
WITHOUT_USERS = ("spread", "spread_ratio", "variance_shares", "cost")
WITHOUT_EFFECT = ("spread", "false_alarms")


def settings_of(name: str, users: list[int]) -> Iterator[Setting]:
    """Yield the settings that a question is simulated under."""
    seeds = (1,) if name in WITHOUT_SEEDS else (1, 5)
    effects = (False,) if name in WITHOUT_EFFECT else (False, True)
    for n in users[:1] if name in WITHOUT_USERS else users:
        for seed, effect in itertools.product(seeds, effects):
            yield Setting(n, seed, effect)


def show(name: str, setting: Setting, studies: int) -> None:
    """Print what was seen of one question in one setting."""
    seen: dict[str, list[bool]] = {}
    began = time.process_time()
    for number in range(studies):
        rng = np.random.default_rng([number, setting.users, setting.seeds, setting.has_effect])
        for what, outcome in SIMULATIONS[name](setting, rng):
            seen.setdefault(what, []).append(outcome)
    seconds = (time.process_time() - began) / studies
    for what, outcomes in seen.items():
        share = float(np.mean(outcomes))
        low, high = next((a for k, a in AIMS.items() if what.startswith(k)), (0.0, 1.0))
        is_exact = "exact" in what
        mark = "" if low <= share <= (1.0 if is_exact else high) else "  missed"
        print(f"{name:13} {setting.text:34} {what:46} {share:6.1%} of {len(outcomes):>5}{mark}"
              f"  ({seconds:.2f} s a study)", flush=True)  # fmt: skip


def main() -> None:
    """Simulate what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--only", nargs="*", default=list(SIMULATIONS), choices=list(SIMULATIONS))
    parser.add_argument("--users", nargs="*", type=int, default=[100, 1000])
    asked = parser.parse_args()
    for name in asked.only:
        for setting in settings_of(name, asked.users):
            show(name, setting, asked.studies)


if __name__ == "__main__":
    main()

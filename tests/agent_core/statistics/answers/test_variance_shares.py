"""Shares of the variance that repeated factors have, crossed, nested or varied one by one."""

import itertools

import numpy as np
import pandas as pd
import pytest
from made_studies import MF, POP, repeated_splits, study_plan, study_values
from scipy import stats

from agent_core.domain import Estimand, Question
from agent_core.report.answer_sentences import answer_text
from agent_core.statistics.answers.answer import CautionKind, Statistic
from agent_core.statistics.answers.registry import answer_to
from agent_core.statistics.answers.variance_layouts import (
    components_of,
    is_one_by_one,
    sources_of,
)

SEEDS = ("split_seed", "model_seed")
ASKED = Question(Estimand.VARIANCE_SHARES, SEEDS, ("ndcg@10",))
TABLE = np.array([[0.30, 0.31, 0.29], [0.34, 0.36, 0.35], [0.25, 0.25, 0.27], [0.31, 0.30, 0.31]])


def runs_of(values, *names):
    """Return a line a run of an array with an axis a factor."""
    places = itertools.product(*map(range, values.shape))
    return pd.DataFrame([dict(zip(names, p, strict=True), value=values[p]) for p in places])


def mean_squares(values):
    """Return both mean squares and that of the rest, with plain loops."""
    j, r = values.shape
    grand = values.mean()
    split = r * sum((line.mean() - grand) ** 2 for line in values) / (j - 1)
    seed = j * sum((column.mean() - grand) ** 2 for column in values.T) / (r - 1)
    rest = sum(
        (values[i, k] - values[i].mean() - values[:, k].mean() + grand) ** 2
        for i in range(j) for k in range(r)
    ) / ((j - 1) * (r - 1))  # fmt: skip
    return split, seed, rest


def test_crossed_seeds_have_components_by_the_mean_squares():
    split, seed, rest = components_of(sources_of(runs_of(TABLE, *SEEDS), SEEDS))

    of_split, of_seed, left = mean_squares(TABLE)
    assert split.variance == pytest.approx((of_split - left) / 3)
    assert seed.variance == pytest.approx(max(0, (of_seed - left) / 4))
    assert rest.variance == pytest.approx(left)
    assert split.share + seed.share + rest.share == pytest.approx(1)
    assert (split.f, split.f_degrees) == (pytest.approx(of_split / left), (3, 6))
    assert split.p == pytest.approx(stats.f.sf(of_split / left, 3, 6))
    assert split.interval.low < split.share < split.interval.high
    assert split.interval.n == 12


def test_three_crossed_causes_have_a_component_each():
    rng = np.random.default_rng(0)
    values = np.add.outer(np.add.outer([0, 3, 6], [0, 1]), [0, 0.1]) + rng.normal(
        0, 0.01, (3, 2, 2)
    )

    found = components_of(sources_of(runs_of(values, "a", "b", "c"), ("a", "b", "c")))

    assert [c.source.name for c in found] == ["a", "b", "c", "rest"]
    assert found[0].variance == pytest.approx(9, rel=0.01)
    assert found[1].variance == pytest.approx(0.5, rel=0.05)
    assert sum(c.source.degrees for c in found) == 11


@pytest.mark.parametrize("names", [("split_seed", "fold"), ("split_seed", "model_seed")])
def test_folds_lie_within_splits_and_so_do_seeds_of_their_own(names):
    table = runs_of(TABLE, *names)
    if names[1] == "model_seed":
        table["model_seed"] += 10 * table["split_seed"]

    outer, inner = components_of(sources_of(table, names))

    within = TABLE.var(axis=1, ddof=1).mean()
    assert inner.variance == pytest.approx(within)
    assert outer.variance == pytest.approx(TABLE.mean(axis=1).var(ddof=1) - within / 3)


def test_folds_within_splits_stand_beside_seeds():
    rng = np.random.default_rng(3)
    split, fold, seed = rng.normal(0, 3, 6), rng.normal(0, 1, (6, 4)), rng.normal(0, 0.5, 5)
    values = split[:, None, None] + fold[:, :, None] + seed + rng.normal(0, 0.01, (6, 4, 5))
    names = ("split_seed", "fold", "model_seed")

    found = {c.source.name: c for c in components_of(sources_of(runs_of(values, *names), names))}

    assert found["fold"].variance == pytest.approx(fold.var(axis=1, ddof=1).mean(), rel=0.01)
    assert found["model_seed"].variance == pytest.approx(seed.var(ddof=1), rel=0.01)
    assert sum(c.source.degrees for c in found.values()) == 119


def test_missing_runs_cost_the_level_that_lacks_them():
    table = runs_of(TABLE, *SEEDS).drop(index=[3, 4])

    split, seed, _ = sources_of(table, SEEDS)

    assert (split.degrees, seed.degrees) == (2, 2)
    assert sources_of(runs_of(TABLE[:1], *SEEDS), SEEDS) == ()


def test_causes_varied_one_by_one_are_told_by_the_difference():
    table = runs_of(TABLE, *SEEDS).query("split_seed == 0 or model_seed == 0")

    found = sources_of(table, SEEDS)

    assert is_one_by_one(found)
    split, seed = components_of(found)
    assert seed.variance == pytest.approx(TABLE[0].var(ddof=1))
    assert split.variance == pytest.approx(TABLE[:, 0].var(ddof=1) - TABLE[0].var(ddof=1))


def test_the_largest_share_leads_and_what_draws_no_numbers_has_none():
    plan = study_plan(MF, POP, seeds=(0, 1, 2), factors=[repeated_splits((0, 1, 2, 3))])
    study = study_values(
        plan,
        lambda c, m, u: np.full(
            len(u), TABLE[c.levels["split_seed"], c.levels.get("model_seed", 0)]
        ),
    )

    found = answer_to(ASKED, study)

    assert {e.levels["algorithm"] for e in found.estimates} == {"ImplicitMF"}
    text = answer_text(found).lead
    share = found.of(Statistic.VARIANCE_SHARE)[0].value
    assert text.startswith(f"About {100 * share:.0f} % of the variance of NDCG@10 of ImplicitMF")
    assert "Popularity" not in text
    assert "is rest" in text.split(". ")[0]
    assert "F(3, 6)" in text
    assert list(found.table["variance from"]) == ["split seed", "training seed", "rest"]
    assert CautionKind.FEW_REPETITIONS in {c.kind for c in found.cautions}
    assert "ndcg@10|ImplicitMF, cause=split seed|variance_share" in found.values


def test_seeds_that_are_crossed_stand_beside_the_nested_ratio():
    plan = study_plan(MF, seeds=(0, 1, 2), factors=[repeated_splits((0, 1, 2, 3))])
    study = study_values(
        plan,
        lambda c, m, u: np.full(len(u), TABLE[c.levels["split_seed"], c.levels["model_seed"]]),
    )

    (one,) = answer_to(Question(Estimand.SPREAD_RATIO, SEEDS, ("ndcg@10",)), study).estimates

    _, seed, rest = mean_squares(TABLE)
    assert one.more["crossed_sd_rest"] == pytest.approx(np.sqrt(rest))
    assert one.more["crossed_sd_model_seed"] == pytest.approx(np.sqrt(max(0, (seed - rest) / 4)))
